// Reading feeds: that of attributions, and what others have to offer.

import type { Sql } from '../../platform/database.ts'

/** A row of a feed. */
export interface Positioned {
  readonly position: bigint
}

/** One row of the feed of attributions: which decision, and what filters ask of it. */
export interface FeedRow {
  position: bigint
  eventId: string
  revision: number
  status: string
  quality: string
  profileId: string
  campaignId: string | null
  programId: string | null
  advocateId: string | null
  eventName: string
  channel: string | null
}

/** Rows after a position, in order. */
export function readFeed(sql: Sql, accountId: string, page: { after: bigint; limit: number }): Promise<FeedRow[]> {
  return sql.$queryRaw<FeedRow[]>`
    SELECT a.position, a.event_id AS "eventId", a.revision, a.status, a.quality, a.profile_id AS "profileId", a.campaign_id AS "campaignId",
      campaign.program_id AS "programId", relationship.advocate_id AS "advocateId", event.name AS "eventName", event.channel
    FROM attribution AS a
    JOIN event ON event.account_id = a.account_id AND event.id = a.event_id
    LEFT JOIN campaign ON campaign.account_id = a.account_id AND campaign.id = a.campaign_id
    LEFT JOIN relationship ON relationship.account_id = a.account_id AND relationship.id = a.relationship_id
    WHERE a.account_id = ${accountId}::uuid AND a.position > ${page.after}
    ORDER BY a.position LIMIT ${page.limit}`
}

export interface HeadRow {
  accountId: string
  position: bigint
}

/** How far the accounts' feeds have come; an account without any row yet is left out. */
export function readHeads(sql: Sql, accountIds: readonly string[]): Promise<HeadRow[]> {
  return sql.$queryRaw<HeadRow[]>`
    SELECT account_id AS "accountId", position FROM feed_head WHERE topic = 'ATTRIBUTIONS' AND account_id = ANY (${accountIds}::uuid[])`
}

/** The oldest position that is still there; where none is, the one that comes next. */
export async function readEarliest(sql: Sql, accountId: string): Promise<bigint> {
  const [row] = await sql.$queryRaw<{ position: bigint }[]>`
    SELECT coalesce(
      (SELECT position FROM attribution WHERE account_id = ${accountId}::uuid ORDER BY position LIMIT 1),
      (SELECT position + 1 FROM feed_head WHERE account_id = ${accountId}::uuid AND topic = 'ATTRIBUTIONS'), 1) AS position`
  return row?.position ?? 1n
}

/** Where a feed is read. */
export interface FeedSource<Row extends Positioned> {
  /** Rows after a position, in order. */
  read(sql: Sql, accountId: string, page: { after: bigint; limit: number }): Promise<Row[]>
  /** How far the accounts' feeds have come; an account without any row yet is left out. */
  heads(sql: Sql, accountIds: readonly string[]): Promise<HeadRow[]>
  /** The oldest position that is still there; where none is, the one that comes next. */
  earliest(sql: Sql, accountId: string): Promise<bigint>
}

export const attributionSource: FeedSource<FeedRow> = { read: readFeed, heads: readHeads, earliest: readEarliest }
