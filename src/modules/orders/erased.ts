// What orders of people who were erased are known by: a keyed hash, from which nobody can read the shop's own id.

import { createHmac } from 'node:crypto'

/** `key` is the account's own. */
export const erasedOrderId = (key: string, sourceId: string): string =>
  createHmac('sha256', key).update(`order:${sourceId}`).digest('base64url')
