// Decisions about a person's later events that were taken before a late one came in.

import type { EventFacts, JsonObject, TypedTargeting } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

/** Of one profile; a late event is compared with the nearest so many. */
const maxLater = 20

interface LaterRow {
  id: string
  profileId: string
  name: string
  occurredAt: Date
  data: JsonObject
  targeting: TypedTargeting | null
  context: { userAgent?: string | null } | null
}

/**
 * The events of each profile after a time that were decided, the nearest 20, oldest first, each with the hints of its decision
 * in force; the person is the one whom
 * `rootOf` gives. Follow-ups are left out: they take over what was decided before.
 */
export async function findLaterEvents(
  tx: Sql,
  accountId: string,
  { asked, rootOf }: { asked: readonly { profileId: string; after: Date }[]; rootOf(profileId: string): string },
): Promise<EventFacts[]> {
  if (asked.length === 0) return []
  const rows = await tx.$queryRaw<LaterRow[]>`
    SELECT event.id, later.profile_id AS "profileId", event.name, event.occurred_at AS "occurredAt", event.data,
      coalesce(later.targeting, event.targeting) AS targeting, event.context
    FROM unnest(${asked.map(({ profileId }) => profileId)}::uuid[], ${asked.map(({ after }) => after)}::timestamptz[]) AS asked (profile_id, after)
    CROSS JOIN LATERAL (
      SELECT a.event_id, a.profile_id, a.occurred_at, a.trace -> 'targeting' AS targeting FROM attribution AS a
      WHERE a.account_id = ${accountId}::uuid AND a.profile_id = asked.profile_id AND a.occurred_at > asked.after
        AND a.decided_by IS DISTINCT FROM 'INHERITED'
        AND (SELECT TRUE FROM attribution AS next WHERE next.account_id = a.account_id
          AND next.event_id = a.event_id AND next.revision = a.revision + 1 LIMIT 1) IS NULL
      ORDER BY a.occurred_at LIMIT ${maxLater}::int
    ) AS later
    JOIN event ON event.account_id = ${accountId}::uuid AND event.id = later.event_id
    ORDER BY later.occurred_at, event.id`
  return rows.map(({ id, profileId, name, occurredAt, data, targeting, context }) => ({
    id,
    name,
    personId: rootOf(profileId),
    t: occurredAt.getTime(),
    data,
    ...(targeting ? { targeting } : {}),
    ...(context?.userAgent ? { userAgent: context.userAgent } : {}),
  }))
}
