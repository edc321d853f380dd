// What time alone changes, and when: between one instant and the next one that is told, a rule says the same of a person.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileRule } from '../../src/core/rules/compile.ts'
import { nextChange, noEventAt } from '../../src/core/rules/next-change.ts'
import type { Rule } from '../../src/core/rules/rule.ts'
import type { PersonFacts } from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { rule } from '../support/rules.ts'

const now = Date.parse('2026-03-10T12:00:00.000Z')
const dayMs = 86_400_000
const programIds = ['0198a0b0-0000-7000-8000-000000000001', '0198a0b0-0000-7000-8000-000000000002']
const audienceIds = ['0198a0b0-0000-7000-8000-000000000003']

const moment = fc.oneof(
  fc.integer({ min: now - 40 * dayMs, max: now + 300_000 }),
  fc.constantFrom(...[-30, -7, -1, -0.5, 0].map((days) => now + days * dayMs)),
  fc.integer({ min: now - 3, max: now + 3 }),
)
const moments = fc.array(moment, { maxLength: 4 })

const person: fc.Arbitrary<PersonFacts> = fc
  .record({
    fields: fc.record(
      {
        a: moment.map((at) => new Date(at).toISOString()),
        tags: fc.array(
          moment.map((at) => new Date(at).toISOString()),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
    clicks: moments,
    purchases: moments,
    qualities: moments,
    edges: fc.array(fc.tuple(fc.constantFrom(...programIds), fc.array(moment, { minLength: 1, maxLength: 3 })), {
      maxLength: 3,
    }),
  })
  .map(({ fields, clicks, purchases, qualities, edges }) => {
    const shown = edges.map(([programId, evidence], i) => ({
      id: String(i),
      programId,
      firstEvidenceAt: Math.min(...evidence),
      evidence,
    }))
    const whole = newPerson('p')
    const friend = {
      ...newPerson('f'),
      fields,
      history: { ...newPerson('f').history, events: new Map([['click', clicks]]) },
    }
    for (const edge of shown) Object.assign(edge, { other: friend })
    return {
      ...whole,
      fields,
      relationships: shown.map((edge) => ({
        ...edge,
        advocateId: 'a',
        friendId: 'p',
        campaignId: null,
        matchedCodeIds: new Set<string>(),
      })),
      history: {
        events: new Map([
          ['click', clicks],
          ['purchase', purchases],
        ]),
        orders: purchases.map((at, i) => ({
          ...{ kind: 'STATED' as const, id: String(i), orderId: String(i), eventId: String(i) },
          ...{ at, placedAt: at, totalMinor: 700, currency: 'EUR' },
          items: [{ line: 1, productId: 'mug', sku: 'mug-1', category: ['Home'], quantity: 1, totalMinor: 700 }],
        })),
        qualities: qualities.map((at, i) => ({ at, quality: (['HIGH', 'LOW', 'NONE'] as const)[i % 3] ?? 'NONE' })),
        friends: shown,
      },
    }
  })

const truthAt = (one: Rule, who: PersonFacts) => {
  const holds = compileRule(one)
  return { holds, at: (t: number) => holds({ person: who, event: noEventAt('p', t) }) }
}

it('a rule says the same of a person until the instant that is told, for any rule and any past', () => {
  let changes = 0
  fc.assert(
    fc.property(
      rule(now, { audienceIds, programIds }),
      person,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
      (one, who, shares) => {
        const { holds, at } = truthAt(one, who)
        const next = nextChange({ rule: one, holds }, who, now)
        const end = next ?? now + 50 * dayMs
        expect(next === null || next > now).toBe(true)
        if (next !== null && at(next) !== at(now)) changes++
        const between = [...shares.map((share) => Math.floor(now + share * (end - now - 1))), now + 1, end - 1]
        for (const t of between.filter((t) => t > now && t < end)) expect(at(t)).toBe(at(now))
      },
    ),
    { numRuns: 3_000 },
  )
  // A function that never told of anything would pass otherwise.
  expect(changes).toBeGreaterThan(100)
})

it.each([
  ['a window that an event grows out of', { event: { name: 'click', withinLastDays: 1 } }, now - 1_000 + dayMs + 1],
  [
    'a part of a day, to the millisecond',
    { event: { name: 'click', withinLastDays: 0.00003 } },
    now - 1_000 + 2_592 + 1,
  ],
  [
    'the older of two events that are needed',
    { event: { name: 'click', atLeast: 2, withinLastDays: 1 } },
    now - 5_000 + dayMs + 1,
  ],
  [
    'whole days since the last order',
    { order: { aggregate: 'DAYS_SINCE_LAST', op: 'GTE', value: 3 } },
    now - 9_000 + 3 * dayMs,
  ],
  ['an instant that comes near', { field: { field: 'a', op: 'WITHIN_LAST_DAYS', value: 1 } }, now + 7_000],
  ['nothing that time changes', { event: { name: 'click' } }, null],
] as const)('%s', (_name, one, expected) => {
  const who: PersonFacts = {
    ...newPerson('p'),
    fields: { a: new Date(now + 7_000).toISOString() },
    history: {
      ...newPerson('p').history,
      events: new Map([['click', [now - 5_000, now - 1_000]]]),
      orders: [
        {
          ...{ kind: 'STATED', id: '1', orderId: '1', eventId: '1', at: now - 9_000, placedAt: now - 9_000 },
          ...{ totalMinor: null, currency: null },
        },
      ],
    },
  }
  expect(nextChange({ rule: one, holds: compileRule(one) }, who, now)).toBe(expected)
})
