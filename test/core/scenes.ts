// Generated scenes: small worlds in which names, times and priorities collide often, a past played in them, and an event to decide.

import fc from 'fast-check'
import type { Rule } from '../../src/core/rules/rule.ts'
import type { CampaignState, CodeKind, JourneyRole, RequiredTarget, World } from '../../src/core/targeting/facts.ts'
import { type CampaignSetup, type CodeSetup, type EventSetup, type JourneySetup, Stage } from './stage.ts'

export interface Scene {
  campaigns: CampaignSetup[]
  codes: CodeSetup[]
  past: EventSetup[]
  /** Fields of the person after the past. */
  fields: Record<string, string>
  /** Campaigns whose state changes after the past. */
  changes: { campaign: string; to: CampaignState }[]
  blocked: boolean
  event: EventSetup
}

const campaignIds = ['A', 'B', 'C', 'D']
const codeNames = ['K1', 'K2', 'K3', 'K4', 'K5']
const eventNames = ['click', 'signup', 'purchase']
const people = ['F', 'X', 'Y']
const programs = [
  { id: 'P', labels: ['refer', 'both'], lookbackDays: 5 },
  { id: 'Q', labels: ['vip'], lookbackDays: 365 },
]

const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 })
const rarely = <T>(value: T, ...others: T[]): fc.Arbitrary<T> => oneOf(value, value, value, value, value, ...others)
const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const date = (n: number): string => new Date(Date.UTC(2026, 2, n)).toISOString()
const day = fc.integer({ min: 1, max: 12 }).map(date)

const isGold: Rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
const rule: fc.Arbitrary<Rule | null> = rarely<Rule | null>(
  null,
  isGold,
  { not: isGold },
  { field: { field: 'tier', op: 'MISSING' } },
)

/** How a scene is biased: towards referrals that compete, or towards everything that can go wrong. */
type Mood = 'REFERRALS' | 'TROUBLE'

const journey = (name: string, mood: Mood): fc.Arbitrary<JourneySetup> =>
  fc
    .record({
      role:
        mood === 'REFERRALS'
          ? oneOf<JourneyRole>('FRIEND', 'FRIEND', 'ADVOCATE')
          : oneOf<JourneyRole>('PARTICIPANT', 'ADVOCATE', 'FRIEND'),
      priority: oneOf(50, 100, 100, 200),
      unsupported: mood === 'REFERRALS' ? rarely('', 'signup') : oneOf('', ...eventNames),
      starts: rarely(3, 1),
      entry: mood === 'REFERRALS' ? fc.constant(null) : rule,
      ongoing: rule,
      keyField: rarely<string | null>(null, 'key'),
      inactivityDays: oneOf(null, 2, 5),
      reentry: oneOf<'CONTINUE' | 'NEW_AFTER_EXIT' | 'NEVER_AGAIN'>('CONTINUE', 'NEW_AFTER_EXIT', 'NEVER_AGAIN'),
    })
    .map(({ starts, unsupported, ...setup }) => {
      const events = eventNames.filter((event) => event !== unsupported)
      return { ...setup, name, events, startEvents: events.slice(0, starts) }
    })

const targets: fc.Arbitrary<RequiredTarget[]> = rarely<RequiredTarget[]>(
  [],
  [],
  [{ kind: 'CAMPAIGN_ID', value: 'A' }],
  [{ kind: 'PROGRAM', value: 'refer' }],
  [
    { kind: 'PROGRAM', value: 'VIP' },
    { kind: 'JOURNEY_NAME', value: 'One' },
  ],
  [
    { kind: 'CAMPAIGN_ID', value: 'B' },
    { kind: 'CAMPAIGN_ID', value: 'C' },
  ],
)

const campaign = (id: string, mood: Mood): fc.Arbitrary<CampaignSetup> =>
  fc
    .record({
      program: oneOf('P', 'P', 'Q'),
      state: rarely<CampaignState>('LIVE', 'PAUSED', 'STOPPED', 'DRAFT'),
      startsAt: rarely<string | undefined>(undefined, date(3), date(6)),
      endsAt: rarely<string | undefined>(undefined, date(8), date(11)),
      requiredTargets: mood === 'REFERRALS' ? fc.constant<RequiredTarget[]>([]) : targets,
      one: journey('one', mood),
      two: journey('two', mood),
      keep: oneOf('one', 'two', 'both'),
    })
    .map(({ one, two, keep, ...setup }) => ({
      ...setup,
      id,
      journeys: keep === 'both' ? [one, two] : [keep === 'one' ? one : two],
    }))

const code = (name: string): fc.Arbitrary<CodeSetup> =>
  fc.record({
    kind: oneOf<CodeKind>('COUPON', 'SHARE', 'ADVOCATE_CODE', 'PROMO_LINK'),
    code: fc.constant(name),
    campaigns: fc.subarray([...campaignIds, 'gone'], { maxLength: 2 }),
    program: often(oneOf('P', 'Q')),
    label: often(oneOf('refer', 'vip', 'nothing')),
    advocate: often(oneOf('X', 'X', 'Y', 'Y', 'F')),
    expiresAt: rarely<string | undefined>(undefined, date(4), date(8)),
  })

const codes = oneOf<string[]>(
  [],
  [],
  [],
  ['K1'],
  ['K2'],
  ['K3'],
  ['K4'],
  ['K1', 'K2'],
  ['K5', 'unheard'],
  ['K3', 'K4', 'K5'],
)

const hints = (mood: Mood) =>
  fc.record({
    require: mood === 'REFERRALS' ? fc.constant([]) : targets,
    requiredLabels: mood === 'REFERRALS' ? fc.constant([]) : rarely<string[]>([], ['refer']),
    couponCodes: codes,
    shareIds: codes,
    advocateCodes: codes,
    journeyCampaignId: rarely<string | null>(null, ...campaignIds),
    labels: rarely<string[]>([], ['refer'], ['vip'], ['nothing', 'both']),
    promoLink: rarely<string | null>(null, 'K1', 'K2', 'unheard'),
    partnerId: oneOf(null, 'p1', 'p2'),
  })

const event = (mood: Mood, person: fc.Arbitrary<string>): fc.Arbitrary<EventSetup> =>
  fc.record({
    name: oneOf(...eventNames),
    person,
    at: day,
    hints: hints(mood),
    data: oneOf({}, { key: 'k1' }, { key: 'k2' }),
  })

const sceneIn = (mood: Mood): fc.Arbitrary<Scene> =>
  fc.record({
    campaigns: fc.tuple(...campaignIds.map((id) => campaign(id, mood))).map((all) => [...all]),
    codes: fc.tuple(...codeNames.map(code)).map((all) => [...all]),
    past: fc.array(event(mood, oneOf('F', 'F', 'F', 'X', 'Y')), { maxLength: 6 }),
    fields: oneOf<Record<string, string>>({}, { tier: 'gold' }, { tier: 'iron' }),
    changes: fc.array(
      fc.record({ campaign: oneOf(...campaignIds), to: oneOf<CampaignState>('PAUSED', 'STOPPED', 'LIVE') }),
      { maxLength: 1 },
    ),
    blocked: rarely(false, true),
    event: event(mood, fc.constant('F')),
  })

/** Scenes about the person F. */
export const scene: fc.Arbitrary<Scene> = fc.oneof(sceneIn('REFERRALS'), sceneIn('TROUBLE'))

/** Plays the past of a scene: whatever it takes, up to the event to decide. */
export function stageOf({ campaigns, codes, past, fields, changes, blocked }: Scene): Stage {
  const stage = new Stage({ programs, campaigns, codes })
  for (const person of people) stage.person(person)
  for (const step of past) stage.send(step)
  stage.person('F').fields = fields
  stage.person('Y').blocked = blocked
  for (const { campaign: id, to } of changes) stage.changeState(id, to)
  return stage
}

/** The same facts with every list in another order, which the numbers choose. */
export function shuffled(stage: Stage, seed: number): { world: World; stage: Stage } {
  let state = seed
  const mix = <T>(values: Iterable<T>): T[] => {
    const list = [...values]
    for (let i = list.length - 1; i > 0; i--) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const j = state % (i + 1)
      list.splice(i, 1, ...list.splice(j, 1, ...list.slice(i, i + 1)))
    }
    return list
  }
  const other = new Stage({ programs: [], campaigns: [] })
  other.programs.push(...mix(stage.programs).map((program) => ({ ...program, labels: mix(program.labels) })))
  other.campaigns.push(
    ...mix(stage.campaigns).map((facts) => ({
      ...facts,
      requiredTargets: mix(facts.requiredTargets),
      journeys: mix(facts.journeys).map((definition) => ({
        ...definition,
        events: mix(definition.events),
        startEvents: mix(definition.startEvents),
      })),
    })),
  )
  const everybody = mix(stage.world.people.values()).map((person) => ({
    ...person,
    journeys: mix(person.journeys).map((facts) => ({ ...facts, activities: mix(facts.activities) })),
    relationships: mix(person.relationships).map((facts) => ({ ...facts, evidence: mix(facts.evidence) })),
  }))
  const codes = mix(stage.world.codes.values()).map((facts) => ({ ...facts, campaignIds: mix(facts.campaignIds) }))
  const world = {
    people: new Map(everybody.map((person) => [person.id, person])),
    codes: new Map(codes.map((facts) => [facts.code, facts])),
  }
  return { world, stage: other }
}
