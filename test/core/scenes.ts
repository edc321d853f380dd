// Generated scenes: small worlds in which names, times and priorities collide often, a past played in them, and an event to decide.

import fc from 'fast-check'
import type { CampaignState, World } from '../../src/core/targeting/facts.ts'
import { takeStep } from '../../src/core/targeting/people.ts'
import { campaign, campaignIds, code, codeNames, type Mood, moods } from './scenes-campaigns.ts'
import { event } from './scenes-events.ts'
import { oneOf, rarely } from './scenes-values.ts'
import { type CampaignSetup, type CodeSetup, type EventSetup, type ProgramSetup, Stage } from './stage.ts'

/** How many scenes each property is tried on; more by PROPERTY_RUNS in the environment. */
export const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 2000) }

export interface Scene {
  programs: ProgramSetup[]
  campaigns: CampaignSetup[]
  codes: CodeSetup[]
  past: EventSetup[]
  /** Of the person, after the past. */
  fields: Record<string, string>
  emails: string[]
  /** Campaigns whose state changes after the past. */
  changes: { campaign: string; to: CampaignState }[]
  /** What becomes of an advocate, or of the person, after the past. */
  fate: Fate
  event: EventSetup
}

/** BLOCKED and ERASED of the advocate Y, SELF_BLOCKED of the person; MERGED: the advocate X turns out to be the person. */
type Fate = 'NONE' | 'BLOCKED' | 'ERASED' | 'SELF_BLOCKED' | 'MERGED'

const people = ['F', 'X', 'Y']

const programs: fc.Arbitrary<ProgramSetup[]> = fc
  .record({ P: fc.boolean(), Q: fc.boolean() })
  .map((isMutualAllowed) => [
    { id: 'P', labels: ['refer', 'both'], lookbackDays: 5, allowMutualReferral: isMutualAllowed.P },
    { id: 'Q', labels: ['vip'], lookbackDays: 365, allowMutualReferral: isMutualAllowed.Q },
    { id: 'R', labels: ['lonely', 'Both'], lookbackDays: 2 },
  ])

const sceneIn = (mood: Mood): fc.Arbitrary<Scene> =>
  fc.record({
    programs,
    campaigns: fc.tuple(...campaignIds.map((id) => campaign(id, mood))).map((all) => [...all]),
    codes: fc.tuple(...codeNames.map((name) => code(name, mood))).map((all) => [...all]),
    past: fc.array(event(mood, mood === 'LETTERS' ? oneOf('F', 'X', 'Y') : oneOf('F', 'F', 'F', 'X', 'Y')), {
      maxLength: mood === 'REFERRALS' ? 8 : 6,
    }),
    fields: oneOf<Record<string, string>>({}, { tier: 'gold' }, { tier: 'iron' }),
    emails: oneOf<string[]>([], ['f@shop.example'], ['f@shop.example', 'friend@home.example']),
    changes: fc.array(
      fc.record({ campaign: oneOf(...campaignIds), to: oneOf<CampaignState>('PAUSED', 'STOPPED', 'LIVE') }),
      { maxLength: 1 },
    ),
    fate: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Fate>('NONE') },
      { weight: 1, arbitrary: rarely<Fate>('BLOCKED', 'ERASED', 'ERASED', 'SELF_BLOCKED', 'MERGED', 'MERGED') },
    ),
    event: event(mood, fc.constant('F')),
  })

/** Scenes about the person F. */
export const scene: fc.Arbitrary<Scene> = fc.oneof(...moods.map(sceneIn))

/** Plays the past of a scene: whatever it takes, up to the event to decide. */
export function stageOf({ programs, campaigns, codes, past, fields, emails, changes, fate }: Scene): Stage {
  const stage = new Stage({ programs, campaigns, codes, followUps: ['refund'] })
  for (const person of people) stage.person(person)
  for (const step of past) stage.send(step)
  stage.person('F').fields = fields
  if (emails.length > 0) stage.person('F').identities = { EMAIL: emails }
  stage.person('Y').blocked = fate === 'BLOCKED'
  stage.person('F').blocked = fate === 'SELF_BLOCKED'
  if (fate === 'ERASED') stage.world.people.delete('Y')
  if (fate === 'MERGED') takeStep(stage.world, { personId: 'F', attached: [], absorbed: ['X'] })
  for (const { campaign: id, to } of changes) stage.changeState(id, to)
  return stage
}

/** The same facts with every list in another order, which the numbers choose. */
export function shuffled(stage: Stage, seed: number): { world: World; stage: Stage } {
  const mix = mixer(seed)
  const other = new Stage({ programs: [], campaigns: [], followUps: mix(stage.followUps) })
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
    history: {
      events: new Map(mix(person.history.events).map(([name, times]) => [name, mix(times)])),
      orders: mix(person.history.orders),
      qualities: mix(person.history.qualities),
      friends: mix(person.history.friends),
    },
  }))
  const codes = mix(stage.world.codes.values()).map((facts) => ({ ...facts, campaignIds: mix(facts.campaignIds) }))
  const world = {
    people: new Map(everybody.map((person) => [person.id, person])),
    codes: new Map(codes.map((facts) => [facts.code, facts])),
    sharesTo: new Map(mix(stage.world.sharesTo).map(([email, shares]) => [email, mix(shares)])),
    transactions: new Map(mix(stage.world.transactions)),
  }
  return { world, stage: other }
}

function mixer(seed: number): <T>(values: Iterable<T>) => T[] {
  let state = seed
  return (values) => {
    const list = [...values]
    for (let i = list.length - 1; i > 0; i--) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const j = state % (i + 1)
      list.splice(i, 1, ...list.splice(j, 1, ...list.slice(i, i + 1)))
    }
    return list
  }
}
