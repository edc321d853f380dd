// Figures of a person's orders before an event: how many, how much, how long ago, how many pieces of a product.

import { groupBy } from '../group.ts'
import { foldOrder } from '../orders/fold.ts'
import { linesOf } from '../orders/telling.ts'
import type { Instant, ItemFacts, OrderFacts } from '../targeting/facts.ts'
import { type Counter, enoughFor, windowMs } from './counts.ts'
import type { OrderAggregate, OrderOperator, OrderRule, ProductRule } from './rule.ts'
import type { Subject } from './subject.ts'

/** A figure of the person's orders; null where there is none to tell of. Averages are unrounded, days whole. */
export type Figure = (subject: Subject) => number | null

const dayMs = 86_400_000

const inDays: readonly OrderAggregate[] = ['DAYS_SINCE_LAST', 'DAYS_SINCE_FIRST']

/** True of the figures that are amounts of money, and so need a currency. */
export const isMoney = (aggregate: OrderAggregate): boolean => aggregate !== 'COUNT' && !inDays.includes(aggregate)

/** True of the figures that change with the days. */
export const isOfDays = (aggregate: OrderAggregate): boolean => inDays.includes(aggregate)

/** The figure that a checked condition asks for. */
export function orderFigure(rule: OrderRule): Figure {
  const back = windowMs(rule)
  const { aggregate } = rule
  const currency = rule.currency?.toUpperCase()
  switch (aggregate) {
    case 'COUNT':
      return (subject) => ordersBefore(subject, back).length
    case 'DAYS_SINCE_LAST':
      return (subject) => daysSince(latest(ordersBefore(subject, back)), subject)
    case 'DAYS_SINCE_FIRST':
      return (subject) => daysSince(first(subject, back), subject)
    case 'FIRST_MINOR':
      return (subject) => {
        const one = first(subject, back)
        return one && one.currency === currency ? one.netMinor : null
      }
    default: {
      const combine = combiners[aggregate]
      return (subject) => {
        const amounts: number[] = []
        for (const { currency: own, netMinor } of ordersBefore(subject, back))
          if (netMinor !== null && own === currency) amounts.push(netMinor)
        return combine(amounts)
      }
    }
  }
}

/** Does the figure compare so with the value? */
export const orderTests: { readonly [op in OrderOperator]: (figure: number, value: number) => boolean } = {
  EQ: (figure, value) => figure === value,
  NE: (figure, value) => figure !== value,
  LT: (figure, value) => figure < value,
  LTE: (figure, value) => figure <= value,
  GT: (figure, value) => figure > value,
  GTE: (figure, value) => figure >= value,
}

/** How many pieces of the product that a checked condition asks about, or orders that have it; no further than it asks. */
export function productCounter(rule: ProductRule): Counter {
  const isIt = productTest(rule)
  const [back, enough] = [windowMs(rule), enoughFor(rule)]
  const isByOrder = rule.counting === 'ORDERS'
  return (subject) => {
    let count = 0
    for (const { changes, placedAt } of ordersAt(subject)) {
      if (placedAt < subject.event.t - back) continue
      const pieces = piecesOf(changes, isIt)
      count += isByOrder ? Math.min(pieces, 1) : pieces
      if (count >= enough) return enough
    }
    return count
  }
}

/** Is a line one of the product? */
export function productTest({ id, sku, category }: ProductRule): (item: ItemFacts) => boolean {
  if (id != null) return (item) => item.productId === id
  if (sku != null) return (item) => item.sku === sku
  const path = category ?? []
  return (item) => path.every((level, i) => item.category[i] === level)
}

function piecesOf(changes: readonly OrderFacts[], isIt: (item: ItemFacts) => boolean): number {
  const meant = new Set(
    itemsIn(changes)
      .filter(isIt)
      .map(({ line }) => line),
  )
  if (meant.size === 0) return 0
  let pieces = 0
  for (const { line, quantity, refundedQuantity } of linesOf(changes))
    if (meant.has(line)) pieces += Math.max(quantity - refundedQuantity, 0)
  return pieces
}

function itemsIn(changes: readonly OrderFacts[]): readonly ItemFacts[] {
  const stated = changes.filter(({ items }) => items !== undefined)
  return stated.sort(inTime).at(-1)?.items ?? []
}

const inTime = (a: OrderFacts, b: OrderFacts): number => a.at - b.at || (a.id < b.id ? -1 : 1)

// Amounts are bounded, so that sums of a thousand are exact.
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

const combiners = {
  TOTAL_MINOR: sum,
  AVERAGE_MINOR: (amounts: readonly number[]) => (amounts.length === 0 ? null : sum(amounts) / amounts.length),
  LARGEST_MINOR: (amounts: readonly number[]) => (amounts.length === 0 ? null : Math.max(...amounts)),
}

interface OrderThen {
  readonly orderId: string
  readonly placedAt: Instant
  readonly currency: string | null
  readonly netMinor: number | null
  /** Up to the event. */
  readonly changes: readonly OrderFacts[]
}

/** Of a person's orders rules read the latest so many. */
export const maxOrders = 1000

const none: readonly OrderThen[] = []

/** The person's orders as of the event's time that lie in the window. */
const ordersBefore = (subject: Subject, back: number): readonly OrderThen[] => {
  const orders = latestOrders(subject)
  return back === Number.POSITIVE_INFINITY
    ? orders
    : orders.filter(({ placedAt }) => placedAt >= subject.event.t - back)
}

/** The latest 1,000 orders as of the event's time that were not cancelled by then. */
function latestOrders(subject: Subject): readonly OrderThen[] {
  const orders = ordersAt(subject)
  return orders.length <= maxOrders ? orders : orders.toSorted((a, b) => byPlace(b, a)).slice(0, maxOrders)
}

function ordersAt({ person, event: { t } }: Subject): readonly OrderThen[] {
  const { orders: told } = person.history
  if (told.length === 0) return none
  const orders: OrderThen[] = []
  for (const [orderId, all] of groupBy(told, (one) => one.orderId)) {
    const changes = all.filter(({ at }) => at <= t)
    const state = foldOrder(changes)
    if (!state || state.cancelledAt !== null || state.placedAt > t) continue
    const { placedAt, currency, netMinor } = state
    orders.push({ orderId, placedAt, currency, netMinor, changes })
  }
  return orders
}

const byPlace = (a: OrderThen, b: OrderThen): number =>
  a.placedAt - b.placedAt || (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0)

/** The first of them, where it lies in the window. */
function first(subject: Subject, back: number): OrderThen | null {
  const orders = latestOrders(subject)
  if (orders.length === 0) return null
  const found = orders.reduce((least, one) => (byPlace(one, least) < 0 ? one : least))
  return found.placedAt >= subject.event.t - back ? found : null
}

const latest = (orders: readonly OrderThen[]): OrderThen | null =>
  orders.length === 0 ? null : orders.reduce((last, one) => (one.placedAt > last.placedAt ? one : last))

const daysSince = (order: OrderThen | null, { event: { t } }: Subject): number | null =>
  order && Math.floor((t - order.placedAt) / dayMs)
