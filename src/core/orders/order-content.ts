// The content of an order as somebody states it: read, worked out, and compared with what was known.

import type { FieldFault } from '../fields/definition.ts'
import { normaliseCurrency } from '../normalise/currency.ts'
import { maxAmountMinor, minorDigits } from '../orders.ts'
import type { JsonObject } from '../targeting/facts.ts'
import { amountText, type Decimal, decimalOf, minorOf, multiplied, subtracted } from './amount.ts'
import { addressOf, type GivenAddress, type OrderAddress } from './order-address.ts'
import { computedTotalOf, itemsMinorOf, totalsDiffer } from './order-totals.ts'

/** A line as it was given; amounts are decimal texts. */
export interface GivenItem {
  /** The product's source id. */
  readonly product: string
  readonly sku?: string | null
  readonly name?: string | null
  readonly quantity?: number | null
  readonly unitPrice?: string | null
  /** Off the whole line. */
  readonly discount?: string | null
  readonly total?: string | null
  readonly fields?: JsonObject | null
}

/** What was given of an order: what is absent stays as it is, null is taken away. Amounts are decimal texts. */
export interface GivenOrder {
  readonly placedAt?: Date | null
  readonly currency?: string | null
  readonly total?: string | null
  readonly discount?: string | null
  readonly shipping?: string | null
  readonly tax?: string | null
  readonly taxIncluded?: boolean | null
  /** All of its lines. */
  readonly items?: readonly GivenItem[] | null
  readonly couponCodes?: readonly string[] | null
  readonly shippingAddress?: GivenAddress | null
  readonly billingAddress?: GivenAddress | null
  readonly fields?: JsonObject | null
}

export interface ItemContent {
  /** From 1. */
  readonly line: number
  readonly product: string
  readonly sku: string | null
  readonly name: string | null
  readonly quantity: number
  readonly unitPriceMinor: bigint | null
  readonly discountMinor: bigint | null
  readonly totalMinor: bigint | null
  readonly fields: JsonObject
}

export interface OrderContent {
  readonly placedAt: Date
  readonly currency: string | null
  readonly totalMinor: bigint | null
  readonly discountMinor: bigint | null
  readonly shippingMinor: bigint | null
  readonly taxMinor: bigint | null
  readonly taxIncluded: boolean
  readonly itemsMinor: bigint | null
  readonly items: readonly ItemContent[]
  readonly couponCodes: readonly string[]
  readonly shippingAddress: OrderAddress | null
  readonly billingAddress: OrderAddress | null
  readonly fields: JsonObject
}

export interface ReadOrder {
  readonly content: OrderContent
  /** What does not add up: it is kept as it was told. */
  readonly warnings: readonly FieldFault[]
}

export const maxItems = 2_000
const maxQuantity = 1_000_000
const maxCodes = 50

/** The order with what was given in it, or what is wrong with that; `known` is null for one that nobody told of before. */
export function readOrder(given: GivenOrder, known: OrderContent | null): ReadOrder | FieldFault {
  const placedAt = given.placedAt ?? known?.placedAt
  if (!placedAt) return fault('placedAt', 'an order tells when it was placed')
  const currency = currencyOf(given.currency, known)
  if (currency !== null && typeof currency === 'object') return currency
  if (known && known.currency !== null && currency !== known.currency && keepsAmounts(given, known))
    return fault('currency', 'in another currency all of its amounts are told anew')
  const amounts = new Amounts(currency)
  const warnings: FieldFault[] = []
  const items = given.items === undefined ? (known?.items ?? []) : amounts.items(given.items ?? [], warnings)
  const kept = <K extends 'discount' | 'shipping' | 'tax'>(key: K, before: bigint | null | undefined) =>
    given[key] === undefined ? (before ?? null) : amounts.read(given[key], key)
  const parts = {
    discountMinor: kept('discount', known?.discountMinor),
    shippingMinor: kept('shipping', known?.shippingMinor),
    taxMinor: kept('tax', known?.taxMinor),
    taxIncluded: given.taxIncluded ?? known?.taxIncluded ?? false,
    itemsMinor: itemsMinorOf(items),
  }
  const computed = computedTotalOf(parts)
  const told = amounts.read(given.total, 'total')
  // Where it is not told again, it is that of the parts told now, else as before.
  const isTold = given.total !== undefined && given.total !== null
  const totalMinor = isTold ? told : given.items ? computed : (known?.totalMinor ?? computed)
  const [first] = amounts.faults
  if (first) return first
  if (computed !== null && computed < 0n) return fault('discount', 'more is taken off than there is')
  if (given.couponCodes && given.couponCodes.length > maxCodes) return fault('couponCodes', `over ${maxCodes} codes`)
  const content: OrderContent = {
    ...parts,
    ...{ placedAt, currency, totalMinor, items },
    couponCodes: given.couponCodes === undefined ? (known?.couponCodes ?? []) : codesOf(given.couponCodes ?? []),
    shippingAddress: addressNow(given.shippingAddress, known?.shippingAddress),
    billingAddress: addressNow(given.billingAddress, known?.billingAddress),
    fields: given.fields === undefined ? (known?.fields ?? {}) : (given.fields ?? {}),
  }
  if (currency !== null && computed !== null && totalMinor !== null && totalsDiffer(content))
    warnings.push(difference('total', { currency, told: totalMinor, computed }))
  return { content, warnings }
}

const fault = (field: string, message: string): FieldFault => ({ field, message })

const difference = (
  field: string,
  { currency, told, computed }: { currency: string; told: bigint; computed: bigint },
) => {
  const text = (minor: bigint) => `${amountText(minor, minorDigits(currency))} ${currency}`
  return fault(field, `told as ${text(told)}, and its parts make ${text(computed)}`)
}

const codesOf = (codes: readonly string[]) => [...new Set(codes.map((code) => code.trim()).filter(Boolean))]

const addressNow = (given: GivenAddress | null | undefined, known: OrderAddress | null | undefined) =>
  given === undefined ? (known ?? null) : given && addressOf(given)

/** In ISO 4217; its amounts would mean something else in another currency, so they are told anew with it. */
function currencyOf(given: string | null | undefined, known: OrderContent | null): string | null | FieldFault {
  if (given === undefined || given === null || given.trim() === '') return known?.currency ?? null
  const { value } = normaliseCurrency(given)
  return value ?? fault('currency', 'not a currency of ISO 4217')
}

/** Some amount of before would stay, under the new currency. */
function keepsAmounts(given: GivenOrder, known: OrderContent): boolean {
  const amounts = [
    given.items === undefined && known.items.length > 0,
    given.items == null && given.total == null && known.totalMinor !== null,
    given.discount === undefined && known.discountMinor !== null,
    given.shipping === undefined && known.shippingMinor !== null,
    given.tax === undefined && known.taxMinor !== null,
  ]
  return amounts.includes(true)
}

/** Reads amounts of one currency; what is wrong with them is noted. */
class Amounts {
  readonly faults: FieldFault[] = []
  readonly #currency: string | null

  constructor(currency: string | null) {
    this.#currency = currency
  }

  read(text: string | null | undefined, field: string): bigint | null {
    const decimal = this.#decimal(text, field)
    return decimal && this.#minor(decimal, field)
  }

  items(given: readonly GivenItem[], warnings: FieldFault[]): ItemContent[] {
    if (given.length > maxItems) {
      this.faults.push(fault('items', `over ${maxItems} items`))
      return []
    }
    return given.map((item, index) => this.#item(item, { path: `items[${index}]`, line: index + 1, warnings }))
  }

  #item(
    item: GivenItem,
    { path, line, warnings }: { path: string; line: number; warnings: FieldFault[] },
  ): ItemContent {
    const { sku = null, name = null, quantity: given } = item
    const quantity = given ?? 1
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > maxQuantity)
      this.faults.push(fault(`${path}.quantity`, `not a whole number from 1 to ${maxQuantity}`))
    const unit = this.#decimal(item.unitPrice, `${path}.unitPrice`)
    const discount = this.#decimal(item.discount, `${path}.discount`)
    const told = this.read(item.total, `${path}.total`)
    const computed = unit && Number.isInteger(quantity) ? this.#line(unit, { quantity, discount, path }) : null
    if (this.#currency !== null && told !== null && computed !== null && told !== computed)
      warnings.push(difference(`${path}.total`, { currency: this.#currency, told, computed }))
    return {
      ...{ line, quantity },
      product: item.product.trim(),
      sku: sku?.trim() || null,
      name: name?.trim() || null,
      unitPriceMinor: unit && this.#minor(unit, `${path}.unitPrice`),
      discountMinor: discount && this.#minor(discount, `${path}.discount`),
      totalMinor: told ?? computed,
      fields: item.fields ?? {},
    }
  }

  /** Of the exact price, and rounded then. */
  #line(unit: Decimal, { quantity, discount, path }: { quantity: number; discount: Decimal | null; path: string }) {
    const whole = multiplied(unit, { units: BigInt(quantity), scale: 0 })
    const paid = discount ? subtracted(whole, discount) : whole
    if (paid.units >= 0n) return this.#minor(paid, `${path}.total`)
    this.faults.push(fault(`${path}.discount`, 'more is taken off than there is'))
    return null
  }

  #decimal(text: string | null | undefined, field: string): Decimal | null {
    if (text === null || text === undefined || text.trim() === '') return null
    const decimal = decimalOf(text)
    if (!decimal || decimal.units < 0n) this.faults.push(fault(field, 'not an amount, such as 19.90'))
    else if (this.#currency === null) this.faults.push(fault('currency', 'an amount needs a currency'))
    else return decimal
    return null
  }

  #minor(decimal: Decimal, field: string): bigint | null {
    const minor = minorOf(decimal, minorDigits(this.#currency ?? ''))
    if (minor <= BigInt(maxAmountMinor)) return minor
    this.faults.push(fault(field, `over ${maxAmountMinor} minor units`))
    return null
  }
}
