// Why a rule did not hold: the leaves in the way, each with the value or figure seen.

import type { ConsentChannel, ConsentState } from '../consent.ts'
import { foldEventName } from '../names.ts'
import { audienceId } from './asks.ts'
import { compileRule, consentsOf } from './compile.ts'
import { eventCounter, qualityCounter, relationshipCounter, ruleProgramId } from './counts.ts'
import { orderFigure, productCounter } from './orders.ts'
import { compilePath, readerOf, readPath } from './path.ts'
import type { CountBounds, FieldOperator, FieldRule, OrderAggregate, OrderRule, ProductRule, Rule } from './rule.ts'
import type { Predicate, Subject } from './subject.ts'
import { isFalse, isTrue, type Truth, type TruthName, truthNames } from './truth.ts'

/**
 * One condition in the way; under a `not` that is one which holds. Its kind is the last key of `at`, and says what it has:
 * field and eventData: field, op, value; audience: audience, member; event: event, performed; order: aggregate, op, value,
 * currency; product: product, sku or category, counting; relationship: relationship, programId; quality: quality; consent: channel, state. Bounds and windows are there where the rule has them.
 */
export interface FailedLeaf {
  /** The place in the rule, as in `all[2].field`. */
  readonly at: string
  /** A path into the person's fields or, under `eventData`, into the event's data. */
  readonly field?: string
  readonly op?: FieldOperator
  readonly value?: unknown
  readonly audience?: string
  readonly member?: boolean
  /** The folded name. */
  readonly event?: string
  readonly performed?: boolean
  readonly aggregate?: OrderAggregate
  readonly currency?: string
  readonly product?: string
  readonly sku?: string
  readonly category?: readonly string[]
  readonly counting?: 'QUANTITY' | 'ORDERS'
  readonly relationship?: 'FRIEND' | 'ADVOCATE'
  readonly programId?: string
  /** Asked of the other person. */
  readonly where?: Rule
  readonly quality?: 'HIGH' | 'LOW' | 'NONE'
  readonly channel?: ConsentChannel
  readonly state?: ConsentState
  readonly atLeast?: number
  readonly atMost?: number
  readonly withinLastDays?: number
  /**
   * Null: missing, or no orders to tell of. Long texts and lists are cut, objects are left out. A count goes no further than
   * the rule needs: one above `atMost`, or `atLeast`.
   */
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

/** A node of a rule: what it says, and what of a leaf was seen. */
export interface RuleNode {
  /** The place in the rule, as in `all[2].field`; empty for the whole. */
  readonly at: string
  readonly kind: NodeKind
  readonly truth: TruthName
  /** Of a leaf, as FailedLeaf has it. */
  readonly leaf: Omit<FailedLeaf, 'at' | 'truth'> | null
}

export const nodeKinds = [
  'all',
  'any',
  'not',
  'field',
  'event',
  'order',
  'product',
  'audience',
  'relationship',
  'quality',
  'consent',
  'eventData',
] as const

export type NodeKind = (typeof nodeKinds)[number]

/** What every node of a checked rule says of the subject: the whole first, each node before its members, these in order. */
export function explainedNodes(rule: Rule, subject: Subject, at = ''): RuleNode[] {
  const kind = nodeKinds.find((one) => one in rule) ?? 'all'
  const truth = truthNames[predicateOf(rule)(subject)]
  const inner = at === '' ? kind : `${at}.${kind}`
  const members = (list: readonly Rule[]) => list.flatMap((one, i) => explainedNodes(one, subject, `${inner}[${i}]`))
  if ('all' in rule) return [{ at, kind, truth, leaf: null }, ...members(rule.all)]
  if ('any' in rule) return [{ at, kind, truth, leaf: null }, ...members(rule.any)]
  if ('not' in rule) return [{ at, kind, truth, leaf: null }, ...explainedNodes(rule.not, subject, inner)]
  return [{ at: inner, kind, truth, leaf: told(rule, subject) }]
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
  const deeper = (key: string): Search => ({ ...search, at: at === '' ? key : `${at}.${key}` })
  if ('all' in rule) blameMembers(rule.all, deeper('all'))
  else if ('any' in rule) blameMembers(rule.any, deeper('any'))
  else if ('not' in rule) blame(rule.not, { ...deeper('not'), wanted: wanted === isTrue ? isFalse : isTrue })
  else {
    const [key = ''] = Object.keys(rule)
    leaves.push({ at: deeper(key).at, ...told(rule, subject), truth: truthNames[truth] })
  }
}

type Leaf = Exclude<Rule, { all: unknown } | { any: unknown } | { not: unknown }>

function told(leaf: Leaf, subject: Subject): Omit<FailedLeaf, 'at' | 'truth'> {
  const { person, event } = subject
  if ('field' in leaf) return { ...compared(leaf.field), seen: shown(readerOf(leaf.field.field)(person)) }
  if ('eventData' in leaf) {
    const { eventData } = leaf
    return { ...compared(eventData), seen: shown(readPath(event.data, compilePath(eventData.field))) }
  }
  if ('audience' in leaf) {
    const audience = audienceId(leaf.audience)
    return { audience, member: leaf.audience.member ?? true, seen: person.audienceIds.has(audience) }
  }
  if ('event' in leaf) {
    const [name, performed] = [foldEventName(leaf.event.name), leaf.event.performed ?? true]
    return { event: name, performed, ...bounds(leaf.event), seen: eventCounter(leaf.event)(subject) }
  }
  if ('order' in leaf) return { ...figure(leaf.order), seen: orderFigure(leaf.order)(subject) }
  if ('product' in leaf) return { ...bought(leaf.product), seen: productCounter(leaf.product)(subject) }
  if ('quality' in leaf) {
    return { quality: leaf.quality.is, ...bounds(leaf.quality), seen: qualityCounter(leaf.quality)(subject) }
  }
  if ('consent' in leaf) {
    const { channel, state } = leaf.consent
    const asked = { ...(channel == null ? {} : { channel }), state: state ?? ('OPTED_IN' as const) }
    // Of one channel what is in force, of any those of which it is.
    const seen = channel == null ? consentsOf(leaf.consent, person) : (person.consents?.get(channel)?.state ?? null)
    return { ...asked, seen }
  }
  const { relationship } = leaf
  const programId = ruleProgramId(relationship)
  return {
    relationship: relationship.as,
    ...(programId === null ? {} : { programId }),
    ...bounds(relationship),
    ...(relationship.where ? { where: relationship.where } : {}),
    seen: relationshipCounter(relationship, relationship.where ? predicateOf(relationship.where) : undefined)(subject),
  }
}

const compared = ({ field, op, value }: FieldRule) => ({ field, op, value: clipped(value) })

const figure = ({ aggregate, op, value, currency, withinLastDays }: OrderRule) => ({
  aggregate,
  op,
  value,
  ...(currency ? { currency: currency.toUpperCase() } : {}),
  ...bounds({ withinLastDays: withinLastDays ?? null }),
})

const bought = (rule: ProductRule) => ({
  ...(rule.id == null ? {} : { product: rule.id }),
  ...(rule.sku == null ? {} : { sku: rule.sku }),
  ...(rule.category == null ? {} : { category: rule.category }),
  counting: rule.counting ?? 'QUANTITY',
  ...bounds(rule),
})

const bounds = ({ atLeast, atMost, withinLastDays }: CountBounds) => ({
  ...(atLeast == null ? {} : { atLeast }),
  ...(atMost == null ? {} : { atMost }),
  ...(withinLastDays == null ? {} : { withinLastDays }),
})

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
