// Monthly partitions of events, their decisions and the steps of journeys: made ahead, and dropped where they are no longer to be
// kept. Ids are UUIDv7, so a month is a range of ids; what falls outside every month goes to the default partition, which should
// stay empty. Neither holds up traffic: a lock that is not there at once is given up, and the work is left for the next round.

import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts'
import { firstIdAt } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'

/** Each with the column that it is partitioned by, in the order in which a month may be dropped: decisions refer to events. */
const tables = { attribution: 'event_id', event: 'id', journey_step: 'id' } as const
const monthsAhead = 2

// Any fixed number will do, as long as every server of the database takes the same lock.
const lockKey = 7_416_021_151

// While one transaction waits for the whole table, everybody who comes after it waits too. Once it has it, it may take its time.
const giveUpLock = Prisma.sql`SELECT set_config('lock_timeout', '250ms', true), set_config('statement_timeout', '0', true)`

/**
 * Makes the partitions of this month and the next two where they are missing; returns the names of those it made. Throws where
 * a table is in use throughout.
 */
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
    if (missing.length) await tx.$queryRaw(giveUpLock)
    for (const partition of missing.toSorted((a, b) => inOrder(a.table) - inOrder(b.table)))
      await makePartition(tx, partition)
    return missing.map(({ name }) => name)
  })
}

interface Partition {
  table: string
  column: string
  name: string
  month: Date
}

/** Events before the decisions that refer to them. */
const inOrder = (table: string) => -Object.keys(tables).indexOf(table)

/**
 * Rows of the month that the default partition has caught, from before a table was partitioned perhaps, move to the new one.
 * Names and bounds are made here, of digits and fixed words; a partition's definition takes no parameters.
 */
async function makePartition(tx: Transaction, { table, column, name, month }: Partition): Promise<void> {
  const run = (text: string) => tx.$executeRaw(Prisma.raw(text))
  const [from, to] = [firstIdAt(month), firstIdAt(monthAfter(month))]
  const bounds = `FOR VALUES FROM ('${from}') TO ('${to}')`
  const within = (key: string) => `WHERE "${key}" >= '${from}' AND "${key}" < '${to}'`
  const [strays] = await tx.$queryRaw<{ found: boolean }[]>(
    Prisma.raw(`SELECT EXISTS (SELECT FROM "${table}_default" ${within(column)}) AS found`),
  )
  if (!strays?.found) {
    await run(`CREATE TABLE "${name}" PARTITION OF "${table}" ${bounds}`)
    return
  }
  // Nobody adds a row while they move: it would be lost. An event is not taken away under its decisions: they step aside.
  const hasDecisions = table === 'event'
  await run(`LOCK TABLE "${table}" ${hasDecisions ? ', "attribution"' : ''} IN SHARE ROW EXCLUSIVE MODE`)
  await run(`CREATE TABLE "${name}" (LIKE "${table}" INCLUDING ALL)`)
  await run(`INSERT INTO "${name}" SELECT * FROM "${table}_default" ${within(column)}`)
  if (hasDecisions) {
    await run(
      `CREATE TEMPORARY TABLE stepped_aside ON COMMIT DROP AS SELECT * FROM "attribution" ${within('event_id')}`,
    )
    await run(`DELETE FROM "attribution" ${within('event_id')}`)
  }
  await run(`DELETE FROM "${table}_default" ${within(column)}`)
  await run(`ALTER TABLE "${table}" ATTACH PARTITION "${name}" ${bounds}`)
  if (hasDecisions) {
    await run('INSERT INTO "attribution" SELECT * FROM stepped_aside')
    await run('DROP TABLE stepped_aside')
  }
}

/**
 * Drops the months before one, the oldest first, with what the default partitions hold of them; returns the names of the dropped
 * partitions. Throws where a table is in use throughout; what was dropped by then stays dropped.
 */
export async function dropPartitions(system: PrismaClient, before: Date): Promise<string[]> {
  const rows = await system.$queryRaw<{ name: string }[]>`
    SELECT child.relname::text AS name FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
    WHERE parent.relname = ANY (${Object.keys(tables)}::text[]) AND parent.relnamespace = current_schema()::regnamespace`
  const old = rows.flatMap(({ name }) => {
    const [, table, year, month] = /^([a-z_]+)_(\d{4})_(\d{2})$/.exec(name) ?? []
    const isOld = table !== undefined && Date.UTC(Number(year), Number(month) - 1) < before.getTime()
    return isOld ? [{ table, name }] : []
  })
  const order = Object.keys(tables)
  const monthOf = (name: string) => name.slice(-7)
  old.sort((a, b) => monthOf(a.name).localeCompare(monthOf(b.name)) || order.indexOf(a.table) - order.indexOf(b.table))
  await dropStrays(system, before)
  for (const { table, name } of old) {
    await system.$transaction(async (tx) => {
      await tx.$queryRaw(giveUpLock)
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${lockKey}::bigint)`
      const [there] = await tx.$queryRaw<{ found: boolean }[]>`SELECT to_regclass(${name}) IS NOT NULL AS found`
      // Another server may have been faster.
      if (!there?.found) return
      // A partition that others refer to is dropped only by itself; that nobody refers to its rows is looked up in an index.
      await tx.$executeRaw(Prisma.raw(`ALTER TABLE "${table}" DETACH PARTITION "${name}"`))
      await tx.$executeRaw(Prisma.raw(`DROP TABLE "${name}"`))
    })
  }
  return old.map(({ name }) => name)
}

async function dropStrays(system: PrismaClient, before: Date): Promise<void> {
  for (const [table, column] of Object.entries(tables))
    await system.$executeRaw(Prisma.raw(`DELETE FROM "${table}_default" WHERE "${column}" < '${firstIdAt(before)}'`))
}

/** Tables whose default partition holds rows: no month was there for them. */
export async function findStrays(system: PrismaClient): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(tables).map(async (table) => {
      const [row] = await system.$queryRaw<{ found: boolean }[]>(
        Prisma.raw(`SELECT EXISTS (SELECT FROM "${table}_default") AS found`),
      )
      return row?.found ? [table] : []
    }),
  )
  return found.flat()
}

/** The first month that is kept, of the last so many whole ones and the one under way. */
export const firstMonthKept = (now: Date, months: number) =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months))

function months(now: Date): Date[] {
  return Array.from(
    { length: monthsAhead + 1 },
    (_, ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)),
  )
}

const monthAfter = (month: Date) => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1))

const label = (month: Date) => month.toISOString().slice(0, 7).replace('-', '_')
