// One event put to the rule set: the event, the person and what its hints stand for, gathered once for all phases.

import { foldName } from '../names.ts'
import type { EventFacts, Instant, JourneyFacts, PersonFacts, World } from './facts.ts'
import { type Hints, readHints } from './hints.ts'
import { type LookUps, lookUp } from './look-up.ts'
import { groupTargets, type RuleSet } from './rule-set.ts'

/** What the event requires: alternatives within a kind, all kinds, each label. */
export interface Requirement {
  readonly isPresent: boolean
  readonly kinds: ReturnType<typeof groupTargets>
  /** Folded. */
  readonly labels: readonly string[]
}

export interface Question {
  readonly event: EventFacts
  readonly t: Instant
  readonly person: PersonFacts
  readonly world: World
  readonly rules: RuleSet
  readonly hints: Hints
  readonly lookUps: LookUps
  readonly requirement: Requirement
  readonly journeysByCampaign: ReadonlyMap<string, readonly JourneyFacts[]>
}

/** Throws for an event of a person whom the world lacks. */
export function ask(event: EventFacts, world: World, rules: RuleSet): Question {
  const person = world.people.get(event.personId)
  if (!person) throw new Error(`the world lacks the person of event ${event.id}`)
  const hints = readHints(event)
  return {
    event,
    t: event.t,
    person,
    world,
    rules,
    hints,
    lookUps: lookUp(hints, { world, rules, t: event.t }),
    requirement: {
      isPresent: hints.targets.length > 0 || hints.requiredLabels.length > 0,
      kinds: groupTargets(hints.targets),
      labels: hints.requiredLabels.map(foldName),
    },
    journeysByCampaign: byCampaign(person.journeys),
  }
}

const none: readonly JourneyFacts[] = []

/** The person's journeys in a campaign, in no order. */
export const journeysIn = (question: Question, campaignId: string): readonly JourneyFacts[] =>
  question.journeysByCampaign.get(campaignId) ?? none

function byCampaign(journeys: readonly JourneyFacts[]): ReadonlyMap<string, readonly JourneyFacts[]> {
  const index = new Map<string, JourneyFacts[]>()
  for (const journey of journeys) {
    const entry = index.get(journey.campaignId)
    if (entry) entry.push(journey)
    else index.set(journey.campaignId, [journey])
  }
  return index
}
