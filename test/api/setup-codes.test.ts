// Codes and audiences, as an administrator sets them up; each done, done twice, and refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, anAudience, aProgram, createAudience, fresh, refused } from '../support/setup.ts'

let server: TestServer
let other: Caller
let reader: Caller
let campaignId: string
let programId: string
let foreignCampaignId: string

beforeAll(async () => {
  server = await startServer()
  other = await server.otherAccount()
  reader = await server.withScopes('ATTRIBUTIONS_READ')
  programId = await aProgram(server)
  campaignId = await aCampaign(server)
  foreignCampaignId = await aCampaign(other)
})

afterAll(() => server?.stop())

const createCoupon = `mutation ($input: CreateCouponInput!) { createCoupon(input: $input) { coupon {
  id code label campaigns { id } advocate { id sourceId } disabledAt } } }`
const createShare = `mutation ($input: CreateShareInput!) { createShare(input: $input) { share {
  id shareId channel recipients campaigns { id } program { id } advocate { sourceId } } } }`
const createAdvocateCode =
  'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id code program { id } advocate { sourceId } } } }'
const createPromoLink =
  'mutation ($input: CreatePromoLinkInput!) { createPromoLink(input: $input) { promoLink { id code label destination } } }'
const disableCode =
  'mutation ($input: DisableCodeInput!) { disableCode(input: $input) { code { __typename id code disabledAt } } }'
const addToAudience = `mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added created
  audience { memberCount members { edges { node { since profile { sourceId } } } } } } }`

interface Members {
  edges: { node: { profile: { id: string } } }[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

const nobody = '018f0000-0000-7000-8000-000000000000'

describe('codes', () => {
  test('a coupon stands for several campaigns and finds or creates its advocate', async () => {
    const second = await aCampaign(server)
    const advocate = { sourceId: 'ada', email: 'Ada@Example.com' }
    const input = { code: ' save10 ', campaignIds: [second, campaignId, second], advocate, label: ' VIP ' }
    const { coupon } = (await server.query(createCoupon, { input })).createCoupon
    expect(coupon).toMatchObject({ code: 'SAVE10', label: 'vip', advocate: { sourceId: 'ada' }, disabledAt: null })
    expect(coupon.campaigns).toEqual([{ id: campaignId }, { id: second }])
    const again = { code: 'SAVE11', campaignIds: [campaignId], advocate: { email: 'ada@example.com' } }
    const { coupon: other } = (await server.query(createCoupon, { input: again })).createCoupon
    expect(other.advocate.id).toBe(coupon.advocate.id)
  })

  test('a share keeps its recipients as people are recognised by them', async () => {
    const recipients = ['Bob@Example.com', '+49 30 901820', 'bob@example.com']
    const input = { shareId: 'share-1', campaignId, advocate: { sourceId: 'ada' }, channel: ' email ', recipients }
    const { share } = (await server.query(createShare, { input })).createShare
    expect(share).toMatchObject({
      shareId: 'SHARE-1',
      channel: 'email',
      recipients: ['bob@example.com', '+4930901820'],
    })
    expect(share).toMatchObject({ program: null, campaigns: [{ id: campaignId }], advocate: { sourceId: 'ada' } })
  })

  test('who may not read people does not see whom a share was sent to, but all else', async () => {
    const document = '{ code(code: "share-1") { code ... on Share { channel recipients } } }'
    const { data, errors } = await reader.send(document)
    expect(data).toEqual({ code: { code: 'SHARE-1', channel: 'email', recipients: null } })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
  })

  test('an advocate code belongs to a program, a promo link to a label', async () => {
    const code = { code: 'ada', programId, advocate: { sourceId: 'ada' } }
    const { advocateCode } = (await server.query(createAdvocateCode, { input: code })).createAdvocateCode
    expect(advocateCode).toMatchObject({ code: 'ADA', program: { id: programId }, advocate: { sourceId: 'ada' } })
    const link = { code: 'spring', label: 'Refer', destination: 'https://example.com/spring' }
    const { promoLink } = (await server.query(createPromoLink, { input: link })).createPromoLink
    expect(promoLink).toMatchObject({ code: 'SPRING', label: 'refer', destination: 'https://example.com/spring' })
  })

  test('one namespace holds all kinds, and what was refused creates nobody', async () => {
    await server.query(createCoupon, { input: { code: 'taken', campaignIds: [campaignId] } })
    const advocate = { sourceId: 'somebody new' }
    expect(await refused(server, createCoupon, { code: 'Taken', campaignIds: [campaignId] })).toBe(
      'CONFLICT input.code',
    )
    expect(await refused(server, createShare, { shareId: 'TAKEN', campaignId, advocate })).toBe(
      'CONFLICT input.shareId',
    )
    expect(await refused(server, createAdvocateCode, { code: 'taken', programId, advocate })).toBe(
      'CONFLICT input.code',
    )
    expect(await refused(server, createPromoLink, { code: ' taken', campaignId })).toBe('CONFLICT input.code')
    expect(await server.query('{ profile(by: { sourceId: "somebody new" }) { id } }')).toEqual({ profile: null })
    await other.query(createCoupon, { input: { code: 'taken', campaignIds: [foreignCampaignId] } })
  })

  test('of two equal codes that are made at the same moment one is refused', async () => {
    const input = { code: 'race', campaignIds: [campaignId], advocate: { sourceId: 'racer' } }
    const both = await Promise.all([1, 2].map(() => server.send(createCoupon, { input })))
    expect(both.map(({ errors }) => errors[0]?.extensions.code ?? 'made').sort()).toEqual(['CONFLICT', 'made'])
  })

  test('bad input is refused by its place', async () => {
    const coupon = { code: fresh('code'), campaignIds: [campaignId] }
    const share = { shareId: fresh('share'), campaignId, advocate: {} }
    expect(await refused(server, createCoupon, { ...coupon, code: ' ' })).toBe('BAD_INPUT input.code')
    expect(await refused(server, createCoupon, { ...coupon, code: 'x'.repeat(257) })).toBe('BAD_INPUT input.code')
    expect(await refused(server, createCoupon, { ...coupon, campaignIds: [] })).toBe('BAD_INPUT input.campaignIds')
    expect(await refused(server, createCoupon, { ...coupon, campaignIds: ['x'] })).toBe(
      'BAD_INPUT input.campaignIds[0]',
    )
    expect(await refused(server, createCoupon, { ...coupon, advocate: { email: 'x' } })).toBe(
      'BAD_INPUT input.advocate.email',
    )
    expect(await refused(server, createShare, { ...share, recipients: ['a@b.de', 'x'] })).toBe(
      'BAD_INPUT input.recipients[1]',
    )
    expect(await refused(server, createShare, { ...share, programId })).toBe('BAD_INPUT input.programId')
    expect(await refused(server, createShare, { ...share, campaignId: null })).toBe('BAD_INPUT input')
    const link = { code: fresh('link'), campaignId, destination: 'javascript:alert(1)' }
    expect(await refused(server, createPromoLink, link)).toBe('BAD_INPUT input.destination')
  })

  test('what another account has is not found, and a scope is needed', async () => {
    const coupon = { code: fresh('code'), campaignIds: [campaignId, foreignCampaignId] }
    expect(await refused(server, createCoupon, coupon)).toBe('NOT_FOUND input.campaignIds[1]')
    const share = { shareId: fresh('share'), campaignId: foreignCampaignId, advocate: {} }
    expect(await refused(server, createShare, share)).toBe('NOT_FOUND input.campaignId')
    const code = { code: fresh('code'), programId: await aProgram(other), advocate: {} }
    expect(await refused(server, createAdvocateCode, code)).toBe('NOT_FOUND input.programId')
    const unknown = { code: fresh('code'), programId, advocate: { id: nobody } }
    expect(await refused(server, createAdvocateCode, unknown)).toBe('NOT_FOUND input.advocate.id')
    expect(await refused(reader, createPromoLink, { code: fresh('link'), campaignId })).toBe('FORBIDDEN')
    expect(await refused(reader, createCoupon, coupon)).toBe('FORBIDDEN')
  })

  test('a code is disabled once and for all', async () => {
    await server.query(createPromoLink, { input: { code: 'old', campaignId } })
    const disable = async () => (await server.query(disableCode, { input: { code: 'Old' } })).disableCode.code
    const first = await disable()
    expect(first).toMatchObject({ __typename: 'PromoLink', code: 'OLD', disabledAt: expect.any(String) })
    expect(await disable()).toEqual(first)
    expect(await refused(other, disableCode, { code: 'old' })).toBe('NOT_FOUND input.code')
    expect(await refused(reader, disableCode, { code: 'old' })).toBe('FORBIDDEN')
  })

  test('a code is looked up by its spelling or its id, of its own kind and account only', async () => {
    const look = '{ code(code: " save10 ") { __typename id } none: code(code: "no such code") { id } }'
    const { code, none } = await reader.query(look)
    expect([code.__typename, none]).toEqual(['Coupon', null])
    const node = 'query ($id: ID!) { node(id: $id) { __typename id } }'
    expect((await reader.query(node, { id: code.id })).node).toEqual(code)
    expect((await other.query(node, { id: code.id })).node).toBeNull()
    const uuid = Buffer.from(code.id, 'base64').toString().split(':')[1]
    const asShare = Buffer.from(`Share:${uuid}`).toString('base64')
    expect((await reader.query(node, { id: asShare })).node).toBeNull()
    const { codes } = await reader.query('{ codes(first: 1) { edges { node { __typename id } } } }')
    expect(codes.edges).toEqual([{ node: code }])
  })
})

describe('audiences', () => {
  test('people are added once, found or created', async () => {
    const audienceId = await anAudience(server)
    const add = async (profiles: object[]) =>
      (await server.query(addToAudience, { input: { audienceId, profiles } })).addToAudience
    const first = await add([{ sourceId: 'h1' }, { sourceId: 'h2' }, { sourceId: 'h1', email: 'h1@example.com' }])
    expect(first).toMatchObject({ added: 2, created: 2, audience: { memberCount: 2 } })
    expect(first.audience.members.edges.map(({ node }: Members['edges'][number]) => node.profile)).toEqual([
      { sourceId: 'h1' },
      { sourceId: 'h2' },
    ])
    expect(await add([{ email: 'H1@example.com' }, { sourceId: 'h2' }])).toMatchObject({ added: 0, created: 0 })
    expect(await add([{ sourceId: 'h3' }, {}])).toMatchObject({ added: 2, created: 2, audience: { memberCount: 4 } })
    expect(await add([])).toMatchObject({ added: 0, created: 0, audience: { memberCount: 4 } })
  })

  test('two who turn out to be one are one member', async () => {
    const audienceId = await anAudience(server)
    const add = async (profiles: object[]) =>
      (await server.query(addToAudience, { input: { audienceId, profiles } })).addToAudience
    await add([{ deviceId: 'cookie-1' }])
    // The anonymous person becomes this known one.
    expect(await add([{ sourceId: 'known' }, { sourceId: 'known', deviceId: 'cookie-1' }])).toMatchObject({
      added: 0,
      created: 1,
    })
  })

  test('a thousand people at a time, and pages through them', async () => {
    const audienceId = await anAudience(server)
    const profiles = Array.from({ length: 1000 }, (_, i) => ({ sourceId: `mass-${i}` }))
    const { added, created } = (await server.query(addToAudience, { input: { audienceId, profiles } })).addToAudience
    expect([added, created]).toEqual([1000, 1000])
    const tooMany = { audienceId, profiles: [...profiles, {}] }
    expect(await refused(server, addToAudience, tooMany)).toBe('BAD_INPUT input.profiles')
    const document = `query ($id: ID!, $after: String) { node(id: $id) { ... on Audience { members(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor } edges { node { profile { id } } } } } } }`
    const seen = new Set<string>()
    let after: string | null = null
    do {
      const answer: { node: { members: Members } } = await server.query(document, { id: audienceId, after })
      const { edges, pageInfo } = answer.node.members
      for (const { node } of edges) seen.add(node.profile.id)
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null
    } while (after)
    expect(seen.size).toBe(1000)
  })

  test('one bad reference, and nobody is added', async () => {
    const audienceId = await anAudience(server)
    const with2 = (ref: object) => ({ audienceId, profiles: [{ sourceId: 'not added' }, ref] })
    expect(await refused(server, addToAudience, with2({ id: nobody }))).toBe('NOT_FOUND input.profiles[1].id')
    expect(await refused(server, addToAudience, with2({ email: 'x' }))).toBe('BAD_INPUT input.profiles[1].email')
    expect(await server.query('{ profile(by: { sourceId: "not added" }) { id } }')).toEqual({ profile: null })
  })

  test('names are unique, foreign audiences unknown, and a scope is needed', async () => {
    const name = fresh('Audience')
    await server.query(createAudience, { input: { name } })
    expect(await refused(server, createAudience, { name: ` ${name} ` })).toBe('CONFLICT input.name')
    expect(await refused(server, createAudience, { name: '' })).toBe('BAD_INPUT input.name')
    const foreign = { audienceId: await anAudience(other), profiles: [] }
    expect(await refused(server, addToAudience, foreign)).toBe('NOT_FOUND input.audienceId')
    expect(await refused(reader, createAudience, { name: 'x' })).toBe('FORBIDDEN')
    expect(await refused(reader, addToAudience, foreign)).toBe('FORBIDDEN')
  })

  test('anybody with a key sees the audiences, and their people only who may read people', async () => {
    const { data, errors } = await reader.send(
      '{ audiences(first: 1) { edges { node { memberCount members { edges { cursor } } } } } }',
    )
    expect(data).toEqual({ audiences: { edges: [{ node: { memberCount: 4, members: null } }] } })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
  })
})
