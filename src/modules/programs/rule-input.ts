// Rules as callers write them: the input types.

import { builder } from '../../builder.ts'
import { type FieldOperator, maxRuleDepth, maxRuleWidth } from '../../core/rules/rule.ts'
import type { RuleShape } from './rule-reading.ts'

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
