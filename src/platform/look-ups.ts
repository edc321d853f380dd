// Connections for look-ups: reads by index that many requests ask for at a time. Statements are prepared once a connection, and
// what is asked within one turn of the event loop, by whomever, leaves in one write. Each is a transaction of its own, so none
// sees more or less for having others beside it; what may take long must not come here, since others would wait behind it.

import type { Socket } from 'node:net'
import pg from 'pg'
import type { Sql } from './database.ts'
import { connectMs, planning, preparedQuery, silenceMs, types } from './statements.ts'

export interface LookUps extends Sql {
  close(): Promise<void>
}

export interface LookUpPlace {
  /** At most so many are open; they are opened as they are needed. */
  connections: number
  options: string
  statementMs: number
}

/** A statement fails alone, but for a broken connection, with which fail all that were on their way. */
export function openLookUps(url: string, place: LookUpPlace): LookUps {
  const lines = Array.from({ length: place.connections }, () => new Line(() => clientFor(url, place)))
  let inTurn: Line | undefined
  // All of one turn go together: a write costs as much as a look-up.
  const lineNow = (): Line => {
    if (inTurn) return inTurn
    inTurn = lines.reduce((best, line) => (line.waiting < best.waiting ? line : best))
    setImmediate(() => {
      inTurn = undefined
    })
    return inTurn
  }
  return {
    // The caller says what its statement gives, as with Prisma's own.
    $queryRaw: async <T>(...[query, ...values]: Parameters<Sql['$queryRaw']>) =>
      (await lineNow().ask(preparedQuery(query, values))).rows as T,
    $executeRaw: async (query, ...values) => (await lineNow().ask(preparedQuery(query, values))).rowCount ?? 0,
    async close() {
      await Promise.all(lines.map((line) => line.close()))
    },
  }
}

const clientFor = (url: string, { options, statementMs }: LookUpPlace) =>
  new pg.Client({
    connectionString: url,
    options: `${options} ${planning}`,
    pipeline: true,
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs + silenceMs,
    keepAlive: true,
    types,
  } as pg.ClientConfig) // `pipeline` is newer than the published types.

/** One connection, opened by the first who asks, and anew after it broke. */
class Line {
  readonly #make: () => pg.Client
  #opening: Promise<pg.Client> | undefined
  #client: pg.Client | undefined
  /** How many statements were asked and not answered yet. */
  waiting = 0

  constructor(make: () => pg.Client) {
    this.#make = make
  }

  async ask(query: ReturnType<typeof preparedQuery>): Promise<pg.QueryResult> {
    this.waiting++
    try {
      return await send(this.#client ?? (await (this.#opening ??= this.#open())), query)
    } finally {
      this.waiting--
    }
  }

  async #open(): Promise<pg.Client> {
    const client = this.#make()
    const forget = () => {
      if (this.#client === client) this.#client = undefined
      this.#opening = undefined
    }
    client.on('error', forget)
    client.on('end', forget)
    try {
      await client.connect()
    } catch (error) {
      forget()
      throw error
    }
    this.#client = client
    return client
  }

  async close(): Promise<void> {
    const client = this.#client ?? (await this.#opening?.catch(() => undefined))
    await client?.end()
  }
}

function send(client: pg.Client, query: ReturnType<typeof preparedQuery>): Promise<pg.QueryResult> {
  // Of the published types, only a client's own connection is missing.
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  stream.cork()
  setImmediate(() => stream.uncork())
  return client.query(query)
}
