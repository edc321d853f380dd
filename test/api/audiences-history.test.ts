// Who entered and left audiences and why: as it happens, after a break, and looking back.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

async function audience(caller: Caller, rule?: object): Promise<string> {
  const made = await caller.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: fresh('Audience'), rule } },
  )
  return made.createAudience.audience.id
}

const set = (caller: Caller, sourceId: string, fields: object) =>
  caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile: { sourceId }, set: fields },
  })
const gold = { field: { field: 'tier', op: 'EQ', value: 'gold' } }

it('a subscriber sees who enters and leaves one audience, and why, and misses nothing while away', async () => {
  const caller = await server.otherAccount()
  const clicked = await audience(caller, { any: [{ event: { name: 'click' } }, gold] })
  const other = await audience(caller, { event: { name: 'click', performed: false } })
  const first = await followAudience(caller, { audienceId: clicked })
  await track(caller, { name: 'look', profile: { sourceId: 'cy' } })
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await set(caller, 'bob', { tier: 'gold' })
  await first.until(() => first.moves().length === 2)
  first.stop()
  await set(caller, 'bob', { tier: 'tin' })
  await track(caller, { name: 'click', profile: { sourceId: 'cy' } })
  const second = await followAudience(caller, { audienceId: clicked, after: first.updates.at(-1)?.cursor ?? '' })
  await set(caller, 'bob', { tier: 'gold' })
  await second.until(() => second.moves().length === 3)
  second.stop()
  expect([...first.moves(), ...second.moves()]).toEqual([
    '+ada EVENT click',
    '+bob FIELDS',
    '-bob FIELDS',
    '+cy EVENT click',
    '+bob FIELDS',
  ])
  expect(await followAudience(caller, { audienceId: other }).then((one) => one.moves())).toEqual([])
})

it('the changes can be read back as pages, which the subscription goes on from', async () => {
  const caller = await server.otherAccount()
  await set(caller, 'ada', { tier: 'gold' })
  const id = await audience(caller, gold)
  await set(caller, 'ada', { tier: 'tin' })
  const page = `query ($id: ID!, $after: String) { audienceChanges(audienceId: $id, first: 1, after: $after) {
    edges { node { entered cause ruleVersion audience { id } profile { sourceId } } } pageInfo { endCursor hasNextPage } } }`
  const { audienceChanges: one } = await caller.query(page, { id })
  expect(one.edges[0].node).toEqual({
    ...{ entered: true, cause: 'RULE', ruleVersion: 1, audience: { id }, profile: { sourceId: 'ada' } },
  })
  const { audienceChanges: two } = await caller.query(page, { id, after: one.pageInfo.endCursor })
  expect(two).toMatchObject({
    edges: [{ node: { entered: false, cause: 'FIELDS' } }],
    pageInfo: { hasNextPage: false },
  })
  const follower = await followAudience(caller, { audienceId: id, after: two.pageInfo.endCursor })
  await set(caller, 'ada', { tier: 'gold' })
  await follower.until(() => follower.moves().length === 1)
  follower.stop()
})

it('a person’s audiences are told with since when, and an audience with how its size changed', async () => {
  const caller = await server.otherAccount()
  const before = new Date(Date.now() - 3_600_000).toISOString()
  const [fixed, dynamic] = [await audience(caller), await audience(caller, gold)]
  await set(caller, 'bob', { tier: 'gold' })
  await set(caller, 'ada', { tier: 'gold' })
  await set(caller, 'bob', { tier: 'tin' })
  const profiles = [{ sourceId: 'ada' }]
  await caller.query('mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }', {
    input: { audienceId: fixed, profiles },
  })
  const { profile } = await caller.query(
    '{ profile(by: { sourceId: "ada" }) { audiences { edges { node { since audience { id } } } } } }',
  )
  expect(profile.audiences.edges.map(({ node }: { node: { audience: object } }) => node.audience)).toEqual([
    { id: fixed },
    { id: dynamic },
  ])
  expect(Date.parse(profile.audiences.edges[0].node.since)).toBeGreaterThan(Date.parse(before))
  const { node } = await caller.query(
    'query ($id: ID!, $from: DateTime!) { node(id: $id) { ... on Audience { sizes(from: $from, by: DAY) { members entered left } } } }',
    { id: dynamic, from: before },
  )
  const total = (key: 'entered' | 'left') =>
    node.sizes.reduce((sum: number, size: { entered: number; left: number }) => sum + size[key], 0)
  expect([total('entered'), total('left'), node.sizes.at(-1).members]).toEqual([2, 1, 1])
})
