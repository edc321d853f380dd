// Decisions by event and revision: those of a whole page of the feed by one statement.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import type { Attribution } from '../../generated/prisma/client.ts'
import type { AttributionId } from './id.ts'

export interface RowAsked {
  /** The place in the document; what is selected below it is the same for all its rows. */
  place: unknown
  /** What the field's type asks for, as the plugin gives it to a `prismaField`. */
  query: object
}

/** The row of a decision; null for one that is kept no more. All that one context asks for at a place are fetched together. */
export function decisionRow(context: Context, asked: RowAsked, id: AttributionId): Promise<Attribution | null> {
  return context.memo(asked.place, () => rowLoader(context, asked)).load(id)
}

const keyOf = ({ eventId, revision }: AttributionId) => `${eventId}.${revision}`

function rowLoader({ accountId, db }: Context, { query }: RowAsked) {
  return new DataLoader<AttributionId, Attribution | null, string>(
    async (ids) => {
      // Other revisions of the same events are few.
      const eventId = { in: [...new Set(ids.map((id) => id.eventId))] }
      const rows = await db.attribution.findMany({ ...query, where: { accountId, eventId } })
      const byKey = new Map(rows.map((row) => [keyOf(row), row as Attribution])) // With what the query selects.
      return ids.map((id) => byKey.get(keyOf(id)) ?? null)
    },
    { cacheKeyFn: keyOf },
  )
}
