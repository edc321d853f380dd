// Reads from a replica: by those who take what is a moment old, and by reports; everybody else is told what was just written. Whatever
// becomes of the replica, the primary answers.

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { createLog } from '../../src/platform/log.ts'
import { openBrand, track } from '../support/brand.ts'
import { adminKey, type Caller, callerOf } from '../support/server.ts'
import { whyNot } from './binaries.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { type Standby, startStandby } from './standby.ts'

const missing = whyNot()
if (missing) process.stdout.write(`skipped: reads from a replica, ${missing}\n`)

describe.skipIf(missing)('reads', () => {
  let primary: Postgres
  let standby: Standby
  let app: App
  let caller: Caller
  const told: { msg: string; problem?: string }[] = []

  beforeAll(async () => {
    primary = await startPostgres()
    standby = await startStandby(primary.url)
    app = await openApp({
      config: { port: 0, host: '127.0.0.1', adminKey, redisUrl: undefined, corsOrigins: [] },
      database: { url: primary.url, replicaUrl: standby.url },
      log: createLog({ level: 'info', destination: { write: (line: string) => told.push(JSON.parse(line)) } }),
    })
    caller = callerOf(app.url, adminKey)
    await openBrand(caller)
  }, 120_000)
  afterAll(async () => {
    await app?.close()
    await standby?.remove()
    await primary?.remove()
  })

  const list = '{ attributions(first: 100) { edges { node { event { name } } } } }'

  /** What a caller reads who takes what is a moment old. */
  async function fromReplica(query: string, body: object = {}) {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${adminKey}`,
        'x-read-from': 'replica',
      },
      body: JSON.stringify({ query, ...body }),
    })
    return response.json()
  }
  const sizeOf = ({ attributions }: { attributions: { edges: object[] } }) => attributions.edges.length
  const fresh = async () => sizeOf(await caller.query(list))
  const stale = async () => sizeOf((await fromReplica(list)).data ?? { attributions: { edges: [] } })

  /** The last that was said of the replica. */
  const lastWord = () => told.findLast(({ msg, problem }) => problem !== undefined || msg.includes('replica'))

  async function until(what: string, holds: () => Promise<boolean> | boolean) {
    for (const deadline = Date.now() + 50_000; !(await holds()); await pause(50))
      if (Date.now() > deadline) throw new Error(`${what} did not come`)
  }
  const hum = () => track(caller, { name: 'hum', profile: { sourceId: 'ann' } })

  test('are told what was just written, unless they take what is a moment old', async () => {
    await hum()
    await until('the event on the replica', async () => (await stale()) === 1)
    await standby.hold()
    await hum()
    expect([await fresh(), await stale()]).toEqual([2, 1])
  })

  test('of reports come from the replica by themselves; a mutation’s do not, whatever it asks for', async () => {
    const { unattributedInbox } = await caller.query(
      '{ unattributedInbox { totals { events } edges { node { people samples { id } } } } }',
    )
    expect(unattributedInbox.totals.events).toBe(1)
    expect(unattributedInbox.edges).toMatchObject([{ node: { people: 1, samples: [{ id: expect.any(String) }] } }])
    const range = { from: new Date(Date.now() - 3_600_000), to: new Date() }
    const replay = 'query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { total done } }'
    const { replayTargeting } = await caller.query(replay, { input: range })
    expect(replayTargeting).toEqual({ total: 1, done: true })
    const document = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { fields } } }'
    const input = { profile: { sourceId: 'zoe' }, set: { tier: 'gold' } }
    const { data } = await fromReplica(document, { variables: { input } })
    expect(data.updateProfile.profile.fields).toEqual({ tier: 'gold' })
  })

  test('go to the primary while the replica is far behind, and back when it has come up', {
    timeout: 120_000,
  }, async () => {
    await until('word of the lag', () => told.some(({ problem }) => problem?.includes('behind') === true))
    expect(await stale()).toBe(2)
    await standby.goOn()
    await until('word that it came up', () => lastWord()?.msg === 'the replica is read from')
    expect(await stale()).toBe(2)
  })

  test('go to the primary while the replica’s connection is dead, though it has replayed all that it was sent', {
    timeout: 120_000,
  }, async () => {
    const { system } = app.services.database
    const [sender] = await system.$queryRaw<{ pid: number }[]>`SELECT pid FROM pg_stat_replication`
    if (!sender) throw new Error('nobody follows')
    process.kill(sender.pid, 'SIGSTOP')
    try {
      await system.$executeRaw`UPDATE feed_epoch SET since = since`
      await until('word of the lag', () => lastWord()?.problem?.includes('behind') === true)
    } finally {
      process.kill(sender.pid, 'SIGCONT')
    }
    await until('word that it came up', () => lastWord()?.msg === 'the replica is read from')
    expect(await stale()).toBe(2)
  })

  test('go to the primary while the replica is away, and back when it has come', { timeout: 120_000 }, async () => {
    await standby.stop()
    await until('word that it is away', () => lastWord()?.problem === 'it does not answer')
    await hum()
    expect([await fresh(), await stale()]).toEqual([3, 3])
    await standby.start()
    await until('word that it is back', () => lastWord()?.msg === 'the replica is read from')
    await standby.hold()
    await hum()
    expect([await fresh(), await stale()]).toEqual([4, 3])
    await standby.goOn()
  })

  test('that meet the end of the replica are told to come again, and then are answered', {
    timeout: 120_000,
  }, async () => {
    const answers: { data?: unknown; errors?: { extensions: { code: string; retryable: boolean } }[] }[] = []
    let isStopped = false
    const reading = (async () => {
      while (!isStopped || answers.at(-1)?.errors) answers.push(await fromReplica(list))
    })()
    await until('a first answer', () => answers.length > 3)
    await standby.stop()
    isStopped = true
    await reading
    const codes = new Set(
      answers.flatMap(({ errors = [] }) =>
        errors.map(({ extensions }) => `${extensions.code} ${extensions.retryable}`),
      ),
    )
    expect([...codes].filter((code) => code !== 'UNAVAILABLE true')).toEqual([])
    expect(await stale()).toBe(4)
  })
})
