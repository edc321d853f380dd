// Conditions on one value or several: of the person's fields and identities, and of the event's own data.

import type { Instant } from '../targeting/facts.ts'
import { valueTest } from './operators.ts'
import { compilePath, identityKindOf, isEmailField, readerOf, readPath } from './path.ts'
import type { FieldRule } from './rule.ts'
import type { Predicate } from './subject.ts'
import { askTerm, fieldTerm, isNegated, memberTerm } from './terms.ts'
import { isFalse, isTrue, isUnknown, negate, type Truth, truthOf } from './truth.ts'

/** The predicate of a checked condition on a field or an identity of the person. */
export function compileField(rule: FieldRule): Predicate {
  const term = fieldTerm(rule)
  if (term) return ({ person, event }) => askTerm(term, person.fields, event.t)
  const test = manyTest(isEmailField(rule.field) ? inLowerCase(rule) : rule)
  const kind = identityKindOf(rule.field)
  if (kind !== undefined) return ({ person, event }) => test(person.identities[kind], event.t)
  const read = readerOf(rule.field)
  return ({ person, event }) => test(read(person), event.t)
}

/** The predicate of a checked condition on the event's data, where no name is an identity's. */
export function compileEventData(rule: FieldRule): Predicate {
  const term = memberTerm(rule)
  if (term) return ({ event }) => askTerm(term, event.data, event.t)
  const [steps, test] = [compilePath(rule.field), manyTest(rule)]
  return ({ event }) => test(readPath(event.data, steps), event.t)
}

/** Of several values any one may satisfy; NE and NOT_IN are the negations of EQ and IN, so there none may. None is missing. */
function manyTest(rule: FieldRule): (values: readonly unknown[] | undefined, t: Instant) => Truth {
  if (rule.op === 'EXISTS') return (values) => truthOf(values !== undefined && values.length > 0)
  if (rule.op === 'MISSING') return (values) => truthOf(values === undefined || values.length === 0)
  const test = valueTest(rule)
  const whenMissing = rule.orMissing ? isTrue : isUnknown
  const negated = isNegated(rule)
  return (values, t) => {
    if (values === undefined || values.length === 0) return whenMissing
    let truth: Truth = isFalse
    for (const value of values) {
      const one = test(value, t)
      if (one > truth) truth = one
      if (truth === isTrue) break
    }
    return negated ? negate(truth) : truth
  }
}

function inLowerCase(rule: FieldRule): FieldRule {
  const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
  return { ...rule, value: Array.isArray(rule.value) ? rule.value.map(lower) : lower(rule.value) }
}
