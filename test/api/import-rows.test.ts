// Rows that are refused leave no trace: what they said is unknown to every other row of the file.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { track } from '../support/brand.ts'
import { bringIn, commit, rowsOf } from '../support/imports.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const at = (caller: Caller) => ({ caller, url: server.url })
const store = async (caller: Caller, profile: object, set: object): Promise<string> =>
  (
    await caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
      input: { profile, set },
    })
  ).updateProfile.profile.id
const fieldsOf = async (caller: Caller, by: object) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by })).profile?.fields ?? null

interface Told {
  outcome: string
  code: string | null
}

const told = async (caller: Caller, id: string) =>
  (await rowsOf(caller, id)).map(({ outcome, code }: Told) => (code === null ? outcome : `${outcome} ${code}`))

describe('a row that is refused', () => {
  test('for identifiers of two people does not make them one for the rows behind it', async () => {
    const caller = await server.otherAccount()
    const s = await store(caller, { sourceId: 's' }, {})
    const a = await store(caller, { email: 'a@example.com' }, {})
    const file = `id,sourceId,email,tier\n,s,a@example.com,none\n${a},,,gold\n${s},,,tin\n`
    const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', faultCode: null })
    expect(await told(caller, done.id)).toEqual(['REJECTED CONFLICT', 'UPDATED', 'UPDATED'])
    expect(await fieldsOf(caller, { sourceId: 's' })).toEqual({ tier: 'tin' })
    expect(await fieldsOf(caller, { email: 'a@example.com' })).toEqual({ tier: 'gold' })
  })

  test('of events takes no other event of its person with it', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 's' }, {})
    await store(caller, { deviceId: 'device-1' }, {})
    await store(caller, { sourceId: 'e', email: 'e@example.com' }, {})
    const line = (name: string, who: object) =>
      JSON.stringify({ event: name, occurredAt: '2026-03-10T12:00:00Z', ...who })
    const file = [
      line('first', { sourceId: 's' }),
      line('both', { sourceId: 's', deviceId: 'device-1' }),
      line('device', { deviceId: 'device-1' }),
      line('rival', { sourceId: 's', email: 'e@example.com' }),
      line('last', { sourceId: 's' }),
    ].join('\n')
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN' }, file)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', faultCode: null })
    expect(await told(caller, done.id)).toEqual([
      'CREATED',
      'REJECTED CONFLICT',
      'CREATED',
      'REJECTED CONFLICT',
      'CREATED',
    ])
  })

  test('by the strategy names nobody', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'known' }, {})
    const unknown = '{"sourceId":"new","phone":"+4915112345678"}\n{"sourceId":"known","phone":"+4915112345678"}'
    const updated = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN', strategy: 'UPDATE_ONLY' }, unknown)
    expect(await told(caller, updated.id)).toEqual(['SKIPPED UNKNOWN', 'REJECTED DUPLICATE'])
    const events = unknown.replaceAll('{', '{"event":"visit","occurredAt":"2026-03-10T12:00:00Z",')
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN', strategy: 'UPDATE_ONLY' }, events)
    expect(await told(caller, done.id)).toEqual(['SKIPPED UNKNOWN', 'CREATED'])
  })

  test('since its person changed after the plan gives no identifier to the row behind it', async () => {
    const caller = await server.otherAccount()
    const s = await store(caller, { sourceId: 's' }, { tier: 'tin' })
    const file = `[{"sourceId":"s","email":"new@example.com","tier":"gold"},{"sourceId":"t","tier":"gold"}]`
    const lines = (JSON.parse(file) as object[]).map((row) => JSON.stringify(row)).join('\n')
    const planned = await bringIn(at(caller), { kind: 'PEOPLE' }, lines)
    await store(caller, { id: s }, { tier: 'silver' })
    const done = await commit(caller, planned.id)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', faultCode: null })
    expect(await told(caller, planned.id)).toEqual(['REJECTED CHANGED_MEANWHILE', 'CREATED'])
    expect(await fieldsOf(caller, { email: 'new@example.com' })).toBeNull()
    expect(await fieldsOf(caller, { sourceId: 't' })).toEqual({ tier: 'gold' })
  })
})

describe('an event that comes live as well', () => {
  const file = '{"event":"visit","occurredAt":"2026-03-10T12:00:00Z","sourceId":"s","idempotencyKey":"k"}'
  const live = { name: 'visit', profile: { sourceId: 's' }, occurredAt: '2026-03-10T12:00:00Z', idempotencyKey: 'k' }
  const countOf = async (caller: Caller) =>
    (
      await caller.query(
        '{ profile(by: { sourceId: "s" }) { events(first: 9) { edges { node { channel idempotencyKey } } } } }',
      )
    ).profile.events.edges

  test('between plan and confirmation is stored once', async () => {
    const caller = await server.otherAccount()
    const planned = await bringIn(at(caller), { kind: 'EVENTS' }, file)
    expect(await told(caller, planned.id)).toEqual(['TO_CREATE'])
    await track(caller, live)
    expect(await commit(caller, planned.id)).toMatchObject({ state: 'DONE', applied: { create: 0, skip: 1 } })
    expect(await told(caller, planned.id)).toEqual(['SKIPPED DONE_BEFORE'])
    expect(await countOf(caller)).toHaveLength(1)
  })

  test('before an import that decides on its events is passed over, as the same event', async () => {
    const caller = await server.otherAccount()
    await track(caller, live)
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN', attribute: true }, file)
    expect(done).toMatchObject({ state: 'DONE', applied: { create: 0, skip: 1 } })
    expect(await countOf(caller)).toHaveLength(1)
  })

  test('after it was decided upon gets the first answer, whatever came first', async () => {
    const caller = await server.otherAccount()
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN', attribute: true }, file)
    expect(done).toMatchObject({ state: 'DONE', applied: { create: 1 } })
    const { trackEvent } = await caller.query(
      'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed event { channel } attribution { status } } }',
      { input: live },
    )
    expect(trackEvent).toMatchObject({ replayed: true, event: { channel: 'IMPORT' }, attribution: {} })
  })

  test('after it was imported without a decision is the same event, which has no first answer', async () => {
    const caller = await server.otherAccount()
    await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN' }, file)
    const document = (fields: string) =>
      `mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed ${fields} } }`
    const same = await caller.query(document('event { channel }'), { input: live })
    expect(same.trackEvent).toEqual({ replayed: true, event: { channel: 'IMPORT' } })
    const { errors } = await caller.send(document('attribution { status }'), { input: live })
    expect(errors[0]).toMatchObject({
      message: expect.stringMatching(/imported without attribution/),
      extensions: { code: 'CONFLICT' },
    })
    const otherwise = await caller.send(document(''), { input: { ...live, data: { a: 1 } } })
    expect(otherwise.errors[0]?.extensions.code).toBe('IDEMPOTENCY_CONFLICT')
  })

  test('with a key of a row that was refused may come with it', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 's' }, {})
    await store(caller, { email: 'a@example.com' }, {})
    const refused = file.replace('"sourceId":"s"', '"sourceId":"s","email":"a@example.com"')
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN' }, refused)
    expect(await told(caller, done.id)).toEqual(['REJECTED CONFLICT'])
    await track(caller, live)
    expect(await countOf(caller)).toHaveLength(1)
  })
})
