// Takes back what a decision did, before its event is decided anew: credit, evidence, exits, and what is remembered of it.
// Journeys that its event took up again stay so.

import type { Decision } from './decision.ts'
import type { Effects, Settled } from './effects.ts'
import type { Instant, PersonFacts, World } from './facts.ts'

/** A decision that took effect. */
export interface Done extends Settled {
  readonly effects: Effects
}

/**
 * The world without the effects of a decision. A journey without any credit left is gone, a relationship without evidence has
 * its first at no time. The event's person is the one of `done.event`, whoever it was when it was decided. `all`: the decisions
 * that took effect in this world, by which a partner's id is known since when. Throws where the world lacks the person.
 */
export function withdraw(world: World, done: Done, all: Iterable<Done>): void {
  const { event, decision, effects } = done
  const person = world.people.get(event.personId)
  if (!person) throw new Error(`the world lacks the person of event ${decision.eventId}`)
  if (isCredit(decision) && effects.journeyId !== null) {
    const partners = [...all].filter(
      (other) => other.event.id !== event.id && other.effects.journeyId === effects.journeyId,
    )
    withdrawCredit(person, done, partners)
  }
  for (const { journeyId, at } of effects.journeysExited) {
    const journey = person.journeys.find(({ id }) => id === journeyId)
    if (journey?.exitedAt === at) journey.exitedAt = null
  }
  for (const { relationshipId, kind, codeId, at } of effects.evidenceAdded) {
    const edge = person.relationships.find(({ id }) => id === relationshipId)
    if (!edge) continue
    removeOne(edge.evidence, at)
    if (kind === 'EMAIL_MATCH') edge.matchedCodeIds.delete(codeId)
    if (edge.evidence.length === 0) edge.firstEvidenceAt = Number.POSITIVE_INFINITY
    else if (at <= edge.firstEvidenceAt) edge.firstEvidenceAt = Math.min(...edge.evidence)
  }
  forget(person, done)
  for (const [id, { eventId }] of world.transactions) if (eventId === decision.eventId) world.transactions.delete(id)
}

/** A follow-up is no activity of the journey that it names. */
const isCredit = ({ status, decidedBy }: Decision): boolean => status === 'ATTRIBUTED' && decidedBy !== 'INHERITED'

function withdrawCredit(person: PersonFacts, { decision, effects }: Done, others: readonly Done[]): void {
  const place = person.journeys.findIndex(({ id }) => id === effects.journeyId)
  const journey = person.journeys[place]
  if (!journey) return
  removeOne(journey.activities, decision.t)
  if (journey.activities.length === 0) person.journeys.splice(place, 1)
  const { partnerId, t } = decision
  if (partnerId === null || journey.partnerIds.get(partnerId) !== t) return
  const times = others.filter((other) => other.decision.partnerId === partnerId).map((other) => other.decision.t)
  if (times.length > 0) journey.partnerIds.set(partnerId, Math.min(...times))
  else journey.partnerIds.delete(partnerId)
}

function forget({ history }: PersonFacts, { event, decision }: Done): void {
  removeOne(history.events.get(event.name) ?? [], event.t)
  // One event may have told several things of an order.
  const others = history.orders.filter(({ eventId }) => eventId !== event.id)
  history.orders.splice(0, history.orders.length, ...others)
  removeWhere(history.qualities, ({ quality, at }) => quality === decision.quality && at === event.t)
}

const removeOne = (times: Instant[], at: Instant): void => removeWhere(times, (time) => time === at)

function removeWhere<T>(list: T[], isIt: (one: T) => boolean): void {
  const place = list.findIndex(isIt)
  if (place >= 0) list.splice(place, 1)
}
