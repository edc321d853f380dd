// What a batch's events tell of orders, written in their transaction.

import { orderTellers, type Telling, tellingOf } from '../../core/orders/telling.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import { applyChanges, type ChangeInput, type StatedDetails } from './changes.ts'
import { erasedOrderId } from './erased.ts'
import { writeBaseAmounts } from './own-currency.ts'
import { type OrderWarning, warningOf } from './warnings.ts'

interface TellingEvent {
  readonly id: string
  readonly profileId: string
  /** Translated. */
  readonly name: string
  readonly occurredAt: Date
  readonly data: object
}

/** By event. */
export type OrderWarnings = ReadonlyMap<string, readonly OrderWarning[]>

/** Does an event of that folded name tell of an order? */
export const tellsOrder = (name: string): boolean => orderTellers.includes(name)

export interface ToldEvents {
  readonly events: readonly TellingEvent[]
  /** What orders of erased people are known by; null where nobody of the account was erased. */
  readonly erasureKey: string | null
}

/** Returns what was not taken. The events are stored either way. */
export async function applyOrders(
  sql: Sql,
  accountId: string,
  { events, erasureKey }: ToldEvents,
): Promise<OrderWarnings> {
  const told = events.flatMap((event) => {
    // What was accepted as JSON.
    const telling = tellingOf({ ...event, data: event.data as JsonObject, t: event.occurredAt.getTime() })
    return telling ? [{ event, telling }] : []
  })
  const outcomes = await applyChanges(sql, accountId, told.map(changeIn(erasureKey)))
  const stated = outcomes.flatMap(({ orderId, result }, index) =>
    orderId !== null && (result === 'APPLIED' || result === 'OVERTAKEN') && told[index]?.telling.told.kind === 'STATED'
      ? [orderId]
      : [],
  )
  await writeBaseAmounts(sql, accountId, [...new Set(stated)])
  const warnings = new Map<string, readonly OrderWarning[]>()
  for (const [index, { result }] of outcomes.entries()) {
    const [event, warning] = [told[index]?.event, warningOf(result)]
    if (event && warning) warnings.set(event.id, [warning])
  }
  return warnings
}

const changeIn =
  (erasureKey: string | null) =>
  ({ event, telling }: { event: TellingEvent; telling: Telling }): ChangeInput => {
    const { orderId, told, items } = telling
    return {
      ...{
        orderSourceId: orderId,
        erasedId: erasureKey === null ? null : erasedOrderId(erasureKey, orderId),
        profileId: event.profileId,
        at: event.occurredAt,
        source: 'EVENT',
        eventId: event.id,
        told,
      },
      ...(items === null ? {} : { items }),
      ...(told.kind === 'STATED' ? { details: detailsIn(telling) } : {}),
    }
  }

const detailsIn = ({ discountMinor, shippingMinor, taxMinor, couponCodes }: Telling): StatedDetails => ({
  ...{ discountMinor, shippingMinor, taxMinor },
  ...(couponCodes.length > 0 ? { couponCodes } : {}),
})
