// The order that an event told of: the first change that an event makes bears its id.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'

/** The order's id; null for an event that told of none. All events of the operation are looked up by one statement. */
export const orderOfEvent = (context: Context, eventId: string): Promise<string | null> =>
  context.memo('orders of events', () => eventLoader(context)).load(eventId)

const eventLoader = ({ db, accountId }: Context) =>
  new DataLoader(async (ids: readonly string[]) => {
    const rows = await db.orderChange.findMany({
      where: { accountId, id: { in: [...ids] } },
      select: { id: true, orderId: true },
    })
    const byEvent = new Map(rows.map(({ id, orderId }) => [id, orderId]))
    return ids.map((id) => byEvent.get(id) ?? null)
  })
