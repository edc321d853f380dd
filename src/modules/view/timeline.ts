// A person's events with the decisions about them as one list, the newest first.

import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { decodeId } from '../../core/ids.ts'
import { foldEventName } from '../../core/names.ts'
import { badInput } from '../../errors.ts'
import { defaultPage, encodeCursor, keyInCursor, maxPage, type PageArgs } from '../../keyset.ts'
import { perPerson } from './per-person.ts'
import { findTimelines, type TimelineRow } from './sql.ts'

export interface TimelineFilter {
  types?: readonly ('ATTRIBUTED' | 'UNATTRIBUTED')[] | null
  names?: readonly string[] | null
  from?: Date | null
  to?: Date | null
}

export interface TimelineArgs extends PageArgs {
  filter?: TimelineFilter | null
}

export interface TimelinePage {
  entries: { eventId: string; cursor: string }[]
  hasNextPage: boolean
}

const tag = 'timeline'
const maxNames = 100

/** One page. `place` is where it is asked for: the arguments are the same for all people there. BAD_INPUT for a foreign cursor. */
export async function timelineOfPerson(
  context: Context,
  { place, profileId }: { place: unknown; profileId: string },
  args: TimelineArgs,
): Promise<TimelinePage> {
  const { sql, accountId } = context
  const { filter, first } = args
  if (args.last != null || args.before != null) throw badInput('read it by `first` and `after`', 'last')
  if (first != null && first < 0) throw badInput('a page has no fewer than 0 rows', 'first')
  if ((filter?.names?.length ?? 0) > maxNames) throw badInput(`over ${maxNames} names`, 'filter.names')
  const size = Math.min(first ?? defaultPage, maxPage)
  const asked = {
    names: filter?.names?.map(foldEventName) ?? null,
    statuses: filter?.types ?? null,
    from: filter?.from ?? null,
    to: filter?.to ?? null,
    after: args.after == null ? null : placeIn(accountId, args.after),
    limit: size + 1,
  }
  const rows = await perPerson(context, { key: place, profileId }, async (pairs) =>
    groupBy(await findTimelines(sql, accountId, { ...pairs, ...asked }), ({ rootId }) => rootId),
  )
  const found = rows ?? []
  return {
    entries: found.slice(0, size).map((row) => ({ eventId: row.eventId, cursor: cursorOf(accountId, row) })),
    hasNextPage: found.length > size,
  }
}

const cursorOf = (accountId: string, { at, eventId }: TimelineRow) =>
  encodeCursor({ tag, accountId }, `${at.getTime()}.${eventId}`)

function placeIn(accountId: string, cursor: string): { at: Date; eventId: string } {
  const [, time, id] = /^(-?\d{1,15})\.(.+)$/.exec(keyInCursor({ tag, accountId }, cursor) ?? '') ?? []
  const eventId = decodeId('Event', id ?? '')
  if (time === undefined || !eventId) throw badInput('not a cursor of this list', 'after')
  return { at: new Date(Number(time)), eventId }
}
