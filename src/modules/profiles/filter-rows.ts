// The rows that conditions count, of everybody of the account: what filter-history asks of one person. Each statement gives
// `profile_id`, the profile that the row was written with.

import { foldEventName } from '../../core/names.ts'
import { orderEvents } from '../../core/orders.ts'
import { audienceId } from '../../core/rules/asks.ts'
import { isMoney } from '../../core/rules/orders.ts'
import type { ConsentRule, FieldRule, OrderRule, Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { figureSql, isRelated, isWithin, maxOrders, minorSql, transactionSql } from './filter-history.ts'
import { valueSql } from './filter-operators.ts'
import type { FilterScope } from './filter-values.ts'

/** A row for each thing that a condition counts, whoever the other person of a relationship is. Throws RangeError for one that counts nothing. */
export function countedRows(rule: Rule, scope: FilterScope): Prisma.Sql {
  const { accountId, now } = scope
  if ('event' in rule) {
    return Prisma.sql`SELECT event.profile_id FROM event WHERE event.account_id = ${accountId}::uuid
      AND event.name = ${foldEventName(rule.event.name)}::text AND ${isWithin(Prisma.sql`event.occurred_at`, rule.event, now)}`
  }
  if ('quality' in rule) {
    return Prisma.sql`SELECT decision.profile_id FROM attribution AS decision
      WHERE decision.account_id = ${accountId}::uuid AND decision.quality = ${rule.quality.is}::quality
        AND ${isWithin(Prisma.sql`decision.occurred_at`, rule.quality, now)}
        AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
          AND later.event_id = decision.event_id AND later.revision > decision.revision)`
  }
  if ('relationship' in rule) {
    const side = rule.relationship.as === 'FRIEND' ? Prisma.sql`edge.friend_id` : Prisma.sql`edge.advocate_id`
    return Prisma.sql`SELECT ${side} AS profile_id FROM relationship AS edge WHERE ${isRelated(rule.relationship, scope, null)}`
  }
  if ('audience' in rule) {
    return Prisma.sql`SELECT membership.profile_id FROM audience_member AS membership
      WHERE membership.account_id = ${accountId}::uuid AND membership.audience_id = ${audienceId(rule.audience)}::uuid`
  }
  throw new RangeError('the condition counts nothing')
}

/** A row for each identifier of the kind, and whether the rule holds for it. */
export function identityRows(rule: FieldRule, { accountId, now, kind }: FilterScope & { kind: string }): Prisma.Sql {
  const value =
    rule.field === 'emailDomain' ? Prisma.sql`split_part(identity.value, '@', -1)` : Prisma.sql`identity.value`
  const isAsked = rule.op === 'EXISTS' || rule.op === 'MISSING'
  const holds = isAsked ? Prisma.sql`TRUE` : valueSql(rule, now, Prisma.sql`to_jsonb(${value})`)
  return Prisma.sql`(SELECT identity.profile_id, ${holds} AS holds FROM identity
    WHERE identity.account_id = ${accountId}::uuid AND identity.kind = ${kind}::text::identity_kind)`
}

interface Owned extends FilterScope {
  /** The person of a row `found`, given the joins of `owners`. */
  owner: Prisma.Sql
  owners: Prisma.Sql
}

/** People with a channel of which that is in force. */
export function consentGroups(
  { channel, state }: ConsentRule,
  { accountId, owner, owners }: Omit<Owned, 'now'>,
): Prisma.Sql {
  return Prisma.sql`
    SELECT told.owner AS id, count(*) AS n
    FROM (
      SELECT DISTINCT ON (${owner}, found.channel) ${owner} AS owner, found.state
      FROM (
        SELECT consent.profile_id, consent.id, consent.channel, consent.state, consent.at FROM consent
        WHERE consent.account_id = ${accountId}::uuid
          AND (${channel ?? null}::text IS NULL OR consent.channel = ${channel ?? null}::text::consent_channel)
      ) AS found ${owners}
      ORDER BY ${owner}, found.channel, found.at DESC, found.id DESC
    ) AS told
    WHERE told.state = ${state ?? 'OPTED_IN'}::text::consent_state
    GROUP BY told.owner`
}

/** People with a figure of their orders, where they have one that counts. */
export function orderGroups(rule: OrderRule, { accountId, now, owner, owners }: Owned): Prisma.Sql {
  const minor = isMoney(rule.aggregate)
    ? minorSql(rule.currency ?? '', Prisma.sql`event.data`)
    : Prisma.sql`NULL::numeric`
  return Prisma.sql`
    SELECT orders.owner AS id, ${figureSql(rule, now)} AS figure
    FROM (
      SELECT DISTINCT ON (told.owner, told.id) told.owner, told.at, told.minor
      FROM (
        SELECT ${owner} AS owner, found.id, found.event_id, found.at, found.minor,
          row_number() OVER (PARTITION BY ${owner} ORDER BY found.at DESC, found.event_id DESC) AS place
        FROM (
          SELECT event.profile_id, event.id AS event_id, event.occurred_at AS at, ${minor} AS minor,
            coalesce(${transactionSql('transaction_id')}, ${transactionSql('order_id')}, event.id::text) AS id
          FROM event WHERE event.account_id = ${accountId}::uuid AND event.name = ANY (${orderEvents}::text[])
            AND event.occurred_at <= ${now}::timestamptz
        ) AS found ${owners}
      ) AS told
      WHERE told.place <= ${maxOrders}::int
      ORDER BY told.owner, told.id, told.at DESC, told.event_id DESC
    ) AS orders
    WHERE ${isWithin(Prisma.sql`orders.at`, rule, now)}
    GROUP BY orders.owner`
}
