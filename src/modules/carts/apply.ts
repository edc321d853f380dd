// The carts that a batch's events open: one statement, and none where no event does.

import { cartEvents, maxCartAgeMs } from '../../core/carts.ts'
import type { Sql } from '../../platform/database.ts'
import { type CartRow, writeCarts } from './sql.ts'

interface TellingEvent {
  readonly id: string
  readonly profileId: string
  /** Translated. */
  readonly name: string
  readonly occurredAt: Date
  readonly receivedAt: Date
}

export interface ToldCarts {
  readonly events: readonly TellingEvent[]
  /** Is told when a cart is due; the transaction is still to be committed then. */
  expect(at: Date): void
}

export async function applyCarts(sql: Sql, accountId: string, { events, expect }: ToldCarts): Promise<void> {
  const carts = new Map<string, CartRow>()
  for (const { id: eventId, profileId, name, occurredAt: lastAt, receivedAt } of events) {
    if (!cartEvents.includes(name) || receivedAt.getTime() - lastAt.getTime() > maxCartAgeMs) continue
    const known = carts.get(profileId)
    if (!known || known.lastAt <= lastAt) carts.set(profileId, { profileId, eventId, lastAt })
  }
  if (carts.size === 0) return
  for (const at of await writeCarts(sql, accountId, [...carts.values()])) expect(at)
}
