// Conditions on what a person did, as SQL on `person.ids`: events, orders, relationships, decisions of a quality. The
// counterpart of counts and orders in core/rules; time counts back from now.

import { foldEventName } from '../../core/names.ts'
import { amountKeys, decimalText, maxAmountMinor, minorDigits, orderEvents } from '../../core/orders.ts'
import { enoughFor, ruleProgramId, windowMs } from '../../core/rules/counts.ts'
import { isMoney } from '../../core/rules/orders.ts'
import type {
  ConsentRule,
  CountBounds,
  EventRule,
  OrderOperator,
  OrderRule,
  QualityRule,
  RelationshipRule,
} from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { FilterScope } from './filter-values.ts'

/** Is that in force of the channel, or of any: the latest that any profile of the person said of it? */
export function consentSql({ channel, state }: ConsentRule, { accountId }: FilterScope): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT FROM (
      SELECT DISTINCT ON (consent.channel) consent.state FROM consent
      WHERE consent.account_id = ${accountId}::uuid AND consent.profile_id = ANY (person.ids)
        AND (${channel ?? null}::text IS NULL OR consent.channel = ${channel ?? null}::text::consent_channel)
      ORDER BY consent.channel, consent.at DESC, consent.id DESC
    ) AS told WHERE told.state = ${state ?? 'OPTED_IN'}::text::consent_state)`
}

/** How often the person performed the event. */
export function eventSql(rule: EventRule, { accountId, now }: FilterScope): Prisma.Sql {
  const isPerformed = counted(
    Prisma.sql`FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = ANY (person.ids)
      AND event.name = ${foldEventName(rule.name)}::text AND ${isWithin(Prisma.sql`event.occurred_at`, rule, now)}`,
    rule,
  )
  return rule.performed === false ? Prisma.sql`(NOT ${isPerformed})` : isPerformed
}

/** How many relationships the person has, on that side; `where` is the rule's condition on the other person's own row `profile`. */
export function relationshipSql(rule: RelationshipRule, scope: FilterScope, where: Prisma.Sql | null): Prisma.Sql {
  const side = rule.as === 'FRIEND' ? Prisma.sql`edge.friend_id` : Prisma.sql`edge.advocate_id`
  return counted(
    Prisma.sql`FROM relationship AS edge WHERE ${isRelated(rule, scope, where)} AND ${side} = ANY (person.ids)`,
    rule,
  )
}

/** What makes a relationship `edge` count, whoever's it is. */
export function isRelated(
  rule: RelationshipRule,
  { accountId, now }: FilterScope,
  where: Prisma.Sql | null,
): Prisma.Sql {
  const programId = ruleProgramId(rule)
  const at = (time: Prisma.Sql) => isWithin(time, rule, now)
  const conditions = [
    Prisma.sql`edge.account_id = ${accountId}::uuid`,
    Prisma.sql`edge.withdrawn_at IS NULL AND edge.first_evidence_at <= ${now}::timestamptz`,
    ...(programId === null ? [] : [Prisma.sql`edge.program_id = ${programId}::uuid`]),
    ...(where === null ? [] : [otherSql(rule, accountId, where)]),
    ...(windowMs(rule) === Number.POSITIVE_INFINITY
      ? []
      : [
          Prisma.sql`(${at(Prisma.sql`edge.first_evidence_at`)} OR ${at(Prisma.sql`edge.latest_evidence_at`)} OR EXISTS (
            SELECT FROM evidence WHERE evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = edge.id AND ${at(Prisma.sql`evidence.at`)}
          ))`,
        ]),
  ]
  return Prisma.join(conditions, ' AND ')
}

// OFFSET 0 makes it look the one person up, as the planner would rather read everybody for each edge.
/** True of edges whose other person, who may have been merged with somebody since, satisfies. */
const otherSql = ({ as }: RelationshipRule, accountId: string, where: Prisma.Sql) => Prisma.sql`EXISTS (
  WITH RECURSIVE up AS (
    SELECT ${as === 'FRIEND' ? Prisma.sql`edge.advocate_id` : Prisma.sql`edge.friend_id`} AS id
    UNION
    SELECT merge.survivor_id FROM up
    CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.id OFFSET 0) AS merge
  )
  SELECT FROM up CROSS JOIN LATERAL (
    SELECT * FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = up.id OFFSET 0) AS profile
  WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.id) AND ${where}
)`

/** How many of the person's events were decided with the quality; the decision in force is that of the highest revision. */
export function qualitySql(rule: QualityRule, { accountId, now }: FilterScope): Prisma.Sql {
  return counted(
    Prisma.sql`FROM attribution AS decision
      WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = ANY (person.ids)
        AND decision.quality = ${rule.is}::quality AND ${isWithin(Prisma.sql`decision.occurred_at`, rule, now)}
        AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
          AND later.event_id = decision.event_id AND later.revision > decision.revision)`,
    rule,
  )
}

export const maxOrders = 1000

/** A figure of the person's orders; NULL where there is none to tell of. */
export function orderSql(rule: OrderRule, scope: FilterScope): Prisma.Sql {
  const { accountId, now } = scope
  return Prisma.sql`(
    SELECT ${figureSql(rule, now)} ${signs[rule.op]} ${String(rule.value)}::float8
    FROM (
      SELECT DISTINCT ON (told.id) told.at, ${isMoney(rule.aggregate) ? minorSql(rule.currency ?? '', Prisma.sql`told.data`) : Prisma.sql`NULL::numeric`} AS minor
      FROM (
        SELECT coalesce(${transactionSql('transaction_id')}, ${transactionSql('order_id')}, event.id::text) AS id,
          event.id AS event_id, event.occurred_at AS at, event.data AS data
        FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = ANY (person.ids)
          AND event.name = ANY (${orderEvents}::text[]) AND event.occurred_at <= ${now}::timestamptz
        ORDER BY event.occurred_at DESC, event.id DESC LIMIT ${maxOrders}::int
      ) AS told
      ORDER BY told.id, told.at DESC, told.event_id DESC
    ) AS orders
    WHERE ${isWithin(Prisma.sql`orders.at`, rule, now)}
  )`
}

export function figureSql({ aggregate }: OrderRule, now: Date): Prisma.Sql {
  switch (aggregate) {
    case 'COUNT':
      return Prisma.sql`count(*)::float8`
    case 'TOTAL_MINOR':
      return Prisma.sql`coalesce(sum(orders.minor), 0)::float8`
    case 'AVERAGE_MINOR':
      // Divided as doubles, as in memory, so that both round alike.
      return Prisma.sql`(sum(orders.minor)::float8 / nullif(count(orders.minor), 0)::float8)`
    case 'LARGEST_MINOR':
      return Prisma.sql`max(orders.minor)::float8`
    case 'DAYS_SINCE_LAST':
      return Prisma.sql`floor(extract(epoch FROM ${now}::timestamptz - max(orders.at)) / 86400)::float8`
  }
}

export const signs: { readonly [op in OrderOperator]: Prisma.Sql } = {
  EQ: Prisma.sql`=`,
  NE: Prisma.sql`<>`,
  LT: Prisma.sql`<`,
  LTE: Prisma.sql`<=`,
  GT: Prisma.sql`>`,
  GTE: Prisma.sql`>=`,
}

// What trim() takes away.
const blanks =
  ' \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

/** A transaction's id as transactionIdOf reads it. */
export const transactionSql = (key: string) => Prisma.sql`(
  SELECT CASE WHEN given.text <> '' AND length(given.text) <= 256 THEN given.text END
  FROM (SELECT CASE WHEN jsonb_typeof(event.data -> ${key}::text) IN ('string', 'number') THEN btrim(event.data ->> ${key}::text, ${blanks}::text) END AS text) AS given
)`

/** The amount in minor units of that currency as orderOf reads it; NULL where it is none, too large, or in another. */
export function minorSql(currency: string, data: Prisma.Sql): Prisma.Sql {
  const keys = amountKeys.map((key) => Prisma.sql`nullif(${data} -> ${key}::text, 'null')`)
  const scale = `1${'0'.repeat(minorDigits(currency.toUpperCase()))}`
  return Prisma.sql`(
    SELECT CASE WHEN abs(rounded.minor) <= ${String(maxAmountMinor)}::numeric THEN rounded.minor END
    FROM (
      SELECT round(${scale}::numeric * CASE jsonb_typeof(given.v)
        WHEN 'number' THEN (given.v #>> '{}')::numeric
        WHEN 'string' THEN CASE WHEN given.v #>> '{}' ~ ${decimalText}::text THEN btrim(given.v #>> '{}', ${blanks}::text)::numeric END
      END) AS minor
      FROM (SELECT coalesce(${Prisma.join(keys)}) AS v) AS given
      WHERE jsonb_typeof(${data} -> 'currency') = 'string'
        AND upper(btrim(${data} ->> 'currency', ${blanks}::text) COLLATE "C") = ${currency.toUpperCase()}::text
    ) AS rounded
  )`
}

/** Rows are counted no further than the bounds ask. */
function counted(rows: Prisma.Sql, bounds: CountBounds): Prisma.Sql {
  const count = Prisma.sql`(SELECT count(*) FROM (SELECT ${rows} LIMIT ${enoughFor(bounds)}::int) AS found)`
  const [least, most] = [bounds.atLeast ?? (bounds.atMost == null ? 1 : 0), bounds.atMost ?? enoughFor(bounds)]
  return Prisma.sql`(${count} BETWEEN ${least}::int AND ${most}::int)`
}

/** True of times from so many days before now, where the rule says so, up to now, both included. */
export function isWithin(time: Prisma.Sql, rule: Pick<CountBounds, 'withinLastDays'>, now: Date): Prisma.Sql {
  const isPast = Prisma.sql`${time} <= ${now}::timestamptz`
  const back = windowMs(rule)
  if (back === Number.POSITIVE_INFINITY) return isPast
  // Times are whole milliseconds.
  const from = new Date(Math.ceil(now.getTime() - back))
  return Prisma.sql`(${isPast} AND ${time} >= ${from}::timestamptz)`
}
