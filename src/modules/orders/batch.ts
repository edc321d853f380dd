// What a batch's events tell of orders, written in their transaction.

import { orderTellers, type Telling, tellingOf } from '../../core/orders/telling.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import { applyChanges, type ChangeInput } from './changes.ts'
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

/** Returns what was not taken. The events are stored either way. */
export async function applyOrders(
  sql: Sql,
  accountId: string,
  events: readonly TellingEvent[],
): Promise<OrderWarnings> {
  const told = events.flatMap((event) => {
    // What was accepted as JSON.
    const telling = tellingOf({ ...event, data: event.data as JsonObject, t: event.occurredAt.getTime() })
    return telling ? [{ event, telling }] : []
  })
  const outcomes = await applyChanges(sql, accountId, told.map(changeIn))
  const stated = outcomes.flatMap(({ orderId, result }, index) =>
    orderId !== null && result === 'APPLIED' && told[index]?.telling.told.kind === 'STATED' ? [orderId] : [],
  )
  await writeBaseAmounts(sql, accountId, [...new Set(stated)])
  const warnings = new Map<string, readonly OrderWarning[]>()
  for (const [index, { result }] of outcomes.entries()) {
    const [event, warning] = [told[index]?.event, warningOf(result)]
    if (event && warning) warnings.set(event.id, [warning])
  }
  return warnings
}

function changeIn({ event, telling }: { event: TellingEvent; telling: Telling }): ChangeInput {
  const { orderId, told, items } = telling
  return {
    ...{
      orderSourceId: orderId,
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

function detailsIn({ items, discountMinor, shippingMinor, taxMinor, couponCodes }: Telling) {
  const totals = items?.map(({ totalMinor }) => totalMinor) ?? []
  const isKnown = totals.length > 0 && totals.every((total) => total !== null)
  return {
    ...{ discountMinor, shippingMinor, taxMinor },
    itemsMinor: isKnown ? totals.reduce<number>((sum, total) => sum + (total ?? 0), 0) : null,
    ...(couponCodes.length > 0 ? { couponCodes } : {}),
  }
}
