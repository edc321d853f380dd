// Who referred whom, step by step. A level of the network is one row, with everybody whom the levels before it found, so that
// circles end and the size is bounded, whatever the graph.

import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface NetworkAsked {
  roots: readonly string[]
  towards: 'FRIENDS' | 'ADVOCATES'
  depth: number
  /** How many people of each network at most. */
  limit: number
}

export interface NetworkRow {
  rootId: string
  depth: number
  /** People of the level, and beside each of them through whom they were found: the smallest id where there are several. */
  ids: string[]
  through: string[]
}

/** The levels of each person's network, the nearest first. Withdrawn relationships lead nowhere. */
export function findNetworks(
  sql: Sql,
  accountId: string,
  { roots, towards, depth, limit }: NetworkAsked,
): Promise<NetworkRow[]> {
  // Names of columns: each way has its own index.
  const [own, other] =
    towards === 'FRIENDS'
      ? [Prisma.sql`advocate_id`, Prisma.sql`friend_id`]
      : [Prisma.sql`friend_id`, Prisma.sql`advocate_id`]
  return sql.$queryRaw<NetworkRow[]>`
    WITH RECURSIVE level AS (
      SELECT root_id, 0 AS depth, ARRAY[root_id] AS ids, ARRAY[root_id] AS through, ARRAY[root_id] AS known
      FROM unnest(${roots}::uuid[]) AS given (root_id)
      UNION ALL
      SELECT level.root_id, level.depth + 1, next.ids, next.through, level.known || next.ids
      FROM level CROSS JOIN LATERAL (
        SELECT array_agg(found.id ORDER BY found.id) AS ids, array_agg(found.through ORDER BY found.id) AS through
        FROM (
          SELECT top.id, min(near.id::text)::uuid AS through
          FROM unnest(level.ids) AS near (id)
          CROSS JOIN LATERAL (
            WITH RECURSIVE down AS (
              SELECT near.id AS profile_id
              UNION
              SELECT merge.loser_id FROM down
              CROSS JOIN LATERAL (SELECT loser_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = down.profile_id OFFSET 0) AS merge
            ) SELECT profile_id FROM down
          ) AS member
          CROSS JOIN LATERAL (
            SELECT ${other} AS id FROM relationship
            WHERE relationship.account_id = ${accountId}::uuid AND relationship.${own} = member.profile_id AND relationship.withdrawn_at IS NULL OFFSET 0
          ) AS edge
          CROSS JOIN LATERAL (
            WITH RECURSIVE up AS (
              SELECT edge.id AS profile_id
              UNION
              SELECT merge.survivor_id FROM up
              CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.profile_id OFFSET 0) AS merge
            )
            SELECT profile_id AS id FROM up
            WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.profile_id OFFSET 0)
          ) AS top
          WHERE top.id <> ALL (level.known)
          GROUP BY top.id ORDER BY top.id
          LIMIT ${limit}::int + 1 - cardinality(level.known)
        ) AS found
      ) AS next
      WHERE level.depth < ${depth}::int AND cardinality(level.known) <= ${limit}::int AND next.ids IS NOT NULL
    )
    SELECT root_id AS "rootId", depth, ids::text[] AS ids, through::text[] AS through FROM level WHERE depth > 0 ORDER BY root_id, depth`
}
