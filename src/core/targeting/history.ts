// What a decided event adds to its person's history, so that later events of the same batch see it.

import { orderFactsOf } from '../orders/telling.ts'
import type { Asks } from '../rules/asks.ts'
import type { Quality } from './decision.ts'
import type { EventFacts, PersonFacts, World } from './facts.ts'

/** An event, and the quality of its decision; null where it was stored undecided. */
export interface Decided {
  readonly event: EventFacts
  /** As the world has them. */
  readonly orderOwners?: World['orderOwners']
  readonly quality: Quality | null
}

/** Adds the event's time, what it tells of an order and the quality of its decision, as far as anybody asks; all of them without `asks`. */
export function remember(person: PersonFacts, { event, orderOwners, quality }: Decided, asks?: Asks): void {
  const { events, orders, qualities } = person.history
  if (!asks || asks.eventCaps.has(event.name)) {
    const times = events.get(event.name)
    if (times) times.push(event.t)
    else events.set(event.name, [event.t])
  }
  if (!asks || asks.orders) {
    const told = orderFactsOf(event, orders)
    const orderId = told[0]?.orderId
    const owner = orderId === undefined ? undefined : orderOwners?.get(orderId)
    // What is told of somebody else's order is not taken.
    if (owner === undefined || owner === person.id) orders.push(...told)
    if (orderId !== undefined && owner === undefined) orderOwners?.set(orderId, person.id)
  }
  if (quality !== null && (!asks || asks.qualityCaps.has(quality))) qualities.push({ quality, at: event.t })
}

/** Shows a relationship that just began to its advocate too, where the world knows them. */
export function rememberFriend(world: World, friend: PersonFacts, relationshipId: string): void {
  const relationship = friend.relationships.find(({ id }) => id === relationshipId)
  if (relationship) world.people.get(relationship.advocateId)?.history.friends.push(relationship)
}
