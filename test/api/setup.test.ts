// What an administrator sets up: keys, programs, campaigns, aliases; each done, done twice, and refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import {
  aCampaign,
  anAudience,
  aProgram,
  createCampaign,
  createProgram,
  fresh,
  participant,
  refused,
} from '../support/setup.ts'

let server: TestServer
let other: Caller
let reader: Caller

beforeAll(async () => {
  server = await startServer()
  other = await server.otherAccount()
  reader = await server.withScopes('PROFILES_READ')
})

afterAll(() => server?.stop())

const changeState =
  'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state revision firstLiveAt } } }'
const updateProgram =
  'mutation ($input: UpdateProgramInput!) { updateProgram(input: $input) { program { name labels lookbackDays allowMutualReferral } } }'
const createAlias =
  'mutation ($input: CreateEventTypeAliasInput!) { createEventTypeAlias(input: $input) { eventTypeAlias { alias name } } }'

describe('API keys', () => {
  const createApiKey = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id name prefix scopes revokedAt } } }`
  const revokeApiKey =
    'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { id revokedAt } } }'

  test('a key works from the moment it is made until it is revoked, and revoking it twice changes nothing', async () => {
    const input = { name: ' dashboard ', scopes: ['ATTRIBUTIONS_READ', 'ATTRIBUTIONS_READ'] }
    const { secret, apiKey } = (await server.query(createApiKey, { input })).createApiKey
    expect(secret).toMatch(/^trib_[\w-]{43}$/)
    expect(apiKey).toMatchObject({ name: 'dashboard', prefix: secret.slice(0, 12), scopes: ['ATTRIBUTIONS_READ'] })
    expect(await server.as(secret).query('{ account { name } }')).toEqual({ account: { name: 'Default' } })
    const revoke = () => server.query(revokeApiKey, { input: { apiKeyId: apiKey.id } })
    const first = await revoke()
    expect(await revoke()).toEqual(first)
    expect((await server.as(secret).send('{ account { name } }')).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })

  test('secrets are not kept, and only an administrator sees keys', async () => {
    const document = '{ apiKeys { edges { node { name prefix } } } }'
    const { apiKeys } = await server.query(document)
    expect(apiKeys.edges[0].node.prefix).toHaveLength(12)
    expect((await reader.send(document)).errors[0]?.extensions.code).toBe('FORBIDDEN')
    expect(await refused(reader, createApiKey, { name: 'x', scopes: ['ADMIN'] })).toBe('FORBIDDEN')
  })

  test('a key without a scope, a key that is over before it begins and a foreign key are refused', async () => {
    expect(await refused(server, createApiKey, { name: 'x', scopes: [] })).toBe('BAD_INPUT input.scopes')
    const past = { name: 'x', scopes: ['ADMIN'], expiresAt: '2020-01-01T00:00:00Z' }
    expect(await refused(server, createApiKey, past)).toBe('BAD_INPUT input.expiresAt')
    const { apiKeys } = await other.query('{ apiKeys { edges { node { id } } } }')
    const foreign = { apiKeyId: apiKeys.edges[0].node.id }
    expect(await refused(server, revokeApiKey, foreign)).toBe('NOT_FOUND input.apiKeyId')
    expect(await refused(server, revokeApiKey, { apiKeyId: 'zzz' })).toBe('BAD_INPUT input.apiKeyId')
  })

  test('a key is refused once it has expired', async () => {
    const soon = new Date(Date.now() + 1_500).toISOString()
    const { secret } = (
      await server.query(createApiKey, { input: { name: 'short', scopes: ['ADMIN'], expiresAt: soon } })
    ).createApiKey
    const asks = () => server.as(secret).send('{ account { name } }')
    expect((await asks()).errors).toEqual([])
    await expect.poll(async () => (await asks()).errors[0]?.extensions.code, { timeout: 5_000 }).toBe('UNAUTHENTICATED')
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon))
  })
})

describe('programs', () => {
  test('a program has a trimmed name and folded labels', async () => {
    const input = { name: ' Spring ', labels: [' Refer', 'VIP', 'vip'], lookbackDays: 30, allowMutualReferral: true }
    const { program } = (await server.query(createProgram, { input })).createProgram
    expect(program).toMatchObject({
      name: 'Spring',
      labels: ['refer', 'vip'],
      lookbackDays: 30,
      allowMutualReferral: true,
    })
  })

  test('names and labels are unique in the account, labels whatever their case', async () => {
    await server.query(createProgram, { input: { name: 'Summer', labels: ['sun'] } })
    expect(await refused(server, createProgram, { name: 'Summer' })).toBe('CONFLICT input.name')
    expect(await refused(server, createProgram, { name: 'Autumn', labels: ['leaf', 'SUN'] })).toBe(
      'CONFLICT input.labels[1]',
    )
    await other.query(createProgram, { input: { name: 'Summer', labels: ['sun'] } })
    // What was refused left nothing behind.
    await server.query(createProgram, { input: { name: 'Autumn', labels: ['leaf'] } })
  })

  test('what is given of a program is changed, and a list of labels replaces those it had', async () => {
    const input = { name: fresh('Program'), labels: ['old', 'kept'], lookbackDays: 30, allowMutualReferral: true }
    const { id, ...before } = (await server.query(createProgram, { input })).createProgram.program
    const change = async (more: object) =>
      (await server.query(updateProgram, { input: { programId: id, ...more } })).updateProgram.program
    expect(await change({})).toEqual(before)
    expect(await change({ labels: ['Kept', 'new'], lookbackDays: 60 })).toEqual({
      ...{ name: input.name, labels: ['kept', 'new'] },
      ...{ lookbackDays: 60, allowMutualReferral: true },
    })
    expect(await change({ name: ' Changed ', labels: [], allowMutualReferral: false })).toMatchObject({
      ...{ name: 'Changed', labels: [], allowMutualReferral: false },
    })
  })

  test('a change of a program to what is taken or wrong changes nothing', async () => {
    await server.query(createProgram, { input: { name: 'Owner', labels: ['owned'] } })
    const programId = await aProgram(server)
    const change = (more: object, caller = server as Caller) => refused(caller, updateProgram, { programId, ...more })
    expect(await change({ name: 'Owner', labels: ['x'] })).toBe('CONFLICT input.name')
    expect(await change({ name: fresh('Unsaved'), labels: ['free', 'OWNED'] })).toBe('CONFLICT input.labels[1]')
    expect(await change({ lookbackDays: 3_651 })).toBe('BAD_INPUT input.lookbackDays')
    expect(await change({ name: '' })).toBe('BAD_INPUT input.name')
    expect(await change({ name: 'x' }, reader)).toBe('FORBIDDEN')
    expect(await change({ name: 'x' }, other)).toBe('NOT_FOUND input.programId')
    const { updateProgram: unchanged } = await server.query(updateProgram, { input: { programId } })
    expect(unchanged.program).toMatchObject({ labels: [], lookbackDays: 365 })
    expect(unchanged.program.name).toMatch(/^Program /)
  })

  test('of two programs of one name that are made at the same moment one is refused', async () => {
    const both = [1, 2].map(() => server.send(createProgram, { input: { name: 'Twice' } }))
    const codes = (await Promise.all(both)).map(({ errors }) => errors[0]?.extensions.code ?? 'made')
    expect(codes.sort()).toEqual(['CONFLICT', 'made'])
  })

  test('bad input and a missing scope are refused', async () => {
    expect(await refused(server, createProgram, { name: '  ' })).toBe('BAD_INPUT input.name')
    expect(await refused(server, createProgram, { name: 'x'.repeat(201) })).toBe('BAD_INPUT input.name')
    expect(await refused(server, createProgram, { name: 'x', labels: ['a', ''] })).toBe('BAD_INPUT input.labels[1]')
    expect(await refused(server, createProgram, { name: 'x', lookbackDays: 0 })).toBe('BAD_INPUT input.lookbackDays')
    expect(await refused(reader, createProgram, { name: 'x' })).toBe('FORBIDDEN')
  })

  test('anybody with a key reads the programs and campaigns of the account, and nobody those of another', async () => {
    const campaignId = await aCampaign(server)
    const document = '{ programs(last: 1) { edges { node { name campaigns { edges { node { id } } } } } } }'
    const { programs } = await reader.query(document)
    expect(programs.edges[0].node.campaigns.edges).toEqual([{ node: { id: campaignId } }])
    const node = 'query ($id: ID!) { node(id: $id) { id } }'
    expect(await reader.query(node, { id: campaignId })).toEqual({ node: { id: campaignId } })
    expect(await other.query(node, { id: campaignId })).toEqual({ node: null })
  })
})

describe('campaigns', () => {
  test('a campaign begins as a draft with its defaults filled in', async () => {
    const programId = await aProgram(server)
    const journeys = [{ name: ' friend ', role: 'FRIEND', events: ['Signed Up', 'signed-up', 'purchase'] }]
    const input = { programId, name: 'Launch', startsAt: '2026-03-01T01:00:00+01:00', journeys }
    const { campaign } = (await server.query(createCampaign, { input })).createCampaign
    expect(campaign).toMatchObject({
      state: 'DRAFT',
      revision: null,
      firstLiveAt: null,
      endsAt: null,
      program: { id: programId },
    })
    expect(campaign.startsAt).toBe('2026-03-01T00:00:00.000Z')
    const events = ['signed_up', 'purchase']
    expect(campaign.journeys).toEqual([
      {
        name: 'friend',
        role: 'FRIEND',
        priority: 100,
        events,
        startEvents: events,
        entry: null,
        ongoing: null,
        keyField: null,
        inactivityDays: null,
        reentry: 'CONTINUE',
      },
    ])
    expect(await refused(server, createCampaign, input)).toBe('CONFLICT input.name')
  })

  test('rules and required targets are kept with bare ids', async () => {
    const [audienceId, campaignId] = [await anAudience(server), await aCampaign(server)]
    const bare = (id: string) => Buffer.from(id, 'base64').toString().split(':')[1]
    const rule = {
      all: [{ not: { audience: { id: audienceId } } }, { field: { field: 'tier', op: 'IN', value: ['gold'] } }],
    }
    const input = {
      programId: await aProgram(server),
      name: fresh('Campaign'),
      requiredTargets: [
        { kind: 'CAMPAIGN_ID', value: campaignId },
        { kind: 'PROGRAM', value: ' Spring ' },
      ],
      journeys: [{ ...participant, startEvents: ['Purchase'], entry: rule }],
    }
    const { campaign } = (await server.query(createCampaign, { input })).createCampaign
    expect(campaign.requiredTargets).toEqual([
      { kind: 'CAMPAIGN_ID', value: bare(campaignId) },
      { kind: 'PROGRAM', value: 'Spring' },
    ])
    expect(campaign.journeys[0].entry).toEqual({
      all: [{ not: { audience: { id: bare(audienceId) } } }, { field: { field: 'tier', op: 'IN', value: ['gold'] } }],
    })
  })

  const faults: [string, object][] = [
    ['input.endsAt', { startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' }],
    ['input.journeys', { journeys: [] }],
    ['input.journeys[1].name', { journeys: [participant, { ...participant, name: 'PARTICIPANT' }] }],
    ['input.journeys[0].events', { journeys: [{ ...participant, events: [] }] }],
    ['input.journeys[0].events[1]', { journeys: [{ ...participant, events: ['a', ' '] }] }],
    ['input.journeys[0].startEvents[0]', { journeys: [{ ...participant, startEvents: ['refund'] }] }],
    ['input.journeys[0].priority', { journeys: [{ ...participant, priority: 1_000_001 }] }],
    ['input.journeys[0].inactivityDays', { journeys: [{ ...participant, inactivityDays: 0 }] }],
    ['input.journeys[0].keyField', { journeys: [{ ...participant, keyField: 'a..b' }] }],
    ['input.requiredTargets[0].value', { requiredTargets: [{ kind: 'CAMPAIGN_ID', value: 'A' }] }],
    [
      'input.journeys[0].entry.any[1].field.value',
      {
        journeys: [
          {
            ...participant,
            entry: { any: [{ field: { field: 'a', op: 'EXISTS' } }, { field: { field: 'a', op: 'EQ' } }] },
          },
        ],
      },
    ],
  ]
  test.each(faults)('a fault is told by its place: %s', async (place, fault) => {
    const input = { programId: await aProgram(server), name: fresh('Campaign'), journeys: [participant], ...fault }
    expect(await refused(server, createCampaign, input)).toBe(`BAD_INPUT ${place}`)
  })

  test('what another account has is not found', async () => {
    const valid = { programId: await aProgram(server), name: fresh('Campaign'), journeys: [participant] }
    const foreign = {
      programId: await aProgram(other),
      campaignId: await aCampaign(other),
      audienceId: await anAudience(other),
    }
    expect(await refused(server, createCampaign, { ...valid, programId: foreign.programId })).toBe(
      'NOT_FOUND input.programId',
    )
    const target = { kind: 'CAMPAIGN_ID', value: foreign.campaignId }
    expect(await refused(server, createCampaign, { ...valid, requiredTargets: [target] })).toBe(
      'NOT_FOUND input.requiredTargets[0].value',
    )
    const ongoing = { not: { audience: { id: foreign.audienceId } } }
    const journeys = [participant, { ...participant, name: 'loyal', ongoing }]
    expect(await refused(server, createCampaign, { ...valid, journeys })).toBe(
      'NOT_FOUND input.journeys[1].ongoing.not.audience.id',
    )
    expect(await refused(server, changeState, { campaignId: foreign.campaignId, state: 'LIVE' })).toBe(
      'NOT_FOUND input.campaignId',
    )
    expect(await refused(reader, createCampaign, valid)).toBe('FORBIDDEN')
  })

  test('only legal moves change a state', async () => {
    const campaignId = await aCampaign(server)
    const path = ['LIVE', 'PAUSED', 'LIVE', 'ENDED', 'ARCHIVED']
    for (const state of path) {
      const { campaign } = (await server.query(changeState, { input: { campaignId, state } })).changeCampaignState
      expect(campaign).toMatchObject({ state, revision: 1 })
      expect(await refused(server, changeState, { campaignId, state: 'DRAFT' })).toBe('CONFLICT input.state')
      expect(await refused(server, changeState, { campaignId, state })).toBe('CONFLICT input.state')
    }
    expect(await refused(server, changeState, { campaignId, state: 'LIVE' })).toBe('CONFLICT input.state')
    expect(await refused(reader, changeState, { campaignId, state: 'LIVE' })).toBe('FORBIDDEN')
  })

  test('the first go-live is kept, and no two campaigns have the same', async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => aCampaign(server)))
    const move = async (campaignId: string, state: string) =>
      (await server.query(changeState, { input: { campaignId, state } })).changeCampaignState.campaign
    const first = await Promise.all(ids.map((id) => move(id, 'LIVE')))
    expect(new Set(first.map(({ firstLiveAt }) => firstLiveAt)).size).toBe(4)
    await move(ids[0] ?? '', 'PAUSED')
    expect((await move(ids[0] ?? '', 'LIVE')).firstLiveAt).toBe(first[0].firstLiveAt)
  })

  test('of two moves at the same moment one is refused', async () => {
    const campaignId = await aCampaign(server)
    const both = [1, 2].map(() => server.send(changeState, { input: { campaignId, state: 'LIVE' } }))
    const codes = (await Promise.all(both)).map(({ errors }) => errors[0]?.extensions.code ?? 'moved')
    expect(codes.sort()).toEqual(['CONFLICT', 'moved'])
  })

  test('campaigns are filtered by program and state', async () => {
    const campaignId = await aCampaign(server, { name: 'Filtered' })
    const { node } = await server.query('query ($id: ID!) { node(id: $id) { ... on Campaign { program { id } } } }', {
      id: campaignId,
    })
    const list = 'query ($filter: CampaignFilter) { campaigns(filter: $filter) { edges { node { name } } } }'
    const named = async (filter: object) => (await server.query(list, { filter })).campaigns.edges
    expect(await named({ programId: node.program.id })).toEqual([{ node: { name: 'Filtered' } }])
    expect(await named({ programId: node.program.id, states: ['LIVE'] })).toEqual([])
    expect((await server.send(list, { filter: { programId: 'x' } })).errors[0]?.extensions).toMatchObject({
      code: 'BAD_INPUT',
      field: 'filter.programId',
    })
  })
})

describe('event types', () => {
  const setEventType =
    'mutation ($input: SetEventTypeInput!) { setEventType(input: $input) { eventType { name followsTransaction } } }'
  const list =
    'query ($first: Int, $after: String) { eventTypes(first: $first, after: $after) { edges { node { name followsTransaction } } pageInfo { endCursor hasNextPage } } }'

  test('an event type is set, and set anew, under its folded name', async () => {
    const set = async (name: string, followsTransaction: boolean) =>
      (await server.query(setEventType, { input: { name, followsTransaction } })).setEventType.eventType
    expect(await set(' Order Refunded ', true)).toEqual({ name: 'order_refunded', followsTransaction: true })
    expect(await set('order-refunded', false)).toEqual({ name: 'order_refunded', followsTransaction: false })
    await set('cancelled', true)
    await set('shipped', true)
    const first = (await reader.query(list, { first: 2 })).eventTypes
    expect(first.edges.map(({ node }: { node: { name: string } }) => node.name)).toEqual([
      'cancelled',
      'order_refunded',
    ])
    const rest = (await reader.query(list, { first: 2, after: first.pageInfo.endCursor })).eventTypes
    expect(rest).toMatchObject({ edges: [{ node: { name: 'shipped' } }], pageInfo: { hasNextPage: false } })
    expect((await other.query(list)).eventTypes.edges).toEqual([])
    const foreign = await other.send(list, { after: first.pageInfo.endCursor })
    expect(foreign.errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'after' })
  })

  test('a name is either an event type or an alias', async () => {
    await server.query(createAlias, { input: { alias: 'money back', name: 'refund' } })
    const input = { name: 'Money Back', followsTransaction: true }
    expect(await refused(server, setEventType, input)).toBe('CONFLICT input.name')
    await server.query(setEventType, { input: { name: 'returned', followsTransaction: true } })
    expect(await refused(server, createAlias, { alias: 'returned', name: 'refund' })).toBe('CONFLICT input.alias')
    expect(await refused(server, setEventType, { ...input, name: 'x'.repeat(101) })).toBe('BAD_INPUT input.name')
    expect(await refused(server, setEventType, { ...input, name: ' ' })).toBe('BAD_INPUT input.name')
    expect(await refused(reader, setEventType, input)).toBe('FORBIDDEN')
  })
})

describe('event type aliases', () => {
  test('an alias is folded, unique, and no link of a chain', async () => {
    const { eventTypeAlias } = (await server.query(createAlias, { input: { alias: 'Order Placed', name: 'Purchase' } }))
      .createEventTypeAlias
    expect(eventTypeAlias).toEqual({ alias: 'order_placed', name: 'purchase' })
    expect(await refused(server, createAlias, { alias: 'order-placed', name: 'signup' })).toBe('CONFLICT input.alias')
    expect(await refused(server, createAlias, { alias: 'bought', name: 'order.placed' })).toBe('CONFLICT input.name')
    expect(await refused(server, createAlias, { alias: 'purchase', name: 'signup' })).toBe('CONFLICT input.alias')
    expect(await refused(server, createAlias, { alias: 'Sign Up', name: 'sign_up' })).toBe('BAD_INPUT input.alias')
    expect(await refused(reader, createAlias, { alias: 'a', name: 'b' })).toBe('FORBIDDEN')
  })
})
