// Why a rule did not hold: the leaves in the way, each with the value seen.

import { audienceId, compileRule, type Predicate, type Subject } from './compile.ts'
import { readerOf } from './path.ts'
import type { FieldOperator, Rule } from './rule.ts'
import { isFalse, isTrue, type Truth, type TruthName, truthNames } from './truth.ts'

/** One condition in the way; under a `not` that is one which holds. Of a field: field, op, value; of an audience: audience, member. */
export interface FailedLeaf {
  /** The place in the rule, as in `all[2].field`. */
  readonly at: string
  readonly field?: string
  readonly op?: FieldOperator
  readonly value?: unknown
  readonly audience?: string
  readonly member?: boolean
  /** Null: missing. Long texts and lists are cut, objects are left out. */
  readonly seen: unknown
  readonly truth: TruthName
}

const maxLeaves = 20
const maxText = 256

/** The leaves that keep a checked rule from being TRUE, at most 20, in the order of the rule; empty where it is. */
export function failedLeaves(rule: Rule, subject: Subject): readonly FailedLeaf[] {
  const leaves: FailedLeaf[] = []
  blame(rule, { subject, leaves, wanted: isTrue, at: '' })
  return leaves
}

interface Search {
  readonly subject: Subject
  readonly leaves: FailedLeaf[]
  readonly wanted: Truth
  readonly at: string
}

function blame(rule: Rule, search: Search): void {
  const { subject, leaves, wanted, at } = search
  const truth = predicateOf(rule)(subject)
  if (truth === wanted || leaves.length >= maxLeaves) return
  const deeper = (key: string): string => (at === '' ? key : `${at}.${key}`)
  if ('all' in rule) blameMembers(rule.all, { ...search, at: deeper('all') })
  else if ('any' in rule) blameMembers(rule.any, { ...search, at: deeper('any') })
  else if ('not' in rule)
    blame(rule.not, { ...search, at: deeper('not'), wanted: wanted === isTrue ? isFalse : isTrue })
  else if ('field' in rule) {
    const { field, op, value } = rule.field
    const seen = shown(readerOf(field)(subject.person))
    leaves.push({ at: deeper('field'), field, op, value: clipped(value), seen, truth: truthNames[truth] })
  } else {
    const audience = audienceId(rule.audience)
    const seen = subject.person.audienceIds.has(audience)
    leaves.push({
      at: deeper('audience'),
      audience,
      member: rule.audience.member ?? true,
      seen,
      truth: truthNames[truth],
    })
  }
}

// The same rules are blamed over and over; each node is compiled once.
const compiled = new WeakMap<Rule, Predicate>()

function predicateOf(rule: Rule): Predicate {
  const known = compiled.get(rule)
  if (known) return known
  const predicate = compileRule(rule)
  compiled.set(rule, predicate)
  return predicate
}

function blameMembers(members: readonly Rule[], search: Search): void {
  for (const [i, member] of members.entries()) blame(member, { ...search, at: `${search.at}[${i}]` })
}

function shown(values: readonly unknown[]): unknown {
  if (values.length === 0) return null
  return clipped(values.length === 1 ? values[0] : values)
}

function clipped(value: unknown): unknown {
  if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value
  if (Array.isArray(value))
    return value.slice(0, maxLeaves).map((element) => (isPlain(element) ? clipped(element) : '(object)'))
  return value !== undefined && isPlain(value) ? value : value === undefined ? null : '(object)'
}

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null
