// What a person's view shows that Prisma cannot ask for all people at once.

import type { Sql } from '../../platform/database.ts'
import type { Pairs } from './per-person.ts'

/** Those of the people who have an order that was not cancelled. */
export async function findBuyers(sql: Sql, accountId: string, { roots, members }: Pairs): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT pair.root_id AS id FROM unnest(${roots}::uuid[], ${members}::uuid[]) AS pair (root_id, member_id)
    CROSS JOIN LATERAL (
      SELECT FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.profile_id = pair.member_id
        AND placed_order.status <> 'CANCELLED' LIMIT 1
    ) AS bought`
  return rows.map(({ id }) => id)
}

export interface MonthRow {
  rootId: string
  month: Date
  name: string
  count: number
}

/** How many events of the names there are in each month, UTC, from a time on; by month. */
export function findMonths(
  sql: Sql,
  accountId: string,
  { roots, members, names, since }: Pairs & { names: readonly string[]; since: Date },
): Promise<MonthRow[]> {
  return sql.$queryRaw<MonthRow[]>`
    SELECT pair.root_id AS "rootId", date_trunc('month', event.occurred_at, 'UTC') AS month, asked.name, count(*)::int AS count
    FROM unnest(${roots}::uuid[], ${members}::uuid[]) AS pair (root_id, member_id)
    CROSS JOIN unnest(${names}::text[]) AS asked (name)
    CROSS JOIN LATERAL (
      SELECT occurred_at FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = pair.member_id
        AND event.name = asked.name AND event.occurred_at >= ${since}::timestamptz OFFSET 0
    ) AS event
    GROUP BY 1, 2, 3 ORDER BY 2, 3`
}

export interface SignalRow {
  rootId: string
  /** `QUALITY`: the key is a quality of decisions; `WARNING`: a code of their warnings. */
  kind: 'QUALITY' | 'WARNING'
  key: string
  count: number
}

/** Decisions in force about the people's events, counted by quality and by the codes of their warnings. */
export function findSignals(sql: Sql, accountId: string, { roots, members }: Pairs): Promise<SignalRow[]> {
  return sql.$queryRaw<SignalRow[]>`
    WITH decision AS MATERIALIZED (
      SELECT pair.root_id, in_force.quality, in_force.warnings
      FROM unnest(${roots}::uuid[], ${members}::uuid[]) AS pair (root_id, member_id)
      CROSS JOIN LATERAL (
        SELECT DISTINCT ON (event_id) quality, warnings FROM attribution
        WHERE attribution.account_id = ${accountId}::uuid AND attribution.profile_id = pair.member_id
        ORDER BY event_id, revision DESC
      ) AS in_force
    )
    SELECT root_id AS "rootId", 'QUALITY' AS kind, quality::text AS key, count(*)::int AS count FROM decision GROUP BY 1, 3
    UNION ALL
    SELECT root_id, 'WARNING', warning ->> 'code', count(*)::int FROM decision CROSS JOIN jsonb_array_elements(warnings) AS listed (warning) GROUP BY 1, 3
    ORDER BY 1, 2, 3`
}

export interface TimelineAsked {
  names: readonly string[] | null
  statuses: readonly string[] | null
  from: Date | null
  to: Date | null
  after: { at: Date; eventId: string } | null
  limit: number
}

export interface TimelineRow {
  rootId: string
  eventId: string
  at: Date
}

/** Events of each of the people with their decision in force, the newest first; of each person at most so many. */
export function findTimelines(
  sql: Sql,
  accountId: string,
  { roots, members, ...asked }: Pairs & TimelineAsked,
): Promise<TimelineRow[]> {
  const { names, statuses, from, to, after, limit } = asked
  const [afterAt, afterId] = [after?.at ?? null, after?.eventId ?? null]
  return sql.$queryRaw<TimelineRow[]>`
    SELECT person.root_id AS "rootId", entry.event_id AS "eventId", entry.occurred_at AS at
    FROM (SELECT DISTINCT root_id FROM unnest(${roots}::uuid[]) AS given (root_id)) AS person
    CROSS JOIN LATERAL (
      SELECT own.* FROM unnest(${roots}::uuid[], ${members}::uuid[]) AS pair (root_id, member_id)
      CROSS JOIN LATERAL (
        SELECT decision.event_id, decision.occurred_at FROM attribution AS decision
        WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = pair.member_id
          AND (${from}::timestamptz IS NULL OR decision.occurred_at >= ${from}::timestamptz)
          AND (${to}::timestamptz IS NULL OR decision.occurred_at < ${to}::timestamptz)
          AND (${afterAt}::timestamptz IS NULL OR decision.occurred_at <= ${afterAt}::timestamptz)
          AND (${afterAt}::timestamptz IS NULL OR (decision.occurred_at, decision.event_id) < (${afterAt}::timestamptz, ${afterId}::uuid))
          AND (${statuses}::text[] IS NULL OR decision.status::text = ANY (${statuses}::text[]))
          AND NOT EXISTS (SELECT FROM attribution AS newer
            WHERE newer.account_id = ${accountId}::uuid AND newer.event_id = decision.event_id AND newer.revision > decision.revision)
          AND (${names}::text[] IS NULL OR EXISTS (SELECT FROM event
            WHERE event.account_id = ${accountId}::uuid AND event.id = decision.event_id AND event.name = ANY (${names}::text[])))
        ORDER BY decision.occurred_at DESC, decision.event_id DESC LIMIT ${limit}::int
      ) AS own
      WHERE pair.root_id = person.root_id
      ORDER BY own.occurred_at DESC, own.event_id DESC LIMIT ${limit}::int
    ) AS entry
    ORDER BY 1, entry.occurred_at DESC, entry.event_id DESC`
}
