// Which decision about an event is in force: the newest revision.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'

/** A reference to the row in force, as the type Attribution takes it; null for an event without one. */
export async function decisionInForce(context: Context, eventId: string) {
  const revision = await context.memo('decisions in force', () => revisionLoader(context)).load(eventId)
  return revision === undefined ? null : { accountId: context.accountId, eventId, revision }
}

function revisionLoader({ db, accountId }: Context) {
  return new DataLoader(async (eventIds: readonly string[]) => {
    const rows = await db.attribution.groupBy({
      by: ['eventId'],
      where: { accountId, eventId: { in: [...eventIds] } },
      _max: { revision: true },
    })
    const revisions = new Map(rows.map((row) => [row.eventId, row._max.revision ?? undefined]))
    return eventIds.map((id) => revisions.get(id))
  })
}
