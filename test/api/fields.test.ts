// A person's own fields: what callers do to them, whose word holds, until when, and what history tells of it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backend } from '../support/backend.ts'
import { addCampaign, openBrand } from '../support/brand.ts'
import { postTo } from '../support/messages.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

const start = Date.parse('2026-03-10T12:00:00.000Z')
const clock = { now: start }

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
  Object.assign(server.app.services, { now: () => new Date(clock.now) })
})
afterAll(() => server?.stop())
beforeEach(async () => {
  clock.now = start
  caller = await server.otherAccount()
})

const minute = 60_000
const isoAt = (minutes: number) => new Date(start + minutes * minute).toISOString()

const updateProfile =
  'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id fields } } }'

async function update(operations: object, sourceId = 'ada') {
  const { updateProfile: done } = await caller.query(updateProfile, { input: { profile: { sourceId }, ...operations } })
  return done.profile.fields
}

async function fields(asOf: string | null = null, sourceId = 'ada') {
  const document = 'query ($by: ProfileKeyInput!, $asOf: DateTime) { profile(by: $by, asOf: $asOf) { fields } }'
  const { profile } = await caller.query(document, { by: { sourceId }, asOf })
  return profile.fields
}

/** What Segment sends of a person: traits, and when they were so. */
async function identify(traits: object, minutes: number, sourceId = 'ada') {
  const message = { type: 'identify', userId: sourceId, traits, timestamp: isoAt(minutes) }
  const { status } = await postTo(`${server.url}/v1/identify`, message, caller.key)
  expect(status).toBe(200)
}

async function history(name: string, sourceId = 'ada') {
  const { profile } = await caller.query(
    `query ($by: ProfileKeyInput!, $name: String!) { profile(by: $by) { fieldHistory(name: $name) {
      edges { node { value at until source event { name } } } } } }`,
    { by: { sourceId }, name },
  )
  return profile.fieldHistory.edges.map(({ node }: { node: object }) => node)
}

describe('an operation', () => {
  it('sets, adds, appends and removes at once, by what is there', async () => {
    await update({ set: { points: 5, tags: ['a', 'b'], old: 1 }, setOnce: { first: 'web' } })
    const now = await update({
      set: { tier: 'gold' },
      setOnce: { first: 'shop' },
      unset: ['old'],
      increment: { points: 2.5, visits: 1 },
      append: { tags: ['c'] },
    })
    expect(now).toEqual({ points: 7.5, tags: ['a', 'b', 'c'], first: 'web', tier: 'gold', visits: 1 })
    expect((await update({ remove: { tags: ['a', 'c'] } })).tags).toEqual(['b'])
  })

  it('loses nothing when many come at once', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => update({ increment: { points: 1 }, append: { seen: i } }))
    await Promise.all(asked)
    const { points, seen } = await fields()
    expect(points).toBe(20)
    expect(seen.toSorted((a: number, b: number) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('that cannot be done refuses all, and names its place', async () => {
    await update({ set: { tier: 'gold', points: 1 } })
    const tell = (operations: object) => refused(caller, updateProfile, { profile: { sourceId: 'ada' }, ...operations })
    expect(await tell({ increment: { points: 1, tier: 1 } })).toBe('BAD_INPUT input.increment.tier')
    expect(await tell({ increment: { points: '1' } })).toBe('BAD_INPUT input.increment.points')
    expect(await tell({ set: { points: 9 }, append: { tier: 1 } })).toBe('BAD_INPUT input.append.tier')
    expect(await tell({ set: { points: 9 }, increment: { points: 1 } })).toBe('BAD_INPUT input.increment.points')
    expect(await tell({ setUntil: [{ name: 'points', value: 1, until: isoAt(0) }] })).toBe(
      'BAD_INPUT input.setUntil[0].until',
    )
    expect(await fields()).toEqual({ tier: 'gold', points: 1 })
  })

  it.each([
    [{ set: { id: 'x' } }, 'input.set.id'],
    [{ setOnce: { sourceId: 'x' } }, 'input.setOnce.sourceId'],
    [{ unset: ['sourceId'] }, 'input.unset[0]'],
    [{ increment: { id: 1 } }, 'input.increment.id'],
    [{ setUntil: [{ name: 'id', value: 1, until: isoAt(9) }] }, 'input.setUntil[0].name'],
  ])('on an id of the person itself is refused: %j', async (operations, place) => {
    const input = { profile: { sourceId: 'ada' }, ...operations }
    expect(await refused(caller, updateProfile, input)).toBe(`IMMUTABLE_FIELD ${place}`)
  })

  it('with a megabyte, a NUL, a key of the prototype or endless nesting is refused and changes nothing', async () => {
    await update({ set: { tier: 'gold' } })
    const deep = Array.from({ length: 50 }).reduce<object>((inner) => ({ inner }), {})
    const codeOf = async (set: object) => {
      const { errors } = await caller.send(updateProfile, { input: { profile: { sourceId: 'ada' }, set } })
      return errors.map(({ extensions }) => extensions.code).join()
    }
    expect(await codeOf({ big: 'x'.repeat(1_000_000) })).toBe('PAYLOAD_TOO_LARGE')
    for (const set of [{ big: 'x'.repeat(70_000) }, { text: 'a\u0000b' }, { a: JSON.parse('{"__proto__":1}') }, deep])
      expect(await codeOf(set)).toBe('BAD_INPUT')
    expect(await refused(caller, updateProfile, { profile: { sourceId: 'ada' }, unset: ['a\u0000b'] })).toMatch(
      /BAD_INPUT/,
    )
    expect(await codeOf({ part: 'x'.repeat(40_000) })).toBe('')
    expect(await codeOf({ more: 'x'.repeat(40_000) })).toBe('LIMIT_EXCEEDED')
    expect(Object.keys(await fields()).sort()).toEqual(['part', 'tier'])
  })
})

describe('the time of a value', () => {
  it('decides: what was so earlier never replaces what was so later, whichever comes first', async () => {
    await identify({ plan: 'pro', city: null }, -10)
    await identify({ plan: 'free', city: 'Rome', size: 2 }, -20)
    expect(await fields()).toEqual({ plan: 'pro', size: 2 })
    await identify({ plan: 'team' }, -5)
    expect((await fields()).plan).toBe('team')
  })

  it('is now for what a caller says, which always holds', async () => {
    await identify({ plan: 'pro' }, 4)
    expect(await update({ set: { plan: 'free' } })).toEqual({ plan: 'free' })
  })

  it('decides between profiles that are found to be one person', async () => {
    await update({ set: { plan: 'old', city: 'Ulm' } }, 'ada')
    clock.now += minute
    const device = { profile: { deviceId: 'd' }, set: { plan: 'new' } }
    await caller.query(updateProfile, { input: device })
    const both = { profile: { sourceId: 'ada', deviceId: 'd' }, set: {} }
    const { updateProfile: done } = await caller.query(updateProfile, { input: both })
    expect(done.profile.fields).toEqual({ plan: 'new', city: 'Ulm' })
    expect(await update({ increment: { visits: 1 }, set: { plan: 'newest' } })).toEqual({
      plan: 'newest',
      city: 'Ulm',
      visits: 1,
    })
  })

  it('of rules is that of their event, in the list it is now', async () => {
    const programId = await aProgram(caller)
    const entry = { field: { field: 'minutes', op: 'GT', value: 0 } }
    const flow = { name: 'participant', role: 'PARTICIPANT', events: ['call'], entry }
    await addCampaign(caller, { programId, name: 'Free minutes', journeys: [flow] })
    await update({ setUntil: [{ name: 'minutes', value: 30, until: isoAt(60) }] })
    const statusAt = async (minutes: number) => {
      const input = { name: 'call', profile: { sourceId: 'ada' }, occurredAt: isoAt(minutes) }
      const { previewTargeting } = await caller.query(
        'query ($input: TrackEventInput!) { previewTargeting(input: $input) { status } }',
        { input },
      )
      return previewTargeting.status
    }
    const listed = async () =>
      (
        await caller.query('query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { id } } } }', {
          filter: entry,
        })
      ).profiles.edges.length

    clock.now = start + 60 * minute - 1
    expect([await fields(), await listed()]).toEqual([{ minutes: 30 }, 1])
    clock.now = start + 60 * minute
    expect([await fields(), await listed()]).toEqual([{}, 0])
    expect([await statusAt(59), await statusAt(60)]).toEqual(['ATTRIBUTED', 'UNATTRIBUTED'])
    expect(await update({ increment: { minutes: 5 } })).toEqual({ minutes: 5 })
  })
})

describe('the history of a field', () => {
  it('tells each value with its time and source; when it was said last is told before the next', async () => {
    await openBrand(caller)
    await identify({ plan: 'pro' }, -10)
    await identify({ plan: 'pro' }, -9)
    await identify({ plan: 'pro' }, -8)
    await update({ setUntil: [{ name: 'plan', value: 'trial', until: isoAt(5) }] })
    clock.now += minute
    await update({ unset: ['plan'] })
    expect(await history('plan')).toEqual([
      { value: 'pro', at: isoAt(-10), until: null, source: 'EVENT', event: { name: 'identify' } },
      { value: 'pro', at: isoAt(-8), until: null, source: 'RESTATED', event: null },
      { value: 'trial', at: isoAt(0), until: isoAt(5), source: 'API', event: null },
      { value: null, at: isoAt(1), until: null, source: 'API', event: null },
    ])
    expect(await history('other')).toEqual([])
  })

  it('shows the person as of any time, what came late included', async () => {
    await identify({ plan: 'pro' }, -30)
    await identify({ plan: 'pro', city: 'Rome' }, -10)
    await identify({ plan: 'free' }, -20)
    await update({ setUntil: [{ name: 'city', value: 'Ulm', until: isoAt(5) }] })
    clock.now += 10 * minute
    expect(await fields()).toEqual({ plan: 'pro' })
    expect(await fields(isoAt(6))).toEqual({ plan: 'pro' })
    expect(await fields(isoAt(0))).toEqual({ plan: 'pro', city: 'Ulm' })
    expect(await fields(isoAt(-1))).toEqual({ plan: 'pro', city: 'Rome' })
    expect(await fields(isoAt(-15))).toEqual({ plan: 'free' })
    expect(await fields(isoAt(-25))).toEqual({ plan: 'pro' })
    expect(await fields(isoAt(-40))).toEqual({})
  })

  it('stands beside the value in force, with its end', async () => {
    await identify({ plan: 'pro', city: 'Rome' }, -30)
    await update({ setUntil: [{ name: 'minutes', value: 5, until: isoAt(5) }] })
    const values = async (names: string[] | null) => {
      const { profile } = await caller.query(
        'query ($by: ProfileKeyInput!, $names: [String!]) { profile(by: $by) { fieldValues(names: $names) { name value at until } } }',
        { by: { sourceId: 'ada' }, names },
      )
      return profile.fieldValues
    }
    const minutes = { name: 'minutes', value: 5, at: isoAt(0), until: isoAt(5) }
    expect(await values(['minutes', 'plan'])).toEqual([
      minutes,
      { name: 'plan', value: 'pro', at: isoAt(-30), until: null },
    ])
    clock.now += 5 * minute
    expect((await values(null)).map(({ name }: { name: string }) => name)).toEqual(['city', 'plan'])
  })

  it('of two times is told in one query, beside the identifiers that had come', async () => {
    await identify({ plan: 'pro' }, -30)
    await update({ set: { plan: 'free' } })
    const { then, now } = await caller.query(
      `query ($by: ProfileKeyInput!, $asOf: DateTime) {
        then: profile(by: $by, asOf: $asOf) { id fields sourceId identities { value } createdAt }
        now: profile(by: $by) { id fields sourceId identities { value } createdAt } }`,
      { by: { sourceId: 'ada' }, asOf: isoAt(-1) },
    )
    // Identifiers came by the wall clock, which is past the test's.
    expect(then).toEqual({ ...now, fields: { plan: 'pro' }, sourceId: null, identities: [] })
    expect(now).toMatchObject({ fields: { plan: 'free' }, sourceId: 'ada', identities: [{ value: 'ada' }] })
  })

  it('costs a batch one statement, however much its events say', async () => {
    await identify({ plan: 'pro' }, -9)
    const batch = ['ada', 'bob', 'cy'].map((userId, i) => ({
      type: 'identify',
      userId,
      traits: { plan: `${i}`, size: i },
    }))
    const statements = await statementsOf(async () => {
      expect((await postTo(`${server.url}/v1/batch`, { batch }, caller.key)).status).toBe(200)
    })
    // What the embedded database is asked inside a transaction is not seen.
    const sent = backend() === 'embedded' ? 0 : 1
    expect(statements.filter(({ text }) => text.includes('INTO field_change'))).toHaveLength(sent)
    expect(statements.filter(({ text }) => text.includes('UPDATE profile SET fields'))).toHaveLength(sent)
    expect(await history('plan', 'cy')).toMatchObject([{ value: '2', source: 'EVENT' }])
  })

  it('of many people costs as many statements as of one', async () => {
    const read = (first: number) =>
      statementsOf(() =>
        caller.query(
          `query ($first: Int) { profiles(first: $first) { edges { node { fields fieldHistory(name: "plan", first: 2) {
            edges { node { value source event { name } } } } } } } }`,
          { first },
        ),
      )
    for (const sourceId of ['ada', 'bob', 'cy']) {
      await identify({ plan: 'pro' }, -2, sourceId)
      await update({ set: { plan: 'free' } }, sourceId)
    }
    const count = async (first: number) => (await read(first)).filter(({ text }) => !text.includes('api_key')).length
    expect(await count(3)).toBe(await count(1))
  })

  it('is hidden from who may not read people', async () => {
    await update({ set: { plan: 'free' } })
    const stranger = await server.otherAccount('Stranger')
    const document = 'query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }'
    expect((await stranger.query(document, { by: { sourceId: 'ada' } })).profile).toBeNull()
    const writer = await server.withScopes('PROFILES_WRITE')
    const { data, errors } = await writer.send<{ updateProfile: { profile: unknown } }>(
      'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { fieldHistory(name: "plan") { edges { node { value } } } } } }',
      { input: { profile: { sourceId: 'x' }, set: { plan: 1 } } },
    )
    expect(data?.updateProfile.profile).toEqual({ fieldHistory: null })
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })
})
