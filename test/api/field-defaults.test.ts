// What a new person begins with: the defaults that a brand defines, which count until anything is stated.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { bringIn, commit } from '../support/imports.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { createAudience, fresh } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  const rules = { default: 'basic' }
  await mutate(caller, 'updateProfile', { profile: { sourceId: 'old' }, set: { x: 1 } })
  await mutate(caller, 'defineField', { owner: 'PROFILE', name: 'Tier.Now', type: 'STRING', rules })
})

const fieldsOf = async (sourceId: string) => {
  const { profile } = await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', {
    by: { sourceId },
  })
  return profile.fields
}
const update = (sourceId: string, operations: object) =>
  mutate(caller, 'updateProfile', { profile: { sourceId }, ...operations })

/** An event comes in that tells what was so years ago. */
async function identifyLate(userId: string, traits: object) {
  const response = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${caller.key}:`)}` },
    body: JSON.stringify({
      batch: [{ type: 'identify', messageId: 'm1', userId, traits, timestamp: '2020-01-01T00:00:00Z' }],
    }),
  })
  expect(response.status).toBe(200)
}

it('a person who comes by an event or a call begins with it; who was there stays as they were', async () => {
  await track(caller, { name: 'visit', profile: { sourceId: 'ann' } })
  await update('bob', { set: { x: 2 } })
  expect(await fieldsOf('ann')).toEqual({ tierNow: 'basic' })
  expect(await fieldsOf('bob')).toEqual({ tierNow: 'basic', x: 2 })
  expect(await fieldsOf('old')).toEqual({ x: 1 })
})

it('anything that is stated takes its place: what is set once, and what a late event tells of a time before', async () => {
  await update('ann', { setOnce: { tierNow: 'gold' } })
  expect(await fieldsOf('ann')).toEqual({ tierNow: 'gold' })
  await update('ann', { setOnce: { tierNow: 'silver' } })
  expect(await fieldsOf('ann')).toEqual({ tierNow: 'gold' })
  await track(caller, { name: 'visit', profile: { sourceId: 'bob' } })
  await identifyLate('bob', { tierNow: 'iron' })
  expect(await fieldsOf('bob')).toEqual({ tierNow: 'iron' })
})

it('what is stated of either of two who turn out to be one counts beside the other’s default, and a removal too', async () => {
  await update('ann', { set: { tierNow: 'gold' } })
  await track(caller, { name: 'visit', profile: { deviceId: 'browser-1' } })
  await track(caller, { name: 'visit', profile: { sourceId: 'ann', deviceId: 'browser-1' } })
  expect(await fieldsOf('ann')).toEqual({ tierNow: 'gold' })
  await update('ann', { unset: ['tierNow'] })
  expect(await fieldsOf('ann')).toEqual({})
})

it('a merge by hand keeps what is stated over a default, whoever survives, unless somebody names the field', async () => {
  const merge = async (more: object = {}) => {
    const [survivor, loser] = [fresh('one'), fresh('two')]
    await track(caller, { name: 'visit', profile: { sourceId: survivor } })
    await update(loser, { set: { tierNow: 'gold' } })
    const pair = { survivor: { sourceId: survivor }, loser: { sourceId: loser } }
    await mutate(caller, 'mergeProfiles', { ...pair, allowTwoSourceIds: true, ...more })
    return (await fieldsOf(survivor)).tierNow
  }
  expect(await merge()).toBe('gold')
  expect(await merge({ fieldRule: 'SURVIVOR' })).toBe('gold')
  expect(await merge({ fields: [{ name: 'tierNow', rule: 'SURVIVOR' }] })).toBe('basic')
  const [survivor, loser] = [fresh('one'), fresh('two')]
  await update(survivor, { set: { tierNow: 'gold' } })
  await track(caller, { name: 'visit', profile: { sourceId: loser } })
  const pair = { survivor: { sourceId: survivor }, loser: { sourceId: loser } }
  const preview = `query ($survivor: ProfileKeyInput!, $loser: ProfileKeyInput!) {
    previewMerge(survivor: $survivor, loser: $loser, fieldRule: LOSER) { fieldConflicts { name } } }`
  expect((await caller.query(preview, pair)).previewMerge.fieldConflicts).toEqual([])
  await mutate(caller, 'mergeProfiles', { ...pair, fieldRule: 'LOSER', allowTwoSourceIds: true })
  expect((await fieldsOf(survivor)).tierNow).toBe('gold')
})

/** Brings in values, a row each, as a plan that is confirmed. */
async function stateByFile(...rows: string[]) {
  const file = ['customerId,fieldName,fieldValue', ...rows].join('\n')
  const { id } = await bringIn({ caller, url: server.url }, { kind: 'FIELD_VALUES' }, file)
  return commit(caller, id)
}

it('a file that states it makes it a value like any other, which no older statement takes the place of', async () => {
  await track(caller, { name: 'visit', profile: { sourceId: 'bob' } })
  expect(await stateByFile('bob,tierNow,basic')).toMatchObject({ state: 'DONE', applied: { update: 1, skip: 0 } })
  await identifyLate('bob', { tierNow: 'iron' })
  expect(await fieldsOf('bob')).toEqual({ tierNow: 'basic' })
  const again = await stateByFile('bob,tierNow,basic', 'bob,city,Ulm')
  expect(again).toMatchObject({ applied: { update: 1, skip: 1 } })
})

it('a confirmed file brings in a new person’s field that has one, though an earlier part of the file began them', async () => {
  const others = Array.from({ length: 500 }, (_, n) => `other${n},x,1`)
  const done = await stateByFile('new,city,Oslo', 'same,city,Oslo', ...others, 'new,tierNow,gold', 'same,tierNow,basic')
  expect(done).toMatchObject({ state: 'DONE', applied: { reject: 0, skip: 0 } })
  expect(await fieldsOf('new')).toEqual({ city: 'Oslo', tierNow: 'gold' })
  await identifyLate('same', { tierNow: 'iron' })
  expect(await fieldsOf('same')).toEqual({ city: 'Oslo', tierNow: 'basic' })
})

it('a file that names one person by two of their profiles brings them into the audiences of all their fields', async () => {
  await track(caller, { name: 'visit', profile: { sourceId: 'ann' } })
  await track(caller, { name: 'visit', profile: { sourceId: 'bob' } })
  const pair = { survivor: { sourceId: 'ann' }, loser: { sourceId: 'bob' } }
  await mutate(caller, 'mergeProfiles', { ...pair, allowTwoSourceIds: true })
  const stated = [
    ['ann', 'tierNow', 'gold'],
    ['bob', 'city', 'Oslo'],
  ]
  const audiences: string[] = []
  for (const [, field, value] of stated) {
    const rule = { field: { field, op: 'EQ', value } }
    audiences.push(
      (await caller.query(createAudience, { input: { name: fresh('Stated'), rule } })).createAudience.audience.id,
    )
  }
  expect(await stateByFile(...stated.map((row) => row.join(',')))).toMatchObject({
    state: 'DONE',
    applied: { update: 2 },
  })
  const sizes = await Promise.all(
    audiences.map((id) =>
      caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id }),
    ),
  )
  expect(sizes.map(({ node }) => node.memberCount)).toEqual([1, 1])
})

it('rules see it: a new person is in the audience and in the list at once, and a preview judges by it', async () => {
  const rule = { field: { field: 'tierNow', op: 'EQ', value: 'basic' } }
  const { audience } = (await caller.query(createAudience, { input: { name: 'Basic', rule } })).createAudience
  const { programId } = await openBrand(caller)
  const flow = { name: 'basic', role: 'PARTICIPANT', events: ['visit'], entry: rule }
  const { createCampaign: made } = await caller.query(
    'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
    { input: { programId, name: 'For the basic', journeys: [flow] } },
  )
  await mutate(caller, 'changeCampaignState', { campaignId: made.campaign.id, state: 'LIVE' })
  const visit = { name: 'visit', profile: { sourceId: 'new' } }
  const { previewTargeting } = await caller.query(
    'query ($input: TrackEventInput!) { previewTargeting(input: $input) { status } }',
    { input: visit },
  )
  expect(previewTargeting.status).toBe('ATTRIBUTED')
  expect((await track(caller, visit)).attribution.status).toBe('ATTRIBUTED')
  await update('other', { set: { x: 1 } })
  const { profiles, node } = await caller.query(
    'query ($filter: RuleInput, $id: ID!) { profiles(filter: $filter) { totalCount } node(id: $id) { ... on Audience { memberCount } } }',
    { filter: rule, id: audience.id },
  )
  expect([profiles.totalCount, node.memberCount]).toEqual([2, 2])
})
