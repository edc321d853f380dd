// Advocates of very many friends: who they are in an audience by is all of their friends, and what happens to them reaches all of these.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { newId } from '../../src/ids.ts'
import { openBrand, track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, createAudience, fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const audience = async (caller: Caller, rule: object): Promise<string> =>
  (await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })).createAudience.audience.id

const sizes = `query ($id: ID!, $filter: RuleInput) {
  node(id: $id) { ... on Audience { memberCount } } profiles(filter: $filter) { totalCount } }`

/** How many are in the audience, and how many the list finds by the rule. */
async function both(caller: Caller, id: string, filter: object): Promise<number[]> {
  const { node, profiles } = await caller.query(sizes, { id, filter })
  return [node.memberCount, profiles.totalCount]
}

/** As soon as everybody was looked at. */
async function size(caller: Caller, id: string): Promise<number | null> {
  const asked = 'query ($id: ID!) { node(id: $id) { ... on Audience { memberCount isFilling } } }'
  const { node } = await caller.query(asked, { id })
  return node.isFilling ? null : node.memberCount
}

/** Ada, who referred so many people in a program, f0 first and the last of them most lately; returns the program's id. */
async function popular(caller: Caller, { friends, programs = 1 }: { friends: number; programs?: number }) {
  await openBrand(caller)
  const accountId = await accountOf(caller)
  const { system } = server.app.services.database
  const people = Array.from({ length: friends + 1 }, (_, n) => ({ id: newId(), sourceId: n ? `f${n - 1}` : 'ada' }))
  await system.profile.createMany({ data: people.map(({ id }) => ({ accountId, id })) })
  await system.identity.createMany({
    data: people.map(({ id, sourceId }) => ({ accountId, kind: 'SOURCE_ID' as const, value: sourceId, profileId: id })),
  })
  const [ada, ...others] = people
  const programIds: string[] = []
  for (let n = 0; n < programs; n++) programIds.push(await aProgram(caller))
  const began = Date.now() - 10_000_000
  await system.relationship.createMany({
    data: others.map(({ id }, n) => {
      const at = new Date(began + n * 1_000)
      const program = programIds[Math.min(programs - 1, Math.floor((n * programs) / 10))] ?? ''
      const advocateId = ada?.id ?? ''
      const ids = { accountId, id: newId(), advocateId, friendId: id, programId: decodeId('Program', program) ?? '' }
      return { ...ids, firstEvidenceAt: at, latestEvidenceAt: at }
    }),
  })
  return programIds
}

const ordered = { order: { aggregate: 'COUNT', op: 'GTE', value: 1 } }
const buy = (caller: Caller, sourceId: string) =>
  track(caller, { name: 'purchase', profile: { sourceId }, data: { total: 1, currency: 'EUR' } })

it('friends of long ago count, however many came since: the audience and the list agree', async () => {
  const caller = await server.otherAccount()
  await popular(caller, { friends: 1_200 })
  const rule = { relationship: { as: 'ADVOCATE', where: ordered, atLeast: 2 } }
  await buy(caller, 'f0')
  const id = await audience(caller, rule)
  await expect.poll(() => size(caller, id), { timeout: 60_000, interval: 250 }).toBe(0)
  await buy(caller, 'f1')
  await expect.poll(() => size(caller, id), { timeout: 60_000, interval: 250 }).toBe(1)
  expect(await both(caller, id, rule)).toEqual([1, 1])
}, 120_000)

it('of relationships of a program none is passed over for those of another', async () => {
  const caller = await server.otherAccount()
  // The first five are of the first program.
  const [first] = await popular(caller, { friends: 1_100, programs: 2 })
  const rule = { relationship: { as: 'ADVOCATE', programId: first, atLeast: 5, atMost: 5 } }
  const id = await audience(caller, rule)
  await expect.poll(() => size(caller, id), { timeout: 60_000, interval: 250 }).toBe(1)
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  expect(await both(caller, id, rule)).toEqual([1, 1])
}, 120_000)

it('what an advocate does reaches all of their friends, a piece at a time, and is noted in one row', async () => {
  const caller = await server.otherAccount()
  await popular(caller, { friends: 1_200 })
  const id = await audience(caller, { relationship: { as: 'FRIEND', where: { event: { name: 'click' } } } })
  await expect.poll(() => size(caller, id), { timeout: 60_000, interval: 250 }).toBe(0)
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await expect.poll(() => size(caller, id), { timeout: 60_000, interval: 250 }).toBe(1_200)
  const accountId = await accountOf(caller)
  const { system } = server.app.services.database
  await expect.poll(() => system.audiencePoke.count({ where: { accountId } }), { timeout: 10_000 }).toBe(0)
}, 120_000)
