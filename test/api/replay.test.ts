// History tried under other rules: nothing is written, unchanged rules change nothing, and a change shows what it would have done.

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Client } from '../../src/demo/client.ts'
import { partFor, readRecorded } from '../../src/demo/complete-journey.ts'
import { play } from '../../src/demo/play.ts'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
let programId: string

const fields = `done processed total same changed newlyAttributed newlyUnattributed drifted
  samples { kind difference drifted event { id name } recorded { id campaign { name } } status campaign { name }
    journeyName advocate { id } quality decidedBy reason summary }
  byCampaign { campaign { name } gained lost }`

const document = `query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { ${fields} } }`

const lastHours = () => ({
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 3_600_000).toISOString(),
})

async function replay(input: object = {}, by: Caller = caller) {
  const { replayTargeting } = await by.query(document, { input: { ...lastHours(), ...input } })
  return replayTargeting
}

/** Replays what came from each of the events on: what was before is taken as recorded. */
async function expectUnchangedFromEach() {
  const { attributions } = await caller.query('{ attributions { edges { node { event { receivedAt } } } } }')
  const times: string[] = attributions.edges.map(
    ({ node }: { node: { event: { receivedAt: string } } }) => node.event.receivedAt,
  )
  for (const from of new Set(times)) {
    const total = times.filter((at) => at >= from).length
    expect(await replay({ from })).toEqual(unchanged(total))
  }
}

/** Everything is as it was: so many decisions, all the same. */
const unchanged = (total: number) => ({
  ...{ done: true, processed: total, total, same: total },
  ...{ changed: 0, newlyAttributed: 0, newlyUnattributed: 0, drifted: 0, samples: [], byCampaign: [] },
})

const createProgram = 'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }'

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.stop())

beforeEach(async () => {
  caller = await server.otherAccount()
  const made = await caller.query(createProgram, { input: { name: 'Shop', labels: ['shop'] } })
  programId = made.createProgram.program.id
})

const flow = { name: 'flow', role: 'PARTICIPANT', events: ['signup', 'purchase', 'click'] }

const campaign = (name: string, more: object = {}, rest: object = {}) =>
  addCampaign(caller, { programId, name, journeys: [{ ...flow, ...more }], ...rest } as Parameters<
    typeof addCampaign
  >[1])

const change = (campaignId: string, state: string) =>
  caller.query(
    'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state } } }',
    {
      input: { campaignId, state },
    },
  )

const day = (n: number) => new Date(Date.UTC(2026, 2, n)).toISOString()
const person = (name: string) => ({ sourceId: name })

const advocateCode = (code: string, advocate: string) =>
  caller.query(
    'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { code } } }',
    {
      input: { code, advocate: person(advocate), programId },
    },
  )

test('an order that somebody else told of again stays the first one’s', async () => {
  const entry = { order: { aggregate: 'COUNT', op: 'GTE', value: 1 } }
  await campaign('Buyers', { name: 'gated', events: ['knocked'], entry })
  const data = { order_id: '1', total: 10, currency: 'EUR' }
  await track(caller, { name: 'order_completed', profile: person('ann'), data })
  await track(caller, { name: 'order_completed', profile: person('bob'), data })
  for (const name of ['bob', 'ann']) await track(caller, { name: 'knocked', profile: person(name) })
  expect(await replay()).toMatchObject({ total: 4, same: 4, changed: 0, drifted: 0 })
})

describe('the demo’s history', () => {
  // 60 of its 2,102 redemptions, and the event by which it finds its place in the feed.
  test('reports no change for unchanged rules', { timeout: 120_000 }, async () => {
    const whole = readRecorded()
    const slice = partFor(whole, whole.redemptions.slice(390, 450))
    const silent = { step() {}, answered() {}, arrived() {} }
    const demo = await server.otherAccount('Demo')
    await play(new Client({ url: server.url, key: demo.key }, new AbortController().signal), slice, silent)
    expect(await replay({}, demo)).toEqual(unchanged(61))
  })
})

describe('unchanged rules', () => {
  test('change nothing, whatever states the campaigns have gone through since', async () => {
    const gone = await campaign('Gone', { priority: 300 })
    await campaign('Stays')
    await track(caller, { name: 'signup', profile: person('ann') })
    await change(gone, 'PAUSED')
    await track(caller, { name: 'purchase', profile: person('ann') })
    await track(caller, { name: 'purchase', profile: person('bob') })
    await change(gone, 'STOPPED')
    await track(caller, { name: 'click', profile: person('ann') })
    expect(await replay()).toEqual(unchanged(4))
  })

  test('change nothing for late events, keyed journeys, expiry, re-entry, exits and follow-ups', async () => {
    const isIn = { field: { field: 'tier', op: 'EQ', value: 'gold', orMissing: true } }
    await campaign('Keyed', { keyField: 'order_id', priority: 200, events: ['purchase'] })
    await campaign('Short', { inactivityDays: 2, reentry: 'NEW_AFTER_EXIT' })
    await campaign('Once', {
      name: 'once',
      inactivityDays: 1,
      reentry: 'NEVER_AGAIN',
      priority: 150,
      events: ['click'],
    })
    await campaign('Gold', { ongoing: isIn, priority: 120 })
    await caller.query('mutation ($input: SetEventTypeInput!) { setEventType(input: $input) { eventType { name } } }', {
      input: { name: 'refund', followsTransaction: true },
    })
    const send = (name: string, n: number, data: object = {}) =>
      track(caller, { name, profile: person('ann'), occurredAt: day(n), data })
    for (const [name, n, data] of [
      ['signup', 10],
      ['click', 11],
      ['purchase', 12, { order_id: 'o1' }],
      ['click', 1],
      ['purchase', 13, { order_id: 'o2' }],
      ['signup', 5],
      ['click', 20],
      ['refund', 21, { order_id: 'o1' }],
      ['signup', 30],
      ['purchase', 2, { order_id: 'o1' }],
    ] as const)
      await send(name, n, data)
    expect(await replay()).toEqual(unchanged(10))
    await expectUnchangedFromEach()
  })

  test('change nothing for referrals, also those of each other, and of people who turn out to be one', async () => {
    await campaign('Refer', { name: 'friend', role: 'FRIEND', priority: 200 })
    await campaign('Bring', { name: 'advocate', role: 'ADVOCATE', priority: 150, events: ['signup'] })
    await campaign('Rest')
    for (const name of ['ann', 'bob', 'cid']) await advocateCode(`BY${name}`, name)
    const by = (name: string) => ({ advocateCodes: [`BY${name}`] })
    const sent: [string, object, object?][] = [
      ['signup', person('ann')],
      ['signup', { deviceId: 'd-cid' }, by('ann')],
      ['purchase', person('bob'), by('ann')],
      ['purchase', person('ann'), by('bob')],
      ['click', person('bob')],
      ['purchase', { deviceId: 'd-cid' }],
      // The device turns out to be cid's, whose code is on the event.
      ['click', { sourceId: 'cid', deviceId: 'd-cid' }, by('cid')],
      ['purchase', person('cid'), by('bob')],
      ['click', person('cid')],
    ]
    for (const [name, profile, targeting] of sent) await track(caller, { name, profile, targeting })
    expect(await replay()).toEqual(unchanged(9))
    await expectUnchangedFromEach()
  })

  test('change nothing where criteria ask for what was done before, in the range and before it', async () => {
    const orders = (value: number) => ({ order: { aggregate: 'COUNT', op: 'GTE', value } })
    await campaign('Good', {
      priority: 400,
      entry: { all: [{ quality: { is: 'HIGH', atLeast: 4 } }, { not: orders(3) }] },
    })
    await campaign('Friendly', { priority: 300, entry: { relationship: { as: 'ADVOCATE' } }, events: ['click'] })
    await campaign('Twice', { priority: 200, entry: { event: { name: 'click', atLeast: 2 } } })
    await campaign('Refer', { name: 'friend', role: 'FRIEND', priority: 100 })
    await campaign('Else', { priority: 10 })
    await advocateCode('BYANN', 'ann')
    const send = (name: string, who = 'ann', targeting?: object) =>
      track(caller, { name, profile: person(who), data: { total: 5, currency: 'EUR' }, targeting })
    for (const name of ['click', 'click', 'signup']) await send(name)
    await send('click', 'bob', { advocateCodes: ['BYANN'] })
    for (const name of ['purchase', 'purchase', 'click', 'purchase', 'signup']) await send(name)
    expect(await replay()).toEqual(unchanged(9))
    await expectUnchangedFromEach()
  })

  test('change nothing for events that were decided anew', async () => {
    const old = await campaign('Old', { priority: 200 })
    const first = await track(caller, { name: 'signup', profile: person('ann'), occurredAt: day(1) })
    await track(caller, { name: 'purchase', profile: person('ann'), occurredAt: day(2) })
    const target = await campaign('New', { priority: 100 })
    await caller.query(
      'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { attribution { id } } }',
      {
        input: { eventId: first.event.id, note: 'n', targeting: { require: [{ kind: 'CAMPAIGN_ID', value: target }] } },
      },
    )
    await track(caller, { name: 'click', profile: person('ann'), occurredAt: day(3) })
    await change(old, 'STOPPED')
    await track(caller, { name: 'click', profile: person('ann'), occurredAt: day(4) })
    expect(await replay()).toEqual(unchanged(4))
  })
})

describe('changed rules', () => {
  test('a larger priority takes exactly the events that both campaigns support', async () => {
    const rival = await campaign('Rival', { events: ['signup', 'purchase'], priority: 10 })
    await campaign('Winner', { priority: 20 })
    for (const name of ['ann', 'bob', 'cid'])
      for (const event of ['signup', 'click']) await track(caller, { name: event, profile: person(name) })
    const tried = await replay({
      with: [{ campaignId: rival, priorities: [{ journeyName: 'FLOW', priority: 30 }] }],
      samples: 2,
    })
    expect(tried).toMatchObject({
      ...{ processed: 6, total: 6, same: 3, changed: 3, newlyAttributed: 0, newlyUnattributed: 0, drifted: 0 },
      byCampaign: [
        { campaign: { name: expect.any(String) }, gained: expect.any(Number), lost: expect.any(Number) },
        { campaign: { name: expect.any(String) } },
      ],
    })
    const balances = Object.fromEntries(
      tried.byCampaign.map((row: { campaign: { name: string }; gained: number; lost: number }) => [
        row.campaign.name,
        [row.gained, row.lost],
      ]),
    )
    expect(balances).toEqual({ Rival: [3, 0], Winner: [0, 3] })
    expect(tried.samples).toHaveLength(2)
    expect(tried.samples[0]).toMatchObject({
      ...{ kind: 'CHANGED', difference: 'CAMPAIGN', drifted: false, event: { name: 'signup' } },
      ...{ recorded: { campaign: { name: 'Winner' } }, status: 'ATTRIBUTED', campaign: { name: 'Rival' } },
      ...{
        journeyName: 'flow',
        decidedBy: 'PRIORITY',
        reason: null,
        summary: expect.stringContaining('would be credited to the campaign “Rival”'),
      },
    })
  })

  test('a campaign that would have been stopped leaves its events to others or to nobody', async () => {
    const stopped = await campaign('Stopped', { priority: 200 })
    await campaign('Other', { events: ['signup'] })
    await track(caller, { name: 'signup', profile: person('ann') })
    await track(caller, { name: 'purchase', profile: person('ann') })
    expect(await replay({ with: [{ campaignId: stopped, state: 'STOPPED' }] })).toMatchObject({
      ...{ same: 0, changed: 1, newlyUnattributed: 1, newlyAttributed: 0, drifted: 0 },
      samples: [
        { kind: 'CHANGED', campaign: { name: 'Other' } },
        { kind: 'NEWLY_UNATTRIBUTED', difference: 'STATUS', campaign: null, reason: 'EVENT_NOT_SUPPORTED' },
      ],
    })
  })

  test('a draft takes part as if it were live, and events of people inside its journeys follow', async () => {
    await campaign('Live', { priority: 10 })
    const made = await caller.query(
      'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
      {
        input: { programId, name: 'Draft', journeys: [{ ...flow, priority: 10, startEvents: ['signup'] }] },
      },
    )
    const draft = made.createCampaign.campaign.id
    for (const name of ['click', 'signup', 'click'])
      await track(caller, { name, profile: person('ann'), occurredAt: day(1) })
    await track(caller, { name: 'share', profile: person('ann') })
    // Of equal priority a person's own journey wins, so what Live began it keeps.
    expect(await replay({ includeDrafts: [draft] })).toMatchObject({ same: 4, changed: 0 })
    const high = { campaignId: draft, priorities: [{ journeyName: 'flow', priority: 11 }] }
    expect(await replay({ with: [high] })).toMatchObject({ same: 2, changed: 2, drifted: 0 })
  })

  test('a window that would have been another takes in or leaves out by the event’s time', async () => {
    const id = await campaign('Window', {}, { startsAt: day(5), endsAt: day(10) })
    for (const n of [4, 5, 9, 10]) await track(caller, { name: 'click', profile: person(`p${n}`), occurredAt: day(n) })
    expect(await replay({ with: [{ campaignId: id, startsAt: null, endsAt: day(9) }] })).toMatchObject({
      ...{ same: 2, newlyAttributed: 1, newlyUnattributed: 1, changed: 0 },
    })
  })

  test('what has drifted by itself is told apart from what the change does', async () => {
    const gold = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
    await campaign('Gold', { entry: gold, priority: 200 })
    const rest = await campaign('Rest')
    await track(caller, { name: 'click', profile: person('ann') })
    await track(caller, { name: 'click', profile: person('bob') })
    await caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
      input: { profile: person('ann'), set: { tier: 'gold' } },
    })
    expect(await replay()).toMatchObject({ same: 1, changed: 1, drifted: 1, samples: [{ drifted: true }] })
    expect(await replay({ with: [{ campaignId: rest, state: 'STOPPED' }] })).toMatchObject({
      ...{ same: 0, changed: 1, newlyUnattributed: 1, drifted: 1 },
    })
  })
})

describe('a replay', () => {
  test('writes nothing, and the database would refuse it', async () => {
    const id = await campaign('Only')
    await track(caller, { name: 'click', profile: person('ann') })
    const { database } = server.app.services
    const counts = async () => {
      const tables = await database.system.$queryRaw<{ name: string }[]>`
        SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`
      const rows = []
      for (const { name } of tables)
        rows.push([name, await database.system.$queryRawUnsafe(`SELECT count(*)::int FROM "${name}"`)])
      return rows
    }
    const before = await counts()
    const modes: string[] = []
    const { reads } = database
    const watched: typeof reads = {
      ...reads,
      transaction: (work) =>
        reads.transaction(async (tx) => {
          const result = await work(tx)
          const [row] = await tx.$queryRaw<{ mode: string }[]>`SELECT current_setting('transaction_read_only') AS mode`
          modes.push(row?.mode ?? '')
          return result
        }),
    }
    const spy = vi.spyOn(database, 'reads', 'get').mockReturnValue(watched)
    try {
      await replay({ with: [{ campaignId: id, state: 'STOPPED' }] })
    } finally {
      spy.mockRestore()
    }
    expect(new Set(modes)).toEqual(new Set(['on']))
    expect(await counts()).toEqual(before)
  })

  test('streams over a subscription, whose last message is the result', async () => {
    await campaign('Only')
    for (let i = 0; i < 5; i++) await track(caller, { name: 'click', profile: person(`p${i}`) })
    const client = caller.socket()
    const updates = []
    const query = `subscription ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { ${fields} } }`
    for await (const { data, errors } of client.iterate<{ replayTargeting: { done: boolean } }>({
      query,
      variables: { input: lastHours() },
    })) {
      expect(errors).toBeUndefined()
      updates.push(data?.replayTargeting)
    }
    expect(updates.at(-1)).toEqual(unchanged(5))
    expect(updates.filter((update) => update?.done)).toHaveLength(1)
    await client.dispose()
  })

  test('may begin before 1970 and end there', async () => {
    const { replayTargeting } = await caller.query(document, {
      input: { from: '1969-01-01T00:00:00Z', to: '1969-06-01T00:00:00Z' },
    })
    expect(replayTargeting).toEqual(unchanged(0))
  })

  test('is refused, naming the place, for what a campaign could not be either', async () => {
    const id = await campaign('Only')
    const refused = async (input: object, by: Caller = caller) => {
      const { errors } = await by.send(document, { input: { ...lastHours(), ...input } })
      return errors.map(({ extensions }) => [extensions.code, extensions.field])
    }
    const nobody = '0193f1c2-0000-7000-8000-000000000000'
    expect(await refused({ to: lastHours().from })).toEqual([['BAD_INPUT', 'input.to']])
    expect(await refused({ from: '2020-01-01T00:00:00Z' })).toEqual([['BAD_INPUT', 'input.to']])
    expect(await refused({ samples: 101 })).toEqual([['BAD_INPUT', 'input.samples']])
    expect(await refused({ with: [{ campaignId: nobody }] })).toEqual([['NOT_FOUND', 'input.with[0].campaignId']])
    expect(await refused({ with: [{ campaignId: id }, { campaignId: id }] })).toEqual([
      ['BAD_INPUT', 'input.with[1].campaignId'],
    ])
    expect(await refused({ with: [{ campaignId: id, startsAt: day(2), endsAt: day(1) }] })).toEqual([
      ['BAD_INPUT', 'input.with[0].endsAt'],
    ])
    expect(await refused({ with: [{ campaignId: id, priorities: [{ journeyName: 'x', priority: 1 }] }] })).toEqual([
      ['BAD_INPUT', 'input.with[0].priorities[0].journeyName'],
    ])
    expect(await refused({ with: [{ campaignId: id, journeys: [{ ...flow, events: [] }] }] })).toEqual([
      ['BAD_INPUT', 'input.with[0].journeys[0].events'],
    ])
    expect(await refused({ includeDrafts: [id] })).toEqual([['CONFLICT', 'input.includeDrafts[0]']])
    const writer = await server.withScopes('EVENTS_WRITE')
    expect((await refused({}, writer)).map(([code]) => code)).toEqual(['FORBIDDEN'])
  })
})
