// Decisions that credit nobody, in groups of one reason and one near miss. Only decisions in force count. The times of receipt
// are a range of event ids (UUIDv7), so only the partitions of those months are read; where nobody is asked for in particular
// they are not read at all but for the seconds at both ends: their counts are kept by the minute and the hour.

import { Prisma } from '../../generated/prisma/client.ts'
import { firstIdAt } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { type Range, spansOf } from '../counts/spans.ts'
import { maxCount } from '../counts/sql.ts'

/** Null parts ask nothing. The range is of receipt. */
export interface InboxQuery {
  range: Range
  reasons: readonly string[] | null
  eventNames: readonly string[] | null
  campaignIds: readonly string[] | null
  profileIds: readonly string[] | null
}

/** Groups after this one, in the order of the inbox; null: from the beginning. */
export interface InboxPlace {
  count: number
  key: string
}

export interface InboxRow {
  /** Of the whole inbox: how many decisions and groups. */
  events: number
  groups: number
  /** Null where the page is empty. */
  key: string | null
  reason: string
  campaignId: string | null
  code: string | null
  count: number
  /** The five most frequent, the most frequent first. */
  names: { name: string; count: number }[]
}

/** The account's first decision that is kept; nothing was received before it. */
export async function findFirstKept(sql: Sql, accountId: string): Promise<string | undefined> {
  const [row] = await sql.$queryRaw<{ eventId: string }[]>`
    SELECT event_id AS "eventId" FROM attribution WHERE account_id = ${accountId}::uuid ORDER BY event_id LIMIT 1`
  return row?.eventId
}

/**
 * A page of groups, those of the most decisions first, then by their key; and, in each row, the totals: an empty page is one row
 * without a key. `key` is `reason|campaign|code`. A count that is more than GraphQL's Int can say is told as the largest Int.
 */
export function findInbox(
  sql: Sql,
  accountId: string,
  { query, after, take }: { query: InboxQuery; after: InboxPlace | null; take: number },
): Promise<InboxRow[]> {
  const missed = query.profileIds === null ? counted(accountId, query) : seen(accountId, query, query.range)
  return sql.$queryRaw<InboxRow[]>`
    WITH missed AS MATERIALIZED (
      SELECT concat_ws('|', reason, coalesce(campaign_id::text, ''), coalesce(code, '')) AS key, reason, campaign_id, code, name, sum(count) AS count
      FROM (${missed}) AS counted GROUP BY reason, campaign_id, code, name HAVING sum(count) > 0
    ), grouped AS MATERIALIZED (
      SELECT key, reason, campaign_id, code, least(sum(count), ${maxCount}::int)::int AS count FROM missed GROUP BY key, reason, campaign_id, code
    ), page AS (
      SELECT * FROM grouped
      WHERE ${after?.count ?? null}::int IS NULL OR count < ${after?.count ?? null}::int
        OR (count = ${after?.count ?? null}::int AND key COLLATE "C" > ${after?.key ?? null}::text)
      ORDER BY count DESC, key COLLATE "C" LIMIT ${take}::int
    )
    SELECT totals.events, totals.groups, page.key, page.reason, page.campaign_id AS "campaignId", page.code, page.count,
      coalesce(top.names, '[]') AS names
    FROM (SELECT least(coalesce(sum(count), 0), ${maxCount}::int)::int AS events, count(*)::int AS groups FROM grouped) AS totals
    LEFT JOIN page ON true
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('name', name, 'count', count) ORDER BY count DESC, name COLLATE "C") AS names FROM (
        SELECT name, least(count, ${maxCount}::int)::int AS count FROM missed WHERE missed.key = page.key ORDER BY count DESC, name COLLATE "C" LIMIT 5
      ) AS frequent
    ) AS top ON true
    ORDER BY page.count DESC, page.key COLLATE "C"`
}

/** Counts of each reason, near miss and event name, from the decisions themselves. */
const seen = (accountId: string, query: InboxQuery, range: Range) => Prisma.sql`
  SELECT a.reason::text AS reason, a.near_miss_campaign_id AS campaign_id, a.near_miss_code::text AS code, event.name, count(*) AS count
  FROM attribution AS a
  JOIN event ON event.account_id = a.account_id AND event.id = a.event_id AND ${within(Prisma.sql`event.id`, range)}
  WHERE a.account_id = ${accountId}::uuid AND ${inForce(query, range)}
    AND (${query.eventNames}::text[] IS NULL OR event.name = ANY (${query.eventNames}::text[]))
  GROUP BY 1, 2, 3, 4`

/** The same from what is kept of minutes and hours, and from decisions where the range begins and ends within a minute. */
function counted(accountId: string, query: InboxQuery): Prisma.Sql {
  const { hours, minutes, rest } = spansOf(query.range)
  const kept = [['HOUR', hours] as const, ...minutes.map((range) => ['MINUTE', range] as const)]
  const parts = kept
    .filter(([, range]) => range.from < range.to)
    .map(
      ([span, { from, to }]) => Prisma.sql`
      SELECT reason, nullif(near_miss_campaign_id, '00000000-0000-0000-0000-000000000000') AS campaign_id, nullif(near_miss_code, '') AS code,
        event_name AS name, count
      FROM attribution_count
      WHERE account_id = ${accountId}::uuid AND span = ${span}::text::count_span AND quality = 'NONE'
        AND starts_at >= ${new Date(from)}::timestamptz AND starts_at < ${new Date(to)}::timestamptz
        AND (${query.reasons}::text[] IS NULL OR reason = ANY (${query.reasons}::text[]))
        AND (${query.campaignIds}::uuid[] IS NULL OR near_miss_campaign_id = ANY (${query.campaignIds}::uuid[]))
        AND (${query.eventNames}::text[] IS NULL OR event_name = ANY (${query.eventNames}::text[]))`,
    )
  return Prisma.join([...parts, ...rest.map((range) => seen(accountId, query, range))], ' UNION ALL ')
}

const within = (column: Prisma.Sql, { from, to }: Range) =>
  Prisma.sql`${column} >= ${firstIdAt(new Date(from))}::uuid AND ${column} < ${firstIdAt(new Date(to))}::uuid`

/** Decisions in force of the range that credit nobody; their events' names are not asked. */
const inForce = (query: InboxQuery, range: Range) => Prisma.sql`
  a.status = 'UNATTRIBUTED' AND ${within(Prisma.sql`a.event_id`, range)}
    AND (${query.reasons}::text[] IS NULL OR a.reason = ANY (${query.reasons}::text[]::unattributed_reason[]))
    AND (${query.campaignIds}::uuid[] IS NULL OR a.near_miss_campaign_id = ANY (${query.campaignIds}::uuid[]))
    AND (${query.profileIds}::uuid[] IS NULL OR a.profile_id = ANY (${query.profileIds}::uuid[]))
    AND NOT EXISTS (SELECT FROM attribution AS newer
      WHERE newer.account_id = a.account_id AND newer.event_id = a.event_id AND newer.revision > a.revision AND ${within(Prisma.sql`newer.event_id`, range)})`

/** A group of the inbox. */
export interface GroupKey {
  key: string
  reason: string
  campaignId: string | null
  code: string | null
}

/** The groups, each with its decisions: by an index that holds them in the order of receipt. */
const ofGroups = (accountId: string, query: InboxQuery, groups: readonly GroupKey[]) => Prisma.sql`
  unnest(${groups.map(({ key }) => key)}::text[], ${groups.map(({ reason }) => reason)}::text[]::unattributed_reason[],
    ${groups.map(({ campaignId }) => campaignId ?? '00000000-0000-0000-0000-000000000000')}::uuid[],
    ${groups.map(({ code }) => code)}::text[]::unattributed_reason[]) AS asked (key, reason, campaign_id, code)
  JOIN LATERAL (
    SELECT a.event_id, a.revision, a.profile_id FROM attribution AS a
    WHERE a.account_id = ${accountId}::uuid AND a.reason = asked.reason
      AND coalesce(a.near_miss_campaign_id, '00000000-0000-0000-0000-000000000000') = asked.campaign_id
      AND a.near_miss_code IS NOT DISTINCT FROM asked.code AND ${inForce(query, query.range)}
      AND (${query.eventNames}::text[] IS NULL OR EXISTS (SELECT FROM event WHERE event.account_id = a.account_id AND event.id = a.event_id
        AND event.name = ANY (${query.eventNames}::text[]) AND ${within(Prisma.sql`event.id`, query.range)}))`

export interface InboxSample {
  key: string
  eventId: string
  revision: number
}

/** Of each of the groups the newest decisions, newest first, or the oldest, oldest first. */
export function findInboxSamples(
  sql: Sql,
  accountId: string,
  {
    query,
    groups,
    take,
    oldest = false,
  }: { query: InboxQuery; groups: readonly GroupKey[]; take: number; oldest?: boolean },
): Promise<InboxSample[]> {
  const order = oldest ? Prisma.sql`ASC` : Prisma.sql`DESC`
  return sql.$queryRaw<InboxSample[]>`
    SELECT asked.key, a.event_id AS "eventId", a.revision
    FROM ${ofGroups(accountId, query, groups)} ORDER BY a.event_id ${order} LIMIT ${take}::int) AS a ON true
    ORDER BY asked.key, a.event_id ${order}`
}

/** Of how many people the decisions of each of the groups are; those who were merged count once. */
export function countInboxPeople(
  sql: Sql,
  accountId: string,
  { query, groups }: { query: InboxQuery; groups: readonly GroupKey[] },
): Promise<{ key: string; people: number }[]> {
  return sql.$queryRaw<{ key: string; people: number }[]>`
    WITH RECURSIVE missed AS MATERIALIZED (
      SELECT DISTINCT asked.key, a.profile_id FROM ${ofGroups(accountId, query, groups)}) AS a ON true
    ), up AS (
      SELECT DISTINCT profile_id, profile_id AS root_id FROM missed
      UNION
      SELECT up.profile_id, merge.survivor_id FROM up
      CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0) AS merge
    ), person AS (
      SELECT profile_id, root_id FROM up
      WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0)
    )
    SELECT key, count(DISTINCT root_id)::int AS people FROM missed JOIN person USING (profile_id) GROUP BY key`
}
