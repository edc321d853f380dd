// Members of static audiences to be: gathered piece by piece, and forgotten where nobody commits them.

import type { Sql } from '../../platform/database.ts'

interface Key {
  accountId: string
  id: string
}

/** Adds people; returns how many were not in it before. */
export function addStaged(sql: Sql, { accountId, id }: Key, profileIds: readonly string[]): Promise<number> {
  return sql.$executeRaw`
    INSERT INTO audience_replacement_member (account_id, replacement_id, profile_id)
    SELECT ${accountId}::uuid, ${id}::uuid, given.id FROM unnest(${profileIds}::uuid[]) AS given (id) ORDER BY given.id
    ON CONFLICT DO NOTHING`
}

/** Its people, but for those who were erased meanwhile. */
export async function findStaged(sql: Sql, { accountId, id }: Key): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT profile.id FROM audience_replacement_member AS staged
    JOIN profile ON profile.account_id = ${accountId}::uuid AND profile.id = staged.profile_id AND profile.erased_at IS NULL
    WHERE staged.account_id = ${accountId}::uuid AND staged.replacement_id = ${id}::uuid ORDER BY profile.id`
  return rows.map((row) => row.id)
}

/** The audience that a replacement is of, locked until the transaction ends. Locks are taken in this order: replacement, audience, people. */
export async function lockReplacement(sql: Sql, { accountId, id }: Key): Promise<string | undefined> {
  const [row] = await sql.$queryRaw<{ audienceId: string }[]>`
    SELECT audience_id AS "audienceId" FROM audience_replacement
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid FOR UPDATE`
  return row?.audienceId
}

/** Who of the people was erased. */
export async function findErased(sql: Sql, accountId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[]) AND erased_at IS NOT NULL`
  return rows.map((row) => row.id)
}
