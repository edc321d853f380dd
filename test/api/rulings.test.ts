// Rulings that need what was stored before: transactions, shares by e-mail, people who refer each other, and late events.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addCampaign } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const create = async (caller: Caller, kind: string, input: object) => {
  const field = `create${kind}`
  const node = kind[0]?.toLowerCase() + kind.slice(1)
  const answer = await caller.query(
    `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { ${node} { id } } }`,
    { input },
  )
  return answer[field][node].id as string
}

const tracking = `mutation ($input: TrackEventInput!) { trackEvent(input: $input) { event { id } attribution { ...decision } } }
  ${'fragment decision on Attribution { id status reason quality decidedBy campaign { name } journey { id name lastActivityAt } advocate { id } relationship { id marks evidence { edges { node { kind at } } } } warnings { code hint } trace { inheritedFrom { id } hints { hint fate detail } } }'}`

const track = async (caller: Caller, input: object) => {
  const { trackEvent } = await caller.query(tracking, { input })
  return { ...trackEvent.attribution, id: trackEvent.event.id as string }
}

/** Both on their own, and in one list, where nothing of the first is stored when the second is decided. */
const ways: [string, (caller: Caller, inputs: object[]) => Promise<Awaited<ReturnType<typeof track>>[]>][] = [
  [
    'sent one by one',
    async (caller, inputs) => {
      const answers = []
      for (const input of inputs) answers.push(await track(caller, input))
      return answers
    },
  ],
  [
    'sent in one list',
    async (caller, inputs) => {
      const { trackEvents } = await caller.query(
        `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { event { id } } } } }`,
        { input: { events: inputs } },
      )
      const answers = []
      for (const { payload } of trackEvents.results) answers.push(await read(caller, payload.event.id))
      return answers
    },
  ],
]

const read = async (caller: Caller, eventId: string) => {
  const document = `query ($id: ID!) { attribution(eventId: $id) { ...decision } } ${tracking.slice(tracking.indexOf('fragment'))}`
  const { attribution } = await caller.query(document, { id: eventId })
  return { ...attribution, id: eventId }
}

const friendFlow = { name: 'friend', role: 'FRIEND', events: ['visit', 'signup', 'purchase'] }

describe('an event that follows another of its transaction', () => {
  it.each(ways)('takes over that one’s decision, whatever the priorities are by then (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    const flow = { name: 'buyer', role: 'PARTICIPANT', events: ['purchase', 'refund'] }
    await addCampaign(caller, { programId, name: 'First', journeys: [flow] })
    await caller.query(
      'mutation { setEventType(input: { name: "Refund", followsTransaction: true }) { eventType { name } } }',
    )
    const [bought] = await send(caller, [
      { name: 'purchase', profile: { email: 'ann@example.com' }, data: { order_id: 'T-1' } },
    ])
    await addCampaign(caller, { programId, name: 'Stronger', journeys: [{ ...flow, priority: 500 }] })
    const [refunded, strange] = await send(caller, [
      { name: 'refund', profile: { email: 'desk@example.com' }, data: { transaction_id: 'T-1' } },
      { name: 'refund', profile: { email: 'ann@example.com' }, data: { transaction_id: 'T-2' } },
    ])
    expect(refunded).toMatchObject({
      decidedBy: 'INHERITED',
      campaign: { name: 'First' },
      journey: { id: bought?.journey.id, lastActivityAt: bought?.journey.lastActivityAt },
      trace: { inheritedFrom: { id: bought?.id } },
    })
    expect(strange).toMatchObject({ decidedBy: 'PRIORITY', campaign: { name: 'Stronger' } })
  })

  it.each(ways)('takes over that of the order, though a checkout named it before (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    await caller.query(
      'mutation { setEventType(input: { name: "refund", followsTransaction: true }) { eventType { name } } }',
    )
    const programId = await create(caller, 'Program', { name: 'Shop' })
    const flow = { name: 'buyer', role: 'PARTICIPANT', events: ['purchase'] }
    await addCampaign(caller, { programId, name: 'Sales', journeys: [flow] })
    const profile = { email: 'ann@example.com' }
    const answers = await send(
      caller,
      ['checkout_started', 'purchase', 'refund'].map((name) => ({ name, profile, data: { order_id: 'T-9' } })),
    )
    expect(answers[2]).toMatchObject({
      decidedBy: 'INHERITED',
      campaign: { name: 'Sales' },
      trace: { inheritedFrom: { id: answers[1]?.id } },
    })
  })

  it.each(ways)('takes over also that nobody is credited (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    await caller.query(
      'mutation { setEventType(input: { name: "refund", followsTransaction: true }) { eventType { name } } }',
    )
    const programId = await create(caller, 'Program', { name: 'Shop' })
    const flow = { name: 'buyer', role: 'PARTICIPANT', events: ['refund'] }
    await addCampaign(caller, { programId, name: 'Refunds only', journeys: [flow] })
    const profile = { email: 'ann@example.com' }
    const [bought, refunded] = await send(caller, [
      { name: 'purchase', profile, data: { order_id: 7 } },
      { name: 'refund', profile, data: { order_id: '7' } },
    ])
    expect(bought).toMatchObject({ status: 'UNATTRIBUTED', reason: 'EVENT_NOT_SUPPORTED' })
    expect(refunded).toMatchObject({
      status: 'UNATTRIBUTED',
      reason: 'EVENT_NOT_SUPPORTED',
      trace: { inheritedFrom: { id: bought?.id } },
    })
  })
})

describe('a share that was sent to somebody’s e-mail', () => {
  it('credits its advocate without any hint, and is evidence once', async () => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Refer' })
    const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys: [friendFlow] })
    const advocate = { email: 'ada@example.com' }
    await create(caller, 'Share', { shareId: 'S1', campaignId, advocate, recipients: ['Fay@Example.com'] })
    const profile = { email: 'fay@example.com' }
    const first = await track(caller, { name: 'signup', profile })
    const second = await track(caller, { name: 'purchase', profile })
    const stranger = await track(caller, { name: 'signup', profile: { email: 'else@example.com' } })
    expect(first).toMatchObject({ status: 'ATTRIBUTED', decidedBy: 'ONLY_CANDIDATE', quality: 'HIGH', warnings: [] })
    expect(first.advocate).not.toBeNull()
    expect(second).toMatchObject({ advocate: first.advocate, journey: { id: first.journey.id } })
    expect(second.relationship.evidence.edges.map(({ node }: { node: { kind: string } }) => node.kind)).toEqual([
      'EMAIL_MATCH',
    ])
    expect(stranger).toMatchObject({ status: 'UNATTRIBUTED', reason: 'NO_REFERRAL' })
  })

  it('says nothing of people of another account', async () => {
    const [one, other] = [await server.otherAccount(), await server.otherAccount()]
    for (const caller of [one, other]) {
      const programId = await create(caller, 'Program', { name: 'Refer' })
      const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys: [friendFlow] })
      if (caller === one)
        await create(caller, 'Share', {
          shareId: 'S1',
          campaignId,
          advocate: { email: 'ada@example.com' },
          recipients: ['fay@example.com'],
        })
    }
    expect(await track(other, { name: 'signup', profile: { email: 'fay@example.com' } })).toMatchObject({
      status: 'UNATTRIBUTED',
      reason: 'NO_REFERRAL',
    })
  })
})

describe('two people who refer each other', () => {
  it.each([
    [false, 'LOW'],
    [true, 'HIGH'],
  ])('are told apart from one-way referrals (program allows it: %s)', async (allowMutualReferral, quality) => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Refer', allowMutualReferral })
    const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys: [friendFlow] })
    const [ann, bea] = [{ email: 'ann@example.com' }, { email: 'bea@example.com' }]
    await create(caller, 'AdvocateCode', { code: 'ANN', campaignId, advocate: ann })
    await create(caller, 'AdvocateCode', { code: 'BEA', campaignId, advocate: bea })
    const first = await track(caller, { name: 'signup', profile: bea, targeting: { advocateCodes: ['ANN'] } })
    const second = await track(caller, { name: 'signup', profile: ann, targeting: { advocateCodes: ['BEA'] } })
    const again = await track(caller, { name: 'purchase', profile: bea })
    expect(first).toMatchObject({ quality: 'HIGH', warnings: [], relationship: { marks: [] } })
    expect(second).toMatchObject({ quality, warnings: [{ code: 'MUTUAL' }], relationship: { marks: ['MUTUAL'] } })
    expect(again).toMatchObject({ quality: 'HIGH', warnings: [], relationship: { id: first.relationship.id } })
  })
})

describe('a late event', () => {
  const flow = (name: string, events: string[]) => ({ name, role: 'PARTICIPANT', events })

  it.each(ways)('that would have changed a later decision leaves it, and both say so (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    await addCampaign(caller, { programId, name: 'Older', journeys: [flow('p', ['visit', 'purchase'])] })
    await addCampaign(caller, { programId, name: 'Newer', journeys: [flow('p', ['purchase'])] })
    const profile = { email: 'ann@example.com' }
    const [bought, visited] = await send(caller, [
      { name: 'purchase', profile, occurredAt: '2026-03-05T00:00:00Z' },
      { name: 'visit', profile, occurredAt: '2026-03-01T00:00:00Z' },
    ])
    // A journey in the older campaign would have won by its recency.
    expect(bought?.campaign.name).toBe('Newer')
    expect(visited).toMatchObject({ campaign: { name: 'Older' }, warnings: [{ code: 'ORDER_SENSITIVE' }] })
    expect(await read(caller, bought?.id ?? '')).toMatchObject({
      campaign: { name: 'Newer' },
      warnings: [{ code: 'ORDER_SENSITIVE' }],
    })
  })

  it.each(ways)('that joins a journey begun since is compared all the same (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    const older = await addCampaign(caller, { programId, name: 'Older', journeys: [flow('p', ['click'])] })
    await addCampaign(caller, { programId, name: 'Newer', journeys: [flow('p', ['click'])] })
    const [profile, targeting] = [{ email: 'ann@example.com' }, { journeyCampaignId: older }]
    const [, middle, late] = await send(caller, [
      { name: 'click', profile, targeting, occurredAt: '2026-03-12T00:00:00Z' },
      { name: 'click', profile, occurredAt: '2026-03-10T00:00:00Z' },
      { name: 'click', profile, targeting, occurredAt: '2026-03-05T00:00:00Z' },
    ])
    expect(middle?.campaign.name).toBe('Newer')
    expect(late?.warnings).toEqual([{ code: 'ORDER_SENSITIVE', hint: expect.stringContaining('EVENT:') }])
    const { warnings } = await read(caller, middle?.id ?? '')
    expect(warnings.map(({ code }: { code: string }) => code)).toContain('ORDER_SENSITIVE')
  })

  it('says in a preview what it will say once it is tracked', async () => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    await addCampaign(caller, { programId, name: 'Older', journeys: [flow('p', ['visit', 'purchase'])] })
    await addCampaign(caller, { programId, name: 'Newer', journeys: [flow('p', ['purchase'])] })
    const profile = { email: 'ann@example.com' }
    await track(caller, { name: 'purchase', profile, occurredAt: '2026-03-05T00:00:00Z' })
    const input = { name: 'visit', profile, occurredAt: '2026-03-01T00:00:00Z' }
    const { previewTargeting } = await caller.query(
      'query ($input: TrackEventInput!) { previewTargeting(input: $input) { campaign { name } warnings { code hint } } }',
      { input },
    )
    const { campaign, warnings } = await track(caller, input)
    expect(previewTargeting).toEqual({ campaign, warnings })
    expect(warnings).toMatchObject([{ code: 'ORDER_SENSITIVE' }])
  })

  it('is one of hundreds of one person with many journeys, and all are answered', async () => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    const keyed = { ...flow('p', ['visit']), keyField: 'shop' }
    await addCampaign(caller, { programId, name: 'Keyed', journeys: [keyed] })
    const profile = { email: 'ann@example.com' }
    const visits = (day: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        name: 'visit',
        profile,
        data: { shop: n },
        occurredAt: new Date(Date.UTC(2026, 2, day) + n * 1000).toISOString(),
      }))
    const document =
      'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }'
    for (const day of [9, 2]) {
      const { trackEvents } = await caller.query(document, { input: { events: visits(day, 300) } })
      expect(trackEvents.results).toEqual(Array.from({ length: 300 }, () => ({ error: null })))
    }
  })

  it.each(ways)('that changes nothing raises no warning (%s)', async (_, send) => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    await addCampaign(caller, { programId, name: 'Only', journeys: [flow('p', ['visit', 'purchase'])] })
    const profile = { email: 'ann@example.com' }
    const [bought, visited] = await send(caller, [
      { name: 'purchase', profile, occurredAt: '2026-03-05T00:00:00Z' },
      { name: 'visit', profile, occurredAt: '2026-03-01T00:00:00Z' },
    ])
    expect(visited).toMatchObject({ campaign: { name: 'Only' }, journey: { id: bought?.journey.id }, warnings: [] })
    expect(await read(caller, bought?.id ?? '')).toMatchObject({ warnings: [] })
  })
})

describe('a coupon of a campaign that is not live', () => {
  it('says so, though a live campaign got further', async () => {
    const caller = await server.otherAccount()
    const programId = await create(caller, 'Program', { name: 'Shop' })
    await addCampaign(caller, {
      programId,
      name: 'Live',
      journeys: [{ name: 'p', role: 'PARTICIPANT', events: ['visit'] }],
    })
    const campaignId = await create(caller, 'Campaign', {
      programId,
      name: 'Draft',
      journeys: [{ name: 'p', role: 'PARTICIPANT', events: ['purchase'] }],
    })
    await create(caller, 'Coupon', { code: 'SAVE', campaignIds: [campaignId] })
    const sent = await track(caller, {
      name: 'purchase',
      profile: { email: 'ann@example.com' },
      targeting: { couponCodes: ['save'] },
    })
    expect(sent).toMatchObject({
      reason: 'EVENT_NOT_SUPPORTED',
      warnings: [{ code: 'HINT_CAMPAIGN_NOT_LIVE', hint: 'COUPON_CODE:save' }],
      trace: { hints: [{ hint: 'COUPON_CODE', fate: 'HINT_CAMPAIGN_NOT_LIVE' }] },
    })
  })
})
