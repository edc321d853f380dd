// Generated people and rules about them: few names and values, so that they meet often, in all types and odd spellings.

import fc from 'fast-check'
import { consentStates } from '../../src/core/consent.ts'
import type { FieldMeta, ValueMeta } from '../../src/core/fields/fold.ts'
import { isMoney } from '../../src/core/rules/orders.ts'
import {
  type ConsentRule,
  type CountBounds,
  type FieldOperator,
  type FieldRule,
  type OrderRule,
  orderAggregates,
  orderOperators,
  type ProductRule,
  productCountings,
  type Rule,
  ruleQualities,
  ruleSides,
} from '../../src/core/rules/rule.ts'
import type { JsonObject } from '../../src/scalars.ts'
import type { Edge, Happening, Said, Someone } from './people.ts'

/** Around what is kept of a text where it is indexed, the last two alike so far. */
const longTexts = [...[199, 200, 201].map((length) => 'x'.repeat(length)), `${'x'.repeat(200)}y`]
const texts = [
  ...longTexts,
  '',
  'gold',
  'Gold',
  'golden',
  'g%',
  'g_ld',
  '\\',
  '"',
  'é',
  '😀',
  '\uffee',
  'true',
  '3',
  'null',
  "o'x",
]
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

/** Few times, so that values of several profiles are often of the same; some end, around `now`. */
function meta(now: number): fc.Arbitrary<FieldMeta> {
  const at = fc.constantFrom(now - 86_400_000, now - 1, now, -62_135_596_800_000)
  const until = fc.constantFrom(now - 1, now, now + 1)
  const one = fc.record({ at, until }, { requiredKeys: ['at'] }) as fc.Arbitrary<ValueMeta> // As above.
  return fc.record({ a: one, b: one, 'odd name': one, gone: one }, { requiredKeys: [] }) as fc.Arbitrary<FieldMeta>
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

const eventNames = [
  'click',
  'purchase',
  'order_completed',
  'order_updated',
  'order_cancelled',
  'order_refunded',
  'order_returned',
]
const currencies = ['EUR', 'JPY', 'KWD']

/** Around `now`, many of them on the edges of windows. */
const moment = (now: number) =>
  fc.oneof(
    fc.constantFrom(...[-400, -30, -7, -1, 0].map((days) => now + days * 86_400_000)),
    fc.integer({ min: now - 40 * 86_400_000, max: now + 3_600_000 }),
    fc.constantFrom(now - 1, now + 1, now - 86_400_001, now - 7 * 86_400_000 - 1),
  )

/** What events say of money, most of it readable. */
export const amounts = [
  10,
  10.5,
  0.1 + 0.2,
  12.345,
  1.005,
  -3,
  0,
  1e-7,
  1e13,
  '10.50',
  ' 7 ',
  '-0.5',
  '1e3',
  '1,5',
  '.5',
  '',
  null,
  true,
  [5],
]

const orderItem = fc.record(
  {
    product_id: fc.constantFrom('mug', 'Mug', 'shirt'),
    sku: fc.constantFrom('mug-1', 'shirt-m'),
    price: fc.constantFrom(1, 2.5, '0.335', 'free'),
    quantity: fc.constantFrom(1, 2, 3, '2', 0.5),
    category: fc.constantFrom('Home', 'Home/Kitchen', 'Wear > Shirts'),
  },
  { requiredKeys: ['sku'] },
)

function orderData(): fc.Arbitrary<JsonObject> {
  const amount = fc.constantFrom(...amounts)
  return fc.record(
    {
      total: amount,
      revenue: amount,
      amount,
      currency: fc.constantFrom(...currencies, 'EUR', 'eur', ' Eur ', 'EURO', 'E', 3, null),
      transaction_id: fc.constantFrom('t1', ' t1 ', '', '\u3000', 1, '1', true, null, 'x'.repeat(257)),
      order_id: fc.constantFrom('t1', 'o1', 'o2', 7),
      products: fc.array(orderItem, { maxLength: 3 }),
    },
    { requiredKeys: ['currency'] },
  ) as fc.Arbitrary<JsonObject> // As above.
}

const happening = (now: number): fc.Arbitrary<Happening> =>
  fc.record({
    name: fc.constantFrom(...eventNames),
    at: moment(now),
    data: orderData(),
    qualities: fc.array(fc.constantFrom(...ruleQualities), { maxLength: 3 }),
  })

/** Relationships among so many profiles, no two alike. */
export function edges(now: number, { profiles, programIds }: { profiles: number; programIds: readonly string[] }) {
  const edge: fc.Arbitrary<Edge> = fc.record({
    advocate: fc.nat(profiles - 1),
    friend: fc.nat(profiles - 1),
    programId: fc.constantFrom(...programIds),
    times: fc.array(moment(now), { minLength: 1, maxLength: 3 }),
    withdrawn: fc.boolean(),
  })
  return fc.uniqueArray(edge, {
    minLength: profiles,
    maxLength: profiles * 2,
    selector: ({ advocate, friend, programId }) => `${advocate} ${friend} ${programId}`,
  })
}

const said = (now: number): fc.Arbitrary<Said> =>
  fc.record({
    channel: fc.constantFrom('EMAIL' as const, 'SMS' as const, 'PUSH' as const),
    state: fc.constantFrom(...consentStates),
    // Often of one time.
    at: fc.constantFrom(now - 86_400_000, now - 1, now, now + 60_000),
  })

const consentRule: fc.Arbitrary<ConsentRule> = fc.record(
  {
    channel: fc.constantFrom('EMAIL' as const, 'SMS' as const, 'POST' as const),
    state: fc.constantFrom(...consentStates),
  },
  { requiredKeys: [] },
)

/** People whose identifiers, audiences and events come from few. */
export function someone(now: number, audienceIds: readonly string[]): fc.Arbitrary<Someone> {
  const part = fc.record({
    fields: fields(now),
    meta: meta(now),
    identities: fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('SOURCE_ID' as const, 'DEVICE' as const, 'PHONE' as const, 'PARTNER_USER_ID' as const),
        value: fc.oneof(fc.constantFrom(...texts.filter(Boolean)), fc.constantFrom(...instantTexts(now))),
      }),
      { maxLength: 2, selector: ({ kind, value }) => `${kind}:${value}` },
    ),
    audiences: fc.subarray([...audienceIds]),
    events: fc.array(happening(now), { maxLength: 5 }),
    consents: fc.array(said(now), { maxLength: 4 }),
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

const days = fc.constantFrom(0.5, 1, 7, 30, 36_500)

const bounds: fc.Arbitrary<CountBounds> = fc
  .record({ atLeast: fc.nat(3), atMost: fc.nat(3), withinLastDays: days }, { requiredKeys: [] })
  .filter(({ atLeast, atMost }) => atLeast === undefined || atMost === undefined || atLeast <= atMost)

const orderRule: fc.Arbitrary<OrderRule> = fc
  .record({
    aggregate: fc.constantFrom(...orderAggregates),
    op: fc.constantFrom(...orderOperators),
    value: fc.constantFrom(0, 1, 2, 7, 10, 30, 101, 700, 1000, 1050, 1234.5, 1235, -300, 10_500),
    currency: fc.constantFrom(...currencies),
    window: fc.record({ withinLastDays: days }, { requiredKeys: [] }),
  })
  .map(({ aggregate, currency, window, ...rule }) => ({
    ...rule,
    ...window,
    aggregate,
    ...(isMoney(aggregate) ? { currency } : {}),
  }))

/** Rules that fields of people are much of, alone, beside one another and beside what people did: as lists are mostly asked for. */
export function ruleOnFields(now: number, named: Named): fc.Arbitrary<Rule> {
  const ofField = fc
    .tuple(fieldRule(now), fc.constantFrom('a', 'b', 'odd name'))
    .map(([one, field]): Rule => ({ field: { ...one, field } }))
  const history = historyRule(named, ofField)
  return fc.oneof(
    ofField,
    fc.array(ofField, { minLength: 2, maxLength: 6 }).map((all) => ({ all })),
    fc.tuple(ofField, history).map((all) => ({ all })),
    fc.tuple(ofField, rule(now, named), history).map((all) => ({ all })),
    fc.array(fc.oneof(ofField, history), { minLength: 2, maxLength: 3 }).map((any) => ({ any })),
  )
}

const productRule: fc.Arbitrary<ProductRule> = fc
  .tuple(
    fc.oneof(
      fc.record({ id: fc.constantFrom('mug', 'Mug', 'shirt', 'mug-1') }),
      fc.record({ sku: fc.constantFrom('mug-1', 'shirt-m') }),
      fc.record({ category: fc.constantFrom(['Home'], ['Home', 'Kitchen'], ['Wear', 'Shirts'], ['Kitchen']) }),
    ),
    fc.record({ counting: fc.constantFrom(...productCountings) }, { requiredKeys: [] }),
  )
  .map(([what, how]) => ({ ...what, ...how }))

/** What rules may name. */
export interface Named {
  audienceIds: readonly string[]
  programIds: readonly string[]
}

function historyRule({ programIds }: Named, where: fc.Arbitrary<Rule>): fc.Arbitrary<Rule> {
  const joined = <T extends object>(one: fc.Arbitrary<T>) =>
    fc.tuple(one, bounds).map(([own, more]) => ({ ...own, ...more }))
  return fc.oneof(
    joined(fc.record({ name: fc.constantFrom(...eventNames, 'nothing'), performed: fc.boolean() })).map((event) => ({
      event,
    })),
    orderRule.map((order) => ({ order })),
    joined(productRule).map((product) => ({ product })),
    joined(fc.record({ is: fc.constantFrom(...ruleQualities) })).map((quality) => ({ quality })),
    joined(
      fc.record(
        { as: fc.constantFrom(...ruleSides), programId: fc.constantFrom(...programIds), where },
        { requiredKeys: ['as'] },
      ),
    ).map((relationship) => ({ relationship })),
  )
}

/** Rules of every form and operator, nested three deep. */
export function rule(now: number, named: Named): fc.Arbitrary<Rule> {
  const { audienceIds } = named
  const ofOthers = fc.oneof(
    fieldRule(now).map((field): Rule => ({ field })),
    orderRule.map((order): Rule => ({ order })),
    consentRule.map((consent): Rule => ({ consent })),
    fc.constantFrom<Rule>({ event: { name: 'click', withinLastDays: 7 } }, { not: { event: { name: 'purchase' } } }),
  )
  const leaf: fc.Arbitrary<Rule> = fc.oneof(
    { weight: 5, arbitrary: fieldRule(now).map((field) => ({ field })) },
    { weight: 5, arbitrary: historyRule(named, ofOthers) },
    { weight: 1, arbitrary: fieldRule(now).map((eventData) => ({ eventData })) },
    { weight: 1, arbitrary: consentRule.map((consent) => ({ consent })) },
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
