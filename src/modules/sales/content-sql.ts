// The content of orders as it stands, and what the statement in force says beside what their changes tell.

import type { OrderStatus } from '../../core/orders/fold.ts'
import type { OrderAddress } from '../../core/orders/order-address.ts'
import type { ItemContent, OrderContent } from '../../core/orders/order-content.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

export interface KnownContent {
  id: string
  sourceId: string
  profileId: string | null
  status: OrderStatus
  statedAt: Date
  content: OrderContent
}

type Digits = string | null

interface ContentRow extends Omit<KnownContent, 'content'> {
  placedAt: Date
  currency: string | null
  total: Digits
  discount: Digits
  shipping: Digits
  tax: Digits
  taxIncluded: boolean
  itemsSum: Digits
  couponCodes: string[]
  shippingAddress: OrderAddress | null
  billingAddress: OrderAddress | null
  fields: JsonObject
  items: ItemRow[] | null
}

interface ItemRow {
  line: number
  product: string
  sku: string | null
  name: string | null
  quantity: number
  unitPrice: Digits
  discount: Digits
  total: Digits
  fields: JsonObject
}

/** The orders of those source ids, with their lines. */
export async function findContents(
  sql: Sql,
  accountId: string,
  sourceIds: readonly string[],
): Promise<Map<string, KnownContent>> {
  const rows = await sql.$queryRaw<ContentRow[]>`
    SELECT placed_order.id, source_id AS "sourceId", profile_id AS "profileId", status::text AS status, stated_at AS "statedAt", placed_at AS "placedAt",
      currency, total_minor::text AS total, discount_minor::text AS discount, shipping_minor::text AS shipping, tax_minor::text AS tax,
      tax_included AS "taxIncluded", items_minor::text AS "itemsSum", coupon_codes AS "couponCodes", shipping_address AS "shippingAddress",
      billing_address AS "billingAddress", fields, (
        SELECT jsonb_agg(jsonb_build_object('line', item.line, 'product', product.source_id, 'sku', item.sku, 'name', item.name,
          'quantity', item.quantity, 'unitPrice', item.unit_price_minor::text, 'discount', item.discount_minor::text,
          'total', item.total_minor::text, 'fields', item.fields) ORDER BY item.line)
        FROM order_item AS item JOIN product ON product.account_id = ${accountId}::uuid AND product.id = item.product_id
        WHERE item.account_id = ${accountId}::uuid AND item.order_id = placed_order.id
      ) AS items
    FROM placed_order WHERE account_id = ${accountId}::uuid AND source_id = ANY (${sourceIds}::text[])`
  return new Map(rows.map((row) => [row.sourceId, knownOf(row)]))
}

function knownOf(row: ContentRow): KnownContent {
  const { id, sourceId, profileId, status, statedAt, total, discount, shipping, tax, itemsSum, items, ...rest } = row
  const content: OrderContent = {
    ...rest,
    totalMinor: minor(total),
    discountMinor: minor(discount),
    shippingMinor: minor(shipping),
    taxMinor: minor(tax),
    itemsMinor: minor(itemsSum),
    items: (items ?? []).map(itemOf),
  }
  return { id, sourceId, profileId, status, statedAt, content }
}

function itemOf({ unitPrice, discount, total, ...rest }: ItemRow): ItemContent {
  return { ...rest, unitPriceMinor: minor(unitPrice), discountMinor: minor(discount), totalMinor: minor(total) }
}

const minor = (digits: Digits): bigint | null => (digits === null ? null : BigInt(digits))
const digits = (amount: bigint | null): Digits => (amount === null ? null : String(amount))

export interface ContentNow {
  readonly orderId: string
  readonly content: OrderContent
}

/** What of the contents is not in the orders' changes or lines. */
export async function writeContents(sql: Sql, accountId: string, orders: readonly ContentNow[]): Promise<void> {
  const column = <T>(of: (content: OrderContent) => T) => orders.map(({ content }) => of(content))
  const json = (value: object | null) => (value === null ? null : JSON.stringify(value))
  await sql.$executeRaw`
    UPDATE placed_order SET discount_minor = new.discount, shipping_minor = new.shipping, tax_minor = new.tax, tax_included = new.tax_included,
      items_minor = new.items, coupon_codes = ARRAY(SELECT jsonb_array_elements_text(new.coupons)), shipping_address = new.ship_to,
      billing_address = new.bill_to, fields = new.fields
    FROM unnest(${orders.map(({ orderId }) => orderId)}::uuid[], ${column((one) => digits(one.discountMinor))}::text[]::bigint[],
      ${column((one) => digits(one.shippingMinor))}::text[]::bigint[], ${column((one) => digits(one.taxMinor))}::text[]::bigint[],
      ${column(({ taxIncluded }) => taxIncluded)}::boolean[], ${column((one) => digits(one.itemsMinor))}::text[]::bigint[],
      ${column(({ couponCodes }) => JSON.stringify(couponCodes))}::text[]::jsonb[], ${column((one) => json(one.shippingAddress))}::text[]::jsonb[],
      ${column((one) => json(one.billingAddress))}::text[]::jsonb[], ${column(({ fields }) => JSON.stringify(fields))}::text[]::jsonb[])
      AS new (id, discount, shipping, tax, tax_included, items, coupons, ship_to, bill_to, fields)
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = new.id`
}
