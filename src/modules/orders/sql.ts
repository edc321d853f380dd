// Statements of orders, set by set: an order's row is locked before its changes are read, and orders before products.

import type { OrderStatus } from '../../core/orders/fold.ts'
import type { Sql } from '../../platform/database.ts'

export type OrderSource = 'EVENT' | 'API' | 'IMPORT'

export interface NewOrderRow {
  id: string
  sourceId: string
  profileId: string | null
  placedAt: Date
  source: OrderSource
}

/** Writes those that are not there; the fold of their changes says the rest. In the order of source ids, so that two writers do not wait in a circle. */
export async function insertOrders(sql: Sql, accountId: string, rows: readonly NewOrderRow[]): Promise<void> {
  const column = <K extends keyof NewOrderRow>(key: K) => rows.map((row) => row[key])
  await sql.$executeRaw`
    INSERT INTO placed_order (account_id, id, source_id, profile_id, placed_at, stated_at, source)
    SELECT ${accountId}::uuid, new.id, new.source_id, new.profile_id, new.placed_at, new.placed_at, new.source
    FROM unnest(${column('id')}::uuid[], ${column('sourceId')}::text[], ${column('profileId')}::uuid[], ${column('placedAt')}::timestamptz[],
      ${column('source')}::text[]::order_source[]) AS new (id, source_id, profile_id, placed_at, source)
    ORDER BY new.source_id COLLATE "C" ON CONFLICT DO NOTHING`
}

export interface OrderRow {
  id: string
  sourceId: string
  profileId: string | null
  itemsStatedAt: Date | null
}

/** The orders of those source ids, locked in their order until the transaction ends. */
export function lockOrders(sql: Sql, accountId: string, sourceIds: readonly string[]): Promise<OrderRow[]> {
  return sql.$queryRaw<OrderRow[]>`
    SELECT id, source_id AS "sourceId", profile_id AS "profileId", items_stated_at AS "itemsStatedAt" FROM placed_order
    WHERE account_id = ${accountId}::uuid AND source_id = ANY (${sourceIds}::text[])
    ORDER BY source_id COLLATE "C" FOR UPDATE`
}

/** Locks the orders of those ids, in the order of their source ids. */
export async function lockOrdersById(sql: Sql, accountId: string, ids: readonly string[]): Promise<void> {
  await sql.$queryRaw`
    SELECT id FROM placed_order WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])
    ORDER BY source_id COLLATE "C" FOR UPDATE`
}

/** Whose the orders are that are somebody's. */
export function findOwners(
  sql: Sql,
  accountId: string,
  sourceIds: readonly string[],
): Promise<{ sourceId: string; profileId: string }[]> {
  return sql.$queryRaw<{ sourceId: string; profileId: string }[]>`
    SELECT source_id AS "sourceId", profile_id AS "profileId" FROM placed_order
    WHERE account_id = ${accountId}::uuid AND source_id = ANY (${sourceIds}::text[]) AND profile_id IS NOT NULL`
}

export interface ChangeRow {
  id: string
  orderId: string
  kind: 'STATED' | 'STATUS' | 'REFUND'
  at: Date
  eventId: string | null
  placedAt: Date | null
  currency: string | null
  totalMinor: number | null
  status: OrderStatus | null
  refundMinor: number | null
  line: number | null
  quantity: number | null
  sourceId: string | null
}

/** What was told of the orders, in no order. Amounts are bounded, so a double holds them. */
export function findChanges(sql: Sql, accountId: string, sourceIds: readonly string[]): Promise<ChangeRow[]> {
  return sql.$queryRaw<ChangeRow[]>`
    SELECT change.id, change.order_id AS "orderId", change.kind::text AS kind, change.at, change.event_id AS "eventId", change.placed_at AS "placedAt",
      change.currency, change.total_minor::float8 AS "totalMinor", change.status::text AS status, change.refund_minor::float8 AS "refundMinor",
      change.line, change.quantity, change.source_id AS "sourceId"
    FROM placed_order JOIN order_change AS change ON change.account_id = placed_order.account_id AND change.order_id = placed_order.id
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.source_id = ANY (${sourceIds}::text[])`
}

export interface LineRow {
  orderId: string
  line: number
  productId: string
  sku: string | null
  quantity: number
  totalMinor: number | null
  refundedQuantity: number
  refundedMinor: number
}

/** The orders' lines as they stand, in their order; products by the shop's id. */
export function findLines(sql: Sql, accountId: string, sourceIds: readonly string[]): Promise<LineRow[]> {
  return sql.$queryRaw<LineRow[]>`
    SELECT item.order_id AS "orderId", item.line, product.source_id AS "productId", item.sku, item.quantity,
      item.total_minor::float8 AS "totalMinor", item.refunded_quantity AS "refundedQuantity", item.refunded_minor::float8 AS "refundedMinor"
    FROM placed_order JOIN order_item AS item ON item.account_id = placed_order.account_id AND item.order_id = placed_order.id
    JOIN product ON product.account_id = item.account_id AND product.id = item.product_id
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.source_id = ANY (${sourceIds}::text[])
    ORDER BY item.order_id, item.line`
}

/** The person that each profile is, where it was merged into somebody. */
export async function findRoots(
  sql: Sql,
  accountId: string,
  profileIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await sql.$queryRaw<{ id: string; rootId: string }[]>`
    WITH RECURSIVE way AS (
      SELECT asked.id, asked.id AS reached, 0 AS far FROM unnest(${profileIds}::uuid[]) AS asked (id)
      UNION ALL
      SELECT way.id, merge.survivor_id, way.far + 1 FROM way
      CROSS JOIN LATERAL (
        SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = way.reached OFFSET 0) AS merge
    ) SELECT DISTINCT ON (way.id) way.id, way.reached AS "rootId" FROM way ORDER BY way.id, way.far DESC`
  return new Map(rows.map(({ id, rootId }) => [id, rootId]))
}

export interface NewChangeRow extends ChangeRow {
  profileId: string | null
  source: OrderSource
  reason: string | null
}

export async function insertChanges(sql: Sql, accountId: string, rows: readonly NewChangeRow[]): Promise<void> {
  const column = <K extends keyof NewChangeRow>(key: K) => rows.map((row) => row[key])
  const digits = (amounts: readonly (number | null)[]) =>
    amounts.map((amount) => (amount === null ? null : String(amount)))
  await sql.$executeRaw`
    INSERT INTO order_change (account_id, id, order_id, profile_id, kind, at, source, event_id, placed_at, currency, total_minor, status,
      refund_minor, line, quantity, source_id, reason)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('orderId')}::uuid[], ${column('profileId')}::uuid[],
      ${column('kind')}::text[]::order_change_kind[], ${column('at')}::timestamptz[], ${column('source')}::text[]::order_source[],
      ${column('eventId')}::uuid[], ${column('placedAt')}::timestamptz[], ${column('currency')}::text[], ${digits(column('totalMinor'))}::text[]::bigint[],
      ${column('status')}::text[]::order_status[], ${digits(column('refundMinor'))}::text[]::bigint[], ${column('line')}::int[], ${column('quantity')}::int[],
      ${column('sourceId')}::text[], ${column('reason')}::text[])`
}

export interface FoldedRow {
  id: string
  profileId: string | null
  status: OrderStatus
  placedAt: Date
  statedAt: Date
  cancelledAt: Date | null
  currency: string | null
  totalMinor: number | null
  refundedMinor: number
  lastChangeAt: Date
  itemsStatedAt: Date | null
}

/** Brings orders to the fold of their changes. */
export async function updateOrders(sql: Sql, accountId: string, rows: readonly FoldedRow[]): Promise<void> {
  const column = <K extends keyof FoldedRow>(key: K) => rows.map((row) => row[key])
  const digits = (amounts: readonly (number | null)[]) =>
    amounts.map((amount) => (amount === null ? null : String(amount)))
  await sql.$executeRaw`
    UPDATE placed_order SET profile_id = now.profile_id, status = now.status, placed_at = now.placed_at, stated_at = now.stated_at,
      cancelled_at = now.cancelled_at, currency = now.currency, total_minor = now.total_minor, refunded_minor = now.refunded_minor,
      last_change_at = now.last_change_at, items_stated_at = now.items_stated_at, updated_at = CURRENT_TIMESTAMP
    FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('status')}::text[]::order_status[], ${column('placedAt')}::timestamptz[],
      ${column('statedAt')}::timestamptz[], ${column('cancelledAt')}::timestamptz[], ${column('currency')}::text[], ${digits(column('totalMinor'))}::text[]::bigint[],
      ${digits(column('refundedMinor'))}::text[]::bigint[], ${column('lastChangeAt')}::timestamptz[], ${column('itemsStatedAt')}::timestamptz[])
      AS now (id, profile_id, status, placed_at, stated_at, cancelled_at, currency, total_minor, refunded_minor, last_change_at, items_stated_at)
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = now.id`
}

/** Orders of guests that turned out to be somebody's: what was told of them before is that person's too. */
export async function giveChanges(sql: Sql, accountId: string, orderIds: readonly string[]): Promise<void> {
  await sql.$executeRaw`
    UPDATE order_change SET profile_id = placed_order.profile_id FROM placed_order
    WHERE order_change.account_id = ${accountId}::uuid AND order_change.order_id = ANY (${orderIds}::uuid[])
      AND placed_order.account_id = ${accountId}::uuid AND placed_order.id = order_change.order_id`
}
