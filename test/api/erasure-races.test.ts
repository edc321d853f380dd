// Work that goes through many people, while one of them is being erased: nothing of them is written down again.

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { backend } from '../support/backend.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  await mutate(caller, 'setFieldNormaliser', { field: 'country', kind: 'COUNTRY' })
  for (const sourceId of ['ann', 'bob']) {
    const set = { firstName: 'Adelaide', lastName: 'Quux', birthDate: '1980-02-03' }
    await mutate(caller, 'updateProfile', { profile: { sourceId }, set })
  }
  // As it was stored before there was a normaliser.
  const accountId = await accountOf(caller)
  await server.app.services.database.system.$executeRaw`
    UPDATE profile SET fields = fields || '{"country": "EIRE"}' WHERE account_id = ${accountId}::uuid`
})

const preview = () =>
  caller.query('mutation { previewValueMappings(input: { field: "country" }) { plan people } }') as Promise<{
    previewValueMappings: { plan: string; people: number }
  }>
const apply = `mutation ($input: ApplyValueMappingsInput!) { applyValueMappings(input: $input) {
  changed skipped remaining } }`

it('a plan comes to its end though somebody of it was erased since', async () => {
  const { plan } = (await preview()).previewValueMappings
  await mutate(caller, 'eraseProfile', { profile: { sourceId: 'bob' } })
  const { applyValueMappings: done } = await caller.query(apply, { input: { plan } })
  expect(done).toEqual({ changed: 1, skipped: 0, remaining: 0 })
})

describe.runIf(backend() === 'postgresql')('a person who is erased at that very moment', () => {
  /** Begins the work while an erasure has blanked everybody and is about to commit; returns when both are done. */
  async function during<T>(work: () => Promise<T>): Promise<T> {
    const { system } = server.app.services.database
    const accountId = await accountOf(caller)
    const waiting = async () => {
      const [row] = await system.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      return (row?.count ?? 0) > 0
    }
    let begun: Promise<T> | undefined
    await system.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT 1 FROM profile WHERE account_id = ${accountId}::uuid ORDER BY id FOR NO KEY UPDATE`
        begun = work()
        await vi.waitUntil(waiting, { timeout: 20_000 })
        await tx.$executeRaw`UPDATE profile SET fields = '{}', erased_at = now() WHERE account_id = ${accountId}::uuid`
      },
      { timeout: 60_000, maxWait: 10_000 },
    )
    if (!begun) throw new Error('it was begun')
    return begun
  }

  const count = async (table: 'merge_key' | 'value_plan_row') =>
    (
      await server.app.services.database.system.$queryRawUnsafe<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM ${table} WHERE account_id = '${await accountOf(caller)}'`,
      )
    )[0]?.count

  it('is in no plan that was being made', async () => {
    await during(preview)
    expect(await count('value_plan_row')).toBe(0)
  })

  it('leaves no keys to the finder of duplicates', async () => {
    await during(() => caller.query('mutation { findMergeCandidates(input: {}) { seen } }'))
    expect(await count('merge_key')).toBe(0)
  })
})

it('an update tells the identifiers of its reference that were left out', async () => {
  await mutate(caller, 'updateProfile', { profile: { email: 'own@example.com' }, set: { x: 1 } })
  await mutate(caller, 'updateProfile', { profile: { sourceId: 'cid', phone: '+4917155501234' }, set: { x: 1 } })
  const document = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
    droppedIdentifiers { kind value reason } } }`
  const profile = { sourceId: 'dee', phone: '+4917155501234', deviceId: 'null' }
  const { updateProfile } = await caller.query(document, { input: { profile, set: { x: 1 } } })
  expect(updateProfile.droppedIdentifiers).toEqual([
    { kind: 'DEVICE', value: 'null', reason: 'BLOCKED_VALUE' },
    { kind: 'PHONE', value: '+4917155501234', reason: 'OWNED_BY_ANOTHER' },
  ])
})
