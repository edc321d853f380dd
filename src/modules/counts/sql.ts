// Decisions in force, counted as they are made: by the minute and by the hour in which their event was received, which its id
// tells. A decision that supersedes another takes the other's place there, so a sum over a span is always what counting the
// decisions about that span's events would give.

import type { Decision, UnattributedReason } from '../../core/targeting/decision.ts'
import type { StoredTrace } from '../../core/targeting/stored-trace.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { receivedMs } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { hourMs, minuteMs, startOf } from './spans.ts'

/** What is counted of a decision. */
export interface CountedDecision {
  eventId: string
  eventName: string
  campaignId: string | null
  quality: 'HIGH' | 'LOW' | 'NONE'
  reason: UnattributedReason | null
  nearMissCampaignId: string | null
  nearMissCode: UnattributedReason | null
  /** -1 for one that is superseded. */
  times?: 1 | -1
}

/** What is counted of a decision about an event of that name. */
export const countedOf = (eventName: string, decision: Decision, trace: StoredTrace): CountedDecision => ({
  eventId: decision.eventId,
  eventName,
  campaignId: decision.campaignId,
  quality: decision.quality,
  reason: decision.reason,
  nearMissCampaignId: trace.nearMiss?.campaignId ?? null,
  nearMissCode: trace.nearMiss?.code ?? null,
})

const nobody = '00000000-0000-0000-0000-000000000000'
const spans = { MINUTE: minuteMs, HOUR: hourMs } as const
interface Count extends Omit<CountedDecision, 'eventId' | 'times'> {
  span: keyof typeof spans
  startsAt: number
  count: number
}

/** One statement, whatever the number of decisions; its rows are locked in one order, from here to the commit. */
export async function addCounts(sql: Sql, accountId: string, rows: readonly CountedDecision[]): Promise<void> {
  const counts = [...grouped(rows)].filter(([, { count }]) => count !== 0)
  if (counts.length === 0) return
  const sorted = counts.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
  const of = <T>(value: (row: Count) => T) => sorted.map(value)
  await sql.$executeRaw`
    INSERT INTO attribution_count (account_id, span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code, count)
    SELECT ${accountId}::uuid, * FROM unnest(${of(({ span }) => span)}::text[]::count_span[], ${of(({ startsAt }) => new Date(startsAt))}::timestamptz[],
      ${of(({ eventName }) => eventName)}::text[], ${of(({ campaignId }) => campaignId ?? nobody)}::uuid[], ${of(({ quality }) => quality)}::text[]::quality[],
      ${of(({ reason }) => reason ?? '')}::text[], ${of(({ nearMissCampaignId }) => nearMissCampaignId ?? nobody)}::uuid[],
      ${of(({ nearMissCode }) => nearMissCode ?? '')}::text[], ${of(({ count }) => count)}::int[])
    ON CONFLICT (account_id, span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code)
    DO UPDATE SET count = attribution_count.count + excluded.count`
}

function grouped(rows: readonly CountedDecision[]): Map<string, Count> {
  const counts = new Map<string, Count>()
  for (const { eventId, times = 1, ...row } of rows) {
    const received = receivedMs(eventId)
    const { eventName, campaignId, quality, reason, nearMissCampaignId, nearMissCode } = row
    const outcome = [eventName, campaignId, quality, reason, nearMissCampaignId, nearMissCode].join('\0')
    for (const span of Object.keys(spans) as (keyof typeof spans)[]) {
      // The keys of a literal.
      const startsAt = startOf(received, spans[span])
      const key = `${span}\0${startsAt}\0${outcome}`
      const known = counts.get(key)
      if (known) known.count += times
      else counts.set(key, { ...row, span, startsAt, count: times })
    }
  }
  return counts
}

export interface CountQuery {
  /** From the minute that this is in. */
  since: Date
  /** Absent: all, and what nobody is credited with, which is of no program and no campaign. */
  programIds?: readonly string[]
  campaignIds?: readonly string[]
  eventNames?: readonly string[]
}

/** Decisions in force about events of one name that one campaign is credited with, or nobody. */
export interface CountRow {
  programId: string | null
  campaignId: string | null
  eventName: string
  attributed: number
  high: number
  low: number
  unattributed: number
  /** When the newest such event was received: to the minute for the last hour at least, to the hour before that. */
  newest: Date
}

/** The largest Int of GraphQL. */
export const maxCount = 2_147_483_647
const maxRows = 1_000

/**
 * Counts since a minute, in the order of campaign and event name: at most 1,000 rows, those of the most decisions. A count that is
 * more than GraphQL's Int can say is told as the largest Int. Hours are read where they are over, minutes at both ends,
 * so what is read hardly grows with the range.
 */
export function readCounts(sql: Sql, accountId: string, query: CountQuery): Promise<CountRow[]> {
  const { programIds = null, campaignIds = null, eventNames = null } = query
  const since = new Date(startOf(query.since.getTime(), minuteMs))
  const firstHour = new Date(startOf(since.getTime() + hourMs - 1, hourMs))
  // As a value, not asked of the database: it could not tell how few rows come after it, and would read the whole table.
  const lastHour = new Date(Math.max(startOf(Date.now(), hourMs) - hourMs, firstHour.getTime()))
  return sql.$queryRaw<CountRow[]>`
    WITH counted AS (
      SELECT starts_at, event_name, campaign_id, quality, count FROM attribution_count
      WHERE account_id = ${accountId}::uuid AND span = 'HOUR' AND starts_at >= ${firstHour}::timestamptz AND starts_at < ${lastHour}::timestamptz
      UNION ALL
      SELECT starts_at, event_name, campaign_id, quality, count FROM attribution_count
      WHERE account_id = ${accountId}::uuid AND span = 'MINUTE' AND starts_at >= ${since}::timestamptz AND starts_at < ${firstHour}::timestamptz
      UNION ALL
      SELECT starts_at, event_name, campaign_id, quality, count FROM attribution_count
      WHERE account_id = ${accountId}::uuid AND span = 'MINUTE' AND starts_at >= ${lastHour}::timestamptz
    ), summed AS (
      SELECT campaign.program_id AS "programId", campaign.id AS "campaignId", event_name AS "eventName", sum(count) AS total,
        ${sumOf(Prisma.sql`quality <> 'NONE'`)} AS attributed, ${sumOf(Prisma.sql`quality = 'HIGH'`)} AS high,
        ${sumOf(Prisma.sql`quality = 'LOW'`)} AS low, ${sumOf(Prisma.sql`quality = 'NONE'`)} AS unattributed, max(starts_at) AS newest
      FROM counted LEFT JOIN campaign ON campaign.account_id = ${accountId}::uuid AND campaign.id = counted.campaign_id
      WHERE count > 0 AND (${eventNames}::text[] IS NULL OR event_name = ANY (${eventNames}::text[]))
        AND (${campaignIds}::uuid[] IS NULL OR campaign_id = ANY (${campaignIds}::uuid[]))
        AND (${programIds}::uuid[] IS NULL OR campaign.program_id = ANY (${programIds}::uuid[]))
      GROUP BY campaign.program_id, campaign.id, event_name
      ORDER BY total DESC, campaign.id NULLS LAST, event_name COLLATE "C" LIMIT ${maxRows}::int
    )
    SELECT "programId", "campaignId", "eventName", attributed, high, low, unattributed, newest
    FROM summed ORDER BY "campaignId" NULLS LAST, "eventName" COLLATE "C"`
}

const sumOf = (which: Prisma.Sql) =>
  Prisma.sql`least(coalesce(sum(count) FILTER (WHERE ${which}), 0), ${maxCount}::int)::int`
