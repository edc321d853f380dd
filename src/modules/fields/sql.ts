// What names a field, and who has a value of it.

import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface RuleUse {
  campaignId: string
  campaign: string
  revision: number
  journey: string
}

/**
 * The journeys whose rules name the field, or a part of it, in the revision in force or the draft of a campaign that is not over. `member` is
 * what a rule has of it: `field` of people, `eventData` of events, then of journeys of one of the events.
 */
export function findRuleUses(
  sql: Sql,
  accountId: string,
  { path, member, events }: { path: string; member: 'field' | 'eventData'; events: readonly string[] | null },
): Promise<RuleUse[]> {
  const names = (column: Prisma.Sql) => Prisma.sql`EXISTS (
    SELECT FROM jsonb_path_query(${column}, ${`$.**.${member}.field`}::text::jsonpath) AS named (field)
    WHERE starts_with(named.field #>> '{}', ${path}::text) AND substr(named.field #>> '{}', ${path.length + 1}::int, 1) IN ('', '.', '['))`
  const keyed = member === 'eventData' ? Prisma.sql`OR definition.key_field = ${path}::text` : Prisma.empty
  const ofEvents = events ? Prisma.sql`AND definition.events && ${[...events]}::text[]` : Prisma.empty
  return sql.$queryRaw<RuleUse[]>`
    SELECT campaign.id AS "campaignId", campaign.name AS campaign, revision.number AS revision, definition.name AS journey
    FROM campaign
    CROSS JOIN LATERAL (
      SELECT number FROM campaign_revision
      WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND (published_at IS NULL OR number = (
        SELECT max(number) FROM campaign_revision
        WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND published_at IS NOT NULL))) AS revision
    JOIN journey_definition AS definition ON definition.account_id = ${accountId}::uuid
      AND definition.campaign_id = campaign.id AND definition.revision = revision.number
    WHERE campaign.account_id = ${accountId}::uuid AND campaign.state IN ('DRAFT', 'LIVE', 'PAUSED') ${ofEvents}
      AND (${names(Prisma.sql`definition.entry`)} OR ${names(Prisma.sql`definition.ongoing`)} ${keyed})
    ORDER BY campaign.id, revision.number, definition.name LIMIT 100`
}

/** How many profiles hold a value of it: all of the account's are looked through. */
export async function countHolders(sql: Sql, accountId: string, path: readonly string[]): Promise<number> {
  const [row] = await sql.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM profile
    WHERE account_id = ${accountId}::uuid AND nullif(fields #> ${[...path]}::text[], 'null'::jsonb) IS NOT NULL`
  return row?.count ?? 0
}
