// The rulings of the targeting specification, section 4, in its order: here those on hints, criteria and what leaves no mark.
// The others: advocates and relationships in referrals.test.ts and rulings-referrals.test.ts, journeys, late events and bots in
// journeys.test.ts, required targets in required-targets.test.ts, codes in hints.test.ts, follow-ups in rulings-follow-ups.test.ts,
// event names in names-and-ids.test.ts; duplicates and concurrency, which need a server, in test/api and test/processes.

import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/core/rules/rule.ts'
import { isSameWinner, winnersBefore } from '../../src/core/targeting/order-sensitive.ts'
import {
  type CampaignSetup,
  type EventSetup,
  type HintSetup,
  type JourneySetup,
  Stage,
  type WorldSetup,
  warningCodesOf,
} from './stage.ts'

const flow: JourneySetup = { name: 'flow', role: 'PARTICIPANT', events: ['click', 'purchase'] }

/** A, which hints ask for, is of smaller priority than B, which wins where nothing is said. */
const world = (a: Partial<CampaignSetup> = {}): WorldSetup => ({
  programs: [{ id: 'P' }],
  campaigns: [
    { id: 'A', program: 'P', journeys: [flow], ...a },
    { id: 'B', program: 'P', journeys: [{ ...flow, priority: 200 }] },
  ],
  codes: [
    { kind: 'COUPON', code: 'CA', campaign: 'A' },
    { kind: 'SHARE', code: 'SA', campaign: 'A' },
    { kind: 'ADVOCATE_CODE', code: 'AA', campaign: 'A', advocate: 'X' },
  ],
})

const on = (at: string, hints?: HintSetup, more: Partial<EventSetup> = {}): EventSetup => ({
  name: 'purchase',
  person: 'F',
  at: at.includes('T') ? at : `${at}T12:00:00Z`,
  hints,
  ...more,
})

const isGold: Rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }

const everyHint: [string, HintSetup][] = [
  ['a coupon', { couponCode: 'CA' }],
  ['a share', { shareId: 'SA' }],
  ['an advocate code', { advocateCode: 'AA' }],
  ['a journey campaign', { journeyCampaignId: 'A' }],
]

describe('no bypass', () => {
  const obstacles: [string, Partial<CampaignSetup>, string][] = [
    ['is not live', { state: 'ENDED' }, 'HINT_CAMPAIGN_NOT_LIVE'],
    ['is paused, for somebody who is not inside', { state: 'PAUSED' }, 'HINT_NOT_VIABLE'],
    ['has not begun', { startsAt: '2026-03-02T00:00:00Z' }, 'HINT_NOT_VIABLE'],
    ['is over', { endsAt: '2026-03-01T12:00:00Z' }, 'HINT_NOT_VIABLE'],
    ['does not support the event', { journeys: [{ ...flow, events: ['click'] }] }, 'HINT_NOT_VIABLE'],
    ['does not begin by the event', { journeys: [{ ...flow, startEvents: ['click'] }] }, 'HINT_NOT_VIABLE'],
    ['has entry criteria that fail', { journeys: [{ ...flow, entry: isGold }] }, 'HINT_NOT_VIABLE'],
    ['requires a target of its own', { requiredTargets: [{ kind: 'PROGRAM', value: 'P' }] }, 'HINT_NOT_VIABLE'],
  ]

  test.each(obstacles)('no explicit hint revives a campaign that %s', (_, campaign, warning) => {
    for (const [, hints] of everyHint) {
      const decision = new Stage(world(campaign)).peek(on('2026-03-01', hints))
      expect(decision).toMatchObject({ campaignId: 'B', decidedBy: 'ONLY_CANDIDATE' })
      expect(warningCodesOf(decision)).toEqual([warning])
    }
  })

  test.each(everyHint)('%s beats the priority of another campaign where its own is viable', (_, hints) => {
    expect(new Stage(world()).peek(on('2026-03-01', hints)).campaignId).toBe('A')
  })
})

describe('required beats explicit', () => {
  const require = (value: string): HintSetup => ({ require: [{ kind: 'CAMPAIGN_ID', value }] })

  test.each(everyHint)('%s of another campaign than the required one is a conflict', (_, hints) => {
    const decision = new Stage(world()).peek(on('2026-03-01', { ...require('B'), ...hints }))
    expect(decision).toMatchObject({ campaignId: 'B', decidedBy: 'REQUIRED_TARGET' })
    expect(warningCodesOf(decision)).toEqual(['HINT_CONFLICT'])
  })

  test('the target is that campaign or nothing, the journey campaign is that one if viable, else the ranking decides', () => {
    const stage = new Stage(world({ state: 'ENDED' }))
    expect(stage.peek(on('2026-03-01', require('A')))).toMatchObject({
      reason: 'REQUIRED_TARGET_UNMATCHED',
      reasonDetail: 'CAMPAIGN_NOT_LIVE',
    })
    expect(stage.peek(on('2026-03-01', { journeyCampaignId: 'A' })).campaignId).toBe('B')
    expect(new Stage(world()).peek(on('2026-03-01', { journeyCampaignId: 'A' })).campaignId).toBe('A')
  })
})

describe('stopped campaigns are not sticky', () => {
  test.each(everyHint)('%s of one selects nothing, though the person is inside', (_, hints) => {
    const stage = new Stage(world())
    stage.send(on('2026-03-01', { journeyCampaignId: 'A' }))
    stage.changeState('A', 'STOPPED')
    const decision = stage.peek(on('2026-03-02', hints))
    expect(decision).toMatchObject({ campaignId: 'B', decidedBy: 'ONLY_CANDIDATE' })
    expect(warningCodesOf(decision)).toEqual(['HINT_CAMPAIGN_NOT_LIVE'])
  })

  test('a code that stands for a live campaign beside the stopped one still selects the live one', () => {
    const stage = new Stage({
      ...world({ state: 'STOPPED' }),
      codes: [{ kind: 'COUPON', code: 'CAB', campaigns: ['A', 'B'] }],
    })
    const decision = stage.peek(on('2026-03-01', { couponCode: 'CAB' }))
    expect(decision).toMatchObject({ campaignId: 'B', decidedBy: 'COUPON_CODE', warnings: [] })
  })
})

describe('criteria see the person before this event’s effects', () => {
  const first: Rule = { event: { name: 'purchase', performed: false } }
  const only = (entry: Rule): WorldSetup => ({
    programs: [{ id: 'P' }],
    campaigns: [{ id: 'A', program: 'P', journeys: [{ ...flow, entry, keyField: 'order' }] }],
  })

  test('a first purchase can require that there was no earlier one', () => {
    const stage = new Stage(only(first))
    expect(stage.send(on('2026-03-01', {}, { data: { order: 1 } })).campaignId).toBe('A')
    expect(stage.send(on('2026-03-02', {}, { data: { order: 2 } })).reason).toBe('ENTRY_CRITERIA_FAILED')
    // An event that came before it in time has no earlier one.
    expect(stage.peek(on('2026-02-28', {}, { data: { order: 3 } })).campaignId).toBe('A')
  })

  test('the quality of this very decision does not count', () => {
    const stage = new Stage(only({ quality: { is: 'HIGH', atMost: 0 } }))
    expect(stage.send(on('2026-03-01', {}, { data: { order: 1 } }))).toMatchObject({ campaignId: 'A', quality: 'HIGH' })
    expect(stage.peek(on('2026-03-02', {}, { data: { order: 2 } })).reason).toBe('ENTRY_CRITERIA_FAILED')
  })

  test('and the event’s own data', () => {
    const stage = new Stage(only({ all: [first, { eventData: { field: 'order', op: 'GTE', value: 10 } }] }))
    expect(stage.peek(on('2026-03-01', {}, { data: { order: 9 } })).reason).toBe('ENTRY_CRITERIA_FAILED')
    expect(stage.peek(on('2026-03-01', {}, { data: { order: 10 } })).campaignId).toBe('A')
    expect(stage.peek(on('2026-03-01')).reason).toBe('ENTRY_CRITERIA_FAILED')
  })
})

describe('a late event', () => {
  /** Would the purchase of the 5th, decided already, have gone to the same winner, had the late click come in time? */
  const isUnmoved = (campaignId: string, late: string) => {
    const stage = new Stage({
      programs: [{ id: 'P' }],
      campaigns: ['A', 'B'].map((id) => ({ id, program: 'P', journeys: [flow] })),
    })
    const purchase = stage.event(on('2026-03-05'))
    stage.send(on('2026-03-05'))
    const [before] = winnersBefore([purchase], stage.world, stage.rules)
    stage.send(on(late, { journeyCampaignId: campaignId }, { name: 'click' }))
    const [after] = winnersBefore([purchase], stage.world, stage.rules)
    if (!before || !after) throw new Error('each event has its winner')
    return isSameWinner(before, after)
  }

  test('is order-sensitive where it would have changed an earlier decision', () => {
    expect(isUnmoved('A', '2026-03-03')).toBe(false)
  })

  test('is not where the same campaign, journey and advocate would have won', () => {
    expect(isUnmoved('B', '2026-03-03')).toBe(true)
  })

  test('is not where it is of the same time or after', () => {
    expect(isUnmoved('A', '2026-03-05')).toBe(true)
    expect(isUnmoved('A', '2026-03-06')).toBe(true)
  })
})

describe('an event that nobody is credited for', () => {
  test('begins no journey and makes no relationship', () => {
    const stage = new Stage(world({ state: 'STOPPED', journeys: [{ ...flow, role: 'FRIEND' }] }))
    stage.changeState('B', 'STOPPED')
    const sent = stage.send(on('2026-03-01', { advocateCode: 'AA' }))
    expect(sent).toMatchObject({ status: 'UNATTRIBUTED', quality: 'NONE', journey: null, relationship: null })
    expect(sent.effects).toMatchObject({
      journeyCreated: null,
      journeyTouched: null,
      relationshipCreated: null,
      steps: [],
    })
    expect(stage.person('F')).toMatchObject({ journeys: [], relationships: [] })
  })

  test('is part of the person’s history all the same', () => {
    const stage = new Stage(world({ journeys: [{ ...flow, entry: { event: { name: 'click', atLeast: 1 } } }] }))
    stage.changeState('B', 'STOPPED')
    expect(stage.send(on('2026-03-01', {}, { name: 'click' })).status).toBe('UNATTRIBUTED')
    expect(stage.peek(on('2026-03-02')).campaignId).toBe('A')
  })
})

describe('two flows of one campaign', () => {
  test('may both support an event: one is credited, and each is a candidate in the trace', () => {
    const stage = new Stage(world({ journeys: [flow, { ...flow, name: 'more', priority: 300 }] }))
    const sent = stage.send(on('2026-03-01'))
    expect(sent).toMatchObject({ campaignId: 'A', journey: { definition: 'more' }, decidedBy: 'PRIORITY' })
    expect(sent.trace.candidates.map(({ campaignId, definition }) => `${campaignId} ${definition}`)).toEqual([
      'A more',
      'B flow',
      'A flow',
    ])
    expect(stage.person('F').journeys).toHaveLength(1)
  })
})

test('an alias of the account’s table is named in the trace; the folded spelling is not one', () => {
  const stage = new Stage(world())
  expect(stage.peek(on('2026-03-01', {}, { alias: 'bought' })).trace.alias).toEqual({ from: 'bought', to: 'purchase' })
  expect(stage.peek(on('2026-03-01')).trace.alias).toBeNull()
})
