// A product as somebody states it: read, and put together with what was known.

import type { FieldFault } from '../fields/definition.ts'
import { normaliseCurrency } from '../normalise/currency.ts'
import { maxAmountMinor, minorDigits } from '../orders.ts'
import type { JsonObject } from '../targeting/facts.ts'
import { decimalOf, minorOf } from './amount.ts'

/** A form of a product as it was given; the price is a decimal text. */
export interface GivenVariant {
  readonly sku: string
  readonly name?: string | null
  readonly price?: string | null
  /** Default: the product's. */
  readonly currency?: string | null
}

export type ProductStatus = 'ACTIVE' | 'DISCONTINUED'

/** What was given of a product: what is absent stays as it is, null is taken away. */
export interface GivenProduct {
  readonly name?: string | null
  readonly status?: ProductStatus | null
  readonly category?: readonly string[] | null
  readonly price?: string | null
  readonly currency?: string | null
  /** All of them. */
  readonly variants?: readonly GivenVariant[] | null
  readonly fields?: JsonObject | null
}

export interface VariantContent {
  readonly sku: string
  readonly name: string | null
  readonly priceMinor: bigint | null
  readonly currency: string | null
}

export interface ProductContent {
  readonly name: string | null
  readonly status: ProductStatus
  readonly category: readonly string[]
  readonly priceMinor: bigint | null
  readonly currency: string | null
  /** By SKU. */
  readonly variants: readonly VariantContent[]
  readonly fields: JsonObject
}

/** Of a product that so far only orders have named. */
export const unknownProduct: ProductContent = {
  ...{ name: null, status: 'ACTIVE', category: [], priceMinor: null, currency: null, variants: [], fields: {} },
}

const maxVariants = 500
const maxCategories = 20

/** The product with what was given in it, or what is wrong with that. */
export function readProduct(given: GivenProduct, known: ProductContent): ProductContent | FieldFault {
  const category = given.category === undefined ? known.category : (given.category ?? []).map((one) => one.trim())
  if (category.length > maxCategories) return fault('category', `over ${maxCategories} steps`)
  if (category.includes('')) return fault('category', 'a step is blank')
  const currency = given.currency === undefined ? known.currency : currencyOf(given.currency)
  if (currency === undefined) return fault('currency', 'not a currency of ISO 4217')
  const price = given.price === undefined ? { minor: known.priceMinor } : priceOf(given.price, currency)
  if (typeof price === 'string') return fault('price', price)
  if (given.price === undefined && known.priceMinor !== null && currency !== known.currency)
    return fault('price', 'in another currency the price is told anew')
  const variants = given.variants === undefined ? known.variants : readVariants(given.variants ?? [], currency)
  if (!isList(variants)) return variants
  return {
    ...{ category, currency, variants },
    name: given.name === undefined ? known.name : given.name?.trim() || null,
    status: given.status ?? known.status,
    priceMinor: price.minor,
    fields: given.fields === undefined ? known.fields : (given.fields ?? {}),
  }
}

const isList = (value: readonly VariantContent[] | FieldFault): value is readonly VariantContent[] =>
  Array.isArray(value)

const fault = (field: string, message: string): FieldFault => ({ field, message })

/** Undefined for what is none. */
function currencyOf(given: string | null): string | null | undefined {
  if (given === null || given.trim() === '') return null
  return normaliseCurrency(given).value ?? undefined
}

/** The price, or what is wrong with it. */
function priceOf(given: string | null | undefined, currency: string | null): { minor: bigint | null } | string {
  if (given === null || given === undefined || given.trim() === '') return { minor: null }
  const decimal = decimalOf(given)
  if (!decimal || decimal.units < 0n) return 'not an amount, such as 19.90'
  if (currency === null) return 'a price needs a currency'
  const minor = minorOf(decimal, minorDigits(currency))
  return minor > BigInt(maxAmountMinor) ? `over ${maxAmountMinor} minor units` : { minor }
}

function readVariants(given: readonly GivenVariant[], usual: string | null): readonly VariantContent[] | FieldFault {
  if (given.length > maxVariants) return fault('variants', `over ${maxVariants} variants`)
  const read = new Map<string, VariantContent>()
  for (const [index, one] of given.entries()) {
    const path = `variants[${index}]`
    const sku = one.sku.trim()
    if (sku === '' || sku.length > maxSku) return fault(`${path}.sku`, `not from 1 to ${maxSku} characters`)
    if (read.has(sku)) return fault(`${path}.sku`, 'the same SKU a second time')
    const currency = one.currency === undefined ? usual : currencyOf(one.currency)
    if (currency === undefined) return fault(`${path}.currency`, 'not a currency of ISO 4217')
    const price = priceOf(one.price, currency)
    if (typeof price === 'string') return fault(`${path}.price`, price)
    const { minor: priceMinor } = price
    read.set(sku, { sku, name: one.name?.trim() || null, priceMinor, currency: priceMinor === null ? null : currency })
  }
  return [...read.values()].sort((a, b) => (a.sku < b.sku ? -1 : 1))
}

export const maxSku = 200
