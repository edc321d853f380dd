// People put straight into the database, in numbers that the API would take long for, and the same people as the core sees them.

import type { ConsentChannel, ConsentState } from '../../src/core/consent.ts'
import { type FieldMeta, firstEnd, foldFields } from '../../src/core/fields/fold.ts'
import { decodeId } from '../../src/core/ids.ts'
import type { ConsentFacts, PersonFacts, RelationshipFacts } from '../../src/core/targeting/facts.ts'
import { remember } from '../../src/core/targeting/history.ts'
import { factsOf, newPerson } from '../../src/core/targeting/people.ts'
import type { IdentityKind, Quality } from '../../src/generated/prisma/client.ts'
import { newId } from '../../src/ids.ts'
import { applyOrders } from '../../src/modules/orders/batch.ts'
import { findOrderFacts, readOrderFact } from '../../src/modules/orders/facts-sql.ts'
import type { JsonObject } from '../../src/scalars.ts'
import type { Caller, TestServer } from './server.ts'

/** One profile; those after the first of a person were merged into it, or into the one before. */
export interface Part {
  fields: JsonObject
  /** By field, when it was stated and until when it holds; of removed ones too. */
  meta?: FieldMeta
  identities: { kind: IdentityKind; value: string }[]
  audiences: string[]
  events: Happening[]
  consents?: Said[]
}

/** What somebody said of a channel, in the order in which it came in. */
export interface Said {
  channel: ConsentChannel
  state: ConsentState
  at: number
}

/** A stored event, and the qualities it was decided with, one after the other: the last is in force. */
export interface Happening {
  name: string
  at: number
  data: JsonObject
  qualities: Quality[]
}

export interface Someone {
  parts: Part[]
  /** How the merges hang together: each into the first, or each into the one before. */
  chained: boolean
}

/** An edge between two profiles, by their places among all profiles of the list; places out of range and loops are left out. */
export interface Edge {
  advocate: number
  friend: number
  programId: string
  /** Of its evidence, at least one. */
  times: number[]
  withdrawn: boolean
}

export async function accountOf(caller: Caller): Promise<string> {
  const { account } = await caller.query('{ account { id } }')
  return decodeId('Account', account.id) ?? ''
}

interface Population {
  people: readonly Someone[]
  edges: readonly Edge[]
}

type Stored = (Omit<Part, 'consents'> & { id: string; consents: (Said & { id: string })[] })[]

/** Stores the people; returns them as the core is given them, in the order of the list. Identifiers are unique already. */
export async function insertPeople(
  server: TestServer,
  accountId: string,
  { people, edges }: Population,
): Promise<PersonFacts[]> {
  const { system } = server.app.services.database
  const profiles = people.map(
    ({ parts }): Stored =>
      parts.map(({ consents = [], ...part }) => ({
        id: newId(),
        ...part,
        consents: consents.map((one) => ({ id: newId(), ...one })),
      })),
  )
  const all = profiles.flat()
  await system.profile.createMany({
    data: all.map(({ id, fields, meta = {} }) => {
      const endAt = firstEnd(meta)
      const fieldsEndAt = endAt === null ? null : new Date(endAt)
      return { accountId, id, fields, fieldMeta: { ...meta } as unknown as JsonObject, fieldsEndAt } // Plain numbers.
    }),
  })
  await system.identity.createMany({
    data: all.flatMap(({ id, identities }) => identities.map((one) => ({ accountId, ...one, profileId: id }))),
  })
  await system.audienceMember.createMany({
    data: all.flatMap(({ id, audiences }) => audiences.map((audienceId) => ({ accountId, audienceId, profileId: id }))),
  })
  await system.consent.createMany({
    data: all.flatMap(({ id: profileId, consents }) =>
      consents.map((one) => ({ accountId, ...one, profileId, source: 'API' as const, at: new Date(one.at) })),
    ),
  })
  const merges = profiles.flatMap((parts, i) =>
    parts
      .slice(1)
      .map(({ id }, n) => ({ accountId, loserId: id, survivorId: parts[people[i]?.chained ? n : 0]?.id ?? '' })),
  )
  await system.merge.createMany({ data: merges })
  const facts = profiles.map(personFacts)
  await insertHistory(server, accountId, { profiles, facts })
  await insertEdges(server, accountId, { profiles, facts, edges })
  return facts
}

function personFacts(parts: Stored): PersonFacts {
  const identities: Record<string, string[]> = {}
  for (const { kind, value } of parts.flatMap((part) => part.identities)) (identities[kind] ??= []).push(value)
  const consents = new Map<ConsentChannel, ConsentFacts>()
  const said = parts.flatMap((part) => part.consents)
  for (const { channel, ...one } of said.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)))
    consents.set(channel, one)
  const [own, ...merged] = parts.map(({ fields, meta = {} }) => ({ fields, meta, endAt: firstEnd(meta) }))
  return {
    ...newPerson(parts[0]?.id ?? ''),
    ...factsOf(foldFields([...merged, ...(own ? [own] : [])])),
    identities,
    consents,
    audienceIds: new Set(parts.flatMap(({ audiences }) => audiences)),
  }
}

interface Cast {
  profiles: readonly Stored[]
  facts: readonly PersonFacts[]
}

async function insertHistory(server: TestServer, accountId: string, { profiles, facts }: Cast): Promise<void> {
  const { system } = server.app.services.database
  const happenings = profiles.flatMap((parts, i) =>
    parts.flatMap((part) =>
      part.events.map(({ data, ...event }) => ({
        ...{ id: newId(), person: facts[i], profileId: part.id, data: ownOrders(data, i) },
        ...event,
      })),
    ),
  )
  await system.event.createMany({
    data: happenings.map(({ id, profileId, name, at, data }) => {
      const occurredAt = new Date(at)
      return { accountId, id, profileId, name, occurredAt, receivedAt: occurredAt, data }
    }),
  })
  await system.attribution.createMany({
    data: happenings.flatMap(({ id, profileId, at, qualities }) =>
      qualities.map((quality, i) => ({
        accountId,
        eventId: id,
        revision: i + 1,
        position: 0,
        status: 'UNATTRIBUTED' as const,
        reason: 'NO_CAMPAIGN' as const,
        profileId,
        quality,
        occurredAt: new Date(at),
        trace: {},
        decidedAt: new Date(at),
      })),
    ),
  })
  const told = happenings.map(({ id, profileId, name, at, data }) => ({
    ...{ id, profileId, name, data },
    occurredAt: new Date(at),
  }))
  await server.app.services.database.batch((sql) => applyOrders(sql, accountId, { events: told, erasureKey: null }))
  for (const { id, person, name, at, data, qualities } of happenings) {
    const event = { id, name, personId: person?.id ?? '', t: at, data }
    if (person) remember(person, { event, quality: qualities.at(-1) ?? null })
  }
  for (const person of facts) person.history.orders.splice(0)
  const owners = new Map(happenings.map(({ profileId, person }) => [profileId, person]))
  const asked = { profileIds: [...owners.keys()], untils: [...owners].map(() => farAhead) }
  const loaded = await findOrderFacts(system, accountId, { ...asked, items: true, exceptEventId: null })
  for (const { profileId, value } of loaded) owners.get(profileId)?.history.orders.push(readOrderFact(value))
}

const farAhead = new Date('9999-01-01T00:00:00Z')

/** An order is one person's, so the ids of orders that several are given are made their own. */
function ownOrders(data: JsonObject, person: number): JsonObject {
  const own = (value: unknown) =>
    (typeof value === 'string' && value.trim() !== '' && value.length <= 100) || typeof value === 'number'
      ? `${String(value).trim()} of ${person}`
      : value
  const ids = ['transaction_id', 'order_id'].filter((key) => key in data)
  return { ...data, ...Object.fromEntries(ids.map((key) => [key, own(data[key])])) } as JsonObject // As it was, but for texts.
}

async function insertEdges(
  server: TestServer,
  accountId: string,
  { profiles, facts, edges }: Cast & Pick<Population, 'edges'>,
): Promise<void> {
  const { system } = server.app.services.database
  const places = profiles.flatMap((parts, i) => parts.map(({ id }) => ({ id, person: facts[i] })))
  const rows = edges.flatMap(({ advocate, friend, programId, times, withdrawn }) => {
    const [one, other] = [places[advocate], places[friend]]
    const [first, last] = [Math.min(...times), Math.max(...times)]
    return one && other && one.id !== other.id
      ? [{ id: newId(), one, other, programId, times, withdrawn, first, last }]
      : []
  })
  await system.relationship.createMany({
    data: rows.map(({ id, one, other, programId, first, last, withdrawn }) => ({
      accountId,
      id,
      advocateId: one.id,
      friendId: other.id,
      programId,
      firstEvidenceAt: new Date(first),
      latestEvidenceAt: new Date(last),
      withdrawnAt: withdrawn ? new Date(last) : null,
    })),
  })
  await system.evidence.createMany({
    data: rows.flatMap(({ id, times }) =>
      times.map((at) => ({
        accountId,
        id: newId(),
        relationshipId: id,
        kind: 'COUPON_CODE' as const,
        at: new Date(at),
      })),
    ),
  })
  for (const { id, one, other, programId, times, withdrawn, first } of rows) {
    const relationship: RelationshipFacts = {
      id,
      advocateId: one.person?.id ?? '',
      friendId: other.person?.id ?? '',
      programId,
      campaignId: null,
      firstEvidenceAt: withdrawn ? Number.POSITIVE_INFINITY : first,
      evidence: times,
      matchedCodeIds: new Set(),
    }
    // Each side knows the other.
    other.person?.relationships.push({ ...relationship, ...(one.person ? { other: one.person } : {}) })
    one.person?.history.friends.push({ ...relationship, ...(other.person ? { other: other.person } : {}) })
  }
}
