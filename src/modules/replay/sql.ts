// What replay reads of the decisions in a range and of the people they are about. Nothing here writes.

import type { IdentityKind } from '../../core/identity.ts'
import { orderEvents } from '../../core/orders.ts'
import type { Quality, UnattributedReason } from '../../core/targeting/decision.ts'
import type { JourneyRole, JsonObject, TypedTargeting } from '../../core/targeting/facts.ts'
import type { Transaction } from '../../platform/database.ts'

/** Events received from `from` up to but not at `to`, and decided up to a position of the feed. */
export interface Range {
  readonly accountId: string
  readonly from: Date
  readonly to: Date
  /** Ids that all of them lie between, so that only their partitions are read. */
  readonly lowId: string
  readonly highId: string
  readonly head: bigint
  /** The position of the first of their decisions; what was decided from there on is not known before. */
  readonly first: bigint
}

/** The place of the range's first decision in the feed; null where there is none. Events come in the order of their ids, but for neighbours. */
export async function findFirstPosition(
  tx: Transaction,
  { accountId, from, to, lowId, highId }: Omit<Range, 'head' | 'first'>,
): Promise<bigint | null> {
  const [row] = await tx.$queryRaw<{ first: bigint | null }[]>`
    SELECT min(a.position) AS first
    FROM (SELECT id FROM event WHERE account_id = ${accountId}::uuid AND id >= ${lowId}::uuid AND id < ${highId}::uuid
      AND received_at >= ${from} AND received_at < ${to} ORDER BY id LIMIT 1000) AS event
    JOIN attribution AS a ON a.account_id = ${accountId}::uuid AND a.event_id = event.id AND a.revision = 1`
  return row?.first ?? null
}

/** Every event has a decision: both come in one transaction. */
export async function countDecisions(tx: Transaction, range: Range): Promise<number> {
  const [row] = await tx.$queryRaw<{ total: number }[]>`
    SELECT count(*)::int AS total FROM event
    WHERE account_id = ${range.accountId}::uuid AND id >= ${range.lowId}::uuid AND id < ${range.highId}::uuid
      AND received_at >= ${range.from} AND received_at < ${range.to}`
  return row?.total ?? 0
}

/** The next profiles that events of the range, or of just beside it, were decided about, and how many. By id. */
export function findProfilePage(
  tx: Transaction,
  range: Range,
  { after, limit }: { after: string; limit: number },
): Promise<{ profileId: string; decisions: number }[]> {
  return tx.$queryRaw<{ profileId: string; decisions: number }[]>`
    SELECT profile_id AS "profileId", count(*)::int AS decisions FROM attribution
    WHERE account_id = ${range.accountId}::uuid AND profile_id > ${after}::uuid AND revision = 1 AND position <= ${range.head}
      AND event_id >= ${range.lowId}::uuid AND event_id < ${range.highId}::uuid
    GROUP BY profile_id ORDER BY profile_id LIMIT ${limit}::int`
}

export interface DecisionRow {
  eventId: string
  name: string
  t: Date
  data: JsonObject
  targeting: TypedTargeting | null
  userAgent: string | null
  revision: number
  position: bigint
  profileId: string
  status: 'ATTRIBUTED' | 'UNATTRIBUTED'
  campaignId: string | null
  quality: Quality
  version: number | null
  decidedAt: Date
  journeyId: string | null
  relationshipId: string | null
  definition: string | null
  key: string | null
  advocateId: string | null
}

/** Every decision, those that were superseded included, about the profiles' events of the range; in the order of the feed. */
export function findDecisions(tx: Transaction, range: Range, profileIds: readonly string[]): Promise<DecisionRow[]> {
  return tx.$queryRaw<DecisionRow[]>`
    SELECT a.event_id AS "eventId", event.name, event.occurred_at AS t, event.data,
      coalesce(a.trace -> 'targeting', event.targeting) AS targeting, event.context ->> 'userAgent' AS "userAgent",
      a.revision, a.position, a.profile_id AS "profileId", a.status::text AS status, a.campaign_id AS "campaignId", a.quality::text AS quality,
      a.rules_version AS version, a.decided_at AS "decidedAt", a.journey_id AS "journeyId", a.relationship_id AS "relationshipId",
      journey.definition, journey.key, relationship.advocate_id AS "advocateId"
    FROM attribution AS a
    CROSS JOIN LATERAL (SELECT * FROM event WHERE account_id = ${range.accountId}::uuid AND id = a.event_id LIMIT 1) AS event
    LEFT JOIN journey ON journey.account_id = a.account_id AND journey.id = a.journey_id
    LEFT JOIN relationship ON relationship.account_id = a.account_id AND relationship.id = a.relationship_id
    WHERE a.account_id = ${range.accountId}::uuid AND a.profile_id = ANY (${profileIds}::uuid[])
      AND a.event_id >= ${range.lowId}::uuid AND a.event_id < ${range.highId}::uuid
      AND event.received_at >= ${range.from} AND event.received_at < ${range.to}
      AND (a.revision > 1 OR a.position <= ${range.head})
    ORDER BY a.position`
}

export interface IdentityRow {
  kind: IdentityKind
  value: string
  profileId: string
  createdAt: Date
}

export function findIdentities(
  tx: Transaction,
  accountId: string,
  profileIds: readonly string[],
): Promise<IdentityRow[]> {
  return tx.$queryRaw<IdentityRow[]>`
    SELECT kind, value, profile_id AS "profileId", created_at AS "createdAt" FROM identity
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[]) ORDER BY created_at, kind, value`
}

export interface MergeRow {
  loserId: string
  survivorId: string
  mergedAt: Date
  /** The event that showed it, where one did and that is known. */
  eventId: string | null
  isManual: boolean
}

/** The merges of the profiles, oldest first. */
export function findMerges(tx: Transaction, accountId: string, profileIds: readonly string[]): Promise<MergeRow[]> {
  return tx.$queryRaw<MergeRow[]>`
    SELECT loser_id AS "loserId", survivor_id AS "survivorId", merged_at AS "mergedAt", event_id AS "eventId", source <> 'EVENT' AS "isManual" FROM merge
    WHERE account_id = ${accountId}::uuid AND loser_id = ANY (${profileIds}::uuid[]) ORDER BY merged_at, loser_id`
}

export interface OthersEvidenceRow {
  id: string
  advocateId: string
  friendId: string
  programId: string
  campaignId: string | null
  first: Date
  latest: Date
  /** When it became known; 0 where no decision tells. */
  position: bigint
}

/** Evidence of relationships in which the profiles are the advocates: of all friends, or of some. */
export function findOthersEvidence(
  tx: Transaction,
  range: Range,
  { advocateIds, friendIds }: { advocateIds: readonly string[]; friendIds: readonly string[] | null },
): Promise<OthersEvidenceRow[]> {
  return tx.$queryRaw<OthersEvidenceRow[]>`
    SELECT edge.id, edge.advocate_id AS "advocateId", edge.friend_id AS "friendId", edge.program_id AS "programId",
      edge.campaign_id AS "campaignId", min(evidence.at) AS first, max(evidence.at) AS latest,
      shown.position
    FROM relationship AS edge
    JOIN evidence ON evidence.account_id = edge.account_id AND evidence.relationship_id = edge.id
    LEFT JOIN LATERAL (SELECT id, received_at FROM event WHERE account_id = ${range.accountId}::uuid AND id = evidence.event_id LIMIT 1) AS event ON TRUE
    LEFT JOIN LATERAL (
      SELECT coalesce(min(position), 0) AS position FROM attribution AS a
      WHERE a.account_id = edge.account_id AND a.event_id = evidence.event_id AND a.relationship_id = edge.id
    ) AS shown ON TRUE
    WHERE edge.account_id = ${range.accountId}::uuid AND edge.advocate_id = ANY (${advocateIds}::uuid[])
      AND (${friendIds === null}::boolean OR edge.friend_id = ANY (${friendIds ?? []}::uuid[]))
      AND (event.id IS NULL OR event.received_at < ${range.to})
    GROUP BY edge.account_id, edge.id, 8`
}

export interface AdvocateJourneyRow {
  id: string
  profileId: string
  campaignId: string
  definition: string
}

/** The ADVOCATE journeys of the profiles. */
export function findAdvocateJourneys(
  tx: Transaction,
  accountId: string,
  profileIds: readonly string[],
): Promise<AdvocateJourneyRow[]> {
  return tx.$queryRaw<AdvocateJourneyRow[]>`
    SELECT id, profile_id AS "profileId", campaign_id AS "campaignId", definition FROM journey
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[]) AND role = 'ADVOCATE' ORDER BY id`
}

export interface ActivityAsked {
  journeyId: string
  position: bigint
  t: Date
}

/** For each journey, position and time, the latest activity not after the time that was known before the position. By place in the list. */
export function findKnownActivities(
  tx: Transaction,
  accountId: string,
  asked: readonly ActivityAsked[],
): Promise<{ place: number; at: Date }[]> {
  return tx.$queryRaw<{ place: number; at: Date }[]>`
    SELECT asked.place::int AS place, latest.at
    FROM unnest(${asked.map(({ journeyId }) => journeyId)}::uuid[], ${asked.map(({ position }) => position)}::bigint[],
      ${asked.map(({ t }) => t)}::timestamptz[]) WITH ORDINALITY AS asked (id, position, t, place)
    CROSS JOIN LATERAL (
      SELECT a.occurred_at AS at FROM attribution AS a
      WHERE a.account_id = ${accountId}::uuid AND a.journey_id = asked.id AND a.occurred_at <= asked.t AND a.position < asked.position
        AND a.decided_by <> 'INHERITED' AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
            AND next.event_id = a.event_id AND next.revision = a.revision + 1 AND next.position < asked.position LIMIT 1) IS NULL
      ORDER BY a.occurred_at DESC LIMIT 1
    ) AS latest`
}

export interface TransactionRow {
  transactionId: string
  eventId: string
  isOrder: boolean
  profileId: string
  position: bigint
  campaignId: string | null
  campaignRevision: number | null
  programId: string | null
  journeyId: string | null
  definition: string | null
  role: JourneyRole | null
  key: string | null
  relationshipId: string | null
  advocateId: string | null
  quality: Quality
  reason: UnattributedReason | null
  reasonDetail: UnattributedReason | null
}

/** Every decision about the first event and the first order of each transaction, in the order of the feed. */
export function findTransactions(
  tx: Transaction,
  accountId: string,
  ids: readonly string[],
): Promise<TransactionRow[]> {
  return tx.$queryRaw<TransactionRow[]>`
    SELECT first.transaction_id AS "transactionId", a.event_id AS "eventId", first.is_order AS "isOrder", a.profile_id AS "profileId", a.position, a.campaign_id AS "campaignId",
      a.campaign_revision AS "campaignRevision", campaign.program_id AS "programId", a.journey_id AS "journeyId", journey.definition,
      journey.role::text AS role, journey.key, a.relationship_id AS "relationshipId", relationship.advocate_id AS "advocateId",
      a.quality::text AS quality, a.reason::text AS reason, a.reason_detail::text AS "reasonDetail"
    FROM (
      SELECT named.transaction_id, named.is_order, min(named.event_id::text)::uuid AS event_id
      FROM (
        SELECT attribution.transaction_id, attribution.event_id, event.name = ANY (${orderEvents}::text[]) AS is_order
        FROM attribution JOIN event ON event.account_id = ${accountId}::uuid AND event.id = attribution.event_id
        WHERE attribution.account_id = ${accountId}::uuid AND attribution.transaction_id = ANY (${ids}::text[]) AND attribution.revision = 1
      ) AS named
      GROUP BY named.transaction_id, named.is_order
    ) AS first
    JOIN attribution AS a ON a.account_id = ${accountId}::uuid AND a.event_id = first.event_id
    LEFT JOIN campaign ON campaign.account_id = a.account_id AND campaign.id = a.campaign_id
    LEFT JOIN journey ON journey.account_id = a.account_id AND journey.id = a.journey_id
    LEFT JOIN relationship ON relationship.account_id = a.account_id AND relationship.id = a.relationship_id
    ORDER BY a.position`
}

/** The versions at which a published campaign changed, ascending; between two of them the rules are the same. */
export async function findRuleChanges(tx: Transaction, accountId: string): Promise<number[]> {
  const rows = await tx.$queryRaw<{ version: number }[]>`
    SELECT version FROM campaign_state_change WHERE account_id = ${accountId}::uuid
    UNION SELECT published_version FROM campaign_revision WHERE account_id = ${accountId}::uuid AND published_version IS NOT NULL
    ORDER BY version`
  return rows.map(({ version }) => version)
}
