// Decisions and the feed that numbers them.

import type { Decision } from '../../core/targeting/decision.ts'
import type { Transaction } from '../../platform/database.ts'

export interface AttributionRow {
  decision: Decision
  journeyId: string | null
  relationshipId: string | null
  decidedAt: Date
}

/**
 * Appends decisions to the account's feed. Positions are taken and written by one statement, the last of its transaction:
 * the row that counts them is locked from here to the commit, so they are dense and in the order of commits.
 */
export async function appendAttributions(
  tx: Transaction,
  accountId: string,
  rows: readonly AttributionRow[],
): Promise<void> {
  const of = <T>(value: (row: AttributionRow) => T) => rows.map(value)
  const decided = <K extends keyof Decision>(key: K) => rows.map(({ decision }) => decision[key])
  await tx.$executeRaw`
    WITH head AS (
      INSERT INTO feed_head (account_id, topic, position) VALUES (${accountId}::uuid, 'ATTRIBUTIONS', ${rows.length}::int)
      ON CONFLICT (account_id, topic) DO UPDATE SET position = feed_head.position + excluded.position
      RETURNING position
    )
    INSERT INTO attribution (account_id, event_id, revision, position, status, profile_id, campaign_id, campaign_revision, journey_id,
      relationship_id, quality, decided_by, reason, reason_detail, occurred_at, partner_id, warnings, trace, decided_at)
    SELECT ${accountId}::uuid, event_id, 1, head.position - ${rows.length}::int + place, status, profile_id, campaign_id, campaign_revision,
      journey_id, relationship_id, quality, decided_by, reason, reason_detail, occurred_at, partner_id, warnings, trace, decided_at
    FROM head, unnest(${decided('eventId')}::uuid[], ${decided('status')}::text[]::attribution_status[], ${decided('personId')}::uuid[],
      ${decided('campaignId')}::uuid[], ${decided('campaignRevision')}::int[], ${of((row) => row.journeyId)}::uuid[],
      ${of((row) => row.relationshipId)}::uuid[], ${decided('quality')}::text[]::quality[], ${decided('decidedBy')}::text[]::decided_by[],
      ${decided('reason')}::text[]::unattributed_reason[], ${decided('reasonDetail')}::text[]::unattributed_reason[],
      ${of(({ decision }) => new Date(decision.t))}::timestamptz[], ${decided('partnerId')}::text[],
      ${of(({ decision }) => JSON.stringify(decision.warnings))}::jsonb[], ${of(({ decision }) => JSON.stringify(decision.trace))}::jsonb[],
      ${of((row) => row.decidedAt)}::timestamptz[]) WITH ORDINALITY
      AS new (event_id, status, profile_id, campaign_id, campaign_revision, journey_id, relationship_id, quality, decided_by, reason,
        reason_detail, occurred_at, partner_id, warnings, trace, decided_at, place)
    ORDER BY place`
}
