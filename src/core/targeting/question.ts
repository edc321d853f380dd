// One event put to the rule set: the event, the person and what its hints stand for, gathered once for all phases.

import { groupBy } from '../group.ts'
import { foldName } from '../names.ts'
import { transactionIdOf } from '../orders.ts'
import { type EmailMatches, matchEmails } from './email-match.ts'
import type { EventFacts, Instant, JourneyFacts, PersonFacts, World } from './facts.ts'
import { type Hints, noHints, readHints } from './hints.ts'
import { type LookUps, lookUp } from './look-up.ts'
import { personAt } from './people.ts'
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
  readonly matches: EmailMatches
  readonly requirement: Requirement
  /** The transaction that a follow-up names; null for other events. */
  readonly followedId: string | null
  /** The transaction that any other event names. */
  readonly transactionId: string | null
  /** Made when it is first asked for. */
  journeyIndex: ReadonlyMap<string, readonly JourneyFacts[]> | null
}

/** Throws for an event of a person whom the world lacks. */
export function ask(event: EventFacts, world: World, rules: RuleSet): Question {
  const known = world.people.get(event.personId)
  if (!known) throw new Error(`the world lacks the person of event ${event.id}`)
  const person = personAt(known, event.t)
  const hints = readHints(event)
  const named = transactionIdOf(event.data)
  const isFollowUp = rules.followUps.has(event.name)
  const place = { world, rules, t: event.t }
  return {
    event,
    t: event.t,
    person,
    world,
    rules,
    hints,
    lookUps: lookUp(hints, place),
    matches: matchEmails(person, place),
    requirement: hints === noHints ? noRequirement : requirementOf(hints),
    followedId: isFollowUp ? named : null,
    transactionId: isFollowUp ? null : named,
    journeyIndex: null,
  }
}

const noRequirement: Requirement = { isPresent: false, kinds: new Map(), labels: [] }

const requirementOf = ({ targets, requiredLabels }: Hints): Requirement => ({
  isPresent: targets.length > 0 || requiredLabels.length > 0,
  kinds: groupTargets(targets),
  labels: requiredLabels.map(foldName),
})

const none: readonly JourneyFacts[] = []

/** So many are looked through faster than they are sorted. */
const maxLookedThrough = 8

/** The person's journeys in a campaign, in no order. */
export function journeysIn(question: Question, campaignId: string): readonly JourneyFacts[] {
  const { journeys } = question.person
  if (journeys.length === 0) return none
  if (journeys.length <= maxLookedThrough) return journeys.filter((journey) => journey.campaignId === campaignId)
  question.journeyIndex ??= groupBy(journeys, (journey) => journey.campaignId)
  return question.journeyIndex.get(campaignId) ?? none
}
