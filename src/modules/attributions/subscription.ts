// The subscription `attributions`: what was decided since a cursor, then what is being decided, without gap or repetition.

import { Context } from '../../context.ts'
import type { Seat } from '../live/live.ts'
import type { FeedRow } from '../live/sql.ts'
import { expired, type FeedPlace, feedCursor, positionIn } from './cursor.ts'
import { type AttributionFilterInput, checkFilter, rowFilter } from './filter.ts'
import type { AttributionId } from './id.ts'

/** One message: a decision, a gap, or neither (a checkpoint). The cursor is where to go on from after it. */
export interface AttributionUpdate {
  cursor: string
  decision: AttributionId | null
  lagged: { missed: number; resumeFrom: string } | null
}

export interface SubscriptionArgs {
  filter?: AttributionFilterInput | null
  after?: string | null
}

const checkpointMs = 15_000

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; NOT_FOUND for ids in the filter that the account does not have. */
export async function subscribeToAttributions(
  context: Context,
  args: SubscriptionArgs,
): Promise<AsyncIterableIterator<AttributionUpdate>> {
  const { accountId, services } = context
  const { live } = services
  const place = { accountId, epoch: live.epoch }
  const after = args.after == null ? undefined : positionIn(place, args.after)
  // The subscription outlives this context and its caches.
  const filter = rowFilter(
    () => new Context(services, context.principal),
    await checkFilter(context, args.filter ?? {}),
  )
  const seat = await live.join(accountId, { filter, after })
  try {
    if (after !== undefined) await checkKept(context, { place, after, head: seat.joinedAt })
  } catch (error) {
    seat.leave()
    throw error
  }
  const replay = after === undefined ? [] : live.replay(accountId, { after, upTo: seat.joinedAt }, filter)
  return leaving(messages(place, seat, replay), seat)
}

/** Refuses a cursor ahead of the feed, or behind what is kept of it. */
async function checkKept(
  context: Context,
  { place, after, head }: { place: FeedPlace; after: bigint; head: bigint },
): Promise<void> {
  const earliest = await context.services.live.earliest(place.accountId)
  const isBehind = earliest !== undefined && after + 1n < earliest
  if (isBehind || after > head) throw expired(feedCursor(place, (earliest ?? 1n) - 1n))
}

type Replay = AsyncIterable<readonly FeedRow[]> | Iterable<readonly FeedRow[]>

async function* messages(place: FeedPlace, seat: Seat, replay: Replay): AsyncGenerator<AttributionUpdate> {
  for await (const page of replay) for (const row of page) yield decided(place, row)
  let position = seat.joinedAt
  yield checkpoint(place, position)
  for (;;) {
    const before = seat.reached()
    const delivery = await seat.buffer.next(checkpointMs)
    if (delivery && 'item' in delivery) {
      position = delivery.item.position
      yield decided(place, delivery.item)
    } else if (delivery) {
      position = delivery.resumeAfter
      yield lagged(place, delivery)
    } else if (seat.buffer.isClosed) {
      return
    } else if (before > position) {
      // Nothing for this subscriber came up to `before`, but something for others did.
      position = before
      yield checkpoint(place, position)
    }
  }
}

const decided = (place: FeedPlace, { position, eventId, revision }: FeedRow): AttributionUpdate => ({
  cursor: feedCursor(place, position),
  decision: { eventId, revision },
  lagged: null,
})

const checkpoint = (place: FeedPlace, position: bigint): AttributionUpdate => ({
  cursor: feedCursor(place, position),
  decision: null,
  lagged: null,
})

function lagged(place: FeedPlace, { missed, resumeAfter }: { missed: number; resumeAfter: bigint }): AttributionUpdate {
  const resumeFrom = feedCursor(place, resumeAfter)
  return { cursor: resumeFrom, decision: null, lagged: { missed, resumeFrom } }
}

/** Ends at once when the reader leaves, even while it waits for the next message. */
function leaving<T>(source: AsyncGenerator<T>, seat: Seat): AsyncIterableIterator<T> {
  const iterator: AsyncIterableIterator<T> = {
    async next() {
      const result = await source.next()
      if (result.done) seat.leave()
      return result
    },
    async return() {
      seat.leave()
      return source.return(undefined)
    },
    async throw(error) {
      seat.leave()
      return source.throw(error)
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
