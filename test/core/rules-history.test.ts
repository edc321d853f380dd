// What rules say of what people did before an event and of the event itself, each with its bounds and window.

import { describe, expect, test } from 'vitest'
import { encodeId } from '../../src/core/ids.ts'
import { asksOf } from '../../src/core/rules/asks.ts'
import { failedLeaves } from '../../src/core/rules/explain.ts'
import type { CountBounds, RelationshipRule, Rule } from '../../src/core/rules/rule.ts'
import type { TruthName } from '../../src/core/rules/truth.ts'
import type { EventFacts, PersonFacts, RelationshipFacts } from '../../src/core/targeting/facts.ts'
import { remember, rememberFriend } from '../../src/core/targeting/history.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { ask, daysAgo, event, opposite, t, windowOf, windows } from './asking.ts'

const bounds: [bounds: CountBounds, count: number, truth: TruthName][] = [
  [{}, 0, 'FALSE'],
  [{}, 1, 'TRUE'],
  [{}, 5, 'TRUE'],
  [{ atLeast: 0 }, 0, 'TRUE'],
  [{ atLeast: 3 }, 2, 'FALSE'],
  [{ atLeast: 3 }, 3, 'TRUE'],
  [{ atLeast: 3 }, 4, 'TRUE'],
  [{ atMost: 0 }, 0, 'TRUE'],
  [{ atMost: 0 }, 1, 'FALSE'],
  [{ atMost: 2 }, 0, 'TRUE'],
  [{ atMost: 2 }, 2, 'TRUE'],
  [{ atMost: 2 }, 3, 'FALSE'],
  [{ atLeast: 1, atMost: 2 }, 0, 'FALSE'],
  [{ atLeast: 1, atMost: 2 }, 2, 'TRUE'],
  [{ atLeast: 1, atMost: 2 }, 3, 'FALSE'],
  [{ atLeast: null, atMost: null, withinLastDays: null }, 1, 'TRUE'],
]

describe('a condition on an event performed', () => {
  const performed = (...times: number[]): PersonFacts => {
    const person = newPerson('F')
    person.history.events.set('signed_up', times)
    return person
  }

  test.each(bounds)('with %j of %d times is %s, and not performed the opposite', (...[given, count, truth]) => {
    const person = performed(...Array(count).fill(daysAgo(1)))
    expect(ask({ event: { name: 'signed_up', ...given } }, person)).toBe(truth)
    expect(ask({ event: { name: 'signed_up', performed: false, ...given } }, person)).toBe(opposite[truth])
    expect(ask({ not: { event: { name: 'signed_up', ...given } } }, person)).toBe(opposite[truth])
  })

  test.each(windows)('within %s days at %d is %s', (...[days, at, truth]) => {
    expect(ask({ event: { name: 'signed_up', ...windowOf(days) } }, performed(at))).toBe(truth)
  })

  test('names the event in any spelling, and no other', () => {
    expect(ask({ event: { name: ' Signed-Up ' } }, performed(daysAgo(1)))).toBe('TRUE')
    expect(ask({ event: { name: 'signed_up_again' } }, performed(daysAgo(1)))).toBe('FALSE')
    expect(ask({ event: { name: 'toString' } }, newPerson('F'))).toBe('FALSE')
  })

  test('counts two events at one time twice, and the event at hand not at all', () => {
    expect(ask({ event: { name: 'signed_up', atLeast: 2 } }, performed(t, t))).toBe('TRUE')
    expect(ask({ event: { name: 'purchase' } }, newPerson('F'), event({ name: 'purchase' }))).toBe('FALSE')
  })
})

describe('a condition on the quality of earlier decisions', () => {
  const decided = (quality: 'HIGH' | 'LOW' | 'NONE', ...times: number[]): PersonFacts => {
    const person = newPerson('F')
    person.history.qualities.push(...times.map((at) => ({ quality, at })))
    return person
  }

  test.each(bounds)('with %j of %d decisions is %s', (...[given, count, truth]) => {
    expect(ask({ quality: { is: 'LOW', ...given } }, decided('LOW', ...Array(count).fill(daysAgo(1))))).toBe(truth)
  })

  test.each(windows)('within %s days at %d is %s', (...[days, at, truth]) => {
    expect(ask({ quality: { is: 'HIGH', ...windowOf(days) } }, decided('HIGH', at))).toBe(truth)
  })

  test('counts decisions of that quality only', () => {
    expect(ask({ quality: { is: 'LOW' } }, decided('HIGH', daysAgo(1)))).toBe('FALSE')
    expect(ask({ quality: { is: 'NONE' } }, decided('NONE', daysAgo(1)))).toBe('TRUE')
  })
})

describe('a condition on relationships', () => {
  const [program, other] = ['0195a1b2-0000-7000-8000-00000000000a', '0195a1b2-0000-7000-8000-00000000000b']
  const edge = (changes: Partial<RelationshipFacts> = {}): RelationshipFacts => ({
    id: 'R',
    advocateId: 'A',
    friendId: 'F',
    programId: program,
    campaignId: null,
    firstEvidenceAt: daysAgo(1),
    evidence: [],
    matchedCodeIds: new Set(),
    ...changes,
  })
  const as = (side: RelationshipRule['as'], edges: RelationshipFacts[]): PersonFacts => {
    const person = newPerson('F')
    if (side === 'FRIEND') person.relationships.push(...edges)
    else person.history.friends.push(...edges)
    return person
  }

  describe.each(['FRIEND', 'ADVOCATE'] as const)('as %s', (side) => {
    test.each(bounds)('with %j of %d relationships is %s', (...[given, count, truth]) => {
      const edges = Array.from({ length: count }, (_, i) => edge({ id: `R${i}` }))
      expect(ask({ relationship: { as: side, ...given } }, as(side, edges))).toBe(truth)
    })

    test.each(windows)('within %s days, shown at %d, is %s', (...[days, at, truth]) => {
      const shown = as(side, [edge({ firstEvidenceAt: at, evidence: [at] })])
      expect(ask({ relationship: { as: side, ...windowOf(days) } }, shown)).toBe(truth)
    })

    test('goes by the latest evidence up to the event', () => {
      const within = (evidence: number[]) =>
        ask(
          { relationship: { as: side, withinLastDays: 7 } },
          as(side, [edge({ firstEvidenceAt: daysAgo(30), evidence })]),
        )
      expect(within([daysAgo(30), daysAgo(3)])).toBe('TRUE')
      expect(within([daysAgo(30), t + 1])).toBe('FALSE')
    })

    test('leaves out relationships without evidence, and those of other programs', () => {
      expect(ask({ relationship: { as: side } }, as(side, [edge({ firstEvidenceAt: Number.POSITIVE_INFINITY })]))).toBe(
        'FALSE',
      )
      const one = as(side, [edge()])
      expect(ask({ relationship: { as: side, programId: program } }, one)).toBe('TRUE')
      expect(ask({ relationship: { as: side, programId: encodeId('Program', program) } }, one)).toBe('TRUE')
      expect(ask({ relationship: { as: side, programId: other } }, one)).toBe('FALSE')
    })
  })

  test('tells the sides apart', () => {
    expect(ask({ relationship: { as: 'ADVOCATE' } }, as('FRIEND', [edge()]))).toBe('FALSE')
    expect(ask({ relationship: { as: 'FRIEND' } }, as('ADVOCATE', [edge()]))).toBe('FALSE')
  })
})

describe('a condition on the data of the event', () => {
  const on = (rule: Extract<Rule, { eventData: unknown }>['eventData'], data: EventFacts['data']) =>
    ask({ eventData: rule }, newPerson('F'), event({ data }))

  test('reads the event, not the person, by plain names and by paths', () => {
    expect(on({ field: 'total', op: 'GTE', value: 50 }, { total: 50 })).toBe('TRUE')
    expect(on({ field: 'total', op: 'GTE', value: 50 }, { total: 49.99 })).toBe('FALSE')
    expect(on({ field: 'total', op: 'GTE', value: 50 }, { total: '50' })).toBe('UNKNOWN')
    expect(on({ field: 'total', op: 'GTE', value: 50 }, {})).toBe('UNKNOWN')
    expect(on({ field: 'total', op: 'GTE', value: 50, orMissing: true }, { total: null })).toBe('TRUE')
    expect(on({ field: 'lines[].sku', op: 'EQ', value: 'b' }, { lines: [{ sku: 'a' }, { sku: 'b' }] })).toBe('TRUE')
    expect(on({ field: 'coupon', op: 'MISSING' }, {})).toBe('TRUE')
    expect(on({ field: 'coupon', op: 'EXISTS' }, {})).toBe('FALSE')
    expect(on({ field: 'toString', op: 'EXISTS' }, {})).toBe('FALSE')
    expect(ask({ eventData: { field: 'tier', op: 'EXISTS' } }, { ...newPerson('F'), fields: { tier: 1 } })).toBe(
      'FALSE',
    )
  })

  test('knows no identities: email is a member like any other, in its own letter case', () => {
    const someone = { ...newPerson('F'), identities: { EMAIL: ['a@example.com'] } }
    expect(ask({ eventData: { field: 'email', op: 'EXISTS' } }, someone)).toBe('FALSE')
    expect(on({ field: 'email', op: 'EQ', value: 'A@example.com' }, { email: 'A@example.com' })).toBe('TRUE')
    expect(on({ field: 'email', op: 'EQ', value: 'a@example.com' }, { email: 'A@example.com' })).toBe('FALSE')
  })
})

describe('what rules ask the loader for', () => {
  test('is the largest need of each kind, and nothing of kinds that no rule names', () => {
    expect(asksOf([{ field: { field: 'x', op: 'EXISTS' } }, { relationship: { as: 'FRIEND' } }])).toEqual({
      audienceIds: new Set(),
      eventCaps: new Map(),
      orders: false,
      items: false,
      qualityCaps: new Map(),
      friends: false,
    })
    const rules: Rule[] = [
      { all: [{ event: { name: 'Signed Up' } }, { not: { event: { name: 'signed_up', atLeast: 4 } } }] },
      { any: [{ event: { name: 'click', atMost: 1000 } }, { event: { name: 'view', atLeast: 0 } }] },
      { quality: { is: 'LOW', atMost: 2 } },
      { order: { aggregate: 'COUNT', op: 'EQ', value: 0 } },
      { relationship: { as: 'ADVOCATE' } },
    ]
    expect(asksOf(rules)).toEqual({
      audienceIds: new Set(),
      eventCaps: new Map([
        ['signed_up', 4],
        ['click', 1001],
        ['view', 1],
      ]),
      orders: true,
      items: false,
      qualityCaps: new Map([['LOW', 3]]),
      friends: true,
    })
  })
})

describe('a decided event', () => {
  const bought = event({ id: 'e1', t: daysAgo(1), data: { total: 5, currency: 'EUR' } })

  test('is part of the history from then on', () => {
    const person = newPerson('F')
    remember(person, { event: bought, quality: 'LOW' })
    expect(ask({ event: { name: 'purchase' } }, person)).toBe('TRUE')
    expect(ask({ quality: { is: 'LOW' } }, person)).toBe('TRUE')
    expect(ask({ order: { aggregate: 'TOTAL_MINOR', op: 'EQ', value: 500, currency: 'EUR' } }, person)).toBe('TRUE')
  })

  test('is remembered as far as anybody asks', () => {
    const person = newPerson('F')
    remember(person, { event: bought, quality: 'LOW' }, asksOf([{ event: { name: 'click' } }]))
    expect(person.history).toEqual(newPerson('F').history)
    remember(
      person,
      { event: bought, quality: null },
      asksOf([{ event: { name: 'purchase' } }, { quality: { is: 'LOW' } }]),
    )
    expect(person.history).toEqual({ ...newPerson('F').history, events: new Map([['purchase', [bought.t]]]) })
  })
})

describe('a relationship that just began', () => {
  test('is seen by its advocate too', () => {
    const [friend, advocate] = [newPerson('F'), newPerson('A')]
    const people = new Map([friend, advocate].map((person) => [person.id, person]))
    const at = { firstEvidenceAt: t, evidence: [t], matchedCodeIds: new Set<string>() }
    friend.relationships.push({ id: 'R', advocateId: 'A', friendId: 'F', programId: 'P', campaignId: null, ...at })
    rememberFriend({ people, codes: new Map(), sharesTo: new Map(), transactions: new Map() }, friend, 'R')
    expect(ask({ relationship: { as: 'ADVOCATE' } }, advocate)).toBe('TRUE')
  })
})

describe('why such a condition does not hold', () => {
  const person = newPerson('F')
  person.history.events.set('click', [daysAgo(1), daysAgo(2), daysAgo(3)])
  person.history.qualities.push({ quality: 'LOW', at: daysAgo(1) })
  const why = (rule: Rule) => failedLeaves(rule, { person, event: event({ data: { total: 5 } }) })
  const program = '0195a1b2-0000-7000-8000-00000000000a'

  test.each<[Rule, object]>([
    [
      { event: { name: 'Click', atLeast: 5, withinLastDays: 2 } },
      { at: 'event', event: 'click', performed: true, atLeast: 5, withinLastDays: 2, seen: 2, truth: 'FALSE' },
    ],
    [
      { event: { name: 'click', performed: false } },
      { at: 'event', event: 'click', performed: false, seen: 1, truth: 'FALSE' },
    ],
    [
      { not: { event: { name: 'click', atLeast: 2 } } },
      { at: 'not.event', event: 'click', performed: true, atLeast: 2, seen: 2, truth: 'TRUE' },
    ],
    [
      { event: { name: 'click', atMost: 1 } },
      { at: 'event', event: 'click', performed: true, atMost: 1, seen: 2, truth: 'FALSE' },
    ],
    [
      { order: { aggregate: 'AVERAGE_MINOR', op: 'GT', value: 100, currency: 'eur', withinLastDays: 30 } },
      {
        at: 'order',
        aggregate: 'AVERAGE_MINOR',
        op: 'GT',
        value: 100,
        currency: 'EUR',
        withinLastDays: 30,
        seen: null,
        truth: 'UNKNOWN',
      },
    ],
    [
      { order: { aggregate: 'COUNT', op: 'GTE', value: 1 } },
      { at: 'order', aggregate: 'COUNT', op: 'GTE', value: 1, seen: 0, truth: 'FALSE' },
    ],
    [{ relationship: { as: 'FRIEND' } }, { at: 'relationship', relationship: 'FRIEND', seen: 0, truth: 'FALSE' }],
    [
      { relationship: { as: 'ADVOCATE', programId: encodeId('Program', program), atLeast: 2 } },
      { at: 'relationship', relationship: 'ADVOCATE', programId: program, atLeast: 2, seen: 0, truth: 'FALSE' },
    ],
    [{ quality: { is: 'LOW', atMost: 0 } }, { at: 'quality', quality: 'LOW', atMost: 0, seen: 1, truth: 'FALSE' }],
    [
      { eventData: { field: 'total', op: 'GT', value: 5 } },
      { at: 'eventData', field: 'total', op: 'GT', value: 5, seen: 5, truth: 'FALSE' },
    ],
    [
      { eventData: { field: 'coupon', op: 'EXISTS' } },
      { at: 'eventData', field: 'coupon', op: 'EXISTS', value: null, seen: null, truth: 'FALSE' },
    ],
  ])('%j tells what it asked and what was seen', (rule, leaf) => {
    expect(why(rule)).toEqual([leaf])
  })
})
