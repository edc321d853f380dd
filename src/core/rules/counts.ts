// How often something happened before an event: the figures of the conditions that count, and their bounds.

import { decodeId } from '../ids.ts'
import { foldEventName } from '../names.ts'
import type { Instant, PersonFacts, RelationshipFacts } from '../targeting/facts.ts'
import { personAt } from '../targeting/people.ts'
import type { CountBounds, EventRule, QualityRule, RelationshipRule } from './rule.ts'
import type { Predicate, Subject } from './subject.ts'
import { isTrue } from './truth.ts'

/** Counts no further than the rule asks, so that what is seen does not hang on how much more was loaded. */
export type Counter = (subject: Subject) => number

const dayMs = 86_400_000

/** The longest way back from an event's time that still counts, in milliseconds. */
export const windowMs = ({ withinLastDays: days }: Pick<CountBounds, 'withinLastDays'>): number =>
  days === null || days === undefined ? Number.POSITIVE_INFINITY : days * dayMs

/** How many are needed to tell whether a count is within the bounds: 1 to 1,001. */
export const enoughFor = ({ atLeast, atMost }: CountBounds): number =>
  Math.max(1, atMost === null || atMost === undefined ? (atLeast ?? 1) : atMost + 1)

/** The least and the most that there may be; `most` is null where nothing limits it. */
export function boundsOf({ atLeast, atMost }: CountBounds): { least: number; most: number | null } {
  const most = atMost ?? null
  return { least: atLeast ?? (most === null ? 1 : 0), most }
}

/** Is the count within the bounds? */
export function boundsTest(bounds: CountBounds): (count: number) => boolean {
  const { least, most } = boundsOf(bounds)
  return (count) => count >= least && count <= (most ?? Number.POSITIVE_INFINITY)
}

/** How often the person performed the event. */
export function eventCounter(rule: EventRule): Counter {
  const name = foldEventName(rule.name)
  const [back, enough] = [windowMs(rule), enoughFor(rule)]
  return ({ person, event: { t } }) => {
    const times = person.history.events.get(name)
    if (times === undefined) return 0
    let count = 0
    for (const at of times) {
      if (at <= t && at >= t - back && ++count === enough) break
    }
    return count
  }
}

/** How many of the person's events were decided with the quality. */
export function qualityCounter(rule: QualityRule): Counter {
  const [back, enough] = [windowMs(rule), enoughFor(rule)]
  return ({ person, event: { t } }) => {
    let count = 0
    for (const { quality, at } of person.history.qualities) {
      if (quality === rule.is && at <= t && at >= t - back && ++count === enough) break
    }
    return count
  }
}

type Shown = Pick<RelationshipFacts, 'programId' | 'firstEvidenceAt' | 'evidence' | 'other'>

/** How many relationships the person has, on that side; `where` is the rule's condition on the other person, compiled. */
export function relationshipCounter(rule: RelationshipRule, where?: Predicate): Counter {
  const programId = ruleProgramId(rule)
  const [back, enough] = [windowMs(rule), enoughFor(rule)]
  const sideOf: (person: PersonFacts) => readonly Shown[] =
    rule.as === 'FRIEND' ? (person) => person.relationships : (person) => person.history.friends
  return ({ person, event: { t } }) => {
    let count = 0
    for (const one of sideOf(person)) {
      if (programId !== null && one.programId !== programId) continue
      if (one.firstEvidenceAt > t || !isShownSince(one, t - back, t)) continue
      if ((!where || isOther(where, one, t)) && ++count === enough) break
    }
    return count
  }
}

/** The UUID of the program that a checked condition names; null where it names none. */
export const ruleProgramId = ({ programId }: RelationshipRule): string | null =>
  programId === null || programId === undefined ? null : (decodeId('Program', programId) ?? programId)

const isShownSince = ({ firstEvidenceAt, evidence }: Shown, from: Instant, t: Instant): boolean =>
  firstEvidenceAt >= from || evidence.some((at) => at >= from && at <= t)

const isOther = (where: Predicate, { other }: Shown, t: Instant): boolean =>
  other !== undefined &&
  where({ person: personAt(other, t), event: { id: '', name: '', personId: other.id, t, data: {} } }) === isTrue
