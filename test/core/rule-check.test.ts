// A rule that cannot be meant is refused, with the place of its fault.

import { describe, expect, test } from 'vitest'
import { checkRule, type RuleProblem } from '../../src/core/rules/check.ts'
import { compileRule } from '../../src/core/rules/compile.ts'
import type { Rule } from '../../src/core/rules/rule.ts'

const leaf = { field: { field: 'tier', op: 'EQ', value: 'gold' } } as const
const audience = '0195a1b2-0000-7000-8000-000000000001'

const nested = (depth: number): unknown => (depth === 1 ? leaf : { not: nested(depth - 1) })

const refused: [name: string, rule: unknown, at: string, problem: RuleProblem][] = [
  ['nothing', null, '', 'NOT_AN_OBJECT'],
  ['a list', [leaf], '', 'NOT_AN_OBJECT'],
  ['no key', {}, '', 'NOT_ONE_KEY'],
  ['two keys', { all: [], any: [] }, '', 'NOT_ONE_KEY'],
  ['two keys further in', { all: [leaf, { not: { ...leaf, any: [] } }] }, 'all[1].not', 'NOT_ONE_KEY'],
  ['a key of no kind', { any: [{ none: [] }] }, 'any[0].none', 'UNKNOWN_KEY'],
  ['members that are no list', { all: leaf }, 'all', 'NOT_A_LIST'],
  ['members that are too many', { any: Array(201).fill(leaf) }, 'any', 'TOO_WIDE'],
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
]

const accepted: [name: string, rule: unknown][] = [
  ['a leaf', leaf],
  ['all of nothing', { all: [] }],
  ['sixteen deep', nested(16)],
  ['two hundred wide', { any: Array(200).fill(leaf) }],
  ['IN of two hundred', { field: { field: 'x', op: 'IN', value: Array(200).fill('a') } }],
  ['nulls where nothing is said', { field: { field: 'x', op: 'MISSING', value: null, orMissing: null } }],
  ['an audience that one is not in', { audience: { id: audience, member: false } }],
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
