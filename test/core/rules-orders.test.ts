// What rules say of a person's orders: every figure and comparison, windows, and orders that several events tell of.

import { describe, expect, test } from 'vitest'
import type { OrderRule } from '../../src/core/rules/rule.ts'
import type { OrderFacts, PersonFacts } from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { ask, daysAgo, opposite, t, windowOf, windows } from './asking.ts'

describe('a condition on orders', () => {
  type Statement = Extract<OrderFacts, { kind: 'STATED' }>
  let made = 0
  /** A statement of an order, placed when it was told. */
  const order = (totalMinor: number | null, changes: Partial<Statement> = {}): Statement => {
    const eventId = `e${String(++made).padStart(4, '0')}`
    const { at = daysAgo(1) } = changes
    const told = { kind: 'STATED' as const, id: eventId, orderId: eventId, eventId, currency: 'EUR', totalMinor }
    return { ...told, at, placedAt: at, ...changes }
  }
  const buyer = (...orders: OrderFacts[]): PersonFacts => {
    const person = newPerson('F')
    person.history.orders.push(...orders)
    return person
  }
  const askOrders = (rule: OrderRule, ...orders: OrderFacts[]) => ask({ order: rule }, buyer(...orders))
  const total = { aggregate: 'TOTAL_MINOR', currency: 'EUR' } as const

  // Three orders: 10.00, 20.00 and 35.00; 65.00 together, 21.67 on average.
  const three = () => [
    order(1000, { at: daysAgo(3) }),
    order(2000, { at: daysAgo(2.5) }),
    order(3500, { at: daysAgo(20) }),
  ]

  test.each([
    ['COUNT', 3],
    ['TOTAL_MINOR', 6500],
    ['AVERAGE_MINOR', 6500 / 3],
    ['LARGEST_MINOR', 3500],
    ['DAYS_SINCE_LAST', 2],
  ] as const)('%s of three orders is %d', (aggregate, figure) => {
    const money = aggregate.endsWith('MINOR') ? { currency: 'eur' } : {}
    const holds = (op: OrderRule['op'], value: number) => askOrders({ aggregate, op, value, ...money }, ...three())
    const comparisons = (value: number) =>
      (['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE'] as const).map((op) => holds(op, value))
    expect(comparisons(figure)).toEqual(['TRUE', 'FALSE', 'FALSE', 'TRUE', 'FALSE', 'TRUE'])
    expect(comparisons(figure + 0.5)).toEqual(['FALSE', 'TRUE', 'TRUE', 'TRUE', 'FALSE', 'FALSE'])
    expect(comparisons(figure - 0.5)).toEqual(['FALSE', 'TRUE', 'FALSE', 'FALSE', 'TRUE', 'TRUE'])
  })

  test.each([
    ['COUNT', 'TRUE'],
    ['TOTAL_MINOR', 'TRUE'],
    ['AVERAGE_MINOR', 'UNKNOWN'],
    ['LARGEST_MINOR', 'UNKNOWN'],
    ['DAYS_SINCE_LAST', 'UNKNOWN'],
  ] as const)('%s LTE 0 without orders is %s, and its negation no more than that', (aggregate, truth) => {
    const rule = {
      aggregate,
      op: 'LTE',
      value: 0,
      ...(aggregate.endsWith('MINOR') ? { currency: 'EUR' } : {}),
    } as const
    expect(askOrders(rule)).toBe(truth)
    expect(ask({ not: { order: rule } }, buyer())).toBe(opposite[truth])
  })

  test('money counts orders with a readable amount in the currency; counts and days take them all', () => {
    const orders = [order(500), order(700, { currency: 'USD' }), order(null, { currency: null, at: daysAgo(0.5) })]
    expect(askOrders({ ...total, op: 'EQ', value: 500 }, ...orders)).toBe('TRUE')
    expect(askOrders({ ...total, aggregate: 'AVERAGE_MINOR', op: 'EQ', value: 500 }, ...orders)).toBe('TRUE')
    expect(askOrders({ aggregate: 'COUNT', op: 'EQ', value: 3 }, ...orders)).toBe('TRUE')
    expect(askOrders({ aggregate: 'DAYS_SINCE_LAST', op: 'EQ', value: 0 }, ...orders)).toBe('TRUE')
    expect(askOrders({ ...total, aggregate: 'LARGEST_MINOR', op: 'GT', value: 0 }, order(null))).toBe('UNKNOWN')
  })

  test.each(windows)('within %s days an order at %d counts: %s', (...[days, at, truth]) => {
    expect(askOrders({ aggregate: 'COUNT', op: 'GTE', value: 1, ...windowOf(days) }, order(1, { at }))).toBe(truth)
  })

  test('events of one order are one order, as the latest of them up to the event says, in whatever order they are listed', () => {
    const [first, second, late] = [
      order(1000, { orderId: 'o', at: daysAgo(9) }),
      order(400, { orderId: 'o', at: daysAgo(2) }),
      order(9000, { orderId: 'o', at: t + 1 }),
    ]
    for (const orders of [
      [first, second, late],
      [late, second, first],
    ]) {
      expect(askOrders({ ...total, op: 'EQ', value: 400 }, ...orders)).toBe('TRUE')
      expect(askOrders({ aggregate: 'COUNT', op: 'EQ', value: 1 }, ...orders)).toBe('TRUE')
    }
    const [one, two] = [order(1, { orderId: 'o' }), order(2, { orderId: 'o' })]
    expect(askOrders({ ...total, op: 'EQ', value: 2 }, two, one)).toBe('TRUE')
  })

  test('an order lies in the window where its latest event does', () => {
    const moved = [order(1000, { orderId: 'o', at: daysAgo(9) }), order(1000, { orderId: 'o', at: daysAgo(2) })]
    expect(askOrders({ aggregate: 'COUNT', op: 'EQ', value: 1, withinLastDays: 7 }, ...moved)).toBe('TRUE')
    const returned = [order(1000, { orderId: 'o', at: daysAgo(2) }), order(0, { orderId: 'o', at: daysAgo(1) })]
    expect(askOrders({ ...total, op: 'EQ', value: 0, withinLastDays: 7 }, ...returned)).toBe('TRUE')
  })
})
