// Conditions on people's orders and what was in them, as SQL: of one person and of everybody. The counterpart of core/rules/orders.ts;
// an order's row is the fold of all that was told of it, so only of those with something told ahead of now the changes are asked.

import { isMoney, maxOrders } from '../../core/rules/orders.ts'
import type { OrderOperator, OrderRule, ProductRule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { isWithin, withinBounds } from './filter-bounds.ts'
import type { FilterScope } from './filter-values.ts'

export const signs: { readonly [op in OrderOperator]: Prisma.Sql } = {
  EQ: Prisma.sql`=`,
  NE: Prisma.sql`<>`,
  LT: Prisma.sql`<`,
  LTE: Prisma.sql`<=`,
  GT: Prisma.sql`>`,
  GTE: Prisma.sql`>=`,
}

/** Compares a figure, NULL where there is none to tell of; without orders counts and totals are zero. */
export function comparedSql({ aggregate, op, value }: OrderRule, figure: Prisma.Sql): Prisma.Sql {
  const isZeroWithout = aggregate === 'COUNT' || aggregate === 'TOTAL_MINOR'
  const told = isZeroWithout ? Prisma.sql`coalesce(${figure}, 0)` : figure
  return Prisma.sql`(${told} ${signs[op]} ${String(value)}::float8)`
}

/** A figure of the orders of the person `person`; NULL where there is none to tell of. */
export const orderSql = (rule: OrderRule, scope: FilterScope): Prisma.Sql =>
  comparedSql(rule, figureOf(rule, scope, Prisma.sql`ANY (person.ids)`))

/** The figure of the latest 1,000 orders of the profiles. */
const figureOf = (rule: OrderRule, scope: FilterScope, profiles: Prisma.Sql) => Prisma.sql`(
  SELECT ${figureSql(rule, scope.now)}
  FROM (
    SELECT told.at, told.source_id, ${minorSql(rule)} AS minor FROM (${ordersSql(scope, Prisma.sql`placed_order.profile_id = ${profiles}`)}) AS told
    ORDER BY told.at DESC, told.source_id COLLATE "C" DESC LIMIT ${maxOrders}::int
  ) AS orders
  WHERE ${rowsIn(rule, scope.now)}
)`

/** The amount of the order `told` in the rule's currency; NULL where it is in another. */
const minorSql = ({ aggregate, currency }: OrderRule): Prisma.Sql =>
  isMoney(aggregate)
    ? Prisma.sql`CASE WHEN told.currency = ${(currency ?? '').toUpperCase()}::text THEN told.minor END`
    : Prisma.sql`NULL::bigint`

const isOfFirst = ({ aggregate }: OrderRule): boolean => aggregate === 'FIRST_MINOR' || aggregate === 'DAYS_SINCE_FIRST'

/** Which orders the figure is of: the first is that of all, so it is looked at only when it is known. */
const rowsIn = (rule: OrderRule, now: Date): Prisma.Sql =>
  isOfFirst(rule) ? Prisma.sql`TRUE` : isWithin(Prisma.sql`orders.at`, rule, now)

function figureSql(rule: OrderRule, now: Date): Prisma.Sql {
  switch (rule.aggregate) {
    case 'COUNT':
      return Prisma.sql`count(*)::float8`
    case 'TOTAL_MINOR':
      // Amounts are bounded, so that a thousand of them add up exactly as doubles.
      return Prisma.sql`coalesce(sum(orders.minor::float8), 0)`
    case 'AVERAGE_MINOR':
      // Divided as doubles, as in memory, so that both round alike.
      return Prisma.sql`(sum(orders.minor::float8) / nullif(count(orders.minor), 0)::float8)`
    case 'LARGEST_MINOR':
      return Prisma.sql`max(orders.minor)::float8`
    case 'FIRST_MINOR':
      return Prisma.sql`(CASE WHEN ${isWithin(Prisma.sql`min(orders.at)`, rule, now)}
        THEN (array_agg(orders.minor ORDER BY orders.at, orders.source_id COLLATE "C"))[1] END)::float8`
    case 'DAYS_SINCE_LAST':
      return Prisma.sql`floor(extract(epoch FROM ${now}::timestamptz - max(orders.at)) / 86400)::float8`
    case 'DAYS_SINCE_FIRST':
      return Prisma.sql`(CASE WHEN ${isWithin(Prisma.sql`min(orders.at)`, rule, now)}
        THEN floor(extract(epoch FROM ${now}::timestamptz - min(orders.at)) / 86400) END)::float8`
  }
}

/** The orders that count as of now, of those that the condition on `placed_order` picks: net of what was given back by now. */
function ordersSql({ accountId, now, ahead = true }: FilterScope, condition: Prisma.Sql): Prisma.Sql {
  const net = (total: Prisma.Sql, refunded: Prisma.Sql) =>
    Prisma.sql`(${total} - least(${refunded}, greatest(${total}, 0)))`
  const asTheyStand = Prisma.sql`
    SELECT placed_order.profile_id, placed_order.id, placed_order.source_id, placed_order.placed_at AS at, placed_order.currency,
      ${net(Prisma.sql`placed_order.total_minor`, Prisma.sql`placed_order.refunded_minor`)} AS minor, FALSE AS is_ahead
    FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND ${condition}
      AND placed_order.placed_at <= ${now}::timestamptz AND placed_order.cancelled_at IS NULL`
  if (!ahead) return asTheyStand
  return Prisma.sql`
    ${asTheyStand} AND placed_order.last_change_at <= ${now}::timestamptz
    UNION ALL
    SELECT placed_order.profile_id, placed_order.id, placed_order.source_id, by_now.at, by_now.currency,
      ${net(Prisma.sql`by_now.total`, Prisma.sql`by_now.refunded`)}, TRUE
    FROM placed_order CROSS JOIN LATERAL (${foldSql(accountId, now)}) AS by_now
    WHERE placed_order.account_id = ${accountId}::uuid AND ${condition} AND placed_order.last_change_at > ${now}::timestamptz
      AND by_now.at <= ${now}::timestamptz AND by_now.status IS DISTINCT FROM 'CANCELLED'`
}

/** `placed_order` as foldOrder of core has it, of what was told of it by now; no time where it was not stated by then. */
const foldSql = (accountId: string, now: Date) => Prisma.sql`
  SELECT coalesce(
      (array_agg(change.placed_at ORDER BY change.at DESC, change.id DESC) FILTER (WHERE change.placed_at IS NOT NULL))[1],
      min(change.at) FILTER (WHERE change.kind = 'STATED')
    ) AS at,
    (array_agg(change.currency ORDER BY change.at DESC, change.id DESC) FILTER (WHERE ${ofContent}))[1] AS currency,
    (array_agg(change.total_minor ORDER BY change.at DESC, change.id DESC) FILTER (WHERE ${ofContent}))[1] AS total,
    coalesce(sum(change.refund_minor), 0)::bigint AS refunded,
    (array_agg(change.status::text ORDER BY change.at DESC, change.id DESC) FILTER (WHERE change.kind = 'STATUS'))[1] AS status
  FROM order_change AS change
  WHERE change.account_id = ${accountId}::uuid AND change.order_id = placed_order.id AND change.at <= ${now}::timestamptz`

/** An update that tells no amount leaves it as it was. */
const ofContent = Prisma.sql`change.kind = 'STATED' AND (change.placed_at IS NOT NULL OR change.total_minor IS NOT NULL)`

interface Owned extends FilterScope {
  /** The person of a row `found`, given the joins of `owners`. */
  owner: Prisma.Sql
  owners: Prisma.Sql
  /** All profiles that are the person `orders.owner`. */
  members: Prisma.Sql
}

/** People with a figure of their orders, where they have one that counts; who has over 1,000 is asked on their own. */
export function orderGroups(rule: OrderRule, scope: Owned): Prisma.Sql {
  const { now, owner, owners, members } = scope
  return Prisma.sql`
    SELECT grouped.owner AS id, CASE WHEN grouped.n <= ${maxOrders}::int THEN grouped.figure ELSE ${figureOf(rule, scope, Prisma.sql`ANY (${members})`)} END AS figure
    FROM (
      SELECT orders.owner, count(*) AS n, ${figureSql(rule, now)} AS figure
      FROM (
        SELECT ${owner} AS owner, found.at, found.source_id, found.minor
        FROM (SELECT told.profile_id, told.at, told.source_id, ${minorSql(rule)} AS minor FROM (${ordersSql(scope, Prisma.sql`placed_order.profile_id IS NOT NULL`)}) AS told) AS found ${owners}
      ) AS orders
      WHERE ${rowsIn(rule, now)}
      GROUP BY orders.owner
    ) AS grouped`
}

/** How much of the product the person `person` bought. */
export function productSql(rule: ProductRule, scope: FilterScope): Prisma.Sql {
  const rows = linesSql(rule, scope, Prisma.sql`placed_order.profile_id = ANY (person.ids)`)
  return withinBounds(Prisma.sql`(SELECT coalesce(${countSql(rule)}, 0) FROM (${rows}) AS found)`, rule)
}

/** People with how much of the product they bought, where that is any. */
export function productGroups(rule: ProductRule, scope: Owned): Prisma.Sql {
  const { owner, owners } = scope
  const rows = linesSql(rule, scope, Prisma.sql`placed_order.profile_id IS NOT NULL`)
  return Prisma.sql`SELECT ${owner} AS id, ${countSql(rule)} AS n FROM (${rows}) AS found ${owners} GROUP BY 1`
}

const countSql = ({ counting }: ProductRule): Prisma.Sql =>
  counting === 'ORDERS'
    ? Prisma.sql`count(DISTINCT found.order_id) FILTER (WHERE found.pieces > 0)`
    : Prisma.sql`sum(found.pieces)`

/** The lines of the product in orders that count, and how many pieces of each were not given back by now. */
function linesSql(rule: ProductRule, scope: FilterScope, condition: Prisma.Sql): Prisma.Sql {
  const { accountId, now } = scope
  return Prisma.sql`
    SELECT told.profile_id, told.id AS order_id, greatest(item.quantity - CASE WHEN told.is_ahead THEN (
        SELECT coalesce(sum(change.quantity), 0) FROM order_change AS change
        WHERE change.account_id = ${accountId}::uuid AND change.order_id = told.id AND change.kind = 'REFUND' AND change.line = item.line AND change.at <= ${now}::timestamptz
      ) ELSE item.refunded_quantity END, 0)::bigint AS pieces
    FROM (${ordersSql(scope, condition)}) AS told
    JOIN order_item AS item ON item.account_id = ${accountId}::uuid AND item.order_id = told.id
    JOIN product ON product.account_id = ${accountId}::uuid AND product.id = item.product_id
    WHERE ${isProduct(rule)} AND ${isWithin(Prisma.sql`told.at`, rule, now)}`
}

function isProduct({ id, sku, category }: ProductRule): Prisma.Sql {
  if (id != null) return Prisma.sql`product.source_id = ${id}::text`
  if (sku != null) return Prisma.sql`item.sku = ${sku}::text`
  const path = [...(category ?? [])]
  return Prisma.sql`product.category[1:${path.length}::int] = ${path}::text[]`
}
