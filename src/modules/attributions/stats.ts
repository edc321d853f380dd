// The subscription `campaignStats`: what was decided, counted, as whole snapshots from the roll-ups: one at once, then one
// whenever something changed.

import type { Context } from '../../context.ts'
import { badInput } from '../../errors.ts'
import { type Feed, feed } from '../../platform/feed.ts'
import { type CountRow, readCounts } from '../counts/sql.ts'
import type { Seat } from '../live/live.ts'
import { checkFilter } from './filter.ts'

export interface StatsFilterInput {
  programIds?: readonly (string | number)[] | null
  campaignIds?: readonly (string | number)[] | null
  eventNames?: readonly string[] | null
}

export interface StatsArgs {
  since?: Date | null
  filter?: StatsFilterInput | null
}

export interface Stats {
  since: Date
  at: Date
  counts: readonly CountRow[]
}

const dayMs = 86_400_000
const maxDays = 366
/** At most two a second. */
const paceMs = 500

/** BAD_INPUT for an instant that is too long ago or to come; NOT_FOUND for ids in the filter that the account does not have. */
export async function subscribeToStats(context: Context, { since, filter }: StatsArgs): Promise<Feed<Stats>> {
  const { accountId, services, sql } = context
  const now = context.now.getTime()
  if (since && since.getTime() > now) throw badInput('that is yet to come', 'since')
  if (since && since.getTime() < now - maxDays * dayMs) throw badInput(`over ${maxDays} days ago`, 'since')
  const checked = await checkFilter(context, filter ?? {})
  const count = (from: Date) => readCounts(sql, accountId, { ...checked, since: from })
  return statsFeed(await services.live.join(accountId), { since: since ?? undefined, now: services.now, count })
}

export interface Counting {
  /** Absent: the day that it is, also when that has become another. */
  since: Date | undefined
  now(): Date
  /** How things stand now, which may be ahead of where the seat is. */
  count(since: Date): Promise<readonly CountRow[]>
}

/** Counts once for each place that the seat reaches, so that whoever is there has been given the same. It leaves the seat when it is closed. */
export function statsFeed(seat: Seat, { since, now, count }: Counting): Feed<Stats> {
  // What was given last, and at which position: who is further behind than that must be given it again, changed or not.
  let given = { text: '', position: -1n }
  let last: { stats: Stats; reached: bigint } | undefined
  return feed<Stats>({
    from: -1n,
    paceMs,
    reached: () => seat.reached(),
    async read(after) {
      const reached = seat.reached()
      const at = now()
      const from = since ?? new Date(at.getTime() - (at.getTime() % dayMs))
      const hasMoved = last?.reached !== reached
      if (!last || hasMoved || last.stats.since.getTime() !== from.getTime()) {
        last = { stats: { since: from, at, counts: await count(from) }, reached }
      }
      // On another day, whoever comes is given that day's; those who are there, when the seat has moved.
      const text = JSON.stringify([from, last.stats.counts])
      if (hasMoved && text !== given.text) given = { text, position: reached }
      return { messages: after < given.position ? [{ position: given.position, value: last.stats }] : [], reached }
    },
    listen: (wake) => seat.listen(wake),
    close: () => seat.leave(),
  })
}
