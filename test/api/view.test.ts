// A person seen whole: one query, as many statements for twenty people as for one, and what each part of it tells.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { newId } from '../../src/ids.ts'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const whole = `
  id sourceId kind fields createdAt erasedAt permitsEvents permitsRewards
  identities { kind value }
  consents { channel state source at }
  consentHistory(first: 10) { edges { node { channel state } } }
  interests { name since }
  addresses { kind lines city country }
  blocks { kind reason since }
  journeys(first: 5) { edges { node { name state steps(first: 5) { edges { node { kind eventName } } } } } }
  advocates(first: 5) { edges { node { advocate { id sourceId } } } }
  friends(first: 5) { edges { node { friend { id sourceId } } } }
  network(depth: 3, first: 20) { isCut people { depth profile { id sourceId } through { id } } }
  timeline(first: 10) { edges { node { name occurredAt data attribution { status quality campaign { name } journey { name } } } } pageInfo { hasNextPage endCursor } }
  codes(first: 5) { edges { node { code disabledAt } } }
  qualitySignals { high low unattributed warnings { code count } }
  engagement { emailsOpened emailsClicked emailsRead pagesViewed months { month emailsOpened pagesViewed } }`

const people = `query ($filter: RuleInput) { profiles(filter: $filter, first: 60) { edges { node { ${whole} } } } }`

// Each is a friend of an advocate and was somebody else before, and so are the advocates themselves.
async function accountWith(count: number): Promise<Caller> {
  const caller = await server.otherAccount()
  const { programId } = await openBrand(caller)
  const journeys = [{ name: 'friend', role: 'FRIEND', events: ['signup'] }]
  const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys })
  const indexes = Array.from({ length: count }, (_, i) => i)
  const personOf = (i: number) => ({ sourceId: `person ${i}`, email: `person${i}@example.com` })
  const events = indexes.flatMap((i) => [
    { name: 'page_viewed', profile: { deviceId: `device ${i}` } },
    { name: 'opt_in', profile: personOf(i), data: { channel: ['email', 'sms'] } },
    { name: 'signup', profile: personOf(i), targeting: { advocateCodes: ['A', 'UNKNOWN'] } },
    { name: 'email_opened', profile: personOf(i) },
    { name: 'purchase', profile: { ...personOf(i), deviceId: `device ${i}` } },
    { name: 'signup', profile: { sourceId: `friend ${i}` }, targeting: { advocateCodes: [`P${i}`] } },
  ])
  await mutate(caller, 'createAdvocateCode', { code: 'A', campaignId, advocate: { sourceId: 'advocate' } })
  for (const i of indexes)
    await mutate(caller, 'createAdvocateCode', { code: `P${i}`, campaignId, advocate: personOf(i) })
  await mutate(caller, 'trackEvents', { events })
  await addBelongings(caller)
  return caller
}

// As the mutations leave them, which have tests of their own below.
async function addBelongings(caller: Caller): Promise<void> {
  const { system } = server.app.services.database
  const accountId = await accountOf(caller)
  const where = { accountId, value: { startsWith: 'person ' } }
  const owners = await system.identity.findMany({ where })
  const of = ({ profileId }: { profileId: string }) => ({ accountId, profileId })
  const lines = { kind: 'HOME' as const, lines: ['Lane 1'], city: 'Ulm', country: 'Germany' }
  await system.address.createMany({ data: owners.map((owner) => ({ ...of(owner), id: newId(), ...lines })) })
  await system.interest.createMany({
    data: owners.flatMap((owner) => ['boats', 'lamps'].map((name) => ({ ...of(owner), name }))),
  })
  await system.personBlock.createMany({
    data: owners.map((owner) => ({ ...of(owner), id: newId(), kind: 'REWARDS' as const, reason: 'asked to' })),
  })
  const id = { in: owners.map(({ profileId }) => profileId) }
  await system.profile.updateMany({ where: { accountId, id }, data: { rewardsBlockedAt: new Date() } })
}

describe('one query tells everything of a person', () => {
  interface Node {
    [part: string]: unknown
  }

  async function read(caller: Caller) {
    const filter = { field: { field: 'sourceId', op: 'STARTS_WITH', value: 'person' } }
    let nodes: Node[] = []
    const statements = await statementsOf(async () => {
      const { profiles } = await caller.query(people, { filter })
      nodes = profiles.edges.map(({ node }: { node: Node }) => node)
    })
    return { nodes, count: statements.filter(({ text }) => !text.includes('api_key')).length }
  }

  test('and costs as many statements for twenty people as for one', async () => {
    const [one, many] = [await read(await accountWith(1)), await read(await accountWith(20))]
    expect([one.nodes.length, many.nodes.length]).toEqual([1, 20])
    process.stdout.write(`statements of the whole view: ${one.count} for 1 person, ${many.count} for 20\n`)
    expect(many.count).toBe(one.count)
    for (const [i, node] of many.nodes.entries()) {
      expect(node).toMatchObject({
        sourceId: `person ${i}`,
        kind: 'CUSTOMER',
        permitsEvents: true,
        permitsRewards: false,
        identities: expect.arrayContaining([
          { kind: 'SOURCE_ID', value: `person ${i}` },
          { kind: 'EMAIL', value: `person${i}@example.com` },
          { kind: 'DEVICE', value: `device ${i}` },
        ]),
        consents: [
          { channel: 'EMAIL', state: 'OPTED_IN', source: 'EVENT' },
          { channel: 'SMS', state: 'OPTED_IN', source: 'EVENT' },
        ],
        interests: [{ name: 'boats' }, { name: 'lamps' }],
        addresses: [{ kind: 'HOME', lines: ['Lane 1'], city: 'Ulm', country: 'Germany' }],
        blocks: [{ kind: 'REWARDS', reason: 'asked to' }],
        advocates: { edges: [{ node: { advocate: { sourceId: 'advocate' } } }] },
        friends: { edges: [{ node: { friend: { sourceId: `friend ${i}` } } }] },
        network: {
          isCut: false,
          people: [{ depth: 1, profile: { sourceId: `friend ${i}` }, through: { id: node.id } }],
        },
        codes: { edges: [{ node: { code: `P${i}`, disabledAt: null } }] },
        qualitySignals: { low: 0, warnings: [{ code: 'HINT_UNKNOWN', count: 1 }] },
        engagement: { emailsOpened: 1, emailsClicked: 0, pagesViewed: 1 },
      })
      const { edges } = node.timeline as { edges: { node: { name: string; attribution: { status: string } } }[] }
      expect(edges.map((edge) => edge.node.name)).toEqual([
        'purchase',
        'email_opened',
        'signup',
        'opt_in',
        'page_viewed',
      ])
      expect(edges.map((edge) => edge.node.attribution.status)).toEqual([
        'ATTRIBUTED',
        'UNATTRIBUTED',
        'ATTRIBUTED',
        'UNATTRIBUTED',
        'UNATTRIBUTED',
      ])
    }
  })
})

describe('a timeline', () => {
  const ask = `query ($filter: TimelineFilter, $first: Int, $after: String) { profile(by: { sourceId: "t" }) {
    timeline(filter: $filter, first: $first, after: $after) { edges { cursor node { name data } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`
  const told = async (variables: object = {}) => {
    const { timeline } = (await caller.query(ask, { ...variables })).profile
    return { ...timeline, data: timeline.edges.map(({ node }: { node: { data: { n: number } } }) => node.data.n) }
  }
  let caller: Caller
  const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`
  beforeAll(async () => {
    caller = await server.otherAccount()
    await openBrand(caller)
    // They come in another order than they happened; two happened at once; some are of a profile that was merged.
    for (const n of [3, 1, 5, 4, 2])
      await track(caller, {
        name: n % 2 ? 'purchase' : 'Page Viewed',
        profile: { sourceId: 't' },
        data: { n },
        occurredAt: day(n),
      })
    for (const n of [6, 7])
      await track(caller, { name: 'view', profile: { deviceId: 't' }, data: { n }, occurredAt: day(6) })
    await track(caller, {
      name: 'click',
      profile: { sourceId: 't', deviceId: 't' },
      data: { n: 0 },
      occurredAt: day(1),
    })
  })

  test('is in the order in which things happened, the newest first, over all profiles of the person', async () => {
    expect((await told()).data).toEqual([7, 6, 5, 4, 3, 2, 0, 1])
  })

  test('is read page by page without gap or repetition', async () => {
    const seen: number[] = []
    let after: string | null = null
    for (let more = true; more; ) {
      const page: { data: number[]; pageInfo: { hasNextPage: boolean; endCursor: string } } = await told({
        first: 3,
        after,
      })
      seen.push(...page.data)
      ;({ hasNextPage: more, endCursor: after } = page.pageInfo)
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 0, 1])
  })

  test('is narrowed by names, by what became of the events and by time', async () => {
    expect((await told({ filter: { names: ['page viewed', 'view'] } })).data).toEqual([7, 6, 4, 2])
    expect((await told({ filter: { types: ['ATTRIBUTED'] } })).data).toEqual([5, 3, 0, 1])
    expect((await told({ filter: { types: ['UNATTRIBUTED'], from: day(2), to: day(6) } })).data).toEqual([4, 2])
    expect((await told({ filter: { names: ['nothing'] } })).data).toEqual([])
    expect((await told({ filter: { names: [] } })).data).toEqual([])
  })

  test('takes its own cursors alone', async () => {
    const { pageInfo } = await told()
    for (const after of ['zzz', Buffer.from('timeline:x:1.2').toString('base64url'), pageInfo.endCursor.slice(0, -6)]) {
      const { errors } = await caller.send(ask, { after })
      expect([errors[0]?.extensions.code, errors[0]?.extensions.field]).toEqual(['BAD_INPUT', 'after'])
    }
    const { errors } = await caller.send(
      '{ profile(by: { sourceId: "t" }) { timeline(last: 3) { edges { cursor } } } }',
    )
    expect(errors[0]?.extensions.code).toBe('BAD_INPUT')
  })
})

describe('a network', () => {
  const ask = `query ($of: String!, $depth: Int!, $first: Int!, $towards: NetworkDirection!) { profile(by: { sourceId: $of }) {
    network(depth: $depth, first: $first, towards: $towards) { isCut people { depth profile { sourceId } through { sourceId } } } } }`
  type Found = { depth: number; profile: { sourceId: string }; through: { sourceId: string } }
  const network = async (of: string, more: object = {}) => {
    const variables = { of, depth: 5, first: 100, towards: 'FRIENDS', ...more }
    const found = (await caller.query(ask, variables)).profile.network
    const told = found.people.map(
      ({ depth, profile, through }: Found) => `${depth} ${through.sourceId}>${profile.sourceId}`,
    )
    return { isCut: found.isCut, told: told.sort() }
  }
  let caller: Caller

  beforeAll(async () => {
    caller = await server.otherAccount()
    const { programId } = await openBrand(caller)
    const accountId = await accountOf(caller)
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'hub', ...Array.from({ length: 30 }, (_, i) => `x${i}`)]
    const ids = new Map(names.map((name) => [name, newId()]))
    const idOf = (name: string) => ids.get(name) ?? ''
    const { system } = server.app.services.database
    await system.profile.createMany({ data: names.map((name) => ({ accountId, id: idOf(name) })) })
    await system.identity.createMany({
      data: names.map((name) => ({ accountId, kind: 'SOURCE_ID' as const, value: name, profileId: idOf(name) })),
    })
    // A chain of seven that closes to a circle, a short cut in it, and one who refers to many.
    const edges = [
      'a>b',
      'b>c',
      'c>d',
      'd>e',
      'e>f',
      'f>g',
      'g>a',
      'a>c',
      'b>a',
      ...names.slice(9).map((name) => `hub>${name}`),
    ]
    await system.relationship.createMany({
      data: [...edges, 'a>h'].map((edge) => {
        const [advocate = '', friend = ''] = edge.split('>')
        const at = new Date('2026-01-01')
        return {
          ...{ accountId, id: newId(), advocateId: idOf(advocate), friendId: idOf(friend) },
          ...{ programId: decodeId('Program', programId) ?? '', firstEvidenceAt: at, latestEvidenceAt: at },
          withdrawnAt: edge === 'a>h' ? at : null,
        }
      }),
    })
  })

  test('has everybody once, at the least depth, though it goes in circles, and no further than asked', async () => {
    expect(await network('a')).toEqual({ isCut: false, told: ['1 a>b', '1 a>c', '2 c>d', '3 d>e', '4 e>f', '5 f>g'] })
    expect((await network('a', { depth: 2 })).told).toEqual(['1 a>b', '1 a>c', '2 c>d'])
    expect((await network('c')).told).toEqual(['1 c>d', '2 d>e', '3 e>f', '4 f>g', '5 g>a'])
  })

  test('is walked to the advocates as well', async () => {
    expect((await network('c', { towards: 'ADVOCATES', depth: 2 })).told).toEqual(['1 c>a', '1 c>b', '2 a>g'])
  })

  test('is cut at the size that was asked for, and says so', async () => {
    const cut = await network('hub', { first: 10 })
    expect([cut.isCut, cut.told.length]).toEqual([true, 10])
    const all = await network('hub', { first: 30 })
    expect([all.isCut, all.told.length]).toEqual([false, 30])
  })

  test('goes on where somebody was merged: who brought the one brought the other', async () => {
    await track(caller, { name: 'view', profile: { deviceId: 'merged' } })
    const { profile: found } = await caller.query('{ profile(by: { deviceId: "merged" }) { id } }')
    const { system } = server.app.services.database
    const accountId = await accountOf(caller)
    const h = await system.identity.findFirstOrThrow({ where: { accountId, value: 'h' } })
    const edge = await system.relationship.findFirstOrThrow({ where: { accountId, friendId: h.profileId } })
    const at = new Date('2026-01-01')
    const row = { accountId, programId: edge.programId, firstEvidenceAt: at, latestEvidenceAt: at }
    const merged = decodeId('Profile', found.id) ?? ''
    const x0 = await system.identity.findFirstOrThrow({ where: { accountId, value: 'x0' } })
    await system.relationship.createMany({
      data: [
        { ...row, id: newId(), advocateId: h.profileId, friendId: merged },
        { ...row, id: newId(), advocateId: merged, friendId: h.profileId },
      ],
    })
    await system.merge.create({ data: { accountId, loserId: merged, survivorId: x0.profileId } })
    expect((await network('h')).told).toEqual(['1 h>x0'])
    expect((await network('x0')).told).toEqual(['1 x0>h'])
  })

  test('is refused beyond depth 5 and 500 people', async () => {
    for (const [more, field] of [
      [{ depth: 6 }, 'depth'],
      [{ depth: 0 }, 'depth'],
      [{ first: 501 }, 'first'],
    ] as const) {
      const { errors } = await caller.send(ask, { of: 'a', depth: 5, first: 100, towards: 'FRIENDS', ...more })
      expect([errors[0]?.extensions.code, errors[0]?.extensions.field]).toEqual(['BAD_INPUT', field])
    }
  })
})

describe('what a person is to the brand', () => {
  const kindOf = async (sourceId: string) =>
    (await server.query('query ($by: ProfileKeyInput!) { profile(by: $by) { kind } }', { by: { sourceId } })).profile
      .kind

  test('is a contact, a subscriber while opted in, and a customer from the first order on', async () => {
    const profile = { sourceId: 'kind' }
    await track(server, { name: 'view', profile })
    expect(await kindOf('kind')).toBe('CONTACT')
    await track(server, { name: 'opt_in', profile, data: { channel: 'sms' } })
    expect(await kindOf('kind')).toBe('SUBSCRIBER')
    await track(server, { name: 'opt_out', profile, data: { channel: 'sms' } })
    expect(await kindOf('kind')).toBe('CONTACT')
    await track(server, { name: 'order_completed', profile })
    expect(await kindOf('kind')).toBe('CUSTOMER')
  })

  test('shows in how they take part, month by month of the last year, and not before', async () => {
    const profile = { sourceId: 'reader' }
    const now = new Date()
    const monthsAgo = (n: number) =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - n, 1, 12)).toISOString()
    const did = (name: string, n: number) => track(server, { name, profile, occurredAt: monthsAgo(n) })
    for (const n of [1, 1, 12, 13]) await did('email_opened', n)
    await did('email_clicked', 1)
    await did('page_viewed', 12)
    await did('email_read', 2)
    const { engagement } = (
      await server.query(
        '{ profile(by: { sourceId: "reader" }) { engagement { emailsOpened emailsClicked emailsRead pagesViewed months { month emailsOpened emailsClicked emailsRead pagesViewed } } } }',
      )
    ).profile
    const start = (n: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - n, 1)).toISOString()
    const none = { emailsOpened: 0, emailsClicked: 0, emailsRead: 0, pagesViewed: 0 }
    expect(engagement).toEqual({
      ...{ emailsOpened: 3, emailsClicked: 1, emailsRead: 1, pagesViewed: 1 },
      months: [
        { ...none, month: start(12), emailsOpened: 1, pagesViewed: 1 },
        { ...none, month: start(2), emailsRead: 1 },
        { ...none, month: start(1), emailsOpened: 2, emailsClicked: 1 },
      ],
    })
  })
})

describe('addresses and interests', () => {
  const read = async () =>
    (
      await server.query(
        '{ profile(by: { sourceId: "lists" }) { interests { name since } addresses { kind name lines postalCode city region country } } }',
      )
    ).profile

  test('are set as whole lists; an interest that stays keeps since when', async () => {
    const profile = { sourceId: 'lists' }
    await mutate(server, 'setInterests', { profile, interests: ['lamps', ' boats ', 'lamps'] })
    const [boats] = (await read()).interests
    await mutate(server, 'setInterests', { profile, interests: ['boats', 'cars'] })
    const after = (await read()).interests
    expect(after.map(({ name }: { name: string }) => name)).toEqual(['boats', 'cars'])
    expect(after[0]).toEqual(boats)
    const home = {
      kind: 'HOME',
      name: 'L.',
      lines: ['Lane 1', '2nd'],
      postalCode: '1',
      city: 'C',
      region: 'R',
      country: 'X',
    }
    await mutate(server, 'setAddresses', { profile, addresses: [home, { kind: 'WORK', lines: [] }] })
    expect((await read()).addresses[0]).toEqual(home)
    await mutate(server, 'setAddresses', { profile, addresses: [] })
    expect((await read()).addresses).toEqual([])
  })
})
