// Reading what is due: of all accounts to know when, of one account to do it.

import { newId } from '../../ids.ts'
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
    SELECT account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId" FROM audience_poke
    WHERE side IS NULL LIMIT ${limit}::int`
}

/** Removes the notes about the profiles themselves; returns them. */
export function takePokes(
  sql: Sql,
  accountId: string,
  profileIds: readonly string[],
): Promise<(DueRow & { eventId: string | null })[]> {
  return sql.$queryRaw<(DueRow & { eventId: string | null })[]>`
    DELETE FROM audience_poke WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[]) AND side IS NULL
    RETURNING account_id AS "accountId", audience_id AS "audienceId", profile_id AS "profileId", event_id AS "eventId"`
}

export interface SideKey {
  accountId: string
  id: string
}

/** Notes about whoever is related to somebody: the oldest of each account before the second of any, so that none waits for another's. */
export function findSides(sql: Sql, limit: number): Promise<SideKey[]> {
  return sql.$queryRaw<SideKey[]>`
    WITH RECURSIVE account AS (
      (SELECT account_id FROM audience_poke WHERE side IS NOT NULL ORDER BY account_id LIMIT 1)
      UNION ALL
      SELECT next.account_id FROM account CROSS JOIN LATERAL (
        SELECT account_id FROM audience_poke WHERE side IS NOT NULL AND account_id > account.account_id ORDER BY account_id LIMIT 1
      ) AS next
    )
    SELECT one.account_id AS "accountId", one.id FROM account CROSS JOIN LATERAL (
      SELECT own.account_id, own.id, row_number() OVER (ORDER BY own.id) AS turn FROM (
        SELECT account_id, id FROM audience_poke WHERE side IS NOT NULL AND account_id = account.account_id ORDER BY id LIMIT ${limit}::int
      ) AS own
    ) AS one ORDER BY one.turn, one.id LIMIT ${limit}::int`
}

/**
 * Goes on with such a note: the next people of that side, so many relationships at a time, are noted themselves. Returns how many
 * those were; null where another server is at it, or it is gone. One that is not at its end goes behind the others.
 */
export async function passOnSide(sql: Sql, { accountId, id }: SideKey, size: number): Promise<number | null> {
  const [row] = await sql.$queryRaw<{ count: number; last: string | null; again: boolean }[]>`
    WITH side AS MATERIALIZED (
      SELECT * FROM audience_poke WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid AND side IS NOT NULL FOR UPDATE SKIP LOCKED
    ), found AS MATERIALIZED (
      SELECT other.id FROM side CROSS JOIN LATERAL (
        (SELECT edge.friend_id AS id FROM relationship AS edge
          WHERE side.side = 'FRIEND' AND edge.account_id = ${accountId}::uuid AND edge.advocate_id = side.profile_id
            AND edge.friend_id > coalesce(side.reached, '00000000-0000-0000-0000-000000000000')
          ORDER BY edge.friend_id LIMIT ${size}::int)
        UNION ALL
        (SELECT edge.advocate_id FROM relationship AS edge
          WHERE side.side = 'ADVOCATE' AND edge.account_id = ${accountId}::uuid AND edge.friend_id = side.profile_id
            AND edge.advocate_id > coalesce(side.reached, '00000000-0000-0000-0000-000000000000')
          ORDER BY edge.advocate_id LIMIT ${size}::int)
      ) AS other
    ), noted AS (
      INSERT INTO audience_poke (account_id, id, audience_id, profile_id, event_id)
      SELECT ${accountId}::uuid, gen_random_uuid(), side.audience_id, one.id, side.event_id
      FROM side CROSS JOIN (SELECT DISTINCT found.id FROM found) AS one
    )
    SELECT (SELECT count(*)::int FROM found) AS count, (SELECT found.id FROM found ORDER BY found.id DESC LIMIT 1) AS last, side.again FROM side`
  if (!row) return null
  const { count, last, again } = row
  if (count === size || again) {
    const reached = count === size ? last : null
    await sql.$executeRaw`
      UPDATE audience_poke SET id = ${newId()}::uuid, reached = ${reached}::uuid, again = ${again && count === size}::boolean
      WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`
  } else await sql.$executeRaw`DELETE FROM audience_poke WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`
  return count
}
