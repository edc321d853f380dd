// Conditions on one value or several: of the person's fields and identities, and of the event's own data. They are asked
// millions of times a second, so the common ones, on one plain member, make nothing and call little.

import type { Instant, JsonObject } from '../targeting/facts.ts'
import { parseInstant } from './instant.ts'
import { valueTest } from './operators.ts'
import { compilePath, identityKindOf, isEmailField, readerOf, readPath } from './path.ts'
import type { FieldRule } from './rule.ts'
import type { Predicate } from './subject.ts'
import { isFalse, isTrue, isUnknown, negate, type Truth, truthOf } from './truth.ts'

/** The truth of a value that may be missing: undefined or null. */
type OneTest = (value: unknown, t: Instant) => Truth

/** The predicate of a checked condition on a field or an identity of the person. */
export function compileField(rule: FieldRule): Predicate {
  const kind = identityKindOf(rule.field)
  if (kind !== undefined) {
    const test = manyTest(isEmailField(rule.field) ? inLowerCase(rule) : rule)
    return ({ person, event }) => test(person.identities[kind], event.t)
  }
  if (isEmailField(rule.field)) {
    const [read, test] = [readerOf(rule.field), manyTest(inLowerCase(rule))]
    return ({ person, event }) => test(read(person), event.t)
  }
  const name = plainMember(rule.field)
  if (name === null) {
    const [read, test] = [readerOf(rule.field), manyTest(rule)]
    return ({ person, event }) => test(read(person), event.t)
  }
  return plainFieldTest(rule, name)
}

/** The predicate of a checked condition on the event's data, where no name is an identity's. */
export function compileEventData(rule: FieldRule): Predicate {
  const name = plainMember(rule.field)
  if (name !== null) {
    const test = oneTest(rule)
    return ({ event }) => test(event.data[name], event.t)
  }
  const [steps, test] = [compilePath(rule.field), manyTest(rule)]
  return ({ event }) => test(readPath(event.data, steps), event.t)
}

function plainFieldTest(rule: FieldRule, name: string): Predicate {
  const whenMissing = rule.orMissing ? isTrue : isUnknown
  const texts = plainTexts(rule)
  if (rule.op === 'EQ' && texts !== null) {
    const wanted = texts[0]
    return ({ person }) => {
      const value = person.fields[name]
      if (typeof value === 'string') return value === wanted ? isTrue : isFalse
      return value === undefined || value === null ? whenMissing : isUnknown
    }
  }
  if (rule.op === 'IN' && texts !== null) {
    const wanted: ReadonlySet<unknown> = new Set(texts)
    return ({ person }) => {
      const value = person.fields[name]
      if (typeof value === 'string') return wanted.has(value) ? isTrue : isFalse
      return value === undefined || value === null ? whenMissing : isUnknown
    }
  }
  const test = oneTest(rule)
  return ({ person, event }) => test(person.fields[name], event.t)
}

/** The texts that the rule compares with, where all are texts and none says an instant, which compares by time. */
function plainTexts({ value }: FieldRule): readonly string[] | null {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.filter((one) => typeof one === 'string')
  return texts.length === list.length && texts.every((text) => parseInstant(text) === null) ? texts : null
}

/** The name of the one member that a path means; null for longer paths, lists, and names that every object inherits. */
function plainMember(field: string): string | null {
  const [step, ...others] = compilePath(field)
  return step === undefined || others.length > 0 || step.each || step.name in inherited ? null : step.name
}

const inherited: JsonObject = {}

const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null

function oneTest(rule: FieldRule): OneTest {
  if (rule.op === 'EXISTS') return (value) => truthOf(!isMissing(value))
  if (rule.op === 'MISSING') return (value) => truthOf(isMissing(value))
  const test = valueTest(rule)
  const whenMissing = rule.orMissing ? isTrue : isUnknown
  if (isNegated(rule)) return (value, t) => (isMissing(value) ? whenMissing : negate(test(value, t)))
  return (value, t) => (isMissing(value) ? whenMissing : test(value, t))
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

const isNegated = ({ op }: FieldRule): boolean => op === 'NE' || op === 'NOT_IN'

function inLowerCase(rule: FieldRule): FieldRule {
  const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
  return { ...rule, value: Array.isArray(rule.value) ? rule.value.map(lower) : lower(rule.value) }
}
