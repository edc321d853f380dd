// How a rule is best asked of everybody at once: what is told by a person's own fields narrows first, then come the conditions for
// which rows of other tables are gathered.

import { boundsOf } from './counts.ts'
import { orderTests } from './orders.ts'
import { identityKindOf, isEmailField } from './path.ts'
import type { OrderRule, Rule } from './rule.ts'

export interface Parted {
  /** Conditions on fields alone. A person is meant where all of both kinds are true. */
  readonly plain: readonly Rule[]
  readonly gathered: readonly Rule[]
  /** Somewhere in `gathered` a field is asked for. */
  readonly asksFields: boolean
}

export function partsOf(rule: Rule): Parted {
  const conjuncts = conjunctsOf(rule)
  const gathered = conjuncts.filter((one) => !isPlain(one))
  // One that holds whoever is meant comes first: it can stand for everybody.
  gathered.sort((a, b) => Number(isTrueConjunct(b)) - Number(isTrueConjunct(a)))
  return { plain: conjuncts.filter(isPlain), gathered, asksFields: gathered.some(asksField) }
}

const conjunctsOf = (rule: Rule): readonly Rule[] => ('all' in rule ? rule.all.flatMap(conjunctsOf) : [rule])

const members = (rule: Rule): readonly Rule[] | null =>
  'all' in rule ? rule.all : 'any' in rule ? rule.any : 'not' in rule ? [rule.not] : null

const isPathField = (rule: Rule): boolean =>
  'field' in rule && identityKindOf(rule.field.field) === undefined && !isEmailField(rule.field.field)

const isPlain = (rule: Rule): boolean => members(rule)?.every(isPlain) ?? ('eventData' in rule || isPathField(rule))

const asksField = (rule: Rule): boolean => members(rule)?.some(asksField) ?? isPathField(rule)

/** True of conditions that hold only for people of whom there is a row: who has none need not be looked at. */
export function isTrueConjunct(rule: Rule): boolean {
  if ('event' in rule) return rule.event.performed !== false && boundsOf(rule.event).least > 0
  if ('quality' in rule) return boundsOf(rule.quality).least > 0
  if ('relationship' in rule) return boundsOf(rule.relationship).least > 0
  if ('product' in rule) return boundsOf(rule.product).least > 0
  if ('audience' in rule) return rule.audience.member ?? true
  if ('consent' in rule) return true
  return 'order' in rule && !holdsWithoutOrders(rule.order)
}

/** Without orders counts and totals are zero, and all else is unknown. */
const holdsWithoutOrders = ({ aggregate, op, value }: OrderRule): boolean =>
  (aggregate === 'COUNT' || aggregate === 'TOTAL_MINOR') && orderTests[op](0, value)
