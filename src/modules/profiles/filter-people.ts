// Who there is, for conditions that are asked of everybody: people with their fields as of now, or those of them whose fields
// fulfil some conditions, found by typed values where these are kept.

import { groupBy } from '../../core/group.ts'
import { compilePath } from '../../core/rules/path.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { filledFields } from '../field-values/sql.ts'
import { marksOfMerge } from '../member-fields/rows.ts'
import { foldedSql, statedOfNames, statedSql } from './filter-fields.ts'
import { type HeldScope, heldField, heldSql, isHeld } from './filter-held.ts'
import type { FilterScope } from './filter-values.ts'

/** How merges of the account lie: nobody is merged; nobody who is merged was merged into before; or anyhow. */
export type Merges = 'none' | 'flat' | 'deep'

export interface SetScope extends HeldScope {
  /** People who were erased count as well: of relationships the other person. */
  readonly withErased?: boolean
  merges: Merges
}

/** What statements of the transaction may go by: it sees one moment from here on. */
export async function openScope(tx: Transaction, scope: FilterScope): Promise<SetScope> {
  // Else values that are there now could be gone when they are read.
  await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
  const { accountId, now } = scope
  const [row] = await tx.$queryRaw<{ some: boolean; deep: boolean; ahead: boolean; filled: string[] }[]>`
    SELECT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid) AS some, EXISTS (
      SELECT FROM merge JOIN merge AS next ON next.account_id = ${accountId}::uuid AND next.loser_id = merge.survivor_id
      WHERE merge.account_id = ${accountId}::uuid
    ) AS deep, EXISTS (
      SELECT FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.last_change_at > ${now}::timestamptz
    ) AS ahead, ARRAY(${filledFields(accountId)}) AS filled`
  return {
    ...scope,
    merges: row?.deep ? 'deep' : row?.some ? 'flat' : 'none',
    ahead: row?.ahead ?? true,
    filled: new Set(row?.filled),
  }
}

/** Every merged profile with the person that it is, as a table expression. */
export function mergedSql({ accountId, merges }: SetScope): Prisma.Sql {
  if (merges === 'deep') return Prisma.sql`merged`
  return Prisma.sql`(
    SELECT merge.loser_id AS member, merge.survivor_id AS root, ${marksOfMerge} AS marks FROM merge WHERE merge.account_id = ${accountId}::uuid
  ) AS merged`
}

export const deepMergesSql = (accountId: string) => Prisma.sql`
  merged_up AS (
    SELECT merge.loser_id AS member, merge.survivor_id AS root, ${marksOfMerge} AS marks FROM merge WHERE merge.account_id = ${accountId}::uuid
    UNION
    SELECT merged_up.member, merge.survivor_id, merged_up.marks || ${marksOfMerge} FROM merged_up
    JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.loser_id = merged_up.root
  ), merged AS MATERIALIZED (
    SELECT member, root, marks FROM merged_up
    WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = merged_up.root)
  )`

/** What is asked of people's own fields. */
export interface FieldConditions {
  readonly plain: readonly Rule[]
  /** The condition on the alias `person`. */
  conditionOf(rule: Rule): Prisma.Sql
  /** What else asks for their fields. */
  readonly besides: readonly Rule[]
}

/** Everybody living who fulfils the conditions, as a table expression of `id` and `fields`. */
export function peopleSql(scope: SetScope, asked: FieldConditions): Prisma.Sql {
  const { plain, conditionOf, besides } = asked
  const names = [...new Set([...plain, ...besides].flatMap(fieldsIn))]
  const held = heldGroups(plain, scope)
  const rest = plain.filter((rule) => !held.flat().includes(rule))
  const isMeant = allOf([...plain.map(conditionOf), isLiving(scope)])
  const isRead = rest.length > 0 || besides.some((rule) => fieldsIn(rule).length > 0)
  const branches = [
    ...(held.length > 0
      ? // Of who was erased no typed value is left.
        [{ of: foundAlone(scope, held, isRead), isMeant: allOf(rest.map(conditionOf)) }]
      : [
          { of: aloneSql(scope), isMeant },
          { of: endedSql(scope), isMeant },
        ]),
    ...(scope.merges === 'none' ? [] : [{ of: severalSql(scope, held, names), isMeant }]),
  ].map((one) => Prisma.sql`SELECT person.id, person.fields FROM (${one.of}) AS person WHERE ${one.isMeant}`)
  return Prisma.sql`(${Prisma.join(branches, ' UNION ALL ')})`
}

/** The person is not an erased one, where those do not count. */
export const isLiving = ({ accountId, withErased }: SetScope) =>
  withErased
    ? Prisma.sql`TRUE`
    : Prisma.sql`person.id NOT IN (
        SELECT profile.id FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.erased_at IS NOT NULL)`

const allOf = (conditions: readonly Prisma.Sql[]) =>
  conditions.length === 0 ? Prisma.sql`TRUE` : Prisma.sql`(${Prisma.join([...conditions], ' AND ')})`

/** The names of the person's fields that the rule asks for. */
function fieldsIn(rule: Rule): string[] {
  const members = 'all' in rule ? rule.all : 'any' in rule ? rule.any : 'not' in rule ? [rule.not] : []
  const own =
    'field' in rule
      ? compilePath(rule.field.field)
          .slice(0, 1)
          .map(({ name }) => name)
      : []
  return [...own, ...members.flatMap(fieldsIn)]
}

/** As many fields find people; what else is asked is asked of those. */
const aliases = [Prisma.sql`held`, Prisma.sql`held_too`, Prisma.sql`held_also`, Prisma.sql`held_moreover`] as const

/** The conditions that typed values tell of, those on one field together. */
const heldGroups = (plain: readonly Rule[], scope: SetScope): (readonly Rule[])[] =>
  [
    ...groupBy(
      plain.filter((rule) => isHeld(rule, scope)),
      heldField,
    ).values(),
  ].slice(0, aliases.length)

const isHeldBy = (group: readonly Rule[], scope: SetScope, alias: Prisma.Sql) =>
  allOf(group.flatMap((rule) => heldSql(rule, scope, alias) ?? []))

/** The profile is a person by itself. */
function isAlone(scope: SetScope, id: Prisma.Sql): Prisma.Sql {
  if (scope.merges === 'none') return Prisma.sql`TRUE`
  const merged = mergedSql(scope)
  return Prisma.sql`NOT EXISTS (SELECT FROM ${merged} WHERE merged.member = ${id}) AND NOT EXISTS (SELECT FROM ${merged} WHERE merged.root = ${id})`
}

/** Fields of a profile of which some have ended. */
const leftOf = (scope: SetScope) => Prisma.sql`(
  SELECT ${foldedSql(Prisma.sql`TRUE`, scope)}
  FROM (SELECT '{}'::jsonb AS marks) AS way CROSS JOIN (SELECT profile.id, profile.fields, profile.field_meta) AS part CROSS JOIN LATERAL ${statedSql} AS entry
)`

// Apart from those below, so that these are read by several workers at once: a subquery about each row would keep them from it.
const aloneSql = (scope: SetScope) => Prisma.sql`
  SELECT profile.id, profile.fields FROM profile
  WHERE profile.account_id = ${scope.accountId}::uuid AND (profile.fields_end_at IS NULL OR profile.fields_end_at > ${scope.now}::timestamptz)
    AND ${isAlone(scope, Prisma.sql`profile.id`)}`

const endedSql = (scope: SetScope) => Prisma.sql`
  SELECT profile.id, ${leftOf(scope)} AS fields FROM profile
  WHERE profile.account_id = ${scope.accountId}::uuid AND profile.fields_end_at <= ${scope.now}::timestamptz AND ${isAlone(scope, Prisma.sql`profile.id`)}`

/** Those of whom typed values say that the conditions `held` are true; their fields where they are read. */
function foundAlone(scope: SetScope, held: readonly (readonly Rule[])[], isRead: boolean): Prisma.Sql {
  const fields = Prisma.sql`CASE WHEN profile.fields_end_at IS NULL OR profile.fields_end_at > ${scope.now}::timestamptz THEN profile.fields ELSE ${leftOf(scope)} END`
  const profile = Prisma.sql`JOIN profile ON profile.account_id = ${scope.accountId}::uuid AND profile.id = held.profile_id`
  const others = aliases
    .slice(1, held.length)
    .map((alias) => Prisma.sql`JOIN field_value AS ${alias} ON ${alias}.profile_id = held.profile_id`)
  const tables = Prisma.join([Prisma.sql`field_value AS held`, ...others, ...(isRead ? [profile] : [])], ' ')
  return Prisma.sql`
    SELECT held.profile_id AS id, ${isRead ? fields : Prisma.sql`NULL::jsonb`} AS fields
    FROM ${tables} WHERE ${allOf(held.map((group, i) => isHeldBy(group, scope, aliases[i] ?? aliases[0])))}
      AND ${isAlone(scope, Prisma.sql`held.profile_id`)}`
}

/** People who are several profiles, at least those of whom one has values that make all conditions on a field true, for each of these. */
function severalSql(scope: SetScope, held: readonly (readonly Rule[])[], names: readonly string[]): Prisma.Sql {
  const merged = mergedSql(scope)
  const [found, ...others] = held.map((group) => {
    const who = (id: Prisma.Sql) =>
      Prisma.sql`SELECT merged.root FROM field_value AS held JOIN ${merged} ON ${id} = held.profile_id WHERE ${isHeldBy(group, scope, aliases[0])}`
    return Prisma.sql`(${who(Prisma.sql`merged.member`)} UNION ALL ${who(Prisma.sql`merged.root`)})`
  })
  const isFound = allOf(others.map((other) => Prisma.sql`one.root IN ${other}`))
  // Each profile is looked up by itself: there are few of them beside all that there are.
  return Prisma.sql`
    WITH chosen AS MATERIALIZED (SELECT DISTINCT one.root FROM ${found ?? Prisma.sql`(SELECT merged.root FROM ${merged})`} AS one WHERE ${isFound})
    SELECT way.root AS id, ${foldedSql(Prisma.sql`part.id = way.root`, scope)} AS fields
    FROM (
      SELECT merged.member, merged.root, merged.marks FROM chosen JOIN ${merged} ON merged.root = chosen.root
      UNION ALL SELECT chosen.root, chosen.root, '{}'::jsonb FROM chosen
    ) AS way (member, root, marks)
    CROSS JOIN LATERAL (
      SELECT profile.id, profile.fields, profile.field_meta FROM profile WHERE profile.account_id = ${scope.accountId}::uuid AND profile.id = way.member OFFSET 0
    ) AS part
    LEFT JOIN LATERAL ${statedOfNames(names)} AS entry ON TRUE
    GROUP BY way.root`
}
