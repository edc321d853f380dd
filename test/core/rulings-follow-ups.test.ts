// The ruling on follow-ups: refunds, cancellations and shipments take the decision of the event that their transaction began with.

import { describe, expect, test } from 'vitest'
import { type EventSetup, type JourneySetup, Stage, type WorldSetup, warningCodesOf } from './stage.ts'

const flow: JourneySetup = { name: 'Flow', role: 'PARTICIPANT', events: ['purchase', 'refund'] }

// A wins at first.
const world: WorldSetup = {
  programs: [{ id: 'P', name: 'Refer', labels: ['refer'] }],
  campaigns: [
    {
      id: 'A',
      program: 'P',
      journeys: [
        { ...flow, priority: 200 },
        { ...flow, name: 'Other' },
      ],
    },
    { id: 'B', program: 'P', journeys: [flow] },
    { id: 'C', program: 'P', journeys: [{ name: 'friend', role: 'FRIEND', events: ['purchase', 'refund'] }] },
  ],
  codes: [{ kind: 'SHARE', code: 'SX', campaign: 'C', advocate: 'X' }],
  followUps: ['refund'],
}

const on = (at: string, name: string, more: Partial<EventSetup> = {}): EventSetup => ({
  name,
  person: 'F',
  at: `${at}T12:00:00Z`,
  data: { transaction_id: 't1' },
  ...more,
})

/** A purchase of t1 that A was credited for; B has the higher priority since. */
const bought = (more: Partial<EventSetup> = {}) => {
  const stage = new Stage(world)
  const purchase = stage.send(on('2026-03-01', 'purchase', more))
  for (const campaign of stage.campaigns) {
    if (campaign.id === 'B') campaign.journeys = campaign.journeys.map((one) => ({ ...one, priority: 900 }))
  }
  stage.changeState('B', 'LIVE')
  return { stage, purchase }
}

describe('a follow-up', () => {
  test('inherits the decision of its transaction, so that a changed priority does not move a refund', () => {
    const { stage, purchase } = bought()
    expect(stage.peek(on('2026-03-02', 'purchase', { data: {} })).campaignId).toBe('B')
    const refund = stage.peek(on('2026-03-02', 'refund'))
    expect(refund).toMatchObject({
      campaignId: 'A',
      campaignRevision: 1,
      programId: 'P',
      decidedBy: 'INHERITED',
      quality: 'HIGH',
      journey: { id: purchase.effects.journeyId, definition: 'Flow' },
    })
    expect(refund.trace.inheritedFrom).toBe(purchase.eventId)
  })

  test('inherits relationship and advocate too, though the advocate has been blocked since', () => {
    const { stage, purchase } = bought({ hints: { shareId: 'SX' } })
    stage.person('X').blocked = true
    expect(stage.peek(on('2026-03-02', 'refund'))).toMatchObject({
      campaignId: 'C',
      advocateId: 'X',
      relationship: { id: purchase.effects.relationshipId },
    })
  })

  test('inherits from a campaign that has been stopped since', () => {
    const { stage } = bought()
    stage.changeState('A', 'STOPPED')
    expect(stage.peek(on('2026-03-02', 'refund'))).toMatchObject({ campaignId: 'A', decidedBy: 'INHERITED' })
  })

  test('is no activity of the journey, and no evidence', () => {
    const { stage } = bought({ hints: { shareId: 'SX' } })
    const before = structuredClone(stage.person('F'))
    const refund = stage.send(on('2026-03-02', 'refund', { hints: { shareId: 'SX' } }))
    expect(refund.effects).toMatchObject({ journeyTouched: null, evidenceAdded: [], steps: [] })
    expect(stage.person('F')).toMatchObject({ journeys: before.journeys, relationships: before.relationships })
  })

  test('of an event that nobody was credited for is credited to nobody, for the same reason', () => {
    const stage = new Stage(world)
    for (const id of ['A', 'B']) stage.changeState(id, 'STOPPED')
    expect(stage.send(on('2026-03-01', 'purchase')).reason).toBe('NO_REFERRAL')
    for (const id of ['A', 'B']) stage.changeState(id, 'LIVE')
    expect(stage.peek(on('2026-03-02', 'refund'))).toMatchObject({ status: 'UNATTRIBUTED', reason: 'NO_REFERRAL' })
  })

  test('follows the first event of the transaction, not another follow-up', () => {
    const { stage, purchase } = bought()
    stage.send(on('2026-03-02', 'refund'))
    stage.send(on('2026-03-03', 'purchase'))
    expect(stage.peek(on('2026-03-04', 'refund')).trace.inheritedFrom).toBe(purchase.eventId)
  })

  test('by a blocked person is not credited', () => {
    const { stage } = bought()
    stage.person('F').blocked = true
    expect(stage.peek(on('2026-03-02', 'refund')).reason).toBe('PERSON_BLOCKED')
  })
})

describe('a transaction', () => {
  test.each([
    [{ transaction_id: ' t1 ' }],
    [{ order_id: 't1' }],
    [{ transaction_id: '', order_id: 't1' }],
    [{ transaction_id: {}, order_id: 't1' }],
  ])('is the same where the follow-up says %j', (data) => {
    expect(bought().stage.peek(on('2026-03-02', 'refund', { data }))).toMatchObject({
      campaignId: 'A',
      decidedBy: 'INHERITED',
    })
  })

  test.each([[{}], [{ transaction_id: 't2' }], [{ transaction_id: 't2', order_id: 't1' }], [{ order_id: 'T1' }]])(
    'that nobody knows, as in %j, is decided as any other event',
    (data) => {
      expect(bought().stage.peek(on('2026-03-02', 'refund', { data }))).toMatchObject({
        campaignId: 'B',
        decidedBy: 'PRIORITY',
      })
    },
  )

  test('binds no event type that is not marked as its follow-up', () => {
    expect(bought().stage.peek(on('2026-03-02', 'purchase')).campaignId).toBe('B')
  })
})

describe('a target on a follow-up', () => {
  const required = (kind: 'CAMPAIGN_ID' | 'PROGRAM' | 'JOURNEY_NAME', value: string) =>
    bought().stage.peek(on('2026-03-02', 'refund', { hints: { require: [{ kind, value }] } }))

  test.each([
    ['CAMPAIGN_ID', 'A'],
    ['PROGRAM', 'REFER'],
    ['JOURNEY_NAME', 'flow'],
  ] as const)('that agrees, as %s %s does, changes nothing', (kind, value) => {
    expect(required(kind, value)).toMatchObject({ campaignId: 'A', decidedBy: 'INHERITED' })
  })

  test.each([
    ['CAMPAIGN_ID', 'B'],
    ['PROGRAM', 'other'],
    ['JOURNEY_NAME', 'friend'],
    ['JOURNEY_NAME', 'other'],
  ] as const)('that says otherwise, as %s %s does, leaves it unattributed', (kind, value) => {
    expect(required(kind, value)).toMatchObject({
      status: 'UNATTRIBUTED',
      reason: 'REQUIRED_TARGET_UNMATCHED',
      reasonDetail: null,
      trace: { nearMiss: { campaignId: 'A', code: 'REQUIRED_TARGET_UNMATCHED' } },
    })
  })

  test('a required label that the program lacks does so too', () => {
    const ask = (label: string) =>
      bought().stage.peek(on('2026-03-02', 'refund', { hints: { requiredLabels: [label] } }))
    expect(ask('refer').campaignId).toBe('A')
    expect(ask('vip').reason).toBe('REQUIRED_TARGET_UNMATCHED')
  })

  test('hints do not move it, and are still said to be unknown', () => {
    const refund = bought().stage.peek(
      on('2026-03-02', 'refund', { hints: { journeyCampaignId: 'B', couponCode: 'NO' } }),
    )
    expect(refund.campaignId).toBe('A')
    expect(warningCodesOf(refund)).toEqual(['HINT_UNKNOWN'])
  })
})
