// Late events never change an earlier decision. Where knowing the late one in time would have changed it, both say so.

import { choose } from './decide.ts'
import type { Decision, Warning } from './decision.ts'
import type { EventFacts, Instant, JourneyFacts, PersonFacts, RelationshipFacts, World } from './facts.ts'
import type { RuleSet } from './rule-set.ts'

/** Who would win each of the events now, each judged by what the world knows from strictly before it. */
export const winnersBefore = (events: readonly EventFacts[], world: World, rules: RuleSet): readonly Decision[] =>
  events.map((event) => choose(event, justBefore(world, event), rules))

/** The same campaign, journey and advocate are credited, or nobody is in both. */
export function isSameWinner(a: Decision, b: Decision): boolean {
  return (
    a.campaignId === b.campaignId &&
    a.journey?.definition === b.journey?.definition &&
    a.journey?.key === b.journey?.key &&
    a.advocateId === b.advocateId &&
    a.quality === b.quality
  )
}

/** What an event is told about another that it would have changed, or been changed by. */
export const orderSensitive = (eventId: string, detail: string): Warning => ({
  code: 'ORDER_SENSITIVE',
  hint: `EVENT:${eventId}`,
  detail,
})

/** The world in which the event's person is known as of just before it. */
function justBefore(world: World, { personId, t }: EventFacts): World {
  const person = world.people.get(personId)
  if (!person) throw new Error(`the world lacks person ${personId}`)
  const people = new Map(world.people)
  people.set(personId, {
    ...person,
    // A late event may have joined a journey that began after it.
    journeys: person.journeys
      .filter(({ startedAt, activities }) => startedAt < t || activities.some((at) => at < t))
      .map((journey) => journeyBefore(journey, t)),
    relationships: person.relationships
      .filter(({ firstEvidenceAt }) => firstEvidenceAt < t)
      .map((relationship) => relationshipBefore(relationship, t)),
    history: historyBefore(person, t),
  })
  return { ...world, people }
}

function journeyBefore(journey: JourneyFacts, t: Instant): JourneyFacts {
  const { activities, exitedAt, partnerIds } = journey
  return {
    ...journey,
    activities: activities.filter((at) => at < t),
    exitedAt: exitedAt !== null && exitedAt < t ? exitedAt : null,
    partnerIds: new Map([...partnerIds].filter(([, at]) => at < t)),
  }
}

const relationshipBefore = (relationship: RelationshipFacts, t: Instant): RelationshipFacts => ({
  ...relationship,
  evidence: relationship.evidence.filter((at) => at < t),
  matchedCodeIds: new Set(relationship.matchedCodeIds),
})

function historyBefore({ history }: PersonFacts, t: Instant): PersonFacts['history'] {
  const isEarlier = ({ at }: { at: Instant }): boolean => at < t
  return {
    events: new Map([...history.events].map(([name, times]) => [name, times.filter((at) => at < t)])),
    orders: history.orders.filter(isEarlier),
    qualities: history.qualities.filter(isEarlier),
    friends: history.friends.filter(({ firstEvidenceAt }) => firstEvidenceAt < t),
  }
}
