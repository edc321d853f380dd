// An account's own currency and what others are worth in it. Orders keep the rate that they were stored with.

import type { Context } from '../../context.ts'
import { normaliseCurrency } from '../../core/normalise/currency.ts'
import { decimalOf } from '../../core/orders/amount.ts'
import { ApiError, badInput } from '../../errors.ts'
import type { CurrencyRate } from '../../generated/prisma/client.ts'
import { retrying } from '../../platform/retry.ts'
import { writeBaseAmounts } from '../orders/own-currency.ts'
import { lockOrdersById } from '../orders/sql.ts'

export interface OrderSettings {
  baseCurrency: string | null
  cartMinutes: number | null
}

/** The account's settings of orders. */
export const orderSettings = ({ services, accountId }: Context): Promise<OrderSettings> =>
  services.database.system.account.findUniqueOrThrow({
    where: { id: accountId },
    select: { baseCurrency: true, cartMinutes: true },
  })

export interface SetOrderSettingsInput {
  baseCurrency?: string | null
  cartMinutes?: number | null
}

const maxCartMinutes = 43_200

/** What is absent stays as it is. BAD_INPUT for what is no currency, or no span from 1 minute to 30 days. */
export async function setOrderSettings(context: Context, input: SetOrderSettingsInput): Promise<OrderSettings> {
  const { baseCurrency, cartMinutes } = input
  if (cartMinutes != null && (cartMinutes < 1 || cartMinutes > maxCartMinutes))
    throw badInput(`from 1 to ${maxCartMinutes} minutes`, 'input.cartMinutes')
  const base = baseCurrency == null ? baseCurrency : currencyOf(baseCurrency, 'input.baseCurrency')
  return context.services.database.system.account.update({
    where: { id: context.accountId },
    data: {
      ...(base === undefined ? {} : { baseCurrency: base }),
      ...(cartMinutes === undefined ? {} : { cartMinutes }),
    },
    select: { baseCurrency: true, cartMinutes: true },
  })
}

function currencyOf(given: string, field: string): string {
  const { value } = normaliseCurrency(given)
  if (value === null) throw badInput('not a currency of ISO 4217', field)
  return value
}

export interface CurrencyRateInput {
  currency: string
  rate: string
  validFrom: Date
}

const maxRates = 1_000
const maxWholeDigits = 10
const maxScale = 10

/**
 * Sets what currencies are worth in the account's own, each from an instant on; one of the same instant takes its place. Orders
 * that are stored keep their rates. CONFLICT where the account has no currency of its own.
 */
export async function setCurrencyRates(
  context: Context,
  { rates }: { rates: readonly CurrencyRateInput[] },
): Promise<number> {
  const { accountId, services } = context
  if (rates.length > maxRates) throw new ApiError('LIMIT_EXCEEDED', `over ${maxRates} rates`, { field: 'input.rates' })
  const { baseCurrency } = await orderSettings(context)
  if (baseCurrency === null)
    throw new ApiError('CONFLICT', 'the account has no currency of its own: `setOrderSettings`')
  const rows = new Map<string, CurrencyRateInput>()
  for (const [index, { currency, rate, validFrom }] of rates.entries()) {
    const path = `input.rates[${index}]`
    const code = currencyOf(currency, `${path}.currency`)
    if (code === baseCurrency) throw badInput('the account’s own', `${path}.currency`)
    const decimal = decimalOf(rate)
    const isTooLong =
      decimal && (decimal.scale > maxScale || String(decimal.units).length - decimal.scale > maxWholeDigits)
    if (!decimal || decimal.units <= 0n || isTooLong)
      throw badInput(
        `more than 0, with at most ${maxWholeDigits} digits before and ${maxScale} after the point`,
        `${path}.rate`,
      )
    rows.set(`${code} ${validFrom.toISOString()}`, { currency: code, rate, validFrom })
  }
  const all = [...rows.values()]
  await services.database.system.$executeRaw`
    INSERT INTO currency_rate (account_id, base_currency, currency, valid_from, rate)
    SELECT ${accountId}::uuid, ${baseCurrency}::text, currency, valid_from, rate
    FROM unnest(${all.map(({ currency }) => currency)}::text[], ${all.map(({ validFrom }) => validFrom)}::timestamptz[],
      ${all.map(({ rate }) => rate)}::text[]::numeric[]) AS new (currency, valid_from, rate)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (account_id, base_currency, currency, valid_from) DO UPDATE SET rate = excluded.rate`
  return all.length
}

const maxListed = 1_000

/** The rates of the account's own currency now, or of one currency in it: the latest first, at most 1,000. */
export async function currencyRates(context: Context, currency: string | null): Promise<CurrencyRate[]> {
  const { db, accountId } = context
  const { baseCurrency } = await orderSettings(context)
  if (baseCurrency === null) return []
  return db.currencyRate.findMany({
    where: { accountId, baseCurrency, ...(currency === null ? {} : { currency: currencyOf(currency, 'currency') }) },
    orderBy: [{ validFrom: 'desc' }, { currency: 'asc' }],
    take: maxListed,
  })
}

export interface Recomputed {
  changed: number
  /** How many have no amount for want of a rate. */
  missing: number
  /** Where to go on; null where all were looked at. */
  after: string | null
}

const pieceSize = 1_000

/**
 * Works the base amounts of orders out anew, by the rates as they are now: of those placed in the span, in the order of their ids
 * from `after` on, 1,000 at a time. It is the only way in which a stored rate changes while the order does not.
 */
export async function recomputeBaseAmounts(
  { db, accountId, services }: Context,
  { placedFrom, placedTo, after }: { placedFrom: Date; placedTo: Date; after: string | null },
): Promise<Recomputed> {
  const rows = await db.order.findMany({
    where: { accountId, placedAt: { gte: placedFrom, lt: placedTo }, ...(after === null ? {} : { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take: pieceSize,
    select: { id: true },
  })
  const ids = rows.map(({ id }) => id)
  const missing = await retrying(() =>
    services.database.transaction(async (tx) => {
      await lockOrdersById(tx, accountId, ids)
      return writeBaseAmounts(tx, accountId, ids)
    }),
  )
  return { changed: ids.length - missing, missing, after: rows.length < pieceSize ? null : (ids.at(-1) ?? null) }
}
