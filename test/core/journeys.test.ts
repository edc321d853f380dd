// How journeys begin, go on, end and begin again, also when events come late.

import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/core/rules/rule.ts'
import type { JourneyFacts } from '../../src/core/targeting/facts.ts'
import { passagesAt } from '../../src/core/targeting/journeys.ts'
import { type EventSetup, type HintSetup, type JourneySetup, Stage, type WorldSetup, warningCodesOf } from './stage.ts'

const world = (journey: Partial<JourneySetup>, more: JourneySetup[] = []): WorldSetup => ({
  programs: [{ id: 'P' }],
  campaigns: [
    {
      id: 'A',
      program: 'P',
      journeys: [{ name: 'flow', role: 'PARTICIPANT', events: ['click', 'purchase'], ...journey }, ...more],
    },
  ],
})

const isGold: Rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }

const on = (at: string, name = 'purchase', more: Partial<EventSetup> = {}): EventSetup => ({
  name,
  person: 'F',
  at: at.includes('T') ? at : `${at}T12:00:00Z`,
  ...more,
})

const journeyOf = (stage: Stage, id: string | null) => {
  const journey = stage.person('F').journeys.find((known) => known.id === id)
  if (!journey) throw new Error(`no journey ${id}`)
  return journey
}

const iso = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString().slice(0, 10))

describe('a journey', () => {
  test('begins with its first event and takes the later ones', () => {
    const stage = new Stage(world({}))
    const first = stage.send(on('2026-03-01'))
    const second = stage.send(on('2026-03-02'))
    expect(first).toMatchObject({
      journey: { passage: 'NEW' },
      effects: { journeyCreated: { campaignId: 'A', definition: 'flow' } },
    })
    expect(second).toMatchObject({ journey: { passage: 'ACTIVE' }, effects: { journeyCreated: null } })
    expect(second.effects.journeyTouched).toMatchObject({
      id: first.effects.journeyId,
      isLatest: true,
      isReopened: false,
    })
    expect(stage.person('F').journeys).toHaveLength(1)
  })

  test('begins only by an event that may start it', () => {
    const stage = new Stage(world({ startEvents: ['click'] }))
    const early = stage.peek(on('2026-03-01'))
    expect(early).toMatchObject({ reason: 'EVENT_NOT_SUPPORTED' })
    expect(early.trace.nearMiss).toEqual({
      campaignId: 'A',
      code: 'EVENT_NOT_SUPPORTED',
      detail: { events: ['click'], definition: 'flow' },
    })
    stage.send(on('2026-03-01', 'click'))
    expect(stage.peek(on('2026-03-02')).campaignId).toBe('A')
  })

  test('is one per key, which is text found in the event’s data', () => {
    const stage = new Stage(world({ keyField: 'order.id' }))
    const order = (id: unknown) =>
      stage.send(on('2026-03-01', 'purchase', { data: { order: { id } } })).effects.journeyId
    const first = order(17)
    expect(order(18)).not.toBe(first)
    expect(order('17')).toBe(first)
    expect(order({ number: 17 })).not.toBe(first)
    expect(stage.person('F').journeys.map(({ key }) => key)).toEqual(['17', '18', ''])
  })

  test('asks its entry criteria of those who enter, not of those inside', () => {
    const stage = new Stage(world({ entry: isGold }))
    expect(stage.peek(on('2026-03-01')).reason).toBe('ENTRY_CRITERIA_FAILED')
    stage.person('F').fields = { tier: 'gold' }
    const entered = stage.send(on('2026-03-01'))
    stage.person('F').fields = { tier: 'silver' }
    expect(stage.send(on('2026-03-02')).effects.journeyId).toBe(entered.effects.journeyId)
  })

  test('is closed to those of whom a criterion is unknown, and to those of whom its negation is', () => {
    expect(new Stage(world({ entry: isGold })).peek(on('2026-03-01')).reason).toBe('ENTRY_CRITERIA_FAILED')
    expect(new Stage(world({ entry: { not: isGold } })).peek(on('2026-03-01')).reason).toBe('ENTRY_CRITERIA_FAILED')
  })

  test('ends at an event at which its ongoing criteria fail, and the same event cannot begin it again', () => {
    const stage = new Stage(world({ ongoing: isGold }))
    const first = stage.send(on('2026-03-01'))
    expect(first.status).toBe('ATTRIBUTED')
    const failed = stage.send(on('2026-03-02'))
    expect(failed).toMatchObject({ reason: 'ONGOING_CRITERIA_FAILED' })
    expect(failed.effects.journeysExited).toEqual([
      { journeyId: first.effects.journeyId, at: Date.parse('2026-03-02T12:00:00Z') },
    ])
    expect(iso([journeyOf(stage, first.effects.journeyId).exitedAt ?? 0])).toEqual(['2026-03-02'])
  })

  test('ends also when another campaign wins', () => {
    const flow: JourneySetup = { name: 'flow', role: 'PARTICIPANT', events: ['purchase'] }
    const stage = new Stage({
      programs: [{ id: 'P' }],
      campaigns: [
        { id: 'A', program: 'P', journeys: [{ ...flow, ongoing: isGold }] },
        { id: 'B', program: 'P', state: 'DRAFT', journeys: [flow] },
      ],
    })
    const first = stage.send(on('2026-03-01'))
    stage.changeState('B', 'LIVE')
    const won = stage.send(on('2026-03-02'))
    expect(won).toMatchObject({ campaignId: 'B', decidedBy: 'ONLY_CANDIDATE' })
    expect(won.effects.journeysExited).toMatchObject([{ journeyId: first.effects.journeyId }])
  })

  test('runs out exactly at its last activity plus the limit', () => {
    const stage = new Stage(world({ inactivityDays: 7, reentry: 'NEW_AFTER_EXIT' }))
    const first = stage.send(on('2026-03-01T12:00:00Z'))
    expect(stage.peek(on('2026-03-08T11:59:59.999Z')).journey).toMatchObject({ passage: 'ACTIVE' })
    const second = stage.send(on('2026-03-08T12:00:00Z'))
    expect(second.journey).toMatchObject({ passage: 'NEW' })
    // Nobody had written the end down until now.
    expect(second.effects.journeysExited).toEqual([
      { journeyId: first.effects.journeyId, at: Date.parse('2026-03-08T12:00:00Z') },
    ])
  })

  test('advances the other active flows of the winning campaign without credit', () => {
    const stage = new Stage(
      world({}, [{ name: 'other', role: 'PARTICIPANT', priority: 50, events: ['purchase', 'visit'] }]),
    )
    const other = stage.send(on('2026-03-01', 'visit'))
    const flow = stage.send(on('2026-03-02'))
    expect(flow).toMatchObject({ decidedBy: 'PRIORITY', journey: { definition: 'flow' } })
    expect(flow.effects.steps).toMatchObject([
      { kind: 'ENTERED' },
      { kind: 'ADVANCED', journeyId: other.effects.journeyId },
    ])
    expect(iso(journeyOf(stage, other.effects.journeyId).activities)).toEqual(['2026-03-01'])
  })
})

describe('after an exit', () => {
  const leave = (reentry: JourneySetup['reentry']) => {
    const stage = new Stage(world({ reentry, ongoing: { not: { field: { field: 'gone', op: 'EXISTS' } } } }))
    const first = stage.send(on('2026-03-01'))
    stage.person('F').fields = { gone: true }
    stage.send(on('2026-03-02'))
    stage.person('F').fields = {}
    return { stage, first }
  }

  test('CONTINUE takes the old journey up again, as a NEW candidate', () => {
    const { stage, first } = leave('CONTINUE')
    const back = stage.send(on('2026-03-03'))
    expect(back.journey).toMatchObject({ passage: 'RESUMED', id: first.effects.journeyId })
    expect(back.trace.candidates[0]?.journeyId).toBeNull()
    expect(back.effects.journeyTouched).toMatchObject({ isReopened: true })
    expect(journeyOf(stage, first.effects.journeyId).exitedAt).toBeNull()
    expect(stage.peek(on('2026-03-04')).journey?.passage).toBe('ACTIVE')
  })

  test('NEW_AFTER_EXIT begins another', () => {
    const { stage, first } = leave('NEW_AFTER_EXIT')
    const back = stage.send(on('2026-03-03'))
    expect(back.effects.journeyId).not.toBe(first.effects.journeyId)
    expect(stage.person('F').journeys).toHaveLength(2)
  })

  test('an event at the very instant of the exit comes after it', () => {
    const { stage, first } = leave('NEW_AFTER_EXIT')
    expect(stage.peek(on('2026-03-02')).journey?.passage).toBe('NEW')
    expect(stage.peek(on('2026-03-02T11:59:59.999Z')).journey?.id).toBe(first.effects.journeyId)
  })

  test('NEVER_AGAIN refuses', () => {
    const { stage, first } = leave('NEVER_AGAIN')
    const back = stage.send(on('2026-03-03'))
    expect(back).toMatchObject({ reason: 'REENTRY_FORBIDDEN' })
    expect(back.trace.nearMiss?.detail).toEqual({ definition: 'flow', journeyId: first.effects.journeyId })
  })
})

describe('a late event', () => {
  test('finds journeys as they were at its time, and never lowers a later last activity', () => {
    const stage = new Stage(world({}))
    const first = stage.send(on('2026-03-01'))
    stage.send(on('2026-03-05'))
    const late = stage.send(on('2026-03-03'))
    expect(late.journey).toMatchObject({ passage: 'ACTIVE', id: first.effects.journeyId })
    expect(late.effects.journeyTouched).toMatchObject({ isLatest: false })
    expect(late.trace.ranking[0]?.JOURNEY_RECENCY).toBe('2026-03-01T12:00:00.000Z')
  })

  test('joins a journey that began after it rather than begin a second', () => {
    const stage = new Stage(world({ reentry: 'NEW_AFTER_EXIT' }))
    const first = stage.send(on('2026-03-05'))
    const late = stage.send(on('2026-03-01'))
    expect(late.journey).toMatchObject({ passage: 'JOINED', id: first.effects.journeyId })
    expect(late.effects).toMatchObject({ journeyCreated: null, journeyTouched: { isLatest: false } })
    expect(late.trace.candidates[0]?.journeyId).toBeNull()
    expect(stage.peek(on('2026-03-02')).journey?.passage).toBe('ACTIVE')
  })

  test('joins a journey that had run out at its time and went on after it', () => {
    const stage = new Stage(world({ inactivityDays: 2 }))
    const first = stage.send(on('2026-03-01'))
    stage.send(on('2026-03-20'))
    expect(stage.send(on('2026-03-10')).journey).toMatchObject({ passage: 'JOINED', id: first.effects.journeyId })
  })

  test('does not end a journey that went on after it', () => {
    const stage = new Stage(world({ ongoing: isGold, entry: null }))
    stage.person('F').fields = { tier: 'gold' }
    const first = stage.send(on('2026-03-01'))
    stage.send(on('2026-03-05'))
    stage.person('F').fields = {}
    const late = stage.send(on('2026-03-03'))
    expect(late).toMatchObject({ reason: 'ONGOING_CRITERIA_FAILED', effects: { journeysExited: [] } })
    expect(journeyOf(stage, first.effects.journeyId).exitedAt).toBeNull()
  })

  test('inside the window of a campaign counts, though the window has passed since', () => {
    const stage = new Stage({
      programs: [{ id: 'P' }],
      campaigns: [
        {
          id: 'A',
          program: 'P',
          startsAt: '2026-03-01T00:00:00Z',
          endsAt: '2026-03-10T00:00:00Z',
          journeys: [{ name: 'flow', role: 'PARTICIPANT', events: ['purchase'] }],
        },
      ],
    })
    expect(stage.peek(on('2026-03-01T00:00:00Z')).campaignId).toBe('A')
    expect(stage.peek(on('2026-03-09T23:59:59.999Z')).campaignId).toBe('A')
    expect(stage.peek(on('2026-03-10T00:00:00Z'))).toMatchObject({
      reason: 'OUTSIDE_WINDOW',
      trace: { nearMiss: { detail: { startsAt: '2026-03-01T00:00:00.000Z', endsAt: '2026-03-10T00:00:00.000Z' } } },
    })
    expect(stage.peek(on('2026-02-28T23:59:59.999Z')).reason).toBe('OUTSIDE_WINDOW')
  })

  test('of a campaign that has been stopped since is not credited to it', () => {
    const stage = new Stage(world({}))
    stage.send(on('2026-03-01'))
    stage.changeState('A', 'STOPPED')
    expect(stage.peek(on('2026-03-01'))).toMatchObject({
      reason: 'CAMPAIGN_NOT_LIVE',
      trace: { nearMiss: { detail: { state: 'STOPPED' } } },
    })
  })
})

describe('a paused campaign', () => {
  test('keeps those inside, also for another event of their flow, and begins no second flow for them', () => {
    const stage = new Stage(world({}, [{ name: 'other', role: 'PARTICIPANT', priority: 500, events: ['purchase'] }]))
    stage.send(on('2026-03-01', 'click'))
    stage.changeState('A', 'PAUSED')
    expect(stage.peek(on('2026-03-02'))).toMatchObject({
      campaignId: 'A',
      journey: { definition: 'flow', passage: 'ACTIVE' },
    })
  })

  test('does not take up again those who left', () => {
    const stage = new Stage(world({ inactivityDays: 2 }))
    stage.send(on('2026-03-01'))
    stage.changeState('A', 'PAUSED')
    expect(stage.peek(on('2026-03-04')).reason).toBe('CAMPAIGN_NOT_LIVE')
  })
})

describe('the ranking', () => {
  const two = (a: Partial<JourneySetup> = {}, b: Partial<JourneySetup> = {}): WorldSetup => ({
    programs: [{ id: 'P' }],
    campaigns: [
      { id: 'B', program: 'P', journeys: [{ name: 'flow', role: 'PARTICIPANT', events: ['click', 'purchase'], ...b }] },
      { id: 'A', program: 'P', journeys: [{ name: 'flow', role: 'PARTICIPANT', events: ['click', 'purchase'], ...a }] },
    ],
  })
  const clicks = (stage: Stage, at: string, hints: HintSetup) => stage.send(on(at, 'click', { hints }))

  test('prefers the journey that the event’s partner id came with before, over a fresher one', () => {
    const stage = new Stage(two())
    clicks(stage, '2026-03-01', { journeyCampaignId: 'A', partnerId: 'p1' })
    clicks(stage, '2026-03-02', { journeyCampaignId: 'B', partnerId: 'p2' })
    const ask = (partnerId: string, at = '2026-03-03') => stage.peek(on(at, 'purchase', { hints: { partnerId } }))
    expect(ask('p1')).toMatchObject({ campaignId: 'A', decidedBy: 'PARTNER_ID', partnerId: 'p1' })
    expect(ask('p2')).toMatchObject({ campaignId: 'B', decidedBy: 'PARTNER_ID' })
    expect(ask('p3')).toMatchObject({ campaignId: 'B', decidedBy: 'JOURNEY_RECENCY' })
  })

  test('knows a partner id from the first event on that it came with, and not before', () => {
    const stage = new Stage(two())
    clicks(stage, '2026-03-01', { journeyCampaignId: 'A' })
    clicks(stage, '2026-03-03', { journeyCampaignId: 'A', partnerId: 'p1' })
    clicks(stage, '2026-03-05', { journeyCampaignId: 'A', partnerId: 'p1' })
    clicks(stage, '2026-03-02', { journeyCampaignId: 'B' })
    const ask = (at: string) => stage.peek(on(at, 'purchase', { hints: { partnerId: 'p1' } }))
    expect(ask('2026-03-02T20:00:00Z')).toMatchObject({ campaignId: 'B', decidedBy: 'JOURNEY_RECENCY' })
    expect(ask('2026-03-04')).toMatchObject({ campaignId: 'A', decidedBy: 'PARTNER_ID' })
  })

  test('prefers an old journey to none at all', () => {
    const stage = new Stage(two())
    clicks(stage, '2025-03-01', { journeyCampaignId: 'B' })
    expect(stage.peek(on('2026-03-03'))).toMatchObject({ campaignId: 'B', decidedBy: 'JOURNEY_RECENCY' })
  })

  test('falls back on ids where all else is equal', () => {
    const stage = new Stage(two())
    for (const campaign of stage.campaigns) campaign.firstLiveAt = null
    stage.changeState('A', 'LIVE')
    expect(stage.peek(on('2026-03-03'))).toMatchObject({ campaignId: 'A', decidedBy: 'ID' })
  })

  test('takes priorities below zero', () => {
    const stage = new Stage(two({ priority: -1 }, { priority: -2 }))
    expect(stage.peek(on('2026-03-03'))).toMatchObject({ campaignId: 'A', decidedBy: 'PRIORITY' })
  })
})

describe('before any campaign is looked at', () => {
  test('a blocked person, a bot, a malformed target and an unresolved hint end targeting, in this order', () => {
    const stage = new Stage(world({}))
    const hints = { strictHints: true, couponCode: 'NOPE' }
    const bot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
    const ask = (more: Partial<EventSetup>) => stage.peek(on('2026-03-01', 'purchase', { hints, ...more })).reason
    expect(ask({})).toBe('HINT_UNRESOLVED')
    expect(ask({ data: { target: 'nothing' } })).toBe('TARGET_MALFORMED')
    expect(ask({ data: { target: 'nothing' }, userAgent: bot })).toBe('BOT')
    stage.person('F').blocked = true
    expect(ask({ data: { target: 'nothing' }, userAgent: bot })).toBe('PERSON_BLOCKED')
    const blocked = stage.peek(on('2026-03-01', 'purchase', { hints }))
    expect(warningCodesOf(blocked)).toEqual(['HINT_UNKNOWN'])
    expect(blocked.trace).toMatchObject({ campaigns: [], candidates: [], nearMiss: null })
  })

  test.each([
    ['facebookexternalhit/1.1', 'BOT'],
    ['WhatsApp/2.23.20.0', 'BOT'],
    ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'BOT'],
    ['Mozilla/5.0 (compatible; Barracuda Sentinel (EE))', 'BOT'],
    ['Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense', 'BOT'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36',
      'BOT',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
      null,
    ],
    ['okhttp/4.12.0', null],
    ['MyShop/1 CFNetwork/1333.0.4 Darwin/21.5.0', null],
    ['axios/1.7.2', null],
    ['', null],
  ])('the user agent %j gives %s', (userAgent, reason) => {
    expect(new Stage(world({})).peek(on('2026-03-01', 'purchase', { userAgent })).reason).toBe(reason)
  })
})

test('of two journeys of one person that began at the same later time, a late event joins that of the smaller id', () => {
  const t = Date.parse('2026-03-03')
  const begun = (id: string, activities: number[]): JourneyFacts => ({
    ...{ id, personId: 'F', campaignId: 'C', definition: 'one', role: 'PARTICIPANT', key: '', relationshipId: null },
    ...{ startedAt: Date.parse('2026-03-05'), exitedAt: null, activities, partnerIds: new Map() },
  })
  // The other was active before, too, and has run out since.
  const journeys = [
    begun('b', [Date.parse('2026-03-01'), Date.parse('2026-03-05')]),
    begun('a', [Date.parse('2026-03-05')]),
  ]
  expect(passagesAt(journeys, { inactivityMs: 2 * 86_400_000 }, t).later?.id).toBe('a')
})
