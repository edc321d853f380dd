// Relationships beside others: what is read to say which are mutual or displaced.

import type { Transaction } from '../../platform/database.ts'

export interface Neighbour {
  id: string
  advocateId: string
  friendId: string
  programId: string
}

/** The relationships in the programs of which the profiles are friends, without those withdrawn. */
export function findNeighbours(
  tx: Transaction,
  accountId: string,
  { friendIds, programIds }: { friendIds: readonly string[]; programIds: readonly string[] },
): Promise<Neighbour[]> {
  return tx.$queryRaw<Neighbour[]>`
    SELECT id, advocate_id AS "advocateId", friend_id AS "friendId", program_id AS "programId" FROM relationship
    WHERE account_id = ${accountId}::uuid AND friend_id = ANY (${friendIds}::uuid[]) AND program_id = ANY (${programIds}::uuid[])
      AND withdrawn_at IS NULL
    ORDER BY id`
}
