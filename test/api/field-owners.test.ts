// Values of the fields that a brand defines for its campaigns, coupons and relationships: held to the definitions, shown, taken
// along by documents and copies, and gone with the person whom they tell of.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { blueprintOf, importProgram, mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import {
  aCampaign,
  aProgram,
  createCampaign as campaignDocument,
  fresh,
  participant,
  refused,
} from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const written = 'fields } fieldWarnings { field message }'
const createCampaign = `mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id ${written} } }`
const updateCampaign = `mutation ($input: UpdateCampaignInput!) { updateCampaign(input: $input) { campaign { draft { number } ${written} } }`
const createCoupon = `mutation ($input: CreateCouponInput!) { createCoupon(input: $input) { coupon { ${written} } }`
const updateCoupon = `mutation ($input: UpdateCouponInput!) { updateCoupon(input: $input) { coupon { ${written} } }`
const updateRelationship = `mutation ($input: UpdateRelationshipInput!) { updateRelationship(input: $input) { relationship { ${written} } }`

const define = (owner: string, field: { name: string; type: string }, rules: object = {}) =>
  mutate(caller, 'defineField', { owner, ...field, rules })
const newCampaign = async (fields?: object) => ({
  ...{ programId: await aProgram(caller), name: fresh('Campaign'), journeys: [participant] },
  ...(fields ? { fields } : {}),
})

describe('fields of a campaign', () => {
  beforeEach(async () => {
    await define('CAMPAIGN', { name: 'Cost Centre', type: 'INTEGER' }, { required: true, min: 1 })
    await define('CAMPAIGN', { name: 'region', type: 'STRING' }, { default: 'EMEA' })
  })

  it('are kept under the CRM’s names, in their types, with defaults for what is missing', async () => {
    const input = await newCampaign({ costCentre: '42', note: 'as it came' })
    const { campaign, fieldWarnings } = (await caller.query(createCampaign, { input })).createCampaign
    expect(campaign.fields).toEqual({ 'Cost Centre': 42, region: 'EMEA', note: 'as it came' })
    expect(fieldWarnings).toEqual([])
    const changed = { campaignId: campaign.id, fields: { region: null, 'Cost Centre': 43 } }
    const { updateCampaign: done } = await caller.query(updateCampaign, { input: changed })
    expect(done.campaign.fields).toEqual({ 'Cost Centre': 43, note: 'as it came' })
  })

  it('that are required or of a type are asked for, at their place', async () => {
    expect(await refused(caller, createCampaign, await newCampaign())).toBe('BAD_INPUT input.fields.Cost Centre')
    expect(await refused(caller, createCampaign, await newCampaign({ costCentre: 0 }))).toBe(
      'BAD_INPUT input.fields.costCentre',
    )
    const { campaign } = (await caller.query(createCampaign, { input: await newCampaign({ costCentre: 1 }) }))
      .createCampaign
    expect(await refused(caller, updateCampaign, { campaignId: campaign.id, fields: { costCentre: null } })).toBe(
      'BAD_INPUT input.fields.costCentre',
    )
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, 1]))
    expect(await refused(caller, updateCampaign, { campaignId: campaign.id, fields: many })).toBe(
      'BAD_INPUT input.fields',
    )
    const half = 'x'.repeat(40_000)
    await caller.query(updateCampaign, { input: { campaignId: campaign.id, fields: { one: half } } })
    expect(await refused(caller, updateCampaign, { campaignId: campaign.id, fields: { two: half } })).toBe(
      'LIMIT_EXCEEDED input.fields',
    )
  })

  it('that are not defined are left out with a warning where the account says so', async () => {
    await mutate(caller, 'setFieldPolicy', { owner: 'CAMPAIGN', unknownKeys: 'DROP' })
    const input = await newCampaign({ costCentre: 1, budget: 9 })
    const { campaign, fieldWarnings } = (await caller.query(createCampaign, { input })).createCampaign
    expect(campaign.fields).toEqual({ 'Cost Centre': 1, region: 'EMEA' })
    expect(fieldWarnings).toEqual([{ field: 'input.fields.budget', message: 'a key that is not defined' }])
  })

  it('count at once and are no part of a revision', async () => {
    const programId = await aProgram(caller)
    const input = { programId, name: 'Live', journeys: [participant], fields: { costCentre: 1 } }
    const campaignId = (await caller.query(campaignDocument, { input })).createCampaign.campaign.id
    await mutate(caller, 'changeCampaignState', { campaignId, state: 'LIVE' })
    const { updateCampaign: done } = await caller.query(updateCampaign, {
      input: { campaignId, fields: { region: 'APAC' } },
    })
    expect(done.campaign).toEqual({ draft: null, fields: { 'Cost Centre': 1, region: 'APAC' } })
  })

  it('go with a copy and with a document, where they are held to the definitions of the account', async () => {
    const programId = await aProgram(caller)
    const input = { programId, name: 'Spring', journeys: [participant], fields: { costCentre: 7 } }
    const campaignId = (await caller.query(createCampaign, { input })).createCampaign.campaign.id
    await mutate(caller, 'createCoupon', { code: 'C1', campaignIds: [campaignId], fields: { colour: 'red' } })
    await mutate(caller, 'copyProgram', { programId, name: 'Copy' })
    const all = '{ campaigns { edges { node { name fields } } } code(code: "C1") { ... on Coupon { fields } } }'
    expect((await caller.query(all)).campaigns.edges.map(({ node }: { node: object }) => node)).toEqual([
      { name: 'Spring', fields: { 'Cost Centre': 7, region: 'EMEA' } },
      { name: 'Copy: Spring', fields: { 'Cost Centre': 7, region: 'EMEA' } },
    ])
    const { programBlueprint: blueprint } = await caller.query(blueprintOf, { programId })
    const other = await server.otherAccount()
    await other.query(importProgram, { input: { blueprint } })
    const there = await other.query(all)
    expect(there.campaigns.edges[0].node.fields).toEqual({ 'Cost Centre': 7, region: 'EMEA' })
    expect(there.code.fields).toEqual({ colour: 'red' })
    const strict = await server.otherAccount()
    await mutate(strict, 'defineField', { owner: 'CAMPAIGN', name: 'Cost Centre', type: 'BOOLEAN' })
    expect(await refused(strict, importProgram, { blueprint })).toBe(
      'BAD_INPUT input.blueprint.campaigns[0].fields.Cost Centre',
    )
  })
})

describe('fields of a coupon', () => {
  it('are held to the definitions when it is made and when they change', async () => {
    await define('COUPON', { name: 'batch', type: 'INTEGER' }, { required: true })
    const campaignIds = [await aCampaign(caller)]
    expect(await refused(caller, createCoupon, { code: 'A', campaignIds })).toBe('BAD_INPUT input.fields.batch')
    const input = { code: 'A', campaignIds, fields: { batch: '3', colour: 'red' } }
    expect((await caller.query(createCoupon, { input })).createCoupon.coupon.fields).toEqual({
      batch: 3,
      colour: 'red',
    })
    const { updateCoupon: done } = await caller.query(updateCoupon, { input: { code: ' a', fields: { colour: null } } })
    expect(done).toEqual({ coupon: { fields: { batch: 3 } }, fieldWarnings: [] })
    expect(await refused(caller, updateCoupon, { code: 'a', fields: { batch: 'x' } })).toBe(
      'BAD_INPUT input.fields.batch',
    )
  })

  it('are a coupon’s alone: another code, and another account’s, is not found', async () => {
    const campaignId = await aCampaign(caller)
    await mutate(caller, 'createPromoLink', { code: 'LINK', campaignId })
    await mutate(caller, 'createCoupon', { code: 'MINE', campaignIds: [campaignId] })
    expect(await refused(caller, updateCoupon, { code: 'LINK', fields: {} })).toBe('NOT_FOUND input.code')
    const other = await server.otherAccount()
    expect(await refused(other, updateCoupon, { code: 'MINE', fields: {} })).toBe('NOT_FOUND input.code')
  })
})

describe('fields of a relationship', () => {
  const read = '{ profile(by: { sourceId: "friend" }) { advocates { edges { node { id fields } } } } }'
  let relationshipId: string
  beforeEach(async () => {
    const { programId } = await openBrand(caller)
    const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
    const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys: [friend] })
    await mutate(caller, 'createAdvocateCode', { code: 'ANN', campaignId, advocate: { sourceId: 'advocate' } })
    const signup = { name: 'signup', profile: { sourceId: 'friend' }, targeting: { advocateCodes: ['ANN'] } }
    relationshipId = (await track(caller, signup)).attribution.relationship.id
  })

  it('are set by hand and held to the definitions', async () => {
    await define('RELATIONSHIP', { name: 'closeness', type: 'INTEGER' }, { max: 5 })
    const input = { relationshipId, fields: { closeness: '4', met: 'Prague' } }
    const { updateRelationship: done } = await caller.query(updateRelationship, { input })
    expect(done).toEqual({ relationship: { fields: { closeness: 4, met: 'Prague' } }, fieldWarnings: [] })
    expect(await refused(caller, updateRelationship, { relationshipId, fields: { closeness: 6 } })).toBe(
      'BAD_INPUT input.fields.closeness',
    )
    const other = await server.otherAccount()
    expect(await refused(other, updateRelationship, { relationshipId, fields: {} })).toBe(
      'NOT_FOUND input.relationshipId',
    )
  })

  it.each(['friend', 'advocate'])(
    'are in the export of the %s, and gone when that person is erased',
    async (sourceId) => {
      await mutate(caller, 'updateRelationship', { relationshipId, fields: { met: 'Prague' } })
      const { exportProfile } = await caller.query(
        'mutation ($input: ExportProfileInput!) { exportProfile(input: $input) { document } }',
        { input: { profile: { sourceId } } },
      )
      expect(exportProfile.document.relationship[0].fields).toEqual({ met: 'Prague' })
      await mutate(caller, 'eraseProfile', { profile: { sourceId } })
      const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Relationship { fields } } }', {
        id: relationshipId,
      })
      expect(node.fields).toEqual({})
      expect(await refused(caller, updateRelationship, { relationshipId, fields: { met: 'Prague' } })).toBe(
        'CONFLICT input.relationshipId',
      )
    },
  )

  it('begin with their defaults where the relationship begins after these were defined', async () => {
    expect((await caller.query(read)).profile.advocates.edges[0].node.fields).toEqual({})
    await define('RELATIONSHIP', { name: 'closeness', type: 'INTEGER' }, { default: 1 })
    const signup = { name: 'signup', profile: { sourceId: 'other' }, targeting: { advocateCodes: ['ANN'] } }
    const { relationship } = (await track(caller, signup)).attribution
    const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Relationship { fields } } }', {
      id: relationship.id,
    })
    expect(node.fields).toEqual({ closeness: 1 })
    expect((await caller.query(read)).profile.advocates.edges[0].node.fields).toEqual({})
  })
})

describe('a key without PII_READ', () => {
  it('sees null where a field of a campaign, a coupon or a relationship is marked, and a document has it so too', async () => {
    const owner = server
    for (const of of ['CAMPAIGN', 'COUPON'])
      await mutate(owner, 'defineField', { owner: of, name: 'agent', type: 'STRING', rules: { pii: true } })
    const programId = await aProgram(owner)
    const fields = { agent: 'Ann', colour: 'red' }
    const input = { programId, name: fresh('Campaign'), journeys: [participant], fields }
    const campaignId = (await owner.query(campaignDocument, { input })).createCampaign.campaign.id
    await mutate(owner, 'createCoupon', { code: 'MARKED', campaignIds: [campaignId], fields })
    const reader = await server.withScopes('CAMPAIGNS_WRITE')
    const hidden = { agent: null, colour: 'red' }
    const document =
      'query ($id: ID!) { node(id: $id) { ... on Campaign { fields } } code(code: "MARKED") { ... on Coupon { fields } } }'
    expect(await reader.query(document, { id: campaignId })).toEqual({
      node: { fields: hidden },
      code: { fields: hidden },
    })
    expect(await owner.query(document, { id: campaignId })).toEqual({ node: { fields }, code: { fields } })
    const { programBlueprint } = await reader.query(blueprintOf, { programId })
    expect([programBlueprint.campaigns[0].fields, programBlueprint.codes[0].fields]).toEqual([hidden, hidden])
  })
})
