// Orders and transactions as events tell of them: money to the minor unit, exactly.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tellingOf } from '../../src/core/orders/telling.ts'
import { minorDigits, transactionIdOf } from '../../src/core/orders.ts'
import type { JsonObject } from '../../src/core/targeting/facts.ts'

/** What a statement of an order says. */
function read(data: JsonObject, name = 'purchase') {
  const telling = tellingOf({ id: 'e', name, data, t: 7 })
  if (telling?.told.kind !== 'STATED') return null
  const { placedAt, currency, totalMinor: amountMinor } = telling.told
  return { id: telling.orderId, at: placedAt, amountMinor, currency }
}
const minor = (total: unknown, currency: unknown = 'EUR') => read({ total, currency })?.amountMinor

describe('an order', () => {
  test('is told by purchases and completed orders alone', () => {
    expect(read({ total: 1, currency: 'EUR' })).toEqual({
      id: 'e',
      at: 7,
      amountMinor: 100,
      currency: 'EUR',
    })
    expect(read({ total: 1, currency: 'EUR' }, 'order_completed')?.amountMinor).toBe(100)
    expect(read({ total: 1, currency: 'EUR' }, 'refund')).toBeNull()
  })

  test('is known by its transaction, else by its event', () => {
    expect(read({ transaction_id: ' T-1 ', order_id: 'O' })?.id).toBe('T-1')
    expect(read({ transaction_id: ' ', order_id: 17 })?.id).toBe('17')
    expect(read({})?.id).toBe('e')
  })

  test('has the first amount that is there, readable or not', () => {
    expect(read({ currency: 'EUR', amount: 4, value: 3, revenue: 2, total: 1 })?.amountMinor).toBe(100)
    expect(read({ currency: 'EUR', amount: 4, value: 3, revenue: 2, total: null })?.amountMinor).toBe(200)
    expect(read({ currency: 'EUR', amount: 4, value: 3 })?.amountMinor).toBe(300)
    expect(read({ currency: 'EUR', amount: 4 })?.amountMinor).toBe(400)
    expect(read({ currency: 'EUR', total: 'free', amount: 4 })?.amountMinor).toBeNull()
    expect(read({ currency: 'EUR' })?.amountMinor).toBeNull()
  })

  test.each<[currency: unknown, amountMinor: number | null, read: string | null]>([
    ['EUR', 1235, 'EUR'],
    [' eur ', 1235, 'EUR'],
    ['JPY', 12, 'JPY'],
    ['HUF', 1235, 'HUF'],
    ['COP', 1235, 'COP'],
    ['CLF', 123456, 'CLF'],
    ['KWD', 12346, 'KWD'],
    ['XYZ', 1235, 'XYZ'],
    ['EURO', null, null],
    ['E1R', null, null],
    ['', null, null],
    [978, null, null],
    [undefined, null, null],
  ])('of 12.3456 in %j is %j minor units', (currency, amountMinor, known) => {
    expect(read({ total: 12.3456, currency })).toMatchObject({ amountMinor, currency: known })
  })

  test.each<[amount: unknown, amountMinor: number | null]>([
    [12, 1200],
    [0, 0],
    [-0, 0],
    [12.3, 1230],
    [0.1 + 0.2, 30],
    [1.005, 101],
    [1.115, 112],
    [8.345, 835],
    [0.004, 0],
    [-0.004, 0],
    [-1.005, -101],
    [1e-7, 0],
    [0.000001, 0],
    [10_000_000_000, 1e12],
    [10_000_000_000.01, null],
    [1e21, null],
    [1e300, null],
    ['12', 1200],
    ['+12.50', 1250],
    ['-0.5', -50],
    [' 12.5\n', 1250],
    ['007.10', 710],
    ['0.00499999999999999999999', 0],
    ['9999999999.994', 999_999_999_999],
    ['9'.repeat(31), null],
    ['1e3', null],
    ['1,50', null],
    ['12.', null],
    ['.5', null],
    ['€ 5', null],
    ['', null],
    [true, null],
    [[5], null],
    [{ amount: 5 }, null],
    [Number.NaN, null],
  ])('of %j EUR is %j cents', (amount, amountMinor) => {
    expect(minor(amount)).toBe(amountMinor)
  })

  test('survives the way from minor units to text or number and back, for every currency', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF'),
        (units, currency) => {
          const digits = minorDigits(currency)
          const text = String(Math.abs(units)).padStart(digits + 1, '0')
          const point = text.length - digits
          const decimal = `${units < 0 ? '-' : ''}${text.slice(0, point)}${digits ? `.${text.slice(point)}` : ''}`
          expect(minor(decimal, currency)).toBe(units)
          expect(minor(Number(decimal), currency)).toBe(units)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('rounds halves away from zero, and everything else to the nearest cent', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(9), fc.stringMatching(/^[0-9]{0,20}$/), (cents, next, rest) => {
        const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}${next}${rest}`
        expect(minor(text)).toBe(next >= 5 ? cents + 1 : cents)
        expect(minor(`-${text}`)).toBe(next >= 5 ? -cents - 1 : cents === 0 ? 0 : -cents)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a transaction', () => {
  test.each<[data: JsonObject, id: string | null]>([
    [{ transaction_id: 'T', order_id: 'O' }, 'T'],
    [{ order_id: 'O' }, 'O'],
    [{ transaction_id: ' T ' }, 'T'],
    [{ transaction_id: 12.5 }, '12.5'],
    [{ transaction_id: '', order_id: 'O' }, 'O'],
    [{ transaction_id: 'x'.repeat(256) }, 'x'.repeat(256)],
    [{ transaction_id: 'x'.repeat(257) }, null],
    [{ transaction_id: ['T'] }, null],
    [{ transaction_id: null }, null],
    [{}, null],
  ])('of %j is %j', (data, id) => {
    expect(transactionIdOf(data)).toBe(id)
  })
})
