// What the server does by itself every few hours: partitions ahead, months that are no longer kept, idempotency keys. Where the
// tables are busy it gives way, and comes back soon.

import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { Log } from '../../platform/log.ts'
import { sqlState } from '../../platform/retry.ts'
import { dropPartitions, findStrays, firstMonthKept, makePartitions } from './partitions.ts'
import { deleteOldKeys } from './sql.ts'

export interface House {
  system: PrismaClient
  log: Log
  /** Whole months that events are kept after theirs; undefined: for ever. */
  retentionMonths: number | undefined
}

const roundMs = 6 * 3_600_000
const soonMs = 60_000
const keysKeptMs = 30 * 24 * 3_600_000
const lockNotThere = '55P03'

/**
 * One round; returns whether everything was done. What goes wrong with the months is logged, for the tables are as usable as
 * before; throws where they are not.
 */
export async function keepHouse(house: House, now: Date): Promise<boolean> {
  const { system, log, retentionMonths } = house
  const firstKept = retentionMonths === undefined ? undefined : firstMonthKept(now, retentionMonths)
  // A key never outlives the event that it stands for.
  await deleteOldKeys(system, new Date(Math.max(now.getTime() - keysKeptMs, firstKept?.getTime() ?? 0)))
  const isMade = await attempt(house, 'making partitions ahead', () => makePartitions(system, now))
  const isDropped =
    firstKept === undefined ||
    (await attempt(house, 'dropping months that are no longer kept', async () => {
      const names = await dropPartitions(system, firstKept)
      if (names.length) log.info({ names }, 'dropped months that are no longer kept')
    }))
  const strays = await findStrays(system)
  if (strays.length) log.warn({ tables: strays }, 'the default partition holds rows: no month was there for them')
  return isMade && isDropped
}

async function attempt({ log }: House, what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (sqlState(error) === lockNotThere) log.warn(`${what}: the tables are busy; it is tried again in a minute`)
    else log.error({ err: error }, `${what} failed; it is tried again in a minute`)
    return false
  }
}

/** The first round now, the others every few hours, or in a minute where the tables were busy; returns how to end them. */
export async function openHouse(house: House): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  const next = (ms: number) => {
    timer = setTimeout(() => void round(), ms).unref()
  }
  const round = async () => {
    const isDone = await keepHouse(house, new Date()).catch((error: unknown) =>
      house.log.error({ err: error }, 'house keeping failed; it is tried again'),
    )
    if (timer) next(isDone ? roundMs : soonMs)
  }
  next((await keepHouse(house, new Date())) ? roundMs : soonMs)
  return () => {
    clearTimeout(timer)
    timer = undefined
  }
}
