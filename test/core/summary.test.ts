// What a support agent reads aloud: the decision in plain sentences, word by word.

import { describe, expect, test } from 'vitest'
import {
  type DecidedBy,
  type Trace,
  unattributedReasons,
  type Warning,
  warningCodes,
} from '../../src/core/targeting/decision.ts'
import { type Names, type Summarised, summaryOf } from '../../src/core/targeting/summary.ts'
import { conditionWords } from '../../src/core/targeting/summary-conditions.ts'
import { remedyWords } from '../../src/core/targeting/summary-remedy.ts'
import { DecidedBy as decidedBys } from '../../src/generated/prisma/enums.ts'
import { type CampaignSetup, type EventSetup, type JourneySetup, Stage, type WorldSetup } from './stage.ts'

const titles: Record<string, string> = { A: 'Spring', B: 'Winter', O: 'Old' }

const buyer = (more: Partial<JourneySetup> = {}): JourneySetup[] => [
  { name: 'buyer', role: 'PARTICIPANT', events: ['purchase'], ...more },
]
const friend = (more: Partial<JourneySetup> = {}): JourneySetup[] => [
  { name: 'friend', role: 'FRIEND', events: ['purchase'], ...more },
]

const purchase: EventSetup = { name: 'purchase', person: 'F', at: '2026-03-03T12:00:00Z' }

const of = (campaigns: Omit<CampaignSetup, 'program'>[], more: Partial<WorldSetup> = {}): Stage =>
  new Stage({
    programs: [{ id: 'P', name: 'Referrals', labels: ['refer'] }],
    campaigns: campaigns.map((campaign) => ({ program: 'P', ...campaign })),
    ...more,
  })

/** The summary of the event, as it would be decided on that stage. */
function say(stage: Stage, setup: EventSetup, more: Partial<Names> = {}): string {
  const decision = stage.peek(setup)
  return summaryOf(decision, namesOn(stage, setup, { journeyName: decision.journey?.definition ?? null, ...more }))
}

function namesOn(stage: Stage, setup: EventSetup, more: Partial<Names> = {}): Names {
  return {
    event: { name: setup.name, at: Date.parse(setup.at) },
    origin: null,
    journeyName: null,
    campaign: (id) => titles[id] ?? null,
    program: () => 'Referrals',
    audience: () => 'Friends of the house',
    person: () => null,
    code: (text) => {
      const ids = stage.world.codes.get(text)?.campaignIds ?? []
      const campaigns = stage.campaigns.filter(({ id }) => ids.includes(id))
      return { campaigns: campaigns.map(({ id, state }) => ({ name: titles[id] ?? id, state })) }
    },
    ...more,
  }
}

describe('a credited event', () => {
  test('by a coupon: who got it, the advocate, the coupon, the runner-up, and the share that was not followed', () => {
    const stage = of(
      [
        {
          id: 'A',
          journeys: [
            ...friend({ priority: 100 }),
            { name: 'buyer', role: 'PARTICIPANT', events: ['purchase'], priority: 50 },
          ],
        },
        { id: 'B', journeys: buyer({ priority: 900 }) },
        { id: 'O', state: 'STOPPED', journeys: buyer() },
      ],
      {
        codes: [
          { kind: 'COUPON', code: 'SAVE10', campaign: 'A' },
          { kind: 'ADVOCATE_CODE', code: 'ADA', campaign: 'A', advocate: 'X' },
          { kind: 'SHARE', code: 'S1', campaign: 'O' },
        ],
      },
    )
    stage.send({ ...purchase, at: '2026-02-01T00:00:00Z', hints: { advocateCode: 'ADA' } })
    const event = { ...purchase, hints: { couponCode: 'save10', shareId: 's1' } }
    expect(say(stage, event, { person: () => 'Ada' })).toBe(
      'The purchase of 3 March 2026 was credited to the campaign “Spring” (flow “friend”), with Ada as the advocate. ' +
        'The coupon SAVE10 settled it. ' +
        'The runner-up was the flow “buyer” of the same campaign, which lost on priority (100 against 50). ' +
        'The share S1 was not followed: it belongs to “Old”, which was stopped.',
    )
    expect(say(stage, event)).toContain('(flow “friend”), and to the advocate who referred the person. ')
  })

  test('by priority: the runner-up and both priorities, in one sentence', () => {
    const stage = of([
      { id: 'A', journeys: buyer({ priority: 100 }) },
      { id: 'B', journeys: buyer({ priority: 50 }) },
    ])
    expect(say(stage, purchase)).toBe(
      'The purchase of 3 March 2026 was credited to the campaign “Spring” (flow “buyer”). ' +
        'The runner-up was “Winter”, which lost on priority (100 against 50).',
    )
  })

  test('by the activity of the journey: both days, or the times where it was one day', () => {
    const stage = of([
      { id: 'A', journeys: buyer({ events: ['purchase', 'visit'] }) },
      { id: 'B', journeys: buyer({ events: ['purchase', 'click'] }) },
    ])
    stage.send({ ...purchase, name: 'visit', at: '2026-03-02T09:30:00Z' })
    expect(say(stage, purchase)).toContain(
      'The runner-up was “Winter”, which lost on the person’s latest activity (2 March 2026 against none).',
    )
    stage.send({ ...purchase, name: 'click', at: '2026-03-02T11:00:00Z' })
    expect(say(stage, purchase)).toContain(
      'The runner-up was “Spring”, which lost on the person’s latest activity (2 March 2026 at 11:00 UTC against 2 March 2026 at 09:30 UTC).',
    )
  })

  test('that nothing else could take, and an event of two words', () => {
    const stage = of([{ id: 'A', journeys: buyer({ events: ['signed_up'] }) }])
    expect(say(stage, { ...purchase, name: 'signed_up' })).toBe(
      'The event “signed up” of 3 March 2026 was credited to the campaign “Spring” (flow “buyer”). It was the only one that could take the event.',
    )
  })

  test('with the code of one’s own: no advocate, and low quality, said once', () => {
    const stage = of([{ id: 'A', journeys: friend() }], {
      codes: [{ kind: 'ADVOCATE_CODE', code: 'ME', campaign: 'A', advocate: 'F' }],
    })
    expect(say(stage, { ...purchase, hints: { advocateCode: 'ME' } })).toBe(
      'The purchase of 3 March 2026 was credited to the campaign “Spring” (flow “friend”). ' +
        'The advocate code ME settled it. ' +
        'The person came by a code of their own, so no advocate is credited and the quality counts as low.',
    )
  })

  test('that follows another of its transaction', () => {
    const stage = of([{ id: 'A', journeys: buyer() }])
    const decision: Summarised = { ...stage.peek(purchase), decidedBy: 'INHERITED' }
    const origin = { name: 'purchase', at: Date.parse('2026-02-27T23:59:00Z') }
    const names = namesOn(stage, { ...purchase, name: 'refund' }, { journeyName: 'buyer', origin })
    expect(summaryOf(decision, names)).toBe(
      'The refund of 3 March 2026 was credited to the campaign “Spring” (flow “buyer”). ' +
        'It follows the purchase of 27 February 2026, whose decision holds for it too.',
    )
  })

  test('has five sentences at most, and says how many remarks are left out', () => {
    const stage = of([{ id: 'A', journeys: buyer() }])
    const hints = { couponCodes: ['A1', 'A2', 'A3', 'A4', 'A5', 'A6'] }
    expect(say(stage, { ...purchase, hints })).toBe(
      'The purchase of 3 March 2026 was credited to the campaign “Spring” (flow “buyer”). ' +
        'It was the only one that could take the event. ' +
        'The coupon A1 was not followed: it is not known here. ' +
        'The coupon A2 was not followed: it is not known here. ' +
        'There are 4 more remarks about it.',
    )
  })
})

describe('an event that nobody is credited for', () => {
  test('without any campaign', () => {
    expect(say(of([]), purchase)).toBe(
      'The purchase of 3 March 2026 was credited to nobody: there was no campaign for it. ' +
        'It might have been credited had there been a campaign.',
    )
  })

  test('nor would be, where it was only tried; nor is it said that anybody was', () => {
    const told = (stage: ReturnType<typeof of>) =>
      summaryOf({ ...stage.peek(purchase), isHypothetical: true }, namesOn(stage, purchase))
    expect(told(of([]))).toContain('The purchase of 3 March 2026 would be credited to nobody: ')
    expect(told(of([{ id: 'A', journeys: buyer() }]))).toContain(
      'The purchase of 3 March 2026 would be credited to the campaign “Spring”',
    )
  })

  test('since the nearest campaign was stopped', () => {
    expect(say(of([{ id: 'A', state: 'STOPPED', journeys: buyer() }]), purchase)).toBe(
      'The purchase of 3 March 2026 was credited to nobody: no campaign was live. ' +
        'The nearest campaign was “Spring”: it would have matched had it been live, but it was stopped.',
    )
  })

  test('since it happened outside the window, with the window', () => {
    const stage = of([{ id: 'A', startsAt: '2026-04-01T00:00:00Z', endsAt: '2026-05-01T07:30:00Z', journeys: buyer() }])
    expect(say(stage, purchase)).toBe(
      'The purchase of 3 March 2026 was credited to nobody: no live campaign was running at that time. ' +
        'The nearest campaign was “Spring”: it would have matched had the event happened from 1 April 2026 on and before 1 May 2026 at 07:30 UTC.',
    )
  })

  test('since no campaign takes such an event, with those that would have done', () => {
    const stage = of([{ id: 'A', journeys: buyer({ events: ['purchase', 'signed_up'] }) }])
    expect(say(stage, { ...purchase, name: 'visit' })).toBe(
      'The visit of 3 March 2026 was credited to nobody: no running campaign takes such an event from this person. ' +
        'The nearest campaign was “Spring”: it would have matched had the event been purchase or signed up.',
    )
  })

  test('since it may not begin the flow', () => {
    const stage = of([{ id: 'A', journeys: buyer({ events: ['purchase', 'visit'], startEvents: ['visit'] }) }])
    expect(say(stage, purchase)).toContain('had the person begun its flow “buyer” before, with visit.')
  })

  test('since the person does not meet the conditions, without the values seen', () => {
    const entry = {
      all: [
        { field: { field: 'tier', op: 'EQ' as const, value: 'gold' } },
        { field: { field: 'age', op: 'GTE' as const, value: 18 } },
        { not: { field: { field: 'country', op: 'IN' as const, value: ['DE', 'AT'] } } },
      ],
    }
    const stage = of([{ id: 'A', journeys: buyer({ entry }) }])
    stage.person('F').fields = { tier: 'iron', country: 'DE' }
    const said = say(stage, purchase)
    expect(said).toBe(
      'The purchase of 3 March 2026 was credited to nobody: the person does not meet the conditions to enter. ' +
        'The nearest campaign was “Spring”: it would have matched had the person met the conditions to enter its flow “buyer” ' +
        '(tier is gold; age is at least 18, which is not known; not that country is one of DE or AT).',
    )
    expect(said).not.toContain('iron')
  })

  test('since what it asks for does not meet, and what of it', () => {
    const stage = of([{ id: 'A', journeys: buyer() }])
    const hints = { requiredLabels: ['vip'], require: [{ kind: 'PROGRAM' as const, value: 'refer' }] }
    expect(say(stage, { ...purchase, hints })).toBe(
      'The purchase of 3 March 2026 was credited to nobody: no campaign matches what the event asks for. ' +
        'The nearest campaign was “Spring”: it would have matched had the event not asked for the label “vip”.',
    )
  })

  test('since all that it asks for failed in another way', () => {
    const stage = of([{ id: 'A', state: 'PAUSED', journeys: buyer() }])
    const hints = { require: [{ kind: 'PROGRAM' as const, value: 'refer' }] }
    expect(say(stage, { ...purchase, hints })).toBe(
      'The purchase of 3 March 2026 was credited to nobody: of the campaigns that the event asks for none could take it, since no campaign was live. ' +
        'The nearest campaign was “Spring”: it would have matched had it been live, but it was paused and took only people who were on it already.',
    )
  })

  test('since nobody referred the person', () => {
    expect(say(of([{ id: 'A', journeys: friend() }]), purchase)).toContain(
      'nobody had referred the person. The nearest campaign was “Spring”: it would have matched had somebody referred the person before.',
    )
  })
})

describe('no summary tells', () => {
  const stage = of([{ id: 'A', journeys: buyer() }])

  test('an e-mail address or a phone number that came as a code', () => {
    const hints = { couponCodes: ['ada@example.com', '+49 30 901820', '+4930901820', 'SPRING-2026'] }
    const said = say(stage, { ...purchase, hints })
    expect(said).not.toMatch(/@|901820/i)
    expect(said).toContain('The coupon was not followed: it is not known here.')
    expect(said).toContain('The coupon SPRING-2026 was not followed: it is not known here.')
  })

  test('a partner’s id', () => {
    const warnings: Warning[] = [{ code: 'HINT_MALFORMED', hint: 'PARTNER_ID:person-4711', detail: null }]
    const said = summaryOf({ ...stage.peek(purchase), warnings }, namesOn(stage, purchase))
    expect(said).toContain('The partner’s id could not be read and was left out.')
    expect(said).not.toContain('4711')
  })

  // Every table is complete, since it would not compile otherwise; what is asked here is that none speaks in codes.
  test('a code, whatever was decided', () => {
    const trace: Trace = { ...stage.peek(purchase).trace, decidingKey: null, runnerUp: null }
    const told = (more: Partial<Summarised>): string =>
      summaryOf({ ...stage.peek(purchase), trace, ...more }, namesOn(stage, purchase))
    const said = [
      ...(Object.values(decidedBys) as DecidedBy[]).map((decidedBy) => told({ decidedBy })),
      ...warningCodes.map((code) => told({ warnings: [{ code, hint: 'COUPON_CODE:save10', detail: null }] })),
      ...unattributedReasons.map((reason) => told({ reason, decidedBy: null })),
      ...unattributedReasons.map((reason) =>
        remedyWords({ campaignId: 'A', code: reason, detail: {} }, reason, namesOn(stage, purchase)),
      ),
      ...unattributedReasons.map((detail) =>
        told({ warnings: [{ code: 'HINT_NOT_VIABLE', hint: 'COUPON_CODE:save10', detail }] }),
      ),
    ]
    expect(said).toHaveLength(15 + 12 + 3 * 15)
    for (const text of said) {
      expect(text).not.toMatch(/[A-Z]{2,}_|undefined|null|\b(COUPON|ATTRIBUTED|PRIORITY|BOT|MUTUAL)\b/)
      expect(text.replaceAll(/[“”]/g, '').match(/[.!?](?= |$)/g)?.length).toBeLessThanOrEqual(5)
    }
  })
})

describe('a condition in words', () => {
  const names = namesOn(of([]), purchase)
  const words = (leaf: Parameters<typeof conditionWords>[0]) => conditionWords(leaf, names)
  const seen = { seen: null, truth: 'FALSE' } as const

  test('of each kind', () => {
    expect(
      [
        { at: 'field', field: 'email', op: 'EXISTS' as const },
        { at: 'field', field: 'joined', op: 'WITHIN_LAST_DAYS' as const, value: 30 },
        { at: 'field', field: 'email', op: 'EQ' as const, value: 'ada@example.com' },
        { at: 'field', field: 'sourceId', op: 'IN' as const, value: ['customer-4711'] },
        { at: 'eventData', field: 'total', op: 'GT' as const, value: 100 },
        { at: 'all[0].audience', audience: 'some', member: false },
        { at: 'event', event: 'signed_up', performed: true, atLeast: 2, withinLastDays: 7 },
        { at: 'any[1].event', event: 'purchase', performed: false },
        { at: 'order', aggregate: 'TOTAL_MINOR' as const, op: 'GTE' as const, value: 5000, currency: 'EUR' },
        {
          at: 'order',
          aggregate: 'LARGEST_MINOR' as const,
          op: 'GT' as const,
          value: 5000,
          currency: 'JPY',
          withinLastDays: 1,
        },
        { at: 'relationship', relationship: 'ADVOCATE' as const, atLeast: 3 },
        { at: 'relationship', relationship: 'FRIEND' as const, programId: 'P', atMost: 1 },
        { at: 'quality', quality: 'LOW' as const, atMost: 0 },
      ].map((leaf) => words({ ...seen, ...leaf })),
    ).toEqual([
      'email is known',
      'joined is within the last 30 days',
      'email is a certain value',
      'sourceId is one of a certain value',
      'the event’s total is above 100',
      'the person is not in the audience “Friends of the house”',
      '“signed up” happened at least 2 times within the last 7 days',
      '“purchase” did not happen',
      'the total of orders is at least 50.00 EUR',
      'the largest order within the last day is above 5000 JPY',
      'the person referred others at least 3 times',
      'the person was referred in the program “Referrals” at most once',
      'events of low quality came from the person before not once',
    ])
  })

  test('under a “not”, and under two of them', () => {
    const leaf = { ...seen, field: 'tier', op: 'EQ' as const, value: 'gold' }
    expect(words({ ...leaf, at: 'all[0].not.field', truth: 'TRUE' })).toBe('not that tier is gold')
    expect(words({ ...leaf, at: 'not.not.field' })).toBe('tier is gold')
  })
})
