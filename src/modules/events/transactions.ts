// The transactions that follow-ups of a batch name, each with the decision in force about the event that it began with.

import type { Quality, UnattributedReason } from '../../core/targeting/decision.ts'
import type { JourneyRole, TransactionFacts } from '../../core/targeting/facts.ts'
import type { Transaction } from '../../platform/database.ts'
import type { RootOf } from './referrals.ts'

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
  tx: Transaction,
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

/** Of each transaction the event that was received first. */
function findTransactions(tx: Transaction, accountId: string, ids: readonly string[]): Promise<TransactionRow[]> {
  return tx.$queryRaw<TransactionRow[]>`
    SELECT DISTINCT ON (a.transaction_id) a.transaction_id AS "transactionId", a.event_id AS "eventId", a.campaign_id AS "campaignId",
      a.campaign_revision AS "campaignRevision", campaign.program_id AS "programId", a.journey_id AS "journeyId", journey.definition, journey.role,
      journey.key, a.relationship_id AS "relationshipId", relationship.advocate_id AS "advocateId", a.quality, a.reason, a.reason_detail AS "reasonDetail"
    FROM attribution AS a
    LEFT JOIN campaign ON campaign.account_id = a.account_id AND campaign.id = a.campaign_id
    LEFT JOIN journey ON journey.account_id = a.account_id AND journey.id = a.journey_id
    LEFT JOIN relationship ON relationship.account_id = a.account_id AND relationship.id = a.relationship_id
    WHERE a.account_id = ${accountId}::uuid AND a.transaction_id = ANY (${ids}::text[])
      AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = a.account_id AND next.event_id = a.event_id AND next.revision = a.revision + 1)
    ORDER BY a.transaction_id, a.event_id`
}
