// Blocks, and the marks of them that batches read of profiles.

import type { BlockKind } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface BlockRow {
  id: string
  profileId: string
  kind: BlockKind
  reason: string | null
  at: Date
}

/** Those in force. */
export function findBlocks(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<BlockRow[]> {
  return sql.$queryRaw<BlockRow[]>`
    SELECT id, profile_id AS "profileId", kind, reason, at FROM person_block
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[]) AND lifted_at IS NULL
    ORDER BY id`
}

export async function insertBlocks(sql: Sql, accountId: string, rows: readonly BlockRow[]): Promise<void> {
  const column = <K extends keyof BlockRow>(key: K) => rows.map((row) => row[key])
  await sql.$executeRaw`
    INSERT INTO person_block (account_id, id, profile_id, kind, reason, at)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('kind')}::text[]::block_kind[],
      ${column('reason')}::text[], ${column('at')}::timestamptz[])`
}

interface Change {
  ids: readonly string[]
  kinds: readonly BlockKind[]
}

export async function liftBlocks(
  sql: Sql,
  accountId: string,
  { ids, kinds, at }: Change & { at: Date },
): Promise<void> {
  await sql.$executeRaw`
    UPDATE person_block SET lifted_at = ${at}
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[]) AND kind = ANY (${kinds}::text[]::block_kind[]) AND lifted_at IS NULL`
}

/** `at` null: not blocked any more. */
export async function markBlocks(
  sql: Sql,
  accountId: string,
  { ids, kinds, at }: Change & { at: Date | null },
): Promise<void> {
  await sql.$executeRaw`
    UPDATE profile SET
      events_blocked_at = CASE WHEN 'EVENTS' = ANY (${kinds}::text[]) THEN ${at}::timestamptz ELSE events_blocked_at END,
      rewards_blocked_at = CASE WHEN 'REWARDS' = ANY (${kinds}::text[]) THEN ${at}::timestamptz ELSE rewards_blocked_at END
    WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}

export interface Marks {
  eventsBlockedAt: Date | null
  rewardsBlockedAt: Date | null
  erasedAt: Date | null
}

export function findMarks(sql: Sql, accountId: string, ids: readonly string[]): Promise<(Marks & { id: string })[]> {
  return sql.$queryRaw<(Marks & { id: string })[]>`
    SELECT id, events_blocked_at AS "eventsBlockedAt", rewards_blocked_at AS "rewardsBlockedAt", erased_at AS "erasedAt" FROM profile
    WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}
