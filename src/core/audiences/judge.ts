// Whether a person is in the audiences that something may have changed, and when time alone may change it again.

import { nextChange, noEventAt } from '../rules/next-change.ts'
import { isTrue } from '../rules/truth.ts'
import type { Instant, PersonFacts } from '../targeting/facts.ts'
import { personAt } from '../targeting/people.ts'
import type { DynamicAudience, DynamicAudiences } from './dynamic.ts'

export interface Verdict {
  readonly audience: DynamicAudience
  readonly isMember: boolean
  /** When to look again, though nothing happens; null: never. */
  readonly dueAt: Instant | null
}

/** Somebody who is known only in part is looked at again so often, where time may change something. */
const partlyKnownMs = 3_600_000

/**
 * A verdict for each of the audiences, in an order in which those that others ask about come first. `person.audienceIds` holds
 * what is known of all audiences that these are or ask about. `told` has, by audience,
 * what a rule is known to say of the person where more would be to load than was.
 */
export function judge(
  { inOrder }: DynamicAudiences,
  concerned: ReadonlySet<DynamicAudience>,
  { person, t, told }: { person: PersonFacts; t: Instant; told?: ReadonlyMap<string, boolean> | undefined },
): Verdict[] {
  const audienceIds = new Set(person.audienceIds)
  const now: PersonFacts = { ...person, audienceIds }
  const event = noEventAt(person.id, t)
  return (concerned.size === 1 ? [...concerned] : inOrder.filter((audience) => concerned.has(audience))).map(
    (audience) => {
      const known = told?.get(audience.id)
      const isMember = known ?? audience.holds({ person: personAt(now, t), event }) === isTrue
      if (isMember) audienceIds.add(audience.id)
      else audienceIds.delete(audience.id)
      const dueAt = mayChange(audience, now) ? nextChange(audience, now, t) : null
      if (known === undefined || !audience.isTimed) return { audience, isMember, dueAt }
      return { audience, isMember, dueAt: Math.min(dueAt ?? Number.POSITIVE_INFINITY, t + partlyKnownMs) }
    },
  )
}

/** Whether time alone can change what the audience's rule says of the person: by windows, or since one of their values ends. */
export const mayChange = ({ isTimed }: DynamicAudience, { fieldsEndAt = null }: PersonFacts): boolean =>
  isTimed || fieldsEndAt !== null
