// What an integrator relies on when it sends events.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrand, track, trackDocument } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  await openBrand(caller)
})

const countEvents = (accountKey: Caller) =>
  accountKey
    .query('{ attributions(last: 100) { edges { node { event { id } } } } }')
    .then(({ attributions }) => attributions.edges.length)

describe('an event', () => {
  it('is stored and credited when the answer comes', async () => {
    const { event, attribution } = await track(caller, { name: 'Signup', profile: { email: 'ann@example.com' } })
    const { attribution: stored } = await caller.query(
      'query ($id: ID!) { attribution(eventId: $id) { status campaign { name } event { name } } }',
      {
        id: event.id,
      },
    )
    expect(attribution.status).toBe('ATTRIBUTED')
    expect(stored).toEqual({ status: 'ATTRIBUTED', campaign: { name: 'Refer a friend' }, event: { name: 'signup' } })
  })

  it('that no campaign supports is stored, and says why nobody is credited', async () => {
    const { attribution } = await track(caller, { name: 'weather changed', profile: { deviceId: 'd1' } })
    expect(attribution).toMatchObject({
      status: 'UNATTRIBUTED',
      reason: 'EVENT_NOT_SUPPORTED',
      quality: 'NONE',
      campaign: null,
    })
  })

  it('keeps its name in snake case, and an alias translates another spelling', async () => {
    await caller.query(
      'mutation ($input: CreateEventTypeAliasInput!) { createEventTypeAlias(input: $input) { __typename } }',
      {
        input: { alias: 'Bought It', name: 'purchase' },
      },
    )
    const { event, attribution } = await track(caller, { name: ' bought-it ', profile: { deviceId: 'd1' } })
    expect(event.name).toBe('purchase')
    expect(attribution.status).toBe('ATTRIBUTED')
  })

  it('dated more than 5 minutes ahead counts as happening on receipt, and keeps the time it gave', async () => {
    const ahead = new Date(Date.now() + 3_600_000).toISOString()
    const { event } = await track(caller, { name: 'click', profile: { deviceId: 'd1' }, occurredAt: ahead })
    expect(event.occurredAt).toBe(event.receivedAt)
    expect(event.reportedAt).toBe(ahead)
  })

  it('dated within 5 minutes ahead keeps its time', async () => {
    const ahead = new Date(Date.now() + 60_000).toISOString()
    const { event } = await track(caller, { name: 'click', profile: { deviceId: 'd1' }, occurredAt: ahead })
    expect(event).toMatchObject({ occurredAt: ahead, reportedAt: null })
  })
})

describe('an idempotency key', () => {
  const input = {
    name: 'purchase',
    profile: { sourceId: 'c-1' },
    data: { total: 12.5, items: [{ sku: 'a' }] },
    idempotencyKey: 'order-1',
  }

  it('with the same content gives the first answer again', async () => {
    const first = await track(caller, input)
    const second = await track(caller, input)
    expect(first.replayed).toBe(false)
    expect(second).toEqual({ ...first, replayed: true })
    expect(await countEvents(caller)).toBe(1)
  })

  it('with other content is a conflict that names the fields, and writes nothing', async () => {
    await track(caller, input)
    const { errors, data } = await caller.send(trackDocument, {
      input: { ...input, name: 'click', data: { total: 13 } },
    })
    expect(data).toEqual({ trackEvent: null })
    expect(errors[0]?.extensions).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      fields: ['name', 'data'],
      retryable: false,
    })
    expect(await countEvents(caller)).toBe(1)
  })

  it('is the account’s own', async () => {
    const other = await server.otherAccount()
    await track(caller, input)
    expect((await track(other, input)).replayed).toBe(false)
  })

  it('sent 50 times at once is one event, and one answer to all', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => track(caller, input)))
    expect(new Set(answers.map(({ event }) => event.id)).size).toBe(1)
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await countEvents(caller)).toBe(1)
  })

  it('of a refused event can be used again', async () => {
    const nobody = '01940000-0000-7000-8000-000000000000'
    const refused = await caller.send(trackDocument, { input: { ...input, profile: { id: nobody } } })
    expect(refused.errors[0]?.extensions.code).toBe('NOT_FOUND')
    expect((await track(caller, input)).replayed).toBe(false)
  })
})

describe('a list of events', () => {
  const trackEvents = `mutation ($input: TrackEventsInput!) {
    trackEvents(input: $input) { results { index payload { replayed event { id name } attribution { journey { id } } } error { code field retryable } } }
  }`
  const send = async (events: object[]) => {
    const { data, errors } = await caller.send(trackEvents, { input: { events } })
    return { results: data?.trackEvents?.results, errors }
  }

  it('answers for each, in order; a bad one fails alone', async () => {
    const { results } = await send([
      { name: 'click', profile: { deviceId: 'a' } },
      { name: 'click', profile: { email: 'not an address' } },
      { name: ' ', profile: {} },
      { name: 'signup', profile: { deviceId: 'a', email: 'a@example.com' } },
    ])
    expect(results.map((result: { error: unknown }) => result.error)).toEqual([
      null,
      null,
      { code: 'BAD_INPUT', field: 'input.events[2].name', retryable: false },
      null,
    ])
    expect(results[3].payload.attribution.journey.id).toBe(results[0].payload.attribution.journey.id)
    expect(await countEvents(caller)).toBe(3)
  })

  it('may repeat a key: one event, and the same answer for both', async () => {
    const event = { name: 'click', profile: { deviceId: 'a' }, idempotencyKey: 'k' }
    const { results } = await send([event, event, { ...event, name: 'signup' }])
    expect(results[1].payload).toEqual({ ...results[0].payload, replayed: true })
    expect(results[2].error.code).toBe('IDEMPOTENCY_CONFLICT')
    expect(await countEvents(caller)).toBe(1)
  })

  it('may use the key of an event that is refused again, for another event', async () => {
    const refused = { name: 'click', profile: { id: '01940000-0000-7000-8000-000000000000' }, idempotencyKey: 'k' }
    const other = { name: 'signup', profile: { deviceId: 'a' }, idempotencyKey: 'k' }
    const beside = { name: 'click', profile: { deviceId: 'a' } }
    const { results } = await send([beside, refused, refused, other, beside, other])
    const codes = results.map((result: { error: { code: string } | null }) => result.error?.code ?? null)
    expect(codes).toEqual([null, 'NOT_FOUND', 'NOT_FOUND', null, null, null])
    expect(results[5].payload).toEqual({ ...results[3].payload, replayed: true })
    expect(await countEvents(caller)).toBe(3)
  })

  it('of 500 is taken; one more is refused whole', async () => {
    const events = Array.from({ length: 501 }, (_, index) => ({
      name: 'click',
      profile: { deviceId: `d${index % 100}` },
    }))
    const taken = await send(events.slice(0, 500))
    expect(taken.results.filter((result: { error: unknown }) => result.error === null)).toHaveLength(500)
    const refused = await send(events)
    expect(refused.errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED')
  })
})

describe('a person', () => {
  const person = async (by: object) => {
    const { profile } = await caller.query(
      `query ($by: ProfileKeyInput!) { profile(by: $by) {
        id sourceId identities { kind value } events(first: 10) { edges { node { name } } } journeys { edges { node { name } } }
      } }`,
      { by },
    )
    return profile
  }

  it('is there from the first encounter, without any identifier', async () => {
    const { profile } = await track(caller, { name: 'click', profile: {} })
    expect(await person({ id: profile.id })).toMatchObject({
      identities: [],
      events: { edges: [{ node: { name: 'click' } }] },
    })
  })

  it('who was anonymous becomes the known one: events and journeys of both read as one', async () => {
    await track(caller, { name: 'signup', profile: { email: 'Bea@Example.com ' } })
    const anonymous = await track(caller, { name: 'click', profile: { deviceId: 'browser' } })
    const known = await track(caller, { name: 'purchase', profile: { email: 'bea@example.com', deviceId: 'browser' } })
    const bea = await person({ email: 'bea@example.com' })
    expect(known.profile.id).not.toBe(anonymous.profile.id)
    expect(await person({ id: anonymous.profile.id })).toEqual(bea)
    expect(bea.id).toBe(known.profile.id)
    expect(bea.events.edges.map(({ node }: { node: { name: string } }) => node.name)).toEqual([
      'signup',
      'click',
      'purchase',
    ])
    expect(bea.identities).toEqual(
      expect.arrayContaining([
        { kind: 'EMAIL', value: 'bea@example.com' },
        { kind: 'DEVICE', value: 'browser' },
      ]),
    )
  })

  it('of another source id is another person, even on a shared device', async () => {
    const one = await track(caller, { name: 'click', profile: { sourceId: '1', deviceId: 'shared' } })
    const two = await track(caller, { name: 'click', profile: { sourceId: '2', deviceId: 'shared' } })
    expect(two.profile.id).not.toBe(one.profile.id)
    expect((await person({ deviceId: 'shared' })).id).toBe(one.profile.id)
  })

  it('new to 20 events at once is one person', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        track(caller, { name: 'click', profile: { email: 'crowd@example.com', deviceId: `d${index}` } }),
      ),
    )
    expect(new Set(answers.map(({ profile }) => profile.id)).size).toBe(1)
  })

  it('keeps the fields that were set, and loses those that were removed', async () => {
    const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { fields } } }'
    await caller.query(update, {
      input: { profile: { sourceId: 'c' }, set: { tier: 'gold', address: { city: 'Ulm' }, old: 1 } },
    })
    const { updateProfile } = await caller.query(update, {
      input: { profile: { sourceId: 'c' }, set: { tier: 'silver' }, unset: ['old'] },
    })
    expect(updateProfile.profile.fields).toEqual({ tier: 'silver', address: { city: 'Ulm' } })
  })
})
