// A condition of a rule that was in the way, in words. Values that a person has are never said, only those that the rule asks for.

import { minorDigits } from '../orders.ts'
import type { FailedLeaf } from '../rules/explain.ts'
import { identityKindOf } from '../rules/path.ts'
import type { FieldOperator, OrderAggregate } from '../rules/rule.ts'
import { eventWords, listWords, spoken, type Titles } from './summary-words.ts'

export const conditionKinds = [
  'FIELD',
  'EVENT',
  'ORDER',
  'PRODUCT',
  'AUDIENCE',
  'RELATIONSHIP',
  'QUALITY',
  'EVENT_DATA',
] as const

export type ConditionKind = (typeof conditionKinds)[number]

const kindsByKey: ReadonlyMap<string, ConditionKind> = new Map([
  ['field', 'FIELD'],
  ['event', 'EVENT'],
  ['order', 'ORDER'],
  ['product', 'PRODUCT'],
  ['audience', 'AUDIENCE'],
  ['relationship', 'RELATIONSHIP'],
  ['quality', 'QUALITY'],
  ['eventData', 'EVENT_DATA'],
])

/** What a condition asks about: the last step of its place in the rule. */
export const kindOf = ({ at }: Pick<FailedLeaf, 'at'>): ConditionKind =>
  kindsByKey.get(at.slice(at.lastIndexOf('.') + 1)) ?? 'FIELD'

/** The condition itself, without its place and what was seen. */
export function partsOf({ at: _at, seen: _seen, truth: _truth, ...parts }: FailedLeaf) {
  return parts
}

/** The condition as the person would have to be, as in “tier is gold”; says where it is not known whether it holds. */
export function conditionWords(leaf: FailedLeaf, titles: Titles): string {
  const words = sayings[kindOf(leaf)](leaf, titles)
  const said = isNegated(leaf) ? `not that ${words}` : words
  return leaf.truth === 'UNKNOWN' ? `${said}, which is not known` : said
}

/** Under an odd number of `not`s a condition is in the way because it holds. */
const isNegated = ({ at }: FailedLeaf): boolean => at.split('.').filter((step) => step === 'not').length % 2 === 1

const sayings: Readonly<Record<ConditionKind, (leaf: FailedLeaf, titles: Titles) => string>> = {
  // What a rule asks of an identity may be somebody's own.
  FIELD: ({ field = 'a field', ...leaf }) =>
    comparison(field, identityKindOf(field) === undefined ? leaf : { ...leaf, value: null }),
  EVENT_DATA: (leaf) => comparison(`the event’s ${leaf.field ?? 'data'}`, leaf),
  AUDIENCE: ({ audience, member }, titles) => {
    const name = audience === undefined ? null : titles.audience(audience)
    return `the person is ${member === false ? 'not ' : ''}in ${name === null ? 'an audience' : `the audience “${name}”`}`
  },
  EVENT: (leaf) =>
    `“${eventWords(leaf.event ?? 'something')}” ${leaf.performed === false ? 'did not happen' : 'happened'}${bounds(leaf)}`,
  ORDER: (leaf) => {
    const { aggregate, op, value, currency } = leaf
    const figure = aggregate === undefined ? 'a figure of the orders' : aggregates[aggregate]
    return `${figure}${within(leaf)} ${operatorWords(op)} ${currency === undefined ? valueWords(value) : moneyWords(value, currency)}`
  },
  PRODUCT: (leaf) => {
    const { category, counting, sku, product = sku, ...counts } = leaf
    const name = spoken(category?.join(' > ') ?? product ?? '')
    const what = name === null ? 'a certain product' : category ? `something of “${name}”` : `the product “${name}”`
    if (counting === 'ORDERS') return `the person ordered ${what}${bounds(leaf)}`
    return `the person bought ${what}${pieces(counts)}${within(leaf)}`
  },
  RELATIONSHIP: (leaf, titles) => {
    const program = leaf.programId === undefined ? null : titles.program(leaf.programId)
    const where = program === null ? '' : ` in the program “${program}”`
    const did = leaf.relationship === 'ADVOCATE' ? 'the person referred others' : 'the person was referred'
    return `${did}${where}${bounds(leaf)}`
  },
  QUALITY: (leaf) =>
    `events of ${leaf.quality?.toLowerCase() ?? 'some'} quality came from the person before${bounds(leaf)}`,
}

const operators: Readonly<Record<FieldOperator, string>> = {
  EQ: 'is',
  NE: 'is not',
  LT: 'is below',
  LTE: 'is at most',
  GT: 'is above',
  GTE: 'is at least',
  IN: 'is one of',
  NOT_IN: 'is none of',
  CONTAINS: 'contains',
  STARTS_WITH: 'begins with',
  ENDS_WITH: 'ends with',
  EXISTS: 'is known',
  MISSING: 'is not known',
  WITHIN_LAST_DAYS: 'is within the last',
}

const operatorWords = (op: FieldOperator | undefined): string => (op === undefined ? 'fits' : operators[op])

const aggregates: Readonly<Record<OrderAggregate, string>> = {
  COUNT: 'the number of orders',
  TOTAL_MINOR: 'the total of orders',
  AVERAGE_MINOR: 'the average order',
  LARGEST_MINOR: 'the largest order',
  FIRST_MINOR: 'the first order',
  DAYS_SINCE_LAST: 'the number of days since the last order',
  DAYS_SINCE_FIRST: 'the number of days since the first order',
}

function comparison(subject: string, { op, value }: FailedLeaf): string {
  if (op === 'EXISTS' || op === 'MISSING') return `${subject} ${operators[op]}`
  return `${subject} ${operatorWords(op)} ${valueWords(value)}${op === 'WITHIN_LAST_DAYS' ? ' days' : ''}`
}

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return listWords(value.map(valueWords), 'or')
  if (typeof value === 'string') return spoken(value) ?? 'a certain value'
  return value === null || value === undefined || typeof value === 'object' ? 'a certain value' : String(value)
}

/** Minor units as people write them: 5000 of EUR is “50.00 EUR”, of JPY “5000 JPY”. */
function moneyWords(minor: unknown, currency: string): string {
  if (typeof minor !== 'number' || !/^[A-Z]{3}$/.test(currency)) return valueWords(minor)
  const digits = minorDigits(currency)
  return `${(minor / 10 ** digits).toFixed(digits)} ${currency}`
}

function bounds(leaf: FailedLeaf): string {
  const { atLeast, atMost } = leaf
  if (atMost === 0) return ` not once${within(leaf)}`
  const counts = [
    ...(atLeast === undefined ? [] : [`at least ${times(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${times(atMost)}`]),
  ]
  return `${counts.length > 0 ? ` ${counts.join(' and ')}` : ''}${within(leaf)}`
}

/** How many of something that can be bought several at a time. */
function pieces({ atLeast, atMost }: Pick<FailedLeaf, 'atLeast' | 'atMost'>): string {
  if (atMost === 0) return ', none of it'
  const counts = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ]
  return counts.length > 0 ? `, ${counts.join(' and ')} of it` : ''
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)
const within = ({ withinLastDays: days }: FailedLeaf): string =>
  days === undefined ? '' : ` within the last ${days === 1 ? 'day' : `${days} days`}`
