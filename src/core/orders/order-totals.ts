// What the parts of an order add up to, beside what was told.

export interface OrderTotals {
  /** The sum of its lines; null where one of them, or any, does not tell what it costs. */
  readonly itemsMinor: bigint | null
  readonly discountMinor: bigint | null
  readonly shippingMinor: bigint | null
  readonly taxMinor: bigint | null
  /** The lines have the tax in them already. */
  readonly taxIncluded: boolean
}

/** The sum of the lines' totals; null where there is none, or one is not known. */
export function itemsMinorOf(items: readonly { readonly totalMinor: bigint | null }[]): bigint | null {
  let sum = 0n
  for (const { totalMinor } of items) {
    if (totalMinor === null) return null
    sum += totalMinor
  }
  return items.length === 0 ? null : sum
}

/** What is to be paid by its parts: lines - discount + shipping + tax, the last only where the lines do not have it. Null without lines. */
export function computedTotalOf(order: OrderTotals): bigint | null {
  const { itemsMinor, discountMinor, shippingMinor, taxMinor, taxIncluded } = order
  if (itemsMinor === null) return null
  return itemsMinor - (discountMinor ?? 0n) + (shippingMinor ?? 0n) + (taxIncluded ? 0n : (taxMinor ?? 0n))
}

/** True where both are known and they are not the same. */
export function totalsDiffer(order: OrderTotals & { readonly totalMinor: bigint | null }): boolean {
  const computed = computedTotalOf(order)
  return computed !== null && order.totalMinor !== null && computed !== order.totalMinor
}
