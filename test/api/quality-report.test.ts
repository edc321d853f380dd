// Reports over all people of an account: how good the values of fields are, and whether there are orders enough to predict from.
// Expected figures are worked out by hand.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { newId } from '../../src/ids.ts'
import { onlineRetailCountries } from '../core/online-retail.ts'
import { openBrand, track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const dayMs = 86_400_000
const today = new Date('2026-03-10T12:00:00.000Z')
const onDay = (ago: number) =>
  Object.assign(server.app.services, { now: () => new Date(today.getTime() - ago * dayMs) })

const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'
const setNormaliser = `mutation ($input: SetFieldNormaliserInput!) {
  setFieldNormaliser(input: $input) { fieldNormaliser { field } }
}`
const report = `query ($fields: [String!]) {
  dataQuality(fields: $fields) {
    people score
    fields {
      field kind filled fillRate validity uniqueness distinct consistency spellingsPerValue score checked newestAt medianAgeDays
      worstSpelled { value people spellingCount spellings { raw people } }
      invalid { value problem people suggestion { value } }
    }
  }
}`

const store = (caller: Caller, profile: object, set: object = {}) => caller.query(update, { input: { profile, set } })
const reported = async (caller: Caller, fields?: string[]) => (await caller.query(report, { fields })).dataQuality

describe('a report on fields', () => {
  let caller: Caller
  beforeAll(async () => {
    caller = await server.otherAccount()
    await caller.query(setNormaliser, { input: { field: 'country', kind: 'COUNTRY' } })
    onDay(10)
    await store(caller, { sourceId: 'a', email: 'a@example.com' }, { country: 'EIRE', tier: 'gold' })
    onDay(4)
    await store(caller, { sourceId: 'b', email: 'b@gmial.com' }, { country: 'Ireland', tier: 'Gold' })
    onDay(2)
    await store(caller, { sourceId: 'c' }, { country: 'IE', tier: 'gold' })
    onDay(1)
    await store(caller, { sourceId: 'd' }, { country: 'Grmany', tier: ' silver' })
    await store(caller, { sourceId: 'n' }, { tier: '  ' })
    onDay(0)
    await store(caller, { sourceId: 'm', email: 'm@example.com' }, { country: 'Germany' })
    const { updateProfile: m } = await store(caller, { sourceId: 'm' })
    const [accountId, profileId] = [await accountOf(caller), decodeId('Profile', m.profile.id) ?? '']
    const another = { accountId, profileId, kind: 'EMAIL', value: 'm2@example.com' } as const
    await server.app.services.database.system.identity.create({ data: another })
    // The same person on another device: what they said there is covered by what they said as m.
    await store(caller, { deviceId: 'd' }, { country: 'France' })
    await store(caller, { sourceId: 'm', deviceId: 'd' })
  })

  test('tells of a normalised one how many have it, whether it is valid, in how many ways it was given, and since when', async () => {
    const { people, score, fields } = await reported(caller, ['country'])
    // a, b, c, d, n, and m who is two profiles.
    expect([people, score]).toEqual([6, 85.3])
    expect(fields).toEqual([
      {
        ...{ field: 'country', kind: 'COUNTRY', filled: 5, fillRate: 5 / 6, validity: 4 / 5, checked: 5 },
        // IE, DE and Grmany, of five.
        ...{ distinct: 3, uniqueness: 3 / 5, consistency: 1 },
        // Ireland in three ways, Germany in one.
        spellingsPerValue: 2,
        // 100 × (2 × 5/6 + 2 × 4/5 + 1) / 5
        score: 85.3,
        // Written 10, 4, 2, 1 and 0 days ago.
        ...{ newestAt: today.toISOString(), medianAgeDays: 2 },
        worstSpelled: [
          {
            ...{ value: 'IE', people: 3, spellingCount: 3 },
            spellings: [
              { raw: 'EIRE', people: 1 },
              { raw: 'IE', people: 1 },
              { raw: 'Ireland', people: 1 },
            ],
          },
        ],
        invalid: [{ value: 'Grmany', problem: 'UNKNOWN', people: 1, suggestion: { value: 'DE' } }],
      },
    ])
  })

  test('tells of one without a normaliser what case and blanks alone tell', async () => {
    const { fields } = await reported(caller, ['tier'])
    expect(fields[0]).toMatchObject({
      // A blank is no value.
      ...{ kind: null, filled: 4, fillRate: 4 / 6, validity: null, uniqueness: 3 / 4, distinct: 3 },
      // gold twice and Gold once; silver once.
      ...{ consistency: 3 / 4, spellingsPerValue: 3 / 2 },
      // 100 × (2 × 4/6 + 3/4) / 3
      score: 69.4,
      ...{ newestAt: null, medianAgeDays: null, invalid: [] },
    })
  })

  test('takes e-mail addresses and phone numbers as fields, of whom some have several', async () => {
    const { fields } = await reported(caller, ['email', 'phone'])
    expect(fields[0]).toMatchObject({
      ...{ field: 'email', kind: 'EMAIL', filled: 3, fillRate: 1 / 2, checked: 4, distinct: 4 },
      ...{ validity: 1, uniqueness: 1, consistency: 1, spellingsPerValue: 1 },
      // 100 × (2 × 1/2 + 2 + 1) / 5
      score: 80,
    })
    expect(fields[1]).toMatchObject({ field: 'phone', filled: 0, fillRate: 0, validity: null, score: 0 })
  })

  test('is of all normalised fields, e-mail and phone where none is named; its score is their mean', async () => {
    const { score, fields } = await reported(caller)
    expect(fields.map((one: { field: string }) => one.field)).toEqual(['country', 'email', 'phone'])
    // (85.3 + 80 + 0) / 3
    expect(score).toBe(55.1)
  })

  test('takes one statement for every four fields, and two besides, however many people there are', async () => {
    const countOf = async (fields: string[]) => {
      const statements = await statementsOf(() => reported(caller, fields))
      return statements.filter(({ text }) => !text.includes('api_key')).length
    }
    expect(await countOf(['country'])).toBe(3)
    expect(await countOf(['country', 'tier', 'email', 'phone'])).toBe(3)
    expect(await countOf(['country', 'tier', 'email', 'phone', 'nothing'])).toBe(4)
  })

  test('is of one’s own account alone, and takes the scope that people take', async () => {
    expect(await reported(await server.otherAccount(), ['country'])).toMatchObject({ people: 0, score: 0 })
    const writer = await server.withScopes('EVENTS_WRITE')
    expect((await writer.send(report)).errors[0]?.extensions.code).toBe('FORBIDDEN')
    const many = await caller.send(report, { fields: Array.from({ length: 21 }, (_, n) => `f${n}`) })
    expect(many.errors[0]?.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', field: 'fields' })
    const blank = await caller.send(report, { fields: ['tier', ' '] })
    expect(blank.errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'fields[1]' })
  })
})

test('the countries of Online Retail: 35 of 38 spellings are read, and the rest is named', async () => {
  const caller = await server.otherAccount()
  for (const [index, [country]] of onlineRetailCountries.entries())
    await store(caller, { sourceId: `customer ${index}` }, { country })
  const before = await reported(caller, ['country'])
  expect(before.fields[0]).toMatchObject({ validity: null, consistency: 1, distinct: 38 })

  await caller.query(setNormaliser, { input: { field: 'country', kind: 'COUNTRY' } })
  const preview = `mutation { previewValueMappings(input: { field: "country" }) {
    plan people unread { value problem }
  } }`
  const { previewValueMappings: plan } = await caller.query(preview)
  expect(plan.people).toBe(35)
  expect(plan.unread).toEqual([
    { value: 'Channel Islands', problem: 'AMBIGUOUS' },
    { value: 'European Community', problem: 'UNKNOWN' },
    { value: 'Unspecified', problem: 'NOT_GIVEN' },
  ])
  await caller.query('mutation ($plan: ID!) { applyValueMappings(input: { plan: $plan }) { changed } }', plan)
  const after = await reported(caller, ['country'])
  // 100 × (2 × 1 + 2 × 35/38 + 1) / 5; each value was given in one spelling, EIRE for IE among them.
  expect(after.fields[0]).toMatchObject({ validity: 35 / 38, consistency: 1, spellingsPerValue: 1, score: 96.8 })
  const { profiles } = await caller.query(
    'query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { fields } } } }',
    { filter: { field: { field: 'country', op: 'IN', value: ['IE', 'ZA', 'US'] } } },
  )
  expect(profiles.edges).toHaveLength(3)
})

describe('is there enough to predict from', () => {
  const readiness = '{ predictionReadiness { ready criteria { criterion value needed ok } } }'

  test('people who ordered, those who did on two days, and the weeks between; merged people and transactions count once', async () => {
    const caller = await server.otherAccount()
    await openBrand(caller)
    const none = await caller.query(readiness)
    expect(none.predictionReadiness).toMatchObject({
      ready: false,
      criteria: [{ value: 0 }, { value: 0 }, { value: 0 }],
    })
    const order = (profile: object, occurredAt: string, { name = 'purchase', ...data }: Record<string, unknown> = {}) =>
      track(caller, { name, profile, occurredAt, data })
    // Twice, on two days.
    await order({ sourceId: 'p' }, '2026-01-01T10:00:00Z')
    await order({ sourceId: 'p' }, '2026-01-15T10:00:00Z')
    // One order that two events tell of, on two days.
    await order({ sourceId: 'q' }, '2026-01-20T10:00:00Z', { order_id: 'o-1' })
    await order({ sourceId: 'q' }, '2026-01-21T10:00:00Z', { name: 'order_completed', order_id: 'o-1' })
    // Twice, on one day.
    await order({ sourceId: 's' }, '2026-02-01T01:00:00Z')
    await order({ sourceId: 's' }, '2026-02-01T23:00:00Z')
    // Once anonymous and once known, who is one person.
    await order({ deviceId: 'r' }, '2026-02-10T10:00:00Z')
    await order({ sourceId: 'r' }, '2026-03-01T10:00:00Z')
    await track(caller, { name: 'click', profile: { sourceId: 'r', deviceId: 'r' } })
    const { predictionReadiness } = await caller.query(readiness)
    expect(predictionReadiness).toEqual({
      ready: false,
      criteria: [
        { criterion: 'CUSTOMERS', value: 4, needed: 1000, ok: false },
        { criterion: 'REPEAT_BUYERS', value: 2, needed: 400, ok: false },
        // From 1 January to 1 March are 59 days.
        { criterion: 'WEEKS_OBSERVED', value: 8, needed: 39, ok: false },
      ],
    })
  })

  test('a thousand customers of whom 400 came again, over 39 weeks, are enough', async () => {
    const caller = await server.otherAccount()
    const accountId = await accountOf(caller)
    const people = Array.from({ length: 1000 }, newId)
    const orders = [...people, ...people.slice(0, 400)].map((profileId, n) => ({ id: newId(), profileId, n }))
    const { system } = server.app.services.database
    await system.profile.createMany({ data: people.map((id) => ({ accountId, id })) })
    const first = new Date('2025-01-01T00:00:00Z').getTime()
    await system.event.createMany({
      data: orders.map(({ id, profileId, n }) => {
        const at = new Date(first + (n < 1000 ? 0 : 39 * 7 * dayMs))
        return { accountId, id, profileId, name: 'order_completed', occurredAt: at, receivedAt: at }
      }),
    })
    const { predictionReadiness } = await caller.query(readiness)
    expect(predictionReadiness).toMatchObject({
      ready: true,
      criteria: [
        { value: 1000, ok: true },
        { value: 400, ok: true },
        { value: 39, ok: true },
      ],
    })
  })
})
