// What an order is at a time: the fold of all that was told of it by then, in the order of times, then of ids.

import type { Instant } from '../targeting/facts.ts'

export const orderStatuses = ['PLACED', 'PAID', 'FULFILLED', 'CANCELLED', 'RETURNED'] as const

export type OrderStatus = (typeof orderStatuses)[number]

/** One thing that was told of an order. Amounts in minor units. */
export type OrderChange = StatedChange | StatusChange | RefundChange

interface Told {
  readonly id: string
  /** Its effective time. */
  readonly at: Instant
}

/** The order's content. */
export interface StatedChange extends Told {
  readonly kind: 'STATED'
  /** When it was placed. Null for an update: what that does not tell stays as it was. */
  readonly placedAt: Instant | null
  /** ISO 4217, upper-cased; null where none was told that can be read. */
  readonly currency: string | null
  /** Null where none was told that can be read. */
  readonly totalMinor: number | null
}

/** How far the order has come. */
export interface StatusChange extends Told {
  readonly kind: 'STATUS'
  readonly status: OrderStatus
}

/** Something was given back. */
export interface RefundChange extends Told {
  readonly kind: 'REFUND'
  /** Null where goods came back and nobody told of money. */
  readonly refundMinor: number | null
  readonly line?: number | null
  readonly quantity?: number | null
}

export interface OrderState {
  readonly placedAt: Instant
  /** Of the statement in force. */
  readonly statedAt: Instant
  readonly currency: string | null
  readonly totalMinor: number | null
  readonly refundedMinor: number
  /** The total without what was given back of it, never below zero for that; null where the total is. */
  readonly netMinor: number | null
  readonly status: OrderStatus
  /** Since when the order counts as none; null where it was not cancelled. */
  readonly cancelledAt: Instant | null
}

/** The order as of that time, both included; null where nobody had stated it by then. The changes may be in any order. */
export function foldOrder(
  changes: readonly OrderChange[],
  until: Instant = Number.POSITIVE_INFINITY,
): OrderState | null {
  const told = changes.filter(({ at }) => at <= until)
  if (told.length > 1) told.sort(inOrder)
  let stated: Stated | null = null
  let status: OrderStatus = 'PLACED'
  let cancelledAt: Instant | null = null
  let refundedMinor = 0
  for (const change of told) {
    if (change.kind === 'STATED') stated = statedBy(stated, change)
    else if (change.kind === 'REFUND') refundedMinor += change.refundMinor ?? 0
    else {
      if (change.status !== 'CANCELLED') cancelledAt = null
      else if (status !== 'CANCELLED') cancelledAt = change.at
      status = change.status
    }
  }
  return stated && { ...stated, refundedMinor, netMinor: netOf(stated.totalMinor, refundedMinor), status, cancelledAt }
}

type Stated = Pick<OrderState, 'placedAt' | 'statedAt' | 'currency' | 'totalMinor'>

function statedBy(before: Stated | null, { at, placedAt, currency, totalMinor }: StatedChange): Stated {
  const isUpdate = placedAt === null
  return {
    placedAt: placedAt ?? before?.placedAt ?? at,
    statedAt: at,
    // An amount is told in its currency.
    ...(isUpdate && before && totalMinor === null
      ? { currency: before.currency, totalMinor: before.totalMinor }
      : { currency, totalMinor }),
  }
}

/** What is left of an amount: refunds take nothing from one that is below zero. */
export function netOf(totalMinor: number | null, refundedMinor: number): number | null {
  return totalMinor === null ? null : totalMinor - Math.min(refundedMinor, Math.max(totalMinor, 0))
}

/** Earlier ones first; ids grow by receipt, so of two of one time the one received later is the later. */
export const inOrder = (a: Told, b: Told): number => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
