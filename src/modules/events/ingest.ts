// A batch of one account's events, from many callers or one: load → decide → apply in one transaction. It alone composes
// the modules that take part. An event's answer is final when this returns: it is committed, or it is refused.

import type { Services } from '../../context.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { writesOf } from '../../core/fields/write.ts'
import type { EventFacts, World } from '../../core/targeting/facts.ts'
import { ApiError } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { isDataError, pause, RetryError, retrying } from '../../platform/retry.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import { addWarnings, appendAttributions } from '../attributions/sql.ts'
import { applyCarts } from '../carts/apply.ts'
import { applyConsents, consentWarnings } from '../consents/apply.ts'
import { addCounts, countedOf } from '../counts/sql.ts'
import { applyJourneys } from '../journeys/apply.ts'
import { refreshMemberships } from '../memberships/refresh.ts'
import { applyOrders, type OrderWarnings, tellsOrder } from '../orders/batch.ts'
import { noteRivals } from '../profiles/candidates-sql.ts'
import { findRows } from '../profiles/directory.ts'
import { findErasedAmong } from '../profiles/erased.ts'
import { applyFields } from '../profiles/fields.ts'
import { keepRaws, unreadWarnings } from '../profiles/raw-values.ts'
import { findLocked, lockCrowd, type People, resolvePeople } from '../profiles/resolve.ts'
import { insertMerges, type MemberNow } from '../profiles/sql.ts'
import { type AccountRules, StaleRulesError } from '../programs/rule-sets.ts'
import { applyRelationships } from '../relationships/apply.ts'
import { admit, dropErased, dropUnknown, hold, type Outcome } from './admission.ts'
import type { AcceptedEvent } from './check.ts'
import { codesOf, type DecidedBatch, decideBatch, emailsOf, type KnownEvent, worldRequest } from './decide-batch.ts'
import { fieldsGiven, withNormalisedFields } from './field-values.ts'
import { findOvertaken } from './overtaken.ts'
import { type EventRow, findStored, insertEvents } from './sql.ts'
import { StoredEvent } from './stored.ts'
import { touchedBy } from './touched.ts'
import { findAdvocates, findLinks, loadWorld } from './world.ts'
import { writtenWith } from './written-with.ts'

export interface Batch {
  readonly accountId: string
  readonly events: readonly AcceptedEvent[]
  /** Goes first in the transaction that stores these of its events; where it says false, others have done so, and none is stored. */
  first?(sql: Sql, events: readonly AcceptedEvent[]): Promise<boolean>
}

export type IngestServices = Pick<Services, 'database' | 'ruleSets' | 'live' | 'clock' | 'carts' | 'now'>

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
async function halve(services: IngestServices, batch: Batch): Promise<Outcome[]> {
  const { events } = batch
  const middle = Math.ceil(events.length / 2)
  const first = await ingest(services, { ...batch, events: events.slice(0, middle) })
  const second = await ingest(services, { ...batch, events: events.slice(middle) })
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

async function runBatch(tx: Sql, services: IngestServices, batch: Batch): Promise<Outcome[]> {
  const { accountId, events } = batch
  if (batch.first && !(await batch.first(tx, events))) return events.map(({ id }) => ({ eventId: id, replayed: true }))
  const refsOf = (some: readonly AcceptedEvent[]) => some.map(({ id, ref }) => ({ ...ref, eventId: id }))
  // People are looked up for all, known keys or not, so that the two need not wait for each other.
  const expected = services.ruleSets.lastKnown(accountId)
  const key = expected?.erasureKey
  const [screened, rows, erased] = await Promise.all([
    admit(tx, accountId, events),
    findRows(tx, accountId, refsOf(events)),
    key ? findErasedAmong(tx, accountId, { key, events }) : null,
  ])
  const living = erased ? await dropErased(tx, accountId, { ...screened, erased }) : screened
  const admitted = expected?.fields ? await hold(tx, services, { ...living, accountId, expected }) : living
  const { outcomes, fresh } = admitted
  if (fresh.length > 0) {
    // Where the account's rules turn out to be others, the batch begins anew.
    const people = await resolvePeople(tx, refsOf(fresh), { accountId, write: true, rows, rules: expected?.identity })
    const known = await dropUnknown(tx, { accountId, people, ...admitted })
    const stored = known.length > 0 ? await decideAndApply(tx, services, { accountId, known, people }) : []
    const warned = new Map(fresh.map((event) => [event.id, warningsOf(event, expected)]))
    for (const one of stored) {
      const warnings = warned.get(one.eventId) ?? []
      outcomes.set(one.eventId, {
        eventId: one.eventId,
        replayed: false,
        stored: one,
        ...(warnings.length ? { warnings } : {}),
      })
    }
  }
  return events.map((event) => outcomeOf(outcomes, event))
}

/** What the event's answer tells to have been left out. */
function warningsOf(event: AcceptedEvent, account: AccountRules | undefined): FieldFault[] {
  const { name, input, path, fields, warnings = [] } = event
  const unread = fields && account ? unreadWarnings(fields.set, { rules: account.fieldRules, path: 'traits' }) : []
  return [
    ...warnings,
    ...unread,
    ...consentWarnings(account?.aliases.get(name) ?? name, input.data ?? {}, `${path}.data`),
  ]
}

interface Admitted {
  accountId: string
  known: readonly KnownEvent[]
  people: People
}

async function decideAndApply(
  tx: Sql,
  services: IngestServices,
  { accountId, known: given, people }: Admitted,
): Promise<readonly StoredEvent[]> {
  // Where the rules turn out to be others, the batch begins anew.
  const expected = services.ruleSets.lastKnown(accountId)
  const known = expected ? withNormalisedFields(given, expected.fieldRules) : given
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
  // Likewise where one of them was erased meanwhile, perhaps the account's first.
  const isErased = ({ rootId, erasedAt }: MemberNow) =>
    erasedAt !== null && people.before.some(({ id }) => id === rootId)
  if (account !== expected || locked.some(isErased)) throw new StaleRulesError()
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
  const warnings = await apply(tx, {
    accountId,
    people,
    events: known,
    rows,
    decided,
    account,
    decidedAt,
    world,
    locked,
    clock: services.clock,
    carts: services.carts,
  })
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
      orderWarnings: warnings.get(event.id) ?? [],
    })
  })
}

function outcomeOf(outcomes: ReadonlyMap<string, Outcome>, event: AcceptedEvent): Outcome {
  const outcome = outcomes.get(event.id)
  if (!outcome) throw new Error(`event ${event.id} was left without an answer`)
  return outcome
}

interface Applied {
  accountId: string
  people: People
  events: readonly KnownEvent[]
  rows: readonly EventRow[]
  decided: DecidedBatch
  account: AccountRules
  decidedAt: Date
  world: World
  locked: readonly MemberNow[]
  clock: Services['clock']
  carts: Services['carts']
}

const noWarnings = [null, new Map()] as const

// Rows that others wait for come last: the feeds' heads right before the commit. Returns what was not taken of orders.
async function apply(tx: Sql, applied: Applied): Promise<OrderWarnings> {
  const { accountId, people, events, rows, decided, account, decidedAt } = applied
  const { results, lateWarnings } = decided
  const effects = results.map((result, index) => writtenWith(rows[index]?.profileId, result.effects))
  const counted = results.map(({ decision, trace }, index) => countedOf(rows[index]?.name ?? '', decision, trace))
  const stated = events.flatMap(({ event: { id }, step: { personId, profileId = personId, fields } }) =>
    fields ? [{ profileId, eventId: id, writes: writesOf(fields) }] : [],
  )
  // They run in this order, and leave together.
  const written = Promise.all([
    people.merges.length > 0 && insertMerges(tx, accountId, people.merges),
    people.rivals.length > 0 && noteRivals(tx, accountId, people.rivals),
    insertEvents(tx, accountId, rows),
    stated.length > 0 &&
      applyFields(tx, accountId, { stated, locked: applied.locked, rules: account.fields?.of('PROFILE') }),
    applyConsents(tx, accountId, {
      events: rows,
      membersOf: (profileId) => people.membersOf(people.rootOf(profileId)),
    }),
    applyCarts(tx, accountId, { events: rows, expect: (at) => applied.carts.expect(at) }),
    keepRaws(tx, accountId, { changes: fieldsGiven(events), rules: account.fieldRules }),
    applyRelationships(tx, accountId, effects),
    applyJourneys(tx, accountId, effects),
    lateWarnings.length > 0 && addWarnings(tx, accountId, lateWarnings),
  ])
  // What follows reads what it writes; it waits where an event tells of an order, and nowhere else.
  const told = rows.filter(({ name }) => tellsOrder(name))
  const [, warnings] =
    told.length > 0
      ? await Promise.all([written, applyOrders(tx, accountId, { events: told, erasureKey: account.erasureKey })])
      : noWarnings
  if (account.audiences.inOrder.length > 0) {
    const expect = (at: Date) => applied.clock.expect(at)
    const refreshed = { audiences: account.audiences, touched: touchedBy(applied), now: decidedAt, expect }
    await Promise.all([written, refreshMemberships(tx, accountId, refreshed)])
  }
  await Promise.all([
    written,
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
  return warnings
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
