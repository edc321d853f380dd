// Fields of people that come with events, in the form that the account's rules give them, with what was given kept.

import type { FieldRules } from '../../core/normalise/fields.ts'
import { type GivenFields, normalisedChange } from '../profiles/raw-values.ts'
import type { KnownEvent } from './decide-batch.ts'

/** The events with the fields of their people as the account's rules have them; the same ones where it has none. */
export function withNormalisedFields(events: readonly KnownEvent[], rules: FieldRules): readonly KnownEvent[] {
  if (rules.fields.size === 0) return events
  return events.map((known) => {
    const { step } = known
    return step.fields ? { ...known, step: { ...step, fields: normalisedChange(step.fields, rules) } } : known
  })
}

/** The fields that came with the events, beside what is stored for them. */
export const fieldsGiven = (events: readonly KnownEvent[]): GivenFields[] =>
  events.flatMap(({ event, step }) => {
    const { personId, profileId = personId, fields } = step
    if (!event.fields || !fields) return []
    return [{ profileId, given: event.fields.set, stored: fields.set, at: event.receivedAt }]
  })
