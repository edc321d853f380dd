// Orders' totals in the account's own currency, by the rate that held when each was placed. What was stored stays: a rate that
// comes later changes no order that has one, but where its own total, currency or time is told anew.

import { convertedMinor, decimalOf } from '../../core/orders/amount.ts'
import { minorDigits } from '../../core/orders.ts'
import type { Sql } from '../../platform/database.ts'

interface RateRow {
  id: string
  currency: string | null
  totalMinor: string | null
  baseCurrency: string
  /** As decimal text; null where none was set for that time. */
  rate: string | null
}

/** Stores rate and base amount of the orders, none of those whose total is not known; returns how many with a total have none for want of a rate. The orders have to be locked. */
export async function writeBaseAmounts(sql: Sql, accountId: string, orderIds: readonly string[]): Promise<number> {
  if (orderIds.length === 0) return 0
  const rows = await sql.$queryRaw<RateRow[]>`
    SELECT placed_order.id, placed_order.currency, placed_order.total_minor::text AS "totalMinor", account.base_currency AS "baseCurrency",
      CASE WHEN placed_order.currency = account.base_currency THEN '1' ELSE rate.rate::text END AS rate
    FROM placed_order JOIN account ON account.id = placed_order.account_id
    LEFT JOIN LATERAL (
      SELECT rate FROM currency_rate WHERE currency_rate.account_id = ${accountId}::uuid AND currency_rate.base_currency = account.base_currency
        AND currency_rate.currency = placed_order.currency AND currency_rate.valid_from <= placed_order.placed_at
      ORDER BY valid_from DESC LIMIT 1
    ) AS rate ON TRUE
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = ANY (${orderIds}::uuid[]) AND account.base_currency IS NOT NULL`
  const converted = rows.map((row) => ({ ...row, base: baseOf(row) }))
  if (converted.length > 0)
    await sql.$executeRaw`
      UPDATE placed_order SET base_currency = CASE WHEN new.base IS NULL THEN NULL ELSE new.currency END, base_rate = CASE WHEN new.base IS NULL THEN NULL ELSE new.rate END, base_total_minor = new.base
      FROM unnest(${converted.map(({ id }) => id)}::uuid[], ${converted.map(({ baseCurrency }) => baseCurrency)}::text[],
        ${converted.map(({ rate }) => rate)}::text[]::numeric[], ${converted.map(({ base }) => base)}::text[]::bigint[]) AS new (id, currency, rate, base)
      WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.id = new.id`
  return converted.filter(({ base, currency, totalMinor }) => base === null && currency !== null && totalMinor !== null)
    .length
}

function baseOf({ currency, totalMinor, baseCurrency, rate }: RateRow): string | null {
  const decimal = rate === null ? null : decimalOf(rate)
  if (decimal === null || currency === null || totalMinor === null) return null
  const digits = { from: minorDigits(currency), to: minorDigits(baseCurrency) }
  return String(convertedMinor(BigInt(totalMinor), decimal, digits))
}
