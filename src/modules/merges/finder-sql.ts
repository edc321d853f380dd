// The duplicate finder's statements: pages of people, the keys that they are looked up by, and the pairs that it notes.

import type { Sql } from '../../platform/database.ts'

/** People's own ids in their order; merged profiles are not people. */
export async function findPeopleAfter(
  sql: Sql,
  accountId: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT profile.id FROM profile
    WHERE profile.account_id = ${accountId}::uuid AND (${after}::uuid IS NULL OR profile.id > ${after}::uuid)
      AND NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = profile.id)
    ORDER BY profile.id LIMIT ${limit}::int`
  return rows.map(({ id }) => id)
}

export interface KeyRow {
  key: string
  profileId: string
}

/** Forgets the people's earlier keys. Two who do this at once may both leave theirs, which only costs a comparison more. */
export async function replaceKeys(
  sql: Sql,
  accountId: string,
  { profileIds, keys }: { profileIds: readonly string[]; keys: readonly KeyRow[] },
): Promise<void> {
  await sql.$executeRaw`DELETE FROM merge_key WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])`
  if (keys.length === 0) return
  await sql.$executeRaw`
    INSERT INTO merge_key (account_id, key, profile_id)
    SELECT ${accountId}::uuid, key, profile_id
    FROM unnest(${keys.map(({ key }) => key)}::text[], ${keys.map(({ profileId }) => profileId)}::uuid[]) AS new (key, profile_id)
    ORDER BY key, profile_id
    ON CONFLICT DO NOTHING`
}

/** Who has the keys, but for keys of more people than `max`. */
export function findBlocks(
  sql: Sql,
  accountId: string,
  { keys, max }: { keys: readonly string[]; max: number },
): Promise<KeyRow[]> {
  return sql.$queryRaw<KeyRow[]>`
    SELECT asked.key, unnest(block.ids) AS "profileId" FROM unnest(${keys}::text[]) AS asked (key)
    CROSS JOIN LATERAL (
      SELECT array_agg(member.profile_id) AS ids FROM (
        SELECT profile_id FROM merge_key
        WHERE merge_key.account_id = ${accountId}::uuid AND merge_key.key = asked.key LIMIT ${max + 1}::int
      ) AS member
    ) AS block
    WHERE cardinality(block.ids) BETWEEN 2 AND ${max}::int`
}

export interface FoundPair {
  id: string
  firstId: string
  secondId: string
  score: number
  reasons: readonly string[]
}

/** Returns how many were not known; those that are known, open or not, stay as they are. */
export function insertCandidates(sql: Sql, accountId: string, pairs: readonly FoundPair[]): Promise<number> {
  return sql.$executeRaw`
    INSERT INTO merge_candidate (account_id, id, first_id, second_id, source, score, reasons)
    SELECT ${accountId}::uuid, id, first_id, second_id, 'FINDER', score, ARRAY(SELECT jsonb_array_elements_text(reasons))
    FROM unnest(${pairs.map(({ id }) => id)}::uuid[], ${pairs.map(({ firstId }) => firstId)}::uuid[], ${pairs.map(({ secondId }) => secondId)}::uuid[],
      ${pairs.map(({ score }) => score)}::float8[], ${pairs.map(({ reasons }) => JSON.stringify(reasons))}::jsonb[])
      AS pair (id, first_id, second_id, score, reasons)
    ORDER BY first_id, second_id
    ON CONFLICT (account_id, first_id, second_id) DO NOTHING`
}
