// Decisions that credit nobody, in groups of one reason and one near miss. Only decisions in force count. The times of receipt
// are a range of event ids (UUIDv7), so only the partitions of those months are read.

import type { Transaction } from '../../platform/database.ts'

/** Null parts ask nothing. Ids are from the first on, up to and without the second. */
export interface InboxQuery {
  fromId: string
  toId: string
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
  people: number
  firstAt: Date
  lastAt: Date
  /** The five most frequent, the most frequent first. */
  names: { name: string; count: number }[]
}

/**
 * A page of groups, those of the most decisions first, then by their key; and, in each row, the totals: an empty page is one row
 * without a key. People who were merged count once. `key` is `reason|campaign|code`.
 */
export function findInbox(
  tx: Transaction,
  accountId: string,
  { query, after, take }: { query: InboxQuery; after: InboxPlace | null; take: number },
): Promise<InboxRow[]> {
  return tx.$queryRaw<InboxRow[]>`
    WITH RECURSIVE missed AS MATERIALIZED (
      SELECT concat_ws('|', a.reason, coalesce(a.near_miss_campaign_id::text, ''), coalesce(a.near_miss_code::text, '')) AS key,
        a.reason, a.near_miss_campaign_id, a.near_miss_code, a.profile_id, event.name, event.received_at
      FROM attribution AS a
      JOIN event ON event.account_id = a.account_id AND event.id = a.event_id AND event.id >= ${query.fromId}::uuid AND event.id < ${query.toId}::uuid
      WHERE a.account_id = ${accountId}::uuid AND a.event_id >= ${query.fromId}::uuid AND a.event_id < ${query.toId}::uuid
        AND a.status = 'UNATTRIBUTED'
        AND (${query.reasons}::text[] IS NULL OR a.reason = ANY (${query.reasons}::text[]::unattributed_reason[]))
        AND (${query.campaignIds}::uuid[] IS NULL OR a.near_miss_campaign_id = ANY (${query.campaignIds}::uuid[]))
        AND (${query.profileIds}::uuid[] IS NULL OR a.profile_id = ANY (${query.profileIds}::uuid[]))
        AND (${query.eventNames}::text[] IS NULL OR event.name = ANY (${query.eventNames}::text[]))
        AND NOT EXISTS (
          SELECT FROM attribution AS newer
          WHERE newer.account_id = a.account_id AND newer.event_id = a.event_id AND newer.revision > a.revision
            AND newer.event_id >= ${query.fromId}::uuid AND newer.event_id < ${query.toId}::uuid
        )
    ), up AS (
      SELECT DISTINCT profile_id, profile_id AS root_id FROM missed
      UNION
      SELECT up.profile_id, merge.survivor_id FROM up
      JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id
    ), person AS (
      SELECT profile_id, root_id FROM up
      WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id)
    ), grouped AS MATERIALIZED (
      SELECT key, reason, near_miss_campaign_id AS campaign_id, near_miss_code AS code, count(*)::int AS count,
        count(DISTINCT person.root_id)::int AS people, min(received_at) AS first_at, max(received_at) AS last_at
      FROM missed JOIN person USING (profile_id)
      GROUP BY key, reason, near_miss_campaign_id, near_miss_code
    ), page AS (
      SELECT * FROM grouped
      WHERE ${after?.count ?? null}::int IS NULL OR count < ${after?.count ?? null}::int
        OR (count = ${after?.count ?? null}::int AND key COLLATE "C" > ${after?.key ?? null}::text)
      ORDER BY count DESC, key COLLATE "C" LIMIT ${take}::int
    )
    SELECT totals.events, totals.groups, page.key, page.reason::text, page.campaign_id AS "campaignId", page.code::text, page.count, page.people,
      page.first_at AS "firstAt", page.last_at AS "lastAt", coalesce(top.names, '[]') AS names
    FROM (SELECT coalesce(sum(count), 0)::int AS events, count(*)::int AS groups FROM grouped) AS totals
    LEFT JOIN page ON true
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('name', name, 'count', count) ORDER BY count DESC, name COLLATE "C") AS names FROM (
        SELECT name, count(*)::int AS count FROM missed WHERE missed.key = page.key
        GROUP BY name ORDER BY count(*) DESC, name COLLATE "C" LIMIT 5
      ) AS frequent
    ) AS top ON true
    ORDER BY page.count DESC, page.key COLLATE "C"`
}

export interface InboxSample {
  key: string
  eventId: string
  revision: number
}

/** Of each of the groups the newest decisions, newest first. */
export function findInboxSamples(
  tx: Transaction,
  accountId: string,
  { query, keys, take }: { query: InboxQuery; keys: readonly string[]; take: number },
): Promise<InboxSample[]> {
  return tx.$queryRaw<InboxSample[]>`
    SELECT key, event_id AS "eventId", revision FROM (
      SELECT missed.*, row_number() OVER (PARTITION BY key ORDER BY event_id DESC) AS place FROM (
        SELECT concat_ws('|', a.reason, coalesce(a.near_miss_campaign_id::text, ''), coalesce(a.near_miss_code::text, '')) AS key, a.event_id, a.revision
        FROM attribution AS a
        WHERE a.account_id = ${accountId}::uuid AND a.event_id >= ${query.fromId}::uuid AND a.event_id < ${query.toId}::uuid
          AND a.status = 'UNATTRIBUTED'
          AND (${query.reasons}::text[] IS NULL OR a.reason = ANY (${query.reasons}::text[]::unattributed_reason[]))
          AND (${query.campaignIds}::uuid[] IS NULL OR a.near_miss_campaign_id = ANY (${query.campaignIds}::uuid[]))
          AND (${query.profileIds}::uuid[] IS NULL OR a.profile_id = ANY (${query.profileIds}::uuid[]))
          AND (${query.eventNames}::text[] IS NULL OR EXISTS (
            SELECT FROM event WHERE event.account_id = a.account_id AND event.id = a.event_id AND event.name = ANY (${query.eventNames}::text[])
              AND event.id >= ${query.fromId}::uuid AND event.id < ${query.toId}::uuid
          ))
          AND NOT EXISTS (
            SELECT FROM attribution AS newer
            WHERE newer.account_id = a.account_id AND newer.event_id = a.event_id AND newer.revision > a.revision
              AND newer.event_id >= ${query.fromId}::uuid AND newer.event_id < ${query.toId}::uuid
          )
      ) AS missed
      WHERE key = ANY (${keys}::text[])
    ) AS placed
    WHERE place <= ${take}::int
    ORDER BY key, event_id DESC`
}
