// Rule sets derived from others: with campaigns changed, as replay tries them, and narrowed to what has content for a zone.

import { foldName } from '../names.ts'
import type { CampaignFacts, CampaignState, Instant, JourneyDefinition, RequiredTarget } from './facts.ts'
import { compileRuleSet, type RuleSet } from './rule-set.ts'

/** What is absent stays as it was; null takes away the start or the end of the window. */
export interface CampaignChange {
  readonly campaignId: string
  /** What it is where the rules lack it: a draft as it would go live, or what is in force now; null: it stays away. */
  readonly otherwise: CampaignFacts | null
  /** Its facts take the place of those in the rules, before the rest is changed. */
  readonly isReplaced: boolean
  readonly state?: CampaignState
  readonly startsAt?: Instant | null
  readonly endsAt?: Instant | null
  readonly requiredTargets?: readonly RequiredTarget[]
  readonly journeys?: readonly JourneyDefinition[]
  /** By folded journey name. */
  readonly priorities: ReadonlyMap<string, number>
}

/** The rule set with the changes; all else is as it was. */
export function withChanges(rules: RuleSet, changes: readonly CampaignChange[]): RuleSet {
  const campaigns = new Map([...rules.campaigns].map(([id, { facts }]) => [id, facts]))
  for (const change of changes) {
    const known = campaigns.get(change.campaignId)
    const facts = change.isReplaced ? (change.otherwise ?? known) : (known ?? change.otherwise)
    if (facts) campaigns.set(change.campaignId, changed(facts, change))
  }
  return compileRuleSet({ ...partsOf(rules), campaigns: [...campaigns.values()] })
}

function changed(facts: CampaignFacts, change: CampaignChange): CampaignFacts {
  const { state = facts.state, requiredTargets = facts.requiredTargets, journeys = facts.journeys } = change
  return {
    ...facts,
    state,
    requiredTargets,
    startsAt: change.startsAt === undefined ? facts.startsAt : change.startsAt,
    endsAt: change.endsAt === undefined ? facts.endsAt : change.endsAt,
    journeys: journeys.map((journey) => ({
      ...journey,
      priority: change.priorities.get(foldName(journey.name)) ?? journey.priority,
    })),
  }
}

/** The rule set with those journeys only that show something in the zone; null where there are none. */
export function narrowedTo(rules: RuleSet, zone: string): RuleSet | null {
  const campaigns = [...rules.campaigns.values()].map(({ facts }): CampaignFacts => {
    const shown = new Set(facts.content.filter((piece) => piece.zone === zone).map(({ journeyName }) => journeyName))
    return { ...facts, journeys: facts.journeys.filter(({ name }) => shown.has(name)) }
  })
  if (campaigns.every(({ journeys }) => journeys.length === 0)) return null
  return compileRuleSet({ ...partsOf(rules), campaigns })
}

const partsOf = ({ programs, followUps }: RuleSet) => ({
  programs: [...programs.values()].map(({ facts }) => facts),
  followUps,
})
