// What a subscriber to decisions is sent, whatever is told of each: since a cursor, then as they come, without gap or repetition.

import type { Context } from '../../context.ts'
import type { Feed } from '../../platform/feed.ts'
import { type RowFilter, rowFeed } from '../live/row-feed.ts'
import type { FeedRow } from '../live/sql.ts'
import { expired, type FeedPlace, feedCursor, feedPlace, positionIn } from './cursor.ts'

/** One message: what is told of a decision, a gap, or neither (a checkpoint). The cursor is where to go on from after it. */
export interface CursorUpdate<Told> {
  cursor: string
  told: Told | null
  lagged: { missed: number; resumeFrom: string } | null
}

export interface CursorFeedOptions<Told> {
  after?: string | null
  filter: RowFilter
  tell(row: FeedRow): Told
}

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them. */
export async function cursorFeed<Told>(
  context: Context,
  { after: cursor, filter, tell }: CursorFeedOptions<Told>,
): Promise<Feed<CursorUpdate<Told>>> {
  const { accountId, services } = context
  const place = await feedPlace(context, { after: cursor })
  const after = cursor == null ? undefined : positionIn(place, cursor)
  const seat = await services.live.join(accountId, after)
  try {
    if (after !== undefined) await checkKept(context, { place, after, head: seat.reached() })
  } catch (error) {
    seat.leave()
    throw error
  }
  return rowFeed<CursorUpdate<Told>>(seat, {
    from: after ?? seat.reached(),
    filter,
    update: (row) => ({ cursor: feedCursor(place, row.position), told: tell(row), lagged: null }),
    checkpoint: (position) => ({ cursor: feedCursor(place, position), told: null, lagged: null }),
    lagged: (missed, resumeAfter) => {
      const resumeFrom = feedCursor(place, resumeAfter)
      return { cursor: resumeFrom, told: null, lagged: { missed, resumeFrom } }
    },
  })
}

/** Refuses a cursor ahead of the feed, or behind what is kept of it. */
async function checkKept(
  context: Context,
  { place, after, head }: { place: FeedPlace; after: bigint; head: bigint },
): Promise<void> {
  const { earliest = await context.services.live.earliest(place.accountId) } = place
  if (after + 1n < earliest || after > head) throw expired(feedCursor(place, earliest - 1n))
}
