// Who else would claim an event, told from the rules alone.

import { describe, expect, test } from 'vitest'
import type { CampaignState, JourneyDefinition, JourneyRole } from '../../src/core/targeting/facts.ts'
import { type Overlap, overlapsOf } from '../../src/core/targeting/overlap.ts'
import { compileRuleSet } from '../../src/core/targeting/rule-set.ts'

interface Flow {
  name?: string
  role?: JourneyRole
  priority?: number
  events?: string[]
}

interface Setup {
  id: string
  state?: CampaignState
  from?: number
  until?: number
  liveAt?: number | null
  targets?: string[]
  flows?: Flow[]
}

const flow = ({ name = 'flow', role = 'PARTICIPANT', priority = 100, events = ['purchase'] }: Flow) =>
  ({
    ...{ name, role, priority, events, startEvents: events, entry: null, ongoing: null },
    ...{ keyField: null, inactivityDays: null, reentry: 'CONTINUE' },
  }) satisfies JourneyDefinition

function overlaps(id: string, campaigns: Setup[], eventName?: string): Overlap[] {
  const rules = compileRuleSet({
    programs: [{ id: 'p', name: 'p', labels: [], lookbackDays: 365, allowMutualReferral: false }],
    campaigns: campaigns.map(({ id, state = 'LIVE', from, until, liveAt = 1, targets = [], flows = [{}] }) => ({
      ...{ id, programId: 'p', name: id, revision: 1, state, content: [] },
      startsAt: from ?? null,
      endsAt: until ?? null,
      firstLiveAt: liveAt,
      requiredTargets: targets.map((value) => ({ kind: 'CAMPAIGN_ID' as const, value })),
      journeys: flows.map(flow),
    })),
  })
  const campaign = rules.campaigns.get(id)
  if (!campaign) throw new Error(`no ${id}`)
  return [...overlapsOf(rules, campaign, eventName)]
}

const rivals = (found: Overlap[]) => found.map(({ otherCampaignId }) => otherCampaignId)
const separation = (a: Setup, b: Setup) =>
  overlaps('a', [a, b]).map(({ separatedBy, wins }) => `${separatedBy} ${wins ? 'wins' : 'loses'}`)

describe('who competes', () => {
  test('flows of live and paused campaigns that support the same event', () => {
    const states: CampaignState[] = ['LIVE', 'PAUSED', 'DRAFT', 'ENDED', 'STOPPED', 'ARCHIVED']
    const others = states.map((state) => ({ id: state, state }))
    const deaf = { id: 'deaf', flows: [{ events: ['signup'] }] }
    expect(rivals(overlaps('a', [{ id: 'a' }, deaf, ...others])).sort()).toEqual(['LIVE', 'PAUSED'])
  })

  test.each<CampaignState>(['DRAFT', 'PAUSED', 'STOPPED'])(
    'a campaign that is %s is asked about all the same',
    (state) => {
      expect(rivals(overlaps('a', [{ id: 'a', state }, { id: 'b' }]))).toEqual(['b'])
    },
  )

  test.each<[string, Setup, string[]]>([
    ['that ends as the other begins', { id: 'b', from: 20, until: 30 }, []],
    ['that begins as the other ends', { id: 'b', from: 0, until: 10 }, []],
    ['that shares the last instant', { id: 'b', from: 19, until: 30 }, ['b']],
    ['that shares the first instant', { id: 'b', from: 0, until: 11 }, ['b']],
    ['without bounds', { id: 'b' }, ['b']],
    ['that is open to one side, before', { id: 'b', until: 10 }, []],
    ['that is open to one side, after', { id: 'b', from: 20 }, []],
  ])('a window %s', (_, other, found) => {
    expect(rivals(overlaps('a', [{ id: 'a', from: 10, until: 20 }, other]))).toEqual(found)
  })

  test('campaigns of different required targets, since an event may carry both', () => {
    const both = [
      { id: 'a', targets: ['x'] },
      { id: 'b', targets: ['y'] },
    ]
    expect(rivals(overlaps('a', both))).toEqual(['b'])
  })

  test('the other flows of the same campaign, but no flow with itself', () => {
    const flows = [{ name: 'one' }, { name: 'two' }, { name: 'deaf', events: ['signup'] }]
    expect(overlaps('a', [{ id: 'a', flows }])).toEqual([
      {
        eventName: 'purchase',
        journeyName: 'one',
        otherCampaignId: 'a',
        otherJourneyName: 'two',
        separatedBy: 'ID',
        wins: true,
      },
      {
        eventName: 'purchase',
        journeyName: 'two',
        otherCampaignId: 'a',
        otherJourneyName: 'one',
        separatedBy: 'ID',
        wins: false,
      },
    ])
  })

  test('every event is told, in the order of names, or the one asked for', () => {
    const flows = [{ events: ['signup', 'purchase', 'click'] }]
    const world = [
      { id: 'a', flows },
      { id: 'b', flows },
    ]
    expect(overlaps('a', world).map(({ eventName }) => eventName)).toEqual(['click', 'purchase', 'signup'])
    expect(overlaps('a', world, 'signup').map(({ eventName }) => eventName)).toEqual(['signup'])
    expect(overlaps('a', world, 'refund')).toEqual([])
  })

  test('others come by their priority, the larger first', () => {
    const world = [{ id: 'a' }, { id: 'b', flows: [{ priority: 1 }] }, { id: 'c', flows: [{ priority: 3 }] }]
    expect(rivals(overlaps('a', world))).toEqual(['c', 'b'])
  })
})

describe('what separates them', () => {
  const friend = [{ role: 'FRIEND' as const }]

  test.each<[string, [Setup, Setup], string]>([
    [
      'the larger priority',
      [
        { id: 'a', flows: [{ priority: 2 }] },
        { id: 'b', flows: [{ priority: 1 }] },
      ],
      'PRIORITY wins',
    ],
    [
      'a smaller priority',
      [
        { id: 'a', flows: [{ priority: -5 }] },
        { id: 'b', flows: [{ priority: 1 }] },
      ],
      'PRIORITY loses',
    ],
    [
      'evidence, which only a friend has',
      [
        { id: 'a', flows: friend },
        { id: 'b', liveAt: 9 },
      ],
      'EVIDENCE_RECENCY wins',
    ],
    [
      'no evidence',
      [
        { id: 'a', liveAt: 9 },
        { id: 'b', flows: friend },
      ],
      'EVIDENCE_RECENCY loses',
    ],
    [
      'the later go-live',
      [
        { id: 'a', liveAt: 2 },
        { id: 'b', liveAt: 1 },
      ],
      'CAMPAIGN_RECENCY wins',
    ],
    [
      'an earlier go-live',
      [
        { id: 'a', liveAt: 1 },
        { id: 'b', liveAt: 2 },
      ],
      'CAMPAIGN_RECENCY loses',
    ],
    [
      'a go-live yet to come',
      [
        { id: 'a', state: 'DRAFT', liveAt: null },
        { id: 'b', liveAt: 2 },
      ],
      'CAMPAIGN_RECENCY wins',
    ],
    [
      'two friends and their go-live',
      [
        { id: 'a', flows: friend },
        { id: 'b', flows: friend, liveAt: 2 },
      ],
      'CAMPAIGN_RECENCY loses',
    ],
    ['nothing but the id', [{ id: 'a' }, { id: 'b' }], 'ID wins'],
  ])('%s', (_, [a, b], expected) => {
    expect(separation(a, b)).toEqual([expected])
  })

  test('both sides of an overlap tell the same', () => {
    const world = [
      { id: 'a', flows: [{ role: 'FRIEND' as const }, { name: 'low', priority: 1 }] },
      { id: 'b', liveAt: 2 },
    ]
    const seen = (from: string) =>
      overlaps(from, world)
        .filter(({ otherCampaignId }) => otherCampaignId !== from)
        .map(({ journeyName, otherJourneyName, separatedBy, wins }) =>
          from === 'a'
            ? [journeyName, otherJourneyName, separatedBy, wins]
            : [otherJourneyName, journeyName, separatedBy, !wins],
        )
    expect(seen('a')).toEqual(seen('b'))
  })
})
