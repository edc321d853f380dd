// A batch of one account's events, from many callers or one: load → decide → apply in one transaction. It alone composes
// the modules that take part. An event's answer is final when this returns: it is committed, or it is refused.

import type { Services } from '../../context.ts'
import type { EventFacts } from '../../core/targeting/facts.ts'
import { ApiError, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { isDataError, pause, retrying } from '../../platform/retry.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import { addWarnings, appendAttributions } from '../attributions/sql.ts'
import { applyJourneys } from '../journeys/apply.ts'
import { lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import { applyRelationships } from '../relationships/apply.ts'
import { type AcceptedEvent, differingFields } from './check.ts'
import { codesOf, type DecidedBatch, decideBatch, emailsOf, type KnownEvent, worldRequest } from './decide-batch.ts'
import { findOvertaken } from './overtaken.ts'
import { claimKeys, type EventRow, findStored, insertEvents, type KeyClaim, releaseKeys } from './sql.ts'
import { findAdvocates, loadWorld } from './world.ts'

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

export type IngestServices = Pick<Services, 'database' | 'ruleSets' | 'live' | 'now'>

/** Stores and decides the events in their order; each succeeds or fails alone. */
export async function ingest(services: IngestServices, batch: Batch): Promise<Outcome[]> {
  try {
    const outcomes = await retrying(() => services.database.transaction((tx) => runBatch(tx, services, batch)))
    if (outcomes.some((outcome) => !(outcome instanceof Error) && !outcome.replayed))
      services.live.wake(batch.accountId)
    return outcomes
  } catch (error) {
    if (isUnavailable(error)) return afterOutage(services, batch)
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

const outageLookUps = 5
const outagePauseMs = 400

/**
 * The connection was lost, perhaps in the COMMIT: ids are ours, so the database can tell whether the events are there.
 * Those that are, are answered as stored; the others, and all where the database stays away, are UNAVAILABLE.
 */
async function afterOutage({ database, live }: IngestServices, { accountId, events }: Batch): Promise<Outcome[]> {
  for (let lookUp = 1; lookUp <= outageLookUps; lookUp++) {
    await pause(outagePauseMs)
    try {
      const stored = await findStored(
        database.system,
        accountId,
        events.map(({ id }) => id),
      )
      if (stored.size > 0) live.wake(accountId)
      return events.map(({ id }) => (stored.has(id) ? { eventId: id, replayed: false } : away()))
    } catch (error) {
      if (!isUnavailable(error)) throw error
    }
  }
  return events.map(away)
}

const away = () => new ApiError('UNAVAILABLE', 'the database is away; send it again, with the same idempotency key')

async function runBatch(tx: Transaction, services: IngestServices, { accountId, events }: Batch): Promise<Outcome[]> {
  const { outcomes, fresh } = await admit(tx, accountId, events)
  if (fresh.length > 0) {
    const people = await resolvePeople(
      tx,
      fresh.map(({ ref }) => ref),
      { accountId, write: true },
    )
    const known = await dropUnknown(tx, { accountId, fresh, people, outcomes })
    if (known.length > 0) await decideAndApply(tx, services, { accountId, known, people })
    for (const { event } of known) outcomes.set(event.id, { eventId: event.id, replayed: false })
  }
  return events.map((event) => outcomeOf(outcomes, event))
}

interface Admitted {
  accountId: string
  known: readonly KnownEvent[]
  people: People
}

async function decideAndApply(
  tx: Transaction,
  services: IngestServices,
  { accountId, known, people }: Admitted,
): Promise<void> {
  const emails = emailsOf(known, people)
  const others = await findAdvocates(tx, { accountId, people: people.before, codes: codesOf(known), emails })
  await lockPeople(tx, people, { accountId, others })
  // Whatever was waited for is over: rules, time and facts are those of now.
  const account = await services.ruleSets.inForce(tx, accountId)
  const later = await findOvertaken(tx, accountId, { events: known, people })
  const request = worldRequest(accountId, { events: known, people, account, later })
  const world = await loadWorld(tx, request)
  const steps = known.map(({ step }) => step)
  const decided = decideBatch(request.events, steps, { world, rules: account.rules, later })
  await apply(tx, { accountId, events: known, facts: request.events, decided, account, decidedAt: services.now() })
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
    const step = people.steps[index]
    if (step) {
      known.push({ event, step })
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

interface Applied {
  accountId: string
  events: readonly KnownEvent[]
  facts: readonly EventFacts[]
  decided: DecidedBatch
  account: AccountRules
  decidedAt: Date
}

// Rows that others wait for come last: the feed's head right before the commit.
async function apply(
  tx: Transaction,
  { accountId, events, facts, decided, account, decidedAt }: Applied,
): Promise<void> {
  const { results, lateWarnings } = decided
  const effects = results.map((result) => result.effects)
  await insertEvents(
    tx,
    accountId,
    events.map(({ event, step }, index) => eventRow(event, step.personId, facts[index])),
  )
  await applyRelationships(tx, accountId, effects)
  await applyJourneys(tx, accountId, effects)
  if (lateWarnings.length) await addWarnings(tx, accountId, lateWarnings)
  await appendAttributions(
    tx,
    accountId,
    results.map(({ decision, trace, warnings, effects: { journeyId, relationshipId } }) => ({
      decision,
      trace,
      warnings,
      journeyId,
      relationshipId,
      rulesVersion: account.version,
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
