// Definitions of fields as they are stored, and what names a field.

import type { FieldDefinition, FieldPolicy } from '../../core/fields/definition.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql, Transaction } from '../../platform/database.ts'

/** All definitions of the account that were not deleted, oldest first, and its policies. */
export async function findFields(tx: Transaction, accountId: string) {
  const all = await tx.fieldDefinition.findMany({ where: { accountId }, orderBy: { id: 'asc' } })
  const definitions = all.filter(({ deletedAt }) => deletedAt === null)
  const policies: FieldPolicy[] = await tx.fieldPolicy.findMany({ where: { accountId } })
  return { definitions: definitions satisfies FieldDefinition[], policies, areAny: all.length + policies.length > 0 }
}

/** The keys that fields of people, or of events of the names, had before they were deleted. */
export async function findDeleted(
  tx: Transaction,
  accountId: string,
  events: readonly string[],
): Promise<{ owner: 'PROFILE' | 'EVENT'; name: string; apiName: string }[]> {
  const rows = await tx.fieldDefinition.findMany({
    where: {
      ...{ accountId, place: '', deletedAt: { not: null } },
      OR: [{ owner: 'PROFILE' }, { owner: 'EVENT', eventName: { in: [...events] } }],
    },
    select: { owner: true, name: true, apiName: true },
  })
  return rows.map((row) => ({ ...row, owner: row.owner === 'EVENT' ? 'EVENT' : 'PROFILE' }))
}

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
