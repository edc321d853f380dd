// The campaigns and codes of generated scenes.

import fc from 'fast-check'
import type { Rule } from '../../src/core/rules/rule.ts'
import type { CampaignState, CodeKind, JourneyRole, RequiredTarget } from '../../src/core/targeting/facts.ts'
import { date, often, oneOf, rarely, seldom } from './scenes-values.ts'
import type { CampaignSetup, CodeSetup, JourneySetup } from './stage.ts'

/**
 * How a scene is biased: towards referrals that compete, by codes or by shares that were mailed, towards everything that can go
 * wrong, or towards events without hints.
 */
export type Mood = (typeof moods)[number]

export const moods = ['REFERRALS', 'LETTERS', 'TROUBLE', 'PLAIN'] as const

const isReferral = (mood: Mood): boolean => mood === 'REFERRALS' || mood === 'LETTERS'

export const campaignIds = ['A', 'B', 'C', 'D']
export const codeNames = ['K1', 'K2', 'K3', 'K4', 'K5']
export const eventNames = ['click', 'signup', 'purchase', 'refund']

const isGold: Rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }

const rule: fc.Arbitrary<Rule | null> = rarely<Rule | null>(
  null,
  null,
  null,
  isGold,
  { not: isGold },
  { field: { field: 'tier', op: 'MISSING' } },
  { event: { name: 'purchase', performed: false } },
  { event: { name: 'click', atLeast: 2, withinLastDays: 4 } },
  { order: { aggregate: 'COUNT', op: 'LTE', value: 1 } },
  { quality: { is: 'LOW', atMost: 0 } },
  { relationship: { as: 'FRIEND', atLeast: 1 } },
  { any: [isGold, { eventData: { field: 'key', op: 'EQ', value: 'k1' } }] },
)

const roles: { readonly [mood in Mood]: fc.Arbitrary<JourneyRole> } = {
  REFERRALS: oneOf<JourneyRole>('FRIEND', 'FRIEND', 'ADVOCATE'),
  LETTERS: oneOf<JourneyRole>('FRIEND', 'ADVOCATE'),
  TROUBLE: oneOf<JourneyRole>('PARTICIPANT', 'ADVOCATE', 'FRIEND'),
  PLAIN: oneOf<JourneyRole>('PARTICIPANT', 'ADVOCATE', 'FRIEND'),
}

const journey = (name: string, mood: Mood): fc.Arbitrary<JourneySetup> =>
  fc
    .record({
      role: roles[mood],
      priority: mood === 'TROUBLE' ? oneOf(50, 100, 100, 200) : rarely(100, 50, 200),
      unsupported: isReferral(mood) ? rarely('', 'signup') : oneOf('', ...eventNames),
      starts: rarely(4, 1, 2),
      entry: isReferral(mood) ? fc.constant(null) : rule,
      ongoing: isReferral(mood) ? seldom<Rule | null>(null, isGold, { not: isGold }) : rule,
      keyField: rarely<string | null>(null, 'key'),
      inactivityDays: isReferral(mood) ? rarely<number | null>(null, 3) : oneOf(null, 2, 5),
      reentry: oneOf<'CONTINUE' | 'NEW_AFTER_EXIT' | 'NEVER_AGAIN'>('CONTINUE', 'NEW_AFTER_EXIT', 'NEVER_AGAIN'),
    })
    .map(({ starts, unsupported, ...setup }) => {
      const events = eventNames.filter((event) => event !== unsupported)
      return { ...setup, name, events, startEvents: events.slice(0, starts) }
    })

export const targets: fc.Arbitrary<RequiredTarget[]> = rarely<RequiredTarget[]>(
  [],
  [],
  [{ kind: 'CAMPAIGN_ID', value: 'A' }],
  [{ kind: 'PROGRAM', value: 'refer' }],
  [{ kind: 'PROGRAM', value: 'both' }],
  [
    { kind: 'PROGRAM', value: 'VIP' },
    { kind: 'JOURNEY_NAME', value: 'One' },
  ],
  [
    { kind: 'CAMPAIGN_ID', value: 'B' },
    { kind: 'CAMPAIGN_ID', value: 'C' },
  ],
)

/** What can go wrong does so more often in trouble. */
const mostly = (mood: Mood): typeof rarely => (mood === 'TROUBLE' ? rarely : seldom)

export const campaign = (id: string, mood: Mood): fc.Arbitrary<CampaignSetup> =>
  fc
    .record({
      program: isReferral(mood) ? rarely('P', 'Q') : rarely('P', 'Q', 'Q', 'R'),
      state: mostly(mood)<CampaignState>('LIVE', 'PAUSED', 'STOPPED', 'DRAFT'),
      startsAt: mostly(mood)<string | undefined>(undefined, date(3), date(6)),
      endsAt: mostly(mood)<string | undefined>(undefined, date(8), date(11)),
      requiredTargets: mood === 'TROUBLE' ? targets : fc.constant<RequiredTarget[]>([]),
      one: journey('one', mood),
      two: journey('two', mood),
      keep: oneOf('one', 'two', 'both'),
    })
    .map(({ one, two, keep, ...setup }) => ({
      ...setup,
      id,
      journeys: keep === 'both' ? [one, two] : [keep === 'one' ? one : two],
    }))

/** Labels are of shares and promo links alone, and shares alone are sent to anybody. */
export const code = (name: string, mood: Mood): fc.Arbitrary<CodeSetup> =>
  fc
    .record({
      kind:
        mood === 'LETTERS'
          ? oneOf<CodeKind>('SHARE', 'ADVOCATE_CODE')
          : oneOf<CodeKind>('COUPON', 'SHARE', 'SHARE', 'ADVOCATE_CODE', 'PROMO_LINK'),
      code: fc.constant(name),
      campaigns: fc.subarray(isReferral(mood) ? campaignIds : [...campaignIds, 'gone'], { maxLength: 2 }),
      program: often(isReferral(mood) ? seldom('P', 'Q') : rarely('P', 'Q', 'R')),
      label: often(oneOf('refer', 'vip', 'Both', 'nothing')),
      advocate: isReferral(mood) ? oneOf('X', 'X', 'Y', 'Y', 'F') : often(oneOf('X', 'X', 'Y', 'Y', 'F')),
      createdAt: oneOf(date(1), date(1), date(5)),
      expiresAt: mostly(mood)<string | undefined>(undefined, date(4), date(8)),
      disabledAt: mostly(mood)<string | undefined>(undefined, date(7)),
      recipients: mood === 'TROUBLE' ? fc.constant<string[]>([]) : recipients,
    })
    .map(({ label, recipients: sentTo, ...setup }) => ({
      ...setup,
      label: setup.kind === 'SHARE' || setup.kind === 'PROMO_LINK' ? label : undefined,
      recipients: setup.kind === 'SHARE' ? sentTo : [],
    }))

const recipients = oneOf<string[]>(
  [],
  ['f@shop.example'],
  ['friend@home.example', 'f@shop.example'],
  ['somebody@else.example'],
)
