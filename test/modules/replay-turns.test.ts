// Replay beside others: it ends with its reader and lets everybody have their turn; and what was decided anew since changes nothing
// of what came before.

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Context } from '../../src/context.ts'
import { replayStreamed } from '../../src/modules/replay/service.ts'
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

const day = (n: number) => new Date(Date.UTC(2026, 2, n)).toISOString()
const person = (name: string) => ({ sourceId: name })

const reattribute = (eventId: string) =>
  caller.query(
    'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { attribution { status reason } } }',
    { input: { eventId, note: 'n' } },
  )

describe('unchanged rules, with events decided anew since', () => {
  test('change nothing of later events: what came before is as it stood then', async () => {
    await campaign('Old', { startEvents: ['signup'] })
    const first = await track(caller, { name: 'signup', profile: person('ann'), occurredAt: day(1) })
    await track(caller, { name: 'purchase', profile: person('bob') })
    const second = await track(caller, { name: 'click', profile: person('ann'), occurredAt: day(2) })
    expect(second.attribution.campaign.name).toBe('Old')
    await campaign('New', { priority: 500, events: ['signup'] })
    await reattribute(first.event.id)
    expect(await replay({ from: second.event.receivedAt })).toEqual(unchanged(1))
  })

  test('change nothing where the event had ended a journey', async () => {
    const gold = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
    await campaign('Gold', { ongoing: gold })
    const setTier = (tier: string) =>
      caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
        input: { profile: person('ann'), set: { tier } },
      })
    await track(caller, { name: 'other', profile: person('ann'), occurredAt: day(1) })
    await setTier('gold')
    await track(caller, { name: 'signup', profile: person('ann'), occurredAt: day(1) })
    await setTier('iron')
    const ended = await track(caller, { name: 'purchase', profile: person('ann'), occurredAt: day(2) })
    const { reattributeEvent } = await reattribute(ended.event.id)
    expect(reattributeEvent.attribution).toEqual({ status: 'UNATTRIBUTED', reason: 'ONGOING_CRITERIA_FAILED' })
    // The journey goes on once the event, decided anew, no longer ends it.
    await setTier('gold')
    expect((await reattribute(ended.event.id)).reattributeEvent.attribution.status).toBe('ATTRIBUTED')
    const click = await track(caller, { name: 'click', profile: person('ann'), occurredAt: day(3) })
    expect(click.attribution).toMatchObject({ status: 'ATTRIBUTED', decidedBy: 'ONLY_CANDIDATE' })
    expect(await journeyOf(ended.event.id)).toBe(click.attribution.journey.id)
    expect(await replay()).toEqual(unchanged(4))
    expect(await replay({ from: click.event.receivedAt })).toEqual(unchanged(1))
  })
})

async function journeyOf(eventId: string): Promise<string> {
  const { attribution } = await caller.query(
    'query ($id: ID!) { attribution(eventId: $id) { journey { id state } } }',
    {
      id: eventId,
    },
  )
  expect(attribution.journey.state).toBe('ACTIVE')
  return attribution.journey.id
}

describe('a replay of many people', () => {
  /** So many people with a click each: more than are held at a time. */
  async function crowd(people: number) {
    for (let sent = 0; sent < people; sent += 250) {
      const events = Array.from({ length: 250 }, (_, i) => ({ name: 'click', profile: person(`p${sent + i}`) }))
      await caller.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { index } } }', {
        input: { events },
      })
    }
  }

  test('ends with its reader at the latest after the chunk under way', { timeout: 60_000 }, async () => {
    await campaign('Only')
    await crowd(750)
    const { services } = server.app
    const context = new Context(services, await services.keyRing.find(caller.key))
    const { database } = services
    const { reads } = database
    const updates = await replayStreamed(context, {
      from: new Date(lastHours().from),
      to: new Date(lastHours().to),
    })
    let chunks = 0
    const spy = vi.spyOn(database, 'reads', 'get').mockReturnValue({
      ...reads,
      transaction: (work) => {
        chunks++
        return reads.transaction(work)
      },
    })
    try {
      const first = updates.next()
      await updates.return?.()
      expect(await first).toMatchObject({ done: true })
    } finally {
      spy.mockRestore()
    }
    expect(chunks).toBe(1)
  })

  test('lets others get their answers before its end', { timeout: 60_000 }, async () => {
    await campaign('Only')
    await crowd(1_000)
    const { database } = server.app.services
    const { reads } = database
    const answered: string[] = []
    const work: Promise<unknown>[] = []
    let isFirst = true
    const spy = vi.spyOn(database, 'reads', 'get').mockReturnValue({
      ...reads,
      transaction: (part) => {
        if (isFirst) {
          isFirst = false
          const event = track(caller, { name: 'signup', profile: person('else') })
          work.push(event.then(() => answered.push('event')))
        }
        return reads.transaction(part)
      },
    })
    try {
      expect((await replay()).done).toBe(true)
      answered.push('replay')
      await Promise.all(work)
    } finally {
      spy.mockRestore()
    }
    expect(answered).toEqual(['event', 'replay'])
  })
})
