// A rule as SQL: TRUE, FALSE or NULL (unknown) of a person exactly as the compiled rule of core/rules says it in memory,
// since NULL under AND, OR and NOT is what UNKNOWN is there. A property test holds the two together.

import { audienceId } from '../../core/rules/asks.ts'
import type { AudienceRule, FieldRule, Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { marksOfMerge } from '../member-fields/rows.ts'
import { foldedSql, statedSql } from './filter-fields.ts'
import { consentSql, eventSql, qualitySql, relationshipSql } from './filter-history.ts'
import { valueSql } from './filter-operators.ts'
import { orderSql, productSql } from './filter-orders.ts'
import { type FilterScope, valuesSql } from './filter-values.ts'

/** A condition on the alias `profile`, which has to be a person's own row: merged profiles count through it. */
export function compileFilter(rule: Rule, scope: FilterScope): Prisma.Sql {
  return Prisma.sql`(SELECT ${conditionSql(rule, scope)} FROM ${personSql(scope)})`
}

/** How many conditions a rule has: its leaves. */
export function countConditions(rule: Rule): number {
  if ('relationship' in rule && rule.relationship.where) return 1 + countConditions(rule.relationship.where)
  const members = 'all' in rule ? rule.all : 'any' in rule ? rule.any : 'not' in rule ? [rule.not] : null
  return members ? members.reduce((sum, member) => sum + countConditions(member), 0) : 1
}

// One row: the ids of all profiles that are the person, and its fields: of each the value stated last, those that ended left
// out, as foldFields and inForce of core/fields have it. OFFSET 0 keeps it from being computed anew for each condition.
const personSql = ({ accountId, now }: FilterScope) => Prisma.sql`(
  SELECT member.ids, CASE
    WHEN cardinality(member.ids) = 1 AND (profile.fields_end_at IS NULL OR profile.fields_end_at > ${now}::timestamptz) THEN profile.fields
    ELSE (
      WITH RECURSIVE way AS (
        SELECT profile.id, '{}'::jsonb AS marks
        UNION ALL
        SELECT merge.loser_id, ${marksOfMerge} || way.marks FROM way
        JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.survivor_id = way.id
      )
      SELECT ${foldedSql(Prisma.sql`part.id = profile.id`, { now })}
      FROM way JOIN profile AS part ON part.account_id = ${accountId}::uuid AND part.id = way.id
      CROSS JOIN LATERAL ${statedSql} AS entry
    ) END AS fields
  FROM (
    SELECT CASE WHEN EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = profile.id) THEN ARRAY(
      WITH RECURSIVE down AS (
        SELECT profile.id
        UNION
        SELECT merge.loser_id FROM down JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.survivor_id = down.id
      ) SELECT id FROM down
    ) ELSE ARRAY[profile.id] END AS ids
    OFFSET 0
  ) AS member
  OFFSET 0
) AS person`

function conditionSql(rule: Rule, scope: FilterScope): Prisma.Sql {
  if ('all' in rule) return joined(rule.all, scope, { by: ' AND ', empty: Prisma.sql`TRUE` })
  if ('any' in rule) return joined(rule.any, scope, { by: ' OR ', empty: Prisma.sql`FALSE` })
  if ('not' in rule) return Prisma.sql`(NOT ${conditionSql(rule.not, scope)})`
  if ('field' in rule) return listFieldSql(rule.field, scope)
  if ('eventData' in rule) return eventDataSql(rule.eventData)
  if ('event' in rule) return eventSql(rule.event, scope)
  if ('order' in rule) return orderSql(rule.order, scope)
  if ('product' in rule) return productSql(rule.product, scope)
  if ('relationship' in rule) {
    const { where } = rule.relationship
    return relationshipSql(rule.relationship, scope, where ? compileFilter(where, scope) : null)
  }
  if ('consent' in rule) return consentSql(rule.consent, scope)
  return 'quality' in rule ? qualitySql(rule.quality, scope) : audienceSql(rule.audience, scope)
}

function joined(members: readonly Rule[], scope: FilterScope, { by, empty }: { by: string; empty: Prisma.Sql }) {
  if (members.length === 0) return empty
  const conditions = members.map((member) => conditionSql(member, scope))
  return Prisma.sql`(${Prisma.join(conditions, by)})`
}

function audienceSql(rule: AudienceRule, { accountId }: FilterScope): Prisma.Sql {
  const isMember = Prisma.sql`EXISTS (
    SELECT FROM audience_member AS membership
    WHERE membership.account_id = ${accountId}::uuid AND membership.audience_id = ${audienceId(rule)}::uuid
      AND membership.profile_id = ANY (person.ids)
  )`
  return (rule.member ?? true) ? isMember : Prisma.sql`(NOT ${isMember})`
}

/** Of several values any one may satisfy; NE and NOT_IN are the negations of EQ and IN, so there none may. */
export function listFieldSql(rule: FieldRule, { accountId, now }: FilterScope): Prisma.Sql {
  const values = Prisma.sql`(${valuesSql(rule.field, accountId)}) AS value WHERE jsonb_typeof(value.v) <> 'null'`
  if (rule.op === 'EXISTS') return Prisma.sql`EXISTS (SELECT FROM ${values})`
  if (rule.op === 'MISSING') return Prisma.sql`(NOT EXISTS (SELECT FROM ${values}))`
  const isNegated = rule.op === 'NE' || rule.op === 'NOT_IN'
  return Prisma.sql`(
    SELECT CASE
      WHEN count(*) = 0 THEN ${rule.orMissing ? Prisma.sql`TRUE` : Prisma.sql`NULL::boolean`}
      WHEN bool_or(found.holds) THEN ${isNegated ? Prisma.sql`FALSE` : Prisma.sql`TRUE`}
      WHEN count(found.holds) = count(*) THEN ${isNegated ? Prisma.sql`TRUE` : Prisma.sql`FALSE`}
    END
    FROM (SELECT ${valueSql(rule, now)} AS holds FROM ${values}) AS found
  )`
}

/** There is no event here, so everything of it is missing. */
export function eventDataSql({ op, orMissing }: FieldRule): Prisma.Sql {
  if (op === 'EXISTS') return Prisma.sql`FALSE`
  return op === 'MISSING' || orMissing ? Prisma.sql`TRUE` : Prisma.sql`NULL::boolean`
}
