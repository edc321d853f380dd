// A rule that cannot be meant is refused, with the place of its fault.

import { describe, expect, test } from 'vitest'
import { checkRule, type RuleProblem } from '../../src/core/rules/check.ts'
import { compileRule } from '../../src/core/rules/compile.ts'
import type { Rule } from '../../src/core/rules/rule.ts'

const leaf = { field: { field: 'tier', op: 'EQ', value: 'gold' } } as const
const audience = '0195a1b2-0000-7000-8000-000000000001'

const orders = { aggregate: 'COUNT', op: 'GTE', value: 3 } as const

const nested = (depth: number): unknown => (depth === 1 ? leaf : { not: nested(depth - 1) })

// Of so many conditions, the i-th of them being `make(i)`, two hundred wide.
const many = (count: number, make: (i: number) => unknown): unknown => ({
  all: Array.from({ length: Math.ceil(count / 200) }, (_, row) => ({
    any: Array.from({ length: Math.min(200, count - row * 200) }, (_, i) => make(row * 200 + i)),
  })),
})
const named = (i: number) => ({ event: { name: `e${i}` } })

const refused: [name: string, rule: unknown, at: string, problem: RuleProblem][] = [
  ['nothing', null, '', 'NOT_AN_OBJECT'],
  ['a list', [leaf], '', 'NOT_AN_OBJECT'],
  ['no key', {}, '', 'NOT_ONE_KEY'],
  ['two keys', { all: [], any: [] }, '', 'NOT_ONE_KEY'],
  ['two keys further in', { all: [leaf, { not: { ...leaf, any: [] } }] }, 'all[1].not', 'NOT_ONE_KEY'],
  ['a key of no kind', { any: [{ none: [] }] }, 'any[0].none', 'UNKNOWN_KEY'],
  ['members that are no list', { all: leaf }, 'all', 'NOT_A_LIST'],
  ['members that are too many', { any: Array(201).fill(leaf) }, 'any', 'TOO_WIDE'],
  ['a thousand conditions and one', many(1001, () => leaf), '', 'TOO_LARGE'],
  ['events of fifty-one names', many(51, named), '', 'TOO_MANY_EVENTS'],
  ['a tree that is too deep', nested(17), Array(16).fill('not').join('.'), 'TOO_DEEP'],
  ['a field without conditions', { field: 'tier' }, 'field', 'NOT_AN_OBJECT'],
  ['a stray key', { field: { ...leaf.field, ops: 'EQ' } }, 'field.ops', 'UNKNOWN_KEY'],
  ['no path', { field: { op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['an empty path', { field: { field: '', op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['an empty step', { field: { field: 'a..b', op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['an index', { field: { field: 'a[0].b', op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['a path to the prototype', { field: { field: 'a.__proto__.b', op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['a path to the constructor', { field: { field: 'constructor[]', op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  ['a path that is too long', { field: { field: 'a'.repeat(257), op: 'EXISTS' } }, 'field.field', 'BAD_PATH'],
  [
    'a path of too many steps',
    { field: { field: Array(17).fill('a').join('.'), op: 'EXISTS' } },
    'field.field',
    'BAD_PATH',
  ],
  [
    'an unknown operator',
    { all: [leaf, leaf, { field: { field: 'x', op: 'LIKE', value: 'a' } }] },
    'all[2].field.op',
    'UNKNOWN_OPERATOR',
  ],
  [
    'an operator of the prototype',
    { field: { field: 'x', op: 'toString', value: 'a' } },
    'field.op',
    'UNKNOWN_OPERATOR',
  ],
  ['EQ with a list', { field: { field: 'x', op: 'EQ', value: ['a'] } }, 'field.value', 'BAD_VALUE'],
  ['EQ with null', { field: { field: 'x', op: 'EQ', value: null } }, 'field.value', 'BAD_VALUE'],
  ['LT with a boolean', { field: { field: 'x', op: 'LT', value: true } }, 'field.value', 'BAD_VALUE'],
  ['IN with a text', { field: { field: 'x', op: 'IN', value: 'a' } }, 'field.value', 'BAD_VALUE'],
  ['IN with nothing', { field: { field: 'x', op: 'IN', value: [] } }, 'field.value', 'BAD_VALUE'],
  ['IN with two types', { field: { field: 'x', op: 'IN', value: ['a', 1] } }, 'field.value', 'BAD_VALUE'],
  [
    'IN with too many',
    { field: { field: 'x', op: 'NOT_IN', value: Array(201).fill('a') } },
    'field.value',
    'BAD_VALUE',
  ],
  ['STARTS_WITH with a number', { field: { field: 'x', op: 'STARTS_WITH', value: 1 } }, 'field.value', 'BAD_VALUE'],
  ['CONTAINS without a value', { field: { field: 'x', op: 'CONTAINS' } }, 'field.value', 'BAD_VALUE'],
  ['EXISTS with a value', { field: { field: 'x', op: 'EXISTS', value: true } }, 'field.value', 'BAD_VALUE'],
  [
    'WITHIN_LAST_DAYS with a text',
    { field: { field: 'x', op: 'WITHIN_LAST_DAYS', value: '7' } },
    'field.value',
    'BAD_VALUE',
  ],
  [
    'WITHIN_LAST_DAYS with no days',
    { field: { field: 'x', op: 'WITHIN_LAST_DAYS', value: 0 } },
    'field.value',
    'BAD_VALUE',
  ],
  ['orMissing that is no boolean', { field: { ...leaf.field, orMissing: 'yes' } }, 'field.orMissing', 'NOT_A_BOOLEAN'],
  [
    'orMissing with EXISTS',
    { field: { field: 'x', op: 'EXISTS', orMissing: true } },
    'field.orMissing',
    'NOT_A_BOOLEAN',
  ],
  ['an audience without an id', { audience: {} }, 'audience.id', 'BAD_ID'],
  ['an audience by its name', { not: { audience: { id: 'vips' } } }, 'not.audience.id', 'BAD_ID'],
  ['member that is no boolean', { audience: { id: audience, member: 1 } }, 'audience.member', 'NOT_A_BOOLEAN'],
  ['event data without a path', { eventData: { op: 'EXISTS' } }, 'eventData.field', 'BAD_PATH'],
  ['an event by its name alone', { event: 'purchase' }, 'event', 'NOT_AN_OBJECT'],
  ['an event without a name', { event: {} }, 'event.name', 'BAD_NAME'],
  ['an event whose name is blank', { all: [leaf, { event: { name: ' ' } }] }, 'all[1].event.name', 'BAD_NAME'],
  ['an event name that is too long', { event: { name: 'x'.repeat(101) } }, 'event.name', 'BAD_NAME'],
  ['a stray key of an event', { event: { name: 'x', times: 2 } }, 'event.times', 'UNKNOWN_KEY'],
  ['performed that is no boolean', { event: { name: 'x', performed: 1 } }, 'event.performed', 'NOT_A_BOOLEAN'],
  ['a count below 0', { event: { name: 'x', atLeast: -1 } }, 'event.atLeast', 'BAD_COUNT'],
  ['a count over 1000', { event: { name: 'x', atMost: 1001 } }, 'event.atMost', 'BAD_COUNT'],
  ['half a count', { event: { name: 'x', atLeast: 1.5 } }, 'event.atLeast', 'BAD_COUNT'],
  ['a count as text', { event: { name: 'x', atLeast: '1' } }, 'event.atLeast', 'BAD_COUNT'],
  ['bounds that cross', { event: { name: 'x', atLeast: 2, atMost: 1 } }, 'event.atMost', 'BAD_COUNT'],
  ['a window of no days', { event: { name: 'x', withinLastDays: 0 } }, 'event.withinLastDays', 'BAD_DAYS'],
  ['a window too long', { event: { name: 'x', withinLastDays: 36_501 } }, 'event.withinLastDays', 'BAD_DAYS'],
  ['a window as text', { quality: { is: 'LOW', withinLastDays: '7' } }, 'quality.withinLastDays', 'BAD_DAYS'],
  ['orders as a list', { order: [] }, 'order', 'NOT_AN_OBJECT'],
  ['an unknown figure', { order: { ...orders, aggregate: 'MEDIAN' } }, 'order.aggregate', 'UNKNOWN_OPERATOR'],
  ['an unknown comparison', { order: { ...orders, op: 'IN' } }, 'order.op', 'UNKNOWN_OPERATOR'],
  ['a figure that is no number', { order: { ...orders, value: '3' } }, 'order.value', 'BAD_VALUE'],
  ['an endless figure', { order: { ...orders, value: Number.POSITIVE_INFINITY } }, 'order.value', 'BAD_VALUE'],
  ['a currency of a count', { order: { ...orders, currency: 'EUR' } }, 'order.currency', 'BAD_CURRENCY'],
  ['money without a currency', { order: { ...orders, aggregate: 'TOTAL_MINOR' } }, 'order.currency', 'BAD_CURRENCY'],
  [
    'a currency of four letters',
    { order: { ...orders, aggregate: 'LARGEST_MINOR', currency: 'EURO' } },
    'order.currency',
    'BAD_CURRENCY',
  ],
  ['a stray key of orders', { order: { ...orders, atLeast: 1 } }, 'order.atLeast', 'UNKNOWN_KEY'],
  ['a window of orders too long', { order: { ...orders, withinLastDays: 1e9 } }, 'order.withinLastDays', 'BAD_DAYS'],
  ['relationships of no side', { relationship: {} }, 'relationship.as', 'BAD_VALUE'],
  ['relationships of another side', { relationship: { as: 'PARTICIPANT' } }, 'relationship.as', 'BAD_VALUE'],
  ['a program by its name', { relationship: { as: 'FRIEND', programId: 'Refer' } }, 'relationship.programId', 'BAD_ID'],
  ['a relationship key', { relationship: { as: 'FRIEND', program: 1 } }, 'relationship.program', 'UNKNOWN_KEY'],
  ['a count of relationships', { relationship: { as: 'FRIEND', atMost: 1e4 } }, 'relationship.atMost', 'BAD_COUNT'],
  ['a relationship as text', { relationship: 'FRIEND' }, 'relationship', 'NOT_AN_OBJECT'],
  ['an unknown quality', { quality: { is: 'MEDIUM' } }, 'quality.is', 'BAD_VALUE'],
  ['a stray key of a quality', { quality: { is: 'LOW', name: 'x' } }, 'quality.name', 'UNKNOWN_KEY'],
  ['a quality as text', { quality: 'LOW' }, 'quality', 'NOT_AN_OBJECT'],
]

const accepted: [name: string, rule: unknown][] = [
  ['a leaf', leaf],
  ['all of nothing', { all: [] }],
  ['sixteen deep', nested(16)],
  ['two hundred wide', { any: Array(200).fill(leaf) }],
  ['a thousand conditions', many(1000, () => ({ not: leaf }))],
  [
    'events of fifty names, each in several spellings',
    many(150, (i) => ({ event: { name: i % 3 ? `E${i % 50}` : `e${i % 50}` } })),
  ],
  ['IN of two hundred', { field: { field: 'x', op: 'IN', value: Array(200).fill('a') } }],
  ['nulls where nothing is said', { field: { field: 'x', op: 'MISSING', value: null, orMissing: null } }],
  ['an audience that one is not in', { audience: { id: audience, member: false } }],
  ['an event in any spelling', { event: { name: ' Signed Up ', performed: false } }],
  ['an event name of a hundred characters', { event: { name: ` ${'x'.repeat(100)} ` } }],
  ['counts at their bounds', { event: { name: 'x', atLeast: 0, atMost: 1000, withinLastDays: 36_500 } }],
  ['bounds that meet', { quality: { is: 'NONE', atLeast: 2, atMost: 2 } }],
  ['nulls where no bound is given', { quality: { is: 'HIGH', atLeast: null, atMost: null, withinLastDays: null } }],
  ['a count of orders', { order: orders }],
  ['money', { order: { ...orders, aggregate: 'AVERAGE_MINOR', value: 9.5, currency: 'eur', withinLastDays: 0.5 } }],
  ['relationships of a program', { relationship: { as: 'ADVOCATE', programId: audience, atMost: 0 } }],
  ['event data', { eventData: { field: 'lines[].sku', op: 'IN', value: ['a'], orMissing: true } }],
  ['half a day', { field: { field: 'x.y[].z', op: 'WITHIN_LAST_DAYS', value: 0.5 } }],
]

describe('checking a rule', () => {
  test.each(refused)('refuses %s', (...[, rule, at, problem]) => {
    expect(checkRule(rule)).toMatchObject({ at, problem })
    // `as`: what is compiled here is no rule, which is the point.
    expect(() => compileRule(rule as Rule)).toThrow(RangeError)
  })

  test.each(accepted)('accepts %s', (_, rule) => {
    expect(checkRule(rule)).toBeNull()
  })
})
