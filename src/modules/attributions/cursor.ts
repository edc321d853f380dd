// Cursors of the attributions' feed, the same for pages and for the subscription: (epoch, position).

import { ApiError } from '../../errors.ts'
import { encodeCursor, type Keyset, keyInCursor } from '../../keyset.ts'

const tag = 'attributions'

export interface FeedPlace {
  accountId: string
  epoch: number
}

const keyOf = ({ epoch }: FeedPlace, position: bigint) => `${epoch}.${position}`

export const feedCursor = (place: FeedPlace, position: bigint): string =>
  encodeCursor({ tag, accountId: place.accountId }, keyOf(place, position))

/** The position in a cursor. BAD_INPUT for one of another list or account; CURSOR_EXPIRED for one of a history that is gone. */
export function positionIn(place: FeedPlace, cursor: string, field = 'after'): bigint {
  const position = parse(place, keyInCursor({ tag, accountId: place.accountId }, cursor))
  if (position === undefined) throw new ApiError('BAD_INPUT', 'not a cursor of this list', { field })
  return position
}

/** Pages of attributions, oldest first. */
export function feedKeyset<Row extends { position: bigint }>(place: FeedPlace): Keyset<Row> {
  return {
    tag,
    accountId: place.accountId,
    column: 'position',
    keyOf: ({ position }) => keyOf(place, position),
    valueOf: (key) => parse(place, key),
  }
}

function parse(place: FeedPlace, key: string | undefined): bigint | undefined {
  const [, epoch, position] = /^(\d{1,9})\.(\d{1,18})$/.exec(key ?? '') ?? []
  if (epoch === undefined || position === undefined) return undefined
  if (Number(epoch) !== place.epoch) throw expired(feedCursor(place, 0n))
  return BigInt(position)
}

/** What a reader is told whose cursor cannot be continued; `earliest` is where what is left begins. */
export const expired = (earliest: string) =>
  new ApiError('CURSOR_EXPIRED', 'the cursor is older than what is kept; begin at `earliest`', {
    field: 'after',
    earliest,
  })
