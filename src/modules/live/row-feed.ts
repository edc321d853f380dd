// A subscriber's view of the feed: the rows that pass its filter, each made into an update with a cursor.

import { type Feed, feed } from '../../platform/feed.ts'
import type { Seat } from './live.ts'
import type { FeedRow, Positioned } from './sql.ts'

/** Which rows a subscriber wants. It may look things up, and is asked for a whole page at a time. */
export type RowFilter<Row extends Positioned = FeedRow> = (rows: readonly Row[]) => Promise<readonly Row[]>

export interface RowFeedOptions<Update, Row extends Positioned> {
  /** Where the subscriber begins: what comes after this position is its. */
  from: bigint
  filter: RowFilter<Row>
  update(row: Row): Update
  checkpoint(position: bigint): Update
  lagged(missed: number, resumeAfter: bigint): Update
}

/** Rows that are filtered, and messages that are made of them, together; the statements of a page look for all of them at once. */
const pageSize = 200

/** The feed leaves the seat when it is closed. */
export function rowFeed<Update, Row extends Positioned = FeedRow>(
  seat: Seat<Row>,
  options: RowFeedOptions<Update, Row>,
): Feed<Update> {
  const { from, filter, update, checkpoint, lagged } = options
  return feed({
    from,
    reached: () => seat.reached(),
    async read(after) {
      const { rows, reached } = await seat.read(after, pageSize)
      const wanted = rows.length === 0 ? rows : await filter(rows)
      return { messages: wanted.map((row) => ({ position: row.position, value: update(row) })), reached }
    },
    listen: (wake) => seat.listen(wake),
    checkpoint,
    lagged,
    close: () => seat.leave(),
  })
}
