// What a rule is asked about.

import type { EventFacts, PersonFacts } from '../targeting/facts.ts'
import type { Truth } from './truth.ts'

/** The person as of now, at an event whose effective time relative conditions count from. */
export interface Subject {
  readonly person: PersonFacts
  readonly event: EventFacts
}

export type Predicate = (subject: Subject) => Truth
