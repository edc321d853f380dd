// The rows that conditions count, of everybody of the account: what filter-history asks of one person. Each statement gives
// `profile_id`, the profile that the row was written with.

import { foldEventName } from '../../core/names.ts'
import { audienceId } from '../../core/rules/asks.ts'
import type { ConsentRule, FieldRule, Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { isWithin } from './filter-bounds.ts'
import { isRelated } from './filter-history.ts'
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
