// Statements about merges: one after another in an account, what a merge moves, and what would be torn by undoing it.

import type { MergeSource } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

/**
 * Merges and undoings that somebody asks for wait for one another here, until the end of the transaction and before they lock
 * people. Batches of events never do, so nobody waits in a ring.
 */
export async function lockMerges(sql: Sql, accountId: string): Promise<void> {
  await sql.$executeRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${accountId}::uuid::text, 7))`
}

export interface NewMerge {
  loserId: string
  survivorId: string
  picks: readonly string[]
  covers: readonly string[]
  source: MergeSource
  apiKeyId: string
  mergedAt: Date
}

export async function insertMerge(sql: Sql, accountId: string, merge: NewMerge): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO merge (account_id, loser_id, survivor_id, picks, covers, source, api_key_id, merged_at)
    VALUES (${accountId}::uuid, ${merge.loserId}::uuid, ${merge.survivorId}::uuid, ${[...merge.picks]}::text[], ${[...merge.covers]}::text[],
      ${merge.source}::text::merge_source, ${merge.apiKeyId}::uuid, ${merge.mergedAt}::timestamptz)`
}

/** Two sets of profiles, each one person's. */
export interface Sides {
  ones: readonly string[]
  others: readonly string[]
}

/** Returns how many open candidates were pairs of the two. */
export function acceptCandidates(
  sql: Sql,
  accountId: string,
  { ones, others, at }: Sides & { at: Date },
): Promise<number> {
  return sql.$executeRaw`
    UPDATE merge_candidate SET state = 'ACCEPTED', decided_at = ${at}::timestamptz
    WHERE account_id = ${accountId}::uuid AND state = 'OPEN'
      AND ((first_id = ANY (${ones}::uuid[]) AND second_id = ANY (${others}::uuid[]))
        OR (first_id = ANY (${others}::uuid[]) AND second_id = ANY (${ones}::uuid[])))`
}

/** Notes that the two are two people, whatever was noted before. */
export async function dismissPair(
  sql: Sql,
  accountId: string,
  { id, pair, at }: { id: string; pair: readonly [string, string]; at: Date },
): Promise<void> {
  const [first, second] = pair.toSorted()
  await sql.$executeRaw`
    INSERT INTO merge_candidate (account_id, id, first_id, second_id, source, state, reasons, decided_at)
    VALUES (${accountId}::uuid, ${id}::uuid, ${first}::uuid, ${second}::uuid, 'UNDONE_MERGE', 'DISMISSED', '{}', ${at}::timestamptz)
    ON CONFLICT (account_id, first_id, second_id) DO UPDATE SET state = 'DISMISSED', decided_at = excluded.decided_at`
}

/** How much comes with a person who is merged into another. */
export interface Moves {
  identities: number
  events: number
  journeys: number
  relationships: number
  audiences: number
  codes: number
}

export async function countMoves(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<Moves> {
  const [row] = await sql.$queryRaw<Moves[]>`
    SELECT
      (SELECT count(*)::int FROM identity WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])) AS identities,
      (SELECT count(*)::int FROM event WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])) AS events,
      (SELECT count(*)::int FROM journey WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])) AS journeys,
      (SELECT count(*)::int FROM relationship WHERE account_id = ${accountId}::uuid
        AND (friend_id = ANY (${profileIds}::uuid[]) OR advocate_id = ANY (${profileIds}::uuid[]))) AS relationships,
      (SELECT count(*)::int FROM audience_member WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])) AS audiences,
      (SELECT count(*)::int FROM code WHERE account_id = ${accountId}::uuid AND advocate_id = ANY (${profileIds}::uuid[])) AS codes`
  if (!row) throw new Error('a count gives one row')
  return row
}

export interface BlockerRow {
  kind: 'JOURNEY' | 'RELATIONSHIP'
  id: string
  eventId: string | null
}

/** Of each kind. */
const maxBlockers = 100

/**
 * What both sides had a part in since they were merged, oldest first: journeys of one that the other's events were credited to,
 * relationships of one that the other's events or codes showed. `since`: the first id that could be given then.
 */
export function findBlockers(
  sql: Sql,
  accountId: string,
  { ones, others, since }: Sides & { since: string },
): Promise<BlockerRow[]> {
  return sql.$queryRaw<BlockerRow[]>`
    WITH side AS (
      SELECT id, TRUE AS is_one FROM unnest(${ones}::uuid[]) AS one (id)
      UNION ALL
      SELECT id, FALSE FROM unnest(${others}::uuid[]) AS other (id)
    ), torn AS (
      SELECT 'JOURNEY' AS kind, journey.id, min(step.event_id::text) AS event_id FROM side
      JOIN journey ON journey.account_id = ${accountId}::uuid AND journey.profile_id = side.id
      JOIN journey_step AS step ON step.account_id = ${accountId}::uuid AND step.journey_id = journey.id AND step.id >= ${since}::uuid
        AND step.kind IN ('ENTERED', 'CREDITED', 'RESUMED')
      JOIN event ON event.account_id = ${accountId}::uuid AND event.id = step.event_id
      JOIN side AS actor ON actor.id = event.profile_id AND actor.is_one <> side.is_one
      GROUP BY journey.id
      UNION ALL
      SELECT 'RELATIONSHIP', relationship.id, min(evidence.event_id::text) FROM side
      JOIN relationship ON relationship.account_id = ${accountId}::uuid AND relationship.friend_id = side.id
      JOIN evidence ON evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = relationship.id AND evidence.id >= ${since}::uuid
      JOIN event ON event.account_id = ${accountId}::uuid AND event.id = evidence.event_id
      JOIN side AS actor ON actor.id = event.profile_id AND actor.is_one <> side.is_one
      GROUP BY relationship.id
      UNION ALL
      SELECT 'RELATIONSHIP', relationship.id, min(evidence.event_id::text) FROM side
      JOIN relationship ON relationship.account_id = ${accountId}::uuid AND relationship.advocate_id = side.id
      JOIN evidence ON evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = relationship.id AND evidence.id >= ${since}::uuid
      JOIN code ON code.account_id = ${accountId}::uuid AND code.id = evidence.code_id
      JOIN side AS owner ON owner.id = code.advocate_id AND owner.is_one <> side.is_one
      GROUP BY relationship.id
    )
    SELECT DISTINCT ON (kind, id) kind, id, event_id::uuid AS "eventId" FROM torn ORDER BY kind, id LIMIT ${2 * maxBlockers}::int`
}
