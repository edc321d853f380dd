// A PostgreSQL server that follows the primary by streaming replication. It is read from while it follows closely; while it is
// away, or behind, its reads go to the primary. The log tells when that changes.

import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/prisma/client.ts'
import type { Log } from './log.ts'

export interface Replica {
  readonly client: PrismaClient
  /** Undefined while it is not fit to be read from. */
  fit(): PrismaClient | undefined
  close(): Promise<void>
}

export interface ReplicaPlace {
  url: string
  poolSize: number
  /** Settings of its connections, as PostgreSQL takes them. */
  options: string
  /** Whom it follows. */
  primary: PrismaClient
  log: Log
}

const lookMs = 1_000
/** How far behind it may be, in seconds. */
const maxLag = 10

/** Looks at the replica once, then every second. Never rejects: a replica that is away may come. */
export async function openReplica({ url, poolSize, options, primary, log }: ReplicaPlace): Promise<Replica> {
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: poolSize, options, connectionTimeoutMillis: lookMs }),
  })
  let problem: string | undefined = 'not looked at yet'
  const due = milestones(primary)
  const look = async () => {
    const found = await problemOf(client, await due())
    if (found !== problem) {
      if (found) log.warn({ problem: found }, 'the replica is not read from; the primary answers in its place')
      else log.info('the replica is read from')
    }
    problem = found
  }
  await look()
  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }, lookMs)
  timer.unref()
  return {
    client,
    fit: () => (problem === undefined ? client : undefined),
    async close() {
      clearInterval(timer)
      await looking
      await client.$disconnect()
    },
  }
}

/**
 * Asks the primary where it is, each time; tells where it was so long ago that the replica must have come there. What the replica
 * was last sent does not tell: where its connection is dead it has replayed all of it, and where nothing is written nothing is sent.
 */
function milestones(primary: PrismaClient): () => Promise<string | null> {
  let passed: string | null = null
  const ahead: { at: number; position: string }[] = []
  return async () => {
    try {
      const [row] = await primary.$queryRaw<{ position: string }[]>`SELECT pg_current_wal_lsn()::text AS position`
      if (row) ahead.push({ at: performance.now(), position: row.position })
    } catch {
      // It is away: what it said before still holds.
    }
    while (ahead[0] && ahead[0].at <= performance.now() - maxLag * 1_000) passed = ahead.shift()?.position ?? passed
    return passed
  }
}

interface Standing {
  follows: boolean
  lag: number
  isThere: boolean
}

async function problemOf(client: PrismaClient, due: string | null): Promise<string | undefined> {
  try {
    const [row] = await client.$queryRaw<Standing[]>`
      SELECT pg_is_in_recovery() AND EXISTS (SELECT FROM pg_stat_wal_receiver) AS follows,
        CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
          ELSE coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) END::float8 AS lag,
        coalesce(pg_last_wal_replay_lsn() >= ${due}::pg_lsn, true) AS "isThere"`
    if (!row?.follows) return 'it does not follow a primary'
    return row.lag > maxLag || !row.isThere ? `it is more than ${maxLag} seconds behind` : undefined
  } catch {
    return 'it does not answer'
  }
}
