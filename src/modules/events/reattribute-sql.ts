// Withdraws what a decision did, statement by statement, and reads what is left without it.

import type { HintTrace } from '../../core/targeting/decision.ts'
import type { DecidedBy } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import type { CountedDecision } from '../counts/sql.ts'

/** The decision in force about an event. */
export interface InForceRow extends Omit<CountedDecision, 'times'> {
  revision: number
  journeyId: string | null
  relationshipId: string | null
  decidedBy: DecidedBy | null
}

export function findInForce(tx: Transaction, accountId: string, eventId: string): Promise<InForceRow[]> {
  return tx.$queryRaw<InForceRow[]>`
    SELECT revision, journey_id AS "journeyId", relationship_id AS "relationshipId", decided_by::text AS "decidedBy", event_id AS "eventId",
      event.name AS "eventName", campaign_id AS "campaignId", quality::text, reason::text, near_miss_campaign_id AS "nearMissCampaignId",
      near_miss_code::text AS "nearMissCode"
    FROM attribution JOIN event ON event.account_id = attribution.account_id AND event.id = attribution.event_id
    WHERE attribution.account_id = ${accountId}::uuid AND event_id = ${eventId}::uuid AND event.id = ${eventId}::uuid ORDER BY revision DESC LIMIT 1`
}

export interface CreditAsked {
  journeyId: string
  /** The event that is left out. */
  eventId: string
}

export interface CreditRow {
  eventId: string
  at: Date
  decidedBy: DecidedBy
  hints: readonly HintTrace[] | null
}

/** The latest event, not after a time, that the journey is credited with beside the one; none where it has no other. */
export function findOtherCredit(
  tx: Transaction,
  accountId: string,
  { journeyId, eventId, notAfter }: CreditAsked & { notAfter: Date | null },
): Promise<CreditRow[]> {
  return tx.$queryRaw<CreditRow[]>`
    SELECT event_id AS "eventId", occurred_at AS at, decided_by::text AS "decidedBy", trace -> 'hints' AS hints FROM attribution
    WHERE account_id = ${accountId}::uuid AND journey_id = ${journeyId}::uuid AND event_id <> ${eventId}::uuid
      AND occurred_at <= coalesce(${notAfter}::timestamptz, 'infinity') AND decided_by <> 'INHERITED'
      AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = attribution.account_id
        AND next.event_id = attribution.event_id AND next.revision = attribution.revision + 1)
    ORDER BY occurred_at DESC, position DESC LIMIT 1`
}

/** Since when each partner id is known of the journey, the one event left out. */
export function findOtherPartners(
  tx: Transaction,
  accountId: string,
  { journeyId, eventId, partnerIds }: CreditAsked & { partnerIds: readonly string[] },
): Promise<{ partnerId: string; at: Date }[]> {
  return tx.$queryRaw<{ partnerId: string; at: Date }[]>`
    SELECT partner_id AS "partnerId", min(occurred_at) AS at FROM attribution
    WHERE account_id = ${accountId}::uuid AND journey_id = ${journeyId}::uuid AND event_id <> ${eventId}::uuid
      AND partner_id = ANY (${partnerIds}::text[]) AND decided_by <> 'INHERITED'
      AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = attribution.account_id
        AND next.event_id = attribution.event_id AND next.revision = attribution.revision + 1)
    GROUP BY partner_id`
}

export interface FallenBack {
  journeyId: string
  eventId: string
  at: Date
  reason: DecidedBy
  code: string | null
  shareId: string | null
}

/** The journey's latest event is another again. */
export async function fallBack(tx: Transaction, accountId: string, row: FallenBack): Promise<void> {
  await tx.$executeRaw`
    UPDATE journey SET last_activity_at = ${row.at}, latest_event_id = ${row.eventId}::uuid, latest_reason = ${row.reason}::decided_by,
      latest_code = ${row.code}, latest_share_id = ${row.shareId}
    WHERE account_id = ${accountId}::uuid AND id = ${row.journeyId}::uuid`
}

/** The journey has no event left that it is credited with. */
export async function withdrawJourney(tx: Transaction, accountId: string, journeyId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE journey SET state = 'WITHDRAWN' WHERE account_id = ${accountId}::uuid AND id = ${journeyId}::uuid`
}

/** Those of the journeys that the event ended, and that nobody has taken up again since. */
export async function findEndedBy(
  tx: Transaction,
  accountId: string,
  { eventId, journeyIds }: { eventId: string; journeyIds: readonly string[] },
): Promise<string[]> {
  if (journeyIds.length === 0) return []
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT asked.id FROM unnest(${journeyIds}::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT kind, event_id FROM journey_step WHERE account_id = ${accountId}::uuid AND journey_id = asked.id
        AND kind IN ('EXITED', 'EXPIRED', 'RESUMED') ORDER BY id DESC LIMIT 1
    ) AS last
    WHERE last.kind <> 'RESUMED' AND last.event_id = ${eventId}::uuid`
  return rows.map(({ id }) => id)
}

export async function reopenJourneys(tx: Transaction, accountId: string, journeyIds: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE journey SET state = 'ACTIVE', exited_at = NULL
    WHERE account_id = ${accountId}::uuid AND id = ANY (${journeyIds}::uuid[]) AND state = 'EXITED'`
}

export interface WithdrawnStep {
  id: string
  journeyId: string
  eventId: string
  eventName: string
  at: Date
}

export async function insertWithdrawnStep(tx: Transaction, accountId: string, row: WithdrawnStep): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO journey_step (account_id, id, journey_id, kind, event_id, event_name, at)
    VALUES (${accountId}::uuid, ${row.id}::uuid, ${row.journeyId}::uuid, 'WITHDRAWN', ${row.eventId}::uuid, ${row.eventName}, ${row.at})`
}

/** Deletes what the event showed of the relationship; one without evidence left is withdrawn. */
export async function withdrawEvidence(
  tx: Transaction,
  accountId: string,
  { relationshipId, eventId, at }: { relationshipId: string; eventId: string; at: Date },
): Promise<void> {
  const deleted = await tx.$executeRaw`
    DELETE FROM evidence WHERE account_id = ${accountId}::uuid AND relationship_id = ${relationshipId}::uuid AND event_id = ${eventId}::uuid`
  if (deleted === 0) return
  await tx.$executeRaw`
    UPDATE relationship SET first_evidence_at = coalesce(span.first, first_evidence_at), latest_evidence_at = coalesce(span.latest, latest_evidence_at),
      withdrawn_at = CASE WHEN span.first IS NULL THEN ${at}::timestamptz END
    FROM (SELECT min(at) AS first, max(at) AS latest FROM evidence
      WHERE account_id = ${accountId}::uuid AND relationship_id = ${relationshipId}::uuid) AS span
    WHERE relationship.account_id = ${accountId}::uuid AND relationship.id = ${relationshipId}::uuid`
}
