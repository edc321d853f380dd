// A program as a document: taken to another account it is the same, and decides as the original.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { aRichProgram, blueprintOf, importProgram, type Made, mutate, read } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, aProgram, createAudience, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.stop())

const changeState =
  'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { id } } }'

const idsIn = (value: unknown) =>
  JSON.stringify(value).match(/[0-9a-f]{8}-[0-9a-f]{4}-|"[A-Za-z0-9+/]{40,}={0,2}"/g) ?? []

const goLive = async (caller: Caller, { campaigns }: Made) => {
  for (const name of ['Everybody', 'Gold', 'Refer']) {
    await caller.query(changeState, { input: { campaignId: campaigns.get(name), state: 'LIVE' } })
  }
}

const madeOf = (program: { id: string; campaigns: { edges: { node: { id: string; name: string } }[] } }): Made => ({
  programId: program.id,
  campaigns: new Map(program.campaigns.edges.map(({ node }) => [node.name, node.id])),
})

/** The same events of the same people, as each account decides them. */
async function decisions(caller: Caller) {
  await mutate(caller, 'createAdvocateCode', { code: 'ANN', label: 'spring', advocate: { sourceId: 'ann' } })
  const events = [
    { name: 'purchase', profile: { sourceId: 'bob' } },
    { name: 'Bought', profile: { sourceId: 'bob' }, targeting: { couponCodes: ['spring10'] } },
    { name: 'purchase', profile: { sourceId: 'cid' }, data: { tier: 'gold', order: { id: '7' } } },
    { name: 'purchase', profile: { sourceId: 'cid' }, data: { promo_link: 'link', order: { id: '7' } } },
    { name: 'signup', profile: { sourceId: 'dee' }, targeting: { advocateCodes: ['ANN'] } },
    { name: 'purchase', profile: { sourceId: 'dee' }, targeting: { couponCodes: ['NOBODY'] } },
    { name: 'signup', profile: { sourceId: 'eve' } },
    { name: 'purchase', profile: { sourceId: 'eve' }, targeting: { requiredLabels: ['vip'], labels: ['other'] } },
  ]
  const decided = []
  for (const event of events) {
    const { attribution: a } = await track(caller, event)
    decided.push({
      ...{ campaign: a.campaign?.name, journey: a.journey?.name, advocate: a.advocate !== null },
      ...{ decidedBy: a.decidedBy, reason: a.reason, quality: a.quality, warnings: a.warnings },
    })
  }
  return decided
}

describe('a document', () => {
  test('has all that the program holds, and no ids', async () => {
    const caller = await server.otherAccount()
    const { programId, campaigns } = await aRichProgram(caller)
    const document = await read(caller, programId)
    expect(idsIn(document)).toEqual([])
    expect(document).toMatchObject({
      ...{ format: 'tributary.program', version: 1 },
      program: { name: 'Spring', labels: ['spring', 'vip'], lookbackDays: 30, allowMutualReferral: true },
      audiences: [{ name: 'Loyal' }],
      eventTypes: [{ name: 'refund', followsTransaction: true }],
      aliases: [{ alias: 'bought', name: 'purchase' }],
      codes: [
        { kind: 'PROMO_LINK', code: 'LINK', label: 'spring', destination: 'https://example.com/a', campaigns: [] },
        { kind: 'COUPON', code: 'SPRING10', label: 'spring', campaigns: ['Everybody'], program: null },
      ],
    })
    expect(document.campaigns.map(({ name }) => name)).toEqual([...campaigns.keys()])
    expect(document.campaigns[0]).toMatchObject({ startsAt: '2020-01-01T00:00:00.000Z', endsAt: null, content: [] })
    expect(document.campaigns[1]).toMatchObject({
      journeys: [
        {
          entry: {
            any: [
              { audience: { name: 'Loyal' } },
              {
                all: [
                  { not: { audience: { name: 'Loyal' } } },
                  { eventData: { field: 'tier', op: 'IN', value: ['gold'] } },
                ],
              },
              { relationship: { as: 'FRIEND', program: 'Spring', atLeast: 1 } },
              { field: { field: 'club.level', op: 'GTE', value: 3 } },
            ],
          },
        },
      ],
    })
    expect(document.campaigns[3]?.requiredTargets).toEqual([
      { kind: 'CAMPAIGN_ID', campaign: 'Refer' },
      { kind: 'PROGRAM', program: 'Spring' },
      { kind: 'PROGRAM', value: 'Spring' },
      { kind: 'PROGRAM', value: 'vip' },
      { kind: 'JOURNEY_NAME', value: 'friend' },
    ])
  })

  test('imported into another account and read there again is the same', async () => {
    const [from, to] = [await server.otherAccount(), await server.otherAccount()]
    const { programId } = await aRichProgram(from)
    const blueprint = await read(from, programId)
    const { program, audiencesCreated } = (await to.query(importProgram, { input: { blueprint } })).importProgram
    expect(audiencesCreated).toEqual([{ name: 'Loyal', memberCount: 0 }])
    expect(program.campaigns.edges.map(({ node }: { node: { state: string } }) => node.state)).toEqual(
      Array(4).fill('DRAFT'),
    )
    expect(await read(to, program.id)).toEqual(blueprint)
    const [target] = await server.app.services.database.system.campaignRevision.findMany({
      where: {
        campaign: {
          id: Buffer.from(madeOf(program).campaigns.get('Bound') ?? '', 'base64')
            .toString()
            .split(':')[1],
        },
      },
    })
    const bare = (id: string | undefined) =>
      Buffer.from(id ?? '', 'base64')
        .toString()
        .split(':')[1]
    expect(target?.requiredTargets).toMatchObject([
      { kind: 'CAMPAIGN_ID', value: bare(madeOf(program).campaigns.get('Refer')) },
      { kind: 'PROGRAM', value: bare(program.id) },
      { value: 'Spring' },
      { value: 'vip' },
      { value: 'friend' },
    ])
  })

  test('imported into another account decides the same events alike', async () => {
    const [from, to] = [await server.otherAccount(), await server.otherAccount()]
    const original = await aRichProgram(from)
    const blueprint = await read(from, original.programId)
    const { program } = (await to.query(importProgram, { input: { blueprint } })).importProgram
    await goLive(from, original)
    await goLive(to, madeOf(program))
    const decided = await decisions(from)
    expect(decided.map(({ campaign, decidedBy }) => `${campaign} ${decidedBy}`)).toEqual([
      'Everybody ONLY_CANDIDATE',
      'Everybody COUPON_CODE',
      'Gold PRIORITY',
      'Gold PRIORITY',
      'Refer ADVOCATE_CODE',
      'Refer PRIORITY',
      'undefined null',
      'Everybody REQUIRED_TARGET',
    ])
    expect(await decisions(to)).toEqual(decided)
  })

  test('can be imported under another name, by which its campaigns then know it', async () => {
    const [from, to] = [await server.otherAccount(), await server.otherAccount()]
    const blueprint = await read(from, (await aRichProgram(from)).programId)
    const { program } = (await to.query(importProgram, { input: { blueprint, name: 'Summer' } })).importProgram
    expect(program.name).toBe('Summer')
    expect((await read(to, program.id)).campaigns[3]?.requiredTargets).toMatchObject([
      { campaign: 'Refer' },
      { program: 'Summer' },
      { value: 'Summer' },
      { value: 'vip' },
      {},
    ])
  })

  test('keeps what is there and says the same, and uses audiences that are there', async () => {
    const [from, to] = [await server.otherAccount(), await server.otherAccount()]
    const blueprint = await read(from, (await aRichProgram(from)).programId)
    await to.query(createAudience, { input: { name: 'Loyal' } })
    await mutate(to, 'createEventTypeAlias', { alias: 'bought', name: 'purchase' })
    await mutate(to, 'setEventType', { name: 'refund', followsTransaction: true })
    await mutate(to, 'createPromoLink', { code: 'LINK', label: 'spring', destination: 'https://example.com/a' })
    const { program, audiencesCreated } = (await to.query(importProgram, { input: { blueprint } })).importProgram
    expect(audiencesCreated).toEqual([])
    expect(await read(to, program.id)).toEqual(blueprint)
  })

  test('may refer to campaigns and programs outside of it, by the names that the account has for them', async () => {
    const [from, to] = [await server.otherAccount(), await server.otherAccount()]
    const outside = { name: 'Outside', startsAt: '2020-01-01T00:00:00Z' }
    const campaignId = await aCampaign(from, outside)
    const programId = await aProgram(from)
    const depth = { field: { field: 'a', op: 'EXISTS' } }
    const entry = Array.from({ length: 14 }).reduce<object>((rule) => ({ all: [rule] }), { not: depth })
    await mutate(from, 'createCampaign', {
      ...{ programId, name: 'Inside', requiredTargets: [{ kind: 'CAMPAIGN_ID', value: campaignId }] },
      journeys: [{ name: 'deep', role: 'PARTICIPANT', events: ['purchase'], entry }],
    })
    const blueprint = await read(from, programId)
    expect(blueprint.campaigns[0]).toMatchObject({ requiredTargets: [{ campaign: 'Outside' }], journeys: [{ entry }] })
    expect(await refused(to, importProgram, { blueprint })).toBe(
      'NOT_FOUND input.blueprint.campaigns[0].requiredTargets[0].campaign',
    )
    await aCampaign(to, outside)
    const { program } = (await to.query(importProgram, { input: { blueprint } })).importProgram
    expect(await read(to, program.id)).toEqual(blueprint)
  })

  test('is of the revision in force, not of a later draft', async () => {
    const caller = await server.otherAccount()
    const campaignId = await aCampaign(caller, { name: 'Edited' })
    await caller.query(changeState, { input: { campaignId, state: 'LIVE' } })
    await mutate(caller, 'updateCampaign', { campaignId, endsAt: '2040-01-01T00:00:00Z' })
    const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Campaign { program { id } } } }', {
      id: campaignId,
    })
    expect((await read(caller, node.program.id)).campaigns).toMatchObject([{ name: 'Edited', endsAt: null }])
  })

  test('has the campaigns in the order in which they went live, drafts last', async () => {
    const caller = await server.otherAccount()
    const made = await aRichProgram(caller)
    await goLive(caller, made)
    const { campaigns } = await read(caller, made.programId)
    expect(campaigns.map(({ name }) => name)).toEqual(['Everybody', 'Gold', 'Refer', 'Bound'])
  })

  test('leaves out campaigns that are over, and the codes that stand for them alone', async () => {
    const [caller, to] = [await server.otherAccount(), await server.otherAccount()]
    const made = await aRichProgram(caller)
    const id = (name: string) => made.campaigns.get(name)
    await mutate(caller, 'createCoupon', { code: 'TWO', campaignIds: [id('Everybody'), id('Gold')] })
    await goLive(caller, made)
    await caller.query(changeState, { input: { campaignId: id('Everybody'), state: 'ENDED' } })
    const blueprint = await read(caller, made.programId)
    expect(blueprint.campaigns.map(({ name }) => name)).toEqual(['Gold', 'Refer', 'Bound'])
    expect(blueprint.codes).toMatchObject([{ code: 'LINK' }, { code: 'TWO', campaigns: ['Gold'] }])
    await to.query(importProgram, { input: { blueprint } })
  })

  test('is refused where a campaign requires one that is over', async () => {
    const caller = await server.otherAccount()
    const { programId, campaigns } = await aRichProgram(caller)
    await caller.query(changeState, { input: { campaignId: campaigns.get('Refer'), state: 'ARCHIVED' } })
    const { errors } = await caller.send(blueprintOf, { programId })
    expect(errors[0]?.message).toBe(
      'the campaign Bound, requiredTargets[0]: it requires Refer, which is ARCHIVED and so left out',
    )
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'programId' })
  })

  test('with more codes than it can hold is refused before they are all read, which a copy never does', async () => {
    const caller = await server.otherAccount()
    const { programId } = await aRichProgram(caller)
    const { system } = server.app.services.database
    const code = await system.code.findFirstOrThrow({ where: { accountId: await accountOf(caller), code: 'LINK' } })
    await system.code.createMany({
      data: Array.from({ length: 9000 }, (_, i) => ({ ...code, fields: {}, id: randomUUID(), code: `L${i}` })),
    })
    const { errors } = await caller.send(blueprintOf, { programId })
    expect(errors[0]?.message).toBe('over 9000 coupons and promo links, more than a document can hold')
    expect(errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED')
    await mutate(caller, 'copyProgram', { programId, name: 'Copy', labels: [{ from: 'vip', to: 'guests' }] })
  })

  test('is given only to those who may write campaigns', async () => {
    const programId = await aProgram(server)
    const { errors } = await (await server.withScopes('PROFILES_READ')).send(blueprintOf, { programId })
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  test('of a program of another account is not given', async () => {
    const programId = await aProgram(await server.otherAccount())
    const { errors } = await server.send(blueprintOf, { programId })
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'programId' })
  })
})
