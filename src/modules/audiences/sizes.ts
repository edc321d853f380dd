// How large an audience was: its size now, less what entered and left since.

import type { Context } from '../../context.ts'
import { badInput } from '../../errors.ts'
import { findHours } from './sql.ts'

export interface Size {
  startsAt: Date
  /** At the end. */
  members: number
  entered: number
  left: number
}

const maxSizes = 1_000

/** The hours or days of the half-open span in which somebody entered or left. BAD_INPUT for a span that is none, LIMIT aside. */
export async function sizesOf(
  { sql, accountId }: Context,
  audienceId: string,
  { from, to, step }: { from: Date; to: Date; step: 'HOUR' | 'DAY' },
): Promise<Size[]> {
  if (from >= to) throw badInput('`from` is not before `to`', 'from')
  const { members, parts } = await findHours(sql, { accountId, audienceId }, { from, step })
  const sizes: Size[] = []
  let size = members
  for (const { startsAt, entered, left } of parts) {
    sizes.push({ startsAt, members: size, entered, left })
    size -= entered - left
  }
  return sizes
    .filter(({ startsAt }) => startsAt < to)
    .slice(0, maxSizes)
    .reverse()
}
