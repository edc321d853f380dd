// Monthly partitions of events, their decisions and the steps of journeys, made ahead. Ids are UUIDv7, so a month is a range of ids; what falls
// outside every month goes to the default partition, which should stay empty.

import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts'
import { firstIdAt } from '../../ids.ts'

const tables = ['event', 'attribution', 'journey_step'] as const
const monthsAhead = 2

// Any fixed number will do, as long as every server of the database takes the same lock.
const lockKey = 7_416_021_151

/** Makes the partitions of this month and the next two where they are missing; returns the names of those it made. */
export async function makePartitions(system: PrismaClient, now: Date): Promise<string[]> {
  const wanted = tables.flatMap((table) =>
    months(now).map((month) => ({ table, name: `${table}_${label(month)}`, month })),
  )
  return system.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${lockKey}::bigint)`
    const rows = await tx.$queryRaw<{ name: string }[]>`
      SELECT relname::text AS name FROM pg_class WHERE relname = ANY (${wanted.map(({ name }) => name)}::text[]) AND relkind = 'r'
        AND relnamespace = current_schema()::regnamespace`
    const known = new Set(rows.map(({ name }) => name))
    const missing = wanted.filter(({ name }) => !known.has(name))
    for (const { table, name, month } of missing) {
      const [from, to] = [firstIdAt(month), firstIdAt(monthAfter(month))]
      // Names and bounds are made here, of digits and fixed words; a partition's definition takes no parameters.
      await tx.$executeRaw(
        Prisma.raw(`CREATE TABLE "${name}" PARTITION OF "${table}" FOR VALUES FROM ('${from}') TO ('${to}')`),
      )
    }
    return missing.map(({ name }) => name)
  })
}

function months(now: Date): Date[] {
  return Array.from(
    { length: monthsAhead + 1 },
    (_, ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)),
  )
}

const monthAfter = (month: Date) => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1))

const label = (month: Date) => month.toISOString().slice(0, 7).replace('-', '_')
