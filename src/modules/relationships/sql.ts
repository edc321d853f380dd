// Relationships of the people of a batch, their evidence as of its events' times, and what a batch adds.

import type { Sql } from '../../platform/database.ts'
import type { JsonObject } from '../../scalars.ts'
import { usualFieldsSql } from '../member-fields/usual.ts'

export type EvidenceKind = 'COUPON_CODE' | 'SHARE_ID' | 'ADVOCATE_CODE' | 'EMAIL_MATCH'

export interface RelationshipRow {
  id: string
  advocateId: string
  friendId: string
  programId: string
  campaignId: string | null
  firstEvidenceAt: Date
  latestEvidenceAt: Date
  /** It has no evidence left. */
  isWithdrawn: boolean
}

/** The relationships in which the profiles are friends. */
export function findRelationships(
  tx: Sql,
  accountId: string,
  friendIds: readonly string[],
): Promise<RelationshipRow[]> {
  return tx.$queryRaw<RelationshipRow[]>`
    SELECT id, advocate_id AS "advocateId", friend_id AS "friendId", program_id AS "programId", campaign_id AS "campaignId",
      first_evidence_at AS "firstEvidenceAt", latest_evidence_at AS "latestEvidenceAt", withdrawn_at IS NOT NULL AS "isWithdrawn"
    FROM relationship WHERE account_id = ${accountId}::uuid AND friend_id = ANY (${friendIds}::uuid[])
    ORDER BY id`
}

export interface Parties {
  advocateId: string
  friendId: string
  fields: JsonObject
  /** Either of them was. */
  isErased: boolean
}

/** Whose relationship it is, with its fields; undefined for nobody's. */
export async function findParties(tx: Sql, accountId: string, id: string): Promise<Parties | undefined> {
  const [row] = await tx.$queryRaw<Parties[]>`
    SELECT relationship.advocate_id AS "advocateId", relationship.friend_id AS "friendId", relationship.fields,
      advocate.erased_at IS NOT NULL OR friend.erased_at IS NOT NULL AS "isErased"
    FROM relationship
    JOIN profile AS advocate ON advocate.account_id = ${accountId}::uuid AND advocate.id = relationship.advocate_id
    JOIN profile AS friend ON friend.account_id = ${accountId}::uuid AND friend.id = relationship.friend_id
    WHERE relationship.account_id = ${accountId}::uuid AND relationship.id = ${id}::uuid`
  return row
}

/** The relationships, not withdrawn, in which some profiles are friends of certain others. */
export function findRelationshipsBetween(
  tx: Sql,
  accountId: string,
  { friendIds, advocateIds }: { friendIds: readonly string[]; advocateIds: readonly string[] },
): Promise<RelationshipRow[]> {
  return tx.$queryRaw<RelationshipRow[]>`
    SELECT id, advocate_id AS "advocateId", friend_id AS "friendId", program_id AS "programId", campaign_id AS "campaignId",
      first_evidence_at AS "firstEvidenceAt", latest_evidence_at AS "latestEvidenceAt", FALSE AS "isWithdrawn"
    FROM relationship WHERE account_id = ${accountId}::uuid AND friend_id = ANY (${friendIds}::uuid[])
      AND advocate_id = ANY (${advocateIds}::uuid[]) AND withdrawn_at IS NULL
    ORDER BY id`
}

/** The codes that e-mail matches have shown the relationships by already. */
export function findMatchedCodes(
  tx: Sql,
  accountId: string,
  relationshipIds: readonly string[],
): Promise<{ relationshipId: string; codeId: string }[]> {
  return tx.$queryRaw<{ relationshipId: string; codeId: string }[]>`
    SELECT relationship_id AS "relationshipId", code_id AS "codeId" FROM evidence
    WHERE account_id = ${accountId}::uuid AND relationship_id = ANY (${relationshipIds}::uuid[]) AND kind = 'EMAIL_MATCH' AND code_id IS NOT NULL`
}

export interface AsOf {
  id: string
  at: Date
}

/** For each relationship and time, the latest evidence not after it; pairs without one are left out. */
export function findEvidenceAsOf(tx: Sql, accountId: string, asked: readonly AsOf[]): Promise<AsOf[]> {
  return tx.$queryRaw<AsOf[]>`
    SELECT asked.id, latest.at
    FROM unnest(${asked.map(({ id }) => id)}::uuid[], ${asked.map(({ at }) => at)}::timestamptz[]) AS asked (id, at)
    CROSS JOIN LATERAL (
      SELECT at FROM evidence
      WHERE account_id = ${accountId}::uuid AND relationship_id = asked.id AND at <= asked.at
      ORDER BY at DESC LIMIT 1
    ) AS latest`
}

/** Times of a relationship that somebody asks about: the first and the last of them. */
export interface EvidenceRange {
  id: string
  from: Date
  until: Date
}

/**
 * Of each relationship the latest evidence not after `from`, and every later one up to `until`, of which at most the latest
 * `limit`; relationships without any are left out.
 */
export function findEvidenceWithin(
  tx: Sql,
  accountId: string,
  { ranges, limit }: { ranges: readonly EvidenceRange[]; limit: number },
): Promise<{ id: string; ats: Date[] }[]> {
  return tx.$queryRaw<{ id: string; ats: Date[] }[]>`
    SELECT asked.id, array_agg(found.at) AS ats
    FROM unnest(${ranges.map(({ id }) => id)}::uuid[], ${ranges.map(({ from }) => from)}::timestamptz[],
      ${ranges.map(({ until }) => until)}::timestamptz[]) AS asked (id, "from", until)
    CROSS JOIN LATERAL (
      (SELECT at FROM evidence
        WHERE account_id = ${accountId}::uuid AND relationship_id = asked.id AND at <= asked."from"
        ORDER BY at DESC LIMIT 1)
      UNION ALL
      (SELECT at FROM evidence
        WHERE account_id = ${accountId}::uuid AND relationship_id = asked.id AND at > asked."from" AND at <= asked.until
        ORDER BY at DESC LIMIT ${limit}::int)
    ) AS found
    GROUP BY asked.id`
}

/** A relationship, and the span of times that it is looked at. */
export interface Span {
  id: string
  from: Date
  to: Date
}

/** For each relationship the latest evidence not after its span's beginning, and all inside the span: enough for every time in it. */
export function findEvidenceIn(tx: Sql, accountId: string, spans: readonly Span[]): Promise<AsOf[]> {
  return tx.$queryRaw<AsOf[]>`
    SELECT asked.id, found.at
    FROM unnest(${spans.map(({ id }) => id)}::uuid[], ${spans.map(({ from }) => from)}::timestamptz[], ${spans.map(({ to }) => to)}::timestamptz[])
      AS asked (id, first, last)
    CROSS JOIN LATERAL (
      (SELECT at FROM evidence WHERE account_id = ${accountId}::uuid AND relationship_id = asked.id AND at <= asked.first ORDER BY at DESC LIMIT 1)
      UNION ALL
      (SELECT at FROM evidence WHERE account_id = ${accountId}::uuid AND relationship_id = asked.id AND at > asked.first AND at <= asked.last)
    ) AS found`
}

export interface RelationshipToCreate {
  id: string
  advocateId: string
  friendId: string
  programId: string
  campaignId: string | null
  at: Date
}

/** Inserts relationships that the batch began, with the defaults of their fields; the friend is locked, so nobody else begins the same. */
export async function insertRelationships(
  tx: Sql,
  accountId: string,
  rows: readonly RelationshipToCreate[],
): Promise<void> {
  const column = <K extends keyof RelationshipToCreate>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    INSERT INTO relationship (account_id, id, advocate_id, friend_id, program_id, campaign_id, first_evidence_at, latest_evidence_at, fields)
    SELECT ${accountId}::uuid, id, advocate_id, friend_id, program_id, campaign_id, at, at, usual.fields
    FROM unnest(${column('id')}::uuid[], ${column('advocateId')}::uuid[], ${column('friendId')}::uuid[], ${column('programId')}::uuid[],
      ${column('campaignId')}::uuid[], ${column('at')}::timestamptz[]) AS new (id, advocate_id, friend_id, program_id, campaign_id, at)
    CROSS JOIN ${usualFieldsSql(accountId, 'RELATIONSHIP')} AS usual`
}

export interface EvidenceToAdd {
  id: string
  relationshipId: string
  kind: EvidenceKind
  codeId: string | null
  eventId: string
  at: Date
}

/** Adds evidence, and widens the relationships' first and latest evidence by it; one that had none left has it alone. */
export async function insertEvidence(tx: Sql, accountId: string, rows: readonly EvidenceToAdd[]): Promise<void> {
  const column = <K extends keyof EvidenceToAdd>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    WITH added AS (
      INSERT INTO evidence (account_id, id, relationship_id, kind, code_id, event_id, at)
      SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('relationshipId')}::uuid[],
        ${column('kind')}::text[]::evidence_kind[], ${column('codeId')}::uuid[], ${column('eventId')}::uuid[], ${column('at')}::timestamptz[])
      RETURNING relationship_id, at
    )
    UPDATE relationship SET withdrawn_at = NULL,
      first_evidence_at = CASE WHEN withdrawn_at IS NULL THEN least(first_evidence_at, span.first) ELSE span.first END,
      latest_evidence_at = CASE WHEN withdrawn_at IS NULL THEN greatest(latest_evidence_at, span.latest) ELSE span.latest END
    FROM (SELECT relationship_id, min(at) AS first, max(at) AS latest FROM added GROUP BY relationship_id) AS span
    WHERE relationship.account_id = ${accountId}::uuid AND relationship.id = span.relationship_id`
}
