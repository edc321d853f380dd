// Decisions and the feed that numbers them.

import type { Decision, Warning } from '../../core/targeting/decision.ts'
import type { StoredTrace } from '../../core/targeting/stored-trace.ts'
import type { Sql } from '../../platform/database.ts'

export interface AttributionRow {
  decision: Decision
  trace: StoredTrace
  /** The decision's own, and those that were found since. */
  warnings: readonly Warning[]
  /** Of the rules that it was decided by. */
  rulesVersion: number
  /** 1 unless it supersedes another; then with a note, and the key that asked for it. */
  revision?: number
  /** The profile that it is written with; default: the person of the decision. */
  profileId?: string | undefined
  note?: string
  apiKeyId?: string
  journeyId: string | null
  relationshipId: string | null
  decidedAt: Date
}

/**
 * Appends decisions to the account's feed. Positions are taken and written by one statement, the last of its transaction:
 * the row that counts them is locked from here to the commit, so they are dense and in the order of commits.
 */
export async function appendAttributions(tx: Sql, accountId: string, rows: readonly AttributionRow[]): Promise<void> {
  const of = <T>(value: (row: AttributionRow) => T) => rows.map(value)
  const decided = <K extends keyof Decision>(key: K) => rows.map(({ decision }) => decision[key])
  await tx.$executeRaw`
    WITH head AS (
      INSERT INTO feed_head (account_id, topic, position) VALUES (${accountId}::uuid, 'ATTRIBUTIONS', ${rows.length}::int)
      ON CONFLICT (account_id, topic) DO UPDATE SET position = feed_head.position + excluded.position
      RETURNING position
    )
    INSERT INTO attribution (account_id, event_id, revision, position, status, profile_id, campaign_id, campaign_revision, journey_id,
      relationship_id, quality, decided_by, reason, reason_detail, occurred_at, partner_id, warnings, trace, decided_at,
      transaction_id, rules_version, near_miss_campaign_id, near_miss_code, note, api_key_id)
    SELECT ${accountId}::uuid, event_id, revision, head.position - ${rows.length}::int + place, status, profile_id, campaign_id, campaign_revision,
      journey_id, relationship_id, quality, decided_by, reason, reason_detail, occurred_at, partner_id, warnings, trace, decided_at,
      transaction_id, rules_version, near_miss_campaign_id, near_miss_code, note, api_key_id
    FROM head, unnest(${decided('eventId')}::uuid[], ${decided('status')}::text[]::attribution_status[], ${of((row) => row.profileId ?? row.decision.personId)}::uuid[],
      ${decided('campaignId')}::uuid[], ${decided('campaignRevision')}::int[], ${of((row) => row.journeyId)}::uuid[],
      ${of((row) => row.relationshipId)}::uuid[], ${decided('quality')}::text[]::quality[], ${decided('decidedBy')}::text[]::decided_by[],
      ${decided('reason')}::text[]::unattributed_reason[], ${decided('reasonDetail')}::text[]::unattributed_reason[],
      ${of(({ decision }) => new Date(decision.t))}::timestamptz[], ${decided('partnerId')}::text[],
      ${of(({ warnings }) => JSON.stringify(warnings))}::jsonb[], ${of(({ trace }) => JSON.stringify(trace))}::jsonb[],
      ${of((row) => row.decidedAt)}::timestamptz[], ${decided('transactionId')}::text[], ${of((row) => row.rulesVersion)}::int[],
      ${of(({ trace }) => trace.nearMiss?.campaignId ?? null)}::uuid[], ${of(({ trace }) => trace.nearMiss?.code ?? null)}::text[]::unattributed_reason[],
      ${of((row) => row.note ?? null)}::text[], ${of((row) => row.apiKeyId ?? null)}::uuid[], ${of((row) => row.revision ?? 1)}::int[]) WITH ORDINALITY
      AS new (event_id, status, profile_id, campaign_id, campaign_revision, journey_id, relationship_id, quality, decided_by, reason,
        reason_detail, occurred_at, partner_id, warnings, trace, decided_at, transaction_id, rules_version, near_miss_campaign_id, near_miss_code,
        note, api_key_id, revision, place)
    ORDER BY place`
}

/** One that has so many is given no more. */
export const maxWarnings = 50

/** A warning that a stored decision deserves since. */
export interface LateWarning {
  eventId: string
  warning: Warning
}

/** Adds warnings to the decisions in force about the events; what was decided does not change. */
export async function addWarnings(tx: Sql, accountId: string, rows: readonly LateWarning[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE attribution SET warnings = attribution.warnings || given.warnings
    FROM (
      SELECT event_id, jsonb_agg(warning) AS warnings
      FROM unnest(${rows.map(({ eventId }) => eventId)}::uuid[], ${rows.map(({ warning }) => JSON.stringify(warning))}::jsonb[]) AS one (event_id, warning)
      GROUP BY event_id
    ) AS given
    WHERE attribution.account_id = ${accountId}::uuid AND attribution.event_id = given.event_id
      AND jsonb_array_length(attribution.warnings) < ${maxWarnings}::int
      AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = attribution.account_id
        AND next.event_id = attribution.event_id AND next.revision = attribution.revision + 1)`
}
