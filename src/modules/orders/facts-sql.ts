// What was told of people's orders, as rules read it: a change is one JSON value, with what was bought where anybody asks.

import type { OrderFacts } from '../../core/targeting/facts.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

/** Of what was told of one profile's orders, so much is read: the latest. */
export const maxChanges = 5_000

const ms = (time: Prisma.Sql) => Prisma.sql`(extract(epoch FROM ${time}) * 1000)::bigint`

/** A row `change` of an order as OrderFacts; `items` is a boolean: what was bought is asked for. */
export const orderFactSql = (accountId: string, items: boolean) => Prisma.sql`jsonb_build_object(
  'id', change.id, 'kind', change.kind, 'at', ${ms(Prisma.sql`change.at`)}, 'eventId', change.event_id,
  'orderId', (SELECT source_id FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = change.order_id),
  'placedAt', ${ms(Prisma.sql`change.placed_at`)}, 'currency', change.currency, 'totalMinor', change.total_minor, 'status', change.status,
  'refundMinor', change.refund_minor, 'line', change.line, 'quantity', change.quantity,
  'items', CASE WHEN ${items}::boolean AND change.kind = 'STATED' THEN ARRAY(
    SELECT jsonb_build_object('line', item.line, 'productId', product.source_id, 'sku', item.sku, 'category', product.category,
      'quantity', item.quantity, 'totalMinor', item.total_minor)
    FROM (SELECT * FROM order_item WHERE order_item.account_id = ${accountId}::uuid AND order_item.order_id = change.order_id OFFSET 0) AS item
    CROSS JOIN LATERAL (SELECT * FROM product WHERE product.account_id = ${accountId}::uuid AND product.id = item.product_id OFFSET 0) AS product
    ORDER BY item.line
  ) END
)`

/** The value that `orderFactSql` made. */
export function readOrderFact(value: unknown): OrderFacts {
  // As the statement builds it.
  const { items, ...fact } = value as OrderFacts & { items: OrderFacts['items'] | null }
  return items ? { ...fact, items } : fact
}

export interface OrderFactRow {
  profileId: string
  value: unknown
}

export interface OrdersAsked {
  readonly profileIds: readonly string[]
  /** Of each, up to when, both included. */
  readonly untils: readonly Date[]
  /** What was in them is asked for too. */
  readonly items: boolean
  /** What this event told is not seen. */
  readonly exceptEventId: string | null
}

/** What was told of the profiles' orders, in no order. */
export function findOrderFacts(sql: Sql, accountId: string, asked: OrdersAsked): Promise<OrderFactRow[]> {
  return sql.$queryRaw<OrderFactRow[]>`
    SELECT asked.profile_id AS "profileId", ${orderFactSql(accountId, asked.items)} AS value
    FROM unnest(${asked.profileIds}::uuid[], ${asked.untils}::timestamptz[]) AS asked (profile_id, until)
    CROSS JOIN LATERAL (
      SELECT * FROM order_change WHERE order_change.account_id = ${accountId}::uuid AND order_change.profile_id = asked.profile_id
        AND order_change.at <= asked.until AND order_change.event_id IS DISTINCT FROM ${asked.exceptEventId}::uuid
      ORDER BY order_change.at DESC, order_change.id DESC LIMIT ${maxChanges}::int
    ) AS change`
}
