import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
let server: TestServer, caller: Caller, programId: string
beforeAll(async () => { server = await startServer() })
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  programId = (await caller.query('mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }', { input: { name: 'Shop', labels: ['shop'] } })).createProgram.program.id
})
const all = ['signup', 'purchase', 'click']
const campaign = (name: string, flow: object = {}, more: object = {}) => addCampaign(caller, { programId, name, journeys: [{ name: 'flow', role: 'PARTICIPANT', events: all, ...flow }], ...more } as never)
const log = (...a: unknown[]) => process.stdout.write(`>> ${process.env.TEST_BACKEND} ${a.map((x) => (typeof x === 'string' ? x : JSON.stringify(x))).join(' ')}\n`)
const sendMany = async (events: object[]) => { const s = Date.now(); await caller.query('mutation ($i: TrackEventsInput!) { trackEvents(input: $i) { results { error { code } } } }', { i: { events } }); return Date.now() - s }
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))

test('subscription', { timeout: 300_000 }, async () => {
  await campaign('Only')
  const N = 15000
  for (let k = 0; k < N / 500; k++) await sendMany(Array.from({ length: 500 }, (_, i) => ({ name: 'click', profile: { sourceId: `p${(k * 500 + i) % 5000}` } })))
  const { database } = server.app.services
  let count = 0, open = 0
  const transaction = database.transaction.bind(database)
  Object.assign(database, { transaction: async (w: never) => { count++; open++; try { return await transaction(w) } finally { open-- } } })
  const sub = 'subscription ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { done processed total } }'
  const variables = { input: { from: new Date(Date.now() - 3600000).toISOString(), to: new Date(Date.now() + 3600000).toISOString() } }
  const client = caller.socket()
  const t = Date.now(); const got: any[] = []
  for await (const m of client.iterate<any>({ query: sub, variables })) got.push([Date.now() - t, m.data?.replayTargeting?.processed])
  log('full', got, 'tx', count); count = 0
  for (const how of ['return', 'terminate', 'revoke']) {
    count = 0
    const admin = caller
    const made = await admin.query('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }', { input: { name: 'x', scopes: ['ATTRIBUTIONS_READ'] } })
    const own = server.as(made.createApiKey.secret)
    const c = own.socket()
    const it = c.iterate<any>({ query: sub, variables })
    const first = await it.next()
    const s = Date.now()
    const rest: any[] = []
    const drain = how === 'return' ? Promise.resolve() : (async () => { try { for (;;) { const m = await it.next(); if (m.done) { rest.push('done'); break } rest.push(m.value?.data?.replayTargeting ?? m.value) } } catch (e: any) { rest.push(['thrown', e?.code ?? String(e?.message ?? e), e?.reason]) } })()
    if (how === 'return') await it.return?.()
    if (how === 'terminate') c.terminate()
    if (how === 'revoke') await admin.query('mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { id } } }', { input: { id: made.createApiKey.apiKey.id } }).catch((e) => log('revoke', String(e)))
    await sleep(30)
    const at = count
    await drain
    await sleep(2500)
    log(how, 'first', first.value?.data, 'tx soon after', at, 'end', count, 'open', open, 'rest', rest.slice(-2), Date.now() - s)
    await c.dispose()
  }
  Object.assign(database, { transaction })
  let isDone = false
  const works = [1, 2, 3].map(async () => { for await (const _ of client.iterate({ query: sub, variables })) { /* */ } })
  Promise.all(works).then(() => { isDone = true })
  const waits: number[] = []
  const s = Date.now()
  while (!isDone) { const b = Date.now(); await track(caller, { name: 'click', profile: { sourceId: 'zz' } }); waits.push(Date.now() - b) }
  log('three replays took', Date.now() - s, 'trackEvent n', waits.length, 'worst', waits.sort((a, b) => b - a).slice(0, 5))
  await client.dispose()
})
test('late cost', { timeout: 300_000 }, async () => {
  const at = (n: number) => new Date(Date.UTC(2026, 2, 1) + n * 3_600_000).toISOString()
  const one = (n: number, who: string, name = 'click') => ({ name, profile: { sourceId: who }, occurredAt: at(n), data: { total: 5, currency: 'EUR', order_id: `${who}${n}` } })
  await campaign('A', { inactivityDays: 2 })
  await campaign('O', { events: ['click', 'signup'], entry: { order: { aggregate: 'COUNT', op: 'GTE', value: 3 } } })
  const P = 200
  for (let k = 0; k < 60; k++) await sendMany(Array.from({ length: P }, (_, i) => one(k, `w${i}`, 'purchase')))
  log('200 people in order', await sendMany(Array.from({ length: P }, (_, i) => one(100, `w${i}`))))
  log('200 people late, before 20 of 60', await sendMany(Array.from({ length: P }, (_, i) => one(40.5, `w${i}`))))
  for (let k = 0; k < 3; k++) await sendMany(Array.from({ length: 500 }, (_, i) => one(k * 500 + i, 'big', 'purchase')))
  log('big in order', await sendMany([one(5000, 'big')]))
  log('big late', await sendMany([one(1400.5, 'big')]))
  log('big 500 late', await sendMany(Array.from({ length: 500 }, (_, i) => one(1400.25 - i, 'big'))))
})
test('one with many', { timeout: 300_000 }, async () => {
  await campaign('A', { inactivityDays: 2 }); await campaign('O', { entry: { all: [{ event: { name: 'click', atLeast: 2 } }, { quality: { is: 'HIGH', atLeast: 2 } }, { order: { aggregate: 'COUNT', op: 'GTE', value: 3 } }] } })
  for (let k = 0; k < 12; k++) await sendMany(Array.from({ length: 500 }, (_, i) => ({ name: i % 3 ? 'click' : 'purchase', profile: { sourceId: 'bot' }, data: { total: 2, currency: 'EUR', order_id: `${k}-${i}` } })))
  const s = Date.now()
  let worst = 0, last = Date.now(); const tick = setInterval(() => { worst = Math.max(worst, Date.now() - last); last = Date.now() }, 10)
  const r = await caller.send('query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { processed same drifted changed samples { difference kind recorded { campaign { name } } campaign { name } } } }', { input: { from: new Date(Date.now() - 3600000).toISOString(), to: new Date(Date.now() + 3600000).toISOString() } })
  clearInterval(tick)
  log('6000 of one', Date.now() - s, 'ms, loop blocked', worst, JSON.stringify(r.data ?? r.errors).slice(0, 500))
})
