// What an order is at a time, whatever was told of it and in whatever order; and that rules say of it what a second, slow
// implementation says.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldOrder, netOf } from '../../src/core/orders/fold.ts'
import { changesBy, type LineFacts, type OrderTold } from '../../src/core/orders/judge.ts'
import { orderFactsOf, tellingOf } from '../../src/core/orders/telling.ts'
import { orderFigure, productCounter } from '../../src/core/rules/orders.ts'
import { type OrderRule, orderAggregates, type ProductRule } from '../../src/core/rules/rule.ts'
import type { JsonObject, OrderFacts } from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { referenceFigure, referencePieces } from './reference/orders.ts'

const dayMs = 86_400_000
const t = Date.parse('2026-03-10T12:00:00.000Z')

let made = 0
const about = (orderId: string, at: number) => {
  const id = `e${String(++made).padStart(5, '0')}`
  return { id, eventId: id, orderId, at }
}
const stated = (orderId: string, at: number, totalMinor: number | null): OrderFacts => ({
  ...{ ...about(orderId, at), kind: 'STATED', placedAt: at, currency: 'EUR', totalMinor },
})
const refund = (orderId: string, at: number, refundMinor: number | null): OrderFacts => ({
  ...{ ...about(orderId, at), kind: 'REFUND', refundMinor },
})
const status = (orderId: string, at: number, to: 'CANCELLED' | 'PAID'): OrderFacts => ({
  ...{ ...about(orderId, at), kind: 'STATUS', status: to },
})

describe('an order', () => {
  test('is what the latest statement by then says, and an update without an amount leaves that as it was', () => {
    const changes = [
      stated('o', 10, 1000),
      { ...stated('o', 20, 1200), placedAt: null },
      { ...stated('o', 30, null), placedAt: null, currency: null },
    ]
    expect(foldOrder(changes, 9)).toBeNull()
    expect(foldOrder(changes, 10)).toMatchObject({ placedAt: 10, totalMinor: 1000, statedAt: 10 })
    expect(foldOrder(changes, 25)).toMatchObject({ placedAt: 10, totalMinor: 1200, statedAt: 20 })
    expect(foldOrder(changes)).toMatchObject({ placedAt: 10, totalMinor: 1200, currency: 'EUR', statedAt: 30 })
  })

  test('is worth what was paid without what was given back by then, and never less than nothing', () => {
    const changes = [stated('o', 1, 1000), refund('o', 2, 300), refund('o', 4, 200), stated('o', 6, 400)]
    const net = (at: number) => foldOrder(changes, at)?.netMinor
    expect([net(1), net(2), net(4), net(6)]).toEqual([1000, 700, 500, 0])
    expect([netOf(-500, 0), netOf(-500, 100), netOf(null, 3)]).toEqual([-500, -500, null])
  })

  test('counts as none from the time it was cancelled, until it is taken up again', () => {
    const changes = [
      stated('o', 1, 1000),
      status('o', 5, 'CANCELLED'),
      status('o', 7, 'CANCELLED'),
      status('o', 9, 'PAID'),
    ]
    const since = (at: number) => foldOrder(changes, at)?.cancelledAt
    expect([since(4), since(5), since(8), since(9)]).toEqual([null, 5, 5, null])
  })

  test('is the same in whatever order its changes are listed', () => {
    const some = [stated('o', 1, 1000), refund('o', 2, 300), status('o', 3, 'CANCELLED'), stated('o', 3, 900)]
    fc.assert(
      fc.property(fc.shuffledSubarray(some, { minLength: 4 }), (mixed) => {
        expect(foldOrder(mixed)).toEqual(foldOrder(some))
      }),
    )
  })
})

const line = (changes: Partial<LineFacts> = {}): LineFacts => ({
  ...{ line: 1, productId: 'mug', sku: 'mug-1', quantity: 3, totalMinor: 1000, refundedQuantity: 0, refundedMinor: 0 },
  ...changes,
})
const give = (told: Partial<Extract<OrderTold, { kind: 'REFUND' }>>, changes: OrderFacts[], lines: LineFacts[] = []) =>
  changesBy({ kind: 'REFUND', amount: null, currency: null, items: null, ...told }, { changes, lines })

describe('a refund', () => {
  const order = [stated('o', 1, 1500), refund('o', 2, 300)]

  test('of no amount is of all that is left, of the money and of every line', () => {
    expect(give({}, order, [line({ refundedQuantity: 1 })])).toEqual([
      { kind: 'REFUND', refundMinor: 1200, line: null, quantity: null },
      { kind: 'REFUND', refundMinor: null, line: 1, quantity: 2 },
    ])
    expect(give({}, [stated('o', 1, 300), refund('o', 2, 300)])).toEqual([])
  })

  test('of more than is left is refused, to the minor unit', () => {
    expect(give({ amount: '12.00' }, order)).toEqual([
      { kind: 'REFUND', refundMinor: 1200, line: null, quantity: null },
    ])
    expect(give({ amount: '-12' }, order)).toHaveLength(1)
    expect(give({ amount: '12.01' }, order)).toBe('REFUND_BEYOND_PAID')
    expect(give({ amount: 1201 }, order)).toBe('REFUND_BEYOND_PAID')
  })

  test('of some pieces is their part of the line, the last taking what rounding left', () => {
    const two = give({ items: [{ productId: 'mug', quantity: 2 }] }, order, [line()])
    expect(two).toEqual([{ kind: 'REFUND', refundMinor: 667, line: 1, quantity: 2 }])
    const rest = line({ refundedQuantity: 2, refundedMinor: 667 })
    expect(give({ items: [{ sku: 'mug-1', quantity: null }] }, order, [rest])).toMatchObject([{ refundMinor: 333 }])
    expect(give({ items: [{ productId: 'mug', quantity: 2 }] }, order, [rest])).toBe('REFUND_BEYOND_PAID')
    const twice = { productId: 'mug', quantity: 2 }
    expect(give({ items: [twice, twice] }, order, [line()])).toBe('REFUND_BEYOND_PAID')
  })

  test('by SKU takes the lines of that SKU, and those of the product only where no line has it', () => {
    const lines = [line({ sku: 'mug-1' }), line({ line: 2, sku: 'mug-2' })]
    const by = (sku: string) => give({ items: [{ productId: 'mug', sku, quantity: 1 }] }, order, lines)
    expect(by('mug-2')).toMatchObject([{ line: 2, quantity: 1 }])
    expect(by('mug-9')).toMatchObject([{ line: 1, quantity: 1 }])
  })

  test('of more pieces than one line has goes over all the lines that are meant', () => {
    const lines = [line({ quantity: 2, totalMinor: 600 }), line({ line: 2, quantity: 2, totalMinor: 500 })]
    const back = (quantity: number | null) => give({ items: [{ productId: 'mug', quantity }] }, order, lines)
    expect(back(3)).toEqual([
      { kind: 'REFUND', refundMinor: 600, line: 1, quantity: 2 },
      { kind: 'REFUND', refundMinor: 250, line: 2, quantity: 1 },
    ])
    expect(back(null)).toMatchObject([{ quantity: 2 }, { quantity: 2 }])
    expect(back(5)).toBe('REFUND_BEYOND_PAID')
  })

  test('of items that nobody can find is no refund of the whole order', () => {
    const lines = [line()]
    expect(give({ items: [] }, order, lines)).toBe('ITEMS_UNKNOWN')
    expect(give({ items: [], returned: true }, order, lines)).toBe('ITEMS_UNKNOWN')
    expect(give({ items: [{ productId: 'hat', quantity: 1 }] }, order, lines)).toBe('ITEMS_UNKNOWN')
    expect(give({ items: [], amount: 100 }, order, lines)).toMatchObject([{ refundMinor: 100, line: null }])
  })

  test('by the price of its items multiplies before it rounds, and looks at no sign', () => {
    const priced = (price: string, lines: LineFacts[]) =>
      give({ items: [{ productId: 'mug', quantity: 3, price }] }, order, lines)
    expect(priced('0.335', [])).toMatchObject([{ refundMinor: 101, line: null }])
    expect(priced('-0.335', [line({ totalMinor: null })])).toMatchObject([{ refundMinor: 101, line: 1 }])
    expect(priced('-5.01', [line({ totalMinor: null })])).toBe('REFUND_BEYOND_PAID')
  })

  test('of the last pieces counts what went before with an amount of its own', () => {
    const known = line({ refundedQuantity: 2, refundedMinor: 0 })
    expect(give({ items: [{ line: 1, quantity: null }] }, order, [known])).toMatchObject([{ refundMinor: 333 }])
  })

  test('is refused where nobody told of the order, it is in another currency, or cannot be read', () => {
    expect(give({ amount: 1 }, [])).toBe('ORDER_UNKNOWN')
    expect(give({ amount: 1, currency: 'USD' }, order)).toBe('OTHER_CURRENCY')
    expect(give({ amount: 'all' }, order)).toBe('NOT_AN_AMOUNT')
    expect(give({ amount: '0.00' }, order)).toBe('NOT_AN_AMOUNT')
  })

  test('never adds up to more than was paid, however many are told', () => {
    const amount = fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constant(null))
    const piece = fc.record({ productId: fc.constantFrom('mug', 'hat'), quantity: fc.integer({ min: 1, max: 2 }) })
    const told = fc.record({ amount, items: fc.array(piece, { maxLength: 2 }) })
    fc.assert(
      fc.property(fc.array(told, { maxLength: 8 }), (refunds) => {
        const items = [
          { line: 1, productId: 'mug', sku: null, category: [], quantity: 3, totalMinor: 1000 },
          { line: 2, productId: 'hat', sku: null, category: [], quantity: 1, totalMinor: 500 },
        ]
        const known: OrderFacts[] = [{ ...stated('o', 1, 1500), items } as OrderFacts]
        for (const [i, { amount: minor, items: some }] of refunds.entries()) {
          const data: JsonObject = {
            ...{
              order_id: 'o',
              currency: 'EUR',
              products: some.map(({ productId, quantity }) => ({ product_id: productId, quantity })),
            },
            ...(minor === null ? {} : { total: minor / 100 }),
          }
          known.push(...orderFactsOf({ id: `r${i}`, name: 'order_refunded', data, t: 2 + i }, known))
        }
        const state = foldOrder(known)
        expect(state?.refundedMinor).toBeLessThanOrEqual(1500)
        for (const { line: number, quantity } of items) {
          const back = known.flatMap((one) => (one.kind === 'REFUND' && one.line === number ? [one.quantity ?? 0] : []))
          expect(back.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(quantity)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('an event tells of an order', () => {
  const read = (name: string, data: JsonObject) => tellingOf({ id: 'e', name, data, t })

  test('in Segment’s spelling and in that of Google Analytics', () => {
    const segment = read('order_completed', {
      ...{ order_id: '7', total: '27.50', currency: 'usd', discount: 2.5, shipping: 3, tax: '2', coupon: ' hi ' },
      products: [
        { product_id: 'p1', sku: 'G-32', name: 'Monopoly', price: '0.335', quantity: 3, category: 'Games > Board' },
      ],
    })
    expect(segment).toEqual({
      orderId: '7',
      told: { kind: 'STATED', placedAt: t, currency: 'USD', totalMinor: 2750 },
      items: [
        {
          ...{
            productId: 'p1',
            isSku: false,
            sku: 'G-32',
            name: 'Monopoly',
            category: ['Games', 'Board'],
            quantity: 3,
          },
          ...{ unitPriceMinor: 34, totalMinor: 101 },
        },
      ],
      ...{ discountMinor: 250, shippingMinor: 300, taxMinor: 200, couponCodes: ['hi'] },
    })
    const google = read('purchase', {
      ...{ transaction_id: 'T', value: 12, currency: 'EUR' },
      items: [
        { item_id: 'S1', item_name: 'Tee', price: 6, quantity: 2, item_category: 'Wear', item_category2: 'Shirts' },
      ],
    })
    expect(google?.items).toMatchObject([
      { productId: 'S1', name: 'Tee', category: ['Wear', 'Shirts'], quantity: 2, totalMinor: 1200 },
    ])
  })

  test.each([
    ['order_cancelled', { order_id: '7' }, { kind: 'STATUS', status: 'CANCELLED' }],
    [
      'order_updated',
      { order_id: '7', total: 1, currency: 'EUR' },
      { kind: 'STATED', placedAt: null, totalMinor: 100 },
    ],
    ['order_refunded', { order_id: '7' }, { kind: 'REFUND', amount: null, items: null }],
    ['order_refunded', { order_id: '7', products: [] }, { kind: 'REFUND', amount: null, items: [] }],
    ['order_refunded', { order_id: '7', items: [{ id: 'p', quantity: 1.5 }] }, { kind: 'REFUND', items: [] }],
    ['refund', { transaction_id: '7', value: 5, currency: 'EUR' }, { kind: 'REFUND', amount: '5', currency: 'EUR' }],
    ['order_returned', { order_id: '7' }, { kind: 'REFUND', returned: true }],
  ])('%s', (name, data, told) => {
    expect(read(name, data)?.told).toMatchObject(told)
  })

  test('and nothing else does', () => {
    expect(read('product_viewed', { order_id: '7', total: 1 })).toBeNull()
  })

  test('items without a product, or of no whole number from 1 on, are none; a sku alone is one', () => {
    const products = [
      { sku: 'a' },
      { name: 'b' },
      { id: 'c', quantity: 0 },
      { id: 'd', quantity: 1.5 },
      'e',
      { id: 'f', quantity: '2' },
    ]
    expect(
      read('purchase', { products })?.items?.map(({ productId, isSku, quantity }) => [productId, isSku, quantity]),
    ).toEqual([
      ['a', true, 1],
      ['f', false, 2],
    ])
    expect(read('purchase', {})?.items).toBeNull()
  })
})

const item = fc.record({
  productId: fc.constantFrom('mug', 'hat'),
  sku: fc.constantFrom('s', null),
  category: fc.constantFrom(['Home'], ['Home', 'Kitchen'], []),
  quantity: fc.integer({ min: 1, max: 3 }),
})
const moment = fc.constantFrom(...[-40, -30, -8, -7, -1, 0].map((days) => t + days * dayMs), t - 1, t + 1)
const change = fc
  .record({
    orderId: fc.constantFrom('a', 'b', 'c', 'd'),
    at: moment,
    kind: fc.constantFrom('STATED', 'STATED', 'UPDATE', 'REFUND', 'CANCELLED', 'PAID'),
    amount: fc.constantFrom(100, 250, 1000, -50, null),
    currency: fc.constantFrom('EUR', 'EUR', 'USD'),
    placed: moment,
    items: fc.option(fc.array(item, { maxLength: 2 }), { nil: undefined }),
    line: fc.constantFrom(1, 2, null),
  })
  .map(({ orderId, at, kind, amount, currency, placed, items, line }): OrderFacts => {
    const told = about(orderId, at)
    if (kind === 'REFUND')
      return { ...told, kind, refundMinor: amount === null ? null : Math.abs(amount), line, quantity: 1 }
    if (kind === 'CANCELLED' || kind === 'PAID') return { ...told, kind: 'STATUS', status: kind }
    const lines = items?.map((one, i) => ({ ...one, line: i + 1, totalMinor: null }))
    const content = { placedAt: kind === 'UPDATE' ? null : placed, currency, totalMinor: amount }
    return { ...told, kind: 'STATED', ...content, ...(lines ? { items: lines } : {}) }
  })

const window = fc.record({ withinLastDays: fc.constantFrom(1, 7, 30) }, { requiredKeys: [] })
const subjectWith = (orders: OrderFacts[]) => {
  const person = newPerson('p')
  person.history.orders.push(...orders)
  return { person, event: { id: 'now', name: 'x', personId: 'p', t, data: {} } }
}

test('figures are those of a second implementation, for any changes of any orders', () => {
  const rule = fc
    .tuple(fc.constantFrom(...orderAggregates), window)
    .map(([aggregate, days]): OrderRule => ({ aggregate, op: 'EQ', value: 0, currency: 'EUR', ...days }))
  let figures = 0
  fc.assert(
    fc.property(rule, fc.array(change, { maxLength: 12 }), (one, orders) => {
      const figure = orderFigure(one)(subjectWith(orders))
      if (figure) figures++
      expect(figure).toEqual(referenceFigure(one, orders, t))
    }),
    { numRuns: 3_000 },
  )
  expect(figures).toBeGreaterThan(500)
})

test('so are pieces of products', () => {
  const what = fc.oneof(
    fc.constantFrom('mug', 'hat').map((id) => ({ id })),
    fc.constant({ sku: 's' }),
    fc.constantFrom(['Home'], ['Home', 'Kitchen']).map((category) => ({ category })),
  )
  const rule = fc
    .tuple(what, window, fc.constantFrom('QUANTITY' as const, 'ORDERS' as const))
    .map(([one, days, counting]): ProductRule => ({ ...one, ...days, counting, atMost: 1000 }))
  let pieces = 0
  fc.assert(
    fc.property(rule, fc.array(change, { maxLength: 12 }), (one, orders) => {
      const count = productCounter(one)(subjectWith(orders))
      pieces += count
      expect(count).toBe(referencePieces(one, orders, t))
    }),
    { numRuns: 3_000 },
  )
  expect(pieces).toBeGreaterThan(500)
})
