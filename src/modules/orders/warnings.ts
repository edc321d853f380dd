// Why what was told of an order is not taken, in words.

import type { ChangeResult } from './changes.ts'

export const orderWarningCodes = [
  'ORDER_OF_SOMEBODY_ELSE',
  'ORDER_UNKNOWN',
  'REFUND_BEYOND_PAID',
  'OTHER_CURRENCY',
  'NOT_AN_AMOUNT',
  'ITEMS_UNKNOWN',
  'ORDER_OF_SOMEBODY_ERASED',
] as const

export interface OrderWarning {
  readonly code: (typeof orderWarningCodes)[number]
  readonly message: string
}

/** Null for what was taken. */
export function warningOf(result: ChangeResult): OrderWarning | null {
  const code = orderWarningCodes.find((one) => one === result)
  return code === undefined ? null : { code, message: words[code] }
}

const words: Readonly<Record<OrderWarning['code'], string>> = {
  ORDER_OF_SOMEBODY_ELSE: 'the order is somebody else’s, and stays as it was',
  ORDER_UNKNOWN: 'no such order was told of before',
  REFUND_BEYOND_PAID: 'it would give back more than is left of the order',
  OTHER_CURRENCY: 'the order is in another currency',
  NOT_AN_AMOUNT: 'the amount cannot be read, or is zero',
  ITEMS_UNKNOWN: 'none of the listed items can be found in the order, and no amount was told',
  ORDER_OF_SOMEBODY_ERASED: 'an order of somebody who was erased',
}
