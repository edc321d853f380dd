// A page of each of many people's events, in the order of receipt.

import type { Event } from '../../generated/prisma/client.ts'
import { directions, type IdPage } from '../../keyset.ts'
import type { Sql } from '../../platform/database.ts'

type EventRow = Pick<Event, (typeof eventColumns)[number]>

export const eventColumns = [
  'accountId',
  'id',
  'profileId',
  'name',
  'occurredAt',
  'receivedAt',
  'reportedAt',
  'data',
  'channel',
  'idempotencyKey',
] as const satisfies readonly (keyof Event)[]

/** The events of the profiles, of each at most `limit`. */
export function findEventPages(
  sql: Sql,
  accountId: string,
  { ids, after, before, order, limit }: IdPage & { ids: readonly string[] },
): Promise<EventRow[]> {
  return sql.$queryRaw<EventRow[]>`
    SELECT own.* FROM unnest(${ids}::uuid[]) AS parent (id)
    CROSS JOIN LATERAL (
      SELECT account_id AS "accountId", id, profile_id AS "profileId", name, occurred_at AS "occurredAt", received_at AS "receivedAt",
        reported_at AS "reportedAt", data, channel, idempotency_key AS "idempotencyKey"
      FROM event
      WHERE event.account_id = ${accountId}::uuid AND event.profile_id = parent.id AND event.id > ${after}::uuid AND event.id < ${before}::uuid
      ORDER BY event.id ${directions[order]} LIMIT ${limit}::int
    ) AS own
    ORDER BY own.id ${directions[order]}`
}
