// A person's journeys as they stood at an instant, whatever has been written since.

import { byteOrder } from '../names.ts'
import type { Passage } from './decision.ts'
import type { Instant, JourneyFacts } from './facts.ts'
import type { Definition } from './rule-set.ts'

/** The latest of some times that is at or before t; null where none is. */
export function latestUpTo(times: readonly Instant[], t: Instant): Instant | null {
  let latest: Instant | null = null
  for (const at of times) if (at <= t && (latest === null || at > latest)) latest = at
  return latest
}

/** What says whether a journey is active. */
type Lived = Pick<JourneyFacts, 'startedAt' | 'exitedAt' | 'activities'>

/** The latest activity at or before t; null for a journey that had not begun. */
export function activityAt(journey: Lived, t: Instant): Instant | null {
  return latestUpTo(journey.activities, t) ?? (journey.startedAt <= t ? journey.startedAt : null)
}

/** True if it began or was active after t: a late event joins it, and never ends it. */
export const isActiveAfter = (journey: JourneyFacts, t: Instant): boolean =>
  journey.startedAt > t || journey.activities.some((at) => at > t)

/** Begun, not left, and not run out; the inactivity limit is over exactly at its end. */
export function isActiveAt(journey: Lived, t: Instant, inactivityMs: number | null): boolean {
  const latest = activityAt(journey, t)
  if (latest === null || (journey.exitedAt !== null && journey.exitedAt <= t)) return false
  return inactivityMs === null || t < latest + inactivityMs
}

/** What a person's journeys of one identity (campaign, definition, key, relationship) leave open at t. */
export interface Passages {
  readonly active: JourneyFacts | null
  /** The one that ended last. */
  readonly ended: JourneyFacts | null
  /** Those that had run out, though nobody had written it down. */
  readonly expired: readonly JourneyFacts[]
  /** The earliest of those that began or were active after t. */
  readonly later: JourneyFacts | null
}

const none: readonly JourneyFacts[] = []

export const noPassages: Passages = { active: null, ended: null, expired: none, later: null }

/** Sorts the journeys of one identity by what they are at t; the order they come in does not matter. */
export function passagesAt(
  journeys: readonly JourneyFacts[],
  definition: Pick<Definition, 'inactivityMs'>,
  t: Instant,
): Passages {
  const [only] = journeys
  if (!only) return noPassages
  if (journeys.length === 1 && isActiveAt(only, t, definition.inactivityMs))
    return { active: only, ended: null, expired: none, later: null }
  const latestFirst = [...journeys].sort((a, b) => activityOrder(b, a, t) || byteOrder(a.id, b.id))
  const isActive = (journey: JourneyFacts) => isActiveAt(journey, t, definition.inactivityMs)
  const ended = latestFirst.filter((journey) => activityAt(journey, t) !== null && !isActive(journey))
  const later = latestFirst
    .filter((journey) => isActiveAfter(journey, t))
    .sort((a, b) => a.startedAt - b.startedAt || byteOrder(a.id, b.id))
  return {
    active: latestFirst.find(isActive) ?? null,
    ended: ended[0] ?? null,
    expired: ended.filter(({ exitedAt }) => exitedAt === null),
    later: later[0] ?? null,
  }
}

const activityOrder = (a: JourneyFacts, b: JourneyFacts, t: Instant): number =>
  (activityAt(a, t) ?? Number.NEGATIVE_INFINITY) - (activityAt(b, t) ?? Number.NEGATIVE_INFINITY)

/** The journey that a NEW candidate becomes when committed, and how; null begins one. */
export function reuse(passages: Passages, definition: Definition): { journey: JourneyFacts; passage: Passage } | null {
  if (passages.active) return { journey: passages.active, passage: 'ACTIVE' }
  if (passages.later) return { journey: passages.later, passage: 'JOINED' }
  if (!passages.ended || definition.reentry === 'NEW_AFTER_EXIT') return null
  return { journey: passages.ended, passage: 'RESUMED' }
}
