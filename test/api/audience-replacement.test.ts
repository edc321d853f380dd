// Long lists of people who become a static audience, in several calls and at once.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/ids.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience, createAudience, fresh, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const begin =
  'mutation ($input: BeginAudienceReplacementInput!) { beginAudienceReplacement(input: $input) { replacementId } }'
const append = `mutation ($input: AppendToAudienceReplacementInput!) { appendToAudienceReplacement(input: $input) {
  added members faults { at reason } } }`
const commit = `mutation ($input: CommitAudienceReplacementInput!) { commitAudienceReplacement(input: $input) {
  added removed audience { memberCount } } }`
const discard = `mutation ($input: DiscardAudienceReplacementInput!) { discardAudienceReplacement(input: $input) { audience { memberCount } } }`

const begun = async (caller: Caller, audienceId: string): Promise<string> =>
  (await caller.query(begin, { input: { audienceId } })).beginAudienceReplacement.replacementId

const appended = async (caller: Caller, replacementId: string, profiles: object[]) =>
  (await caller.query(append, { input: { replacementId, profiles } })).appendToAudienceReplacement

const committed = async (caller: Caller, replacementId: string) =>
  (await caller.query(commit, { input: { replacementId } })).commitAudienceReplacement

const sizeOf = async (caller: Caller, id: string): Promise<number> =>
  (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id })).node
    .memberCount

/** People p0, p1 and so on. */
async function known(caller: Caller, count: number): Promise<{ sourceId: string }[]> {
  const accountId = await accountOf(caller)
  const people = Array.from({ length: count }, (_, n) => ({ id: newId(), sourceId: `p${n}` }))
  const { system } = server.app.services.database
  await system.profile.createMany({ data: people.map(({ id }) => ({ accountId, id })) })
  await system.identity.createMany({
    data: people.map(({ id, sourceId }) => ({ accountId, kind: 'SOURCE_ID' as const, value: sourceId, profileId: id })),
  })
  return people.map(({ sourceId }) => ({ sourceId }))
}

it('a list in several calls becomes the audience at once; who stays is not touched, and each change is told', async () => {
  const caller = await server.otherAccount()
  const people = await known(caller, 6_000)
  const id = await anAudience(caller)
  await mutate(caller, 'addToAudience', { audienceId: id, profiles: [...people.slice(0, 10), { sourceId: 'old' }] })
  const replacement = await begun(caller, id)
  expect(await appended(caller, replacement, people.slice(5, 4_005))).toEqual({
    added: 4_000,
    members: 4_000,
    faults: [],
  })
  expect(await sizeOf(caller, id)).toBe(11)
  expect(await appended(caller, replacement, people.slice(4_000))).toEqual({ added: 1_995, members: 5_995, faults: [] })
  expect(await committed(caller, replacement)).toEqual({ added: 5_990, removed: 6, audience: { memberCount: 5_995 } })
  const sizes =
    'query ($id: ID!, $from: DateTime!) { node(id: $id) { ... on Audience { sizes(from: $from) { entered left } } } }'
  const { node } = await caller.query(sizes, { id, from: new Date(Date.now() - 86_400_000) })
  const total = (of: 'entered' | 'left') =>
    node.sizes.reduce((sum: number, one: Record<string, number>) => sum + (one[of] ?? 0), 0)
  expect([total('entered'), total('left')]).toEqual([11 + 5_990, 6])
  expect(await refused(caller, commit, { replacementId: replacement })).toBe('NOT_FOUND input.replacementId')
}, 60_000)

it('rows that name nobody are told, and nobody is made up for them', async () => {
  const caller = await server.otherAccount()
  await known(caller, 2)
  const replacement = await begun(caller, await anAudience(caller))
  const rows = [
    { sourceId: 'p0' },
    { sourceId: 'nobody' },
    { email: 'not an address' },
    { id: newId() },
    { sourceId: 'p1' },
  ]
  expect(await appended(caller, replacement, rows)).toEqual({
    added: 2,
    members: 2,
    faults: [
      { at: 1, reason: 'UNKNOWN' },
      { at: 2, reason: 'MALFORMED' },
      { at: 3, reason: 'UNKNOWN' },
    ],
  })
  expect(await appended(caller, replacement, rows.slice(0, 1))).toEqual({ added: 0, members: 2, faults: [] })
  const { profiles } = await caller.query('{ profiles { totalCount } }')
  expect(profiles.totalCount).toBe(2)
})

it('people who were merged or erased meanwhile are taken as who they are now', async () => {
  const caller = await server.otherAccount()
  await known(caller, 4)
  const id = await anAudience(caller)
  const replacement = await begun(caller, id)
  const all = ['p0', 'p1', 'p2', 'p3'].map((sourceId) => ({ sourceId }))
  await appended(caller, replacement, all)
  await mutate(caller, 'mergeProfiles', {
    survivor: { sourceId: 'p0' },
    loser: { sourceId: 'p1' },
    allowTwoSourceIds: true,
  })
  await mutate(caller, 'eraseProfile', { profile: { sourceId: 'p2' } })
  expect(await committed(caller, replacement)).toEqual({ added: 2, removed: 0, audience: { memberCount: 2 } })
})

it('what is discarded, of a dynamic audience or of somebody else’s account is refused', async () => {
  const caller = await server.otherAccount()
  const id = await anAudience(caller)
  await mutate(caller, 'addToAudience', { audienceId: id, profiles: [{ sourceId: 'ada' }] })
  const replacement = await begun(caller, id)
  const other = await server.otherAccount()
  expect(await refused(other, commit, { replacementId: replacement })).toBe('NOT_FOUND input.replacementId')
  const { discardAudienceReplacement } = await caller.query(discard, { input: { replacementId: replacement } })
  expect(discardAudienceReplacement.audience.memberCount).toBe(1)
  expect(await refused(caller, commit, { replacementId: replacement })).toBe('NOT_FOUND input.replacementId')
  const dynamic = { name: fresh('Audience'), rule: { event: { name: 'click' } } }
  const made = (await caller.query(createAudience, { input: dynamic })).createAudience.audience.id
  expect(await refused(caller, begin, { audienceId: made })).toBe('CONFLICT input.audienceId')
})

it('an audience that asks about a replaced one follows in the same moment, and an empty list leaves nobody', async () => {
  const caller = await server.otherAccount()
  const people = await known(caller, 3)
  const id = await anAudience(caller)
  const rule = { not: { audience: { id } } }
  const { createAudience: made } = await caller.query(createAudience, { input: { name: fresh('Others'), rule } })
  const first = await begun(caller, id)
  await appended(caller, first, people.slice(1))
  await committed(caller, first)
  expect(await sizeOf(caller, made.audience.id)).toBe(1)
  expect(await committed(caller, await begun(caller, id))).toMatchObject({ added: 0, removed: 2 })
  expect([await sizeOf(caller, id), await sizeOf(caller, made.audience.id)]).toEqual([0, 3])
})
