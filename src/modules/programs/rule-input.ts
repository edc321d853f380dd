// Rules as callers write them: the input types.

import { builder } from '../../builder.ts'
import {
  type FieldOperator,
  maxRuleCount,
  maxRuleDays,
  maxRuleDepth,
  maxRuleEvents,
  maxRuleLeaves,
  maxRuleWidth,
  type OrderAggregate,
  type OrderOperator,
  type productCountings,
} from '../../core/rules/rule.ts'
import { QualityEnum } from '../attributions/enums.ts'
import { ConsentChannelEnum, ConsentStateEnum } from '../consents/enums.ts'
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
  description: "A condition on a person's field or identity or, under `eventData`, on a value of the event.",
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

const window = `Only what happened from so many days before the event up to it, both included; up to ${maxRuleDays}.`
const atLeast = `Default 1, or 0 where \`atMost\` is given; up to ${maxRuleCount}.`
const atMost = `Not below \`atLeast\`; up to ${maxRuleCount}.`

const EventRuleInput = builder.inputType('EventRuleInput', {
  description: 'A condition on how often the person performed an event before the one at hand.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name, in any spelling that folds to that of the event.' }),
    performed: t.boolean({ defaultValue: true, description: 'False: it was not performed so often.' }),
    atLeast: t.int({ description: atLeast }),
    atMost: t.int({ description: atMost }),
    withinLastDays: t.float({ description: window }),
  }),
})

const OrderAggregateEnum = builder.enumType('OrderAggregate', {
  description:
    'A figure of a person’s orders, however they were told: those of one transaction id are one order, as the latest that was told of it says. Orders that were cancelled do not count, and amounts are without what was given back.',
  values: {
    COUNT: { description: 'How many; 0 without orders.' },
    TOTAL_MINOR: { description: 'The sum of their amounts; 0 without orders.' },
    AVERAGE_MINOR: { description: 'The mean of their amounts; unknown without orders.' },
    LARGEST_MINOR: { description: 'The largest amount; unknown without orders.' },
    FIRST_MINOR: {
      description:
        'The amount of the first of them all; unknown without orders, and where that one is in another currency or before the window.',
    },
    DAYS_SINCE_LAST: { description: 'Whole days since the latest; unknown without orders.' },
    DAYS_SINCE_FIRST: {
      description:
        'Whole days since the first of them all; unknown without orders, and where that one is before the window.',
    },
  } as const satisfies Record<OrderAggregate, { description: string }>,
})

const OrderOperatorEnum = builder.enumType('OrderOperator', {
  description: 'How a figure of orders is compared with the value of the rule.',
  values: {
    EQ: { description: 'Equal.' },
    NE: { description: 'Not equal.' },
    LT: { description: 'Less.' },
    LTE: { description: 'LT or EQ.' },
    GT: { description: 'Greater.' },
    GTE: { description: 'GT or EQ.' },
  } as const satisfies Record<OrderOperator, { description: string }>,
})

const OrderRuleInput = builder.inputType('OrderRuleInput', {
  description:
    'A condition on a figure of the orders that the person made before the event at hand, their latest 1000.',
  fields: (t) => ({
    aggregate: t.field({ type: OrderAggregateEnum, required: true }),
    op: t.field({ type: OrderOperatorEnum, required: true }),
    value: t.float({ required: true, description: 'Of money in minor units, such as cents.' }),
    currency: t.string({
      description:
        'ISO 4217. Needed with amounts of money, of which only those in this currency count; refused with others.',
    }),
    withinLastDays: t.float({ description: window }),
  }),
})

const ProductCountingEnum = builder.enumType('ProductCounting', {
  description: 'What is counted of a product that was bought.',
  values: {
    QUANTITY: { description: 'Pieces, without those that were given back.' },
    ORDERS: { description: 'Orders that have a piece of it left.' },
  } as const satisfies Record<(typeof productCountings)[number], { description: string }>,
})

const ProductRuleInput = builder.inputType('ProductRuleInput', {
  description:
    'A condition on how much of a product the person bought before the event at hand, by exactly one of `id`, `sku` and `category`. Orders that were cancelled do not count.',
  fields: (t) => ({
    id: t.string({ description: 'The shop’s own id of it.' }),
    sku: t.string(),
    category: t.stringList({
      description: 'What its category begins with, from the widest to the narrowest: at most 10.',
    }),
    counting: t.field({ type: ProductCountingEnum, defaultValue: 'QUANTITY' }),
    atLeast: t.int({ description: atLeast }),
    atMost: t.int({ description: atMost }),
    withinLastDays: t.float({ description: `${window} That is, orders placed then.` }),
  }),
})

const RelationshipSideEnum = builder.enumType('RelationshipSide', {
  description: 'Which side of a relationship a person is on.',
  values: {
    FRIEND: { description: 'The person was referred by somebody.' },
    ADVOCATE: { description: 'The person referred somebody.' },
  } as const,
})

/** The whole rule, made below of its parts. */
export const RuleInput = builder.inputRef<RuleShape>('RuleInput')

const RelationshipRuleInput = builder.inputType('RelationshipRuleInput', {
  description: 'A condition on how many relationships the person has.',
  fields: (t) => ({
    as: t.field({ type: RelationshipSideEnum, required: true }),
    programId: t.id({ description: 'Only those of this program.' }),
    atLeast: t.int({ description: atLeast }),
    atMost: t.int({ description: atMost }),
    withinLastDays: t.float({ description: `${window} That is, the latest evidence of the relationship.` }),
    where: t.field({
      type: RuleInput,
      description:
        'Only those of whose other person it is true, now. It names no relationship with a `where` of its own. For audiences and lists of people; the criteria of a flow may ask about an audience that has it.',
    }),
  }),
})

const QualityRuleInput = builder.inputType('QualityRuleInput', {
  description: 'A condition on how many earlier events of the person were decided with a quality.',
  fields: (t) => ({
    is: t.field({ type: QualityEnum, required: true }),
    atLeast: t.int({ description: atLeast }),
    atMost: t.int({ description: atMost }),
    withinLastDays: t.float({ description: window }),
  }),
})

const ConsentRuleInput = builder.inputType('ConsentRuleInput', {
  description:
    'A condition on what is in force of a channel: the latest that the person said of it. Of what nothing was said, no state is.',
  fields: (t) => ({
    channel: t.field({ type: ConsentChannelEnum, description: 'Default: any of them.' }),
    state: t.field({ type: ConsentStateEnum, defaultValue: 'OPTED_IN' }),
  }),
})

RuleInput.implement({
  isOneOf: true,
  description: `A condition on a person: a tree with one key per node, at most ${maxRuleDepth} deep and ${maxRuleWidth} wide, of at most ${maxRuleLeaves.toLocaleString('en')} conditions that ask about at most ${maxRuleEvents} different events.`,
  fields: (t) => ({
    all: t.field({ type: [RuleInput], description: 'Every one holds.' }),
    any: t.field({ type: [RuleInput], description: 'At least one holds.' }),
    not: t.field({ type: RuleInput, description: 'It is known not to hold.' }),
    field: t.field({ type: FieldRuleInput }),
    event: t.field({ type: EventRuleInput }),
    order: t.field({ type: OrderRuleInput }),
    product: t.field({ type: ProductRuleInput }),
    audience: t.field({ type: AudienceRuleInput }),
    relationship: t.field({ type: RelationshipRuleInput }),
    quality: t.field({ type: QualityRuleInput }),
    consent: t.field({
      type: ConsentRuleInput,
      description: 'For audiences and lists of people; the criteria of a flow may ask about an audience that has it.',
    }),
    eventData: t.field({
      type: FieldRuleInput,
      description:
        'The same as `field`, on the data of the event at hand. Where there is no event, all of it is missing.',
    }),
  }),
})
