// Bounds and windows of what is counted, as SQL.

import { boundsOf, windowMs } from '../../core/rules/counts.ts'
import type { CountBounds } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'

/** True of a count within the bounds. */
export function withinBounds(count: Prisma.Sql, bounds: CountBounds): Prisma.Sql {
  const { least, most } = boundsOf(bounds)
  const isEnough = Prisma.sql`${count} >= ${least}::int`
  return most === null ? Prisma.sql`(${isEnough})` : Prisma.sql`(${isEnough} AND ${count} <= ${most}::int)`
}

/** True of times from so many days before now, where the rule says so, up to now, both included. */
export function isWithin(time: Prisma.Sql, rule: Pick<CountBounds, 'withinLastDays'>, now: Date): Prisma.Sql {
  const isPast = Prisma.sql`${time} <= ${now}::timestamptz`
  const back = windowMs(rule)
  if (back === Number.POSITIVE_INFINITY) return isPast
  // Times are whole milliseconds.
  const from = new Date(Math.ceil(now.getTime() - back))
  return Prisma.sql`(${isPast} AND ${time} >= ${from}::timestamptz)`
}
