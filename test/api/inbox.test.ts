// The inbox of what nobody was credited for: grouped by reason and near miss, counted by hand, filtered and paged.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const inbox = `query ($filter: UnattributedInboxFilter, $first: Int, $after: String) {
  unattributedInbox(filter: $filter, first: $first, after: $after) {
    totals { events groups }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node {
      reason nearMissCode nearMissCampaign { name } count people hint firstAt lastAt
      eventNames { name count }
      samples { event { name receivedAt } profile { sourceId } reason }
    } }
  }
}`

interface Group {
  reason: string
  nearMissCode: string | null
  nearMissCampaign: { name: string } | null
  count: number
  people: number
  hint: string
  firstAt: string
  lastAt: string
  eventNames: { name: string; count: number }[]
  samples: { event: { name: string; receivedAt: string }; profile: { sourceId: string | null }; reason: string }[]
}

interface Inbox {
  totals: { events: number; groups: number }
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string }
  edges: { cursor: string; node: Group }[]
}

async function read(caller: Caller, variables: { filter?: object; first?: number; after?: string } = {}) {
  const { unattributedInbox: found } = await caller.query<{ unattributedInbox: Inbox }>(inbox, variables)
  return { ...found, groups: found.edges.map(({ node }) => node) }
}

const outline = ({ reason, nearMissCampaign, count, people }: Group) => [
  reason,
  nearMissCampaign?.name ?? null,
  count,
  people,
]

const send = async (caller: Caller, events: object[]) => {
  const { trackEvents } = await caller.query(
    'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { message } } } }',
    { input: { events } },
  )
  expect(trackEvents.results.filter(({ error }: { error: unknown }) => error)).toEqual([])
}

/**
 * An account with two campaigns. Of what is sent to it, 12 events are credited to nobody:
 * 6 visits and looks of 3 people, whom nobody had referred (Friends); one of the three is a device that turns out to be `ann`;
 * 3 purchases of 2 people who are no gold members (Gold), 2 events that no campaign takes, and 1 of a machine.
 */
async function account(): Promise<{ caller: Caller; friends: string; gold: string }> {
  const caller = await server.otherAccount()
  const { programId } = await openBrand(caller, 'Clicks')
  const friend = { name: 'friend', role: 'FRIEND', events: ['visit', 'look'], priority: 300 }
  const entry = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
  const member = { name: 'member', role: 'PARTICIPANT', events: ['buy'], entry, priority: 200 }
  const friends = await addCampaign(caller, { programId, name: 'Friends', journeys: [friend] })
  const gold = await addCampaign(caller, { programId, name: 'Gold', journeys: [member] })
  await send(caller, [
    { name: 'visit', profile: { sourceId: 'ann' } },
    { name: 'visit', profile: { sourceId: 'ann' } },
    { name: 'look', profile: { deviceId: 'tablet' } },
    { name: 'visit', profile: { sourceId: 'bob' } },
    { name: 'look', profile: { sourceId: 'carl' } },
    { name: 'look', profile: { sourceId: 'carl' } },
    { name: 'buy', profile: { sourceId: 'ann' } },
    { name: 'buy', profile: { sourceId: 'bob' } },
    { name: 'buy', profile: { sourceId: 'bob' } },
    { name: 'hum', profile: { sourceId: 'bob' } },
    { name: 'sing', profile: { sourceId: 'bob' } },
    { name: 'visit', profile: { sourceId: 'dan' }, context: { userAgent: 'Googlebot/2.1' } },
    // Credited, to the campaign of clicks; and it shows that the tablet is Ann's.
    { name: 'click', profile: { sourceId: 'ann', deviceId: 'tablet' } },
  ])
  return { caller, friends, gold }
}

describe('the inbox', () => {
  let caller: Caller
  let friends: string
  let gold: string
  beforeAll(async () => {
    ;({ caller, friends, gold } = await account())
  })

  test('groups what nobody was credited for by reason and near miss, the largest group first', async () => {
    const { totals, groups, pageInfo } = await read(caller)
    expect(totals).toEqual({ events: 12, groups: 4 })
    expect(groups.map(outline)).toEqual([
      // Ann with her tablet, Bob and Carl.
      ['NO_REFERRAL', 'Friends', 6, 3],
      ['ENTRY_CRITERIA_FAILED', 'Gold', 3, 2],
      // Of those that do not support the event the one of the highest priority is the nearest.
      ['EVENT_NOT_SUPPORTED', 'Friends', 2, 1],
      ['BOT', null, 1, 1],
    ])
    expect(groups.map(({ nearMissCode }) => nearMissCode)).toEqual([
      'NO_REFERRAL',
      'ENTRY_CRITERIA_FAILED',
      'EVENT_NOT_SUPPORTED',
      null,
    ])
    expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
  })

  test('tells of each group its event names, its newest events and what would have helped', async () => {
    const { groups } = await read(caller)
    expect(groups.map(({ eventNames }) => eventNames)).toEqual([
      [
        { name: 'look', count: 3 },
        { name: 'visit', count: 3 },
      ],
      [{ name: 'buy', count: 3 }],
      [
        { name: 'hum', count: 1 },
        { name: 'sing', count: 1 },
      ],
      [{ name: 'visit', count: 1 }],
    ])
    expect(groups.map(({ samples }) => samples.map(({ event, profile }) => [event.name, profile.sourceId]))).toEqual([
      [
        ['look', 'carl'],
        ['look', 'carl'],
        ['visit', 'bob'],
      ],
      [
        ['buy', 'bob'],
        ['buy', 'bob'],
        ['buy', 'ann'],
      ],
      [
        ['sing', 'bob'],
        ['hum', 'bob'],
      ],
      [['visit', 'dan']],
    ])
    expect(groups.map(({ hint }) => hint)).toEqual([
      'The nearest campaign was “Friends”: it would have matched had somebody referred the person before.',
      'The nearest campaign was “Gold”: it would have matched had the person met the conditions to enter its flow “member” (tier is gold, which is not known).',
      'The nearest campaign was “Friends”: it would have matched had the event been look or visit.',
      'It might have been credited had it come from a person.',
    ])
    for (const { firstAt, lastAt, samples } of groups) {
      expect(firstAt <= lastAt).toBe(true)
      expect(lastAt).toBe(samples[0]?.event.receivedAt)
    }
  })

  test('is filtered by event name, reason, near miss, person and time of receipt', async () => {
    const filtered = async (filter: object) => (await read(caller, { filter })).groups.map(outline)
    expect(await filtered({ eventNames: ['Look', 'hum'] })).toEqual([
      ['NO_REFERRAL', 'Friends', 3, 2],
      ['EVENT_NOT_SUPPORTED', 'Friends', 1, 1],
    ])
    expect(await filtered({ reasons: ['BOT', 'ENTRY_CRITERIA_FAILED'] })).toEqual([
      ['ENTRY_CRITERIA_FAILED', 'Gold', 3, 2],
      ['BOT', null, 1, 1],
    ])
    expect(await filtered({ campaignIds: [gold] })).toEqual([['ENTRY_CRITERIA_FAILED', 'Gold', 3, 2]])
    expect(await filtered({ campaignIds: [friends], reasons: ['NO_REFERRAL'], eventNames: ['visit'] })).toEqual([
      ['NO_REFERRAL', 'Friends', 3, 2],
    ])
    // Her tablet's events are hers.
    expect(await filtered({ profile: { sourceId: 'ann' } })).toEqual([
      ['NO_REFERRAL', 'Friends', 3, 1],
      ['ENTRY_CRITERIA_FAILED', 'Gold', 1, 1],
    ])
    expect(await filtered({ profile: { sourceId: 'nobody' } })).toEqual([])
    expect(await filtered({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })).toEqual([])
    expect((await read(caller, { filter: { profile: { sourceId: 'nobody' } } })).totals).toEqual({
      events: 0,
      groups: 0,
    })
  })

  test('is paged: each group once, the totals on every page', async () => {
    const seen: string[] = []
    let after: string | undefined
    for (let more = true; more; ) {
      const page = await read(caller, { first: 1, ...(after ? { after } : {}) })
      seen.push(...page.groups.map(({ reason }) => reason))
      expect([page.totals, page.pageInfo.hasPreviousPage]).toEqual([{ events: 12, groups: 4 }, after !== undefined])
      after = page.pageInfo.endCursor
      more = page.pageInfo.hasNextPage
    }
    expect(seen).toEqual(['NO_REFERRAL', 'ENTRY_CRITERIA_FAILED', 'EVENT_NOT_SUPPORTED', 'BOT'])
  })

  test('knows the decision in force only', async () => {
    const one = await server.otherAccount()
    const { programId } = await openBrand(one)
    const { event } = await track(one, { name: 'hum', profile: { sourceId: 'bob' } })
    expect((await read(one)).groups.map(outline)).toEqual([['EVENT_NOT_SUPPORTED', 'Refer a friend', 1, 1]])
    await addCampaign(one, {
      programId,
      name: 'Hums',
      journeys: [{ name: 'hum', role: 'PARTICIPANT', events: ['hum'] }],
    })
    await one.query('mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }', {
      input: { eventId: event.id, note: 'there is a campaign for it now' },
    })
    expect(await read(one)).toMatchObject({ totals: { events: 0, groups: 0 }, groups: [] })
  })

  test('knows nothing of another account', async () => {
    const other = await server.otherAccount()
    expect(await read(other)).toMatchObject({ totals: { events: 0, groups: 0 }, groups: [] })
  })
})

test('the inbox costs as many statements for four groups as for one', async () => {
  const { caller } = await account()
  const cost = async (filter: object) => {
    const statements = await statementsOf(() => read(caller, { filter }))
    return statements.filter(({ text }) => !text.includes('api_key')).length
  }
  // The rules that the decisions went by are kept once they were read.
  await read(caller)
  const [one, all] = [await cost({ reasons: ['NO_REFERRAL'] }), await cost({})]
  process.stdout.write(`statements of the inbox: ${one} for 1 group, ${all} for 4\n`)
  expect(all).toBe(one)
})

test('the inbox reads the partitions of its months only', async () => {
  await track(server, { name: 'hum', profile: { sourceId: 'ann' } })
  const plan = async (filter: object) => {
    const found = (await statementsOf(() => read(server, { filter }))).filter(({ text }) => /grouped AS/.test(text))
    expect(found).toHaveLength(1)
    const [{ text, values } = { text: '', values: [] }] = found
    const { system } = server.app.services.database
    const rows = await system.$queryRawUnsafe<Record<string, string>[]>(`EXPLAIN ${text}`, ...values)
    return rows.flatMap((row) => Object.values(row)).join('\n')
  }
  const month = new Date().toISOString().slice(0, 7).replace('-', '_')
  const partitions = [`attribution_${month}`, `event_${month}`]
  const now = await plan({})
  expect(partitions.filter((name) => now.includes(name))).toEqual(partitions)
  const past = await plan({ from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' })
  expect(past).not.toMatch(/(attribution|event)_\d{4}/)
})

describe('the inbox refuses', () => {
  const refusal = async (caller: Caller, variables: object) => {
    const { data, errors } = await caller.send(inbox, variables as Record<string, unknown>)
    expect(data).toEqual({ unattributedInbox: null })
    return `${errors[0]?.extensions.code} ${errors[0]?.extensions.field}`
  }

  test('a range that ends before it begins, or is over 366 days', async () => {
    const filter = { from: '2026-03-02T00:00:00Z', to: '2026-03-02T00:00:00Z' }
    expect(await refusal(server, { filter })).toBe('BAD_INPUT filter.to')
    const year = { from: '2025-03-01T00:00:00Z', to: '2026-03-02T00:00:00.001Z' }
    expect(await refusal(server, { filter: year })).toBe('BAD_INPUT filter.from')
  })

  test('campaigns that the account does not have, and cursors of other lists', async () => {
    const other = await server.otherAccount()
    const { campaignId } = await openBrand(other)
    expect(await refusal(server, { filter: { campaignIds: [campaignId] } })).toBe('NOT_FOUND filter.campaignIds')
    expect(await refusal(server, { after: 'zzz' })).toBe('BAD_INPUT after')
    await track(other, { name: 'hum', profile: {} })
    const foreign = (await read(other)).edges[0]?.cursor ?? ''
    expect(await refusal(server, { after: foreign })).toBe('BAD_INPUT after')
    expect((await read(other, { after: foreign })).groups).toEqual([])
  })

  test('a key that may not read attributions', async () => {
    const writer = await server.withScopes('EVENTS_WRITE')
    const { errors } = await writer.send(inbox)
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })
})
