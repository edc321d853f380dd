// What a subscriber to a feed is sent, whatever is told of each row: since a cursor, then as they come, without gap or repetition.

import type { Feed } from '../../platform/feed.ts'
import type { Live } from '../live/live.ts'
import { type RowFilter, rowFeed } from '../live/row-feed.ts'
import type { Positioned } from '../live/sql.ts'
import { expired, type FeedPlace, feedCursor, positionIn } from './cursor.ts'

/** One message: what is told of a row, a gap, or neither (a checkpoint). The cursor is where to go on from after it. */
export interface CursorUpdate<Told> {
  cursor: string
  told: Told | null
  lagged: { missed: number; resumeFrom: string } | null
}

export interface CursorFeedOptions<Row extends Positioned, Told> {
  /** What the rows come from, and where its cursors are read. */
  live: Live<Row>
  place: FeedPlace
  after?: string | null
  filter: RowFilter<Row>
  tell(row: Row): Told
}

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them. */
export async function cursorFeed<Row extends Positioned, Told>(
  options: CursorFeedOptions<Row, Told>,
): Promise<Feed<CursorUpdate<Told>>> {
  const { live, place, after: cursor, filter, tell } = options
  const after = cursor == null ? undefined : positionIn(place, cursor)
  const seat = await live.join(place.accountId, after)
  try {
    if (after !== undefined) await checkKept({ live, place, after, head: seat.reached() })
  } catch (error) {
    seat.leave()
    throw error
  }
  return rowFeed<CursorUpdate<Told>, Row>(seat, {
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

interface Asked<Row extends Positioned> extends Pick<CursorFeedOptions<Row, unknown>, 'live' | 'place'> {
  after: bigint
  head: bigint
}

/** Refuses a cursor ahead of the feed, or behind what is kept of it. */
async function checkKept<Row extends Positioned>({ live, place, after, head }: Asked<Row>): Promise<void> {
  const { earliest = await live.earliest(place.accountId) } = place
  if (after + 1n < earliest || after > head) throw expired(feedCursor(place, earliest - 1n))
}
