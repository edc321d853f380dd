// What events say of carts: which of them show that somebody is about to buy, and what is told when nothing came of it.

import type { JsonObject } from './targeting/facts.ts'

/** Events that somebody has a cart by, by their folded names. */
export const cartEvents: readonly string[] = ['product_added', 'checkout_started']

export const cartAbandoned = 'cart_abandoned'

/** What was told longer ago than this when it came in opens no cart: nobody is reminded of what a file of the past tells. */
export const maxCartAgeMs = 24 * 3_600_000

/** What a cart's last event tells of it, as far as the event of its being abandoned repeats it. */
const told = [
  ...['cart_id', 'checkout_id', 'product_id', 'sku', 'name', 'quantity', 'price'],
  ...['products', 'items', 'value', 'total', 'revenue', 'currency'],
]

/** The data of the event that a cart was abandoned. */
export function abandonedCart(last: { id: string; name: string; data: JsonObject }): JsonObject {
  const kept = told.filter((key) => Object.hasOwn(last.data, key)).map((key) => [key, last.data[key]])
  return { ...Object.fromEntries(kept), last_event: last.name, last_event_id: last.id }
}
