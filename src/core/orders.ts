// What events say of orders and transactions: ids, currencies and amounts, read on their decimal digits.

import type { JsonObject } from './targeting/facts.ts'

const maxLength = 256

/** The transaction that an event names: raw `transaction_id`, else `order_id`; null for none, a blank one, or over 256 characters. */
export function transactionIdOf(data: JsonObject): string | null {
  return textOf(data, 'transaction_id') ?? textOf(data, 'order_id')
}

function textOf(data: JsonObject, key: string): string | null {
  const value = ownValue(data, key)
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value).trim()
  return text === '' || text.length > maxLength ? null : text
}

/** The events that state an order as it was placed, by their folded names. */
export const orderEvents: readonly string[] = ['purchase', 'order_completed']

/** Where an order's amount is read: the first that is there. */
export const amountKeys = ['total', 'revenue', 'value', 'amount'] as const

/** An amount as text: digits, maybe a sign and a fraction, maybe blanks around. */
export const decimalText = '^[ \\t\\r\\n]*([+-]?)([0-9]{1,30})(?:[.]([0-9]{1,30}))?[ \\t\\r\\n]*$'

/** Amounts beyond it are not read, so that a thousand of them add up exactly. In minor units. */
export const maxAmountMinor = 1e12

/** An ISO 4217 code, upper-cased; null for what is no text of three letters. */
export function currencyOf(value: unknown): string | null {
  const text = typeof value === 'string' ? value.trim() : ''
  return /^[A-Za-z]{3}$/.test(text) ? text.toUpperCase() : null
}

/** The amount that data tell: `total`, else `revenue`, `value` or `amount`, the first that is there; null for none. */
export function amountOf(data: JsonObject): unknown {
  for (const key of amountKeys) {
    const value = ownValue(data, key)
    if (value !== undefined && value !== null) return value
  }
  return null
}

// The currencies of ISO 4217 (list one, 2024) whose exponent is not 2. Not from Intl: it says how amounts are shown, such as
// forints without fillér, and that changes with the runtime while stored amounts do not.
const exponents: Readonly<Record<number, readonly string[]>> = {
  0: [
    ...['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV'],
    ...['XAF', 'XOF', 'XPF'],
  ],
  3: ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'],
  4: ['CLF', 'UYW'],
}

const digits = new Map(
  Object.entries(exponents).flatMap(([exponent, codes]) => codes.map((code) => [code, Number(exponent)] as const)),
)

/** The exponent of ISO 4217: how many decimal digits the currency's minor unit has, such as 2 for EUR and HUF, 0 for JPY, 3 for KWD; 2 for one that is not known. */
export const minorDigits = (currency: string): number => digits.get(currency) ?? 2

const decimal = new RegExp(decimalText)
// Below it a number is written with an exponent, and rounds to nothing in every currency.
const smallest = 1e-6

/** The amount, a number or decimal text, in minor units of so many digits, worked out on its decimal digits; null where it is none, or too large. */
export function minorUnits(amount: unknown, exponent: number): number | null {
  const [, sign, whole, fraction = ''] = decimal.exec(decimalOf(amount)) ?? []
  if (whole === undefined) return null
  const kept = Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0'))
  const minor = (fraction[exponent] ?? '0') >= '5' ? kept + 1 : kept
  if (minor > maxAmountMinor) return null
  return sign === '-' && minor !== 0 ? -minor : minor
}

/**
 * So many times the price, a number or decimal text, in minor units of so many digits: multiplied exactly, then rounded, halves
 * away from zero; null where the price is none, or it comes to too much.
 */
export function timesPrice(price: unknown, quantity: number, exponent: number): number | null {
  const [, sign, whole, fraction = ''] = decimal.exec(decimalOf(price)) ?? []
  if (whole === undefined) return null
  const scale = 10n ** BigInt(fraction.length)
  const product = BigInt(whole + fraction) * BigInt(quantity) * 10n ** BigInt(exponent)
  const minor = Number((product * 2n + scale) / (scale * 2n))
  if (minor > maxAmountMinor) return null
  return sign === '-' && minor !== 0 ? -minor : minor
}

/** A number or text as decimal text; blank for anything else. */
export function decimalOf(amount: unknown): string {
  if (typeof amount === 'string') return amount
  if (typeof amount !== 'number') return ''
  return Math.abs(amount) < smallest ? '0' : String(amount)
}

/** What the object itself has under the key. */
export const ownValue = (data: JsonObject, key: string): unknown => (Object.hasOwn(data, key) ? data[key] : undefined)
