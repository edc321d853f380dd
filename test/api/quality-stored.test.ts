// Values that are stored already: what the account's rules would make of them, done exactly as previewed, and a report of them.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id fields } } }'
const setNormaliser = `mutation ($input: SetFieldNormaliserInput!) {
  setFieldNormaliser(input: $input) { fieldNormaliser { field } }
}`
const setMapping = 'mutation ($input: SetValueMappingInput!) { setValueMapping(input: $input) { valueMapping { id } } }'
const preview = `mutation ($input: PreviewValueMappingsInput!) {
  previewValueMappings(input: $input) {
    plan people profiles unchanged unreadProfiles
    changes { before after profiles } unread { value problem profiles suggestion { value } }
  }
}`
const apply = `mutation ($input: ApplyValueMappingsInput!) {
  applyValueMappings(input: $input) { plan field changed skipped remaining }
}`

const store = (caller: Caller, profile: object, set: object) => caller.query(update, { input: { profile, set } })
const countryOf = async (caller: Caller, sourceId: string) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by: { sourceId } })).profile
    .fields.country
const previewed = async (caller: Caller, field = 'country') =>
  (await caller.query(preview, { input: { field } })).previewValueMappings
const applied = async (caller: Caller, plan: string) =>
  (await caller.query(apply, { input: { plan } })).applyValueMappings

const refusalOf = async (caller: Caller, document: string, variables: Record<string, unknown>) => {
  const { errors } = await caller.send(document, variables)
  expect(errors).toHaveLength(1)
  const { code, field } = errors[0]?.extensions ?? { code: '' }
  return [code, field].filter(Boolean).join(' ')
}

/** Two profiles that turn out to be one person. */
async function storeMerged(caller: Caller, sourceId: string, [first, second]: [object, object]): Promise<void> {
  await store(caller, { sourceId }, first)
  await store(caller, { deviceId: `device of ${sourceId}` }, second)
  await store(caller, { sourceId, deviceId: `device of ${sourceId}` }, {})
}

describe('a change of stored values', () => {
  let caller: Caller
  let first: string
  beforeAll(async () => {
    caller = await server.otherAccount()
    const countries = { a: 'EIRE', b: 'Ireland', c: 'IE', d: 'Channel Islands', e: 'Grmany', f: null, h: 'ireland' }
    for (const [sourceId, country] of Object.entries(countries)) await store(caller, { sourceId }, { country })
    await store(caller, { sourceId: 'g' }, { tier: 'gold' })
    await storeMerged(caller, 'm', [{ country: 'EIRE' }, { country: 'EIRE' }])
    await caller.query(setNormaliser, { input: { field: 'country', kind: 'COUNTRY' } })
  })

  test('is previewed: how many would change, from what to what, and what nobody can read', async () => {
    const { plan, ...told } = await previewed(caller)
    first = plan
    // EIRE is stored in a and in both profiles of m, who is one person.
    expect(told).toEqual({
      ...{ people: 4, profiles: 5, unchanged: 1, unreadProfiles: 2 },
      changes: [
        { before: 'EIRE', after: 'IE', profiles: 3 },
        { before: 'Ireland', after: 'IE', profiles: 1 },
        { before: 'ireland', after: 'IE', profiles: 1 },
      ],
      unread: [
        { value: 'Channel Islands', problem: 'AMBIGUOUS', profiles: 1, suggestion: null },
        { value: 'Grmany', problem: 'UNKNOWN', profiles: 1, suggestion: { value: 'DE' } },
      ],
    })
    expect(await countryOf(caller, 'a')).toBe('EIRE')
  })

  test('is done exactly as it was previewed; who changed meanwhile is left alone, and counted', async () => {
    await caller.query(setMapping, { input: { field: 'country', raw: 'channel islands', value: 'Jersey' } })
    const { plan, profiles, unread } = await previewed(caller)
    expect([profiles, unread.length]).toEqual([6, 1])
    await store(caller, { sourceId: 'b' }, { country: 'France' })
    await store(caller, { sourceId: 'late' }, { country: 'Frnace' })
    const done = { plan, field: 'country', changed: 5, skipped: 1, remaining: 0 }
    expect(await applied(caller, plan)).toEqual(done)
    const countries = await Promise.all(['a', 'b', 'c', 'd', 'e', 'h', 'm', 'late'].map((id) => countryOf(caller, id)))
    expect(countries).toEqual(['IE', 'FR', 'IE', 'JE', 'Grmany', 'IE', 'IE', 'Frnace'])
  })

  test('is done once: the same plan again, and an older one of the same values, change nobody', async () => {
    const { plan, profiles } = await previewed(caller)
    expect(profiles).toBe(0)
    expect(await applied(caller, plan)).toMatchObject({ changed: 0, skipped: 0, remaining: 0 })
    expect(await applied(caller, first)).toMatchObject({ changed: 0, skipped: 5, remaining: 0 })
    expect(await applied(caller, first)).toMatchObject({ changed: 0, skipped: 5, remaining: 0 })
  })

  test('is refused for fields without rules, for plans of others or of yesterday, and without the scopes', async () => {
    expect(await refusalOf(caller, preview, { input: { field: 'tier' } })).toBe('BAD_INPUT input.field')
    expect(await refusalOf(caller, apply, { input: { plan: 'first' } })).toBe('BAD_INPUT input.plan')
    expect(await refusalOf(server, apply, { input: { plan: first } })).toBe('NOT_FOUND input.plan')
    const { services } = server.app
    const today = services.now
    Object.assign(services, { now: () => new Date(today().getTime() + 86_400_001) })
    expect(await refusalOf(caller, apply, { input: { plan: first } })).toBe('NOT_FOUND input.plan')
    Object.assign(services, { now: today })
    const writer = await server.withScopes('EVENTS_WRITE')
    expect(await refusalOf(writer, preview, { input: { field: 'country' } })).toBe('FORBIDDEN')
    const reader = await server.withScopes('PROFILES_READ')
    expect(await refusalOf(reader, apply, { input: { plan: first } })).toBe('FORBIDDEN')
  })
})

test('the guide’s examples answer what it says, in their order', async () => {
  const caller = await server.otherAccount()
  await store(caller, { sourceId: 'g' }, { country: 'EIRE' })
  const guide = await readFile(path.resolve(import.meta.dirname, '../../docs/profiles.md'), 'utf8')
  const section = guide.split(/^## /m).find((part) => part.startsWith('Data quality')) ?? ''
  const examples = [...section.matchAll(/```graphql\n(.*?)```(?:\s*```json\n(.*?)```)?/gs)]
  expect(examples.length).toBe(8)
  let plan: string | undefined
  for (const [, document = '', expected] of examples) {
    const data = await caller.query(document, { plan })
    plan = data.previewValueMappings?.plan ?? plan
    if (expected !== undefined) expect(data).toEqual(JSON.parse(expected))
    if (data.applyValueMappings) expect(data.applyValueMappings).toEqual({ changed: 1, skipped: 0, remaining: 0 })
  }
})

test('a region is read with the country that is stored beside it, in the same profile', async () => {
  const caller = await server.otherAccount()
  await store(caller, { sourceId: 'a' }, { state: 'Bayern', country: 'Deutschland' })
  await store(caller, { sourceId: 'b' }, { state: 'California', country: 'USA' })
  await store(caller, { sourceId: 'c' }, { state: 'Bayern' })
  await caller.query(setNormaliser, { input: { field: 'state', kind: 'REGION', countryField: 'country' } })
  const { plan, changes, unread } = await previewed(caller, 'state')
  expect(changes).toEqual([
    { before: 'Bayern', after: 'DE-BY', profiles: 1 },
    { before: 'California', after: 'US-CA', profiles: 1 },
  ])
  expect(unread).toEqual([{ value: 'Bayern', problem: 'COUNTRY_NEEDED', profiles: 1, suggestion: null }])
  expect(await applied(caller, plan)).toMatchObject({ changed: 2 })
})

test('of thousands of people is done by two callers at once, and each person once', async () => {
  const caller = await server.otherAccount()
  const accountId = await accountOf(caller)
  await server.app.services.database.system.$executeRaw`
    INSERT INTO profile (account_id, id, fields)
    SELECT ${accountId}::uuid, gen_random_uuid(), jsonb_build_object('country', CASE n % 2 WHEN 0 THEN 'EIRE' ELSE 'USA' END)
    FROM generate_series(1, 4300) AS n`
  await caller.query(setNormaliser, { input: { field: 'country', kind: 'COUNTRY' } })
  const { plan, people, changes } = await previewed(caller)
  expect([people, changes.length]).toEqual([4300, 2])
  const both = await Promise.all([applied(caller, plan), applied(caller, plan)])
  expect(Math.max(...both.map(({ changed }) => changed))).toBe(4300)
  expect(await applied(caller, plan)).toMatchObject({ changed: 4300, skipped: 0, remaining: 0 })
  expect(await previewed(caller)).toMatchObject({ profiles: 0, unchanged: 4300 })
})
