// Statements about programs and campaigns that Prisma cannot say, or not as fast.

import type { AudienceDefinition } from '../../core/audiences/dynamic.ts'
import type { CampaignState, JourneyDefinition } from '../../core/targeting/facts.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql, Transaction } from '../../platform/database.ts'

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

/** The account's count of rule changes. */
export async function findRulesVersion(sql: Sql, accountId: string): Promise<number> {
  const [row] = await sql.$queryRaw<{ version: number }[]>`
    SELECT rules_version AS version FROM account WHERE id = ${accountId}::uuid`
  if (!row) throw new Error('an account that a key belongs to is there')
  return row.version
}

/** Keeps others from changing what targeting goes by until the transaction ends, as bumpRules does, and changes nothing. */
export async function lockRules(tx: Transaction, accountId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM account WHERE id = ${accountId}::uuid FOR NO KEY UPDATE`
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

/** A campaign with the one of its revisions that is asked for, and that one's journey definitions by name. */
export interface CampaignRow {
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
  definitions: JourneyDefinition[]
}

// In the same statement as the campaigns, so that both are of one moment.
const definitionsIn = (accountId: string) => Prisma.sql`ARRAY(
  SELECT json_build_object('name', name, 'role', role, 'priority', priority, 'events', events, 'startEvents', start_events,
    'entry', entry, 'ongoing', ongoing, 'keyField', key_field, 'inactivityDays', inactivity_days, 'reentry', reentry)
  FROM journey_definition
  WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND revision = revision.number ORDER BY name)`

/** Changes whenever a draft revision is written, published or discarded, as each such row is stored anew. */
export async function readDraftMark(tx: Transaction, accountId: string): Promise<string> {
  const [row] = await tx.$queryRaw<{ mark: string }[]>`
    SELECT coalesce(md5(string_agg(campaign_id::text || '/' || number || '/' || xmin::text, ',' ORDER BY campaign_id, number)), '') AS mark
    FROM campaign_revision WHERE account_id = ${accountId}::uuid AND published_at IS NULL`
  return row?.mark ?? ''
}

/** Changes whenever something changes that rules of every version go by as it is now: programs, names, aliases and follow-ups. */
export async function readSettingsMark(tx: Transaction, accountId: string): Promise<string> {
  const [row] = await tx.$queryRaw<{ mark: string }[]>`
    SELECT md5(jsonb_build_array(
      (SELECT jsonb_agg(to_jsonb(program) ORDER BY id) FROM program WHERE account_id = ${accountId}::uuid),
      (SELECT jsonb_agg(to_jsonb(program_label) ORDER BY label) FROM program_label WHERE account_id = ${accountId}::uuid),
      (SELECT jsonb_agg(to_jsonb(event_type_alias) ORDER BY alias) FROM event_type_alias WHERE account_id = ${accountId}::uuid),
      (SELECT jsonb_agg(to_jsonb(event_type) ORDER BY name) FROM event_type WHERE account_id = ${accountId}::uuid),
      (SELECT jsonb_agg(jsonb_build_array(id, name) ORDER BY id) FROM campaign
        WHERE account_id = ${accountId}::uuid AND state <> 'DRAFT'))::text) AS mark`
  return row?.mark ?? ''
}

/** Each campaign with its revision in force, else its draft; with the newest where drafts take part. By id. */
export function findCampaigns(tx: Transaction, accountId: string, drafts: boolean): Promise<CampaignRow[]> {
  return tx.$queryRaw<CampaignRow[]>`
    SELECT campaign.id, campaign.program_id AS "programId", campaign.name, campaign.state, campaign.first_live_at AS "firstLiveAt",
      revision.number, revision.starts_at AS "startsAt", revision.ends_at AS "endsAt",
      revision.required_targets AS "requiredTargets", revision.content, ${definitionsIn(accountId)} AS definitions
    FROM campaign CROSS JOIN LATERAL (
      SELECT * FROM campaign_revision WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id
      ORDER BY published_at IS NULL AND NOT ${drafts}::boolean, number DESC LIMIT 1) AS revision
    WHERE campaign.account_id = ${accountId}::uuid ORDER BY campaign.id`
}

/** The campaigns as they were at a version of the rules: without those that had not been published by then, or were drafts. By id. */
export function findCampaignsAsOf(tx: Transaction, accountId: string, version: number): Promise<CampaignRow[]> {
  return tx.$queryRaw<CampaignRow[]>`
    SELECT campaign.id, campaign.program_id AS "programId", campaign.name, change.state, campaign.first_live_at AS "firstLiveAt",
      revision.number, revision.starts_at AS "startsAt", revision.ends_at AS "endsAt",
      revision.required_targets AS "requiredTargets", revision.content, ${definitionsIn(accountId)} AS definitions
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

/** The audiences with rules, those in force; by id. */
export function findDynamicAudiences(tx: Sql, accountId: string): Promise<AudienceDefinition[]> {
  return tx.$queryRaw<AudienceDefinition[]>`
    SELECT id, rule_version AS version, rule FROM audience
    WHERE account_id = ${accountId}::uuid AND rule IS NOT NULL AND archived_at IS NULL ORDER BY id`
}
