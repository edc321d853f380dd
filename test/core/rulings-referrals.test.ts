// The rulings on people who refer each other, on shares sent by e-mail, and on merges.

import { describe, expect, test } from 'vitest'
import { takeStep } from '../../src/core/targeting/people.ts'
import { type CodeSetup, type EventSetup, type HintSetup, type JourneySetup, Stage, warningCodesOf } from './stage.ts'

const friend: JourneySetup = { name: 'friend', role: 'FRIEND', events: ['click', 'purchase'] }
const advocate: JourneySetup = { name: 'advocate', role: 'ADVOCATE', events: ['share'] }

const staged = (codes: CodeSetup[], allowMutualReferral = false) =>
  new Stage({
    programs: [
      { id: 'P', lookbackDays: 30, allowMutualReferral },
      { id: 'Q', lookbackDays: 30 },
    ],
    campaigns: [
      { id: 'A', program: 'P', journeys: [advocate, friend] },
      { id: 'B', program: 'Q', journeys: [{ ...friend, priority: 50 }] },
    ],
    codes,
  })

const on = (at: string, person: string, hints?: HintSetup): EventSetup => ({
  name: 'purchase',
  person,
  at: at.includes('T') ? at : `${at}T12:00:00Z`,
  hints,
})

describe('two people who refer each other', () => {
  const codes: CodeSetup[] = [
    { kind: 'SHARE', code: 'SX', campaign: 'A', advocate: 'X' },
    { kind: 'SHARE', code: 'SY', campaign: 'A', advocate: 'Y' },
    { kind: 'SHARE', code: 'SYB', campaign: 'B', advocate: 'Y' },
  ]

  test('the relationship that is made later is credited, and of low quality', () => {
    const stage = staged(codes)
    expect(stage.send(on('2026-03-01', 'Y', { shareId: 'SX' }))).toMatchObject({ advocateId: 'X', quality: 'HIGH' })
    const later = stage.send(on('2026-03-02', 'X', { shareId: 'SY' }))
    expect(later).toMatchObject({ campaignId: 'A', advocateId: 'Y', quality: 'LOW' })
    expect(warningCodesOf(later)).toEqual(['MUTUAL'])
    const again = stage.peek(on('2026-03-03', 'X'))
    expect(again).toMatchObject({ advocateId: 'Y', quality: 'LOW' })
    expect(warningCodesOf(again)).toEqual(['MUTUAL'])
  })

  test('the relationship that was there first keeps its quality', () => {
    const stage = staged(codes)
    stage.send(on('2026-03-01', 'Y', { shareId: 'SX' }))
    stage.send(on('2026-03-02', 'X', { shareId: 'SY' }))
    expect(stage.peek(on('2026-03-03', 'Y'))).toMatchObject({ advocateId: 'X', quality: 'HIGH', warnings: [] })
  })

  test('a program that allows it loses no quality, and says so all the same', () => {
    const stage = staged(codes, true)
    stage.send(on('2026-03-01', 'Y', { shareId: 'SX' }))
    const later = stage.send(on('2026-03-02', 'X', { shareId: 'SY' }))
    expect(later).toMatchObject({ advocateId: 'Y', quality: 'HIGH' })
    expect(warningCodesOf(later)).toEqual(['MUTUAL'])
  })

  test('in two programs are not mutual', () => {
    const stage = staged(codes)
    stage.send(on('2026-03-01', 'Y', { shareId: 'SX' }))
    const other = stage.send(on('2026-03-02', 'X', { shareId: 'SYB' }))
    expect(other).toMatchObject({ campaignId: 'B', advocateId: 'Y', quality: 'HIGH', warnings: [] })
  })

  test('is asked of the winner alone', () => {
    const stage = staged([...codes, { kind: 'SHARE', code: 'SZ', campaign: 'A', advocate: 'Z' }])
    stage.send(on('2026-03-01', 'Y', { shareId: 'SX' }))
    stage.send(on('2026-03-02', 'X', { shareId: 'SY' }))
    const won = stage.peek(on('2026-03-03', 'X', { shareId: 'SZ' }))
    expect(won).toMatchObject({ advocateId: 'Z', quality: 'HIGH', warnings: [] })
  })
})

describe('a share that was sent to somebody’s own e-mail address', () => {
  const mailed = (more: Partial<CodeSetup> = {}): CodeSetup => ({
    kind: 'SHARE',
    code: 'SX',
    campaign: 'A',
    advocate: 'X',
    createdAt: '2026-03-01T12:00:00Z',
    recipients: ['f@shop.example'],
    ...more,
  })

  const known = (...codes: CodeSetup[]) => {
    const stage = staged(codes)
    stage.person('F').identities = { EMAIL: ['old@home.example', 'f@shop.example'] }
    return stage
  }

  test('makes a relationship that credits whoever sent it, with the share as its evidence', () => {
    const stage = known(mailed())
    const sent = stage.send(on('2026-03-05', 'F'))
    expect(sent).toMatchObject({ campaignId: 'A', advocateId: 'X', quality: 'HIGH', decidedBy: 'ONLY_CANDIDATE' })
    const at = Date.parse('2026-03-01T12:00:00Z')
    expect(sent.effects.relationshipCreated).toMatchObject({ advocateId: 'X', friendId: 'F', programId: 'P', at })
    expect(sent.effects.evidenceAdded).toMatchObject([{ kind: 'EMAIL_MATCH', codeId: 'code-SX', at }])
  })

  test('is evidence once, however many events follow', () => {
    const stage = known(mailed())
    const first = stage.send(on('2026-03-05', 'F'))
    const second = stage.send(on('2026-03-06', 'F'))
    expect(second.effects).toMatchObject({ relationshipId: first.effects.relationshipId, evidenceAdded: [] })
    expect(stage.person('F').relationships).toHaveLength(1)
  })

  test('is no explicit hint: it does not beat the priority of another campaign', () => {
    const stage = known(mailed({ campaign: 'B' }), { kind: 'SHARE', code: 'SY', campaign: 'A', advocate: 'Y' })
    stage.send(on('2026-03-02', 'F', { shareId: 'SY' }))
    expect(stage.peek(on('2026-03-05', 'F'))).toMatchObject({ campaignId: 'A', advocateId: 'Y', decidedBy: 'PRIORITY' })
  })

  test('competes with other advocates by its evidence', () => {
    const stage = known(mailed(), mailed({ code: 'SY', advocate: 'Y', createdAt: '2026-03-02T12:00:00Z' }))
    expect(stage.peek(on('2026-03-05', 'F'))).toMatchObject({ advocateId: 'Y', decidedBy: 'EVIDENCE_RECENCY' })
  })

  test('yields to an advocate whom a hint names', () => {
    const stage = known(mailed(), { kind: 'COUPON', code: 'CY', campaign: 'A', advocate: 'Y' })
    expect(stage.peek(on('2026-03-05', 'F', { couponCode: 'CY' }))).toMatchObject({ advocateId: 'Y', quality: 'HIGH' })
  })

  test('serves every campaign of its program, also where its own is stopped, and no other program', () => {
    const stage = known(mailed({ campaign: 'B' }))
    stage.changeState('B', 'STOPPED')
    expect(stage.peek(on('2026-03-05', 'F')).reason).toBe('NO_REFERRAL')
    expect(known(mailed({ campaign: 'gone', program: 'P' })).peek(on('2026-03-05', 'F')).campaignId).toBe('A')
  })

  test('counts from the moment it was shared until its look-back is over', () => {
    const stage = known(mailed())
    expect(stage.peek(on('2026-03-01T11:59:59.999Z', 'F')).reason).toBe('NO_REFERRAL')
    expect(stage.peek(on('2026-03-01T12:00:00Z', 'F')).advocateId).toBe('X')
    expect(stage.peek(on('2026-03-31T11:59:59.999Z', 'F')).advocateId).toBe('X')
    expect(stage.peek(on('2026-03-31T12:00:00Z', 'F')).reason).toBe('NO_REFERRAL')
  })

  test.each<[string, Partial<CodeSetup>]>([
    ['has been disabled', { disabledAt: '2026-03-05T12:00:00Z' }],
    ['has expired', { expiresAt: '2026-03-05T12:00:00Z' }],
    ['is nobody’s', { advocate: undefined }],
    ['is one’s own', { advocate: 'F' }],
    ['was sent to somebody else', { recipients: ['somebody@else.example'] }],
  ])('shows nothing where it %s', (_, more) => {
    expect(known(mailed(more)).peek(on('2026-03-05', 'F')).reason).toBe('NO_REFERRAL')
  })

  test('of a blocked advocate is of no use', () => {
    const stage = known(mailed())
    stage.person('X').blocked = true
    expect(stage.peek(on('2026-03-05', 'F')).reason).toBe('ADVOCATE_INELIGIBLE')
  })
})

describe('somebody who turns out to be their own advocate', () => {
  const merged = () => {
    const stage = staged([{ kind: 'SHARE', code: 'SX', campaign: 'A', advocate: 'X' }])
    stage.send(on('2026-03-01', 'F', { shareId: 'SX' }))
    takeStep(stage.world, { personId: 'F', attached: [], absorbed: ['X'] })
    return stage
  }

  test('refers themselves by the code that was another’s before the merge', () => {
    const sent = merged().send(on('2026-03-02', 'F', { shareId: 'SX' }))
    expect(sent).toMatchObject({ campaignId: 'A', advocateId: null, relationship: null, quality: 'LOW' })
    expect(warningCodesOf(sent)).toEqual(['SELF_REFERRAL'])
  })

  test('has no use of the relationship that there was', () => {
    expect(merged().peek(on('2026-03-02', 'F')).reason).toBe('NO_REFERRAL')
  })
})

describe('a share that is named and was mailed too', () => {
  test('is one relationship with both for evidence', () => {
    const stage = staged([
      {
        kind: 'SHARE',
        code: 'SX',
        campaign: 'A',
        advocate: 'X',
        createdAt: '2026-03-01T12:00:00Z',
        recipients: ['f@x.io'],
      },
    ])
    stage.person('F').identities = { EMAIL: ['f@x.io'] }
    const sent = stage.send(on('2026-03-05', 'F', { shareId: 'SX' }))
    expect(sent).toMatchObject({ advocateId: 'X', decidedBy: 'SHARE_ID' })
    expect(sent.effects.evidenceAdded.map(({ kind }) => kind).sort()).toEqual(['EMAIL_MATCH', 'SHARE_ID'])
    expect(stage.person('F').relationships).toHaveLength(1)
  })
})
