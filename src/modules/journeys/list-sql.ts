// A page of each of many people's journeys, in the order in which they began to be known.

import type { Journey } from '../../generated/prisma/client.ts'
import { directions, type IdPage } from '../../keyset.ts'
import type { Sql } from '../../platform/database.ts'

type JourneyRow = Pick<Journey, (typeof journeyColumns)[number]>

export const journeyColumns = [
  'accountId',
  'id',
  'profileId',
  'campaignId',
  'definition',
  'role',
  'key',
  'relationshipId',
  'state',
  'startedAt',
  'lastActivityAt',
  'exitedAt',
  'createdAt',
] as const satisfies readonly (keyof Journey)[]

/** The journeys of the profiles, of each at most `limit`. */
export function findJourneyPages(
  sql: Sql,
  accountId: string,
  { ids, after, before, order, limit }: IdPage & { ids: readonly string[] },
): Promise<JourneyRow[]> {
  return sql.$queryRaw<JourneyRow[]>`
    SELECT own.* FROM unnest(${ids}::uuid[]) AS parent (id)
    CROSS JOIN LATERAL (
      SELECT account_id AS "accountId", id, profile_id AS "profileId", campaign_id AS "campaignId", definition, role, key,
        relationship_id AS "relationshipId", state, started_at AS "startedAt", last_activity_at AS "lastActivityAt",
        exited_at AS "exitedAt", created_at AS "createdAt"
      FROM journey
      WHERE journey.account_id = ${accountId}::uuid AND journey.profile_id = parent.id AND journey.id > ${after}::uuid AND journey.id < ${before}::uuid
      ORDER BY journey.id ${directions[order]} LIMIT ${limit}::int
    ) AS own
    ORDER BY own.id ${directions[order]}`
}
