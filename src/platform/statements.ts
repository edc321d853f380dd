// The hot paths' own connections to PostgreSQL: statements are prepared once a connection, and those that do not wait for one
// another's rows travel together (`Promise.all`), so that a batch costs a handful of round trips, and a nested read a few.

import type { Socket } from 'node:net'
import pg from 'pg'
import { Prisma } from '../generated/prisma/client.ts'
import type { Sql } from './database.ts'
import { sqlState } from './retry.ts'

export interface BatchPool {
  /** Runs the work in a transaction of its own, which is rolled back where the work throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  close(): Promise<void>
}

// Every look-up of a batch has its index, and plans are made once: one that was made while a table was small must not read
// the whole of it when it has grown.
export const planning = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off'

/** What is allowed beyond the time of a statement before its connection is given up. */
export const silenceMs = 5_000
/** How long one waits for a connection. */
export const connectMs = 20_000

/** `connections` batches run at a time; others wait their turn. */
export function openBatchPool(
  url: string,
  { connections, options, statementMs }: { connections: number; options: string; statementMs: number },
): BatchPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    options: `${options} ${planning}`,
    pipeline: true,
    connectionTimeoutMillis: connectMs,
    // The server ends a statement that takes too long; where the server itself has gone silent, nobody but this does.
    query_timeout: statementMs + silenceMs,
    types,
  } as pg.PoolConfig) // `pipeline` is newer than the published types.
  // A connection that breaks while nobody uses it is replaced by the next that asks.
  pool.on('error', () => undefined)
  return { transaction: (work) => inTransaction(pool, work), close: () => pool.end() }
}

/** The same on a transaction of Prisma's: statements run in the order in which they are asked for. */
export function inOrder(tx: Sql): Sql {
  let last: Promise<unknown> = Promise.resolve()
  const after = <T>(run: () => Promise<T>): Promise<T> => {
    const own = last.then(run)
    last = own.catch(() => undefined)
    return own
  }
  return {
    $queryRaw: (query, ...values) => after(() => tx.$queryRaw(query, ...values)),
    $executeRaw: (query, ...values) => after(() => tx.$executeRaw(query, ...values)),
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  const sql = statementsOn(client)
  try {
    // Not awaited: it travels with the first statements. Where it fails, so do they.
    const begun = client.query('BEGIN')
    begun.catch(() => undefined)
    const result = await work(sql)
    const { command } = await client.query('COMMIT')
    // What PostgreSQL answers where a statement failed whose failure the work did not pass on.
    if (command !== 'COMMIT') throw new Error('a transaction with a failed statement cannot be committed')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    throw sqlState(error) === alreadyFailed ? (sql.firstFailure() ?? error) : error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

/** What PostgreSQL says of every statement after the one that failed. */
const alreadyFailed = '25P02'

/** The work may hear of a later statement first: of those that travel together, whoever awaits the failed one may take longer. */
function statementsOn(client: pg.PoolClient): Sql & { firstFailure(): unknown } {
  let failure: unknown
  // Of the published types, only a client's own connection is missing.
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const run = (query: TemplateStringsArray | Prisma.Sql, values: readonly unknown[]) => {
    // What is asked in one go leaves in one write.
    stream.cork()
    process.nextTick(() => stream.uncork())
    const answer = client.query(preparedQuery(query, values))
    answer.catch((error: unknown) => {
      failure ??= error
    })
    return answer
  }
  return {
    firstFailure: () => failure,
    // The caller says what its statement gives, as with Prisma's own.
    $queryRaw: async <T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) =>
      (await run(query, values)).rows as T,
    $executeRaw: async (query, ...values) => (await run(query, values)).rowCount ?? 0,
  }
}

interface Prepared {
  name: string
  text: string
}

/** A statement as pg takes it: by a name that stands for its text, with its values as PostgreSQL reads them. */
export function preparedQuery(query: TemplateStringsArray | Prisma.Sql, values: readonly unknown[]) {
  const { name, text, given } = prepared(query, values)
  return { name, text, values: given.map(encoded) }
}

const byTemplate = new WeakMap<TemplateStringsArray, Prepared>()
const byText = new Map<string, Prepared>()

function prepared(
  query: TemplateStringsArray | Prisma.Sql,
  values: readonly unknown[],
): Prepared & { given: readonly unknown[] } {
  if (!('raw' in query)) return { ...named(query.text), given: query.values }
  // A template that is put together of others has a text of its own for each of those.
  if (values.some((value) => value instanceof Prisma.Sql)) return prepared(Prisma.sql(query, ...values), [])
  let known = byTemplate.get(query)
  if (!known) {
    known = named(query.reduce((text, part, place) => `${text}$${place}${part}`))
    byTemplate.set(query, known)
  }
  return { ...known, given: values }
}

// The sources hold some hundred statements; their texts do not depend on data, so this does not grow.
function named(text: string): Prepared {
  let known = byText.get(text)
  if (!known) {
    known = { name: `t${byText.size + 1}`, text }
    byText.set(text, known)
  }
  return known
}

/** A value as PostgreSQL reads it. Lists become array literals here, which is quicker than pg's own way for long ones. */
function encoded(value: unknown): unknown {
  if (Array.isArray(value)) return arrayLiteral(value)
  return value instanceof Date ? value.toISOString() : value
}

const arrayLiteral = (values: readonly unknown[]): string => {
  let literal = '{'
  for (let i = 0; i < values.length; i++) literal += (i === 0 ? '' : ',') + element(values[i])
  return `${literal}}`
}

function element(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return `"${value.toISOString()}"`
  if (typeof value !== 'string') return String(value)
  return value.includes('"') || value.includes('\\') ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`
}

const int8 = 20
const timestamptz = 1184

const usual: (text: string) => unknown = pg.types.getTypeParser(timestamptz, 'text')

/** An instant as PostgreSQL writes it where it speaks UTC; whatever else it writes is read as pg does, which takes longer. */
function instantOf(text: string): unknown {
  const time = text.endsWith('+00') ? Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : Number.NaN
  return Number.isNaN(time) ? usual(text) : new Date(time)
}

const own = new Map<number, (text: string) => unknown>([
  // Positions and counts are bigint, as Prisma gives them.
  [int8, BigInt],
  [timestamptz, instantOf],
])

export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') =>
    own.get(oid) ?? pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}
