// Reading what is due: of all accounts to know when, of one account to do it.

import type { Sql } from '../../platform/database.ts'

export interface DueRow {
  accountId: string
  audienceId: string
  profileId: string
}

/** What is due, the longest due first; of any account. */
export function findDue(sql: Sql, { now, limit }: { now: Date; limit: number }): Promise<DueRow[]> {
  return sql.$queryRaw<DueRow[]>`
    SELECT account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId" FROM audience_due
    WHERE due_at <= ${now}::timestamptz ORDER BY due_at LIMIT ${limit}::int`
}

/** When something is due next, of any account. */
export async function findNextDue(sql: Sql): Promise<Date | undefined> {
  const [row] = await sql.$queryRaw<{ dueAt: Date }[]>`
    SELECT due_at AS "dueAt" FROM audience_due ORDER BY due_at LIMIT 1`
  return row?.dueAt
}

/** Locks those of the people whom nobody else holds; returns them. People are locked before what is due of them, as batches do. */
export async function lockFree(sql: Sql, accountId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[]) ORDER BY id
    FOR NO KEY UPDATE SKIP LOCKED`
  return rows.map(({ id }) => id)
}

/** What is due of the profiles. */
export function findDueOf(
  sql: Sql,
  accountId: string,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<DueRow[]> {
  return sql.$queryRaw<DueRow[]>`
    SELECT account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId" FROM audience_due
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[]) AND due_at <= ${now}::timestamptz`
}

export async function dropDues(sql: Sql, accountId: string, rows: readonly DueRow[]): Promise<void> {
  await sql.$executeRaw`
    DELETE FROM audience_due AS due USING unnest(${rows.map(({ audienceId }) => audienceId)}::uuid[],
      ${rows.map(({ profileId }) => profileId)}::uuid[]) AS one (audience_id, profile_id)
    WHERE due.account_id = ${accountId}::uuid AND due.audience_id = one.audience_id AND due.profile_id = one.profile_id`
}

/** Who is to be judged because of others, of any account. */
export function findPoked(sql: Sql, limit: number): Promise<DueRow[]> {
  return sql.$queryRaw<DueRow[]>`
    SELECT account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId" FROM audience_poke LIMIT ${limit}::int`
}

/** Removes the notes about the profiles; returns them. */
export function takePokes(
  sql: Sql,
  accountId: string,
  profileIds: readonly string[],
): Promise<(DueRow & { eventId: string | null })[]> {
  return sql.$queryRaw<(DueRow & { eventId: string | null })[]>`
    DELETE FROM audience_poke WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])
    RETURNING account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId", event_id AS "eventId"`
}
