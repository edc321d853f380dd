// The subscription `attributions`: what was decided since a cursor, then what is being decided, without gap or repetition.

import { Context } from '../../context.ts'
import type { Feed } from '../../platform/feed.ts'
import { rowFeed } from '../live/row-feed.ts'
import { expired, type FeedPlace, feedCursor, feedPlace, positionIn } from './cursor.ts'
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

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; NOT_FOUND for ids in the filter that the account does not have. */
export async function subscribeToAttributions(
  context: Context,
  args: SubscriptionArgs,
): Promise<Feed<AttributionUpdate>> {
  const { accountId, services, principal } = context
  const { live } = services
  const place = await feedPlace(context, args)
  const after = args.after == null ? undefined : positionIn(place, args.after)
  // The subscription outlives this context and its caches.
  const filter = rowFilter(() => new Context(services, principal), await checkFilter(context, args.filter ?? {}))
  const seat = await live.join(accountId, after)
  try {
    if (after !== undefined) await checkKept(context, { place, after, head: seat.reached() })
  } catch (error) {
    seat.leave()
    throw error
  }
  return rowFeed<AttributionUpdate>(seat, {
    from: after ?? seat.reached(),
    filter,
    update: ({ position, eventId, revision }) => ({
      cursor: feedCursor(place, position),
      decision: { eventId, revision },
      lagged: null,
    }),
    checkpoint: (position) => ({ cursor: feedCursor(place, position), decision: null, lagged: null }),
    lagged: (missed, resumeAfter) => {
      const resumeFrom = feedCursor(place, resumeAfter)
      return { cursor: resumeFrom, decision: null, lagged: { missed, resumeFrom } }
    },
  })
}

/** Refuses a cursor ahead of the feed, or behind what is kept of it. */
export async function checkKept(
  context: Context,
  { place, after, head }: { place: FeedPlace; after: bigint; head: bigint },
): Promise<void> {
  const { earliest = await context.services.live.earliest(place.accountId) } = place
  if (after + 1n < earliest || after > head) throw expired(feedCursor(place, earliest - 1n))
}
