// What a team relies on that points its Segment, RudderStack or mParticle calls here, with the SDKs themselves.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, test } from 'vitest'
import { addCampaign, openBrand } from '../support/brand.ts'
import { attributionsOf, personBy, postTo } from '../support/messages.ts'
import { accountOf } from '../support/people.ts'
import { rudderSdk, segmentSdk } from '../support/sdk.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { proxyToPort } from '../support/tcp-proxy.ts'

const root = path.resolve(import.meta.dirname, '../..')

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const post = (path: string, body: unknown, key = caller.key) => postTo(`${server.url}${path}`, body, key)
const batch = (messages: object[], more: object = {}) => post('/v1/batch', { batch: messages, ...more })

const person = (by: object) => personBy(caller, by)
const namesOf = async (by: object) => (await person(by))?.events.map(({ name }: { name: string }) => name)

const attributions = () => attributionsOf(caller)

/** A server between, which loses answers. */
async function throughProxy() {
  const proxy = await proxyToPort(Number(new URL(server.url).port))
  onTestFinished(() => proxy.close())
  return { proxy, url: `http://127.0.0.1:${proxy.port}` }
}

describe('Segment’s SDK for Node', () => {
  it('sends all kinds of calls, and one person’s become one history in their order', async () => {
    await openBrand(caller)
    const { analytics, errors, finish } = segmentSdk(server.url, caller.key)
    analytics.page({ anonymousId: 'anon', name: 'Home', properties: { path: '/' } })
    analytics.track({ anonymousId: 'anon', event: 'Click' })
    analytics.identify({ userId: 'ada', anonymousId: 'anon', traits: { email: 'Ada@example.com', plan: 'pro' } })
    analytics.group({ userId: 'ada', groupId: 'acme' })
    analytics.screen({ userId: 'ada', name: 'Cart' })
    analytics.track({ userId: 'ada', event: 'Purchase', properties: { total: 9 } })
    analytics.alias({ userId: 'ada', previousId: 'phone-7' })
    analytics.track({ anonymousId: 'phone-7', event: 'Signup' })
    await finish()

    expect(errors).toEqual([])
    const names = ['page', 'click', 'identify', 'group', 'screen', 'purchase', 'alias', 'signup']
    const ada = await person({ sourceId: 'ada' })
    expect(ada.events.map(({ name }: { name: string }) => name)).toEqual(names)
    expect(ada.events[0].data).toEqual({ path: '/', name: 'Home' })
    expect(ada.fields).toEqual({ email: 'Ada@example.com', plan: 'pro' })
    const known = ada.identities.map(({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`)
    expect(known.sort()).toEqual(['DEVICE anon', 'DEVICE phone-7', 'EMAIL ada@example.com', 'SOURCE_ID ada'])
    expect((await attributions()).filter(({ status }: { status: string }) => status === 'ATTRIBUTED')).toHaveLength(3)
  })

  it('sends again what it got no answer to, and every message is stored once and in order', async () => {
    const { proxy, url } = await throughProxy()
    const sdk = segmentSdk(url, caller.key, { flushAt: 20 })
    const lost = proxy.loseAnswers(1)
    for (let n = 0; n < 20; n++) sdk.analytics.track({ userId: 'ada', event: `Step ${n}` })
    await lost
    await sdk.finish()
    expect([sdk.errors, sdk.requests]).toEqual([[], 2])
    expect(await namesOf({ sourceId: 'ada' })).toEqual(Array.from({ length: 20 }, (_, n) => `step_${n}`))
  })

  it('reports what can never be stored, and does not send it again', async () => {
    const sdk = segmentSdk(server.url, caller.key)
    sdk.analytics.track({ userId: 'ada', event: 'x'.repeat(101) })
    await sdk.finish()
    expect([sdk.errors.length, sdk.requests]).toEqual([1, 1])
  })

  it('with a key that is none gives up at once', async () => {
    const sdk = segmentSdk(server.url, 'not-a-key')
    sdk.analytics.track({ userId: 'ada', event: 'Click' })
    await sdk.finish()
    expect([sdk.errors.length, sdk.requests]).toEqual([1, 1])
  })
})

describe('RudderStack’s SDK for Node', () => {
  it('with its gzipped bodies is understood, and sends again what it got no answer to', async () => {
    const { proxy, url } = await throughProxy()
    const { analytics, finish } = rudderSdk(url, caller.key)
    const lost = proxy.loseAnswers(1)
    analytics.track({ anonymousId: 'anon', event: 'Click' })
    analytics.identify({ userId: 'ada', anonymousId: 'anon', traits: { plan: 'pro', city: 'Rome' } })
    analytics.track({ userId: 'ada', event: 'Order Completed', properties: { total: 9 }, timestamp: new Date(0) })
    await lost
    await finish()
    const ada = await person({ sourceId: 'ada' })
    expect(ada.events.map(({ name }: { name: string }) => name)).toEqual(['click', 'identify', 'order_completed'])
    expect(ada.fields).toEqual({ plan: 'pro', city: 'Rome' })
    expect(ada.events[2]).toMatchObject({ channel: 'API', occurredAt: '1970-01-01T00:00:00.000Z' })
  })
})

describe('a message', () => {
  const order = { type: 'track', userId: 'ada', event: 'Order Completed', messageId: 'm-1', properties: { total: 9 } }

  it('is known by its id, though its time is corrected anew each time it is sent', async () => {
    const timestamp = '2026-01-01T00:00:00Z'
    for (const sentAt of ['2026-01-01T00:00:01Z', '2026-01-01T00:07:00Z'])
      expect(await batch([{ ...order, timestamp }], { sentAt })).toEqual({ status: 200, body: { success: true } })
    const { events } = await person({ sourceId: 'ada' })
    expect(events).toMatchObject([{ idempotencyKey: 'm-1' }])
    expect(Date.parse(events[0].receivedAt) - Date.parse(events[0].occurredAt)).toBe(1_000)
  })

  it('with the id of another is refused, and those beside it are stored', async () => {
    await post('/v1/track', { ...order, type: undefined })
    const { status, body } = await batch([
      { ...order, event: 'Order Refunded' },
      { type: 'track', userId: 'ada', event: 'Click', messageId: 'm-2' },
      { type: 'track', event: 'Click', messageId: 'm-3' },
    ])
    expect(status).toBe(200)
    expect(body).toEqual({
      success: false,
      rejected: [
        expect.objectContaining({ index: 0, messageId: 'm-1', code: 'IDEMPOTENCY_CONFLICT' }),
        expect.objectContaining({ index: 2, messageId: 'm-3', code: 'BAD_INPUT', field: 'userId' }),
      ],
    })
    expect(await namesOf({ sourceId: 'ada' })).toEqual(['order_completed', 'click'])
  })

  it('that is alone and can never be stored is answered with 400', async () => {
    const { status, body } = await post('/v1/track', { userId: 'ada' })
    expect([status, body.rejected]).toEqual([400, [expect.objectContaining({ index: 0, field: 'event' })]])
    expect(await person({ sourceId: 'ada' })).toBeNull()
  })

  it.each<[string, object]>([
    ['data too deep', { properties: { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } } }],
    [
      'more than 200 traits',
      { type: 'identify', traits: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`t${n}`, n])) },
    ],
    ['a key that is no name', { type: 'identify', traits: JSON.parse('{"__proto__": 1}') }],
    ['a NUL in its text', { properties: { a: '\u0000' } }],
    ['half a character in its id', { userId: null, anonymousId: 'dev-\ud800' }],
    ['a NUL in the id of its user', { type: 'alias', previousId: 'old', userId: 'a\u0000' }],
    ['half a character in its messageId', { messageId: 'k\ud800' }],
    ['half a character in its name', { event: 'x\ud800' }],
    ['half a character in a hint', { integrations: { Tributary: { couponCodes: ['\ud800'] } } }],
  ])('with %s fails alone', async (_title, more) => {
    const { body } = await batch([
      { ...order, ...more },
      { ...order, messageId: 'm-2' },
    ])
    expect(body.rejected).toMatchObject([{ index: 0, code: 'BAD_INPUT' }])
    expect(await namesOf({ sourceId: 'ada' })).toEqual(['order_completed'])
  })

  it('loses from what its library collected only what cannot be stored', async () => {
    expect(await batch([{ ...order, context: { locale: 'd\u0000e\ud800' } }])).toMatchObject({
      body: { success: true },
    })
    expect(await namesOf({ sourceId: 'ada' })).toEqual(['order_completed'])
  })

  it('of an order brings its coupon as a hint', async () => {
    const { programId } = await openBrand(caller)
    const journeys = [{ name: 'coupon', role: 'PARTICIPANT', events: ['order_completed'] }]
    const campaignId = await addCampaign(caller, { programId, name: 'Coupons', journeys })
    await addCampaign(caller, { programId, name: 'Others', journeys })
    await caller.query('mutation ($input: CreateCouponInput!) { createCoupon(input: $input) { __typename } }', {
      input: { code: 'SAVE-10', campaignIds: [campaignId] },
    })
    await batch([{ ...order, properties: { coupon: 'save-10' } }])
    await batch([{ ...order, messageId: 'm-2', integrations: { Tributary: { couponCodes: ['SAVE-10'] } } }])
    const credited = { decidedBy: 'COUPON_CODE', campaign: { name: 'Coupons' } }
    expect(await attributions()).toMatchObject([credited, credited])
  })

  it('takes a key that may write events', async () => {
    const reader = await server.withScopes('ATTRIBUTIONS_READ')
    expect(await post('/v1/track', order, reader.key)).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN' } },
    })
    expect(await post('/v1/track', order, 'not-a-key')).toMatchObject({ status: 401 })
    const response = await fetch(`${server.url}/v1/t`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ ...order, writeKey: caller.key }),
    })
    expect(response.status).toBe(200)
    expect(await namesOf({ sourceId: 'ada' })).toEqual(['order_completed'])
  })

  it.each([[{ batch: {} }], [[]], ['x']])('%o is no request', async (body) => {
    expect(await post('/v1/batch', body)).toMatchObject({ status: 400, body: { success: false } })
  })

  it('may have a thousand beside it, in their order; 2,500 are the most', async () => {
    const messages = Array.from({ length: 1_001 }, (_, n) => ({ ...order, messageId: `${n}` }))
    expect(await batch(messages)).toMatchObject({ status: 200, body: { success: true } })
    const { profile } = await caller.query(
      '{ profile(by: { sourceId: "ada" }) { events(last: 2) { edges { node { idempotencyKey } } } } }',
    )
    expect(profile.events.edges.map(({ node }: { node: { idempotencyKey: string } }) => node.idempotencyKey)).toEqual([
      '999',
      '1000',
    ])
    expect(await batch(Array(2_501).fill({}))).toMatchObject({ status: 400 })
  })
})

describe('messages without ids', () => {
  // Others are always at the same as an event of this name.
  const standstill = [
    `CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE 'others came first' USING ERRCODE = 'serialization_failure'; END $$`,
    `CREATE TRIGGER standstill BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.name = 'stuck') EXECUTE FUNCTION stand_still()`,
  ]
  const step = (event: string, messageId?: string) => ({ type: 'track', userId: 'ada', event, messageId })

  it('are stored all or none, however many come in one request', async () => {
    expect(await batch(Array(501).fill(step('Step')))).toMatchObject({ status: 200, body: { success: true } })
    const accountId = await accountOf(caller)
    const transactions = await server.app.services.database.system.$queryRaw`
      SELECT count(*)::int AS events, count(DISTINCT xmin::text)::int AS transactions FROM event WHERE account_id = ${accountId}::uuid`
    expect(transactions).toEqual([{ events: 501, transactions: 1 }])
  })

  it('are named where they may be sent again and others must not; with ids the whole request may', async () => {
    const { system } = server.app.services.database
    for (const statement of standstill) await system.$executeRawUnsafe(statement)
    onTestFinished(async () => void (await system.$executeRawUnsafe('DROP TRIGGER standstill ON event')))
    const [one, stuck, two] = [step('One'), step('Stuck'), step('Two')]
    const answer = await batch([one, stuck, two])
    expect(answer).toMatchObject({ status: 200, body: { success: false } })
    expect(answer.body.rejected).toEqual([expect.objectContaining({ index: 1, code: 'UNAVAILABLE', retryable: true })])
    expect(await namesOf({ sourceId: 'ada' })).toEqual(['one', 'two'])
    expect(await batch([step('Three', 'm-3'), step('Stuck', 'm-4')])).toMatchObject({ status: 503 })
    expect(await batch([step('Stuck')])).toMatchObject({ status: 503 })
  })
})

describe('an identify', () => {
  const identify = (traits: object, messageId?: string) => ({ type: 'identify', userId: 'ada', traits, messageId })

  it('sets its traits once: sent again later it does not bring the old ones back', async () => {
    const first = identify({ plan: 'basic', city: 'Rome' }, 'm-1')
    await batch([first])
    await batch([identify({ plan: 'pro', city: null }, 'm-2')])
    await batch([first])
    expect((await person({ sourceId: 'ada' })).fields).toEqual({ plan: 'pro' })
  })

  it('of one request takes effect in its place: what comes before does not see it, what comes after does', async () => {
    const { programId } = await openBrand(caller)
    const entry = { field: { field: 'plan', op: 'EQ', value: 'pro' } }
    const journeys = [{ name: 'pro', role: 'PARTICIPANT', events: ['upgrade'], entry }]
    await addCampaign(caller, { programId, name: 'For pros', journeys })
    const track = { type: 'track', userId: 'ada', event: 'Upgrade' }
    await batch([
      track,
      identify({ plan: 'pro', size: { seats: 1 } }),
      track,
      identify({ plan: 'basic' }),
      identify({ size: 2 }),
      track,
    ])
    const statuses = (await attributions()).filter(({ event }: { event: { name: string } }) => event.name === 'upgrade')
    expect(statuses.map(({ status }: { status: string }) => status)).toEqual([
      'UNATTRIBUTED',
      'ATTRIBUTED',
      'ATTRIBUTED',
    ])
    expect((await person({ sourceId: 'ada' })).fields).toEqual({ plan: 'basic', size: 2 })
  })

  it('that would go over what a person’s fields may hold is refused, and those beside it are not', async () => {
    const large = 'x'.repeat(40_000)
    const { status, body } = await batch([identify({ a: large }), identify({ b: large }), identify({ c: 1 })])
    expect([status, body.rejected]).toEqual([200, [expect.objectContaining({ index: 1, code: 'LIMIT_EXCEEDED' })]])
    expect(Object.keys((await person({ sourceId: 'ada' })).fields)).toEqual(['a', 'c'])
  })
})

describe('an alias', () => {
  const track = (userId: string, event: string) => ({ type: 'track', userId, event })
  const alias = (previousId: string, userId: string) => ({ type: 'alias', previousId, userId })

  it.each([
    ['a known user by a new id', [track('old', 'One')], [alias('old', 'new'), track('new', 'Two')]],
    ['two known users', [track('old', 'One'), track('new', 'Two')], [alias('old', 'new')]],
    ['users of the same request', [], [track('old', 'One'), alias('old', 'new'), track('old', 'Two')]],
  ])('makes one person of %s', async (_title, before, then) => {
    if (before.length) await batch(before)
    expect(await batch(then)).toMatchObject({ body: { success: true } })
    const [one, other] = [await person({ sourceId: 'old' }), await person({ sourceId: 'new' })]
    expect(one.id).toBe(other.id)
    expect(one.events.map(({ name }: { name: string }) => name).sort()).toEqual(['alias', 'one', 'two'])
  })

  test('leaves two people two whose addresses differ', async () => {
    const identify = (userId: string) => ({ type: 'identify', userId, traits: { email: `${userId}@example.com` } })
    expect(await batch([identify('old'), identify('new'), alias('old', 'new')])).toMatchObject({ status: 200 })
    expect([await namesOf({ sourceId: 'old' }), await namesOf({ sourceId: 'new' })]).toEqual([
      ['identify'],
      ['identify', 'alias'],
    ])
  })

  it.each([
    ['is too long', 'x'.repeat(257)],
    ['cannot be stored', 'old\u0000'],
    ['is half a character short', 'old\ud800'],
  ])('from an id that %s is rejected alone', async (_title, previousId) => {
    const { status, body } = await batch([alias(previousId, 'new'), track('new', 'One')])
    expect([status, body.rejected]).toEqual([
      200,
      [expect.objectContaining({ index: 0, code: 'BAD_INPUT', field: expect.stringMatching(/^previous_?Id$/i) })],
    ])
    expect(await namesOf({ sourceId: 'new' })).toEqual(['one'])
  })

  test('of what nobody was known by names a device', async () => {
    await batch([alias('cookie', 'new'), { type: 'track', anonymousId: 'cookie', event: 'One' }])
    expect(await namesOf({ sourceId: 'new' })).toEqual(['alias', 'one'])
  })
})

describe('mParticle’s batches', () => {
  const purchase = (id: string) => ({
    event_type: 'commerce_event',
    data: {
      source_message_id: id,
      timestamp_unixtime_ms: 1_767_225_600_000,
      product_action: { action: 'purchase', transaction_id: 'T-1', total_amount: 9.5, products: [] },
      currency_code: 'EUR',
    },
  })
  const of = (customer: string, ...events: object[]) => ({
    environment: 'production',
    user_identities: { customer_id: customer, email: `${customer}@example.com` },
    user_attributes: { plan: 'pro' },
    events,
  })

  it('are stored, and known again', async () => {
    for (let n = 0; n < 2; n++)
      expect(await post('/v2/events', of('ada', purchase('m-1')))).toEqual({ status: 202, body: { success: true } })
    const ada = await person({ email: 'ada@example.com' })
    expect(ada.events).toMatchObject([
      { name: 'purchase', occurredAt: '2026-01-01T00:00:00.000Z', data: { total: 9.5, currency: 'EUR' } },
    ])
    expect(ada.fields).toEqual({ plan: 'pro' })
  })

  it('of many people come in one request, and a bad event fails alone', async () => {
    const bad = { event_type: 'screen_view', data: {} }
    const { status, body } = await post('/v2/bulkevents', [of('ada', purchase('m-1')), of('bob', bad, purchase('m-2'))])
    expect([status, body.rejected]).toEqual([
      202,
      [expect.objectContaining({ batch: 1, event: 0, field: 'screen_name' })],
    ])
    expect([await namesOf({ sourceId: 'ada' }), await namesOf({ sourceId: 'bob' })]).toEqual([
      ['purchase'],
      ['purchase'],
    ])
  })

  it('keep people apart whose ids a double would round to one', async () => {
    const text = (mpid: string) => `{"mpid":${mpid},"events":[{"event_type":"custom_event","data":{"event_name":"x"}}]}`
    for (const mpid of ['9007199254740993', '9007199254740992']) {
      const headers = { authorization: `Basic ${Buffer.from(`${caller.key}:secret`).toString('base64')}` }
      await fetch(`${server.url}/v2/events`, { method: 'POST', headers, body: text(mpid) })
    }
    expect(await namesOf({ partnerUserId: '9007199254740993' })).toEqual(['x'])
  })
})

describe('the guide to Segment', () => {
  it('shows a program that does what stands below it', async () => {
    const text = await readFile(path.join(root, 'docs/segment.md'), 'utf8')
    const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(text) ?? []
    const env = { ...process.env, TRIBUTARY_URL: server.url, TRIBUTARY_KEY: caller.key }
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: root, env })
    expect(await namesOf({ email: 'grace@example.com' })).toEqual(['page', 'identify', 'signed_up'])
    const known = await person({ deviceId: 'cookie-1' })
    expect(known.fields).toEqual({ email: 'grace@example.com', plan: 'pro' })
  })
})
