// The one door to the data: PostgreSQL by URL, or an embedded one (PGlite) in a folder that this process locks.
// Same migrations, same client, same SQL on both.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts'
import { lockFolder } from './folder-lock.ts'
import { createLog, type Log } from './log.ts'
import { openLookUps } from './look-ups.ts'
import { type MigrationConnection, migrate } from './migrations.ts'
import { openReplica } from './replica.ts'
import { inOrder, openBatchPool } from './statements.ts'
import { type AccountClient, guard } from './tenant-guard.ts'

export type { AccountClient } from './tenant-guard.ts'

/** Inside a transaction only this may be used: the embedded database has one connection, and would wait for itself. */
export type Transaction = Prisma.TransactionClient

/** What runs statements: a transaction, the system's client, and a batch's own connection do. The account is the first parameter. */
export interface Sql {
  $queryRaw<T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>
  /** Returns how many rows were written. */
  $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>
}

export type DatabasePlace =
  | PostgresPlace
  | { folder: string }
  /** An embedded database in memory, empty or from a dump of another; for tests. */
  | { memory: Blob | 'empty' }

export interface PostgresPlace {
  url: string
  /** Of a server that follows that one. */
  replicaUrl?: string | undefined
  poolSize?: number
  /** How long a statement may take; migrations and replays may take longer. */
  statementMs?: number
}

/** A database, or one that follows it. */
export interface Reads {
  /** The door of migrations, jobs and key look-up, and of statements that Prisma cannot say. */
  readonly system: PrismaClient
  /** A client that refuses every query that does not name the account. */
  forAccount(accountId: string): AccountClient
  /** For short reads by index that many ask for at a time: on PostgreSQL prepared, and sent together. */
  readonly lookUps: Sql
  /** Runs the work in one transaction; it is rolled back if the work throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

export interface Database extends Reads {
  readonly kind: 'postgresql' | 'embedded'
  /** For reads that may be a moment old: the replica while there is one that follows closely, else this database itself. */
  readonly reads: Reads
  /**
   * The same for batches of events: on PostgreSQL over connections of their own, with prepared statements and no models.
   * Statements run in the order in which they are asked for, also where nobody awaits one before the next.
   */
  batch<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** A copy of an embedded database, to open others from. */
  dump(): Promise<Blob>
  close(): Promise<void>
}

/** Opens the database and brings it to the newest migration. */
export async function openDatabase(place: DatabasePlace, log: Log = createLog({ level: 'silent' })): Promise<Database> {
  return 'url' in place ? openPostgres(place, log) : openEmbedded(place)
}

/** How many batches of a process are under way at a time. */
const batchConnections = 4

/** Over how many connections a process looks up what is read most. */
const lookUpConnections = 4

const longestStatementMs = 30_000

// So that a peer that has gone without a word is noticed, as far as the system's own patience lets it.
const probing = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }

// Compiling a statement with many conditions takes longer than running it; and none may keep what it holds for ever, nor may a
// transaction whose process has stopped speaking.
const settings = (statementMs: number) =>
  `-c jit=off -c statement_timeout=${statementMs} -c idle_in_transaction_session_timeout=${2 * longestStatementMs}`

async function openPostgres(place: PostgresPlace, log: Log): Promise<Database> {
  const { url, replicaUrl, poolSize = 10, statementMs = longestStatementMs } = place
  const options = settings(statementMs)
  const connection = new pg.Client({ connectionString: url })
  await connection.connect()
  try {
    await migrate({
      exec: (statements) => connection.query(statements),
      rows: async (query) => (await connection.query<Record<string, unknown>>(query)).rows,
    })
  } finally {
    await connection.end()
  }
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: poolSize, options, ...probing }),
  })
  const batches = openBatchPool(url, { connections: batchConnections, options, statementMs })
  const lookUps = openLookUps(url, { connections: lookUpConnections, options, statementMs })
  const replica =
    replicaUrl === undefined
      ? undefined
      : await openReplica({ url: replicaUrl, poolSize, options, primary: client, log })
  const following = replica && readsOf(replica.client, replica.client)
  return database('postgresql', readsOf(client, lookUps), {
    reads: () => (replica?.fit() ? following : undefined),
    batch: (work) => batches.transaction(work),
    dump: () => Promise.reject(new Error('only an embedded database can be dumped here; use pg_dump')),
    close: async () => {
      await replica?.close()
      await batches.close()
      await lookUps.close()
      await client.$disconnect()
    },
  })
}

async function openEmbedded(place: { folder: string } | { memory: Blob | 'empty' }): Promise<Database> {
  const lock = 'folder' in place ? await lockFolder(place.folder) : undefined
  const lite = await ('folder' in place
    ? PGlite.create(path.join(place.folder, 'postgres'))
    : PGlite.create({ dataDir: 'memory://', loadDataDir: place.memory === 'empty' ? undefined : place.memory }))
  await migrate(embeddedConnection(lite))
  const client = new PrismaClient({ adapter: new PrismaPGlite(lite) })
  return database('embedded', readsOf(client, client), {
    reads: () => undefined,
    batch: (work) => client.$transaction((tx) => work(inOrder(tx)), patience),
    dump: () => lite.dumpDataDir('none'),
    close: async () => {
      await client.$disconnect()
      if (!lite.closed) await lite.close()
      await lock?.release()
    },
  })
}

const embeddedConnection = (lite: PGlite): MigrationConnection => ({
  exec: (statements) => lite.exec(statements),
  rows: async (query) => (await lite.query<Record<string, unknown>>(query)).rows,
})

/** True when a folder holds an embedded database already; a new one takes some seconds to make. */
export const hasEmbeddedDatabase = (folder: string) => existsSync(path.join(folder, 'postgres'))

// Work waits for its turn on the one embedded connection, or for a free one of the pool.
const patience = { maxWait: 20_000, timeout: 60_000 }

interface Own extends Pick<Database, 'batch' | 'dump' | 'close'> {
  /** What follows the database, if anything does. */
  reads(): Reads | undefined
}

function database(kind: Database['kind'], first: Reads, { reads, ...own }: Own): Database {
  return {
    kind,
    ...first,
    get reads() {
      return reads() ?? first
    },
    ...own,
  }
}

function readsOf(client: PrismaClient, lookUps: Sql): Reads {
  const accounts = new Map<string, AccountClient>()
  return {
    system: client,
    lookUps,
    forAccount(accountId) {
      const known = accounts.get(accountId)
      if (known) return known
      const limited = guard(client, accountId)
      accounts.set(accountId, limited)
      return limited
    },
    transaction: (work) => client.$transaction(work, patience),
  }
}
