// What rules say of people: every operator on a value that fits, one that does not, none, an empty one and one of the wrong type.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeId } from '../../src/core/ids.ts'
import { asksOf } from '../../src/core/rules/asks.ts'
import { compileRule } from '../../src/core/rules/compile.ts'
import { failedLeaves } from '../../src/core/rules/explain.ts'
import type { FieldOperator, FieldRule, Rule } from '../../src/core/rules/rule.ts'
import { type TruthName, truthNames } from '../../src/core/rules/truth.ts'
import type { EventFacts, PersonFacts } from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'

const vips = '0195a1b2-0000-7000-8000-000000000001'
const staff = '0195a1b2-0000-7000-8000-000000000002'

const event: EventFacts = {
  id: 'event',
  name: 'purchase',
  personId: 'F',
  t: Date.parse('2026-03-10T12:00:00Z'),
  data: {},
}

const person = (changes: Partial<PersonFacts>): PersonFacts => ({ ...newPerson('F'), ...changes })

const ask = (rule: Rule, someone: PersonFacts): TruthName => truthNames[compileRule(rule)({ person: someone, event })]

const askField = (rule: FieldRule, fields: PersonFacts['fields']): TruthName => ask({ field: rule }, person({ fields }))

const missing = Symbol('missing')

type Row = [op: FieldOperator, wanted: unknown, value: unknown, truth: TruthName]

const table: Row[] = [
  ['EQ', 'gold', 'gold', 'TRUE'],
  ['EQ', 'gold', 'Gold', 'FALSE'],
  ['EQ', 'gold', '', 'FALSE'],
  ['EQ', 'gold', 3, 'UNKNOWN'],
  ['EQ', 'gold', ['gold'], 'UNKNOWN'],
  ['EQ', 'gold', null, 'UNKNOWN'],
  ['EQ', 'gold', missing, 'UNKNOWN'],
  ['EQ', 3, 3, 'TRUE'],
  ['EQ', 3, '3', 'UNKNOWN'],
  ['EQ', true, true, 'TRUE'],
  ['EQ', true, false, 'FALSE'],
  ['EQ', '2026-03-01T00:00:00Z', '2026-03-01T02:00:00+02:00', 'TRUE'],
  ['EQ', '2026-03-01T00:00:00Z', 'soon', 'FALSE'],
  ['NE', 'gold', 'silver', 'TRUE'],
  ['NE', 'gold', 'gold', 'FALSE'],
  ['NE', 'gold', '', 'TRUE'],
  ['NE', 'gold', 3, 'UNKNOWN'],
  ['NE', 'gold', missing, 'UNKNOWN'],
  ['LT', 10, 9, 'TRUE'],
  ['LT', 10, 10, 'FALSE'],
  ['LT', 10, '9', 'UNKNOWN'],
  ['LT', 10, missing, 'UNKNOWN'],
  ['LT', '2026-03-01T00:00:00Z', '2026-03-01T01:00:00+02:00', 'TRUE'],
  ['LT', '2026-03-01T00:00:00Z', '2026-02-30T00:00:00Z', 'UNKNOWN'],
  ['LT', '2026-03-01T00:00:00Z', '2026-02-01', 'UNKNOWN'],
  ['LT', '2026-03-01', '2026-02-28', 'TRUE'],
  ['LT', 'b', '', 'TRUE'],
  ['LTE', 10, 10, 'TRUE'],
  ['LTE', 10, 11, 'FALSE'],
  ['LTE', 10, true, 'UNKNOWN'],
  ['LTE', 10, missing, 'UNKNOWN'],
  ['GT', 10, 11, 'TRUE'],
  ['GT', 10, 10, 'FALSE'],
  ['GT', 10, [11], 'UNKNOWN'],
  ['GT', 10, missing, 'UNKNOWN'],
  ['GT', 'a', 'b', 'TRUE'],
  ['GT', '\uffee', '😀', 'TRUE'],
  ['GTE', '2026-03-01T00:00:00Z', '2026-03-01T01:00:00+01:00', 'TRUE'],
  ['GTE', '2026-03-01T00:00:00Z', '2026-02-28T23:59:59.999Z', 'FALSE'],
  ['GTE', 10, 10, 'TRUE'],
  ['GTE', 10, 9.99, 'FALSE'],
  ['GTE', 10, {}, 'UNKNOWN'],
  ['GTE', 10, missing, 'UNKNOWN'],
  ['IN', ['gold', 'silver'], 'silver', 'TRUE'],
  ['IN', ['gold', 'silver'], 'iron', 'FALSE'],
  ['IN', ['gold', 'silver'], '', 'FALSE'],
  ['IN', ['gold', 'silver'], 3, 'UNKNOWN'],
  ['IN', ['gold', 'silver'], ['gold'], 'UNKNOWN'],
  ['IN', ['gold', 'silver'], null, 'UNKNOWN'],
  ['IN', ['gold', 'silver'], missing, 'UNKNOWN'],
  ['IN', ['gold', '2026-03-01T00:00:00Z'], '2026-03-01T01:00:00+01:00', 'TRUE'],
  ['IN', ['gold', '2026-03-01T00:00:00Z'], '2026-03-01T01:00:00Z', 'FALSE'],
  ['IN', ['gold', '2026-03-01T00:00:00Z'], 'gold', 'TRUE'],
  ['IN', [1, 2], 2, 'TRUE'],
  ['IN', [1, 2], 0, 'FALSE'],
  ['IN', [1, 2], '2', 'UNKNOWN'],
  ['IN', [true], true, 'TRUE'],
  ['IN', [true], false, 'FALSE'],
  ['IN', [true], 1, 'UNKNOWN'],
  ['NOT_IN', ['gold', 'silver'], 'iron', 'TRUE'],
  ['NOT_IN', ['gold', 'silver'], 'gold', 'FALSE'],
  ['NOT_IN', ['gold', 'silver'], 3, 'UNKNOWN'],
  ['NOT_IN', ['gold', 'silver'], '', 'TRUE'],
  ['NOT_IN', ['gold', 'silver'], missing, 'UNKNOWN'],
  ['NOT_IN', ['2026-03-01T00:00:00Z'], '2026-03-01T01:00:00+01:00', 'FALSE'],
  ['CONTAINS', 'art', 'party', 'TRUE'],
  ['CONTAINS', 'art', 'ART', 'FALSE'],
  ['CONTAINS', 'art', '', 'FALSE'],
  ['CONTAINS', 'art', ['art', 'music'], 'TRUE'],
  ['CONTAINS', 'art', ['party'], 'FALSE'],
  ['CONTAINS', 'art', [], 'FALSE'],
  ['CONTAINS', 'art', 3, 'UNKNOWN'],
  ['CONTAINS', 3, [1, 3], 'TRUE'],
  ['CONTAINS', 3, '3', 'UNKNOWN'],
  ['CONTAINS', 'art', missing, 'UNKNOWN'],
  ['STARTS_WITH', 'par', 'party', 'TRUE'],
  ['STARTS_WITH', 'par', 'spar', 'FALSE'],
  ['STARTS_WITH', 'par', '', 'FALSE'],
  ['STARTS_WITH', 'par', ['party'], 'UNKNOWN'],
  ['STARTS_WITH', 'par', missing, 'UNKNOWN'],
  ['ENDS_WITH', 'ty', 'party', 'TRUE'],
  ['ENDS_WITH', 'ty', 'type', 'FALSE'],
  ['ENDS_WITH', 'ty', '', 'FALSE'],
  ['ENDS_WITH', 'ty', 3, 'UNKNOWN'],
  ['ENDS_WITH', 'ty', missing, 'UNKNOWN'],
  ['EXISTS', undefined, 'gold', 'TRUE'],
  ['EXISTS', undefined, '', 'TRUE'],
  ['EXISTS', undefined, false, 'TRUE'],
  ['EXISTS', undefined, [], 'TRUE'],
  ['EXISTS', undefined, null, 'FALSE'],
  ['EXISTS', undefined, missing, 'FALSE'],
  ['MISSING', undefined, 0, 'FALSE'],
  ['MISSING', undefined, '', 'FALSE'],
  ['MISSING', undefined, null, 'TRUE'],
  ['MISSING', undefined, missing, 'TRUE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-09T12:00:00Z', 'TRUE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-03T12:00:00Z', 'TRUE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-03T11:59:59.999Z', 'FALSE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-10T12:00:00Z', 'TRUE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-10T12:00:01Z', 'FALSE'],
  ['WITHIN_LAST_DAYS', 7, '2026-03-09', 'UNKNOWN'],
  ['WITHIN_LAST_DAYS', 7, '', 'UNKNOWN'],
  ['WITHIN_LAST_DAYS', 7, 1773144000000, 'UNKNOWN'],
  ['WITHIN_LAST_DAYS', 7, missing, 'UNKNOWN'],
]

describe('a condition on a field', () => {
  test.each(table)('%s %j of %j is %s', (...[op, value, found, truth]) => {
    expect(askField({ field: 'x', op, value }, found === missing ? {} : { x: found })).toBe(truth)
  })

  test.each(table.filter(([op]) => op !== 'EXISTS' && op !== 'MISSING'))(
    'with orMissing, %s %j changes only for a missing value (%j)',
    (...[op, value, found, truth]) => {
      const isMissing = found === missing || found === null
      const fields = found === missing ? {} : { x: found }
      expect(askField({ field: 'x', op, value, orMissing: true }, fields)).toBe(isMissing ? 'TRUE' : truth)
    },
  )

  test('a path means any element of the lists it passes', () => {
    const fields = {
      orders: [{ lines: [{ sku: 'a' }, { sku: 'b' }] }, { lines: [{ sku: 'c' }] }, {}],
      tags: ['x', 'y'],
    }
    const has = (value: string): Rule => ({ field: { field: 'orders[].lines[].sku', op: 'EQ', value } })
    expect(ask(has('c'), person({ fields }))).toBe('TRUE')
    expect(ask(has('d'), person({ fields }))).toBe('FALSE')
    expect(askField({ field: 'tags[]', op: 'IN', value: ['y', 'z'] }, fields)).toBe('TRUE')
    expect(askField({ field: 'tags[]', op: 'NE', value: 'x' }, fields)).toBe('FALSE')
    expect(askField({ field: 'tags[].x', op: 'MISSING' }, fields)).toBe('TRUE')
    expect(askField({ field: 'orders.lines', op: 'MISSING' }, fields)).toBe('TRUE')
  })

  test('an empty list has no elements, so they are missing', () => {
    expect(askField({ field: 'tags[]', op: 'EQ', value: 'x' }, { tags: [] })).toBe('UNKNOWN')
    expect(askField({ field: 'tags[]', op: 'MISSING' }, { tags: [] })).toBe('TRUE')
  })

  test('only own properties are read, of objects alone', () => {
    expect(askField({ field: 'toString', op: 'EXISTS' }, {})).toBe('FALSE')
    expect(askField({ field: 'a.length', op: 'EXISTS' }, { a: 'text' })).toBe('FALSE')
    expect(askField({ field: 'a.length', op: 'EXISTS' }, { a: [1] })).toBe('FALSE')
    expect(askField({ field: 'hasOwnProperty', op: 'EQ', value: 'x' }, { hasOwnProperty: 'x' })).toBe('TRUE')
  })

  test('any of several identities may satisfy, e-mail addresses in any letter case', () => {
    const someone = person({ identities: { EMAIL: ['a@one.example', 'b@two.example'], PHONE: ['+491701234567'] } })
    expect(ask({ field: { field: 'email', op: 'EQ', value: 'B@Two.Example' } }, someone)).toBe('TRUE')
    expect(ask({ field: { field: 'emailDomain', op: 'IN', value: ['ONE.example'] } }, someone)).toBe('TRUE')
    expect(ask({ field: { field: 'emailDomain', op: 'NE', value: 'two.example' } }, someone)).toBe('FALSE')
    expect(ask({ field: { field: 'phone', op: 'STARTS_WITH', value: '+49' } }, someone)).toBe('TRUE')
    expect(ask({ field: { field: 'sourceId', op: 'MISSING' } }, someone)).toBe('TRUE')
    expect(ask({ field: { field: 'deviceId', op: 'EQ', value: 'd' } }, someone)).toBe('UNKNOWN')
    expect(ask({ field: { field: 'partnerUserId', op: 'EXISTS' } }, someone)).toBe('FALSE')
  })
})

describe('a condition on an audience', () => {
  test('is true of members, and false of everybody else', () => {
    const member = person({ audienceIds: new Set([vips]) })
    expect(ask({ audience: { id: vips } }, member)).toBe('TRUE')
    expect(ask({ audience: { id: encodeId('Audience', vips) } }, member)).toBe('TRUE')
    expect(ask({ audience: { id: vips.toUpperCase(), member: false } }, member)).toBe('FALSE')
    expect(ask({ audience: { id: staff, member: false } }, member)).toBe('TRUE')
  })

  test('is found wherever it stands in a rule, once', () => {
    const rule: Rule = {
      all: [
        { any: [{ audience: { id: encodeId('Audience', vips) } }, { field: { field: 'x', op: 'EXISTS' } }] },
        { not: { all: [{ audience: { id: staff } }, { audience: { id: vips, member: false } }] } },
      ],
    }
    expect([...asksOf([rule]).audienceIds]).toEqual([vips, staff])
  })
})

describe('conditions together', () => {
  const leaf = {
    TRUE: { field: { field: 'yes', op: 'EQ', value: true } },
    FALSE: { field: { field: 'yes', op: 'EQ', value: false } },
    UNKNOWN: { field: { field: 'no', op: 'EQ', value: true } },
  } as const satisfies Record<TruthName, Rule>
  const someone = person({ fields: { yes: true } })
  const pairs: [TruthName, TruthName, and: TruthName, or: TruthName][] = [
    ['TRUE', 'TRUE', 'TRUE', 'TRUE'],
    ['TRUE', 'FALSE', 'FALSE', 'TRUE'],
    ['TRUE', 'UNKNOWN', 'UNKNOWN', 'TRUE'],
    ['FALSE', 'FALSE', 'FALSE', 'FALSE'],
    ['FALSE', 'UNKNOWN', 'FALSE', 'UNKNOWN'],
    ['UNKNOWN', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'],
  ]

  test.each(pairs)('%s with %s: all is %s, any is %s', (...[a, b, and, or]) => {
    expect(ask({ all: [leaf[a], leaf[b]] }, someone)).toBe(and)
    expect(ask({ all: [leaf[b], leaf[a]] }, someone)).toBe(and)
    expect(ask({ any: [leaf[a], leaf[b]] }, someone)).toBe(or)
    expect(ask({ any: [leaf[b], leaf[a]] }, someone)).toBe(or)
  })

  test('all of any members is the least of them, any the greatest, in whatever order and of whatever kind', () => {
    const rank: readonly TruthName[] = ['FALSE', 'UNKNOWN', 'TRUE']
    // The same truths by a path, a list and an audience, which are asked in other ways.
    const others: Record<TruthName, readonly Rule[]> = {
      TRUE: [
        leaf.TRUE,
        { not: leaf.FALSE },
        { audience: { id: vips, member: false } },
        { field: { field: 'o.x', op: 'MISSING' } },
      ],
      FALSE: [leaf.FALSE, { not: leaf.TRUE }, { audience: { id: vips } }, { field: { field: 'o.x', op: 'EXISTS' } }],
      UNKNOWN: [
        leaf.UNKNOWN,
        { not: leaf.UNKNOWN },
        { field: { field: 'o.x', op: 'EQ', value: 1 } },
        { eventData: leaf.UNKNOWN.field },
      ],
    }
    const member = fc.tuple(fc.constantFrom(...rank), fc.nat(3))
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), (members) => {
        const rules = members.map(([truth, i]) => others[truth][i] ?? leaf[truth])
        const ranks = members.map(([truth]) => rank.indexOf(truth))
        expect(ask({ all: rules }, someone)).toBe(rank[Math.min(2, ...ranks)])
        expect(ask({ any: rules }, someone)).toBe(rank[Math.max(0, ...ranks)])
      }),
      { numRuns: 2000 },
    )
  })

  test('what is unknown stays so when it is negated', () => {
    expect(ask({ not: leaf.UNKNOWN }, someone)).toBe('UNKNOWN')
    expect(ask({ not: leaf.TRUE }, someone)).toBe('FALSE')
    expect(ask({ not: leaf.FALSE }, someone)).toBe('TRUE')
  })

  test('all of nothing holds, any of nothing does not', () => {
    expect(ask({ all: [] }, someone)).toBe('TRUE')
    expect(ask({ any: [] }, someone)).toBe('FALSE')
  })
})

describe('why a rule does not hold', () => {
  const someone = person({ fields: { tier: 'gold', age: 17 }, audienceIds: new Set([staff]) })
  const why = (rule: Rule) => failedLeaves(rule, { person: someone, event })

  test('names every condition in the way with the value seen', () => {
    const rule: Rule = {
      all: [
        { field: { field: 'tier', op: 'EQ', value: 'gold' } },
        { field: { field: 'age', op: 'GTE', value: 18 } },
        { any: [{ field: { field: 'city', op: 'EQ', value: 'Ulm' } }, { audience: { id: vips } }] },
        { not: { audience: { id: staff } } },
      ],
    }
    expect(why(rule)).toEqual([
      { at: 'all[1].field', field: 'age', op: 'GTE', value: 18, seen: 17, truth: 'FALSE' },
      { at: 'all[2].any[0].field', field: 'city', op: 'EQ', value: 'Ulm', seen: null, truth: 'UNKNOWN' },
      { at: 'all[2].any[1].audience', audience: vips, member: true, seen: false, truth: 'FALSE' },
      { at: 'all[3].not.audience', audience: staff, member: true, seen: true, truth: 'TRUE' },
    ])
  })

  test('is empty for a rule that holds', () => {
    expect(why({ field: { field: 'tier', op: 'EXISTS' } })).toEqual([])
  })

  test('stops at twenty conditions and at 256 characters of a value', () => {
    const rule: Rule = {
      all: Array.from({ length: 30 }, () => ({ field: { field: 'age', op: 'GTE', value: 18 } as const })),
    }
    expect(why(rule)).toHaveLength(20)
    const long = failedLeaves(
      { field: { field: 'note', op: 'EQ', value: 'x' } },
      { person: person({ fields: { note: 'y'.repeat(1000) } }), event },
    )
    expect(long[0]?.seen).toHaveLength(257)
  })
})
