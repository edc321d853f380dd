// A rule, compiled once, becomes a function that says TRUE, FALSE or UNKNOWN of a person at an event.

import { decodeId } from '../ids.ts'
import type { EventFacts, PersonFacts } from '../targeting/facts.ts'
import { checkRule } from './check.ts'
import { valueTest } from './operators.ts'
import { isEmailField, readerOf } from './path.ts'
import type { AudienceRule, FieldRule, Rule } from './rule.ts'
import { isFalse, isTrue, isUnknown, negate, type Truth, truthOf } from './truth.ts'

/** What a rule is asked about: the person as of now, at an event whose effective time relative conditions count from. */
export interface Subject {
  readonly person: PersonFacts
  readonly event: EventFacts
}

export type Predicate = (subject: Subject) => Truth

/** The predicate of a rule. Throws RangeError for a rule that checkRule refuses. */
export function compileRule(rule: Rule): Predicate {
  const fault = checkRule(rule)
  if (fault) throw new RangeError(`${fault.at || 'the rule'}: ${fault.message}`)
  return compileChecked(rule)
}

/** The ids of all audiences that a rule asks about, each once, in the order of the rule. */
export function audiencesOf(rule: Rule): readonly string[] {
  if ('audience' in rule) return [audienceId(rule.audience)]
  if ('not' in rule) return audiencesOf(rule.not)
  if ('field' in rule) return []
  return [...new Set(('all' in rule ? rule.all : rule.any).flatMap(audiencesOf))]
}

/** The UUID in a checked audience rule. */
export const audienceId = (rule: AudienceRule): string => decodeId('Audience', rule.id) ?? rule.id

function compileChecked(rule: Rule): Predicate {
  if ('all' in rule) return every(rule.all.map(compileChecked))
  if ('any' in rule) return some(rule.any.map(compileChecked))
  if ('field' in rule) return compileField(rule.field)
  if ('audience' in rule) return compileAudience(rule.audience)
  const inner = compileChecked(rule.not)
  return (subject) => negate(inner(subject))
}

function every(members: readonly Predicate[]): Predicate {
  return (subject) => {
    let truth: Truth = isTrue
    for (const member of members) {
      const one = member(subject)
      if (one === isFalse) return isFalse
      if (one === isUnknown) truth = isUnknown
    }
    return truth
  }
}

function some(members: readonly Predicate[]): Predicate {
  return (subject) => {
    let truth: Truth = isFalse
    for (const member of members) {
      const one = member(subject)
      if (one === isTrue) return isTrue
      if (one === isUnknown) truth = isUnknown
    }
    return truth
  }
}

/** Of several values any one may satisfy; NE and NOT_IN are the negations of EQ and IN, so there none may. */
function compileField(rule: FieldRule): Predicate {
  const read = readerOf(rule.field)
  if (rule.op === 'EXISTS') return ({ person }) => truthOf(read(person).length > 0)
  if (rule.op === 'MISSING') return ({ person }) => truthOf(read(person).length === 0)
  const test = valueTest(isEmailField(rule.field) ? inLowerCase(rule) : rule)
  const isNegated = rule.op === 'NE' || rule.op === 'NOT_IN'
  const whenMissing = rule.orMissing ? isTrue : isUnknown
  return ({ person, event }) => {
    const values = read(person)
    if (values.length === 0) return whenMissing
    let truth: Truth = isFalse
    for (const value of values) {
      const one = test(value, event.t)
      if (one > truth) truth = one
      if (truth === isTrue) break
    }
    return isNegated ? negate(truth) : truth
  }
}

function inLowerCase(rule: FieldRule): FieldRule {
  const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
  return { ...rule, value: Array.isArray(rule.value) ? rule.value.map(lower) : lower(rule.value) }
}

function compileAudience(rule: AudienceRule): Predicate {
  const id = audienceId(rule)
  const wanted = rule.member ?? true
  return ({ person }) => truthOf(person.audienceIds.has(id) === wanted)
}
