// Conditions on one plain member of the person's fields, which most conditions are, as rows that one loop goes through: asked
// millions of times a second, a switch in a loop costs half of what a call of a function each would.

import type { Instant, JsonObject } from '../targeting/facts.ts'
import { parseInstant } from './instant.ts'
import { valueTest } from './operators.ts'
import { compilePath, identityKindOf, isEmailField } from './path.ts'
import type { FieldRule } from './rule.ts'
import { isFalse, isTrue, isUnknown, negate, type Truth, truthOf } from './truth.ts'

/** An operator on plain texts or on numbers; ANY is everything else, and goes by `test`. */
type Kind = 'EQ' | 'NE' | 'IN' | 'NOT_IN' | 'LT' | 'LTE' | 'GT' | 'GTE' | 'ANY'

/** All have the same shape, whatever their kind reads of it. */
export interface Term {
  readonly kind: Kind
  readonly name: string
  readonly text: string
  readonly texts: ReadonlySet<string>
  readonly number: number
  readonly whenMissing: Truth
  readonly test: OneTest
}

/** The truth of a value that may be missing: undefined or null. */
export type OneTest = (value: unknown, t: Instant) => Truth

/** The term of a checked condition on a field; null for identities, longer paths, lists, and names that every object inherits. */
export function fieldTerm(rule: FieldRule): Term | null {
  const isIdentity = identityKindOf(rule.field) !== undefined || isEmailField(rule.field)
  return isIdentity ? null : memberTerm(rule)
}

/** The same on data where no name is an identity's. */
export function memberTerm(rule: FieldRule): Term | null {
  const [step, ...others] = compilePath(rule.field)
  if (step === undefined || others.length > 0 || step.each || step.name in inherited) return null
  const texts = plainTexts(rule.value) ?? []
  return {
    kind: kindOf(rule),
    name: step.name,
    text: texts[0] ?? '',
    texts: new Set(texts),
    number: typeof rule.value === 'number' ? rule.value : Number.NaN,
    whenMissing: rule.orMissing ? isTrue : isUnknown,
    test: oneTest(rule),
  }
}

const inherited: JsonObject = {}

/** What the term says of the members of that object. */
export function askTerm(term: Term, members: JsonObject, t: Instant): Truth {
  const value = members[term.name]
  if (value === undefined || value === null) return term.kind === 'ANY' ? term.test(value, t) : term.whenMissing
  switch (term.kind) {
    case 'EQ':
      if (value === term.text) return isTrue
      return typeof value === 'string' ? isFalse : isUnknown
    case 'IN':
      return typeof value === 'string' ? truthOf(term.texts.has(value)) : isUnknown
    case 'GTE':
      return typeof value === 'number' ? truthOf(value >= term.number) : isUnknown
    case 'LTE':
      return typeof value === 'number' ? truthOf(value <= term.number) : isUnknown
    case 'GT':
      return typeof value === 'number' ? truthOf(value > term.number) : isUnknown
    case 'LT':
      return typeof value === 'number' ? truthOf(value < term.number) : isUnknown
    case 'NE':
      return typeof value === 'string' ? truthOf(value !== term.text) : isUnknown
    case 'NOT_IN':
      return typeof value === 'string' ? truthOf(!term.texts.has(value)) : isUnknown
    default:
      return term.test(value, t)
  }
}

/** The smallest of the truths of them all. */
export function askEvery(terms: readonly Term[], members: JsonObject, t: Instant): Truth {
  let truth: Truth = isTrue
  for (const term of terms) {
    const one = askTerm(term, members, t)
    if (one === isFalse) return isFalse
    if (one === isUnknown) truth = isUnknown
  }
  return truth
}

function kindOf({ op, value }: FieldRule): Kind {
  switch (op) {
    case 'LT':
    case 'LTE':
    case 'GT':
    case 'GTE':
      return typeof value === 'number' ? op : 'ANY'
    case 'EQ':
    case 'NE':
    case 'IN':
    case 'NOT_IN':
      return plainTexts(value) ? op : 'ANY'
    default:
      return 'ANY'
  }
}

/** The texts that the rule compares with, where all are texts and none says an instant, which compares by time. */
function plainTexts(value: unknown): readonly string[] | null {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.filter((one) => typeof one === 'string')
  return texts.length === list.length && texts.every((text) => parseInstant(text) === null) ? texts : null
}

const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null

function oneTest(rule: FieldRule): OneTest {
  if (rule.op === 'EXISTS') return (value) => truthOf(!isMissing(value))
  if (rule.op === 'MISSING') return (value) => truthOf(isMissing(value))
  const test = valueTest(rule)
  const whenMissing = rule.orMissing ? isTrue : isUnknown
  if (isNegated(rule)) return (value, t) => (isMissing(value) ? whenMissing : negate(test(value, t)))
  return (value, t) => (isMissing(value) ? whenMissing : test(value, t))
}

/** True of the operators that are negations of others. */
export const isNegated = ({ op }: FieldRule): boolean => op === 'NE' || op === 'NOT_IN'
