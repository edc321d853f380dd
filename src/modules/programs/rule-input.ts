// Rules as callers write them, and their way into the form that the core reads and the database keeps.

import { builder } from '../../builder.ts'
import { checkRule } from '../../core/rules/check.ts'
import { type FieldOperator, maxRuleDepth, maxRuleWidth, type Rule } from '../../core/rules/rule.ts'
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

const FieldOperatorEnum = builder.enumType('FieldOperator', {
  description:
    'How a value of a person is compared with that of the rule. Of several values one has to satisfy; for NE and NOT_IN all of them.',
  values: {
    EQ: { description: 'Equal.' },
    NE: { description: 'Not equal.' },
    LT: { description: 'Less, earlier or before in the alphabet.' },
    LTE: { description: 'LT or EQ.' },
    GT: { description: 'Greater, later or after in the alphabet.' },
    GTE: { description: 'GT or EQ.' },
    IN: { description: 'Equal to one of a list.' },
    NOT_IN: { description: 'Equal to none of a list.' },
    CONTAINS: { description: 'A text that has the value in it, or a list that has it as an element.' },
    STARTS_WITH: {},
    ENDS_WITH: {},
    EXISTS: { description: 'Any value; takes none.' },
    MISSING: { description: 'No value; takes none.' },
    WITHIN_LAST_DAYS: { description: 'An instant at most so many days ago.' },
  } as const satisfies Record<FieldOperator, { description?: string }>,
})

const FieldRuleInput = builder.inputType('FieldRuleInput', {
  description: "A condition on a person's field or identity.",
  fields: (t) => ({
    field: t.string({
      required: true,
      description:
        "A path into the person's fields: `a.b`, or `a.b[].c` for any element of a list. Identities: `email`, `emailDomain`, `sourceId`, `phone`, `partnerUserId`, `deviceId`.",
    }),
    op: t.field({ type: FieldOperatorEnum, required: true }),
    value: t.field({ type: 'JSON', description: 'What to compare with, as the operator takes it.' }),
    orMissing: t.boolean({
      defaultValue: false,
      description: 'A missing value satisfies; otherwise it is unknown, and so is its negation.',
    }),
  }),
})

const AudienceRuleInput = builder.inputType('AudienceRuleInput', {
  description: 'A condition on membership of an audience.',
  fields: (t) => ({
    id: t.id({ required: true }),
    member: t.boolean({ defaultValue: true, description: 'False: the person is not in it.' }),
  }),
})

export const RuleInput = builder.inputRef<RuleShape>('RuleInput').implement({
  isOneOf: true,
  description: `A condition on a person: a tree with one key per node, at most ${maxRuleDepth} deep and ${maxRuleWidth} wide.`,
  fields: (t) => ({
    all: t.field({ type: [RuleInput], description: 'Every one holds.' }),
    any: t.field({ type: [RuleInput], description: 'At least one holds.' }),
    not: t.field({ type: RuleInput, description: 'It is known not to hold.' }),
    field: t.field({ type: FieldRuleInput }),
    audience: t.field({ type: AudienceRuleInput }),
  }),
})

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
