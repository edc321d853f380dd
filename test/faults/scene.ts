// What a fault happens to: a PostgreSQL, a Redis and servers of the test's own, closed in reverse order whatever became of it.

import { afterAll, describe } from 'vitest'
import { type ServerProcess, startProcess } from '../support/process.ts'
import { whyNot } from './binaries.ts'
import { smallHeap } from './memory.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { type RedisServer, startRedis } from './redis.ts'

export interface Scene {
  postgres: Postgres
  redis: RedisServer
  /** Starts a server of the scene's database. */
  serve(more?: Record<string, string>): Promise<ServerProcess>
}

const closing: (() => unknown)[] = []

/** Closes it after the file's tests. */
export const later = (close: () => unknown) => void closing.push(close)

/** Tests that need the machine's own servers; skipped, with the reason, where they are missing. */
export function describeFault(name: string, tests: () => void): void {
  const reason = whyNot()
  describe.skipIf(reason)(reason ? `${name} (${reason})` : name, () => {
    afterAll(async () => {
      for (const close of closing.splice(0).reverse()) await close()
    })
    tests()
  })
}

export async function openScene(): Promise<Scene> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  later(() => postgres.remove())
  later(() => redis.remove())
  return {
    postgres,
    redis,
    async serve(more = {}) {
      const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, LOG_LEVEL: 'fatal', ...smallHeap, ...more }
      const server = await startProcess(env)
      later(() => server.kill())
      return server
    },
  }
}
