// Every decision explains itself: what was read, who fell where and why, how the rest ranked, and what was nearest.

import { describe, expect, test } from 'vitest'
import { type CampaignSetup, type EventSetup, Stage, type WorldSetup } from './stage.ts'

const buyer = (priority = 100): CampaignSetup['journeys'] => [
  { name: 'buyer', role: 'PARTICIPANT', priority, events: ['purchase'] },
]

const purchase: EventSetup = { name: 'purchase', person: 'F', at: '2026-03-10T12:00:00Z' }

const of = (campaigns: CampaignSetup[], more: Partial<WorldSetup> = {}): Stage =>
  new Stage({
    programs: [
      { id: 'P', labels: ['refer'] },
      { id: 'Q', labels: ['vip'] },
    ],
    campaigns,
    ...more,
  })

describe('the trace of a credited event', () => {
  const stage = of(
    [
      { id: 'A', program: 'P', journeys: buyer(100) },
      { id: 'B', program: 'P', journeys: buyer(300) },
      { id: 'C', program: 'P', journeys: buyer(200) },
      { id: 'D', program: 'Q', journeys: buyer(400) },
      { id: 'E', program: 'P', state: 'ENDED', journeys: buyer() },
      { id: 'F', program: 'P', journeys: [{ name: 'visitor', role: 'PARTICIPANT', events: ['visit'] }] },
      {
        id: 'G',
        program: 'P',
        journeys: [
          {
            name: 'gold',
            role: 'PARTICIPANT',
            events: ['purchase'],
            entry: { field: { field: 'tier', op: 'EQ', value: 'gold' } },
          },
        ],
      },
    ],
    { codes: [{ kind: 'COUPON', code: 'CABC', campaigns: ['A', 'B', 'C', 'D'] }] },
  )
  const { trace, decidedBy } = stage.peek({
    ...purchase,
    alias: 'bought',
    hints: { couponCode: 'cabc', shareId: 'nope', label: 'refer', partnerId: 'p' },
  })

  test('tells what became of each hint', () => {
    expect(trace.hints).toEqual([
      { hint: 'COUPON_CODE', value: 'cabc', fate: 'APPLIED', detail: null },
      { hint: 'SHARE_ID', value: 'nope', fate: 'HINT_UNKNOWN', detail: null },
      { hint: 'LABEL', value: 'refer', fate: 'APPLIED', detail: null },
      { hint: 'PARTNER_ID', value: 'p', fate: 'READ', detail: null },
    ])
    expect(trace.alias).toEqual({ from: 'bought', to: 'purchase' })
  })

  test('lists every campaign with the phase and code where it fell, the furthest first', () => {
    expect(trace.campaigns).toEqual([
      { campaignId: 'D', phase: null, code: null },
      { campaignId: 'B', phase: null, code: null },
      { campaignId: 'C', phase: null, code: null },
      { campaignId: 'A', phase: null, code: null },
      { campaignId: 'G', phase: 'CANDIDATES', code: 'ENTRY_CRITERIA_FAILED' },
      { campaignId: 'F', phase: 'PRE_SCREEN', code: 'EVENT_NOT_SUPPORTED' },
      { campaignId: 'E', phase: 'PRE_SCREEN', code: 'CAMPAIGN_NOT_LIVE' },
    ])
  })

  test('lists every candidate, the winner first, and what each of the others lost by', () => {
    expect(decidedBy).toBe('PRIORITY')
    expect(trace.candidates.map(({ campaignId, phase, code }) => ({ campaignId, phase, code }))).toEqual([
      { campaignId: 'B', phase: null, code: null },
      { campaignId: 'C', phase: 'RANKING', code: 'PRIORITY' },
      { campaignId: 'A', phase: 'RANKING', code: 'PRIORITY' },
      { campaignId: 'D', phase: 'SOFT_HINTS', code: 'LABEL' },
      { campaignId: 'G', phase: 'CANDIDATES', code: 'ENTRY_CRITERIA_FAILED' },
    ])
  })

  test('has the vector of each that was ranked, and the key that decided', () => {
    expect(trace.ranking.map(({ candidate, PRIORITY }) => [candidate, PRIORITY])).toEqual([
      [0, 300],
      [1, 200],
      [2, 100],
    ])
    expect(trace.ranking[0]).toMatchObject({
      PARTNER_ID: false,
      JOURNEY_RECENCY: null,
      CAMPAIGN_RECENCY: '2026-01-01T00:00:00.001Z',
    })
    expect(trace).toMatchObject({
      decidingKey: 'PRIORITY',
      runnerUp: 1,
      nearMiss: null,
      cut: { campaigns: 0, candidates: 0 },
    })
  })

  test('survives as JSON', () => {
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace)
  })
})

describe('the near miss', () => {
  test('is the campaign that got furthest; of equals the one of the highest priority, then the smaller id', () => {
    const stage = of([
      { id: 'A', program: 'P', journeys: [{ name: 'f', role: 'FRIEND', priority: 10, events: ['purchase'] }] },
      { id: 'C', program: 'P', journeys: [{ name: 'f', role: 'FRIEND', priority: 20, events: ['purchase'] }] },
      { id: 'B', program: 'P', journeys: [{ name: 'f', role: 'FRIEND', priority: 20, events: ['purchase'] }] },
      { id: 'X', program: 'P', state: 'STOPPED', journeys: buyer(900) },
    ])
    expect(stage.peek(purchase)).toMatchObject({
      reason: 'NO_REFERRAL',
      trace: { nearMiss: { campaignId: 'B', code: 'NO_REFERRAL' } },
    })
  })

  test('names the conditions in the way, with the values seen', () => {
    const stage = of([
      {
        id: 'A',
        program: 'P',
        journeys: [
          {
            name: 'buyer',
            role: 'PARTICIPANT',
            events: ['purchase'],
            entry: {
              all: [
                { field: { field: 'tier', op: 'EQ', value: 'gold' } },
                { field: { field: 'age', op: 'GTE', value: 18 } },
              ],
            },
          },
        ],
      },
    ])
    stage.person('F').fields = { age: 17, tier: 'gold' }
    expect(stage.peek(purchase).trace.nearMiss).toEqual({
      campaignId: 'A',
      code: 'ENTRY_CRITERIA_FAILED',
      detail: {
        definition: 'buyer',
        conditions: [{ at: 'all[1].field', field: 'age', op: 'GTE', value: 18, seen: 17, truth: 'FALSE' }],
      },
    })
  })

  test('of a campaign’s flows is the furthest', () => {
    const stage = of([
      {
        id: 'A',
        program: 'P',
        journeys: [
          { name: 'starter', role: 'PARTICIPANT', events: ['purchase', 'visit'], startEvents: ['visit'] },
          { name: 'friend', role: 'FRIEND', events: ['purchase'] },
        ],
      },
    ])
    expect(stage.peek(purchase)).toMatchObject({
      reason: 'NO_REFERRAL',
      trace: { nearMiss: { detail: { definition: 'friend' } } },
    })
  })

  test('without any campaign there is none', () => {
    expect(of([]).peek(purchase)).toMatchObject({ reason: 'NO_CAMPAIGN', trace: { nearMiss: null } })
  })

  test('tells the events that the nearest campaign would have taken', () => {
    expect(of([{ id: 'A', program: 'P', journeys: buyer() }]).peek({ ...purchase, name: 'visit' })).toMatchObject({
      reason: 'EVENT_NOT_SUPPORTED',
      trace: { nearMiss: { campaignId: 'A', detail: { events: ['purchase'] } } },
    })
  })
})

describe('the size of a trace', () => {
  const many = (count: number, more: Partial<CampaignSetup> = {}): CampaignSetup[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `M${String(i).padStart(4, '0')}`,
      program: 'P',
      journeys: buyer(),
      ...more,
    }))

  test('is fifty campaigns and fifty candidates at most, and says how many it leaves out', () => {
    const { trace } = of(many(60)).peek(purchase)
    expect(trace.campaigns).toHaveLength(50)
    expect(trace.candidates).toHaveLength(50)
    expect(trace.ranking).toHaveLength(50)
    expect(trace.cut).toEqual({ campaigns: 10, candidates: 10 })
    // The winner went live last and is named last, so it must have been kept.
    expect(trace.candidates[0]?.campaignId).toBe('M0059')
  })

  test('keeps those that went furthest', () => {
    const kept = (count: number) => many(count).map(({ id }) => id)
    const traceOf = (count: number) => {
      const codes = [{ kind: 'COUPON' as const, code: 'C', campaigns: kept(count) }]
      const { trace } = of(many(60), { codes }).peek({ ...purchase, hints: { couponCode: 'C' } })
      const inPhase = (wanted: string) => trace.candidates.filter(({ phase }) => phase === wanted).length
      return { ranked: inPhase('RANKING'), fallen: inPhase('EXPLICIT_HINTS'), cut: trace.cut.candidates }
    }
    expect(traceOf(55)).toEqual({ ranked: 49, fallen: 0, cut: 10 })
    expect(traceOf(45)).toEqual({ ranked: 44, fallen: 5, cut: 10 })
  })

  test('in an account of many campaigns counts those that do not support the event', () => {
    const stage = of([
      ...many(60, { journeys: [{ name: 'v', role: 'PARTICIPANT', events: ['visit'] }] }),
      { id: 'A', program: 'P', journeys: buyer() },
    ])
    expect(stage.peek(purchase).trace).toMatchObject({ campaigns: [{ campaignId: 'A' }], cut: { campaigns: 60 } })
  })
})

describe('the furthest of many campaigns', () => {
  const day = (n: number): string => new Date(Date.UTC(2026, 2, n)).toISOString()
  const visitor = (priority: number): CampaignSetup['journeys'] => [
    { name: 'v', role: 'PARTICIPANT', priority, events: ['visit'] },
  ]

  test('is found in the window of the event, whatever the windows of the others', () => {
    const stage = of([
      { id: 'A', program: 'P', startsAt: day(1), endsAt: day(10), journeys: visitor(50) },
      { id: 'B', program: 'P', startsAt: day(5), endsAt: day(20), journeys: visitor(90) },
      { id: 'C', program: 'P', startsAt: day(8), journeys: visitor(70) },
      { id: 'D', program: 'P', endsAt: day(3), journeys: visitor(60) },
      { id: 'E', program: 'P', startsAt: day(12), endsAt: day(12), journeys: visitor(999) },
      { id: 'S', program: 'P', state: 'STOPPED', journeys: visitor(1000) },
    ])
    const nearest = (n: number) => stage.peek({ ...purchase, at: day(n) }).trace.nearMiss
    expect([0, 1, 3, 5, 8, 12, 20, 99].map((n) => nearest(n)?.campaignId)).toEqual([
      'D',
      'D',
      'A',
      'B',
      'B',
      'B',
      'C',
      'C',
    ])
  })

  test('is one outside its window where none is inside, and one that is not live where none is', () => {
    const over: CampaignSetup[] = [
      { id: 'A', program: 'P', endsAt: day(1), journeys: visitor(50) },
      { id: 'S', program: 'P', state: 'STOPPED', journeys: visitor(1000) },
    ]
    expect(of(over).peek(purchase)).toMatchObject({
      reason: 'OUTSIDE_WINDOW',
      trace: { nearMiss: { campaignId: 'A' } },
    })
    expect(of(over.slice(1)).peek(purchase)).toMatchObject({
      reason: 'CAMPAIGN_NOT_LIVE',
      trace: { nearMiss: { campaignId: 'S' } },
    })
  })

  test('is a paused one where the person is inside', () => {
    const stage = of([
      { id: 'A', program: 'P', journeys: visitor(50) },
      { id: 'S', program: 'P', state: 'STOPPED', journeys: visitor(1000) },
      ...Array.from(
        { length: 30 },
        (_, i): CampaignSetup => ({ id: `T${i}`, program: 'P', state: 'ENDED', journeys: [] }),
      ),
    ])
    stage.send({ ...purchase, name: 'visit' })
    stage.changeState('A', 'PAUSED')
    expect(stage.peek(purchase)).toMatchObject({
      reason: 'EVENT_NOT_SUPPORTED',
      trace: { nearMiss: { campaignId: 'A' } },
    })
    expect(stage.peek({ ...purchase, person: 'G' })).toMatchObject({ reason: 'CAMPAIGN_NOT_LIVE' })
  })
})
