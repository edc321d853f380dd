// A batch of one account's events, from many callers or one: load → decide → apply in one transaction. It alone composes
// the modules that take part. An event's answer is final when this returns: it is committed, or it is refused.

import type { Services } from '../../context.ts'
import { decide } from '../../core/targeting/decide.ts'
import type { Decision } from '../../core/targeting/decision.ts'
import { type Effects, takeEffect } from '../../core/targeting/effects.ts'
import type { EventFacts, World } from '../../core/targeting/facts.ts'
import { readHints, requestedCodes } from '../../core/targeting/hints.ts'
import { ApiError, notFound } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { isDataError, retrying } from '../../platform/retry.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import { appendAttributions } from '../attributions/sql.ts'
import { applyJourneys } from '../journeys/apply.ts'
import { lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import { applyRelationships } from '../relationships/apply.ts'
import { type AcceptedEvent, differingFields } from './check.ts'
import { claimKeys, type EventRow, insertEvents, type KeyClaim, releaseKeys } from './sql.ts'
import { findAdvocates, loadWorld, type WorldRequest } from './world.ts'

/** What became of one event: stored now, or before under the same key (`replayed`). */
export interface Ingested {
  readonly eventId: string
  readonly replayed: boolean
}

/** An ApiError is what the caller did wrong; any other error is ours, and about this event alone. */
export type Outcome = Ingested | Error

export interface Batch {
  readonly accountId: string
  readonly events: readonly AcceptedEvent[]
}

export type IngestServices = Pick<Services, 'database' | 'ruleSets' | 'live'>

/** Stores and decides the events in their order; each succeeds or fails alone. Throws where the database is away. */
export async function ingest(services: IngestServices, batch: Batch): Promise<Outcome[]> {
  try {
    const outcomes = await retrying(() => services.database.transaction((tx) => runBatch(tx, services, batch)))
    if (outcomes.some((outcome) => !(outcome instanceof Error) && !outcome.replayed))
      services.live.wake(batch.accountId)
    return outcomes
  } catch (error) {
    if (isUnavailable(error)) throw error
    return batch.events.length === 1 ? [failureOf(error)] : halve(services, batch)
  }
}

// Something is wrong with an event of the batch; halving leaves it alone with its error.
async function halve(services: IngestServices, { accountId, events }: Batch): Promise<Outcome[]> {
  const middle = Math.ceil(events.length / 2)
  const first = await ingest(services, { accountId, events: events.slice(0, middle) })
  const second = await ingest(services, { accountId, events: events.slice(middle) })
  return [...first, ...second]
}

function failureOf(error: unknown): Error {
  if (isDataError(error)) return new ApiError('BAD_INPUT', 'the event holds a value that cannot be stored')
  return error instanceof Error ? error : new Error('deciding failed', { cause: error })
}

async function runBatch(tx: Transaction, services: IngestServices, { accountId, events }: Batch): Promise<Outcome[]> {
  const { outcomes, fresh } = await admit(tx, accountId, events)
  if (fresh.length === 0) return events.map((event) => outcomeOf(outcomes, event))
  const account = await services.ruleSets.inForce(tx, accountId)
  const people = await resolvePeople(
    tx,
    fresh.map(({ ref }) => ref),
    { accountId, write: true },
  )
  const known = await dropUnknown(tx, { accountId, fresh, people, outcomes })
  if (known.length) {
    const request = worldRequest(accountId, { events: known, people, account })
    await lockPeople(tx, people, { accountId, others: await findAdvocates(tx, request) })
    const world = await loadWorld(tx, request)
    const results = decideAll(request.events, world, account)
    await apply(tx, { accountId, events: known, request, results })
    for (const { event } of known) outcomes.set(event.id, { eventId: event.id, replayed: false })
  }
  return events.map((event) => outcomeOf(outcomes, event))
}

function outcomeOf(outcomes: ReadonlyMap<string, Outcome>, event: AcceptedEvent): Outcome {
  const outcome = outcomes.get(event.id)
  if (!outcome) throw new Error(`event ${event.id} was left without an answer`)
  return outcome
}

type Outcomes = Map<string, Outcome>

/** Separates the events to decide from those whose key is known: replays, and conflicts. */
async function admit(tx: Transaction, accountId: string, events: readonly AcceptedEvent[]) {
  const outcomes: Outcomes = new Map()
  const claims = new Map<string, KeyClaim>()
  for (const { id, idempotencyKey: key, digests } of events) {
    if (key !== null && !claims.has(key)) claims.set(key, { key, eventId: id, digests })
  }
  const owners = claims.size ? await claimKeys(tx, accountId, [...claims.values()]) : claims
  const fresh = events.filter((event) => {
    const owner = event.idempotencyKey === null ? undefined : owners.get(event.idempotencyKey)
    if (!owner || owner.eventId === event.id) return true
    outcomes.set(event.id, replay(event, owner))
    return false
  })
  return { outcomes, fresh }
}

function replay(event: AcceptedEvent, owner: KeyClaim): Outcome {
  const fields = differingFields(event.digests, owner.digests)
  if (fields.length === 0) return { eventId: owner.eventId, replayed: true }
  const message = `the idempotency key was used with another ${fields.join(', ')}`
  return new ApiError('IDEMPOTENCY_CONFLICT', message, { field: 'input.idempotencyKey', fields })
}

export interface KnownEvent {
  readonly event: AcceptedEvent
  readonly personId: string
}

/** Events about a profile id of nobody are refused, and give their keys back. */
async function dropUnknown(
  tx: Transaction,
  {
    accountId,
    fresh,
    people,
    outcomes,
  }: { accountId: string; fresh: readonly AcceptedEvent[]; people: People; outcomes: Outcomes },
): Promise<KnownEvent[]> {
  const known: KnownEvent[] = []
  const released: string[] = []
  for (const [index, event] of fresh.entries()) {
    const person = people.of[index]
    if (person != null) {
      known.push({ event, personId: people.rootOf(person) })
      continue
    }
    outcomes.set(event.id, notFound('no such profile', `${event.path}.profile.id`))
    if (event.idempotencyKey !== null) released.push(event.idempotencyKey)
  }
  if (released.length) await releaseKeys(tx, accountId, released)
  // One that repeats a refused event of its own batch is refused with it.
  for (const [id, outcome] of outcomes) {
    const first = outcome instanceof Error ? undefined : outcomes.get(outcome.eventId)
    if (first instanceof Error) outcomes.set(id, first)
  }
  return known
}

/** What the world must hold for the events. */
export function worldRequest(
  accountId: string,
  { events, people, account }: { events: readonly KnownEvent[]; people: People; account: AccountRules },
): WorldRequest & { events: readonly EventFacts[] } {
  const facts = events.map((known) => eventFacts(known, account))
  return {
    accountId,
    events: facts,
    codes: [...new Set(facts.flatMap((event) => requestedCodes(event)))],
    partnerIds: [...new Set(facts.flatMap((event) => readHints(event).partnerId ?? []))],
    audienceIds: [...account.rules.audienceIds],
    membersOf: (id) => people.membersOf(id),
  }
}

function eventFacts({ event, personId }: KnownEvent, { aliases }: AccountRules): EventFacts {
  const { input } = event
  const name = aliases.get(event.name)
  return {
    id: event.id,
    name: name ?? event.name,
    ...(name === undefined ? {} : { alias: event.name }),
    personId,
    t: event.occurredAt.getTime(),
    data: input.data ?? {},
    ...(input.targeting ? { targeting: input.targeting } : {}),
    ...(input.context?.userAgent ? { userAgent: input.context.userAgent } : {}),
  }
}

interface Result {
  decision: Decision
  effects: Effects
}

// In order: the events of one person see each other's effects.
function decideAll(events: readonly EventFacts[], world: World, { rules }: AccountRules): Result[] {
  return events.map((event) => {
    const decision = decide(event, world, rules)
    return { decision, effects: takeEffect(decision, world, newId) }
  })
}

interface Applied {
  accountId: string
  events: readonly KnownEvent[]
  request: { events: readonly EventFacts[] }
  results: readonly Result[]
}

// Rows that others wait for come last: the feed's head right before the commit.
async function apply(tx: Transaction, { accountId, events, request, results }: Applied): Promise<void> {
  const effects = results.map((result) => result.effects)
  await insertEvents(
    tx,
    accountId,
    events.map(({ event, personId }, index) => eventRow(event, personId, request.events[index])),
  )
  await applyRelationships(tx, accountId, effects)
  await applyJourneys(tx, accountId, effects)
  const decidedAt = events[0]?.event.receivedAt ?? new Date(0)
  await appendAttributions(
    tx,
    accountId,
    results.map(({ decision, effects: { journeyId, relationshipId } }) => ({
      decision,
      journeyId,
      relationshipId,
      decidedAt,
    })),
  )
}

function eventRow(event: AcceptedEvent, personId: string, facts: EventFacts | undefined): EventRow {
  const { input } = event
  return {
    id: event.id,
    profileId: personId,
    name: facts?.name ?? event.name,
    occurredAt: event.occurredAt,
    receivedAt: event.receivedAt,
    reportedAt: event.reportedAt,
    data: input.data ?? {},
    targeting: input.targeting ?? null,
    context: input.context ?? null,
    channel: input.context?.channel ?? null,
    idempotencyKey: event.idempotencyKey,
  }
}
