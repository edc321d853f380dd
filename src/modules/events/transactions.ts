// The transactions that follow-ups of a batch name, each with the decision in force about the event that it began with.

import { orderEvents } from '../../core/orders.ts'
import type { Quality, UnattributedReason } from '../../core/targeting/decision.ts'
import type { JourneyRole, TransactionFacts } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import type { RootOf } from './referrals.ts'

/** Of the events that name a transaction so many are looked at, the first. */
const maxNamed = 100

interface TransactionRow extends Omit<TransactionFacts, 'journey'> {
  transactionId: string
  journeyId: string | null
  definition: string | null
  role: JourneyRole | null
  key: string | null
  quality: Quality
  reason: UnattributedReason | null
  reasonDetail: UnattributedReason | null
}

/** By transaction id; those that nobody knows are left out. */
export async function loadTransactions(
  tx: Sql,
  accountId: string,
  { ids, rootOf }: { ids: readonly string[]; rootOf: RootOf },
): Promise<Map<string, TransactionFacts>> {
  if (ids.length === 0) return new Map()
  const rows = await findTransactions(tx, accountId, ids)
  return new Map(
    rows.map(({ transactionId, journeyId, definition, role, key, advocateId, ...row }) => [
      transactionId,
      {
        ...row,
        advocateId: advocateId && rootOf(advocateId),
        journey:
          journeyId && definition !== null && role && key !== null ? { id: journeyId, definition, role, key } : null,
      },
    ]),
  )
}

/** Of each transaction the first order, else the first event: a checkout may name it before the purchase. */
function findTransactions(tx: Sql, accountId: string, ids: readonly string[]): Promise<TransactionRow[]> {
  return tx.$queryRaw<TransactionRow[]>`
    SELECT asked.id AS "transactionId", a.event_id AS "eventId", first.is_order AS "isOrder", a.campaign_id AS "campaignId",
      a.campaign_revision AS "campaignRevision", campaign.program_id AS "programId", a.journey_id AS "journeyId", journey.definition, journey.role,
      journey.key, a.relationship_id AS "relationshipId", relationship.advocate_id AS "advocateId", a.quality, a.reason, a.reason_detail AS "reasonDetail"
    FROM unnest(${ids}::text[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT named.event_id, event.name = ANY (${orderEvents}::text[]) AS is_order
      FROM (SELECT event_id FROM attribution
        WHERE account_id = ${accountId}::uuid AND transaction_id = asked.id AND revision = 1 ORDER BY event_id LIMIT ${maxNamed}::int) AS named
      JOIN event ON event.account_id = ${accountId}::uuid AND event.id = named.event_id
      ORDER BY is_order DESC, named.event_id LIMIT 1
    ) AS first
    CROSS JOIN LATERAL (
      SELECT * FROM attribution
      WHERE account_id = ${accountId}::uuid AND event_id = first.event_id ORDER BY revision DESC LIMIT 1
    ) AS a
    LEFT JOIN campaign ON campaign.account_id = a.account_id AND campaign.id = a.campaign_id
    LEFT JOIN journey ON journey.account_id = a.account_id AND journey.id = a.journey_id
    LEFT JOIN relationship ON relationship.account_id = a.account_id AND relationship.id = a.relationship_id`
}
