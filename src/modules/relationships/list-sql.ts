// A page of each of many people's relationships, those in which they are advocates or those in which they are friends, in the
// order in which they began to be known.

import { Prisma, type Relationship } from '../../generated/prisma/client.ts'
import { directions, type IdPage } from '../../keyset.ts'
import type { Sql } from '../../platform/database.ts'

type RelationshipRow = Pick<Relationship, (typeof relationshipColumns)[number]>

export const relationshipColumns = [
  'accountId',
  'id',
  'advocateId',
  'friendId',
  'programId',
  'campaignId',
  'firstEvidenceAt',
  'latestEvidenceAt',
  'withdrawnAt',
  'createdAt',
] as const satisfies readonly (keyof Relationship)[]

interface Pages extends IdPage {
  ids: readonly string[]
}

const sides = {
  advocateId: Prisma.sql`relationship.advocate_id = parent.id`,
  friendId: Prisma.sql`relationship.friend_id = parent.id`,
}

/** Reads the relationships whose side the profiles are, of each at most `limit`. */
export const findRelationshipPages =
  (side: keyof typeof sides) =>
  (sql: Sql, accountId: string, { ids, after, before, order, limit }: Pages): Promise<RelationshipRow[]> =>
    sql.$queryRaw<RelationshipRow[]>`
      SELECT own.* FROM unnest(${ids}::uuid[]) AS parent (id)
      CROSS JOIN LATERAL (
        SELECT account_id AS "accountId", id, advocate_id AS "advocateId", friend_id AS "friendId", program_id AS "programId",
          campaign_id AS "campaignId", first_evidence_at AS "firstEvidenceAt", latest_evidence_at AS "latestEvidenceAt",
          withdrawn_at AS "withdrawnAt", created_at AS "createdAt"
        FROM relationship
        WHERE relationship.account_id = ${accountId}::uuid AND ${sides[side]} AND relationship.id > ${after}::uuid AND relationship.id < ${before}::uuid
        ORDER BY relationship.id ${directions[order]} LIMIT ${limit}::int
      ) AS own
    ORDER BY own.id ${directions[order]}`
