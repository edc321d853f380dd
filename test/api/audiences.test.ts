// Audiences: who is in them is right as soon as a write is answered, whatever the write was.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, fresh, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const createAudience = `mutation ($input: CreateAudienceInput!) { createAudience(input: $input) {
  audience { id name kind rule version isFilling memberCount } } }`
const updateAudience = `mutation ($input: UpdateAudienceInput!) { updateAudience(input: $input) {
  audience { id name version versions { number rule } memberCount } } }`
const archiveAudience =
  'mutation ($input: ArchiveAudienceInput!) { archiveAudience(input: $input) { audience { archivedAt } } }'
const addToAudience =
  'mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added created audience { memberCount } } }'
const removeFromAudience =
  'mutation ($input: RemoveFromAudienceInput!) { removeFromAudience(input: $input) { removed audience { memberCount } } }'
const replaceMembers =
  'mutation ($input: ReplaceAudienceMembersInput!) { replaceAudienceMembers(input: $input) { added removed created } }'
const updateProfile = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'
const membersOf = `query ($id: ID!) { node(id: $id) { ... on Audience {
  members(first: 100) { edges { node { profile { sourceId } } } } } } }`

async function audience(caller: Caller, rule?: object): Promise<string> {
  const { createAudience: made } = await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })
  return made.audience.id
}

/** The source ids of the members, in alphabetical order. */
async function members(caller: Caller, id: string): Promise<string[]> {
  const { node } = await caller.query(membersOf, { id })
  return node.members.edges
    .map((edge: { node: { profile: { sourceId: string } } }) => edge.node.profile.sourceId)
    .sort()
}

const set = (caller: Caller, sourceId: string, fields: object) =>
  caller.query(updateProfile, { input: { profile: { sourceId }, set: fields } })
const field = (name: string, op: string, value?: unknown) => ({ field: { field: name, op, value } })

describe('a dynamic audience', () => {
  it('has whom its rule holds for as soon as it is made', async () => {
    const caller = await server.otherAccount()
    await set(caller, 'ada', { tier: 'gold' })
    await set(caller, 'bob', { tier: 'tin' })
    await track(caller, { name: 'purchase', profile: { sourceId: 'cy' }, data: { total: 60, currency: 'EUR' } })
    const gold = await audience(caller, field('tier', 'EQ', 'gold'))
    const buyers = await audience(caller, {
      order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 5000, currency: 'EUR' },
    })
    expect(await members(caller, gold)).toEqual(['ada'])
    expect(await members(caller, buyers)).toEqual(['cy'])
  })

  it('is right when the event that changes it is answered, of people known and new', async () => {
    const caller = await server.otherAccount()
    const twice = await audience(caller, { event: { name: 'click', atLeast: 2 } })
    const strangers = await audience(caller, { event: { name: 'click', performed: false } })
    await track(caller, { name: 'look', profile: { sourceId: 'ada' } })
    expect([await members(caller, twice), await members(caller, strangers)]).toEqual([[], ['ada']])
    await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
    expect([await members(caller, twice), await members(caller, strangers)]).toEqual([[], []])
    await track(caller, { name: 'Click', profile: { sourceId: 'ada' } })
    expect([await members(caller, twice), await members(caller, strangers)]).toEqual([['ada'], []])
  })

  it('is right for every person of a list of events, and goes by decisions and fields that came with them', async () => {
    const caller = await server.otherAccount()
    const none = await audience(caller, { quality: { is: 'NONE', atLeast: 2 } })
    const events = ['ada', 'bob', 'ada'].map((sourceId) => ({ name: 'look', profile: { sourceId } }))
    const many = 'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }'
    await caller.query(many, { input: { events } })
    expect(await members(caller, none)).toEqual(['ada'])
  })

  it('follows fields and identifiers as they are written', async () => {
    const caller = await server.otherAccount()
    const gold = await audience(caller, field('tier', 'EQ', 'gold'))
    const reachable = await audience(caller, field('email', 'EXISTS'))
    await set(caller, 'ada', { tier: 'gold' })
    expect(await members(caller, gold)).toEqual(['ada'])
    await set(caller, 'ada', { tier: 'tin' })
    expect(await members(caller, gold)).toEqual([])
    await track(caller, { name: 'look', profile: { sourceId: 'ada', email: 'ada@example.com' } })
    expect(await members(caller, reachable)).toEqual(['ada'])
  })

  it('counts two profiles as one person from the moment on that they are one', async () => {
    const caller = await server.otherAccount()
    const twice = await audience(caller, { event: { name: 'click', atLeast: 2 } })
    const once = await audience(caller, { event: { name: 'click', atLeast: 1, atMost: 1 } })
    await track(caller, { name: 'click', profile: { deviceId: 'd' } })
    await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
    expect(await members(caller, twice)).toEqual([])
    await track(caller, { name: 'look', profile: { sourceId: 'ada', deviceId: 'd' } })
    expect([await members(caller, twice), await members(caller, once)]).toEqual([['ada'], []])
  })

  it('may ask about other audiences, and follows them', async () => {
    const caller = await server.otherAccount()
    const vip = await audience(caller)
    const gold = await audience(caller, field('tier', 'EQ', 'gold'))
    const both = await audience(caller, { all: [{ audience: { id: vip } }, { audience: { id: gold } }] })
    const others = await audience(caller, { not: { audience: { id: both } } })
    await caller.query(addToAudience, {
      input: { audienceId: vip, profiles: [{ sourceId: 'ada' }, { sourceId: 'bob' }] },
    })
    expect([await members(caller, both), await members(caller, others)]).toEqual([[], ['ada', 'bob']])
    await set(caller, 'ada', { tier: 'gold' })
    expect([await members(caller, both), await members(caller, others)]).toEqual([['ada'], ['bob']])
    await caller.query(removeFromAudience, { input: { audienceId: vip, profiles: [{ sourceId: 'ada' }] } })
    expect([await members(caller, both), await members(caller, others)]).toEqual([[], ['ada', 'bob']])
  })

  it('lets people in and out when its rule changes, and keeps the rules that it had', async () => {
    const caller = await server.otherAccount()
    await set(caller, 'ada', { tier: 'gold' })
    await set(caller, 'bob', { tier: 'tin' })
    const id = await audience(caller, field('tier', 'EQ', 'gold'))
    const rule = field('tier', 'EQ', 'tin')
    const { audience: changed } = (await caller.query(updateAudience, { input: { audienceId: id, rule } }))
      .updateAudience
    expect(changed).toMatchObject({ version: 2, memberCount: 1, versions: [{ number: 2, rule }, { number: 1 }] })
    expect(await members(caller, id)).toEqual(['bob'])
    await set(caller, 'ada', { tier: 'tin' })
    expect(await members(caller, id)).toEqual(['ada', 'bob'])
  })

  it('goes by who refers whom', async () => {
    const caller = await server.otherAccount()
    const programId = await aProgram(caller)
    const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
    const campaign = { programId, name: fresh('Campaign'), journeys: [friend] }
    const made = await caller.query(
      'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
      { input: campaign },
    )
    await caller.query(
      'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { __typename } }',
      { input: { campaignId: made.createCampaign.campaign.id, state: 'LIVE' } },
    )
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { __typename } }',
      {
        input: { code: 'ADA', campaignId: made.createCampaign.campaign.id, advocate: { sourceId: 'ada' } },
      },
    )
    const advocates = await audience(caller, { relationship: { as: 'ADVOCATE' } })
    const friends = await audience(caller, { relationship: { as: 'FRIEND', programId } })
    await track(caller, { name: 'signup', profile: { sourceId: 'fred' }, targeting: { advocateCodes: ['ADA'] } })
    expect([await members(caller, advocates), await members(caller, friends)]).toEqual([['ada'], ['fred']])
  })
})

describe('a static audience', () => {
  it('takes people and gives them up, those already there or gone being passed over', async () => {
    const caller = await server.otherAccount()
    const audienceId = await audience(caller)
    const profiles = [{ sourceId: 'ada' }, { sourceId: 'bob' }]
    const { addToAudience: added } = await caller.query(addToAudience, { input: { audienceId, profiles } })
    expect(added).toEqual({ added: 2, created: 2, audience: { memberCount: 2 } })
    const gone = [{ sourceId: 'ada' }, { email: 'nobody@example.com' }]
    const remove = () => caller.query(removeFromAudience, { input: { audienceId, profiles: gone } })
    expect((await remove()).removeFromAudience).toEqual({ removed: 1, audience: { memberCount: 1 } })
    expect((await remove()).removeFromAudience).toEqual({ removed: 0, audience: { memberCount: 1 } })
    expect(await members(caller, audienceId)).toEqual(['bob'])
  })

  it('is replaced as a whole, or not at all', async () => {
    const caller = await server.otherAccount()
    const audienceId = await audience(caller)
    const replace = (...sourceIds: string[]) =>
      caller.query(replaceMembers, { input: { audienceId, profiles: sourceIds.map((sourceId) => ({ sourceId })) } })
    expect((await replace('ada', 'bob')).replaceAudienceMembers).toEqual({ added: 2, removed: 0, created: 2 })
    expect((await replace('bob', 'cy')).replaceAudienceMembers).toEqual({ added: 1, removed: 1, created: 1 })
    expect(await members(caller, audienceId)).toEqual(['bob', 'cy'])
    const stray = { audienceId, profiles: [{ sourceId: 'dan' }, { id: audienceId }] }
    expect(await refused(caller, replaceMembers, stray)).toBe('BAD_INPUT input.profiles[1].id')
    expect(await members(caller, audienceId)).toEqual(['bob', 'cy'])
  })
})

describe('refused are', () => {
  it('circles of audiences, naming the way round', async () => {
    const caller = await server.otherAccount()
    const make = async (name: string, rule: object): Promise<string> =>
      (await caller.query(createAudience, { input: { name, rule } })).createAudience.audience.id
    const first = await make('First', field('tier', 'EXISTS'))
    const second = await make('Second', { audience: { id: first } })
    const third = await make('Third', { not: { audience: { id: second } } })
    const { errors } = await caller.send(updateAudience, {
      input: { audienceId: first, rule: { audience: { id: third } } },
    })
    expect(errors[0]).toMatchObject({
      message: 'audiences would ask about one another: First → Third → Second → First',
      extensions: { code: 'CONFLICT', field: 'input.rule' },
    })
    const itself = { audienceId: first, rule: { any: [{ audience: { id: first } }] } }
    expect(await refused(caller, updateAudience, itself)).toBe('CONFLICT input.rule')
  })

  it('people by hand in a dynamic audience, a rule for a static one, and rules at fault', async () => {
    const caller = await server.otherAccount()
    const dynamic = await audience(caller, field('tier', 'EXISTS'))
    const fixed = await audience(caller)
    const profiles = [{ sourceId: 'ada' }]
    for (const document of [addToAudience, removeFromAudience, replaceMembers])
      expect(await refused(caller, document, { audienceId: dynamic, profiles })).toBe('CONFLICT input.audienceId')
    const rule = field('tier', 'EXISTS')
    expect(await refused(caller, updateAudience, { audienceId: fixed, rule })).toBe('CONFLICT input.rule')
    const bad = { name: fresh('Bad'), rule: { all: [field('tier', 'CONTAINS')] } }
    expect(await refused(caller, createAudience, bad)).toBe('BAD_INPUT input.rule.all[0].field.value')
    const stranger = { name: fresh('Bad'), rule: { audience: { id: await audience(server) } } }
    expect(await refused(caller, createAudience, stranger)).toBe('NOT_FOUND input.rule.audience.id')
  })

  it('archiving one that is asked about; archived ones are listed and changed no more', async () => {
    const caller = await server.otherAccount()
    const asked = await audience(caller)
    const asking = await audience(caller, { audience: { id: asked } })
    expect(await refused(caller, archiveAudience, { audienceId: asked })).toBe('CONFLICT input.audienceId')
    await caller.query(archiveAudience, { input: { audienceId: asking } })
    await caller.query(archiveAudience, { input: { audienceId: asked } })
    const { audiences } = await caller.query('{ audiences { edges { node { id } } } }')
    expect(audiences.edges).toEqual([])
    const profiles = [{ sourceId: 'ada' }]
    expect(await refused(caller, addToAudience, { audienceId: asked, profiles })).toBe('CONFLICT input.audienceId')
  })
})

it('an event that is decided anew moves people by the new decision', async () => {
  const caller = await server.otherAccount()
  const credited = await audience(caller, { quality: { is: 'HIGH' } })
  const uncredited = await audience(caller, { quality: { is: 'NONE' } })
  const { event } = await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  expect([await members(caller, credited), await members(caller, uncredited)]).toEqual([[], ['ada']])
  await openBrand(caller)
  const again = 'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }'
  await caller.query(again, { input: { eventId: event.id, note: 'the campaign was late' } })
  expect([await members(caller, credited), await members(caller, uncredited)]).toEqual([['ada'], []])
})
