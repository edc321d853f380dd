// What was known of people before a range of decisions: credits, evidence and history of events received before it.
// An event is looked up by its key for each row (a lateral with LIMIT), never joined as a whole: without statistics of a month's
// partition the planner would read all of it, person after person. Of each time line as much as the person's events in the range can ask for: all after the earliest of their times, and the latest before.

import type { Quality } from '../../core/targeting/decision.ts'
import type { JourneyRole } from '../../core/targeting/facts.ts'
import type { Transaction } from '../../platform/database.ts'
import { maxChanges, type OrderFactRow, orderFactSql } from '../orders/facts-sql.ts'

/** Events received before that are known. */
export interface Before {
  readonly accountId: string
  readonly from: Date
  /** Of the feed: decisions from there on are not known yet, reattributions of earlier events among them. */
  readonly first: bigint
}

export interface JourneyRow {
  id: string
  profileId: string
  campaignId: string
  definition: string
  role: JourneyRole
  key: string
  relationshipId: string | null
  startedAt: Date
  exitedAt: Date | null
}

/** The journeys of the profiles, each with its exit by then. Those that began later are among them. */
export function findJourneysBefore(
  tx: Transaction,
  { accountId, from }: Before,
  profileIds: readonly string[],
): Promise<JourneyRow[]> {
  return tx.$queryRaw<JourneyRow[]>`
    SELECT journey.id, journey.profile_id AS "profileId", journey.campaign_id AS "campaignId", journey.definition, journey.role::text AS role,
      journey.key, journey.relationship_id AS "relationshipId", journey.started_at AS "startedAt",
      CASE WHEN last.kind <> 'RESUMED' THEN last.at END AS "exitedAt"
    FROM journey LEFT JOIN LATERAL (
      SELECT step.kind, step.at FROM journey_step AS step
      CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = step.event_id AND received_at < ${from} LIMIT 1) AS event
      WHERE step.account_id = journey.account_id AND step.journey_id = journey.id AND step.kind IN ('EXITED', 'EXPIRED', 'RESUMED')
      ORDER BY step.id DESC LIMIT 1
    ) AS last ON TRUE
    WHERE journey.account_id = ${accountId}::uuid AND journey.profile_id = ANY (${profileIds}::uuid[]) ORDER BY journey.id`
}

/** Something of which times are asked, and the earliest time that it is looked at. */
export interface Asked {
  id: string
  t: Date
}

/** The times of events credited to each journey. */
export function findCreditsBefore(
  tx: Transaction,
  { accountId, from, first }: Before,
  asked: readonly Asked[],
): Promise<{ id: string; at: Date }[]> {
  return tx.$queryRaw<{ id: string; at: Date }[]>`
    SELECT asked.id, credit.at
    FROM unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ t }) => t)}::timestamptz[]) AS asked (id, t)
    CROSS JOIN LATERAL (
      (SELECT a.occurred_at AS at FROM attribution AS a
        CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = a.event_id AND received_at < ${from} LIMIT 1) AS event
        WHERE a.account_id = ${accountId}::uuid AND a.journey_id = asked.id AND a.occurred_at <= asked.t AND a.decided_by <> 'INHERITED'
          AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < ${first} LIMIT 1) IS NULL AND a.position < ${first}
        ORDER BY a.occurred_at DESC LIMIT 1)
      UNION ALL
      (SELECT a.occurred_at AS at FROM attribution AS a
        CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = a.event_id AND received_at < ${from} LIMIT 1) AS event
        WHERE a.account_id = ${accountId}::uuid AND a.journey_id = asked.id AND a.occurred_at > asked.t AND a.decided_by <> 'INHERITED'
          AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < ${first} LIMIT 1) IS NULL AND a.position < ${first})
    ) AS credit`
}

/** Since when each partner id was known of each journey. */
export function findPartnersBefore(
  tx: Transaction,
  { accountId, from, first }: Before,
  { journeyIds, partnerIds }: { journeyIds: readonly string[]; partnerIds: readonly string[] },
): Promise<{ journeyId: string; partnerId: string; at: Date }[]> {
  return tx.$queryRaw<{ journeyId: string; partnerId: string; at: Date }[]>`
    SELECT a.journey_id AS "journeyId", a.partner_id AS "partnerId", min(a.occurred_at) AS at FROM attribution AS a
    CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = a.event_id AND received_at < ${from} LIMIT 1) AS event
    WHERE a.account_id = ${accountId}::uuid AND a.journey_id = ANY (${journeyIds}::uuid[]) AND a.partner_id = ANY (${partnerIds}::text[])
      AND a.decided_by <> 'INHERITED' AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < ${first} LIMIT 1) IS NULL AND a.position < ${first}
    GROUP BY a.journey_id, a.partner_id`
}

export interface EvidenceRow {
  id: string
  first: Date
  /** The latest up to the time asked. */
  latest: Date | null
  later: Date[] | null
  /** Codes that e-mail matches had shown it by. */
  matched: string[] | null
}

/** What was known of each relationship; those that nothing had shown yet are left out. */
export function findEvidenceBefore(
  tx: Transaction,
  { accountId, from }: Before,
  asked: readonly Asked[],
): Promise<EvidenceRow[]> {
  return tx.$queryRaw<EvidenceRow[]>`
    SELECT asked.id, min(evidence.at) AS first, max(evidence.at) FILTER (WHERE evidence.at <= asked.t) AS latest,
      array_agg(evidence.at) FILTER (WHERE evidence.at > asked.t) AS later,
      array_agg(DISTINCT evidence.code_id::text) FILTER (WHERE evidence.kind = 'EMAIL_MATCH' AND evidence.code_id IS NOT NULL) AS matched
    FROM unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ t }) => t)}::timestamptz[]) AS asked (id, t)
    JOIN evidence ON evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = asked.id
    LEFT JOIN LATERAL (SELECT received_at FROM event WHERE account_id = ${accountId}::uuid AND id = evidence.event_id LIMIT 1) AS event ON TRUE
    WHERE event.received_at IS NULL OR event.received_at < ${from}
    GROUP BY asked.id`
}

export interface TimesAsked extends Asked {
  name: string
  cap: number
}

/** The times of each profile's events of a name. */
export function findEventsBefore(
  tx: Transaction,
  { accountId, from }: Before,
  asked: readonly TimesAsked[],
): Promise<{ id: string; name: string; at: Date }[]> {
  return tx.$queryRaw<{ id: string; name: string; at: Date }[]>`
    SELECT asked.id, asked.name, found.at
    FROM unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ name }) => name)}::text[], ${asked.map(({ t }) => t)}::timestamptz[],
      ${asked.map(({ cap }) => cap)}::int[]) AS asked (id, name, t, cap)
    CROSS JOIN LATERAL (
      (SELECT occurred_at AS at FROM event WHERE account_id = ${accountId}::uuid AND profile_id = asked.id AND name = asked.name
        AND occurred_at <= asked.t AND received_at < ${from} ORDER BY occurred_at DESC LIMIT asked.cap)
      UNION ALL
      (SELECT occurred_at AS at FROM event WHERE account_id = ${accountId}::uuid AND profile_id = asked.id AND name = asked.name
        AND occurred_at > asked.t AND received_at < ${from})
    ) AS found`
}

/**
 * What was told of the profiles' orders by events received before, and by other ways whenever that was; what is dated later counts
 * from then on.
 */
export function findOrdersBefore(
  tx: Transaction,
  { accountId, from }: Before,
  { profileIds, items }: { profileIds: readonly string[]; items: boolean },
): Promise<OrderFactRow[]> {
  return tx.$queryRaw<OrderFactRow[]>`
    SELECT asked.id AS "profileId", ${orderFactSql(accountId, items)} AS value FROM unnest(${profileIds}::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT * FROM order_change WHERE order_change.account_id = ${accountId}::uuid AND order_change.profile_id = asked.id
        AND coalesce((SELECT received_at < ${from} FROM event WHERE event.account_id = ${accountId}::uuid AND event.id = order_change.event_id LIMIT 1), TRUE)
      ORDER BY order_change.at DESC, order_change.id DESC LIMIT ${maxChanges}::int
    ) AS change`
}

/** The qualities of the profiles' decisions in force. */
export function findQualitiesBefore(
  tx: Transaction,
  { accountId, from, first }: Before,
  { asked, caps }: { asked: readonly Asked[]; caps: readonly (readonly [Quality, number])[] },
): Promise<{ id: string; quality: Quality; at: Date }[]> {
  return tx.$queryRaw<{ id: string; quality: Quality; at: Date }[]>`
    SELECT asked.id, kind.quality::text AS quality, found.at
    FROM unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ t }) => t)}::timestamptz[]) AS asked (id, t)
    CROSS JOIN unnest(${caps.map(([quality]) => quality)}::text[]::quality[], ${caps.map(([, cap]) => cap)}::int[]) AS kind (quality, cap)
    CROSS JOIN LATERAL (
      (SELECT a.occurred_at AS at FROM attribution AS a
        CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = a.event_id AND received_at < ${from} LIMIT 1) AS event
        WHERE a.account_id = ${accountId}::uuid AND a.profile_id = asked.id AND a.quality = kind.quality AND a.occurred_at <= asked.t
          AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < ${first} LIMIT 1) IS NULL AND a.position < ${first}
        ORDER BY a.occurred_at DESC LIMIT kind.cap)
      UNION ALL
      (SELECT a.occurred_at AS at FROM attribution AS a
        CROSS JOIN LATERAL (SELECT FROM event WHERE account_id = ${accountId}::uuid AND id = a.event_id AND received_at < ${from} LIMIT 1) AS event
        WHERE a.account_id = ${accountId}::uuid AND a.profile_id = asked.id AND a.quality = kind.quality AND a.occurred_at > asked.t
          AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < ${first} LIMIT 1) IS NULL AND a.position < ${first})
    ) AS found`
}
