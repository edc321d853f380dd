// What of the feed of audiences is still to be told as events, and how far that has come.

import { toldNames } from '../../core/audiences/told.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

export interface Mark {
  accountId: string
  position: bigint
}

const busySeconds = 5
const names = Object.values(toldNames)

/** Takes accounts of which something is to be told and that no other server is at; they are this one's for some seconds. */
export function takeMarks(sql: Sql, limit: number): Promise<Mark[]> {
  return sql.$queryRaw<Mark[]>`
    UPDATE audience_mark AS mark SET busy_until = now() + make_interval(secs => ${busySeconds}::int)
    WHERE account_id = ANY (ARRAY(
      SELECT waiting.account_id FROM audience_mark AS waiting
      JOIN feed_head ON feed_head.account_id = waiting.account_id AND feed_head.topic = 'AUDIENCES' AND feed_head.position > waiting.position
      WHERE waiting.busy_until IS NULL OR waiting.busy_until < now()
      ORDER BY waiting.busy_until NULLS FIRST LIMIT ${limit}::int FOR UPDATE OF waiting SKIP LOCKED))
    RETURNING mark.account_id AS "accountId", mark.position`
}

/** Moves the mark on, where it is still there; returns whether it was. In the transaction that stores what is told up to there. */
export async function moveMark(
  sql: Sql,
  accountId: string,
  { from, to }: { from: bigint; to: bigint },
): Promise<boolean> {
  const moved = await sql.$executeRaw`
    UPDATE audience_mark SET position = ${to} WHERE account_id = ${accountId}::uuid AND position = ${from}`
  return moved > 0
}

/** Other servers may take the account again. */
export async function leaveMark(sql: Sql, accountId: string): Promise<void> {
  await sql.$executeRaw`UPDATE audience_mark SET busy_until = NULL WHERE account_id = ${accountId}::uuid`
}

/** Null: the account's changes are told no more. */
export async function findMark(sql: Sql, accountId: string): Promise<bigint | null> {
  const [row] = await sql.$queryRaw<{ position: bigint }[]>`
    SELECT position FROM audience_mark WHERE account_id = ${accountId}::uuid`
  return row?.position ?? null
}

export interface ChangeRow {
  position: bigint
  audienceId: string
  audience: string
  profileId: string
  entered: boolean
  cause: string
  eventId: string | null
  at: Date
  /** Of the event that it follows from, where that is of these names. */
  data: JsonObject | null
}

/** Changes after a position, in order. */
export function findChanges(
  sql: Sql,
  accountId: string,
  { after, limit }: { after: bigint; limit: number },
): Promise<ChangeRow[]> {
  return sql.$queryRaw<ChangeRow[]>`
    SELECT change.position, change.audience_id AS "audienceId", audience.name AS audience, change.profile_id AS "profileId", change.entered,
      change.cause::text AS cause, change.event_id AS "eventId", change.at, (
        SELECT event.data FROM event
        WHERE event.account_id = ${accountId}::uuid AND event.id = change.event_id AND event.name = ANY (${names}::text[])) AS data
    FROM audience_change AS change JOIN audience ON audience.account_id = ${accountId}::uuid AND audience.id = change.audience_id
    WHERE change.account_id = ${accountId}::uuid AND change.position > ${after} ORDER BY change.position LIMIT ${limit}::int`
}

/** A person, by any id that the answer is to bear, in a span of time. */
export interface Asked {
  personId: string
  /** All profiles that are the person. */
  memberIds: readonly string[]
  from: Date
  until: Date
}

/** Of each person the newest event of these names in the span; nothing for people without one. */
export function findLatestTold(
  sql: Sql,
  accountId: string,
  people: readonly Asked[],
): Promise<{ personId: string; until: Date; data: JsonObject }[]> {
  const asked = people.flatMap(({ memberIds, ...one }) => memberIds.map((profileId) => ({ ...one, profileId })))
  return sql.$queryRaw`
    SELECT DISTINCT ON (asked.person_id, asked.until) asked.person_id AS "personId", asked.until, latest.data
    FROM unnest(${asked.map(({ personId }) => personId)}::uuid[], ${asked.map(({ profileId }) => profileId)}::uuid[],
      ${asked.map(({ from }) => from)}::timestamptz[], ${asked.map(({ until }) => until)}::timestamptz[]) AS asked (person_id, profile_id, since, until)
    CROSS JOIN LATERAL (
      SELECT told.occurred_at, told.id, told.data FROM unnest(${names}::text[]) AS wanted (name) CROSS JOIN LATERAL (
        SELECT event.occurred_at, event.id, event.data FROM event
        WHERE event.account_id = ${accountId}::uuid AND event.profile_id = asked.profile_id AND event.name = wanted.name
          AND event.occurred_at BETWEEN asked.since AND asked.until
        ORDER BY event.occurred_at DESC LIMIT 1
      ) AS told ORDER BY told.occurred_at DESC, told.id DESC LIMIT 1
    ) AS latest ORDER BY asked.person_id, asked.until, latest.occurred_at DESC, latest.id DESC`
}
