// What an order states: amounts on their digits, totals of its parts, addresses in one form; and what holds of all of them.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountText, convertedMinor, decimalOf, minorOf, quotient } from '../../src/core/orders/amount.ts'
import { addressOf } from '../../src/core/orders/order-address.ts'
import { type GivenItem, type GivenOrder, readOrder } from '../../src/core/orders/order-content.ts'
import { readProduct, unknownProduct } from '../../src/core/orders/product-content.ts'
import { minorDigits } from '../../src/core/orders.ts'

const placedAt = new Date('2026-03-01T10:00:00Z')
const minor = (text: string, digits: number) => {
  const decimal = decimalOf(text)
  return decimal && minorOf(decimal, digits)
}

/** The content; throws for what is refused. */
function contentOf(given: GivenOrder) {
  const read = readOrder({ placedAt, currency: 'EUR', ...given }, null)
  if ('message' in read) throw new Error(`${read.field}: ${read.message}`)
  return read
}

describe('amounts', () => {
  test.each<[string, number, bigint]>([
    ['19.90', 2, 1990n],
    ['0.005', 2, 1n],
    ['-0.005', 2, -1n],
    ['0.0049999', 2, 0n],
    ['1234', 0, 1234n],
    ['1.2345', 3, 1235n],
    ['1', 3, 1000n],
    ['123456789012345678.994', 2, 12345678901234567899n],
  ])('%s with %d digits is %d', (text, digits, expected) => expect(minor(text, digits)).toBe(expected))

  test.each(['', '1e3', '1,50', '.5', '5.', '--1', 'NaN', '0x10', '1 000'])('%j is none', (text) =>
    expect(decimalOf(text)).toBeNull(),
  )

  test('read back are what they were', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.constantFrom(0, 2, 3), (amount, digits) => {
        expect(minor(amountText(amount, digits), digits)).toBe(amount)
      }),
    )
  })

  test('halves are rounded away from zero, on both sides alike', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), fc.bigInt(1n, 10n ** 6n), (dividend, divisor) => {
        const rounded = quotient(dividend, divisor)
        expect(quotient(-dividend, divisor)).toBe(-rounded)
        const twice = 2n * (rounded * divisor - dividend)
        expect(twice > -divisor && twice <= divisor).toBe(true)
      }),
    )
  })

  test('in another currency go by both currencies’ digits', () => {
    const rate = (text: string) => decimalOf(text) ?? { units: 0n, scale: 0 }
    // 10.00 USD at 150.5 JPY; 1000 JPY at 0.0061 EUR; 1.000 KWD at 3.255 USD
    expect(convertedMinor(1000n, rate('150.5'), { from: 2, to: 0 })).toBe(1505n)
    expect(convertedMinor(1000n, rate('0.0061'), { from: 0, to: 2 })).toBe(610n)
    expect(convertedMinor(1000n, rate('3.255'), { from: 3, to: 2 })).toBe(326n)
  })
})

const cents = fc.integer({ min: 0, max: 1_000_000 })
const decimals = (units: number, scale: number) => amountText(BigInt(units), scale)
const anItem = fc.record({
  product: fc.constantFrom('a', 'b', 'c'),
  quantity: fc.integer({ min: 1, max: 1000 }),
  unitPrice: fc.tuple(cents, fc.constantFrom(0, 2, 4)).map(([units, scale]) => decimals(units, scale)),
})

describe('an order’s totals', () => {
  test('are the sum of its lines, less discounts, with shipping, and tax where it is not in the prices', () => {
    fc.assert(
      fc.property(
        fc.array(anItem, { minLength: 1, maxLength: 8 }),
        fc.record({ shipping: cents, tax: cents, taxIncluded: fc.boolean() }),
        fc.constantFrom('EUR', 'JPY', 'KWD'),
        (items, { shipping, tax, taxIncluded }, currency) => {
          const digits = minorDigits(currency)
          const given = { shipping: decimals(shipping, digits), tax: decimals(tax, digits), taxIncluded, currency }
          const { content, warnings } = contentOf({ items, ...given })
          const lines = content.items.reduce((sum, { totalMinor }) => sum + (totalMinor ?? 0n), 0n)
          expect(content.itemsMinor).toBe(lines)
          expect(content.totalMinor).toBe(lines + BigInt(shipping) + (taxIncluded ? 0n : BigInt(tax)))
          expect(warnings).toEqual([])
        },
      ),
    )
  })

  test('of a line are its exact price times its quantity, rounded once', () => {
    const total = (item: GivenItem, currency = 'EUR') =>
      contentOf({ items: [item], currency }).content.items[0]?.totalMinor
    expect(total({ product: 'a', quantity: 3, unitPrice: '0.335' })).toBe(101n)
    expect(total({ product: 'a', quantity: 1000, unitPrice: '0.0005' })).toBe(50n)
    expect(total({ product: 'a', quantity: 3, unitPrice: '0.5' }, 'JPY')).toBe(2n)
    expect(total({ product: 'a', quantity: 2, unitPrice: '10', discount: '0.5' })).toBe(1950n)
    expect(total({ product: 'a', quantity: 2, unitPrice: '10', total: '19.99' })).toBe(1999n)
    expect(total({ product: 'a' })).toBeNull()
  })

  test.each<[string, GivenOrder]>([
    ['discount', { items: [{ product: 'a', total: '5' }], discount: '5.01' }],
    ['items[0].discount', { items: [{ product: 'a', unitPrice: '5', discount: '5.01' }] }],
    ['items[1].quantity', { items: [{ product: 'a' }, { product: 'b', quantity: 1.5 }] }],
    ['total', { total: '1e3' }],
    ['total', { total: '-1' }],
    ['total', { total: '99999999999999' }],
    ['currency', { currency: 'XXX-no' }],
    ['items', { items: Array.from({ length: 2_001 }, () => ({ product: 'a' })) }],
  ])('are refused at %s where they cannot be', (field, given) =>
    expect(() => contentOf(given)).toThrow(new RegExp(`^${field.replace(/[[\]]/g, '\\$&')}: `)),
  )

  test('keep what was known where it is not told, and ask for all amounts with another currency', () => {
    const { content: known } = contentOf({ items: [{ product: 'a', total: '5' }], shipping: '1' })
    const read = (given: GivenOrder) => readOrder(given, known)
    expect(read({ couponCodes: ['A'] })).toMatchObject({ content: { totalMinor: 600n, couponCodes: ['A'], placedAt } })
    expect(read({ shipping: null })).toMatchObject({
      content: { shippingMinor: null, totalMinor: 600n },
      warnings: [{ field: 'total' }],
    })
    expect(read({ items: [{ product: 'a', total: '7' }] })).toMatchObject({ content: { totalMinor: 800n } })
    expect(read({ currency: 'USD' })).toMatchObject({ field: 'currency' })
    expect(read({ currency: 'USD', items: [{ product: 'a', total: '6' }], shipping: '2' })).toMatchObject({
      content: { totalMinor: 800n },
    })
  })
})

describe('an address', () => {
  test.each<[object, object]>([
    [
      { country: 'Germany', postalCode: 'D-10115', region: 'Bayern' },
      { country: 'DE', postalCode: '10115', region: 'DE-BY' },
    ],
    [
      { country: 'uk', postalCode: 'sw1a1aa' },
      { country: 'GB', postalCode: 'SW1A 1AA', region: null },
    ],
    [
      { country: 'US', postalCode: '902101234', region: 'California' },
      { country: 'US', postalCode: '90210-1234', region: 'US-CA' },
    ],
    [
      { country: 'Nowhere', postalCode: '12  34', region: 'X' },
      { country: null, postalCode: '12 34', region: null },
    ],
    [
      { country: 'NL', postalCode: '1012ab' },
      { country: 'NL', postalCode: '1012 AB', region: null },
    ],
    [{}, { country: null, postalCode: null, region: null }],
  ])('%j is kept, and read as %j', (given, normalised) =>
    expect(addressOf(given)).toMatchObject({ ...given, normalised }),
  )
})

test('a product is what was told last of each of its parts', () => {
  const known = { ...unknownProduct, name: 'Mug', priceMinor: 990n, currency: 'EUR' }
  expect(readProduct({ category: ['Home'] }, known)).toEqual({ ...known, category: ['Home'] })
  expect(readProduct({ name: null, price: null }, known)).toMatchObject({ name: null, priceMinor: null })
  expect(readProduct({ currency: 'USD' }, known)).toMatchObject({ field: 'price' })
  expect(readProduct({ price: '5', currency: null }, known)).toMatchObject({ field: 'price' })
  expect(readProduct({ variants: [{ sku: 'b' }, { sku: 'a' }] }, known)).toMatchObject({
    variants: [{ sku: 'a' }, { sku: 'b' }],
  })
  expect(readProduct({ variants: [{ sku: 'a' }, { sku: ' a' }] }, known)).toMatchObject({ field: 'variants[1].sku' })
})
