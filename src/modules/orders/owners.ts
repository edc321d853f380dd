// Whose the orders are that events tell of, also where that person was erased and the orders are known by hashes alone.

import type { Sql } from '../../platform/database.ts'
import { erasedOrderId } from './erased.ts'
import { findOwners } from './sql.ts'

/** The profiles by source id, of orders that are somebody's or were somebody's who was erased. `erasureKey` is null where nobody was. */
export async function findOrderOwners(
  sql: Sql,
  accountId: string,
  { ids, erasureKey }: { ids: readonly string[]; erasureKey: string | null },
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const id of ids) {
    names.set(id, id)
    if (erasureKey !== null) names.set(erasedOrderId(erasureKey, id), id)
  }
  if (names.size === 0) return new Map()
  const rows = await findOwners(sql, accountId, [...names.keys()])
  return new Map(rows.map(({ sourceId, profileId }) => [names.get(sourceId) ?? sourceId, profileId]))
}
