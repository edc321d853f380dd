// Journeys and relationships as callers read them: what began a journey and touched it last, every step, whether it still goes
// on; which relationships are mutual or displaced, whether they may still be used, and what showed them. Merges are seen through.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const createCode = (type: string) =>
  `mutation ($input: Create${type}Input!) { create${type}(input: $input) { __typename } }`

const setField = (caller: Caller, sourceId: string, set: object) =>
  caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }', {
    input: { profile: { sourceId }, set },
  })

const dayMs = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString()

const touch = '{ event { name } at reason code shareId }'
const journeys = `query ($by: ProfileKeyInput!, $first: Int, $after: String) { profile(by: $by) { journeys { edges { node {
  name state isActive entry ${touch} latest ${touch}
  steps(first: $first, after: $after) { edges { node { kind eventName event { name } at } } pageInfo { hasNextPage endCursor } }
} } } } }`

async function journeysOf(caller: Caller, sourceId: string, page: object = {}) {
  const { profile } = await caller.query(journeys, { by: { sourceId }, ...page })
  return profile.journeys.edges.map(({ node }: { node: object }) => node)
}

const steps = (journey: { steps: { edges: { node: { kind: string; eventName: string } }[] } }) =>
  journey.steps.edges.map(({ node }) => `${node.kind} ${node.eventName}`)

describe('a journey', () => {
  let caller: Caller
  let programId: string
  beforeAll(async () => {
    caller = await server.otherAccount()
    ;({ programId } = await openBrand(caller, 'Clicks'))
    const flow = (name: string, more: object) => ({ name, role: 'PARTICIPANT', events: ['visit', 'buy'], ...more })
    const campaignId = await addCampaign(caller, {
      programId,
      name: 'Spring',
      journeys: [
        flow('buyer', { priority: 200, inactivityDays: 7 }),
        flow('viewer', { priority: 100, events: ['look', 'buy'] }),
      ],
    })
    const ongoing = { field: { field: 'tier', op: 'NE', value: 'iron', orMissing: true } }
    await addCampaign(caller, {
      programId,
      name: 'Members',
      journeys: [flow('member', { events: ['join', 'stay'], ongoing })],
    })
    await caller.query(createCode('Coupon'), { input: { code: 'SAVE10', campaignIds: [campaignId] } })
    const advocate = { sourceId: 'ada' }
    await caller.query(createCode('Share'), { input: { shareId: 'S1', campaignId, advocate } })
  })

  test('tells what began it and what touched it last: the event, what decided it, and its code or share', async () => {
    const [begun, bought] = [daysAgo(3), daysAgo(2)]
    const profile = { sourceId: 'bob' }
    await track(caller, { name: 'visit', profile, occurredAt: begun, targeting: { shareIds: ['s1'] } })
    await track(caller, { name: 'buy', profile, occurredAt: bought, targeting: { couponCodes: ['save10'] } })
    const [journey] = await journeysOf(caller, 'bob')
    expect(journey).toMatchObject({
      name: 'buyer',
      entry: { event: { name: 'visit' }, at: begun, reason: 'SHARE_ID', code: null, shareId: 'S1' },
      latest: { event: { name: 'buy' }, at: bought, reason: 'COUPON_CODE', code: 'SAVE10', shareId: null },
    })
  })

  test('tells every step in order, page by page, also those that another flow was credited with', async () => {
    const profile = { sourceId: 'cyd' }
    for (const name of ['look', 'visit', 'buy', 'visit']) await track(caller, { name, profile })
    const found = await journeysOf(caller, 'cyd')
    expect(found.map(({ name }: { name: string }) => name)).toEqual(['viewer', 'buyer'])
    expect(found.map(steps)).toEqual([
      ['ENTERED look', 'ADVANCED buy'],
      ['ENTERED visit', 'CREDITED buy', 'CREDITED visit'],
    ])
    expect(found[1].steps.edges[1].node.event).toEqual({ name: 'buy' })
    const [, first] = await journeysOf(caller, 'cyd', { first: 2 })
    expect([steps(first), first.steps.pageInfo.hasNextPage]).toEqual([['ENTERED visit', 'CREDITED buy'], true])
    const [, second] = await journeysOf(caller, 'cyd', { first: 2, after: first.steps.pageInfo.endCursor })
    expect([steps(second), second.steps.pageInfo.hasNextPage]).toEqual([['CREDITED visit'], false])
  })

  test('is active until its inactivity limit has passed, whatever was written down', async () => {
    await track(caller, { name: 'visit', profile: { sourceId: 'fresh' }, occurredAt: daysAgo(6.9) })
    await track(caller, { name: 'visit', profile: { sourceId: 'stale' }, occurredAt: daysAgo(7) })
    await track(caller, { name: 'look', profile: { sourceId: 'unlimited' }, occurredAt: daysAgo(300) })
    const state = async (sourceId: string) => {
      const [journey] = await journeysOf(caller, sourceId)
      return [journey.state, journey.isActive]
    }
    expect(await state('fresh')).toEqual(['ACTIVE', true])
    expect(await state('stale')).toEqual(['ACTIVE', false])
    expect(await state('unlimited')).toEqual(['ACTIVE', true])
  })

  test('is left where its ongoing criteria fail, with a step that says so', async () => {
    await track(caller, { name: 'join', profile: { sourceId: 'eve' } })
    await setField(caller, 'eve', { tier: 'iron' })
    await track(caller, { name: 'stay', profile: { sourceId: 'eve' } })
    const [journey] = await journeysOf(caller, 'eve')
    expect([journey.state, journey.isActive, steps(journey)]).toEqual([
      'EXITED',
      false,
      ['ENTERED join', 'EXITED stay'],
    ])
    expect(journey.latest.event).toEqual({ name: 'join' })
  })
})

const relationships = `query ($by: ProfileKeyInput!, $at: DateTime) { profile(by: $by) { advocates { edges { node {
  advocate { sourceId } marks isUsable thenUsable: isUsable(at: $at)
  evidence { edges { node { kind at event { name } code { __typename code advocate { sourceId } } } } }
} } } } }`

async function advocatesOf(caller: Caller, sourceId: string, at = new Date().toISOString()) {
  const { profile } = await caller.query(relationships, { by: { sourceId }, at })
  return profile.advocates.edges.map(({ node }: { node: object }) => node)
}

const marked = ({ advocate, marks }: { advocate: { sourceId: string }; marks: string[] }) =>
  `${advocate.sourceId}: ${marks.join(' ')}`

describe('a relationship', () => {
  let caller: Caller
  let campaignId: string
  beforeAll(async () => {
    caller = await server.otherAccount()
    const { createProgram } = await caller.query(
      'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }',
      { input: { name: 'Referrals', lookbackDays: 10 } },
    )
    const flow = { name: 'friend', role: 'FRIEND', events: ['visit'] }
    campaignId = await addCampaign(caller, { programId: createProgram.program.id, name: 'Spring', journeys: [flow] })
    for (const name of ['ada', 'bob', 'cyd', 'dan', 'eve']) {
      const input = { code: `OF-${name}`, campaignId, advocate: { sourceId: name } }
      await caller.query(createCode('AdvocateCode'), { input })
    }
  })

  const visit = (friend: object, advocate: string, more: object = {}) =>
    track(caller, { name: 'visit', profile: friend, targeting: { advocateCodes: [`OF-${advocate}`] }, ...more })

  test('tells what showed it: the code and the event', async () => {
    const at = daysAgo(1)
    await visit({ sourceId: 'fay' }, 'ada', { occurredAt: at })
    const [relationship] = await advocatesOf(caller, 'fay')
    expect(relationship.evidence.edges.map(({ node }: { node: object }) => node)).toEqual([
      {
        kind: 'ADVOCATE_CODE',
        at,
        event: { name: 'visit' },
        code: { __typename: 'AdvocateCode', code: 'OF-ADA', advocate: { sourceId: 'ada' } },
      },
    ])
    expect([relationship.marks, relationship.isUsable]).toEqual([[], true])
  })

  test('is displaced by a newer one of the friend, to another advocate', async () => {
    await visit({ sourceId: 'gil' }, 'ada')
    await visit({ sourceId: 'gil' }, 'bob')
    await visit({ sourceId: 'gil' }, 'ada')
    expect((await advocatesOf(caller, 'gil')).map(marked)).toEqual(['ada: DISPLACED', 'bob: '])
  })

  test('is mutual where the friend had referred the advocate before, and only the later of the two is', async () => {
    await visit({ sourceId: 'cyd' }, 'dan')
    await visit({ sourceId: 'dan' }, 'cyd')
    expect((await advocatesOf(caller, 'cyd')).map(marked)).toEqual(['dan: '])
    expect((await advocatesOf(caller, 'dan')).map(marked)).toEqual(['cyd: MUTUAL'])
  })

  test('is seen through merges: a tablet that turns out to be the friend’s', async () => {
    await visit({ deviceId: 'tablet' }, 'ada')
    await visit({ sourceId: 'eve' }, 'bob')
    expect((await advocatesOf(caller, 'eve')).map(marked)).toEqual(['bob: '])
    await visit({ sourceId: 'ada' }, 'eve')
    // Ada referred whoever holds the tablet, and Eve referred Ada. Now the tablet is seen to be Eve’s.
    expect((await advocatesOf(caller, 'ada')).map(marked)).toEqual(['eve: '])
    await track(caller, { name: 'hum', profile: { sourceId: 'eve', deviceId: 'tablet' } })
    expect((await advocatesOf(caller, 'eve')).map(marked)).toEqual(['ada: DISPLACED', 'bob: '])
    expect((await advocatesOf(caller, 'ada')).map(marked)).toEqual(['eve: MUTUAL'])
  })

  test('may be used from its first evidence until the look-back from the latest one is over', async () => {
    const [first, second] = [daysAgo(30), daysAgo(15)]
    await visit({ sourceId: 'hal' }, 'ada', { occurredAt: first })
    await visit({ sourceId: 'hal' }, 'ada', { occurredAt: second })
    const usable = async (at: number) => {
      const [relationship] = await advocatesOf(caller, 'hal', new Date(at).toISOString())
      return relationship.thenUsable
    }
    const at = [-1, 0, 10 * dayMs - 1, 10 * dayMs].map((ms) => Date.parse(first) + ms)
    expect(await Promise.all(at.map(usable))).toEqual([false, true, true, false])
    const later = [0, 10 * dayMs - 1, 10 * dayMs].map((ms) => Date.parse(second) + ms)
    expect(await Promise.all(later.map(usable))).toEqual([true, true, false])
    const [relationship] = await advocatesOf(caller, 'hal')
    expect(relationship.isUsable).toBe(false)
  })

  test('that was withdrawn says so, may not be used, and neither displaces nor makes mutual', async () => {
    await visit({ sourceId: 'ida' }, 'ada')
    await visit({ sourceId: 'ida' }, 'bob')
    await server.app.services.database.system.$executeRaw`
      UPDATE relationship SET withdrawn_at = now() FROM identity AS friend, identity AS advocate
      WHERE friend.profile_id = friend_id AND friend.value = 'ida' AND advocate.profile_id = advocate_id AND advocate.value = 'bob'`
    const found = await advocatesOf(caller, 'ida')
    expect(found.map(marked)).toEqual(['ada: ', 'bob: WITHDRAWN'])
    expect(found.map(({ isUsable }: { isUsable: boolean }) => isUsable)).toEqual([true, false])
  })

  test('costs as many statements for many people as for few, and so do their journeys', async () => {
    const people = Array.from({ length: 30 }, (_, i) => `person ${i}`)
    for (const name of people) {
      await visit({ sourceId: name }, 'ada')
      await visit({ sourceId: name }, 'bob')
    }
    const page = `query ($filter: RuleInput) { profiles(filter: $filter, first: 60) { edges { node {
      journeys(first: 3) { edges { node { isActive entry { event { name } reason } latest { event { name } } steps(first: 3) { edges { node { kind event { name } } } } } } }
      advocates(first: 3) { edges { node { marks isUsable then: isUsable(at: "2026-01-01T00:00:00Z") evidence(first: 2) { edges { node { event { name } code { code } } } } } } }
    } } } }`
    const read = async (names: string[]) => {
      const filter = { field: { field: 'sourceId', op: 'IN', value: names } }
      const statements = await statementsOf(async () => {
        const { profiles } = await caller.query(page, { filter })
        expect(profiles.edges).toHaveLength(names.length)
      })
      return statements.filter(({ text }) => !text.includes('api_key')).length
    }
    await read(people)
    const [few, many] = [await read(people.slice(0, 3)), await read(people)]
    process.stdout.write(`statements of journeys and relationships: ${few} for 3 people, ${many} for 30\n`)
    expect(many).toBe(few)
  })
})
