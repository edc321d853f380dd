// What callers tell of one order that is there: cancelled, paid, sent, given back.

import type { Context } from '../../context.ts'
import type { OrderStatus } from '../../core/orders/fold.ts'
import type { OrderTold, RefundedItem } from '../../core/orders/judge.ts'
import { ApiError, badInput, notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { checkedOptional, checkedText } from '../../text.ts'
import { applyChanges, type ChangeResult } from '../orders/changes.ts'
import { findChanges, findLines, lockOrders } from '../orders/sql.ts'
import { findMembersNow, lockProfiles } from '../profiles/sql.ts'
import { findContents } from './content-sql.ts'
import { findNamed, type NamedOrder } from './owners-sql.ts'
import { refreshBuyers } from './service.ts'

export interface OrderKey {
  id?: string | number | null
  sourceId?: string | null
}

export interface Turn {
  order: OrderKey
  at?: Date | null
  reason?: string | null
}

export interface Turned {
  readonly orderId: string
  /** False where it was told before, or changes nothing. */
  readonly isChanged: boolean
}

/** Counts as no order from then on; its content stays. NOT_FOUND for none. */
export const cancelOrder = (context: Context, input: Turn): Promise<Turned> =>
  turn(context, input, { told: { kind: 'STATUS', status: 'CANCELLED' } })

/** NOT_FOUND for no order. */
export const setOrderStatus = (context: Context, input: Turn & { status: OrderStatus }): Promise<Turned> =>
  turn(context, input, { told: { kind: 'STATUS', status: input.status } })

export interface RefundOrderInput extends Turn {
  refundId?: string | null
  amount?: string | null
  items?: readonly RefundItemInput[] | null
}

export interface RefundItemInput {
  line?: number | null
  product?: string | null
  sku?: string | null
  quantity?: number | null
}

const maxRefundId = 256
const maxItems = 500

/**
 * Gives back an amount, or what so many of the items cost, or all that is left. BAD_INPUT for more than was paid or bought, NOT_FOUND
 * for no order. The same refund id again changes nothing.
 */
export async function refundOrder(context: Context, input: RefundOrderInput): Promise<Turned> {
  if (input.amount == null && !input.items?.length)
    throw badInput('tell an amount, or the items; `returnOrder` gives back all of it', 'input.amount')
  return refund(context, input, false)
}

/** All of the order came back, or the items named: what they cost is given back, or the amount told. As above. */
export const returnOrder = (context: Context, input: RefundOrderInput): Promise<Turned> => refund(context, input, true)

function refund(context: Context, input: RefundOrderInput, returned: boolean): Promise<Turned> {
  const { amount = null } = input
  if (amount !== null && !/[1-9]/.test(amount)) throw badInput('nothing is given back', 'input.amount')
  if (amount?.trim().startsWith('-')) throw badInput('an amount without a sign', 'input.amount')
  const items = input.items?.map(itemOf) ?? null
  if (items && items.length > maxItems) throw badInput(`over ${maxItems} items`, 'input.items')
  const refundId = checkedOptional(input.refundId, 'input.refundId', maxRefundId)
  return turn(context, input, { told: { kind: 'REFUND', amount, currency: null, items, returned }, refundId })
}

function itemOf(item: RefundItemInput, index: number): RefundedItem {
  const path = `input.items[${index}]`
  const { line = null, product: productId = null, sku = null, quantity = null } = item
  if ([line, productId, sku].filter((one) => one !== null).length !== 1)
    throw badInput('name the line, the product or the SKU, and one of them', path)
  if (quantity !== null && quantity < 1) throw badInput('a quantity is 1 or more', `${path}.quantity`)
  return { line, productId, sku, quantity }
}

const maxAheadMs = 5 * 60_000
const maxReason = 500

async function turn(
  context: Context,
  input: Turn,
  { told, refundId = null }: { told: OrderTold; refundId?: string | null },
): Promise<Turned> {
  const { accountId, services, now } = context
  const at = input.at ?? now
  if (at.getTime() > now.getTime() + maxAheadMs) throw badInput('not yet', 'input.at')
  const reason = checkedOptional(input.reason, 'input.reason', maxReason)
  const key = keyOf(input.order)
  const { isMoved, ...turned } = await retrying(() =>
    services.database.transaction(async (tx) => {
      const order = await findNamed(tx, accountId, key)
      if (!order) throw notFound('no such order', 'input.order')
      const erased = order.profileId === null ? false : await lockOwner(order, { tx, accountId })
      if (erased && reason !== null) throw badInput('of somebody who was erased no reason is kept', 'input.reason')
      if (erased && refundId !== null)
        throw badInput('of somebody who was erased no id of a refund is kept', 'input.refundId')
      const [locked] = await lockOrders(tx, accountId, [order.sourceId])
      // It became somebody's while it was waited for, and that person is not locked; or theirs was erased.
      if (!locked || locked.profileId !== order.profileId) throw new RetryError()
      const known = (await findContents(tx, accountId, [order.sourceId])).get(order.sourceId)
      if (!known) throw notFound('no such order', 'input.order')
      const isRepeated = refundId !== null && (await isTold(tx, accountId, { order, refundId }))
      if (told.kind === 'REFUND' && !isRepeated) await refuseUnknown(tx, accountId, { order, items: told.items ?? [] })
      const isNews = !isRepeated && (told.kind !== 'STATUS' || told.status !== known.status)
      const change = {
        orderSourceId: order.sourceId,
        profileId: null,
        at,
        source: 'API' as const,
        told,
        refundId,
        reason,
      }
      const [outcome] = isNews ? await applyChanges(inOrder(tx), accountId, [change]) : []
      refuse(outcome?.result, told)
      const isChanged = outcome?.result === 'APPLIED'
      const owners = isChanged && known.profileId !== null ? [known.profileId] : []
      return { orderId: known.id, isChanged, isMoved: await refreshBuyers(tx, context, owners) }
    }),
  )
  if (isMoved) services.live.wake(accountId)
  return turned
}

function keyOf({ id, sourceId }: OrderKey): { id: string | null; sourceId: string | null } {
  if (id != null) return { id: idInput('Order', id, 'input.order.id'), sourceId: null }
  return { id: null, sourceId: checkedText(sourceId ?? '', 'input.order.sourceId', 256) }
}

interface Scope {
  tx: Sql
  accountId: string
}

/** Locks the person; true for one who was erased. */
async function lockOwner({ profileId }: NamedOrder, { tx, accountId }: Scope): Promise<boolean> {
  const ids = profileId === null ? [] : [profileId]
  const before = await findMembersNow(tx, accountId, ids)
  await lockProfiles(
    tx,
    accountId,
    before.map(({ rootId }) => rootId),
  )
  const members = await findMembersNow(tx, accountId, ids)
  if (members.length !== before.length) throw new RetryError()
  return members.some(({ erasedAt }) => erasedAt !== null)
}

/** The order's changes are read under its lock. */
async function isTold(
  sql: Sql,
  accountId: string,
  { order, refundId }: { order: NamedOrder; refundId: string },
): Promise<boolean> {
  const changes = await findChanges(sql, accountId, [order.sourceId])
  return changes.some(({ sourceId }) => sourceId === refundId)
}

/** What names no line, or one that came back already, is no refund of all the rest. */
async function refuseUnknown(
  sql: Sql,
  accountId: string,
  { order, items }: { order: NamedOrder; items: readonly RefundedItem[] },
): Promise<void> {
  if (items.length === 0) return
  const lines = await findLines(sql, accountId, [order.sourceId])
  for (const [index, item] of items.entries()) {
    const meant = lines.filter(
      (one) => one.line === item.line || one.productId === item.productId || (one.sku !== null && one.sku === item.sku),
    )
    if (meant.length === 0) throw badInput('the order has no such item', `input.items[${index}]`)
    if (meant.every(({ quantity, refundedQuantity }) => refundedQuantity >= quantity))
      throw badInput('all of it was given back', `input.items[${index}]`)
  }
}

function refuse(result: ChangeResult | undefined, told: OrderTold): void {
  const field = told.kind === 'REFUND' && told.amount === null ? 'input.items' : 'input.amount'
  if (result === 'REFUND_BEYOND_PAID') throw badInput('more than is left of what was paid and bought', field)
  if (result === 'NOT_AN_AMOUNT') throw badInput('not an amount, such as 19.90', field)
  if (result === 'ITEMS_UNKNOWN') throw badInput('none of the order’s items', field)
  if (result === 'OTHER_CURRENCY') throw badInput('not in the order’s currency', field)
  if (result === 'ORDER_UNKNOWN') throw notFound('no such order', 'input.order')
  if (result === 'ORDER_OF_SOMEBODY_ELSE') throw new ApiError('CONFLICT', 'the order is somebody else’s')
}
