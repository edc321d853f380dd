// Rows that are refused leave no trace: what they said is unknown to every other row of the file.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
