// Look-ups share connections: those of one turn leave together, one that fails fails alone, and a connection that broke is replaced.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const lookUps = () => server.app.services.database.lookUps
const add = (a: number, b: number) => lookUps().$queryRaw<{ sum: number }[]>`SELECT ${a}::int + ${b}::int AS sum`

describe('look-ups', () => {
  test('asked for at once are each told their own answer', async () => {
    const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => add(i, 100)))
    expect(sums.map(([row]) => row?.sum)).toEqual(Array.from({ length: 50 }, (_, i) => i + 100))
  })

  test('that fail leave the others alone', async () => {
    const divided = lookUps().$queryRaw`SELECT 1 / ${0}::int AS none`
    const [failed, ...others] = await Promise.allSettled([divided, add(1, 2), add(3, 4)])
    expect(failed?.status).toBe('rejected')
    expect(others).toMatchObject([{ value: [{ sum: 3 }] }, { value: [{ sum: 7 }] }])
  })

  test('tell instants, large integers and documents as every other statement does', async () => {
    const ask = (sql: Pick<ReturnType<typeof lookUps>, '$queryRaw'>) => sql.$queryRaw`
      SELECT given.at, 9007199254740993::bigint AS position, '{"a": [1, null]}'::jsonb AS data, ARRAY['x', NULL] AS texts
      FROM unnest(ARRAY['2026-01-02T03:04:05.678Z', '0044-03-15T00:00:00Z', '9999-12-31T23:59:59.999Z', NULL]::timestamptz[]) AS given (at)`
    const told = await ask(lookUps())
    expect(told).toEqual(await ask(server.app.services.database.system))
    expect(told).toMatchObject([
      {
        at: new Date('2026-01-02T03:04:05.678Z'),
        position: 9007199254740993n,
        data: { a: [1, null] },
        texts: ['x', null],
      },
      { at: new Date('0044-03-15T00:00:00Z') },
      { at: new Date('9999-12-31T23:59:59.999Z') },
      { at: null },
    ])
  })

  test('go on over a new connection once the one that they had is cut', async () => {
    const { kind, system } = server.app.services.database
    if (kind === 'embedded') return // It has no connections.
    await add(1, 1)
    await system.$executeRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND query LIKE '%$1::int + $2::int AS sum%'`
    await expect.poll(() => add(2, 2).catch(() => 'cut'), { timeout: 20_000 }).toEqual([{ sum: 4 }])
  })
})
