// What becomes of something told of an order: the changes that it makes, or why it is refused.

import { minorDigits, minorUnits, timesPrice } from '../orders.ts'
import type { Instant } from '../targeting/facts.ts'
import { foldOrder, type OrderChange, type OrderState, type OrderStatus } from './fold.ts'

/** What somebody tells of an order. Amounts in minor units, unless they are decimal text. */
export type OrderTold =
  | {
      readonly kind: 'STATED'
      readonly placedAt: Instant | null
      readonly currency: string | null
      readonly totalMinor: number | null
    }
  | { readonly kind: 'STATUS'; readonly status: OrderStatus }
  | RefundTold

export interface RefundTold {
  readonly kind: 'REFUND'
  /** More than 0; or decimal text, as a shop wrote it, whose sign is not looked at. Null: what the items cost, else all that is left. */
  readonly amount: number | string | null
  /** ISO 4217; null: the order's. */
  readonly currency: string | null
  /** Null: none were listed, so that without an amount it is all of the order. */
  readonly items: readonly RefundedItem[] | null
  /** All of the order came back. */
  readonly returned?: boolean
}

/** So many of the lines that are meant: the one of that number, else those of the sku, else those of the product. */
export interface RefundedItem {
  readonly line?: number | null
  readonly productId?: string | null
  readonly sku?: string | null
  /** Whole, more than 0; null: all that is left of the lines. */
  readonly quantity: number | null
  /** What one of them cost, as decimal text whose sign is not looked at, for lines whose total is not known. */
  readonly price?: string | null
}

/** One line of an order, as far as refunds ask. */
export interface LineFacts {
  readonly line: number
  readonly productId: string
  readonly sku: string | null
  readonly quantity: number
  readonly totalMinor: number | null
  readonly refundedQuantity: number
  readonly refundedMinor: number
}

export interface KnownOrder {
  readonly changes: readonly OrderChange[]
  readonly lines: readonly LineFacts[]
}

/**
 * ORDER_UNKNOWN: nobody has stated the order. REFUND_BEYOND_PAID: it would give back more than was paid, or more of a line than
 * it has. OTHER_CURRENCY: it is not in the order's. NOT_AN_AMOUNT: it cannot be read. ITEMS_UNKNOWN: items were listed, no
 * amount was told, and none of them is of the order.
 */
export type OrderRefusal = 'ORDER_UNKNOWN' | 'REFUND_BEYOND_PAID' | 'OTHER_CURRENCY' | 'NOT_AN_AMOUNT' | 'ITEMS_UNKNOWN'

/** A change that is still to get its id and time. */
export type Draft =
  | Omit<Extract<OrderChange, { kind: 'STATED' }>, 'id' | 'at'>
  | Omit<Extract<OrderChange, { kind: 'STATUS' }>, 'id' | 'at'>
  | Omit<Extract<OrderChange, { kind: 'REFUND' }>, 'id' | 'at'>

/** The changes that it makes, none where it changes nothing; or why not. A refund is held to all that is known of the order, whatever its time. */
export function changesBy(told: OrderTold, order: KnownOrder | null): readonly Draft[] | OrderRefusal {
  if (told.kind === 'STATED') return [told]
  const state = order && foldOrder(order.changes)
  if (!state) return 'ORDER_UNKNOWN'
  return told.kind === 'STATUS' ? [told] : refundBy(told, { state, lines: order.lines })
}

interface Stated {
  readonly state: OrderState
  readonly lines: readonly LineFacts[]
}

function refundBy(told: RefundTold, order: Stated): readonly Draft[] | OrderRefusal {
  const { state } = order
  const currency = told.currency ?? state.currency
  if (told.currency !== null && state.currency !== null && told.currency !== state.currency) return 'OTHER_CURRENCY'
  const amount = amountIn(told.amount, currency)
  if (amount === undefined) return 'NOT_AN_AMOUNT'
  const items = itemsOf(told.items ?? [], order)
  if (typeof items === 'string') return items
  const drafts = amount === null ? items : [refund(amount), ...items.map((item) => ({ ...item, refundMinor: null }))]
  const isWhole = amount === null && told.items === null
  if (!isWhole && drafts.length === 0) return 'ITEMS_UNKNOWN'
  const all = isWhole ? restOf(order) : drafts
  const sum = all.reduce((total, { refundMinor }) => total + (refundMinor ?? 0), 0)
  if (state.netMinor !== null && sum > Math.max(state.netMinor, 0)) return 'REFUND_BEYOND_PAID'
  return told.returned && isWhole && state.status !== 'RETURNED'
    ? [...all, { kind: 'STATUS', status: 'RETURNED' }]
    : all
}

type RefundDraft = Extract<Draft, { kind: 'REFUND' }>

const refund = (refundMinor: number): RefundDraft => ({ kind: 'REFUND', refundMinor, line: null, quantity: null })

/** All that is left: of each line so many, and the money at once. */
function restOf({ state, lines }: Stated): readonly RefundDraft[] {
  const left = Math.max(state.netMinor ?? 0, 0)
  const items = lines.flatMap(({ line, quantity, refundedQuantity }): RefundDraft[] =>
    quantity > refundedQuantity
      ? [{ kind: 'REFUND', refundMinor: null, line, quantity: quantity - refundedQuantity }]
      : [],
  )
  return left > 0 ? [refund(left), ...items] : items
}

/** Null for none; undefined for what cannot be read. */
function amountIn(amount: number | string | null, currency: string | null): number | null | undefined {
  if (amount === null) return null
  const minor = typeof amount === 'number' ? amount : minorUnits(amount, minorDigits(currency ?? 'EUR'))
  return minor === null || minor === 0 ? undefined : Math.abs(minor)
}

function itemsOf(items: readonly RefundedItem[], { state, lines }: Stated): RefundDraft[] | OrderRefusal {
  const left = new Map(lines.map((line) => [line.line, line]))
  const priced = pricedIn(state.currency)
  const drafts: RefundDraft[] = []
  for (const item of items) {
    const meant = meantBy(item, [...left.values()])
    if (meant.length === 0) {
      // Where nobody told the order's items, the refund's own price is all there is.
      if (item.line != null) return 'REFUND_BEYOND_PAID'
      const cost = priced(item, item.quantity ?? 1)
      if (cost) drafts.push(refund(cost))
      continue
    }
    const parts = spreadOver(meant, item.quantity)
    if (!parts) return 'REFUND_BEYOND_PAID'
    let before = 0
    for (const { line, quantity } of parts) {
      const refundMinor = shareOf(line, quantity) ?? difference(priced(item, before + quantity), priced(item, before))
      before += quantity
      drafts.push({ kind: 'REFUND', refundMinor, line: line.line, quantity })
      left.set(line.line, {
        ...line,
        refundedQuantity: line.refundedQuantity + quantity,
        refundedMinor: line.refundedMinor + (refundMinor ?? 0),
      })
    }
  }
  return drafts
}

/** What so many of an item cost by its own price; null for none, or one that cannot be read. */
const pricedIn =
  (currency: string | null) =>
  ({ price }: RefundedItem, quantity: number): number | null => {
    const cost = price == null ? null : timesPrice(price, quantity, minorDigits(currency ?? 'EUR'))
    return cost === null ? null : Math.abs(cost)
  }

const difference = (more: number | null, less: number | null): number | null =>
  more === null || less === null ? null : more - less

const restIn = ({ quantity, refundedQuantity }: LineFacts): number => Math.max(quantity - refundedQuantity, 0)

/** A sku says which of a product's variants came back, so it goes before the product. */
function meantBy({ line, productId, sku }: RefundedItem, lines: readonly LineFacts[]): readonly LineFacts[] {
  if (line != null) return lines.filter((one) => one.line === line)
  const ofSku = sku == null ? [] : lines.filter((one) => one.sku === sku)
  if (ofSku.length > 0 || productId == null) return ofSku
  return lines.filter((one) => one.productId === productId)
}

interface Part {
  readonly line: LineFacts
  readonly quantity: number
}

/** So many of the lines, or all that is left of them, the first lines first; null where they have not so many. */
function spreadOver(lines: readonly LineFacts[], wanted: number | null): readonly Part[] | null {
  const parts: Part[] = []
  let open = wanted ?? Number.POSITIVE_INFINITY
  for (const line of lines) {
    const quantity = Math.min(restIn(line), open)
    if (quantity > 0) parts.push({ line, quantity })
    open -= quantity
  }
  return wanted !== null && open > 0 ? null : parts
}

/**
 * What so many of a line cost: the last of them all that is left, others their part of the whole, halves away from zero. What
 * came back with an amount of its own took its part of the line with it.
 */
function shareOf({ quantity, refundedQuantity, totalMinor, refundedMinor }: LineFacts, wanted: number): number | null {
  if (totalMinor === null) return null
  const taken = Math.max(refundedMinor, Math.round((totalMinor * refundedQuantity) / quantity))
  const left = Math.max(totalMinor - taken, 0)
  if (wanted === quantity - refundedQuantity) return left
  return Math.min(left, Math.round((totalMinor * wanted) / quantity))
}
