// Cursors of the attributions' feed, the same for pages and for the subscription: (epoch, position).

import type { Context } from '../../context.ts'
import { ApiError } from '../../errors.ts'
import { encodeCursor, type Keyset, keyInCursor } from '../../keyset.ts'

const tagOf = ({ tag = 'attributions' }: FeedPlace) => tag

export interface FeedPlace {
  accountId: string
  epoch: number
  /** The first position that is kept; absent where the cursors are of a person's own list, which has gaps anyway. */
  earliest?: bigint
  /** Of another feed than that of attributions, what its cursors are named by. */
  tag?: string
}

/** Where cursors of the account's feed are read; what is kept of it is looked up where one was given. */
export async function feedPlace(
  { accountId, services: { live } }: Context,
  { after, before }: { after?: string | null; before?: string | null },
): Promise<FeedPlace> {
  const place = { accountId, epoch: live.epoch }
  return after == null && before == null ? place : { ...place, earliest: await live.earliest(accountId) }
}

const keyOf = ({ epoch }: FeedPlace, position: bigint) => `${epoch}.${position}`

export const feedCursor = (place: FeedPlace, position: bigint): string =>
  encodeCursor({ tag: tagOf(place), accountId: place.accountId }, keyOf(place, position))

/** The position in a cursor. BAD_INPUT for one of another list or account; CURSOR_EXPIRED for one of what is gone. */
export function positionIn(place: FeedPlace, cursor: string, field = 'after'): bigint {
  const position = parse(place, keyInCursor({ tag: tagOf(place), accountId: place.accountId }, cursor))
  if (position === undefined) throw new ApiError('BAD_INPUT', 'not a cursor of this list', { field })
  return position
}

/** Pages of attributions, oldest first. */
export function feedKeyset<Row extends { position: bigint }>(place: FeedPlace): Keyset<Row> {
  return {
    tag: tagOf(place),
    accountId: place.accountId,
    column: 'position',
    keyOf: ({ position }) => keyOf(place, position),
    valueOf: (key) => parse(place, key),
  }
}

function parse(place: FeedPlace, key: string | undefined): bigint | undefined {
  const [, epoch, position] = /^(\d{1,9})\.(\d{1,18})$/.exec(key ?? '') ?? []
  if (epoch === undefined || position === undefined) return undefined
  const { earliest = 1n } = place
  if (Number(epoch) !== place.epoch || BigInt(position) + 1n < earliest) throw expired(feedCursor(place, earliest - 1n))
  return BigInt(position)
}

/** What a reader is told whose cursor cannot be continued; `earliest` is where what is left begins. */
export const expired = (earliest: string) =>
  new ApiError('CURSOR_EXPIRED', 'the cursor is older than what is kept; begin at `earliest`', {
    field: 'after',
    earliest,
  })
