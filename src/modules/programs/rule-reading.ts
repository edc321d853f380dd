// Rules as callers write them, turned into the form that the core reads and the database keeps.

import { checkRule } from '../../core/rules/check.ts'
import type { FieldOperator, Rule } from '../../core/rules/rule.ts'
import { badInput } from '../../errors.ts'
import { idInput } from '../../ids.ts'

/** Exactly one key is given; the schema sees to it. */
export interface RuleShape {
  all?: RuleShape[] | null
  any?: RuleShape[] | null
  not?: RuleShape | null
  field?: FieldRuleShape | null
  audience?: { id: string | number; member?: boolean | null } | null
}

interface FieldRuleShape {
  field: string
  op: FieldOperator
  value?: unknown
  orMissing?: boolean | null
}

/** The rule that the input says, audiences by their UUIDs. BAD_INPUT naming the place, such as `input.filter.all[1].field.op`. */
export function ruleOf(input: RuleShape, path: string): Rule {
  const rule = toRule(input, path)
  const fault = checkRule(rule)
  if (fault) throw badInput(fault.message, fault.at ? `${path}.${fault.at}` : path)
  return rule
}

function toRule(input: RuleShape, path: string): Rule {
  if (input.all) return { all: input.all.map((member, i) => toRule(member, `${path}.all[${i}]`)) }
  if (input.any) return { any: input.any.map((member, i) => toRule(member, `${path}.any[${i}]`)) }
  if (input.not) return { not: toRule(input.not, `${path}.not`) }
  if (input.field) return { field: fieldRule(input.field) }
  if (!input.audience) throw badInput('a rule has exactly one key', path)
  const { id, member } = input.audience
  return { audience: { id: idInput('Audience', id, `${path}.audience.id`), ...(member === false ? { member } : {}) } }
}

// What says nothing is left out, so that equal rules are stored alike.
function fieldRule({ field, op, value, orMissing }: FieldRuleShape) {
  return { field, op, ...(value == null ? {} : { value }), ...(orMissing ? { orMissing } : {}) }
}

/** The audiences that a rule asks about, each with its place in the input. */
export function audiencePlaces(rule: Rule, path: string): { id: string; path: string }[] {
  if ('all' in rule) return rule.all.flatMap((member, i) => audiencePlaces(member, `${path}.all[${i}]`))
  if ('any' in rule) return rule.any.flatMap((member, i) => audiencePlaces(member, `${path}.any[${i}]`))
  if ('not' in rule) return audiencePlaces(rule.not, `${path}.not`)
  return 'audience' in rule ? [{ id: rule.audience.id, path: `${path}.audience.id` }] : []
}
