// Generated people and rules about them: few names and values, so that they meet often, in all types and odd spellings.

import fc from 'fast-check'
import type { FieldOperator, FieldRule, Rule } from '../../src/core/rules/rule.ts'
import type { JsonObject } from '../../src/scalars.ts'
import type { Someone } from './people.ts'

const texts = ['', 'gold', 'Gold', 'golden', 'g%', 'g_ld', '\\', '"', 'é', '😀', '\uffee', 'true', '3', 'null', "o'x"]
const numbers = [0, -1, 3, 3.5, 0.1, 0.30000000000000004, 1234567.000001, -5e-324, 9007199254740991]

/** Instants and what only looks like one, some close to `now`. */
const instantTexts = (now: number): string[] => [
  ...[-40 * 86_400_000, -86_400_000, -86_400_001, -1, 0, 1, 3_600_000].map((ms) => new Date(now + ms).toISOString()),
  new Date(now - 86_400_000).toISOString().replace('Z', '+00:00'),
  '2026-03-01T00:00:00Z',
  '2026-03-01T02:00+02:00',
  '2026-02-28T20:30:00.000-03:30',
  '2026-03-01T00:00:00.0009Z',
  '2026-02-28T24:00:00Z',
  '2026-02-28T24:00:00.0001Z',
  '2026-02-29T00:00:00Z',
  '2024-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:60Z',
  '2026-01-01T00:00+24:00',
  '2026-01-01T00:00-23:59',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59.999Z',
  '2026-03-01',
  '2026-03-01T00:00:00',
  '2026-03-01T00:00:00Z\n',
]

const scalar = (now: number) =>
  fc.oneof(fc.constantFrom(...texts), fc.constantFrom(...instantTexts(now)), fc.constantFrom(...numbers), fc.boolean())

const orNull = (now: number) =>
  fc.oneof({ weight: 9, arbitrary: scalar(now) }, { weight: 1, arbitrary: fc.constant(null) })

function fields(now: number): fc.Arbitrary<JsonObject> {
  const list = fc.array(orNull(now), { maxLength: 3 })
  const inner = fc.record({ c: orNull(now), '0': scalar(now) }, { requiredKeys: [] })
  const lists = fc.array(fc.oneof(inner, orNull(now), fc.record({ c: list })), { maxLength: 3 })
  const value = fc.oneof({ weight: 4, arbitrary: orNull(now) }, list, inner, lists)
  return fc.record(
    { a: value, b: value, 'odd name': value, tags: list, o: fc.record({ b: value }, { requiredKeys: [] }) },
    { requiredKeys: [] },
  ) as fc.Arbitrary<JsonObject> // A record with optional keys has no `undefined` in it.
}

const paths = [
  'a',
  'b',
  'odd name',
  'tags',
  'tags[]',
  'a.c',
  'a[].c',
  'a[].c[]',
  'b.0',
  'tags.0',
  'o.b',
  'o.b[].c',
  'nobody',
]
const names = ['email', 'emailDomain', 'sourceId', 'phone', 'deviceId', 'partnerUserId']

/** People whose identifiers and audiences come from few. */
export function someone(now: number, audienceIds: readonly string[]): fc.Arbitrary<Someone> {
  const part = fc.record({
    fields: fields(now),
    identities: fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('SOURCE_ID' as const, 'DEVICE' as const, 'PHONE' as const, 'PARTNER_USER_ID' as const),
        value: fc.oneof(fc.constantFrom(...texts.filter(Boolean)), fc.constantFrom(...instantTexts(now))),
      }),
      { maxLength: 2, selector: ({ kind, value }) => `${kind}:${value}` },
    ),
    audiences: fc.subarray([...audienceIds]),
  })
  return fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 3 }), chained: fc.boolean() })
}

function wanted(op: FieldOperator, now: number): fc.Arbitrary<unknown> {
  const text = fc.constantFrom(...texts, ...instantTexts(now))
  const notEmpty = text.filter((value) => value !== '')
  if (op === 'EXISTS' || op === 'MISSING') return fc.constant(undefined)
  if (op === 'IN' || op === 'NOT_IN') {
    const list = (one: fc.Arbitrary<unknown>) => fc.array(one, { minLength: 1, maxLength: 3 })
    return fc.oneof(list(text), list(fc.constantFrom(...numbers)), list(fc.boolean()))
  }
  if (op === 'STARTS_WITH' || op === 'ENDS_WITH') return fc.oneof(fc.constantFrom('g', 'old', 'Z', '😀'), notEmpty)
  if (op === 'WITHIN_LAST_DAYS') return fc.constantFrom(0.5, 1, 30, 36_500)
  if (op.length <= 3 && op !== 'EQ' && op !== 'NE') return fc.oneof(text, fc.constantFrom(...numbers))
  return op === 'CONTAINS' ? fc.oneof(fc.constantFrom('ol', '%'), scalar(now)) : scalar(now)
}

const compared: FieldOperator[] = ['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE', 'IN', 'NOT_IN', 'CONTAINS']
const others: FieldOperator[] = ['STARTS_WITH', 'ENDS_WITH', 'EXISTS', 'MISSING', 'WITHIN_LAST_DAYS']

function fieldRule(now: number): fc.Arbitrary<FieldRule> {
  const field = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...paths) }, fc.constantFrom(...names))
  return fc.constantFrom(...compared, ...others).chain((op) =>
    fc.record({ field, op: fc.constant(op), value: wanted(op, now), orMissing: fc.boolean() }).map(
      ({ orMissing, value, ...rule }): FieldRule => ({
        ...rule,
        ...(value === undefined ? {} : { value }),
        ...(orMissing && op !== 'EXISTS' && op !== 'MISSING' ? { orMissing } : {}),
      }),
    ),
  )
}

/** Rules of every form and operator, nested three deep. */
export function rule(now: number, audienceIds: readonly string[]): fc.Arbitrary<Rule> {
  const leaf: fc.Arbitrary<Rule> = fc.oneof(
    { weight: 5, arbitrary: fieldRule(now).map((field) => ({ field })) },
    {
      weight: 1,
      arbitrary: fc
        .record({ id: fc.constantFrom(...audienceIds), member: fc.boolean() })
        .map((audience) => ({ audience })),
    },
  )
  const { tree } = fc.letrec<{ tree: Rule }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('tree'), { maxLength: 3 }).map((any) => ({ any })),
      tie('tree').map((not) => ({ not })),
    ),
  }))
  return tree
}
