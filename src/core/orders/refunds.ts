// What is given back when some of a line's pieces come back, and all that is still to be given back of an order.

import { quotient } from './amount.ts'

export interface RefundableLine {
  readonly quantity: number
  readonly totalMinor: bigint | null
  readonly refundedQuantity: number
  readonly refundedMinor: bigint
}

/**
 * What so many more pieces of a line are worth: their share of it, rounded, and of the last ones all that is left. Null where the
 * line does not tell what it costs; RangeError for more pieces than are left.
 */
export function refundOfPieces(line: RefundableLine, quantity: number): bigint | null {
  const left = line.quantity - line.refundedQuantity
  if (quantity < 1 || quantity > left) throw new RangeError(`${quantity} pieces of ${left}`)
  if (line.totalMinor === null) return null
  const rest = line.totalMinor - line.refundedMinor
  if (quantity === left) return rest
  const share = quotient(line.totalMinor * BigInt(quantity), BigInt(line.quantity))
  return share < rest ? share : rest
}
