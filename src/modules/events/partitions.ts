// Monthly partitions of events, their decisions and the steps of journeys, made ahead. Ids are UUIDv7, so a month is a range of ids; what falls
// outside every month goes to the default partition, which should stay empty.

import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts'
import { firstIdAt } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'

/** Each with the column that it is partitioned by. */
const tables = { event: 'id', attribution: 'event_id', journey_step: 'id' } as const
const monthsAhead = 2

// Any fixed number will do, as long as every server of the database takes the same lock.
const lockKey = 7_416_021_151

/** Makes the partitions of this month and the next two where they are missing; returns the names of those it made. */
export async function makePartitions(system: PrismaClient, now: Date): Promise<string[]> {
  const wanted = Object.entries(tables).flatMap(([table, column]) =>
    months(now).map((month) => ({ table, column, name: `${table}_${label(month)}`, month })),
  )
  return system.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${lockKey}::bigint)`
    const rows = await tx.$queryRaw<{ name: string }[]>`
      SELECT relname::text AS name FROM pg_class WHERE relname = ANY (${wanted.map(({ name }) => name)}::text[]) AND relkind = 'r'
        AND relnamespace = current_schema()::regnamespace`
    const known = new Set(rows.map(({ name }) => name))
    const missing = wanted.filter(({ name }) => !known.has(name))
    for (const partition of missing) await makePartition(tx, partition)
    return missing.map(({ name }) => name)
  })
}

interface Partition {
  table: string
  column: string
  name: string
  month: Date
}

/**
 * Rows of the month that the default partition has caught, from before a table was partitioned perhaps, move to the new one.
 * Names and bounds are made here, of digits and fixed words; a partition's definition takes no parameters.
 */
async function makePartition(tx: Transaction, { table, column, name, month }: Partition): Promise<void> {
  const [from, to] = [firstIdAt(month), firstIdAt(monthAfter(month))]
  const bounds = `FOR VALUES FROM ('${from}') TO ('${to}')`
  const inMonth = `WHERE "${column}" >= '${from}' AND "${column}" < '${to}'`
  const [strays] = await tx.$queryRaw<{ found: boolean }[]>(
    Prisma.raw(`SELECT EXISTS (SELECT FROM "${table}_default" ${inMonth}) AS found`),
  )
  if (!strays?.found) {
    await tx.$executeRaw(Prisma.raw(`CREATE TABLE "${name}" PARTITION OF "${table}" ${bounds}`))
    return
  }
  await tx.$executeRaw(Prisma.raw(`CREATE TABLE "${name}" (LIKE "${table}" INCLUDING ALL)`))
  await tx.$executeRaw(Prisma.raw(`INSERT INTO "${name}" SELECT * FROM "${table}_default" ${inMonth}`))
  await tx.$executeRaw(Prisma.raw(`DELETE FROM "${table}_default" ${inMonth}`))
  await tx.$executeRaw(Prisma.raw(`ALTER TABLE "${table}" ATTACH PARTITION "${name}" ${bounds}`))
}

function months(now: Date): Date[] {
  return Array.from(
    { length: monthsAhead + 1 },
    (_, ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)),
  )
}

const monthAfter = (month: Date) => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1))

const label = (month: Date) => month.toISOString().slice(0, 7).replace('-', '_')
