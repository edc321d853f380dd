// Who there is, for conditions that are asked of everybody: people with their fields as of now, or those of them whose fields
// fulfil some conditions, found by typed values where these are kept.

import type { Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { filledFields } from '../field-values/sql.ts'
import { marksOfMerge } from '../member-fields/rows.ts'
import { foldedSql, statedSql } from './filter-fields.ts'
import { type HeldScope, heldSql, isHeld } from './filter-held.ts'
import type { FilterScope } from './filter-values.ts'

/** How merges of the account lie: nobody is merged; nobody who is merged was merged into before; or anyhow. */
export type Merges = 'none' | 'flat' | 'deep'

export interface SetScope extends HeldScope {
  merges: Merges
}

/** What statements of the transaction may go by: it sees one moment from here on. */
export async function openScope(tx: Transaction, scope: FilterScope): Promise<SetScope> {
  // Else values that are there now could be gone when they are read.
  await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
  const { accountId } = scope
  const [row] = await tx.$queryRaw<{ some: boolean; deep: boolean; filled: string[] }[]>`
    SELECT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid) AS some, EXISTS (
      SELECT FROM merge JOIN merge AS next ON next.account_id = ${accountId}::uuid AND next.loser_id = merge.survivor_id
      WHERE merge.account_id = ${accountId}::uuid
    ) AS deep, ARRAY(${filledFields(accountId)}) AS filled`
  return { ...scope, merges: row?.deep ? 'deep' : row?.some ? 'flat' : 'none', filled: new Set(row?.filled) }
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
  /** Their fields are asked for beside these conditions. */
  readonly asksFields: boolean
}

/** Everybody who fulfils the conditions, as a table expression of `id` and `fields`. Those who were erased may be among them. */
export function peopleSql(scope: SetScope, asked: FieldConditions): Prisma.Sql {
  const { plain, conditionOf } = asked
  const isMeant = allOf(plain.map(conditionOf))
  const held = plain.filter((rule) => isHeld(rule, scope)).slice(0, aliases.length)
  const alone = held.length > 0 ? foundAlone(scope, { ...asked, held }) : everybodyAlone(scope)
  const isMeantAlone = held.length > 0 ? allOf(plain.filter((rule) => !held.includes(rule)).map(conditionOf)) : isMeant
  const one = Prisma.sql`SELECT person.id, person.fields FROM (${alone}) AS person WHERE ${isMeantAlone}`
  if (scope.merges === 'none') return Prisma.sql`(${one})`
  return Prisma.sql`(
    ${one} UNION ALL
    SELECT person.id, person.fields FROM (${severalSql(scope, held)}) AS person WHERE ${isMeant}
  )`
}

const allOf = (conditions: readonly Prisma.Sql[]) =>
  conditions.length === 0 ? Prisma.sql`TRUE` : Prisma.sql`(${Prisma.join([...conditions], ' AND ')})`

/** As many conditions find people; what else is asked of them is asked of those. */
const aliases = [Prisma.sql`held`, Prisma.sql`held_too`, Prisma.sql`held_also`, Prisma.sql`held_moreover`] as const

/** Fields of a profile as of now. */
const fieldsNow = (scope: SetScope) => Prisma.sql`
  CASE WHEN profile.fields_end_at IS NULL OR profile.fields_end_at > ${scope.now}::timestamptz THEN profile.fields ELSE (
    SELECT ${foldedSql(Prisma.sql`TRUE`, scope)}
    FROM (SELECT '{}'::jsonb AS marks) AS way CROSS JOIN (SELECT profile.id, profile.fields, profile.field_meta) AS part CROSS JOIN LATERAL ${statedSql} AS entry
  ) END`

/** The profile is a person by itself. */
function isAlone(scope: SetScope, id: Prisma.Sql): Prisma.Sql {
  if (scope.merges === 'none') return Prisma.sql`TRUE`
  const merged = mergedSql(scope)
  return Prisma.sql`NOT EXISTS (SELECT FROM ${merged} WHERE merged.member = ${id}) AND NOT EXISTS (SELECT FROM ${merged} WHERE merged.root = ${id})`
}

const everybodyAlone = (scope: SetScope) => Prisma.sql`
  SELECT profile.id, ${fieldsNow(scope)} AS fields FROM profile
  WHERE profile.account_id = ${scope.accountId}::uuid AND ${isAlone(scope, Prisma.sql`profile.id`)}`

/** Those of whom typed values say that the conditions `held` are true; their fields are read where something else is asked of them. */
function foundAlone(
  scope: SetScope,
  { held, plain, asksFields }: FieldConditions & { held: readonly Rule[] },
): Prisma.Sql {
  const isRead = asksFields || held.length < plain.length
  const profile = Prisma.sql`JOIN profile ON profile.account_id = ${scope.accountId}::uuid AND profile.id = held.profile_id`
  const others = aliases
    .slice(1, held.length)
    .map((alias) => Prisma.sql`JOIN field_value AS ${alias} ON ${alias}.profile_id = held.profile_id`)
  const tables = Prisma.join([Prisma.sql`field_value AS held`, ...others, ...(isRead ? [profile] : [])], ' ')
  const conditions = held.flatMap((rule, i) => heldSql(rule, scope, aliases[i] ?? aliases[0]) ?? [])
  return Prisma.sql`
    SELECT held.profile_id AS id, ${isRead ? fieldsNow(scope) : Prisma.sql`NULL::jsonb`} AS fields
    FROM ${tables} WHERE ${allOf(conditions)} AND ${isAlone(scope, Prisma.sql`held.profile_id`)}`
}

/** People who are several profiles, at least those of whom one has a value for which each of the conditions `held` is true. */
function severalSql(scope: SetScope, held: readonly Rule[]): Prisma.Sql {
  const merged = mergedSql(scope)
  const owners = Prisma.sql`SELECT coalesce(merged.root, held.profile_id) FROM field_value AS held LEFT JOIN ${merged} ON merged.member = held.profile_id`
  const found = held.flatMap((rule) => {
    const holds = heldSql(rule, scope, aliases[0])
    return holds ? Prisma.sql`way.root IN (${owners} WHERE ${holds})` : []
  })
  return Prisma.sql`
    SELECT way.root AS id, ${foldedSql(Prisma.sql`part.id = way.root`, scope)} AS fields
    FROM (SELECT member, root, marks FROM ${merged} UNION SELECT root, root, '{}' FROM ${merged}) AS way
    JOIN profile AS part ON part.account_id = ${scope.accountId}::uuid AND part.id = way.member
    LEFT JOIN LATERAL ${statedSql} AS entry ON TRUE
    WHERE ${allOf(found)}
    GROUP BY way.root`
}
