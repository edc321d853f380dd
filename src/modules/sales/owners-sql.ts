// Whose orders are meant, before anybody is locked.

import { validate as isUuid } from 'uuid'
import type { Sql } from '../../platform/database.ts'

/** The profiles that the orders of those source ids were told of. */
export async function findOwners(sql: Sql, accountId: string, sourceIds: readonly string[]): Promise<string[]> {
  const rows = await sql.$queryRaw<{ profileId: string }[]>`
    SELECT DISTINCT profile_id AS "profileId" FROM placed_order
    WHERE account_id = ${accountId}::uuid AND source_id = ANY (${sourceIds}::text[]) AND profile_id IS NOT NULL`
  return rows.map(({ profileId }) => profileId)
}

/** Of the profiles those of people who were erased. */
export async function findErasedOwners(
  sql: Sql,
  accountId: string,
  profileIds: readonly string[],
): Promise<ReadonlySet<string | null>> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${profileIds}::uuid[]) AND erased_at IS NOT NULL`
  return new Set(rows.map(({ id }) => id))
}

export interface NamedOrder {
  id: string
  sourceId: string
  profileId: string | null
}

/** The order of that id, or of that source id; null where there is none. */
export async function findNamed(
  sql: Sql,
  accountId: string,
  { id = null, sourceId = null }: { id?: string | null; sourceId?: string | null },
): Promise<NamedOrder | null> {
  const [row] =
    id !== null && isUuid(id)
      ? await sql.$queryRaw<NamedOrder[]>`
          SELECT id, source_id AS "sourceId", profile_id AS "profileId" FROM placed_order
          WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`
      : await sql.$queryRaw<NamedOrder[]>`
          SELECT id, source_id AS "sourceId", profile_id AS "profileId" FROM placed_order
          WHERE account_id = ${accountId}::uuid AND source_id = ${sourceId}::text`
  return row ?? null
}
