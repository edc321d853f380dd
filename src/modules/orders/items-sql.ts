// Statements of the lines of orders and of the products that they name: those that nobody has told of yet become placeholders.

import { groupBy } from '../../core/group.ts'
import { itemsMinorOf } from '../../core/orders/order-totals.ts'
import type { Sql } from '../../platform/database.ts'

/** One line, as it was told. */
export interface StatedItem {
  /** The shop's own id of the product, or a sku where that is all there is. */
  readonly productId: string
  /** `productId` is a sku: of a variant, where one is known, it is that variant's product. */
  readonly isSku?: boolean
  readonly sku: string | null
  readonly name: string | null
  /** From the widest to the narrowest; of a product that is a placeholder or new. */
  readonly category?: readonly string[]
  readonly quantity: number
  readonly unitPriceMinor: number | null
  readonly discountMinor?: number | null
  readonly totalMinor: number | null
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface LinesOfOrder {
  readonly orderId: string
  readonly items: readonly StatedItem[]
}

const digits = (amounts: readonly (number | null | undefined)[]) =>
  amounts.map((amount) => (amount == null ? null : String(amount)))

/** Puts the lines in the place of those that the orders had; `newId` gives ids to products that nobody knew. */
export async function replaceLines(
  sql: Sql,
  accountId: string,
  { orders, newId }: { orders: readonly LinesOfOrder[]; newId(): string },
): Promise<void> {
  const lines = orders.flatMap(({ orderId, items }) => items.map((item, index) => ({ orderId, line: index + 1, item })))
  const products = [...groupBy(lines, ({ item }) => item.productId).values()].map(firstTold)
  const orderIds = orders.map(({ orderId }) => orderId)
  const cleared = sql.$executeRaw`
    DELETE FROM order_item WHERE account_id = ${accountId}::uuid AND order_id = ANY (${orderIds}::uuid[])`
  if (lines.length === 0) return void (await cleared)
  const category = products.map((one) => JSON.stringify(one.category))
  await Promise.all([
    cleared,
    sql.$executeRaw`
      INSERT INTO product (account_id, id, source_id, name, is_placeholder, category)
      SELECT ${accountId}::uuid, new.id, new.source_id, new.name, TRUE, ARRAY(SELECT jsonb_array_elements_text(new.category))
      FROM unnest(${products.map(() => newId())}::uuid[], ${products.map(({ productId }) => productId)}::text[], ${products.map(({ name }) => name)}::text[],
        ${category}::jsonb[], ${products.map(({ isSku }) => isSku)}::boolean[]) AS new (id, source_id, name, category, is_sku)
      WHERE NOT (new.is_sku AND EXISTS (SELECT FROM product_variant WHERE product_variant.account_id = ${accountId}::uuid AND product_variant.sku = new.source_id))
      ORDER BY new.source_id COLLATE "C" ON CONFLICT DO NOTHING`,
    sql.$executeRaw`
      INSERT INTO order_item (account_id, order_id, line, product_id, sku, name, quantity, unit_price_minor, discount_minor, total_minor, fields)
      SELECT ${accountId}::uuid, given.order_id, given.line, product.id, given.sku, given.name, given.quantity, given.unit_price, given.discount, given.total, given.fields
      FROM unnest(${lines.map(({ orderId }) => orderId)}::uuid[], ${lines.map(({ line }) => line)}::int[], ${lines.map(({ item }) => item.productId)}::text[],
        ${lines.map(({ item }) => item.isSku ?? false)}::boolean[], ${lines.map(({ item }) => item.sku)}::text[], ${lines.map(({ item }) => item.name)}::text[],
        ${lines.map(({ item }) => item.quantity)}::int[], ${digits(lines.map(({ item }) => item.unitPriceMinor))}::text[]::bigint[],
        ${digits(lines.map(({ item }) => item.discountMinor))}::text[]::bigint[], ${digits(lines.map(({ item }) => item.totalMinor))}::text[]::bigint[],
        ${lines.map(({ item }) => JSON.stringify(item.fields ?? {}))}::jsonb[])
        AS given (order_id, line, product, is_sku, sku, name, quantity, unit_price, discount, total, fields)
      CROSS JOIN LATERAL (
        SELECT known.id FROM (
          (SELECT variant.product_id AS id, 0 AS place FROM product_variant AS variant
            WHERE given.is_sku AND variant.account_id = ${accountId}::uuid AND variant.sku = given.product)
          UNION ALL
          (SELECT product.id, 1 FROM product WHERE product.account_id = ${accountId}::uuid AND product.source_id = given.product)
        ) AS known ORDER BY known.place LIMIT 1
      ) AS product`,
  ])
}

/** What the lines of a product tell of it, the first that does. */
function firstTold(lines: readonly { item: StatedItem }[]) {
  const items = lines.map(({ item }) => item)
  return {
    productId: items[0]?.productId ?? '',
    isSku: items.every(({ isSku }) => isSku),
    name: items.find(({ name }) => name !== null)?.name ?? null,
    category: items.find(({ category }) => category?.length)?.category ?? [],
  }
}

/** Writes how much of each line was given back, as the changes of the orders tell it. */
export async function countRefunds(sql: Sql, accountId: string, orderIds: readonly string[]): Promise<void> {
  await sql.$executeRaw`
    UPDATE order_item SET refunded_quantity = told.quantity, refunded_minor = told.minor
    FROM (
      SELECT item.order_id, item.line, coalesce(sum(change.quantity), 0)::int AS quantity, coalesce(sum(change.refund_minor), 0)::bigint AS minor
      FROM order_item AS item LEFT JOIN order_change AS change ON change.account_id = item.account_id AND change.order_id = item.order_id
        AND change.kind = 'REFUND' AND change.line = item.line
      WHERE item.account_id = ${accountId}::uuid AND item.order_id = ANY (${orderIds}::uuid[])
      GROUP BY item.order_id, item.line
    ) AS told
    WHERE order_item.account_id = ${accountId}::uuid AND order_item.order_id = told.order_id AND order_item.line = told.line
      AND (order_item.refunded_quantity, order_item.refunded_minor) IS DISTINCT FROM (told.quantity, told.minor)`
}

export interface StatedDetails {
  readonly discountMinor?: number | null
  readonly shippingMinor?: number | null
  readonly taxMinor?: number | null
  readonly couponCodes?: readonly string[]
}

/** What else the statement in force told, what it did not tell stays; and where items took the place of others, what those come to. */
export async function writeDetails(
  sql: Sql,
  accountId: string,
  orders: readonly { orderId: string; details: StatedDetails; items?: readonly StatedItem[] | undefined }[],
): Promise<void> {
  const amounts = (key: Exclude<keyof StatedDetails, 'couponCodes'>) =>
    digits(orders.map(({ details }) => details[key]))
  const sums = orders.map(
    ({ items }) =>
      items &&
      itemsMinorOf(items.map(({ totalMinor }) => ({ totalMinor: totalMinor === null ? null : BigInt(totalMinor) }))),
  )
  await sql.$executeRaw`
    UPDATE placed_order SET discount_minor = coalesce(told.discount, discount_minor), shipping_minor = coalesce(told.shipping, shipping_minor),
      tax_minor = coalesce(told.tax, tax_minor), items_minor = CASE WHEN told.itemized THEN told.items ELSE items_minor END,
      coupon_codes = CASE WHEN told.coupons IS NULL THEN coupon_codes ELSE ARRAY(SELECT jsonb_array_elements_text(told.coupons)) END
    FROM unnest(${orders.map(({ orderId }) => orderId)}::uuid[], ${amounts('discountMinor')}::text[]::bigint[], ${amounts('shippingMinor')}::text[]::bigint[],
      ${amounts('taxMinor')}::text[]::bigint[], ${sums.map((sum) => (sum == null ? null : String(sum)))}::text[]::bigint[], ${orders.map(({ items }) => items !== undefined)}::boolean[],
      ${orders.map(({ details }) => (details.couponCodes ? JSON.stringify(details.couponCodes) : null))}::jsonb[])
      AS told (id, discount, shipping, tax, items, itemized, coupons)
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = told.id`
}
