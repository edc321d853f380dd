// Who is credited as the advocate: relationships, the hints that make them, and referring oneself.

import { describe, expect, test } from 'vitest'
import { type EventSetup, type HintSetup, type JourneySetup, Stage, type WorldSetup, warningCodesOf } from './stage.ts'

const friend: JourneySetup = { name: 'friend', role: 'FRIEND', events: ['click', 'purchase'] }
const advocate: JourneySetup = { name: 'advocate', role: 'ADVOCATE', events: ['share'] }

// A and A2 are campaigns of one program; B is of another.
const world: WorldSetup = {
  programs: [
    { id: 'P', lookbackDays: 30 },
    { id: 'Q', labels: ['other'] },
  ],
  campaigns: [
    { id: 'A', program: 'P', journeys: [advocate, friend] },
    { id: 'A2', program: 'P', journeys: [advocate, { ...friend, events: ['signup', 'share'] }] },
    { id: 'B', program: 'Q', journeys: [{ ...friend, priority: 50 }] },
  ],
  codes: [
    { kind: 'SHARE', code: 'SX', campaign: 'A', advocate: 'X' },
    { kind: 'SHARE', code: 'SY', campaign: 'A', advocate: 'Y' },
    { kind: 'COUPON', code: 'CX', campaign: 'A', advocate: 'X' },
    { kind: 'COUPON', code: 'CY', campaign: 'A', advocate: 'Y' },
    { kind: 'COUPON', code: 'CA', campaign: 'A' },
    { kind: 'SHARE', code: 'SX2', campaign: 'A2', advocate: 'X' },
    { kind: 'ADVOCATE_CODE', code: 'AX', program: 'P', advocate: 'X' },
    { kind: 'SHARE', code: 'SXB', campaign: 'B', advocate: 'X' },
    { kind: 'PROMO_LINK', code: 'LX', campaign: 'A', advocate: 'X' },
    { kind: 'SHARE', code: 'SGONE', campaign: 'gone', program: 'P', advocate: 'X' },
    { kind: 'COUPON', code: 'CX2', campaign: 'A2', advocate: 'X' },
    { kind: 'COUPON', code: 'CZ2', campaign: 'A2', advocate: 'Z' },
  ],
}

const on = (at: string, hints: HintSetup = {}, more: Partial<EventSetup> = {}): EventSetup => ({
  name: 'purchase',
  person: 'F',
  at: at.includes('T') ? at : `${at}T12:00:00Z`,
  hints,
  ...more,
})

describe('a relationship', () => {
  test('is made by the winning candidate’s hint, with the event as its evidence', () => {
    const stage = new Stage(world)
    const { effects, ...decision } = stage.send(on('2026-03-01', { shareId: 'SX' }))
    expect(decision).toMatchObject({ campaignId: 'A', advocateId: 'X', quality: 'HIGH', decidedBy: 'SHARE_ID' })
    expect(effects.relationshipCreated).toMatchObject({
      advocateId: 'X',
      friendId: 'F',
      programId: 'P',
      campaignId: 'A',
    })
    expect(effects.evidenceAdded).toMatchObject([
      { kind: 'SHARE_ID', codeId: 'code-SX', relationshipId: effects.relationshipId },
    ])
    expect(effects.journeyCreated).toMatchObject({ role: 'FRIEND', relationshipId: effects.relationshipId })
    expect(stage.person('F').relationships).toMatchObject([
      { advocateId: 'X', evidence: [decision.t], firstEvidenceAt: decision.t },
    ])
  })

  test('of a losing candidate is not made', () => {
    const stage = new Stage(world)
    const { effects } = stage.send(on('2026-03-01', { couponCode: 'CX', shareId: 'SY' }))
    expect(effects.relationshipCreated).toMatchObject({ advocateId: 'X' })
    expect(effects.evidenceAdded).toMatchObject([{ kind: 'COUPON_CODE' }])
    expect(stage.person('F').relationships).toHaveLength(1)
  })

  test('is usable without a hint in every campaign of its program, and in no other program', () => {
    const stage = new Stage(world)
    const made = stage.send(on('2026-03-01', { shareId: 'SX' }))
    const other = stage.send(on('2026-03-02', {}, { name: 'signup' }))
    expect(other).toMatchObject({
      campaignId: 'A2',
      advocateId: 'X',
      relationship: { id: made.effects.relationshipId },
    })
    expect(other.effects).toMatchObject({ relationshipCreated: null, evidenceAdded: [] })
    stage.changeState('A', 'STOPPED')
    expect(stage.peek(on('2026-03-03'))).toMatchObject({
      reason: 'NO_REFERRAL',
      trace: { nearMiss: { campaignId: 'B' } },
    })
  })

  test('of a stopped campaign’s share serves the other campaigns of its program', () => {
    const stage = new Stage(world)
    stage.changeState('A2', 'STOPPED')
    const sent = stage.send(on('2026-03-01', { shareId: 'SX2' }))
    expect(sent).toMatchObject({ campaignId: 'A', advocateId: 'X', decidedBy: 'ONLY_CANDIDATE' })
    expect(warningCodesOf(sent)).toEqual(['HINT_CAMPAIGN_NOT_LIVE'])
    expect(sent.effects.relationshipCreated).toMatchObject({ campaignId: 'A2' })
  })

  test('of a share whose campaign is not known arises in the program that the share names', () => {
    const sent = new Stage(world).send(on('2026-03-01', { shareId: 'SGONE' }))
    expect(sent).toMatchObject({ campaignId: 'A', advocateId: 'X', relationship: { programId: 'P', campaignId: 'A' } })
    expect(warningCodesOf(sent)).toEqual(['HINT_CAMPAIGN_NOT_LIVE'])
  })

  test('lasts until its look-back from the latest evidence is over', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01T12:00:00Z', { shareId: 'SX' }))
    expect(stage.peek(on('2026-03-31T11:59:59.999Z')).advocateId).toBe('X')
    const over = stage.peek(on('2026-03-31T12:00:00Z'))
    expect(over).toMatchObject({
      reason: 'NO_REFERRAL',
      trace: { nearMiss: { detail: { definition: 'friend', advocateIds: ['X'] } } },
    })
    const again = stage.send(on('2026-04-20', { couponCode: 'CX' }))
    expect(again.effects).toMatchObject({ relationshipCreated: null, evidenceAdded: [{ kind: 'COUPON_CODE' }] })
    expect(stage.peek(on('2026-05-01')).advocateId).toBe('X')
  })

  test('does not reach back before its earliest evidence', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-05', { shareId: 'SX' }))
    expect(stage.peek(on('2026-03-04')).reason).toBe('NO_REFERRAL')
    const late = stage.send(on('2026-03-03', { shareId: 'SX' }))
    expect(late.effects).toMatchObject({ relationshipCreated: null, evidenceAdded: [{ kind: 'SHARE_ID' }] })
    expect(stage.peek(on('2026-03-04')).advocateId).toBe('X')
  })

  test('that merges have doubled takes new evidence once, in the one of the smaller id', () => {
    const stage = new Stage(world)
    const at = Date.parse('2026-03-01T12:00:00Z')
    for (const id of ['r2', 'r1', 'r3']) {
      const pair = {
        advocateId: 'X',
        friendId: 'F',
        programId: 'P',
        campaignId: 'A',
        matchedCodeIds: new Set<string>(),
      }
      stage.person('F').relationships.push({ id, ...pair, firstEvidenceAt: at, evidence: [at] })
    }
    const sent = stage.send(on('2026-03-02', { shareId: 'SX' }))
    expect(sent).toMatchObject({ relationship: { id: 'r1' }, trace: { decidingKey: 'EVIDENCE_RECENCY' } })
    expect(sent.effects.evidenceAdded).toMatchObject([{ relationshipId: 'r1' }])
  })

  test('is not made by a promo link, which is no explicit hint', () => {
    expect(new Stage(world).peek(on('2026-03-01', { promoLink: 'LX' })).reason).toBe('NO_REFERRAL')
  })

  test('to a blocked or erased advocate is of no use', () => {
    const stage = new Stage(world)
    stage.person('X').blocked = true
    const blocked = stage.peek(on('2026-03-01', { shareId: 'SX' }))
    expect(blocked).toMatchObject({
      reason: 'ADVOCATE_INELIGIBLE',
      trace: { nearMiss: { detail: { advocateIds: ['X'] } } },
    })
    stage.world.people.delete('X')
    expect(stage.peek(on('2026-03-01', { shareId: 'SX' })).reason).toBe('ADVOCATE_INELIGIBLE')
    expect(stage.peek(on('2026-03-01')).reason).toBe('NO_REFERRAL')
  })
})

describe('several advocates of one friend', () => {
  const known = () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SX' }))
    stage.send(on('2026-03-02', { shareId: 'SY' }))
    return stage
  }

  test('stay side by side and compete; the fresher friend journey wins', () => {
    const stage = known()
    expect(stage.peek(on('2026-03-03'))).toMatchObject({ advocateId: 'Y', decidedBy: 'JOURNEY_RECENCY' })
    expect(stage.person('F').journeys).toHaveLength(2)
  })

  test('where neither has a journey yet, the advocate who was active last in the campaign wins', () => {
    const stage = known()
    stage.send(on('2026-03-03', { journeyCampaignId: 'A2' }, { name: 'share', person: 'Y' }))
    stage.send(on('2026-03-04', { journeyCampaignId: 'A2' }, { name: 'share', person: 'X' }))
    const signup = stage.peek(on('2026-03-05', {}, { name: 'signup' }))
    expect(signup).toMatchObject({ campaignId: 'A2', advocateId: 'X', decidedBy: 'ADVOCATE_RECENCY' })
    // An advocate who was active in that campaign is asked nothing about the rest of the program.
    stage.send(on('2026-03-04T20:00:00Z', { journeyCampaignId: 'A' }, { name: 'share', person: 'Y' }))
    expect(stage.peek(on('2026-03-05', {}, { name: 'signup' }))).toMatchObject({ advocateId: 'X' })
  })

  test('what an advocate does in another program counts for nothing', () => {
    const stage = known()
    stage.send(on('2026-03-04', {}, { name: 'share', person: 'X' }))
    const [elsewhere] = stage.person('X').journeys
    if (!elsewhere) throw new Error('no journey')
    stage.person('X').journeys.splice(0, 1, { ...elsewhere, campaignId: 'B' })
    expect(stage.peek(on('2026-03-05', {}, { name: 'signup' }))).toMatchObject({ decidedBy: 'EVIDENCE_RECENCY' })
  })

  test('where advocates are equal too, the latest evidence wins', () => {
    expect(known().peek(on('2026-03-05', {}, { name: 'signup' }))).toMatchObject({
      advocateId: 'Y',
      decidedBy: 'EVIDENCE_RECENCY',
    })
  })
})

describe('a hint that names an advocate', () => {
  test('chooses that advocate over a fresher one', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SX' }))
    stage.send(on('2026-03-02', { shareId: 'SY' }))
    expect(stage.peek(on('2026-03-03', { shareId: 'SX' }))).toMatchObject({ advocateId: 'X', decidedBy: 'SHARE_ID' })
    expect(stage.peek(on('2026-03-03', { advocateCode: 'AX' }))).toMatchObject({
      advocateId: 'X',
      decidedBy: 'ADVOCATE_CODE',
    })
  })

  test('never credits another one: the campaign is credited, and the other’s journey takes the event', () => {
    const stage = new Stage(world)
    const first = stage.send(on('2026-03-01', { shareId: 'SY' }))
    stage.person('X').blocked = true
    const sent = stage.send(on('2026-03-02', { couponCode: 'CX' }))
    expect(sent).toMatchObject({
      campaignId: 'A',
      decidedBy: 'COUPON_CODE',
      advocateId: null,
      relationship: null,
      quality: 'HIGH',
    })
    expect(sent.effects).toMatchObject({ journeyId: first.effects.journeyId, relationshipId: null, evidenceAdded: [] })
    expect(warningCodesOf(sent)).toEqual(['ADVOCATE_HINT_NOT_VIABLE'])
  })

  test('where the other has no journey yet, begins one that belongs to no relationship', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SY' }))
    stage.person('X').blocked = true
    const hints = { shareId: 'SX2' }
    const first = stage.send(on('2026-03-02', hints, { name: 'signup' }))
    expect(first).toMatchObject({ campaignId: 'A2', advocateId: null, journey: { passage: 'NEW' } })
    expect(first.effects.journeyCreated).toMatchObject({ role: 'FRIEND', relationshipId: null })
    const second = stage.send(on('2026-03-03', hints, { name: 'signup' }))
    expect(second.effects.journeyId).toBe(first.effects.journeyId)
  })

  test('yields to one that a stronger hint named', () => {
    const sent = new Stage(world).send(on('2026-03-01', { couponCode: 'CX', shareId: 'SY' }))
    expect(sent).toMatchObject({ advocateId: 'X', decidedBy: 'COUPON_CODE' })
    expect(warningCodesOf(sent)).toEqual(['HINT_CONFLICT'])
  })

  test('of one strength with another lets the ranking choose between their advocates', () => {
    const sent = new Stage(world).send(on('2026-03-01', { couponCodes: ['CX', 'CY', 'CA'] }))
    expect(sent).toMatchObject({
      campaignId: 'A',
      advocateId: 'X',
      decidedBy: 'COUPON_CODE',
      trace: { decidingKey: 'ID' },
    })
  })

  test('credits no advocate in a participant’s flow', () => {
    const stage = new Stage({
      ...world,
      campaigns: [{ id: 'A', program: 'P', journeys: [{ ...friend, role: 'PARTICIPANT' }] }],
    })
    const sent = stage.send(on('2026-03-01', { couponCode: 'CX' }))
    expect(sent).toMatchObject({ campaignId: 'A', advocateId: null, quality: 'HIGH', warnings: [] })
    expect(stage.person('F').relationships).toEqual([])
  })
})

describe('referring oneself', () => {
  test('credits the campaign, no advocate, makes no relationship and is of low quality', () => {
    const stage = new Stage(world)
    const sent = stage.send(on('2026-03-01', { couponCode: 'CX' }, { person: 'X' }))
    expect(sent).toMatchObject({
      campaignId: 'A',
      advocateId: null,
      relationship: null,
      quality: 'LOW',
      journey: { role: 'FRIEND' },
    })
    expect(sent.warnings).toEqual([{ code: 'SELF_REFERRAL', hint: 'COUPON_CODE:CX', detail: null }])
    expect(stage.person('X').relationships).toEqual([])
    const again = stage.send(on('2026-03-02', { couponCode: 'CX' }, { person: 'X' }))
    expect(again.effects.journeyId).toBe(sent.effects.journeyId)
  })

  test('takes one’s own code: without it there is no candidate', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { couponCode: 'CX' }, { person: 'X' }))
    expect(stage.peek(on('2026-03-02', {}, { person: 'X' })).reason).toBe('NO_REFERRAL')
    expect(stage.peek(on('2026-03-02', { couponCode: 'CA' }, { person: 'X' })).reason).toBe('NO_REFERRAL')
  })

  test('is also what a relationship has become in which friend and advocate were merged', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SX' }))
    const [relationship] = stage.person('F').relationships
    if (!relationship) throw new Error('no relationship')
    stage.person('F').relationships.splice(0, 1, { ...relationship, advocateId: 'F' })
    expect(stage.peek(on('2026-03-02')).reason).toBe('NO_REFERRAL')
  })

  test('with one’s own code never credits another advocate', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SY' }, { person: 'X' }))
    const sent = stage.peek(on('2026-03-02', { couponCode: 'CX' }, { person: 'X' }))
    expect(sent).toMatchObject({ advocateId: null, quality: 'LOW' })
  })

  test('stays of low quality where another code’s advocate has nothing to do with the actor', () => {
    const stage = new Stage(world)
    stage.send(on('2026-03-01', { shareId: 'SY' }, { person: 'X' }))
    stage.person('Z').blocked = true
    const hints = { couponCodes: ['CZ2', 'CX2'] }
    const sent = stage.peek(on('2026-03-02', hints, { person: 'X', name: 'signup' }))
    expect(sent).toMatchObject({ campaignId: 'A2', advocateId: null, quality: 'LOW' })
    expect(warningCodesOf(sent)).toEqual(['ADVOCATE_HINT_NOT_VIABLE', 'SELF_REFERRAL'])
    expect(sent.trace.ranking).toHaveLength(1)
  })

  test('is not what an advocate does in the advocates’ own flow', () => {
    const stage = new Stage(world)
    const sent = stage.peek(on('2026-03-01', { shareId: 'SX' }, { person: 'X', name: 'share' }))
    expect(sent).toMatchObject({
      campaignId: 'A',
      journey: { role: 'ADVOCATE' },
      quality: 'HIGH',
      advocateId: null,
      warnings: [],
    })
  })

  test('leaves the actor’s own code both that flow and the referral, and priority chooses', () => {
    const sent = new Stage(world).peek(on('2026-03-01', { shareId: 'SX2' }, { person: 'X', name: 'share' }))
    expect(sent).toMatchObject({ campaignId: 'A2', decidedBy: 'SHARE_ID', trace: { decidingKey: 'ID' } })
    expect(sent.trace.ranking).toHaveLength(2)
  })
})
