// A statement that takes too long, and a transaction that nobody goes on with, end and let go of what they hold; callers are told to
// come again.

import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { openDatabase } from '../../src/platform/database.ts'
import { createLog } from '../../src/platform/log.ts'
import { isUnavailable } from '../../src/platform/unavailable.ts'
import { copyTemplate } from '../support/backend.ts'
import { openBrand, track, trackDocument } from '../support/brand.ts'
import { adminKey, type Caller, callerOf } from '../support/server.ts'
import { proxyToPort } from '../support/tcp-proxy.ts'

const closing: (() => Promise<void>)[] = []
let app: App
let caller: Caller
let client: pg.Client
let url: string
/** Looks at what the others do; inside a transaction it would see the same each time. */
let watcher: pg.Client
beforeAll(async () => {
  const copy = await copyTemplate(inject('template'))
  closing.push(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('this needs PostgreSQL')
  url = copy.place.url
  app = await openApp({
    config: { port: 0, host: '127.0.0.1', adminKey, redisUrl: undefined, corsOrigins: [] },
    database: { url, statementMs: 1_000 },
    log: createLog({ level: 'silent' }),
  })
  closing.push(() => app.close())
  const connect = async () => {
    const one = new pg.Client({ connectionString: url })
    await one.connect()
    closing.push(() => one.end())
    return one
  }
  client = await connect()
  watcher = await connect()
  caller = callerOf(app.url, adminKey)
  await openBrand(caller)
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

test('a caller whose statement takes too long is told to send it again, and nothing of it is left', async () => {
  const event = { name: 'click', profile: { sourceId: 'ann' }, idempotencyKey: 'once' }
  await client.query('BEGIN')
  await client.query('LOCK TABLE event, profile IN ACCESS EXCLUSIVE MODE')
  const answers = await Promise.all([
    caller.send(trackDocument, { input: event }),
    caller.send('{ profiles { edges { node { id } } } }'),
  ])
  for (const { errors } of answers)
    expect(errors[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  await client.query('COMMIT')
  expect((await track(caller, event)).replayed).toBe(false)
  expect(await app.services.database.system.event.count()).toBe(1)
})

test('a replay may take longer', async () => {
  await client.query('BEGIN')
  await client.query('LOCK TABLE journey IN ACCESS EXCLUSIVE MODE')
  const input = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) }
  const replay = 'query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { total same } }'
  const answer = caller.query(replay, { input })
  // It waits for the lock, longer than others may.
  const waited =
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND now() - query_start > interval '2 s'"
  await expect.poll(async () => (await watcher.query(waited)).rowCount, { timeout: 20_000 }).toBe(1)
  await client.query('COMMIT')
  expect((await answer).replayTargeting).toEqual({ total: 1, same: 1 })
})

test('every connection of the server has an end to its statements and to its idle transactions', async () => {
  const { database } = app.services
  const ask =
    "SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle"
  expect(await database.system.$queryRawUnsafe(ask)).toEqual([{ statement: '1s', idle: '1min' }])
  const inBatch = await database.batch(
    (sql) => sql.$queryRaw`
    SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`,
  )
  expect(inBatch).toEqual([{ statement: '1s', idle: '1min' }])
})

test('a transaction that the database ended is reported as one to try again', async () => {
  const { database } = app.services
  const ended = database.transaction(async (tx) => {
    await tx.$executeRaw`SET LOCAL idle_in_transaction_session_timeout = 50`
    const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
    const isThere = `SELECT 1 FROM pg_stat_activity WHERE pid = ${row?.pid}`
    await expect.poll(async () => (await watcher.query(isThere)).rowCount, { timeout: 10_000 }).toBe(0)
    return tx.$queryRaw`SELECT 1`
  })
  await expect(ended.catch((error: unknown) => isUnavailable(error))).resolves.toBe(true)
  expect(await database.system.account.count()).toBe(1)
})

test('a connection that goes silent is given up; whoever waits for it is told, and the next is served', async () => {
  const { port, pathname } = new URL(url)
  const proxy = await proxyToPort(Number(port))
  const database = await openDatabase({
    url: `postgresql://postgres@127.0.0.1:${proxy.port}${pathname}`,
    statementMs: 100,
  })
  const ask = () => database.batch((sql) => sql.$queryRaw<{ one: number }[]>`SELECT 1 AS one`)
  try {
    expect(await ask()).toEqual([{ one: 1 }])
    proxy.silence()
    const error = await ask().catch((failure: unknown) => failure)
    expect(isUnavailable(error)).toBe(true)
    proxy.restore()
    expect(await ask()).toEqual([{ one: 1 }])
  } finally {
    proxy.close()
    await database.close()
  }
})

test('of statements that travel together the one that failed is told of, and not those that it took with it', async () => {
  const database = await openDatabase({ url })
  closing.push(() => database.close())
  const later = async (work: Promise<unknown>) => {
    await work.finally(() => new Promise((resolve) => setImmediate(resolve)))
  }
  const failing = database.batch((sql) =>
    Promise.all([later(sql.$queryRaw`SELECT 1 / ${0}::int`), sql.$queryRaw`SELECT ${1}::int`]),
  )
  await expect(failing).rejects.toMatchObject({ code: '22012' })
})
