// What a person's orders come to. All people of an operation are asked together, over all profiles that each of them is.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { quotient } from '../../core/orders/amount.ts'
import type { Sql } from '../../platform/database.ts'
import { personOf } from '../profiles/members.ts'

export interface OrdersOfCurrency {
  currency: string | null
  count: number
  grossMinor: bigint | null
  refundedMinor: bigint | null
  netMinor: bigint | null
  averageMinor: bigint | null
}

export interface OrderFigures {
  count: number
  cancelled: number
  firstAt: Date | null
  lastAt: Date | null
  currencies: OrdersOfCurrency[]
  /** In the account's own currency, of those whose amount in it is known. */
  base: OrdersOfCurrency | null
}

/** Cancelled orders count as none. */
export async function figuresOfPerson(context: Context, profileId: string): Promise<OrderFigures> {
  const { rootId } = await personOf(context, profileId)
  const rows = await context.memo('order figures', () => figuresLoader(context)).load(rootId)
  const counted = rows.filter(({ isCancelled }) => !isCancelled)
  const count = (some: readonly FiguresRow[]) => some.reduce((sum, row) => sum + row.count, 0)
  const ofKind = (kind: FiguresRow['kind']) => counted.filter((row) => row.kind === kind)
  const own = ofKind('OWN')
  return {
    count: count(own),
    cancelled: count(rows.filter(({ isCancelled, kind }) => isCancelled && kind === 'OWN')),
    firstAt: own.reduce<Date | null>((least, { firstAt }) => (least && least < firstAt ? least : firstAt), null),
    lastAt: own.reduce<Date | null>((most, { lastAt }) => (most && most > lastAt ? most : lastAt), null),
    currencies: own.map(figuresOf),
    base: ofKind('BASE').map(figuresOf)[0] ?? null,
  }
}

function figuresOf({ currency, count, told, gross, refunded }: FiguresRow): OrdersOfCurrency {
  if (gross === null)
    return { currency, count, grossMinor: null, refundedMinor: null, netMinor: null, averageMinor: null }
  const [grossMinor, refundedMinor] = [BigInt(gross), BigInt(refunded ?? 0)]
  const netMinor = grossMinor - refundedMinor
  return { currency, count, grossMinor, refundedMinor, netMinor, averageMinor: quotient(netMinor, BigInt(told)) }
}

const figuresLoader = (context: Context) =>
  new DataLoader<string, FiguresRow[]>(async (rootIds) => {
    const people = await Promise.all(rootIds.map((id) => personOf(context, id)))
    const pairs = people.flatMap(({ rootId, members }) => members.map((member) => ({ rootId, member })))
    const rows = groupBy(await findFigures(context.sql, context.accountId, pairs), ({ rootId }) => rootId)
    return rootIds.map((id) => rows.get(id) ?? [])
  })

interface FiguresRow {
  rootId: string
  /** In the orders' currency, or in the account's own. */
  kind: 'OWN' | 'BASE'
  isCancelled: boolean
  currency: string | null
  count: number
  /** Of how many a total is known. */
  told: number
  gross: string | null
  refunded: string | null
  firstAt: Date
  lastAt: Date
}

/** What was given back of an order in the account's currency is the same part of it as in its own, rounded once an order. */
function findFigures(
  sql: Sql,
  accountId: string,
  pairs: readonly { rootId: string; member: string }[],
): Promise<FiguresRow[]> {
  return sql.$queryRaw<FiguresRow[]>`
    WITH bought AS MATERIALIZED (
      SELECT pair.root_id, own.* FROM unnest(${pairs.map(({ rootId }) => rootId)}::uuid[], ${pairs.map(({ member }) => member)}::uuid[]) AS pair (root_id, member_id)
      CROSS JOIN LATERAL (
        SELECT status = 'CANCELLED' AS cancelled, currency, total_minor, least(refunded_minor, greatest(total_minor, 0)) AS refunded, placed_at,
          base_currency, base_total_minor
        FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.profile_id = pair.member_id OFFSET 0
      ) AS own
    )
    SELECT root_id AS "rootId", 'OWN' AS kind, cancelled AS "isCancelled", currency, count(*)::int AS count, count(total_minor)::int AS told,
      sum(total_minor)::text AS gross, sum(CASE WHEN total_minor IS NOT NULL THEN refunded END)::text AS refunded,
      min(placed_at) AS "firstAt", max(placed_at) AS "lastAt"
    FROM bought GROUP BY root_id, cancelled, currency
    UNION ALL
    SELECT root_id, 'BASE', cancelled, base_currency, count(*)::int, count(*)::int, sum(base_total_minor)::text,
      sum(CASE WHEN total_minor = 0 THEN 0 ELSE round(base_total_minor::numeric * refunded / total_minor) END)::text, min(placed_at), max(placed_at)
    FROM bought WHERE base_currency = (SELECT base_currency FROM account WHERE id = ${accountId}::uuid) GROUP BY root_id, cancelled, base_currency
    ORDER BY 1, 2, 4`
}
