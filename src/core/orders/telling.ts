// What an event tells of an order, in the spellings of Segment and of Google Analytics 4: that it was placed, changed, cancelled,
// paid back or sent back, and what was in it.

import {
  amountOf,
  currencyOf,
  decimalOf,
  decimalText,
  minorDigits,
  minorUnits,
  ownValue,
  timesPrice,
  transactionIdOf,
} from '../orders.ts'
import type { EventFacts, ItemFacts, JsonObject, OrderFacts } from '../targeting/facts.ts'
import { changesBy, type LineFacts, type OrderTold, type RefundedItem } from './judge.ts'

type Kind = 'PLACED' | 'UPDATED' | 'CANCELLED' | 'REFUNDED' | 'RETURNED'

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['purchase', 'PLACED'],
  ['order_completed', 'PLACED'],
  ['order_updated', 'UPDATED'],
  ['order_cancelled', 'CANCELLED'],
  ['order_canceled', 'CANCELLED'],
  ['order_refunded', 'REFUNDED'],
  ['refund', 'REFUNDED'],
  ['order_returned', 'RETURNED'],
])

/** The events that tell anything of an order, by their folded names. */
export const orderTellers: readonly string[] = [...kinds.keys()]

export interface Telling {
  /** The transaction's id; that of the event where a purchase names none. */
  readonly orderId: string
  readonly told: OrderTold
  /** What was bought; null where the event lists nothing. */
  readonly items: readonly ToldItem[] | null
  readonly discountMinor: number | null
  readonly shippingMinor: number | null
  readonly taxMinor: number | null
  readonly couponCodes: readonly string[]
}

/** One line, as it was told. */
export interface ToldItem {
  /** The shop's own id of the product; its sku where that is all there is. */
  readonly productId: string
  readonly isSku: boolean
  readonly sku: string | null
  readonly name: string | null
  readonly category: readonly string[]
  readonly quantity: number
  readonly unitPriceMinor: number | null
  /** Quantity times the exact price, then rounded. */
  readonly totalMinor: number | null
}

type Teller = Pick<EventFacts, 'id' | 'name' | 'data' | 't'>

/** What the event tells; null for an event of another name. A cancellation and the like that name no order have the event's own id, which is none. */
export function tellingOf({ id, name, data, t }: Teller): Telling | null {
  const kind = kinds.get(name)
  if (kind === undefined) return null
  const currency = currencyOf(ownValue(data, 'currency'))
  const isStated = kind === 'PLACED' || kind === 'UPDATED'
  const minor = (key: string) =>
    currency === null || !isStated ? null : minorUnits(ownValue(data, key), minorDigits(currency))
  const coupon = isStated ? textOf(ownValue(data, 'coupon')) : null
  return {
    orderId: transactionIdOf(data) ?? id,
    told: toldBy(kind, { data, currency, t }),
    items: isStated ? itemsIn(data, currency) : null,
    discountMinor: minor('discount'),
    shippingMinor: minor('shipping'),
    taxMinor: minor('tax'),
    couponCodes: coupon === null ? [] : [coupon],
  }
}

interface Content {
  readonly data: JsonObject
  readonly currency: string | null
  readonly t: number
}

function toldBy(kind: Kind, { data, currency, t }: Content): OrderTold {
  if (kind === 'CANCELLED') return { kind: 'STATUS', status: 'CANCELLED' }
  const amount = amountOf(data)
  if (kind === 'PLACED' || kind === 'UPDATED') {
    const totalMinor = currency === null ? null : minorUnits(amount, minorDigits(currency))
    return { kind: 'STATED', placedAt: kind === 'PLACED' ? t : null, currency, totalMinor }
  }
  return {
    kind: 'REFUND',
    amount: amount === null ? null : decimalOf(amount),
    currency,
    items: isListed(data) ? listed(data).flatMap(refundedIn) : null,
    ...(kind === 'RETURNED' ? { returned: true } : {}),
  }
}

function refundedIn(item: JsonObject): RefundedItem[] {
  const named = productIn(item)
  const quantity = quantityIn(item)
  const price = ownValue(item, 'price')
  if (!named || quantity === null) return []
  return [{ ...named, quantity, price: price == null ? null : decimalOf(price) }]
}

const maxItems = 500

/** The objects of `products`, else of `items`; the first 500. */
function listed(data: JsonObject): readonly JsonObject[] {
  const lists = [ownValue(data, 'products'), ownValue(data, 'items')]
  const list = lists.find((one): one is unknown[] => Array.isArray(one)) ?? []
  return list
    .slice(0, maxItems)
    .filter((one): one is JsonObject => typeof one === 'object' && one !== null && !Array.isArray(one))
}

const isListed = (data: JsonObject): boolean =>
  Array.isArray(ownValue(data, 'products')) || Array.isArray(ownValue(data, 'items'))

/** Items without a product or of a quantity that is no whole number from 1 on are none. */
function itemsIn(data: JsonObject, ofOrder: string | null): readonly ToldItem[] | null {
  if (!isListed(data)) return null
  return listed(data).flatMap((item): ToldItem[] => {
    const named = productIn(item)
    const quantity = quantityIn(item)
    if (!named || quantity === null) return []
    const currency = currencyOf(ownValue(item, 'currency')) ?? ofOrder
    // A line is a part of its order's total, so it is told in that one's currency or in none.
    const digits = currency === null || currency !== ofOrder ? null : minorDigits(currency)
    const price = ownValue(item, 'price')
    return [
      {
        ...named,
        name: textOf(ownValue(item, 'name') ?? ownValue(item, 'item_name')),
        category: categoryIn(item),
        quantity,
        unitPriceMinor: digits === null ? null : minorUnits(price, digits),
        totalMinor: digits === null ? null : timesPrice(price, quantity, digits),
      },
    ]
  })
}

const maxText = 256

function textOf(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value).trim()
  return text === '' || text.length > maxText ? null : text
}

function productIn(item: JsonObject): { productId: string; isSku: boolean; sku: string | null } | null {
  const sku = textOf(ownValue(item, 'sku'))
  for (const key of ['product_id', 'item_id', 'id']) {
    const productId = textOf(ownValue(item, key))
    if (productId !== null) return { productId, isSku: false, sku }
  }
  return sku === null ? null : { productId: sku, isSku: true, sku }
}

const whole = new RegExp(decimalText)
const maxQuantity = 1_000_000

function quantityIn(item: JsonObject): number | null {
  const given = ownValue(item, 'quantity')
  if (given === undefined || given === null) return 1
  const [, , digits, fraction = ''] = whole.exec(decimalOf(given)) ?? []
  const quantity = digits === undefined || /[1-9]/.test(fraction) ? 0 : Number(digits)
  return quantity >= 1 && quantity <= maxQuantity && !decimalOf(given).trim().startsWith('-') ? quantity : null
}

const maxLevels = 10

/** `category` as a path with `/` or `>`, else GA4's `item_category`, `item_category2` and on. */
function categoryIn(item: JsonObject): readonly string[] {
  const category = textOf(ownValue(item, 'category'))
  const levels =
    category === null
      ? ['', '2', '3', '4', '5'].map((level) => textOf(ownValue(item, `item_category${level}`)))
      : category.split(/[/>]/).map((level) => textOf(level))
  return levels.flatMap((level) => level ?? []).slice(0, maxLevels)
}

/** What the event adds to what is known of its person's orders: the same as is written of it, as far as these tell. */
export function orderFactsOf(event: Teller, known: readonly OrderFacts[]): readonly OrderFacts[] {
  const telling = tellingOf(event)
  if (!telling) return []
  const { orderId, told } = telling
  const before = known.filter((one) => one.orderId === orderId)
  const drafts = changesBy(told, { changes: before, lines: linesOf(before) })
  if (typeof drafts === 'string') return []
  const items = telling.items?.map(
    ({ productId, sku, category, quantity, totalMinor }, index): ItemFacts => ({
      ...{ line: index + 1, productId, sku, category, quantity, totalMinor },
    }),
  )
  return drafts.map((draft, index) => ({
    ...draft,
    ...{ orderId, eventId: event.id, at: event.t },
    id: index === 0 ? event.id : `${event.id}:${index}`,
    ...(draft.kind === 'STATED' && items ? { items } : {}),
  }))
}

/** The lines of an order as the changes, of one order, tell them: those of the latest statement that has any, with what was given back. */
export function linesOf(changes: readonly OrderFacts[]): readonly LineFacts[] {
  const stated = changes.filter(({ items }) => items !== undefined)
  if (stated.length === 0) return []
  const latest = stated.reduce((last, one) =>
    one.at > last.at || (one.at === last.at && one.id > last.id) ? one : last,
  )
  return (latest.items ?? []).map(({ category: _, ...item }) => {
    const own = changes.flatMap((one) => (one.kind === 'REFUND' && one.line === item.line ? [one] : []))
    return {
      ...item,
      refundedQuantity: own.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0),
      refundedMinor: own.reduce((sum, { refundMinor }) => sum + (refundMinor ?? 0), 0),
    }
  })
}
