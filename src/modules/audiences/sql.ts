// Memberships, set by set.

import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface MembershipRow {
  audienceId: string
  profileId: string
}

/** Which of the audiences the profiles are in. */
export function findMemberships(
  tx: Sql,
  accountId: string,
  asked: { audienceIds: readonly string[]; profileIds: readonly string[] },
): Promise<MembershipRow[]> {
  return tx.$queryRaw<MembershipRow[]>`
    SELECT audience_id AS "audienceId", profile_id AS "profileId" FROM audience_member
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${asked.profileIds}::uuid[]) AND audience_id = ANY (${asked.audienceIds}::uuid[])`
}

interface Key {
  accountId: string
  audienceId: string
}

/** The profiles that are in the audience. */
export async function findSeats(sql: Sql, { accountId, audienceId }: Key, limit: number): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT profile_id AS id FROM audience_member
    WHERE account_id = ${accountId}::uuid AND audience_id = ${audienceId}::uuid ORDER BY profile_id LIMIT ${limit}::int`
  return rows.map(({ id }) => id)
}

/** The campaigns whose criteria ask about the audience: by the revision in force, or a draft. Archived ones ask no more. */
export function findUsingCampaigns(sql: Sql, accountId: string, audienceId: string): Promise<{ name: string }[]> {
  return sql.$queryRaw<{ name: string }[]>`
    SELECT campaign.name FROM campaign
    WHERE campaign.account_id = ${accountId}::uuid AND campaign.state <> 'ARCHIVED' AND EXISTS (
      SELECT FROM journey_definition AS definition
      WHERE definition.account_id = ${accountId}::uuid AND definition.campaign_id = campaign.id
        AND definition.revision >= coalesce((SELECT max(number) FROM campaign_revision AS revision
          WHERE revision.account_id = ${accountId}::uuid AND revision.campaign_id = campaign.id AND published_at IS NOT NULL), 0)
        AND strpos(concat(definition.entry, definition.ongoing), ${audienceId}) > 0)
    ORDER BY campaign.name LIMIT 20`
}

/** An audience whose rule not everybody has been looked at by, locked; undefined where there is none, or others are at it. */
export async function lockUnfilled(sql: Sql, { accountId, audienceId }: Key) {
  const [row] = await sql.$queryRaw<{ rule: unknown; barrier: bigint | null; after: string | null }[]>`
    SELECT rule, fill_barrier AS barrier, fill_after AS after FROM audience
    WHERE account_id = ${accountId}::uuid AND id = ${audienceId}::uuid AND filled_version < rule_version AND archived_at IS NULL
    FOR NO KEY UPDATE SKIP LOCKED`
  return row
}

export async function isFilled(sql: Sql, { accountId, audienceId }: Key): Promise<boolean> {
  const [row] = await sql.$queryRaw<{ isFilled: boolean }[]>`
    SELECT filled_version >= rule_version OR archived_at IS NOT NULL AS "isFilled" FROM audience
    WHERE account_id = ${accountId}::uuid AND id = ${audienceId}::uuid`
  return row?.isFilled ?? true
}

/** Notes which transactions are under way: none that begins from here on goes by the rules of before. */
export async function setBarrier(sql: Sql, { accountId, audienceId }: Key): Promise<void> {
  await sql.$executeRaw`
    UPDATE audience SET fill_barrier = pg_snapshot_xmax(pg_current_snapshot())::text::bigint, fill_after = NULL
    WHERE account_id = ${accountId}::uuid AND id = ${audienceId}::uuid`
}

/** Are the transactions over that were under way then? */
export async function isBarrierPassed(sql: Sql, barrier: bigint): Promise<boolean> {
  const [row] = await sql.$queryRaw<{ isPassed: boolean }[]>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= ${barrier}::bigint AS "isPassed"`
  return row?.isPassed ?? false
}

/** The last profile of the next piece; null where what is left is no more than one. */
export async function findPiece(
  sql: Sql,
  accountId: string,
  { after, size }: { after: string | null; size: number },
): Promise<string | null> {
  const [row] = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM profile WHERE account_id = ${accountId}::uuid AND id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY id OFFSET ${size - 1}::int LIMIT 1`
  return row?.id ?? null
}

/** Of a piece, the people whom the filter finds (null: all), and those who are in the audience. */
export async function findWhoMayMove(
  sql: Sql,
  { accountId, audienceId }: Key,
  { filter, after, last }: { filter: Prisma.Sql | null; after: string | null; last: string | null },
): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT profile.id FROM profile
    WHERE profile.account_id = ${accountId}::uuid AND profile.id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      AND profile.id <= coalesce(${last}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND profile.erased_at IS NULL
      AND NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = profile.id)
      AND (${filter ?? Prisma.sql`TRUE`} OR profile.fields_end_at IS NOT NULL
        OR EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = profile.id)
        OR EXISTS (SELECT FROM audience_member AS member
        WHERE member.account_id = ${accountId}::uuid AND member.audience_id = ${audienceId}::uuid AND member.profile_id = profile.id))
    ORDER BY profile.id`
  return rows.map(({ id }) => id)
}

/** Notes how far the filling has come; null: to the end. */
export async function saveFilling(sql: Sql, { accountId, audienceId }: Key, after: string | null): Promise<void> {
  await sql.$executeRaw`
    UPDATE audience SET fill_after = ${after}::uuid,
      filled_version = CASE WHEN ${after}::uuid IS NULL THEN rule_version ELSE filled_version END
    WHERE account_id = ${accountId}::uuid AND id = ${audienceId}::uuid`
}

interface Part {
  startsAt: Date
  entered: number
  left: number
}

/** The size now, and since `from` who entered and left, by the hour or the day, the newest first; both as of one moment. */
export async function findHours(
  sql: Sql,
  { accountId, audienceId }: Key,
  { from, step }: { from: Date; step: 'HOUR' | 'DAY' },
): Promise<{ members: number; parts: Part[] }> {
  const rows = await sql.$queryRaw<(Part & { members: number })[]>`
    SELECT date_bin(${step === 'HOUR' ? '1 hour' : '1 day'}::text::interval, starts_at, '2000-01-01T00:00:00Z') AS "startsAt",
      sum(entered)::int AS entered, sum("left")::int AS left, (SELECT count(*)::int FROM audience_member AS member
        WHERE member.account_id = ${accountId}::uuid AND member.audience_id = ${audienceId}::uuid) AS members
    FROM audience_hour
    WHERE account_id = ${accountId}::uuid AND audience_id = ${audienceId}::uuid
      AND starts_at >= date_bin(${step === 'HOUR' ? '1 hour' : '1 day'}::text::interval, ${from}::timestamptz, '2000-01-01T00:00:00Z')
    GROUP BY 1 ORDER BY 1 DESC`
  return { members: rows[0]?.members ?? 0, parts: rows }
}

/** Some of the audiences, of any account, whose rule not everybody has been looked at by. */
export function findUnfilled(sql: Sql): Promise<Key[]> {
  return sql.$queryRaw<Key[]>`
    SELECT account_id AS "accountId", id AS "audienceId" FROM audience
    WHERE filled_version < rule_version AND archived_at IS NULL LIMIT 20`
}

const duesAtATime = 5_000

/**
 * Forgets when to look at people of an audience that is archived: a piece at a time, passing over what others hold. What is left is
 * forgotten when its time comes.
 */
export async function dropDuesOf(sql: Sql, { accountId, audienceId }: Key): Promise<void> {
  const drop = () => sql.$executeRaw`
    DELETE FROM audience_due WHERE account_id = ${accountId}::uuid AND audience_id = ${audienceId}::uuid AND profile_id = ANY (ARRAY(
      SELECT profile_id FROM audience_due WHERE account_id = ${accountId}::uuid AND audience_id = ${audienceId}::uuid
      ORDER BY profile_id LIMIT ${duesAtATime}::int FOR UPDATE SKIP LOCKED))`
  while ((await drop()) === duesAtATime);
}
