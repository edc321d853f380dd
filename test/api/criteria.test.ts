// Entry criteria on a running server: each kind admits whom it should and refuses everybody else, also in one list of events,
// for events that come late, and for people who turn out to be one.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, aProgram, createCampaign, fresh, participant, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const dayMs = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString()

interface Gate {
  caller: Caller
  programId: string
}

/** An account whose one gate is the event `offer opened`; clicks, purchases and visits are credited to anybody. */
async function gate(entry: object | ((programId: string) => object)): Promise<Gate> {
  const caller = await server.otherAccount()
  const programId = await aProgram(caller)
  await addCampaign(caller, {
    programId,
    name: 'Open',
    journeys: [
      { name: 'participant', role: 'PARTICIPANT', events: ['click', 'purchase'] },
      { name: 'friend', role: 'FRIEND', events: ['visit'] },
    ],
  })
  const rule = typeof entry === 'function' ? entry(programId) : entry
  const journeys = [{ name: 'gated', role: 'PARTICIPANT', events: ['offer opened'], entry: rule }]
  await addCampaign(caller, { programId, name: 'Gated', journeys })
  for (const advocate of ['ada', 'bob']) {
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id } } }',
      {
        input: { code: advocate, programId, advocate: { sourceId: advocate } },
      },
    )
  }
  return { caller, programId }
}

const ann = { sourceId: 'ann' }

/** ADMITTED, or the reason why not. */
async function knock({ caller }: Gate, more: object = {}): Promise<string> {
  const { attribution } = await track(caller, { name: 'Offer opened', profile: ann, ...more })
  return attribution.status === 'ATTRIBUTED' ? 'ADMITTED' : attribution.reason
}

const did = ({ caller }: Gate, name: string, more: object = {}) => track(caller, { name, profile: ann, ...more })

const refusal = 'ENTRY_CRITERIA_FAILED'
const paid = (total: unknown, more: object = {}) => ({ data: { total, currency: 'EUR', ...more } })

describe('criteria admit whom they should', () => {
  test('by an event performed often enough, in any spelling', async () => {
    const door = await gate({ event: { name: 'Click', atLeast: 2 } })
    await did(door, 'click')
    expect(await knock(door)).toBe(refusal)
    await did(door, 'CLICK')
    expect(await knock(door)).toBe('ADMITTED')
  })

  test('by an event never performed, the one at hand not counted', async () => {
    const door = await gate({ event: { name: 'offer_opened', performed: false } })
    expect(await knock(door)).toBe('ADMITTED')
    const other = await gate({ event: { name: 'click', performed: false } })
    await did(other, 'click')
    expect(await knock(other)).toBe(refusal)
  })

  test('by at most so many events', async () => {
    const door = await gate({ event: { name: 'click', atMost: 1 } })
    await did(door, 'click')
    expect(await knock(door)).toBe('ADMITTED')
    const other = await gate({ event: { name: 'click', atMost: 1 } })
    await did(other, 'click')
    await did(other, 'click')
    expect(await knock(other)).toBe(refusal)
  })

  test('by events of the last days alone', async () => {
    const door = await gate({ event: { name: 'click', withinLastDays: 7 } })
    await did(door, 'click', { occurredAt: daysAgo(8) })
    expect(await knock(door)).toBe(refusal)
    await did(door, 'click', { occurredAt: daysAgo(6) })
    expect(await knock(door)).toBe('ADMITTED')
  })

  test('by what their orders come to, each order once', async () => {
    const door = await gate({ order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 3000, currency: 'EUR' } })
    await did(door, 'purchase', paid('19.99', { transaction_id: 'T1' }))
    await did(door, 'purchase', paid(10, { transaction_id: 'T1' }))
    await did(door, 'purchase', paid(50, { currency: 'USD' }))
    expect(await knock(door)).toBe(refusal)
    await did(door, 'purchase', paid(20))
    expect(await knock(door)).toBe('ADMITTED')
  })

  test.each([
    ['COUNT', 'EQ', 2],
    ['AVERAGE_MINOR', 'EQ', 1500],
    ['LARGEST_MINOR', 'EQ', 2000],
    ['DAYS_SINCE_LAST', 'EQ', 3],
  ])('by the figure %s of their orders', async (aggregate, op, value) => {
    const currency = aggregate.endsWith('MINOR') ? { currency: 'EUR' } : {}
    const door = await gate({ order: { aggregate, op, value, ...currency } })
    expect(await knock(door)).toBe(refusal)
    await did(door, 'purchase', { ...paid(10), occurredAt: daysAgo(9) })
    await did(door, 'purchase', { ...paid(20), occurredAt: daysAgo(3.5) })
    expect(await knock(door)).toBe('ADMITTED')
  })

  test('by an unknown figure neither one way nor the other', async () => {
    const average = { order: { aggregate: 'AVERAGE_MINOR', op: 'GT', value: 0, currency: 'EUR' } }
    expect(await knock(await gate(average))).toBe(refusal)
    expect(await knock(await gate({ not: average }))).toBe(refusal)
  })

  test('by those who referred them', async () => {
    const door = await gate((programId) => ({ relationship: { as: 'FRIEND', programId, atLeast: 2 } }))
    await did(door, 'visit', { targeting: { advocateCodes: ['ada'] } })
    expect(await knock(door)).toBe(refusal)
    await did(door, 'visit', { targeting: { advocateCodes: ['bob'] } })
    expect(await knock(door)).toBe('ADMITTED')
  })

  test('by those whom they referred', async () => {
    const door = await gate({ relationship: { as: 'ADVOCATE', withinLastDays: 7 } })
    const ada = { profile: { sourceId: 'ada' } }
    const visit = { targeting: { advocateCodes: ['ada'] } }
    await did(door, 'visit', { ...visit, occurredAt: daysAgo(8) })
    expect(await knock(door, ada)).toBe(refusal)
    await did(door, 'visit', visit)
    expect(await knock(door, ada)).toBe('ADMITTED')
    expect(await knock(door)).toBe(refusal)
  })

  test('by the quality of what they did before', async () => {
    const door = await gate({ quality: { is: 'HIGH', atLeast: 1 } })
    await did(door, 'weather changed')
    expect(await knock(door)).toBe(refusal)
    await did(door, 'click')
    expect(await knock(door)).toBe('ADMITTED')
    const spotless = await gate({ quality: { is: 'LOW', atMost: 0 } })
    await did(spotless, 'visit', { profile: { sourceId: 'ada' }, targeting: { advocateCodes: ['ada'] } })
    expect(await knock(spotless, { profile: { sourceId: 'ada' } })).toBe(refusal)
    expect(await knock(spotless)).toBe('ADMITTED')
  })

  test('by the data of the event itself', async () => {
    const door = await gate({ eventData: { field: 'basket.total', op: 'GTE', value: 50 } })
    expect(await knock(door, { data: { basket: { total: 49 } } })).toBe(refusal)
    expect(await knock(door)).toBe(refusal)
    expect(await knock(door, { data: { basket: { total: 50 } } })).toBe('ADMITTED')
  })

  test('by all of these together, so that a first purchase of some size can be asked for', async () => {
    const door = await gate({
      all: [
        { not: { event: { name: 'purchase' } } },
        { eventData: { field: 'total', op: 'GTE', value: 20 } },
        { any: [{ relationship: { as: 'FRIEND' } }, { event: { name: 'click' } }] },
      ],
    })
    expect(await knock(door, { data: { total: 20 } })).toBe(refusal)
    await did(door, 'click')
    expect(await knock(door, { data: { total: 20 } })).toBe('ADMITTED')
    await did(door, 'purchase', { profile: { sourceId: 'eve' } })
    await did(door, 'click', { profile: { sourceId: 'eve' } })
    expect(await knock(door, { profile: { sourceId: 'eve' }, data: { total: 20 } })).toBe(refusal)
  })
})

describe('what people did is seen', () => {
  const trackEvents = `mutation ($input: TrackEventsInput!) {
    trackEvents(input: $input) { results { payload { attribution { status } } } }
  }`
  const statuses = async ({ caller }: Gate, events: object[]) => {
    const { trackEvents: sent } = await caller.query(trackEvents, { input: { events } })
    return sent.results.map(
      ({ payload }: { payload: { attribution: { status: string } } }) => payload.attribution.status,
    )
  }
  const knocking = { name: 'offer opened', profile: ann }

  test.each<[string, object, object]>([
    ['events', { event: { name: 'click', atLeast: 2 } }, { name: 'click', profile: ann }],
    [
      'orders',
      { order: { aggregate: 'TOTAL_MINOR', op: 'EQ', value: 1000, currency: 'EUR' } },
      { name: 'purchase', profile: ann, ...paid(5) },
    ],
    ['qualities', { quality: { is: 'HIGH', atLeast: 2 } }, { name: 'click', profile: ann }],
  ])(
    'by later events of the same list: %s, those stored before included and none counted twice',
    async (_, entry, event) => {
      const door = await gate(entry)
      await track(door.caller, { ...event, occurredAt: daysAgo(4) })
      const list = [knocking, event, knocking].map((one, i) => ({ ...one, occurredAt: daysAgo(3 - i) }))
      expect(await statuses(door, list)).toEqual(['UNATTRIBUTED', 'ATTRIBUTED', 'ATTRIBUTED'])
    },
  )

  test('by an advocate’s event that follows their friend’s in one list', async () => {
    const door = await gate({ relationship: { as: 'ADVOCATE' } })
    const visit = { name: 'visit', profile: ann, targeting: { advocateCodes: ['ada'] } }
    const ada = { name: 'offer opened', profile: { sourceId: 'ada' } }
    expect(await statuses(door, [ada, visit, ada])).toEqual(['UNATTRIBUTED', 'ATTRIBUTED', 'ATTRIBUTED'])
  })

  test('as of the time of an event that comes late', async () => {
    const door = await gate({ event: { name: 'click', atMost: 1 } })
    await did(door, 'click', { occurredAt: daysAgo(5) })
    await did(door, 'click', { occurredAt: daysAgo(1) })
    await did(door, 'click', { occurredAt: daysAgo(1) })
    expect(await knock(door)).toBe(refusal)
    expect(await knock(door, { occurredAt: daysAgo(3) })).toBe('ADMITTED')
  })

  test('of all profiles that are one person, also where the event at hand shows it', async () => {
    const door = await gate({ event: { name: 'click', atLeast: 2 } })
    await did(door, 'click', { profile: { deviceId: 'phone' } })
    await did(door, 'click')
    expect(await knock(door)).toBe(refusal)
    expect(await knock(door, { profile: { ...ann, deviceId: 'phone' } })).toBe('ADMITTED')
  })
})

describe('criteria that cannot be meant are refused, naming the place, and nothing is kept', () => {
  const entry = (rule: object, programId: string) => ({
    programId,
    name: fresh('Campaign'),
    journeys: [participant, { ...participant, name: 'second', entry: { all: [{ not: rule }] } }],
  })
  const at = 'input.journeys[1].entry.all[0].not'

  test.each<[object, string]>([
    [{ event: { name: ' ' } }, 'event.name'],
    [{ event: { name: 'x'.repeat(101) } }, 'event.name'],
    [{ event: { name: 'x', atLeast: -1 } }, 'event.atLeast'],
    [{ event: { name: 'x', atMost: 1001 } }, 'event.atMost'],
    [{ event: { name: 'x', atLeast: 3, atMost: 2 } }, 'event.atMost'],
    [{ event: { name: 'x', withinLastDays: 0 } }, 'event.withinLastDays'],
    [{ order: { aggregate: 'COUNT', op: 'EQ', value: 1, currency: 'EUR' } }, 'order.currency'],
    [{ order: { aggregate: 'TOTAL_MINOR', op: 'EQ', value: 1 } }, 'order.currency'],
    [{ order: { aggregate: 'TOTAL_MINOR', op: 'EQ', value: 1, currency: 'euro' } }, 'order.currency'],
    [{ relationship: { as: 'FRIEND', programId: 'x' } }, 'relationship.programId'],
    [{ quality: { is: 'LOW', withinLastDays: 36_501 } }, 'quality.withinLastDays'],
    [{ eventData: { field: 'a..b', op: 'EXISTS' } }, 'eventData.field'],
  ])('%j', async (rule, place) => {
    const programId = await aProgram(server)
    expect(await refused(server, createCampaign, entry(rule, programId))).toBe(`BAD_INPUT ${at}.${place}`)
  })

  test('a program of nobody, or of another account', async () => {
    const foreign = await aProgram(await server.otherAccount())
    const rule = { relationship: { as: 'FRIEND', programId: foreign } }
    const before = await campaignNames()
    expect(await refused(server, createCampaign, entry(rule, await aProgram(server)))).toBe(
      `NOT_FOUND ${at}.relationship.programId`,
    )
    expect(await campaignNames()).toEqual(before)
  })

  const campaignNames = async () => {
    const { campaigns } = await server.query('{ campaigns(first: 100) { edges { node { name } } } }')
    return campaigns.edges.map(({ node }: { node: { name: string } }) => node.name)
  }

  test('criteria are kept folded, with ids, and without what says nothing', async () => {
    const programId = await aProgram(server)
    const rule = {
      all: [
        { event: { name: 'Signed Up', performed: true, atLeast: 2, atMost: null } },
        { order: { aggregate: 'LARGEST_MINOR', op: 'GT', value: 5, currency: ' eur ' } },
        { relationship: { as: 'FRIEND', programId } },
      ],
    }
    const campaignId = await aCampaign(server, { journeys: [{ ...participant, entry: rule }] })
    const { node } = await server.query(
      'query ($id: ID!) { node(id: $id) { ... on Campaign { journeys { entry } } } }',
      {
        id: campaignId,
      },
    )
    expect(node.journeys[0].entry).toEqual({
      all: [
        { event: { name: 'signed_up', atLeast: 2 } },
        { order: { aggregate: 'LARGEST_MINOR', op: 'GT', value: 5, currency: 'EUR' } },
        { relationship: { as: 'FRIEND', programId: Buffer.from(programId, 'base64').toString().slice(-36) } },
      ],
    })
  })
})

test('every event of a list is judged by what was done up to its own time', async () => {
  const caller = await server.otherAccount()
  const programId = await aProgram(caller)
  const entry = {
    all: [
      { event: { name: 'click', atLeast: 3, withinLastDays: 1 } },
      { order: { aggregate: 'COUNT', op: 'GTE', value: 4, withinLastDays: 2 } },
    ],
  }
  const flow = { name: 'gated', role: 'PARTICIPANT', events: ['offer'], keyField: 'slot', entry }
  await addCampaign(caller, { programId, name: 'Gated', journeys: [flow] })
  const document = `mutation ($input: TrackEventsInput!) {
    trackEvents(input: $input) { results { payload { attribution { status } } } }
  }`
  const now = Date.now()
  const hoursAgo = (hours: number) => new Date(now - hours * 3_600_000).toISOString()
  const send = async (name: string, hours: number[]) => {
    const events = hours.map((ago) => ({ name, profile: ann, occurredAt: hoursAgo(ago), data: { slot: `${ago}` } }))
    const { trackEvents: sent } = await caller.query(document, { input: { events } })
    return sent.results.map((one: { payload: { attribution: { status: string } } }) => one.payload.attribution.status)
  }
  const [clicks, purchases] = [
    [200, 190, 180, 179, 150, 100, 99, 98, 97, 60, 50, 40, 30, 20, 19],
    [185, 184, 183, 182, 181, 101, 99, 70, 69, 68, 50, 45, 30, 25, 24],
  ]
  await send('click', clicks)
  await send('purchase', purchases)
  const between = (all: number[], ago: number, back: number) =>
    all.filter((one) => one >= ago && one <= ago + back).length
  const asked = Array.from({ length: 104 }, (_, i) => ((i * 37) % 104) * 2 + 0.5)
  const expected = asked.map((ago) => between(clicks, ago, 24) >= 3 && between(purchases, ago, 48) >= 4)
  const statuses: string[] = await send('offer', asked)
  expect(statuses.map((status) => status === 'ATTRIBUTED')).toEqual(expected)
  expect(new Set(expected).size).toBe(2)
})
