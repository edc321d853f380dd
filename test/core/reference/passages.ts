// Journeys as of t: which is active, which has ended, and what a NEW one would be (rulings on journeys and on late events).

import { byteOrder } from '../../../src/core/names.ts'
import type { Passage } from '../../../src/core/targeting/decision.ts'
import type { CampaignFacts, JourneyDefinition, JourneyFacts } from '../../../src/core/targeting/facts.ts'
import { type Asked, dayMs } from './asked.ts'

/** The inactivity limit that the campaign sets to a journey, in milliseconds; Infinity without one. */
export function limitOf({ journeys }: CampaignFacts, { definition }: JourneyFacts): number {
  const days = journeys.find(({ name }) => name === definition)?.inactivityDays ?? null
  return days === null ? Number.POSITIVE_INFINITY : days * dayMs
}

/** The latest time of a list that is at or before t; null where there is none. */
export function latestUpTo(times: readonly number[], t: number): number | null {
  let latest: number | null = null
  for (const time of times) if (time <= t && (latest === null || time > latest)) latest = time
  return latest
}

/** The journey's latest activity at or before t, its beginning included; null where it had not begun. */
export const latestActivity = ({ activities, startedAt }: JourneyFacts, t: number): number | null =>
  latestUpTo([startedAt, ...activities], t)

/** "Inactivity expiry is exclusive at lastActivity + limit." */
export function isActive(journey: JourneyFacts, { t, limit }: { t: number; limit: number }): boolean {
  const latest = latestActivity(journey, t)
  if (latest === null || (journey.exitedAt !== null && journey.exitedAt <= t)) return false
  return t < latest + limit
}

/** "Journeys are unique while active on (person, campaign, definition, key), and for FRIEND also on the relationship." */
export interface Identity {
  campaign: CampaignFacts
  definition: JourneyDefinition
  key: string
  relationshipId: string | null
  /** A relationship that is yet to be created has no journeys. */
  isUnheardOf: boolean
}

export interface FoundPassage {
  passage: Passage
  journey: JourneyFacts | null
  isReentryForbidden: boolean
}

/** What the person's journey of an identity is at t. */
export function passageOf(asked: Asked, identity: Identity): FoundPassage {
  const { t } = asked.event
  const journeys = journeysOf(asked, identity)
  const limitMs = (identity.definition.inactivityDays ?? Number.POSITIVE_INFINITY) * dayMs
  const active = journeys.filter((journey) => isActive(journey, { t, limit: limitMs }))
  if (active.length > 0) return { passage: 'ACTIVE', journey: latestOf(active, t), isReentryForbidden: false }
  const ended = journeys.filter((journey) => latestActivity(journey, t) !== null)
  const isReentryForbidden = ended.length > 0 && identity.definition.reentry === 'NEVER_AGAIN'
  const later = journeys.filter(
    ({ startedAt, activities }) => startedAt > t || activities.some((activity) => activity > t),
  )
  if (later.length > 0) return { passage: 'JOINED', journey: firstOf(later), isReentryForbidden }
  // With NEVER_AGAIN too: what enters all the same, having lost its advocate, begins no second journey of the identity.
  if (ended.length > 0 && identity.definition.reentry !== 'NEW_AFTER_EXIT')
    return { passage: 'RESUMED', journey: latestOf(ended, t), isReentryForbidden }
  return { passage: 'NEW', journey: null, isReentryForbidden }
}

function journeysOf({ person }: Asked, identity: Identity): JourneyFacts[] {
  const { campaign, definition, key, relationshipId, isUnheardOf } = identity
  if (isUnheardOf) return []
  return person.journeys.filter(
    (journey) =>
      journey.campaignId === campaign.id &&
      journey.definition === definition.name &&
      journey.key === key &&
      (definition.role !== 'FRIEND' || journey.relationshipId === relationshipId),
  )
}

function latestOf(journeys: readonly JourneyFacts[], t: number): JourneyFacts | null {
  const last = (journey: JourneyFacts): number => latestActivity(journey, t) ?? Number.NEGATIVE_INFINITY
  return [...journeys].sort((a, b) => last(b) - last(a) || byteOrder(a.id, b.id))[0] ?? null
}

const firstOf = (journeys: readonly JourneyFacts[]): JourneyFacts | null =>
  [...journeys].sort((a, b) => a.startedAt - b.startedAt || byteOrder(a.id, b.id))[0] ?? null
