// Journeys of the people of a batch, as they stood at its events' times, and what a batch writes to them.

import type { NewStep, Occasion } from '../../core/targeting/effects.ts'
import type { JourneyRole } from '../../core/targeting/facts.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface JourneyRow {
  id: string
  profileId: string
  campaignId: string
  definition: string
  role: JourneyRole
  key: string
  relationshipId: string | null
  startedAt: Date
  lastActivityAt: Date
  exitedAt: Date | null
}

/** All journeys of the profiles that events are still credited to. */
export function findJourneys(tx: Sql, accountId: string, profileIds: readonly string[]): Promise<JourneyRow[]> {
  return tx.$queryRaw<JourneyRow[]>`
    SELECT id, profile_id AS "profileId", campaign_id AS "campaignId", definition, role, key,
      relationship_id AS "relationshipId", started_at AS "startedAt", last_activity_at AS "lastActivityAt", exited_at AS "exitedAt"
    FROM journey WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])
      AND state <> 'WITHDRAWN'
    ORDER BY id`
}

export interface AsOf {
  id: string
  at: Date
}

/** A journey, and the span of times that it is looked at. */
export interface Span {
  id: string
  from: Date
  to: Date
}

/**
 * For each journey the latest activity not after its span's beginning, and all inside the span: enough for every time in it.
 * What was credited elsewhere since, and what follow-ups took over, is no activity.
 */
export function findActivitiesIn(tx: Sql, accountId: string, spans: readonly Span[]): Promise<AsOf[]> {
  const isActivity = Prisma.sql`attribution.account_id = ${accountId}::uuid AND attribution.journey_id = asked.id AND attribution.decided_by <> 'INHERITED'
    AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = attribution.account_id
      AND next.event_id = attribution.event_id AND next.revision = attribution.revision + 1)`
  return tx.$queryRaw<AsOf[]>`
    SELECT asked.id, found.at
    FROM unnest(${spans.map(({ id }) => id)}::uuid[], ${spans.map(({ from }) => from)}::timestamptz[], ${spans.map(({ to }) => to)}::timestamptz[])
      AS asked (id, first, last)
    CROSS JOIN LATERAL (
      (SELECT occurred_at AS at FROM attribution WHERE ${isActivity} AND occurred_at <= asked.first ORDER BY occurred_at DESC LIMIT 1)
      UNION ALL
      (SELECT occurred_at AS at FROM attribution WHERE ${isActivity} AND occurred_at > asked.first AND occurred_at <= asked.last)
    ) AS found`
}

export interface PartnerRow {
  journeyId: string
  partnerId: string
  at: Date
}

/** When each partner id first came with an event credited to each journey. */
export function findPartnerIds(
  tx: Sql,
  accountId: string,
  asked: { journeyIds: readonly string[]; partnerIds: readonly string[] },
): Promise<PartnerRow[]> {
  return tx.$queryRaw<PartnerRow[]>`
    SELECT journey_id AS "journeyId", partner_id AS "partnerId", min(occurred_at) AS at FROM attribution
    WHERE account_id = ${accountId}::uuid AND journey_id = ANY (${asked.journeyIds}::uuid[]) AND partner_id = ANY (${asked.partnerIds}::text[])
      AND decided_by <> 'INHERITED' AND NOT EXISTS (SELECT FROM attribution AS next WHERE next.account_id = attribution.account_id
        AND next.event_id = attribution.event_id AND next.revision = attribution.revision + 1)
    GROUP BY journey_id, partner_id`
}

export interface JourneyToCreate {
  id: string
  profileId: string
  campaignId: string
  definition: string
  role: JourneyRole
  key: string
  relationshipId: string | null
  startedAt: Date
  entryEventId: string
  occasion: Occasion
}

/** Inserts journeys that the batch began. What happened to them later in the batch is in `updateJourneys`. */
export async function insertJourneys(tx: Sql, accountId: string, rows: readonly JourneyToCreate[]): Promise<void> {
  const column = <K extends keyof JourneyToCreate>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    INSERT INTO journey (account_id, id, profile_id, campaign_id, definition, role, key, relationship_id,
      started_at, last_activity_at, entry_event_id, latest_event_id, entry_reason, latest_reason, entry_code, latest_code, entry_share_id, latest_share_id)
    SELECT ${accountId}::uuid, id, profile_id, campaign_id, definition, role, key, relationship_id, started_at, started_at, event_id, event_id,
      reason, reason, code, code, share_id, share_id
    FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('campaignId')}::uuid[], ${column('definition')}::text[],
      ${column('role')}::text[]::journey_role[], ${column('key')}::text[], ${column('relationshipId')}::uuid[],
      ${column('startedAt')}::timestamptz[], ${column('entryEventId')}::uuid[], ${rows.map(({ occasion }) => occasion.reason)}::text[]::decided_by[],
      ${rows.map(({ occasion }) => occasion.code)}::text[], ${rows.map(({ occasion }) => occasion.shareId)}::text[])
      AS new (id, profile_id, campaign_id, definition, role, key, relationship_id, started_at, event_id, reason, code, share_id)`
}

/** What a batch did to a journey: null is unchanged. */
export interface JourneyUpdate {
  id: string
  lastActivityAt: Date | null
  latestEventId: string | null
  /** What brought the latest event. */
  occasion: Occasion | null
  /** When it was left, where `state` is EXITED. */
  exitedAt: Date | null
  state: 'ACTIVE' | 'EXITED' | null
}

/** Writes what the batch did to journeys: activity, exits and returns. */
export async function updateJourneys(tx: Sql, accountId: string, rows: readonly JourneyUpdate[]): Promise<void> {
  const column = <K extends keyof JourneyUpdate>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    UPDATE journey SET last_activity_at = greatest(journey.last_activity_at, given.last_activity_at),
      latest_event_id = coalesce(given.latest_event_id, journey.latest_event_id),
      latest_reason = CASE WHEN given.latest_event_id IS NULL THEN journey.latest_reason ELSE given.reason END,
      latest_code = CASE WHEN given.latest_event_id IS NULL THEN journey.latest_code ELSE given.code END,
      latest_share_id = CASE WHEN given.latest_event_id IS NULL THEN journey.latest_share_id ELSE given.share_id END,
      state = coalesce(given.state, journey.state),
      exited_at = CASE WHEN given.state IS NULL THEN journey.exited_at ELSE given.exited_at END
    FROM unnest(${column('id')}::uuid[], ${column('lastActivityAt')}::timestamptz[], ${column('latestEventId')}::uuid[],
      ${column('exitedAt')}::timestamptz[], ${column('state')}::text[]::journey_state[], ${rows.map(({ occasion }) => occasion?.reason ?? null)}::text[]::decided_by[],
      ${rows.map(({ occasion }) => occasion?.code ?? null)}::text[], ${rows.map(({ occasion }) => occasion?.shareId ?? null)}::text[])
      AS given (id, last_activity_at, latest_event_id, exited_at, state, reason, code, share_id)
    WHERE journey.account_id = ${accountId}::uuid AND journey.id = given.id`
}

/** Appends steps. They are ordered by their ids, which are made in the order of the batch. */
export async function insertSteps(tx: Sql, accountId: string, rows: readonly NewStep[]): Promise<void> {
  const column = <K extends keyof NewStep>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    INSERT INTO journey_step (account_id, id, journey_id, kind, event_id, event_name, at)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('journeyId')}::uuid[], ${column('kind')}::text[]::journey_step_kind[],
      ${column('eventId')}::uuid[], ${column('eventName')}::text[], ${rows.map(({ at }) => new Date(at))}::timestamptz[])`
}
