// The life of a campaign: its states, its drafts and published revisions, its window, and what it shows.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, anAudience, aProgram, createCampaign, fresh, participant, refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let other: Caller
let reader: Caller

beforeAll(async () => {
  server = await startServer()
  other = await server.otherAccount()
  reader = await server.withScopes('PROFILES_READ')
})

afterAll(() => server?.stop())

const shown = `campaign { id name state phase revision startsAt endsAt requiredTargets { kind value } journeys { name priority events }
  content { zone journeyName body } draft { number publishedAt startsAt journeys { name priority } content { zone } }
  revisions { number publishedAt journeys { name priority } } }`
const changeState = `mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { ${shown} warnings { separatedBy } } }`
const updateCampaign = `mutation ($input: UpdateCampaignInput!) { updateCampaign(input: $input) { ${shown} } }`
const publishCampaign = `mutation ($input: PublishCampaignInput!) { publishCampaign(input: $input) { ${shown}
  warnings { eventName journeyName otherJourneyName separatedBy campaign { id } otherCampaign { id } } } }`
const discardDraft = `mutation ($input: DiscardDraftInput!) { discardDraft(input: $input) { ${shown} } }`

const move = async (campaignId: string, ...states: string[]) => {
  for (const state of states) await server.query(changeState, { input: { campaignId, state } })
}
const update = async (campaignId: string, more: object) =>
  (await server.query(updateCampaign, { input: { campaignId, ...more } })).updateCampaign.campaign
const publish = async (campaignId: string) =>
  (await server.query(publishCampaign, { input: { campaignId } })).publishCampaign
const flow = (name: string, priority: number, events = ['purchase']) => ({
  name,
  role: 'PARTICIPANT',
  priority,
  events,
})

type State = 'DRAFT' | 'LIVE' | 'PAUSED' | 'ENDED' | 'STOPPED' | 'ARCHIVED'
const ways: Record<State, State[]> = {
  DRAFT: [],
  LIVE: ['LIVE'],
  PAUSED: ['LIVE', 'PAUSED'],
  ENDED: ['LIVE', 'ENDED'],
  STOPPED: ['LIVE', 'STOPPED'],
  ARCHIVED: ['ARCHIVED'],
}
const states = Object.keys(ways) as State[] // The keys of the table above.

describe('states', () => {
  const legal: Record<State, State[]> = {
    DRAFT: ['LIVE', 'ARCHIVED'],
    LIVE: ['PAUSED', 'ENDED', 'STOPPED'],
    PAUSED: ['LIVE', 'ENDED', 'STOPPED'],
    ENDED: ['ARCHIVED'],
    STOPPED: ['ARCHIVED'],
    ARCHIVED: [],
  }
  const pairs = states.flatMap((from) => states.map((to) => [from, to, legal[from].includes(to)] as const))

  test.each(pairs.filter(([, , isLegal]) => isLegal))('a campaign goes from %s to %s', async (from, to) => {
    const campaignId = await aCampaign(server)
    await move(campaignId, ...ways[from])
    const { campaign } = (await server.query(changeState, { input: { campaignId, state: to } })).changeCampaignState
    expect(campaign.state).toBe(to)
  })

  test.each(pairs.filter(([, , isLegal]) => !isLegal))('a campaign never goes from %s to %s', async (from, to) => {
    const campaignId = await aCampaign(server)
    await move(campaignId, ...ways[from])
    const { errors } = await server.send(changeState, { input: { campaignId, state: to } })
    const open = legal[from].join(' or ') || 'nowhere'
    expect(errors[0]?.message).toBe(`a campaign cannot go from ${from} to ${to}, only to ${open}`)
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.state' })
    const query = 'query ($id: ID!) { node(id: $id) { ... on Campaign { state } } }'
    expect((await server.query(query, { id: campaignId })).node.state).toBe(from)
  })
})

describe('drafts and revisions', () => {
  test('a draft campaign is changed in place, and what is not given stays', async () => {
    const campaignId = await aCampaign(server, { startsAt: '2026-01-01T00:00:00Z', endsAt: '2030-01-01T00:00:00Z' })
    const name = fresh('Renamed')
    const changed = await update(campaignId, { name, endsAt: null, journeys: [flow('loyal', 7)] })
    expect(changed).toMatchObject({ name, revision: null, startsAt: '2026-01-01T00:00:00.000Z', endsAt: null })
    expect(changed.draft).toMatchObject({ number: 1, journeys: [{ name: 'loyal', priority: 7 }] })
    expect(changed.revisions).toHaveLength(1)
    await move(campaignId, 'LIVE')
    expect(await update(campaignId, {})).toMatchObject({ revision: 1, draft: null, journeys: [{ name: 'loyal' }] })
  })

  test('changes of a live campaign gather in a draft, and count once it is published', async () => {
    const campaignId = await aCampaign(server, { journeys: [flow('first', 1, ['gather'])] })
    await move(campaignId, 'LIVE')
    const journeys = [flow('second', 2, ['gather'])]
    expect(await update(campaignId, { journeys })).toMatchObject({
      revision: 1,
      journeys: [{ name: 'first' }],
      draft: { number: 2, publishedAt: null, journeys: [{ name: 'second' }] },
    })
    expect(await update(campaignId, { startsAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      startsAt: null,
      draft: { number: 2, startsAt: '2020-01-01T00:00:00.000Z', journeys: [{ name: 'second' }] },
    })
    const input = { name: 'gather', profile: { sourceId: 'gatherer' } }
    expect((await track(server, input)).attribution.journey.name).toBe('first')
    const { campaign, warnings } = await publish(campaignId)
    expect(campaign).toMatchObject({ revision: 2, draft: null, startsAt: '2020-01-01T00:00:00.000Z' })
    expect(warnings).toEqual([])
    expect((await track(server, input)).attribution.journey.name).toBe('second')
  })

  test('a name counts at once, and makes no draft', async () => {
    const campaignId = await aCampaign(server)
    await move(campaignId, 'LIVE', 'PAUSED')
    const name = fresh('Renamed')
    expect(await update(campaignId, { name })).toMatchObject({ name, draft: null })
    const taken = fresh('Taken')
    await aCampaign(server, { name: taken })
    expect(await refused(server, updateCampaign, { campaignId, name: taken })).toBe('CONFLICT input.name')
    expect(await update(campaignId, { name })).toMatchObject({ name })
  })

  test('a published revision never changes, whatever happens to its campaign', async () => {
    const [accountId, campaignId] = [await accountOf(server), await aCampaign(server)]
    const { system } = server.app.services.database
    const bare = Buffer.from(campaignId, 'base64').toString().split(':')[1] ?? ''
    const first = () =>
      system.campaignRevision.findMany({
        where: { accountId, campaignId: bare, number: 1 },
        include: { definitions: true },
      })
    await move(campaignId, 'LIVE')
    const before = await first()
    expect(before[0]?.publishedVersion).toBeGreaterThan(0)
    await update(campaignId, { journeys: [flow('other', 1)], endsAt: '2040-01-01T00:00:00Z' })
    await server.query(discardDraft, { input: { campaignId } })
    await update(campaignId, { journeys: [flow('third', 1)], startsAt: '2020-01-01T00:00:00Z' })
    await publish(campaignId)
    await move(campaignId, 'PAUSED', 'LIVE', 'ENDED', 'ARCHIVED')
    expect(await first()).toEqual(before)
  })

  test('going live again publishes nothing', async () => {
    const campaignId = await aCampaign(server)
    await move(campaignId, 'LIVE', 'PAUSED')
    await update(campaignId, { journeys: [flow('waiting', 1)] })
    const { campaign } = (await server.query(changeState, { input: { campaignId, state: 'LIVE' } })).changeCampaignState
    expect(campaign).toMatchObject({ revision: 1, draft: { number: 2 } })
  })

  test('a draft can be thrown away, but not the only revision there is', async () => {
    const campaignId = await aCampaign(server)
    expect(await refused(server, discardDraft, { campaignId })).toBe('CONFLICT input.campaignId')
    await move(campaignId, 'LIVE')
    expect(await refused(server, discardDraft, { campaignId })).toBe('CONFLICT input.campaignId')
    await update(campaignId, { journeys: [flow('gone', 1)] })
    const { campaign } = (await server.query(discardDraft, { input: { campaignId } })).discardDraft
    expect(campaign).toMatchObject({ revision: 1, draft: null, journeys: [{ name: 'participant' }] })
    expect(campaign.revisions).toHaveLength(1)
    expect((await update(campaignId, { journeys: [flow('again', 1)] })).draft.number).toBe(2)
  })

  test.each(states)(
    'publishing a campaign that is %s takes a draft revision of a live or paused one',
    async (state) => {
      const campaignId = await aCampaign(server)
      await move(campaignId, ...ways[state])
      expect(await refused(server, publishCampaign, { campaignId })).toBe('CONFLICT input.campaignId')
      if (state !== 'LIVE' && state !== 'PAUSED') return
      await update(campaignId, { journeys: [flow('new', 1)] })
      expect((await publish(campaignId)).campaign).toMatchObject({ state, revision: 2 })
    },
  )

  test.each(['ENDED', 'STOPPED', 'ARCHIVED'] as const)(
    'a campaign that is %s is not changed any more',
    async (state) => {
      const campaignId = await aCampaign(server)
      await move(campaignId, ...ways[state])
      expect(await refused(server, updateCampaign, { campaignId, name: 'x' })).toBe('CONFLICT input.campaignId')
    },
  )

  test('of two changes at the same moment both count', async () => {
    const campaignId = await aCampaign(server)
    await move(campaignId, 'LIVE')
    await Promise.all([
      update(campaignId, { journeys: [flow('both', 1)] }),
      update(campaignId, { startsAt: '2020-01-01T00:00:00Z' }),
    ])
    expect((await publish(campaignId)).campaign).toMatchObject({
      revision: 2,
      startsAt: '2020-01-01T00:00:00.000Z',
      journeys: [{ name: 'both' }],
    })
  })

  test('what is wrong with a change is told by its place, and nothing of it is saved', async () => {
    const window = { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' }
    const campaignId = await aCampaign(server, window)
    const before = await update(campaignId, {})
    const faults: [string, object][] = [
      ['BAD_INPUT input.startsAt', { startsAt: '2026-02-01T00:00:00Z' }],
      ['BAD_INPUT input.endsAt', { endsAt: '2026-01-01T00:00:00Z' }],
      ['BAD_INPUT input.endsAt', { startsAt: '2027-01-01T00:00:00Z', endsAt: '2026-06-01T00:00:00Z' }],
      ['BAD_INPUT input.name', { name: ' ' }],
      ['BAD_INPUT input.journeys', { name: fresh('Unsaved'), journeys: [] }],
      ['BAD_INPUT input.journeys[1].name', { journeys: [flow('a', 1), flow('A', 1)] }],
      ['BAD_INPUT input.journeys[0].priority', { journeys: [flow('a', 1_000_001)] }],
      ['BAD_INPUT input.journeys[0].events[0]', { journeys: [flow('a', 1, ['x'.repeat(101)])] }],
      [
        'NOT_FOUND input.requiredTargets[0].value',
        { requiredTargets: [{ kind: 'CAMPAIGN_ID', value: await aCampaign(other) }] },
      ],
      [
        'NOT_FOUND input.journeys[0].entry.audience.id',
        { journeys: [{ ...participant, entry: { audience: { id: await anAudience(other) } } }] },
      ],
    ]
    for (const [fault, input] of faults)
      expect(await refused(server, updateCampaign, { campaignId, ...input })).toBe(fault)
    expect(await update(campaignId, {})).toEqual(before)
  })

  test('what another account has is not found, and a reader changes nothing', async () => {
    const [foreign, own] = [await aCampaign(other), await aCampaign(server)]
    for (const document of [updateCampaign, publishCampaign, discardDraft]) {
      expect(await refused(server, document, { campaignId: foreign })).toBe('NOT_FOUND input.campaignId')
      expect(await refused(server, document, { campaignId: 'zzz' })).toBe('BAD_INPUT input.campaignId')
      expect(await refused(reader, document, { campaignId: own })).toBe('FORBIDDEN')
    }
  })
})

test('a list of campaigns with their drafts costs the same number of statements however long it is', async () => {
  const everything = `query ($programId: ID!) { campaigns(first: 50, filter: { programId: $programId }) { edges { node {
    ${shown.slice('campaign {'.length, -1)} program { name } } } } }`
  const cost = async (length: number) => {
    const programId = await aProgram(server)
    for (let i = 0; i < length; i++) {
      const campaignId = await aCampaign(server, { programId })
      await move(campaignId, 'LIVE')
      await update(campaignId, { journeys: [flow('next', 1)] })
    }
    const statements = await statementsOf(async () => {
      const { campaigns } = await server.query(everything, { programId })
      const drafts = campaigns.edges.map(({ node }: { node: { draft: { number: number } } }) => node.draft.number)
      expect(drafts).toEqual(Array(length).fill(2))
    })
    return statements.filter(({ text }) => !text.includes('api_key')).length
  }
  expect(await cost(12)).toBe(await cost(2))
})

describe('the window', () => {
  const day = 86_400_000
  const inDays = (days: number) => new Date(Date.now() + days * day).toISOString()

  test.each([
    ['SCHEDULED', { startsAt: inDays(1), endsAt: inDays(2) }],
    ['RUNNING', { startsAt: inDays(-1), endsAt: inDays(1) }],
    ['RUNNING', {}],
    ['OVER', { startsAt: inDays(-2), endsAt: inDays(-1) }],
  ])('a campaign is %s by its window, in whatever state it is', async (phase, window) => {
    const campaignId = await aCampaign(server, window)
    expect((await update(campaignId, {})).phase).toBe(phase)
    for (const state of ['LIVE', 'PAUSED', 'STOPPED']) {
      const { campaign } = (await server.query(changeState, { input: { campaignId, state } })).changeCampaignState
      expect(campaign).toMatchObject({ state, phase })
    }
  })

  test('a late event counts, if its own time is inside the window of a live campaign that is over', async () => {
    const journeys = [flow('late', 1, ['late_sale'])]
    const campaignId = await aCampaign(server, { startsAt: inDays(-9), endsAt: inDays(-8), journeys })
    await move(campaignId, 'LIVE')
    const event = (days: number) => ({ name: 'late_sale', profile: { sourceId: 'late' }, occurredAt: inDays(days) })
    expect((await track(server, event(-8.5))).attribution.campaign.id).toBe(campaignId)
    expect((await track(server, event(0))).attribution).toMatchObject({ status: 'UNATTRIBUTED', campaign: null })
  })
})

describe('content', () => {
  const views = { name: 'Views', role: 'PARTICIPANT', events: ['Promotion Viewed', 'purchase'] }
  const piece = (more: object = {}) => ({
    zone: ' home ',
    journeyName: 'views',
    body: { title: 'Hi', n: [1, null] },
    ...more,
  })

  test('is kept per zone and journey, and is part of a revision', async () => {
    const campaignId = await aCampaign(server, {
      journeys: [views],
      content: [piece(), piece({ zone: 'cart', body: 'x' })],
    })
    const content = [
      { zone: 'home', journeyName: 'Views', body: { title: 'Hi', n: [1, null] } },
      { zone: 'cart', journeyName: 'Views', body: 'x' },
    ]
    expect((await update(campaignId, {})).content).toEqual(content)
    await move(campaignId, 'LIVE')
    const changed = await update(campaignId, { content: [piece({ zone: 'mail' })] })
    expect(changed).toMatchObject({ content, draft: { content: [{ zone: 'mail' }] } })
    expect((await publish(campaignId)).campaign.content).toEqual([{ ...content[0], zone: 'mail' }])
  })

  const many = Array.from({ length: 101 }, (_, i) => piece({ zone: `zone ${i}` }))
  test.each<[string, object[]]>([
    ['input.content[1].zone', [piece(), piece({ zone: 'home' })]],
    ['input.content[0].zone', [piece({ zone: ' ' })]],
    ['input.content[0].zone', [piece({ zone: 'x'.repeat(101) })]],
    ['input.content[0].journeyName', [piece({ journeyName: 'nobody' })]],
    ['input.content[1].journeyName', [piece(), piece({ journeyName: 'participant' })]],
    ['input.content', many],
  ])('a fault is told by its place: %s', async (place, content) => {
    const valid = { programId: await aProgram(server), name: fresh('Campaign'), journeys: [views, participant] }
    expect(await refused(server, createCampaign, { ...valid, content })).toBe(`BAD_INPUT ${place}`)
    const campaignId = await aCampaign(server, { journeys: [views, participant] })
    expect(await refused(server, updateCampaign, { campaignId, content })).toBe(`BAD_INPUT ${place}`)
  })

  test('a piece over 64 KiB is refused', async () => {
    const input = { programId: await aProgram(server), name: fresh('Campaign'), journeys: [views] }
    const body = 'x'.repeat(64 * 1024)
    const { errors } = await server.send(createCampaign, { input: { ...input, content: [piece({ body })] } })
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.content[0].body' })
    await server.query(createCampaign, { input: { ...input, content: [piece({ body: body.slice(2) })] } })
  })

  test('a journey that shows something cannot be taken away, nor stop listening to views', async () => {
    const campaignId = await aCampaign(server, { journeys: [views], content: [piece()] })
    for (const journeys of [[participant], [{ ...views, events: ['purchase'] }]])
      expect(await refused(server, updateCampaign, { campaignId, journeys })).toBe('BAD_INPUT input.journeys')
    expect((await update(campaignId, { journeys: [participant], content: [] })).content).toEqual([])
  })
})
