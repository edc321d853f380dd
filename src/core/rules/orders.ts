// Figures of a person's orders before an event: how many, how much, how long ago.

import type { Instant, OrderFacts } from '../targeting/facts.ts'
import { windowMs } from './counts.ts'
import type { OrderAggregate, OrderOperator, OrderRule } from './rule.ts'
import type { Subject } from './subject.ts'

/** A figure of the person's orders; null where there is none to tell of. Averages are unrounded, days whole. */
export type Figure = (subject: Subject) => number | null

const dayMs = 86_400_000

/** True of the figures that are amounts of money, and so need a currency. */
export const isMoney = (aggregate: OrderAggregate): boolean => aggregate !== 'COUNT' && aggregate !== 'DAYS_SINCE_LAST'

/** The figure that a checked condition asks for. */
export function orderFigure(rule: OrderRule): Figure {
  const back = windowMs(rule)
  if (rule.aggregate === 'COUNT') return (subject) => ordersBefore(subject, back).length
  if (rule.aggregate === 'DAYS_SINCE_LAST') {
    return (subject) => {
      const orders = ordersBefore(subject, back)
      return orders.length === 0 ? null : Math.floor((subject.event.t - latest(orders)) / dayMs)
    }
  }
  const combine = combiners[rule.aggregate]
  const currency = rule.currency?.toUpperCase()
  return (subject) => {
    const amounts: number[] = []
    for (const order of ordersBefore(subject, back)) {
      if (order.amountMinor !== null && order.currency === currency) amounts.push(order.amountMinor)
    }
    return combine(amounts)
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

// Amounts are bounded, so that sums of a thousand are exact.
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

const combiners = {
  TOTAL_MINOR: sum,
  AVERAGE_MINOR: (amounts: readonly number[]) => (amounts.length === 0 ? null : sum(amounts) / amounts.length),
  LARGEST_MINOR: (amounts: readonly number[]) => (amounts.length === 0 ? null : Math.max(...amounts)),
}

const maxOrders = 1000
const none: readonly OrderFacts[] = []

/** Each order as its latest event up to the event's time tells it, where that lies in the window. */
function ordersBefore({ person, event: { t } }: Subject, back: number): readonly OrderFacts[] {
  const { orders } = person.history
  if (orders.length === 0) return none
  let told = orders.filter(({ at }) => at <= t)
  // More are known only where events of several times were loaded together.
  if (told.length > maxOrders) told = told.sort((a, b) => (isLater(a, b) ? -1 : 1)).slice(0, maxOrders)
  const inForce = new Map<string, OrderFacts>()
  for (const order of told) {
    const known = inForce.get(order.id)
    if (!known || isLater(order, known)) inForce.set(order.id, order)
  }
  return [...inForce.values()].filter(({ at }) => at >= t - back)
}

/** Ids grow by receipt, so of two events of one time the one received later is the later. */
const isLater = (a: OrderFacts, b: OrderFacts): boolean => (a.at === b.at ? a.eventId > b.eventId : a.at > b.at)

const latest = (orders: readonly OrderFacts[]): Instant =>
  orders.reduce((last, { at }) => Math.max(last, at), Number.NEGATIVE_INFINITY)
