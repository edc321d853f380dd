// Statements about programs and campaigns that Prisma cannot say, or not as fast.

import type { CampaignState, JourneyRole, ReentryPolicy } from '../../core/targeting/facts.ts'
import type { Transaction } from '../../platform/database.ts'

/**
 * Counts a change of what targeting goes by; returns the new count, which is the version of the rules from then on. It goes
 * first in the transaction: the account's row stays locked until the end, so such changes come one after another, each seeing
 * those before it.
 */
export async function bumpRules(tx: Transaction, accountId: string): Promise<number> {
  const [row] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE account SET rules_version = rules_version + 1 WHERE id = ${accountId}::uuid RETURNING rules_version AS version`
  if (!row) throw new Error('an account that a key belongs to is there')
  return row.version
}

/** When something happened, and the version of the rules that it made. */
export interface Change {
  version: number
  at: Date
}

/** Publishes the campaign's unpublished revision, if it has one; from then on it is immutable. Returns how many that were. */
export function publishDraft(
  tx: Transaction,
  accountId: string,
  { campaignId, version, at }: Change & { campaignId: string },
): Promise<number> {
  return tx.$executeRaw`
    UPDATE campaign_revision SET published_at = ${at}, published_version = ${version}::int
    WHERE account_id = ${accountId}::uuid AND campaign_id = ${campaignId}::uuid AND published_at IS NULL`
}

/** A campaign with the one of its revisions that is asked for. */
export interface CampaignRevisionRow {
  id: string
  programId: string
  name: string
  state: CampaignState
  firstLiveAt: Date | null
  number: number
  startsAt: Date | null
  endsAt: Date | null
  requiredTargets: unknown
  content: unknown
}

/** Each campaign with its revision in force, else its draft; with the newest where drafts take part. By id. */
export function findCampaigns(tx: Transaction, accountId: string, drafts: boolean): Promise<CampaignRevisionRow[]> {
  return tx.$queryRaw<CampaignRevisionRow[]>`
    SELECT campaign.id, campaign.program_id AS "programId", campaign.name, campaign.state, campaign.first_live_at AS "firstLiveAt",
      revision.number, revision.starts_at AS "startsAt", revision.ends_at AS "endsAt",
      revision.required_targets AS "requiredTargets", revision.content
    FROM campaign CROSS JOIN LATERAL (
      SELECT * FROM campaign_revision WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id
      ORDER BY published_at IS NULL AND NOT ${drafts}::boolean, number DESC LIMIT 1) AS revision
    WHERE campaign.account_id = ${accountId}::uuid ORDER BY campaign.id`
}

/** The campaigns as they were at a version of the rules: without those that had not been published by then, or were drafts. By id. */
export function findCampaignsAsOf(tx: Transaction, accountId: string, version: number): Promise<CampaignRevisionRow[]> {
  return tx.$queryRaw<CampaignRevisionRow[]>`
    SELECT campaign.id, campaign.program_id AS "programId", campaign.name, change.state, campaign.first_live_at AS "firstLiveAt",
      revision.number, revision.starts_at AS "startsAt", revision.ends_at AS "endsAt",
      revision.required_targets AS "requiredTargets", revision.content
    FROM campaign CROSS JOIN LATERAL (
      SELECT state FROM campaign_state_change
      WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND version <= ${version}::int
      ORDER BY version DESC LIMIT 1) AS change
    CROSS JOIN LATERAL (
      SELECT * FROM campaign_revision
      WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND published_version <= ${version}::int
      ORDER BY number DESC LIMIT 1) AS revision
    WHERE campaign.account_id = ${accountId}::uuid AND change.state <> 'DRAFT' ORDER BY campaign.id`
}

export interface DefinitionRow {
  campaignId: string
  name: string
  role: JourneyRole
  priority: number
  events: string[]
  startEvents: string[]
  entry: unknown
  ongoing: unknown
  keyField: string | null
  inactivityDays: number | null
  reentry: ReentryPolicy
}

/** The journey definitions of the revisions, by campaign and name. */
export function findDefinitions(
  tx: Transaction,
  accountId: string,
  revisions: readonly { id: string; number: number }[],
): Promise<DefinitionRow[]> {
  return tx.$queryRaw<DefinitionRow[]>`
    SELECT campaign_id AS "campaignId", name, role, priority, events, start_events AS "startEvents", entry, ongoing,
      key_field AS "keyField", inactivity_days AS "inactivityDays", reentry
    FROM journey_definition
    JOIN unnest(${revisions.map(({ id }) => id)}::uuid[], ${revisions.map(({ number }) => number)}::int[])
      AS asked (campaign_id, revision) USING (campaign_id, revision)
    WHERE account_id = ${accountId}::uuid ORDER BY campaign_id, name`
}
