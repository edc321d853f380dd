// Rules as callers write them, turned into the form that the core reads and the database keeps.

import { foldEventName } from '../../core/names.ts'
import { checkRule } from '../../core/rules/check.ts'
import { ruleProgramId } from '../../core/rules/counts.ts'
import type {
  ConsentRule,
  FieldOperator,
  FieldRule,
  OrderAggregate,
  OrderOperator,
  ProductRule,
  QualityRule,
  RelationshipRule,
  Rule,
} from '../../core/rules/rule.ts'
import { badInput } from '../../errors.ts'
import { idInput } from '../../ids.ts'

/** Exactly one key is given; the schema sees to it. */
export interface RuleShape {
  all?: RuleShape[] | null
  any?: RuleShape[] | null
  not?: RuleShape | null
  field?: FieldRuleShape | null
  event?: (CountShape & { name: string; performed?: boolean | null }) | null
  order?: OrderRuleShape | null
  product?: ProductRuleShape | null
  audience?: { id: string | number; member?: boolean | null } | null
  relationship?: RelationshipRuleShape | null
  quality?: (CountShape & { is: QualityRule['is'] }) | null
  consent?: ConsentRule | null
  eventData?: FieldRuleShape | null
}

interface RelationshipRuleShape extends CountShape {
  as: RelationshipRule['as']
  programId?: string | number | null
  where?: RuleShape | null
}

interface FieldRuleShape {
  field: string
  op: FieldOperator
  value?: unknown
  orMissing?: boolean | null
}

interface CountShape {
  atLeast?: number | null
  atMost?: number | null
  withinLastDays?: number | null
}

interface OrderRuleShape {
  aggregate: OrderAggregate
  op: OrderOperator
  value: number
  currency?: string | null
  withinLastDays?: number | null
}

interface ProductRuleShape extends CountShape {
  id?: string | null
  sku?: string | null
  category?: readonly string[] | null
  counting?: ProductRule['counting']
}

/**
 * The rule that the input says, audiences and programs by their UUIDs, event names folded. BAD_INPUT naming the place, such as
 * `input.filter.all[1].field.op`.
 */
export function ruleOf(input: RuleShape, path: string): Rule {
  const rule = toRule(input, path)
  const fault = checkRule(rule)
  if (fault) throw badInput(fault.message, fault.at ? `${path}.${fault.at}` : path)
  return rule
}

// What says nothing is left out, so that equal rules are stored alike.
function toRule(input: RuleShape, path: string): Rule {
  if (input.all) return { all: input.all.map((member, i) => toRule(member, `${path}.all[${i}]`)) }
  if (input.any) return { any: input.any.map((member, i) => toRule(member, `${path}.any[${i}]`)) }
  if (input.not) return { not: toRule(input.not, `${path}.not`) }
  if (input.field) return { field: fieldRule(input.field) }
  if (input.eventData) return { eventData: fieldRule(input.eventData) }
  if (input.event) {
    const { name, performed } = input.event
    return {
      event: { name: foldEventName(name), ...(performed === false ? { performed } : {}), ...bounds(input.event) },
    }
  }
  if (input.order) return { order: orderRule(input.order) }
  if (input.product) return { product: productRule(input.product) }
  if (input.quality) return { quality: { is: input.quality.is, ...bounds(input.quality) } }
  if (input.consent) {
    const { channel, state } = input.consent
    return { consent: { ...(channel == null ? {} : { channel }), state: state ?? 'OPTED_IN' } }
  }
  if (input.relationship) {
    const { as, programId, where } = input.relationship
    const other = where ? { where: toRule(where, `${path}.relationship.where`) } : {}
    const program =
      programId == null ? {} : { programId: idInput('Program', programId, `${path}.relationship.programId`) }
    return { relationship: { as, ...program, ...other, ...bounds(input.relationship) } }
  }
  if (!input.audience) throw badInput('a rule has exactly one key', path)
  const { id, member } = input.audience
  return { audience: { id: idInput('Audience', id, `${path}.audience.id`), ...(member === false ? { member } : {}) } }
}

function fieldRule({ field, op, value, orMissing }: FieldRuleShape) {
  return { field, op, ...(value == null ? {} : { value }), ...(orMissing ? { orMissing } : {}) }
}

function orderRule({ aggregate, op, value, currency, withinLastDays }: OrderRuleShape) {
  return {
    aggregate,
    op,
    value,
    ...(currency == null ? {} : { currency: currency.trim().toUpperCase() }),
    ...(withinLastDays == null ? {} : { withinLastDays }),
  }
}

function productRule({ id, sku, category, counting, ...counts }: ProductRuleShape) {
  return {
    ...(id == null ? {} : { id }),
    ...(sku == null ? {} : { sku }),
    ...(category == null ? {} : { category }),
    ...(counting === 'ORDERS' ? { counting } : {}),
    ...bounds(counts),
  }
}

function bounds({ atLeast, atMost, withinLastDays }: CountShape) {
  return {
    ...(atLeast == null ? {} : { atLeast }),
    ...(atMost == null ? {} : { atMost }),
    ...(withinLastDays == null ? {} : { withinLastDays }),
  }
}

/** BAD_INPUT, naming the place, for what an event's criteria do not know: consents, and the other person of a relationship. */
export function assertOwn(rule: Rule, path: string): Rule {
  for (const [leaf, at] of leavesOf(rule, path)) {
    const key =
      'consent' in leaf ? 'consent' : 'relationship' in leaf && leaf.relationship.where ? 'relationship.where' : null
    if (key) throw badInput('make an audience of it, and ask about that', `${at}.${key}`)
  }
  return rule
}

/** An id that a rule names, and where it stands in the input. */
export interface RulePlace {
  id: string
  path: string
}

/** The audiences that a rule asks about, each with its place in the input. */
export function audiencePlaces(rule: Rule, path: string): RulePlace[] {
  return leavesOf(rule, path).flatMap(([leaf, at]) =>
    'audience' in leaf ? [{ id: leaf.audience.id, path: `${at}.audience.id` }] : [],
  )
}

/** The programs that a rule asks about, each with its place in the input. */
export function programPlaces(rule: Rule, path: string): RulePlace[] {
  return leavesOf(rule, path).flatMap(([leaf, at]) => {
    const id = 'relationship' in leaf ? ruleProgramId(leaf.relationship) : null
    return id === null ? [] : [{ id, path: `${at}.relationship.programId` }]
  })
}

/** A field that a rule reads, of the person or of the event's data, and where it stands in the input. */
export interface FieldPlace {
  owner: 'PROFILE' | 'EVENT'
  /** A path. */
  field: string
  op: FieldOperator
  path: string
}

/** The fields that a rule reads, each with its place in the input. */
export function fieldPlaces(rule: Rule, path: string): FieldPlace[] {
  return leavesOf(rule, path).flatMap(([leaf, at]): FieldPlace[] => {
    if ('field' in leaf) return [placed('PROFILE', leaf.field, `${at}.field.field`)]
    return 'eventData' in leaf ? [placed('EVENT', leaf.eventData, `${at}.eventData.field`)] : []
  })
}

const placed = (owner: FieldPlace['owner'], { field, op }: FieldRule, path: string): FieldPlace => ({
  ...{ owner, field, op, path },
})

/** The events that a rule counts, each with its place in the input. */
export function eventRulePlaces(rule: Rule, path: string): { name: string; path: string }[] {
  return leavesOf(rule, path).flatMap(([leaf, at]) =>
    'event' in leaf ? [{ name: foldEventName(leaf.event.name), path: `${at}.event.name` }] : [],
  )
}

function leavesOf(rule: Rule, path: string): (readonly [leaf: Rule, path: string])[] {
  if ('all' in rule) return rule.all.flatMap((member, i) => leavesOf(member, `${path}.all[${i}]`))
  if ('any' in rule) return rule.any.flatMap((member, i) => leavesOf(member, `${path}.any[${i}]`))
  if ('not' in rule) return leavesOf(rule.not, `${path}.not`)
  const where = 'relationship' in rule ? rule.relationship.where : null
  return [[rule, path], ...(where ? leavesOf(where, `${path}.relationship.where`) : [])]
}
