// A person's lists, which have statements of their own for what is asked most: they tell the same as every other way to the same
// rows, page by page, over all profiles that are the person, and no more than the key may see.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, openBrand } from '../support/brand.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
const friends = 5
/** Twenty with Ann, and none of them her friends. */
const others = 19

// Ann was somebody's device first. She brought five friends by her code, one of whom was somebody's device first, too.
beforeAll(async () => {
  server = await startServer()
  const { programId } = await openBrand(server)
  const journeys = [{ name: 'friend', role: 'FRIEND', events: ['renewal'] }]
  const campaignId = await addCampaign(server, { programId, name: 'Friends', journeys })
  await server.query(
    'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { __typename } }',
    { input: { code: 'ANN', programId, campaignId, advocate: { sourceId: 'ann' } } },
  )
  const ann = { sourceId: 'ann', deviceId: 'tablet' }
  const events = [
    { name: 'click', profile: { deviceId: 'tablet' }, context: { channel: 'WEB' } },
    { name: 'signup', profile: { sourceId: 'ann' }, data: { plan: 'gold', email: 'ann@example.com' } },
    { name: 'purchase', profile: ann, idempotencyKey: 'one', occurredAt: '2026-01-02T03:04:05.678Z' },
    { name: 'click', profile: { deviceId: 'phone' } },
    ...Array.from({ length: friends }, (_, i) => ({
      name: 'renewal',
      profile: { sourceId: `friend ${i}`, ...(i === 0 ? { deviceId: 'phone' } : {}) },
      targeting: { advocateCodes: ['ANN'] },
    })),
    { name: 'purchase', profile: ann },
    ...Array.from({ length: others }, (_, i) => ({ name: 'click', profile: { sourceId: `other ${i}` } })),
  ]
  const { trackEvents } = await server.query(
    'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { message } } } }',
    { input: { events } },
  )
  expect(trackEvents.results.filter(({ error }: { error: unknown }) => error)).toEqual([])
})
afterAll(() => server?.stop())

type Row = Record<string, unknown>

interface Connection {
  edges: { cursor: string; node: Row }[]
  pageInfo: { endCursor: string; startCursor: string; hasNextPage: boolean; hasPreviousPage: boolean }
}

async function listOf(list: string, fields: string, person = 'ann'): Promise<Row[]> {
  const { profile } = await server.query(
    `query ($by: ProfileKeyInput!) { profile(by: $by) { ${list} { edges { node { ${fields} } } } } }`,
    { by: { sourceId: person } },
  )
  const [connection] = Object.values(profile) as Connection[] // Of the one field that is asked for.
  return (connection?.edges ?? []).map(({ node }) => node)
}

const journey =
  'id name role key state isActive startedAt lastActivityAt exitedAt profile { id sourceId } campaign { id name state firstLiveAt createdAt }'
const relationship =
  'id firstEvidenceAt latestEvidenceAt createdAt marks advocate { id sourceId } friend { id sourceId createdAt } campaign { id name }'
const event = 'id name occurredAt receivedAt reportedAt data channel idempotencyKey profile { id sourceId createdAt }'

describe('a list tells the same', () => {
  test.each([
    ['journeys', journey, 'campaign { program { name } }', 'ann', 2],
    ['journeys', journey, 'entry { at event { id } }', 'friend 0', 2],
    ['friends', relationship, 'program { name }', 'ann', friends],
    ['advocates', relationship, 'program { name }', 'friend 0', 1],
  ])('of %s, whether or not more is asked of its rows than it reads by itself', async (...given) => {
    const [list, fields, more, person, count] = given
    const own = await listOf(list, fields, person)
    const others = await listOf(list, `${fields} more: __typename ${more}`, person)
    expect(own).toHaveLength(count)
    for (const [i, row] of own.entries()) expect(others[i]).toMatchObject(row)
  })

  test('of events, of all profiles that are the person, as the timeline', async () => {
    const events = await listOf('events', event)
    const timeline = await listOf('timeline', event)
    expect(events.map(({ name }) => name)).toEqual(['click', 'signup', 'purchase', 'purchase'])
    expect(events).toMatchObject([
      { channel: 'WEB', data: {}, profile: { sourceId: 'ann' } },
      { data: { plan: 'gold', email: 'ann@example.com' } },
      { idempotencyKey: 'one', occurredAt: '2026-01-02T03:04:05.678Z', reportedAt: null },
      { idempotencyKey: null, channel: null },
    ])
    const byId = (rows: Row[]) => rows.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
    expect(byId(timeline)).toEqual(byId(events))
  })

  test('under a fragment, another name and a directive that a variable decides', async () => {
    const document = `query ($all: Boolean!) { profile(by: { sourceId: "ann" }) { own: journeys { edges { node { ...Own } } } } }
      fragment Own on Journey { called: name campaign @include(if: $all) { title: name program { name } } }`
    const ask = async (all: boolean) => (await server.query(document, { all })).profile.own.edges[0].node
    const campaign = { title: 'Refer a friend', program: { name: 'Refer a friend program' } }
    expect(await ask(false)).toEqual({ called: 'participant' })
    expect(await ask(true)).toEqual({ called: 'participant', campaign })
    expect(await ask(false)).toEqual({ called: 'participant' })
  })
})

test.each([
  ['the first', 'More', 'Id'],
  ['the second', 'Id', 'More'],
])('two people share a fragment, and %s is asked for more beside it: both are told all of it', async (...given) => {
  const [, ...beside] = given
  const more = 'name relationship { advocate { sourceId } } entry { reason }'
  const people = beside.map((one, i) => `p${i}: profile(by: { sourceId: "friend ${i}" }) { ...Id ...${one} }`)
  const answer = await server.query(`{ ${people.join(' ')} }
    fragment Id on Profile { journeys { edges { node { id } } } }
    fragment More on Profile { journeys { edges { node { ${more} } } } }`)
  for (const [i, one] of beside.entries()) {
    const rows = await listOf('journeys', one === 'More' ? `id ${more}` : 'id', `friend ${i}`)
    expect(rows).not.toEqual([])
    expect(answer[`p${i}`].journeys.edges.map(({ node }: { node: Row }) => node)).toEqual(rows)
  }
})

describe('a page of a list', () => {
  const page = `query ($first: Int, $last: Int, $after: String, $before: String) { profile(by: { sourceId: "ann" }) {
    friends(first: $first, last: $last, after: $after, before: $before) {
      edges { cursor node { friend { sourceId } } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } } }`
  const ask = async (variables: object): Promise<Connection> => (await server.query(page, variables)).profile.friends
  const names = ({ edges }: Connection) => edges.map(({ node }) => (node as { friend: Row }).friend.sourceId)

  test('goes on where the last one ended, forth and back', async () => {
    const first = await ask({ first: 2 })
    expect(names(first)).toEqual(['friend 0', 'friend 1'])
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const next = await ask({ first: 3, after: first.pageInfo.endCursor })
    expect(names(next)).toEqual(['friend 2', 'friend 3', 'friend 4'])
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    const back = await ask({ last: 2, before: next.pageInfo.endCursor })
    expect(names(back)).toEqual(['friend 2', 'friend 3'])
    expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
    expect(names(await ask({ last: 2 }))).toEqual(['friend 3', 'friend 4'])
    expect(back.edges.map(({ cursor }) => cursor)).toEqual(next.edges.slice(0, 2).map(({ cursor }) => cursor))
    expect(names(await ask({ first: 0 }))).toEqual([])
  })
})

describe('a person with all of it', () => {
  const whole = `id createdAt fields identities { kind value }
    journeys(first: 10) { edges { node { id name startedAt campaign { id name } } } }
    events(last: 10) { edges { node { id name data occurredAt } } }
    friends(first: 5) { edges { node { id createdAt friend { id identities { kind value } } } } }`

  test('costs as many statements among twenty people as alone, and none twice', async () => {
    const document = `query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { ${whole} } } } }`
    const texts = async (prefix: string, count: number) => {
      const named = (op: string, value: string) => ({ field: { field: 'sourceId', op, value } })
      const filter = { any: [named('EQ', 'ann'), named('STARTS_WITH', prefix)] }
      const sent = await statementsOf(async () => {
        expect((await server.query(document, { filter })).profiles.edges).toHaveLength(count)
      })
      // Whom a key stands for is remembered for a second; and fewer than a page make sure that there are no more.
      return sent.map(({ text }) => text).filter((text) => !/api_key|OFFSET \$\d+::int LIMIT 1/.test(text))
    }
    const [one, twenty] = [await texts('nobody', 1), await texts('other', 1 + others)]
    const kinds = (all: string[]) => all.map((text) => /FROM (?!unnest|\()\w+|"public"\."\w+"/.exec(text)?.[0]).sort()
    expect(kinds(one)).toEqual(kinds(twenty))
    expect(twenty).toHaveLength(10)
  })

  test('is refused field by field to who may not see it, and told without what tells who they are', async () => {
    const blind = await server.withScopes('PROFILES_READ')
    const answer = await blind.send(`{ profile(by: { sourceId: "ann" }) { ${whole} } }`)
    expect(answer.errors).toEqual([])
    expect(answer.data?.profile.identities).toEqual([
      { kind: 'SOURCE_ID', value: 'ann' },
      { kind: 'DEVICE', value: null },
    ])
    expect(answer.data?.profile.events.edges[1].node.data).toEqual({ plan: 'gold', email: null })
    const sender = await server.withScopes('EVENTS_WRITE')
    const refused = await sender.send(`{ profile(by: { sourceId: "ann" }) { ${whole} } }`)
    expect(refused.data).toEqual({ profile: null })
    expect(refused.errors).toMatchObject([{ path: ['profile'], extensions: { code: 'FORBIDDEN' } }])
  })
})
