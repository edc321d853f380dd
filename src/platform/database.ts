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
import { type MigrationConnection, migrate } from './migrations.ts'
import { type AccountClient, guard } from './tenant-guard.ts'

export type { AccountClient } from './tenant-guard.ts'

/** Inside a transaction only this may be used: the embedded database has one connection, and would wait for itself. */
export type Transaction = Prisma.TransactionClient

export type DatabasePlace =
  | { url: string; poolSize?: number }
  | { folder: string }
  /** An embedded database in memory, empty or from a dump of another; for tests. */
  | { memory: Blob | 'empty' }

export interface Database {
  readonly kind: 'postgresql' | 'embedded'
  /** The door of migrations, jobs and key look-up; everything else goes through an account. */
  readonly system: PrismaClient
  /** A client that refuses every query that does not name the account. */
  forAccount(accountId: string): AccountClient
  /** Runs the work in one transaction; it is rolled back if the work throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** A copy of an embedded database, to open others from. */
  dump(): Promise<Blob>
  close(): Promise<void>
}

/** Opens the database and brings it to the newest migration. */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  return 'url' in place ? openPostgres(place) : openEmbedded(place)
}

// Statements here are short; compiling one with many conditions takes longer than running it.
const withoutJit = '-c jit=off'

async function openPostgres({ url, poolSize = 10 }: { url: string; poolSize?: number }): Promise<Database> {
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
    adapter: new PrismaPg({ connectionString: url, max: poolSize, options: withoutJit }),
  })
  return database('postgresql', client, {
    dump: () => Promise.reject(new Error('only an embedded database can be dumped here; use pg_dump')),
    close: () => client.$disconnect(),
  })
}

async function openEmbedded(place: { folder: string } | { memory: Blob | 'empty' }): Promise<Database> {
  const lock = 'folder' in place ? await lockFolder(place.folder) : undefined
  const lite = await ('folder' in place
    ? PGlite.create(path.join(place.folder, 'postgres'))
    : PGlite.create({ dataDir: 'memory://', loadDataDir: place.memory === 'empty' ? undefined : place.memory }))
  await migrate(embeddedConnection(lite))
  const client = new PrismaClient({ adapter: new PrismaPGlite(lite) })
  return database('embedded', client, {
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

function database(kind: Database['kind'], client: PrismaClient, own: Pick<Database, 'dump' | 'close'>): Database {
  const accounts = new Map<string, AccountClient>()
  return {
    kind,
    system: client,
    forAccount(accountId) {
      const known = accounts.get(accountId)
      if (known) return known
      const limited = guard(client, accountId)
      accounts.set(accountId, limited)
      return limited
    },
    // A batch waits for its turn on the one embedded connection, or for a free one of the pool.
    transaction: (work) => client.$transaction(work, { maxWait: 20_000, timeout: 60_000 }),
    ...own,
  }
}
