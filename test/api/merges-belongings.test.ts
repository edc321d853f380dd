// What is set of a person while they are two profiles in one stays with the profile that was named, when the merge is undone.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

let ids: Record<string, string>
beforeEach(async () => {
  caller = await server.otherAccount()
  ids = {}
  for (const sourceId of ['ann', 'bob']) {
    await mutate(caller, 'updateProfile', { profile: { sourceId }, set: { x: 1 } })
    const { profile } = await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', {
      by: { sourceId },
    })
    ids[sourceId] = profile.id
  }
  await mutate(caller, 'mergeProfiles', {
    ...{ survivor: { sourceId: 'ann' }, loser: { sourceId: 'bob' }, allowTwoSourceIds: true },
  })
})

const read = async (sourceId: string) => {
  const document = `query ($by: ProfileKeyInput!) { profile(by: $by) {
    addresses { city } interests { name } blocks { kind reason } permitsEvents } }`
  const { profile } = await caller.query(document, { by: { sourceId } })
  return {
    cities: profile.addresses.map(({ city }: { city: string }) => city),
    interests: profile.interests.map(({ name }: { name: string }) => name),
    blocks: profile.blocks.map(({ reason }: { reason: string }) => reason),
    permitsEvents: profile.permitsEvents,
  }
}
const nothing = { cities: [], interests: [], blocks: [], permitsEvents: true }

it.each([
  ['bob', 'ann'],
  ['ann', 'bob'],
])('addresses, interests and a block of %s are theirs, and not those of %s', async (named, other) => {
  const profile = { sourceId: named }
  await mutate(caller, 'setAddresses', { profile, addresses: [{ kind: 'HOME', lines: ['1 Road'], city: 'Cork' }] })
  await mutate(caller, 'setInterests', { profile, interests: ['boats'] })
  await mutate(caller, 'blockPerson', { profile, what: 'EVENTS', reason: 'fraud' })
  const all = { cities: ['Cork'], interests: ['boats'], blocks: ['fraud'], permitsEvents: false }
  expect([await read(named), await read(other)]).toEqual([all, all])
  await mutate(caller, 'undoMerge', { loser: ids.bob })
  expect([await read(named), await read(other)]).toEqual([all, nothing])
})

it.each([
  ['bob', 'ann'],
  ['ann', 'bob'],
])('a seat in an audience that %s was given is theirs, and not that of %s', async (named, other) => {
  const audienceId = await anAudience(caller)
  await mutate(caller, 'addToAudience', { audienceId, profiles: [{ sourceId: named }] })
  await mutate(caller, 'addToAudience', { audienceId, profiles: [{ sourceId: other }] })
  const members = async () => {
    const document = `query ($id: ID!) { node(id: $id) { ... on Audience {
      memberCount members { edges { node { profile { id } } } } } } }`
    const { node } = await caller.query(document, { id: audienceId })
    return [node.memberCount, node.members.edges.map((edge: { node: { profile: object } }) => edge.node.profile)]
  }
  expect(await members()).toEqual([1, [{ id: ids.ann }]])
  const { previewUndoMerge } = await caller.query(
    'query ($loser: ID!) { previewUndoMerge(loser: $loser) { blockers { kind } } }',
    { loser: ids.bob },
  )
  expect(previewUndoMerge.blockers).toEqual([])
  await mutate(caller, 'undoMerge', { loser: ids.bob })
  expect(await members()).toEqual([1, [{ id: ids[named] }]])
})

it('what both were said to have, both keep, and one list is still all that the person has', async () => {
  for (const sourceId of ['ann', 'bob']) {
    await mutate(caller, 'setInterests', { profile: { sourceId }, interests: ['boats', sourceId] })
    await mutate(caller, 'blockPerson', { profile: { sourceId }, what: 'EVENTS', reason: sourceId })
  }
  expect(await read('ann')).toEqual({ cities: [], interests: ['boats', 'bob'], blocks: ['ann'], permitsEvents: false })
  await mutate(caller, 'undoMerge', { loser: ids.bob })
  expect(await read('ann')).toMatchObject({ interests: ['boats'], blocks: ['ann'] })
  expect(await read('bob')).toMatchObject({ interests: ['boats', 'bob'], blocks: ['bob'] })
})
