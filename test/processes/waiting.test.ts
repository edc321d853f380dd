// What happens while a server waits for PostgreSQL, and when PostgreSQL's answer is lost.

import pg from 'pg'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { createLog } from '../../src/platform/log.ts'
import { copyTemplate } from '../support/backend.ts'
import { openBrand, track, trackDocument } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { type DatabaseProxy, proxyTo } from '../support/proxy.ts'
import { adminKey, callerOf } from '../support/server.ts'
import { listAll } from '../support/stream.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(through?: (url: string) => Promise<DatabaseProxy>) {
  const copy = await copyTemplate(inject('template'))
  closing.push(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('this needs PostgreSQL')
  const { url } = copy.place
  const proxy = await through?.(url)
  if (proxy) closing.push(() => proxy.close())
  const app: App = await openApp({
    config: { port: 0, host: '127.0.0.1', adminKey, redisUrl: undefined, corsOrigins: [] },
    database: { url: proxy?.url ?? url },
    log: createLog({ level: 'silent' }),
  })
  closing.push(() => app.close())
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  closing.push(() => client.end())
  return { caller: callerOf(app.url, adminKey), client, proxy }
}

const uuidOf = (globalId: string) => Buffer.from(globalId, 'base64').toString().split(':')[1]

/** Resolves when somebody waits for a lock. */
const somebodyWaits = (client: pg.Client) =>
  expect
    .poll(async () => {
      await client.query('SELECT pg_stat_clear_snapshot()') // Inside a transaction it would be told the same again.
      const { rows } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      return rows.length
    })
    .toBeGreaterThan(0)

describe('a server that waits for a person', () => {
  it('decides by everything that the other transaction did, a merge with somebody else too', async () => {
    const { caller, client } = await open()
    await openBrand(caller)
    const known = await track(caller, { name: 'other', profile: { email: 'ann@example.com' } })
    const anonymous = await track(caller, { name: 'click', profile: { deviceId: 'd' } })
    const [survivor, loser] = [uuidOf(known.profile.id), uuidOf(anonymous.profile.id)]

    await client.query('BEGIN')
    await client.query('SELECT 1 FROM profile WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [[survivor, loser]])
    const waiting = track(caller, { name: 'click', profile: { email: 'ann@example.com' } })
    await somebodyWaits(client)
    await client.query(
      'INSERT INTO merge (account_id, loser_id, survivor_id) SELECT account_id, $1, $2 FROM profile WHERE id = $2',
      [loser, survivor],
    )
    await client.query('COMMIT')

    expect((await waiting).attribution.journey.id).toBe(anonymous.attribution.journey.id)
    const { rows } = await client.query("SELECT count(*)::int AS count FROM journey WHERE state = 'ACTIVE'")
    expect(rows).toEqual([{ count: 1 }])
  })

  it('goes on with the person whom another transaction began with the same e-mail', async () => {
    const { caller, client } = await open()
    await openBrand(caller)
    const { rows } = await client.query('SELECT id FROM account')
    const [profileId, accountId] = ['01940000-0000-7000-8000-00000000abcd', rows[0].id]
    await client.query('BEGIN')
    await client.query('INSERT INTO profile (account_id, id) VALUES ($1, $2)', [accountId, profileId])
    await client.query(
      "INSERT INTO identity (account_id, kind, value, profile_id) VALUES ($1, 'EMAIL', 'bea@example.com', $2)",
      [accountId, profileId],
    )
    const waiting = track(caller, { name: 'click', profile: { email: 'bea@example.com', deviceId: 'd' } })
    await somebodyWaits(client)
    await client.query('COMMIT')
    expect(uuidOf((await waiting).profile.id)).toBe(profileId)
    expect((await client.query('SELECT count(*)::int AS count FROM profile')).rows).toEqual([{ count: 1 }])
  })
})

describe('an answer of PostgreSQL that is lost in the COMMIT', () => {
  it('is found out: the event is answered as stored, is there once, and arrives live', async () => {
    const { caller, proxy } = await open(proxyTo)
    await openBrand(caller)
    const listener = listen(caller.socket())
    await listener.ready()
    await track(caller, { name: 'other', profile: {} }) // The rules are loaded then: the next COMMIT is that of a batch.
    const lost = proxy?.loseNextCommit()
    const { event, replayed } = await track(caller, { name: 'click', profile: { deviceId: 'd' } })
    await lost
    expect(replayed).toBe(false)
    expect((await listAll(caller)).map(({ id }) => id).slice(1)).toEqual([event.id])
    await listener.until((updates) => updates.some(({ attribution }) => attribution?.event.id === event.id))
    listener.stop()
  })
})

describe('a database that is away', () => {
  it('is said to be away, and that sending again may help', async () => {
    const { caller, proxy } = await open(proxyTo)
    await openBrand(caller)
    const input = { name: 'click', profile: { deviceId: 'd' }, idempotencyKey: 'k' }
    proxy?.close()
    const { errors } = await caller.send(trackDocument, { input })
    expect(errors[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})
