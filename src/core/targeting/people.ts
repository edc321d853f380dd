// What an event's identifiers change about who is who, before it is decided: new identifiers of a person, and people who
// turn out to be one. Applied to the world event by event, so that no event is judged by what a later one will show.

import { foldFields, inForce, type StampedFields } from '../fields/fold.ts'
import { type FieldsStatement, write, writesOf } from '../fields/write.ts'
import type { Identifier } from '../identity.ts'
import type { Instant, PersonFacts, PersonHistory, World } from './facts.ts'

/** A person of whom nothing is known yet. */
export const newPerson = (id: string): PersonFacts => ({
  id,
  blocked: false,
  fields: {},
  identities: {},
  audienceIds: new Set(),
  journeys: [],
  relationships: [],
  history: { events: new Map(), orders: [], qualities: [], friends: [] },
})

export interface IdentityStep {
  readonly personId: string
  /** The profile of the person that was named, where that was merged into the person: what is written is written with it. */
  readonly profileId?: string
  /** Identifiers that become the person's. */
  readonly attached: readonly Identifier[]
  /** Those that were somebody else's until here. */
  readonly lost?: readonly { readonly personId: string; readonly identifier: Identifier }[]
  /** People who are this person from here on. */
  readonly absorbed: readonly string[]
  /** Fields of the person that change with the event. */
  readonly fields?: FieldsStatement
}

/** Brings the world's people up to date with a step. Throws where the world lacks one of them. */
export function takeStep(world: World, { personId, attached, absorbed, lost = [], fields }: IdentityStep): void {
  for (const { personId: loserId, identifier } of lost) lose(world, personOf(world, loserId), identifier)
  for (const loserId of absorbed) join(world, personOf(world, personId), personOf(world, loserId))
  if (fields) {
    const person = personOf(world, personId)
    world.people.set(personId, { ...person, ...factsOf(write(fieldsOf(person), writesOf(fields)).fields) })
  }
  if (attached.length === 0) return
  const person = personOf(world, personId)
  const identities: Record<string, readonly string[]> = { ...person.identities }
  for (const { kind, value } of attached) identities[kind] = [...(identities[kind] ?? []), value]
  world.people.set(personId, { ...person, identities })
}

function lose(world: World, person: PersonFacts, { kind, value }: Identifier): void {
  const left = (person.identities[kind] ?? []).filter((own) => own !== value)
  world.people.set(person.id, { ...person, identities: { ...person.identities, [kind]: left } })
}

const fieldsOf = ({ fields, fieldMeta = {}, fieldsEndAt = null }: PersonFacts): StampedFields => ({
  ...{ fields, meta: fieldMeta, endAt: fieldsEndAt },
})

/** Fields as the facts of a person have them. */
export const factsOf = ({ fields, meta, endAt }: StampedFields) => ({ fields, fieldMeta: meta, fieldsEndAt: endAt })

/** The person as of that time: without values that ended by then. */
export function personAt(person: PersonFacts, t: Instant): PersonFacts {
  const { fieldsEndAt = null } = person
  return fieldsEndAt === null || t < fieldsEndAt ? person : { ...person, fields: inForce(fieldsOf(person), t) }
}

function personOf({ people }: World, id: string): PersonFacts {
  const person = people.get(id)
  if (!person) throw new Error(`the world lacks person ${id}`)
  return person
}

/** The survivor reads as both; what named the loser names the survivor. */
function join(world: World, survivor: PersonFacts, loser: PersonFacts): void {
  const now = (id: string) => (id === loser.id ? survivor.id : id)
  world.people.delete(loser.id)
  world.people.set(survivor.id, {
    id: survivor.id,
    blocked: survivor.blocked || loser.blocked,
    ...factsOf(foldFields([fieldsOf(loser), fieldsOf(survivor)])),
    identities: joinedIdentities(survivor, loser),
    audienceIds: new Set([...survivor.audienceIds, ...loser.audienceIds]),
    journeys: [...survivor.journeys, ...loser.journeys.map((journey) => ({ ...journey, personId: survivor.id }))],
    relationships: [...survivor.relationships, ...loser.relationships],
    history: joinedHistory(survivor.history, loser.history),
  })
  for (const person of world.people.values()) {
    for (const [index, relationship] of person.relationships.entries()) {
      const { advocateId, friendId } = relationship
      if (advocateId !== loser.id && friendId !== loser.id) continue
      person.relationships[index] = { ...relationship, advocateId: now(advocateId), friendId: now(friendId) }
    }
  }
  const renamed = <Row extends { readonly advocateId: string | null }>(row: Row): Row =>
    row.advocateId === loser.id ? { ...row, advocateId: survivor.id } : row
  for (const [key, code] of world.codes) world.codes.set(key, renamed(code))
  for (const [email, shares] of world.sharesTo) world.sharesTo.set(email, shares.map(renamed))
  for (const [id, transaction] of world.transactions) world.transactions.set(id, renamed(transaction))
  for (const [id, ownerId] of world.orderOwners ?? []) world.orderOwners?.set(id, now(ownerId))
}

function joinedHistory(survivor: PersonHistory, loser: PersonHistory): PersonHistory {
  const events = new Map([...survivor.events].map(([name, times]) => [name, [...times]]))
  for (const [name, times] of loser.events) events.set(name, [...(events.get(name) ?? []), ...times])
  return {
    events,
    orders: [...survivor.orders, ...loser.orders],
    qualities: [...survivor.qualities, ...loser.qualities],
    friends: [...survivor.friends, ...loser.friends],
  }
}

function joinedIdentities(survivor: PersonFacts, loser: PersonFacts): PersonFacts['identities'] {
  const kinds = new Set([...Object.keys(survivor.identities), ...Object.keys(loser.identities)])
  const both = (kind: string) => [...(survivor.identities[kind] ?? []), ...(loser.identities[kind] ?? [])]
  return Object.fromEntries([...kinds].map((kind) => [kind, both(kind)]))
}
