// Where what people are made of meets: merges, fields and their times, audiences, rights and data quality, each seen by the others.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

async function audience(caller: Caller, rule: object): Promise<string> {
  const made = await caller.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: fresh('Audience'), rule } },
  )
  return made.createAudience.audience.id
}

const gold = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
const bought = { event: { name: 'purchase', atLeast: 2 } }
const set = (caller: Caller, sourceId: string, fields: object) =>
  mutate(caller, 'updateProfile', { profile: { sourceId }, set: fields })
const buy = (caller: Caller, sourceId: string) => track(caller, { name: 'purchase', profile: { sourceId } })
const two = { allowTwoSourceIds: true }

const members = async (caller: Caller, id: string) => {
  const { node } = await caller.query(
    `query ($id: ID!) { node(id: $id) { ... on Audience { members(first: 100) { edges { node { profile { sourceId } } } } } } }`,
    { id },
  )
  return node.members.edges
    .map((edge: { node: { profile: { sourceId: string } } }) => edge.node.profile.sourceId)
    .sort()
}

const listed = async (caller: Caller, filter: object) => {
  const { profiles } = await caller.query(
    'query ($filter: RuleInput) { profiles(filter: $filter) { totalCount edges { node { sourceId } } } }',
    { filter },
  )
  const found = profiles.edges.map(({ node }: { node: { sourceId: string } }) => node.sourceId)
  expect(profiles.totalCount).toBe(found.length)
  return found
}

const idOf = async (caller: Caller, sourceId: string) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', { by: { sourceId } })).profile.id

const fieldsOf = async (caller: Caller, sourceId: string) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by: { sourceId } })).profile
    .fields

describe('merging two people by hand', () => {
  it('moves them between audiences at once, and undoing it moves them back', async () => {
    const caller = await server.otherAccount()
    const [buyers, golden] = [await audience(caller, bought), await audience(caller, gold)]
    for (const sourceId of ['ann', 'bob']) await buy(caller, sourceId)
    await set(caller, 'bob', { tier: 'gold' })
    expect([await members(caller, buyers), await members(caller, golden)]).toEqual([[], ['bob']])
    const loser = await idOf(caller, 'bob')
    await mutate(caller, 'mergeProfiles', { survivor: { sourceId: 'ann' }, loser: { id: loser }, ...two })
    expect([await members(caller, buyers), await members(caller, golden)]).toEqual([['ann'], ['ann']])
    await mutate(caller, 'undoMerge', { loser })
    expect([await members(caller, buyers), await members(caller, golden)]).toEqual([[], ['bob']])
  })

  it('takes the field values that were chosen, in lists and rules too, until one is stated anew', async () => {
    const caller = await server.otherAccount()
    const golden = await audience(caller, gold)
    await set(caller, 'ann', { tier: 'tin', city: 'Ulm' })
    await set(caller, 'bob', { tier: 'gold', city: 'Bonn' })
    const fields = [{ name: 'city', rule: 'LOSER' }]
    await mutate(caller, 'mergeProfiles', { survivor: { sourceId: 'ann' }, loser: { sourceId: 'bob' }, fields, ...two })
    // The survivor's own is kept, though the loser's was stated later.
    expect(await fieldsOf(caller, 'ann')).toEqual({ tier: 'tin', city: 'Bonn' })
    expect([await listed(caller, gold), await members(caller, golden)]).toEqual([[], []])
    expect(await listed(caller, { field: { field: 'city', op: 'EQ', value: 'Bonn' } })).toEqual(['ann'])
    await set(caller, 'bob', { tier: 'gold' })
    expect(await fieldsOf(caller, 'ann')).toEqual({ tier: 'gold', city: 'Bonn' })
    expect([await listed(caller, gold), await members(caller, golden)]).toEqual([['ann'], ['ann']])
  })

  it('is refused with somebody who was erased', async () => {
    const caller = await server.otherAccount()
    await set(caller, 'ann', {})
    await set(caller, 'bob', {})
    const erased = await idOf(caller, 'bob')
    await mutate(caller, 'eraseProfile', { profile: { id: erased } })
    const document = 'mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { profile { id } } }'
    expect(await refused(caller, document, { survivor: { sourceId: 'ann' }, loser: { id: erased } })).toBe(
      'CONFLICT input.loser',
    )
  })
})

it('who was erased is in no audience and no list, whatever their events were', async () => {
  const caller = await server.otherAccount()
  const buyers = await audience(caller, bought)
  for (const sourceId of ['ann', 'bob', 'ann', 'bob']) await buy(caller, sourceId)
  expect(await members(caller, buyers)).toEqual(['ann', 'bob'])
  await mutate(caller, 'eraseProfile', { profile: { sourceId: 'bob' } })
  expect(await members(caller, buyers)).toEqual(['ann'])
  expect(await listed(caller, bought)).toEqual(['ann'])
  expect(await members(caller, await audience(caller, bought))).toEqual(['ann'])
})

it('a value that ends takes its person out of audiences at the very instant', async () => {
  const caller = await server.otherAccount()
  const golden = await audience(caller, gold)
  const follower = await followAudience(caller, { audienceId: golden })
  const until = new Date(Date.now() + 900).toISOString()
  await mutate(caller, 'updateProfile', {
    profile: { sourceId: 'ann' },
    setUntil: [{ name: 'tier', value: 'gold', until }],
  })
  await follower.until(() => follower.moves().length === 2)
  expect(follower.moves()).toEqual(['+ann FIELDS', '-ann TIME'])
  const [, left] = follower.updates.flatMap(({ change }) => change ?? [])
  expect(Date.parse(left?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(until))
  expect([await members(caller, golden), await listed(caller, gold)]).toEqual([[], []])
})

it('a field that is marked as telling who somebody is is null to keys without PII_READ', async () => {
  await mutate(server, 'defineField', { owner: 'PROFILE', name: 'Loyalty card', type: 'STRING', rules: { pii: true } })
  await set(server, 'card', { 'Loyalty card': '4711', tier: 'gold' })
  const query = 'query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }'
  const by = { sourceId: 'card' }
  const reader = await server.withScopes('PROFILES_READ')
  expect((await reader.query(query, { by })).profile.fields).toEqual({ 'Loyalty card': null, tier: 'gold' })
  const told = `query ($by: ProfileKeyInput!) { profile(by: $by) {
    fieldValues { name value } fieldHistory(name: "Loyalty card") { edges { node { value } } } } }`
  expect(JSON.stringify(await reader.query(told, { by }))).not.toContain('4711')
  await set(server, 'other', { 'Loyalty card': '4712' })
  const preview = `query ($survivor: ProfileKeyInput!, $loser: ProfileKeyInput!) { previewMerge(survivor: $survivor, loser: $loser) {
    fieldConflicts { name survivorValue loserValue } } }`
  const pair = { survivor: by, loser: { sourceId: 'other' } }
  expect((await reader.query(preview, pair)).previewMerge.fieldConflicts).toEqual([
    { name: 'Loyalty card', survivorValue: null, loserValue: null },
  ])
  const whole = await server.withScopes('PROFILES_READ', 'PII_READ')
  expect((await whole.query(query, { by })).profile.fields).toEqual({ 'Loyalty card': '4711', tier: 'gold' })
})

it('stored values that get another spelling move their people, and their history tells it', async () => {
  const caller = await server.otherAccount()
  const germans = await audience(caller, { field: { field: 'land', op: 'EQ', value: 'DE' } })
  await set(caller, 'ann', { land: 'Deutschland' })
  await mutate(caller, 'setFieldNormaliser', { field: 'land', kind: 'COUNTRY' })
  const { previewValueMappings } = await caller.query(
    'mutation ($input: PreviewValueMappingsInput!) { previewValueMappings(input: $input) { plan } }',
    { input: { field: 'land' } },
  )
  await mutate(caller, 'applyValueMappings', { plan: previewValueMappings.plan })
  expect(await members(caller, germans)).toEqual(['ann'])
  const { profile } = await caller.query(
    'query ($by: ProfileKeyInput!) { profile(by: $by) { fieldHistory(name: "land") { edges { node { value source } } } } }',
    { by: { sourceId: 'ann' } },
  )
  const told = profile.fieldHistory.edges.map(({ node }: { node: { value: string; source: string } }) => node)
  expect(told).toContainEqual({ value: 'DE', source: 'CONVERTED' })
})
