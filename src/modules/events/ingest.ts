// A batch of one account's events, from many callers or one: load → decide → apply in one transaction. It alone composes
// the modules that take part. An event's answer is final when this returns: it is committed, or it is refused.

import type { Services } from '../../context.ts'
import type { EventFacts } from '../../core/targeting/facts.ts'
import { ApiError, notFound } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { isDataError, pause, RetryError, retrying } from '../../platform/retry.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import { addWarnings, appendAttributions } from '../attributions/sql.ts'
import { addCounts, countedOf } from '../counts/sql.ts'
import { applyJourneys } from '../journeys/apply.ts'
import { noteRivals } from '../profiles/candidates-sql.ts'
import { findRows } from '../profiles/directory.ts'
import { applyFields } from '../profiles/fields.ts'
import { findLocked, lockCrowd, type People, resolvePeople } from '../profiles/resolve.ts'
import { insertMerges } from '../profiles/sql.ts'
import { type AccountRules, StaleRulesError } from '../programs/rule-sets.ts'
import { applyRelationships } from '../relationships/apply.ts'
import { type AcceptedEvent, differingFields } from './check.ts'
import { codesOf, type DecidedBatch, decideBatch, emailsOf, type KnownEvent, worldRequest } from './decide-batch.ts'
import { findOvertaken } from './overtaken.ts'
import { claimKeys, type EventRow, findStored, insertEvents, type KeyClaim, releaseKeys } from './sql.ts'
import { StoredEvent } from './stored.ts'
import { findAdvocates, findLinks, loadWorld } from './world.ts'
import { writtenWith } from './written-with.ts'

/** What became of one event: stored now, or before under the same key (`replayed`). */
export interface Ingested {
  readonly eventId: string
  readonly replayed: boolean
  /** What was stored just now; absent where that was before, or is not known. */
  readonly stored?: StoredEvent
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
    const outcomes = await retrying(() => attempt(services, batch))
    if (outcomes.some((outcome) => !(outcome instanceof Error) && !outcome.replayed))
      services.live.wake(batch.accountId)
    return outcomes
  } catch (error) {
    if (isUnavailable(error)) return afterOutage(services, batch)
    return batch.events.length === 1 ? [failureOf(error)] : halve(services, batch)
  }
}

const ruleLoads = 10

/** The batch in a transaction, by the rules of that moment. RetryError where these change faster than they can be loaded. */
async function attempt(services: IngestServices, batch: Batch): Promise<Outcome[]> {
  const { database, ruleSets } = services
  const load = () => database.transaction((tx) => ruleSets.inForce(tx, batch.accountId))
  if (!ruleSets.lastKnown(batch.accountId)) await load()
  for (let loads = 0; loads < ruleLoads; loads++) {
    try {
      return await database.batch((sql) => runBatch(sql, services, batch))
    } catch (error) {
      if (!(error instanceof StaleRulesError)) throw error
      await load()
    }
  }
  throw new RetryError()
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

async function runBatch(tx: Sql, services: IngestServices, { accountId, events }: Batch): Promise<Outcome[]> {
  const refsOf = (some: readonly AcceptedEvent[]) => some.map(({ id, ref }) => ({ ...ref, eventId: id }))
  // People are looked up for all, known keys or not, so that the two need not wait for each other.
  const [admitted, rows] = await Promise.all([admit(tx, accountId, events), findRows(tx, accountId, refsOf(events))])
  const { outcomes, fresh } = admitted
  if (fresh.length > 0) {
    // Where the account's rules turn out to be others, the batch begins anew.
    const rules = services.ruleSets.lastKnown(accountId)?.identity
    const people = await resolvePeople(tx, refsOf(fresh), { accountId, write: true, rows, rules })
    const known = await dropUnknown(tx, { accountId, people, ...admitted })
    const stored = known.length > 0 ? await decideAndApply(tx, services, { accountId, known, people }) : []
    for (const one of stored) outcomes.set(one.eventId, { eventId: one.eventId, replayed: false, stored: one })
  }
  return events.map((event) => outcomeOf(outcomes, event))
}

interface Admitted {
  accountId: string
  known: readonly KnownEvent[]
  people: People
}

async function decideAndApply(
  tx: Sql,
  services: IngestServices,
  { accountId, known, people }: Admitted,
): Promise<readonly StoredEvent[]> {
  // Where the rules turn out to be others, the batch begins anew.
  const expected = services.ruleSets.lastKnown(accountId)
  const emails = expected?.rules.hasFriendFlows ? emailsOf(known, people) : []
  const linked = { accountId, people: people.before, codes: codesOf(known), emails }
  const crowd = { people, others: await findAdvocates(tx, linked) }
  await lockCrowd(tx, accountId, crowd)
  // Whatever was waited for is over: rules, time and facts are those of now.
  const [locked, account, later, links] = await Promise.all([
    findLocked(tx, accountId, crowd),
    services.ruleSets.forBatch(tx, accountId),
    findOvertaken(tx, accountId, { events: known, people }),
    findLinks(tx, linked),
  ])
  if (account !== expected) throw new StaleRulesError()
  const codesAreAll = later.length === 0
  const request = worldRequest(accountId, {
    ...{ events: known, people, account, later, locked },
    ...(codesAreAll ? { links } : {}), // Those that later events named are looked up as well.
  })
  const world = await loadWorld(tx, request)
  const steps = known.map(({ step }) => step)
  const decided = decideBatch(request.events, steps, { world, rules: account.rules, later })
  const rows = eventRows(known, request.events)
  const decidedAt = services.now()
  await apply(tx, { accountId, people, events: known, rows, decided, account, decidedAt })
  return decided.results.map((result, index) => {
    const event = rows[index]
    if (!event) throw new Error('a decision belongs to an event')
    return new StoredEvent({
      accountId,
      event,
      result,
      world,
      account,
      people,
      decidedAt,
      dropped: known[index]?.dropped ?? [],
    })
  })
}

function outcomeOf(outcomes: ReadonlyMap<string, Outcome>, event: AcceptedEvent): Outcome {
  const outcome = outcomes.get(event.id)
  if (!outcome) throw new Error(`event ${event.id} was left without an answer`)
  return outcome
}

type Outcomes = Map<string, Outcome>

interface Screened {
  outcomes: Outcomes
  fresh: readonly AcceptedEvent[]
  /** Events whose keys others were used with, for other content. */
  rivals: readonly string[]
}

/** Separates the events to decide from those whose key is known: replays, and conflicts. */
async function admit(tx: Sql, accountId: string, events: readonly AcceptedEvent[]): Promise<Screened> {
  const outcomes: Outcomes = new Map()
  const rivals: string[] = []
  const claims = new Map<string, KeyClaim>()
  for (const { id, idempotencyKey: key, digests } of events) {
    if (key !== null && !claims.has(key)) claims.set(key, { key, eventId: id, digests })
  }
  const owners = claims.size ? await claimKeys(tx, accountId, [...claims.values()]) : claims
  const fresh = events.filter((event) => {
    const key = event.idempotencyKey
    const owner = key === null ? undefined : (owners.get(key) ?? claims.get(key))
    if (!owner || owner.eventId === event.id) return true
    const outcome = replay(event, owner)
    outcomes.set(event.id, outcome)
    if (outcome instanceof Error) rivals.push(owner.eventId)
    return false
  })
  return { outcomes, fresh, rivals }
}

function replay(event: AcceptedEvent, owner: KeyClaim): Outcome {
  const fields = differingFields(event.digests, owner.digests)
  if (fields.length === 0) return { eventId: owner.eventId, replayed: true }
  const message = `the idempotency key was used before, and these differ: ${fields.join(', ')}`
  return new ApiError('IDEMPOTENCY_CONFLICT', message, { field: `${event.path}.idempotencyKey`, fields })
}

/**
 * Events about a profile id of nobody are refused, and give their keys back. An event that uses such a key for something else
 * is no conflict then: the batch fails, and is halved until the two are apart and each is decided for itself.
 */
async function dropUnknown(
  tx: Sql,
  { accountId, fresh, people, outcomes, rivals }: Screened & { accountId: string; people: People },
): Promise<KnownEvent[]> {
  const known: KnownEvent[] = []
  const released: string[] = []
  for (const [index, event] of fresh.entries()) {
    const step = people.steps[index]
    if (step) {
      const { dropped } = step
      known.push({ event, dropped, step: event.fields ? { ...step, fields: event.fields } : step })
      continue
    }
    outcomes.set(event.id, notFound('no such profile', `${event.path}.profile.id`))
    if (event.idempotencyKey !== null) released.push(event.idempotencyKey)
  }
  if (rivals.some((owner) => outcomes.get(owner) instanceof Error))
    throw new Error('the key of a refused event was used for another')
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
  people: People
  events: readonly KnownEvent[]
  rows: readonly EventRow[]
  decided: DecidedBatch
  account: AccountRules
  decidedAt: Date
}

// Rows that others wait for come last: the feed's head right before the commit.
async function apply(
  tx: Sql,
  { accountId, people, events, rows, decided, account, decidedAt }: Applied,
): Promise<void> {
  const { results, lateWarnings } = decided
  const effects = results.map((result, index) => writtenWith(rows[index]?.profileId, result.effects))
  const counted = results.map(({ decision, trace }, index) => countedOf(rows[index]?.name ?? '', decision, trace))
  const steps = events.map(({ step }) => step)
  const isMerged = (id: string) => people.membersOf(people.rootOf(id)).length > 1
  // They run in this order, and leave together.
  await Promise.all([
    people.merges.length > 0 && insertMerges(tx, accountId, people.merges),
    people.rivals.length > 0 && noteRivals(tx, accountId, people.rivals),
    insertEvents(tx, accountId, rows),
    applyFields(tx, accountId, { steps, isMerged }),
    applyRelationships(tx, accountId, effects),
    applyJourneys(tx, accountId, effects),
    lateWarnings.length > 0 && addWarnings(tx, accountId, lateWarnings),
    addCounts(tx, accountId, counted),
    appendAttributions(
      tx,
      accountId,
      results.map(({ decision, trace, warnings, effects: { journeyId, relationshipId } }, index) => ({
        decision,
        profileId: rows[index]?.profileId,
        trace,
        warnings,
        journeyId,
        relationshipId,
        decidedAt,
        rulesVersion: account.version,
      })),
    ),
  ])
}

const eventRows = (events: readonly KnownEvent[], facts: readonly EventFacts[]): EventRow[] =>
  events.map(({ event, step }, index) => ({
    id: event.id,
    profileId: step.profileId ?? step.personId,
    name: facts[index]?.name ?? event.name,
    occurredAt: event.occurredAt,
    receivedAt: event.receivedAt,
    reportedAt: event.reportedAt,
    data: event.input.data ?? {},
    targeting: event.input.targeting ?? null,
    context: event.input.context ?? null,
    json: event.json,
    channel: event.input.context?.channel ?? null,
    idempotencyKey: event.idempotencyKey,
  }))
