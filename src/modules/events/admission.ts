// Which events of a batch are decided: not those whose key is known, that are about somebody who was erased or about nobody, or
// whose fields do not fit. Each of those has its outcome here; keys of refused ones are given back.

import type { FieldFault } from '../../core/fields/definition.ts'
import { ApiError, notFound } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { type ErasedAmong, wasErased } from '../profiles/erased.ts'
import type { People } from '../profiles/resolve.ts'
import { type AccountRules, type RuleSets, StaleRulesError } from '../programs/rule-sets.ts'
import { type AcceptedEvent, differingFields } from './check.ts'
import type { KnownEvent } from './decide-batch.ts'
import { heldToFields } from './field-check.ts'
import { claimKeys, type KeyClaim, releaseKeys } from './sql.ts'
import type { StoredEvent } from './stored.ts'

/** What became of one event: stored now, or before under the same key (`replayed`). */
export interface Ingested {
  readonly eventId: string
  readonly replayed: boolean
  /** What was stored just now; absent where that was before, or is not known. */
  readonly stored?: StoredEvent
  /** What was left out of it just now. */
  readonly warnings?: readonly FieldFault[]
}

/** An ApiError is what the caller did wrong; any other error is ours, and about this event alone. */
export type Outcome = Ingested | Error

type Outcomes = Map<string, Outcome>

export interface Screened {
  outcomes: Outcomes
  fresh: readonly AcceptedEvent[]
  /** Events whose keys others were used with, for other content. */
  rivals: readonly string[]
}

/** Separates the events to decide from those whose key is known: replays, and conflicts. */
export async function admit(tx: Sql, accountId: string, events: readonly AcceptedEvent[]): Promise<Screened> {
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
  // Of an event of somebody who was erased nothing is kept that it could be compared with.
  if (Object.keys(owner.digests).length === 0) return { eventId: owner.eventId, replayed: true }
  const fields = differingFields(event.digests, owner.digests)
  if (fields.length === 0) return { eventId: owner.eventId, replayed: true }
  const message = `the idempotency key was used before, and these differ: ${fields.join(', ')}`
  return new ApiError('IDEMPOTENCY_CONFLICT', message, { field: `${event.path}.idempotencyKey`, fields })
}

/** Events about somebody who was erased are refused, and give their keys back: by id, by the key of an event of then, or of before the erasure. */
export async function dropErased(
  tx: Sql,
  accountId: string,
  { erased, ...screened }: Screened & { erased: ErasedAmong },
): Promise<Screened> {
  const released: string[] = []
  const fresh = screened.fresh.filter((event) => {
    const at = erased(event)
    if (!at) return true
    screened.outcomes.set(event.id, wasErased(at, `${event.path}.profile`))
    if (event.idempotencyKey !== null) released.push(event.idempotencyKey)
    return false
  })
  if (released.length) await releaseKeys(tx, accountId, released)
  settle(screened)
  return { ...screened, fresh }
}

/**
 * Events about a profile id of nobody are refused, and give their keys back. An event that uses such a key for something else
 * is no conflict then: the batch fails, and is halved until the two are apart and each is decided for itself.
 */
export async function dropUnknown(
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
  if (released.length) await releaseKeys(tx, accountId, released)
  settle({ outcomes, rivals })
  return known
}

/** One that repeats a refused event of its own batch is refused with it; where one uses its key for something else, the batch fails. */
function settle({ outcomes, rivals }: Pick<Screened, 'outcomes' | 'rivals'>): void {
  if (rivals.some((owner) => outcomes.get(owner) instanceof Error))
    throw new Error('the key of a refused event was used for another')
  for (const [id, outcome] of outcomes) {
    const first = outcome instanceof Error ? undefined : outcomes.get(outcome.eventId)
    if (first instanceof Error) outcomes.set(id, first)
  }
}

/** Of an account that defines fields: events as they are stored; those that do not fit are refused, and begin nobody. */
export async function hold(
  tx: Sql,
  { ruleSets }: { ruleSets: RuleSets },
  { accountId, expected, ...screened }: Screened & { accountId: string; expected: AccountRules },
): Promise<Screened> {
  const { outcomes, rivals } = screened
  const fresh: AcceptedEvent[] = []
  const released: string[] = []
  for (const event of screened.fresh) {
    const held = heldToFields(event, expected)
    if (!(held instanceof Error)) fresh.push(held)
    else {
      outcomes.set(event.id, held)
      if (event.idempotencyKey !== null) released.push(event.idempotencyKey)
    }
  }
  if (fresh.length === screened.fresh.length) return { ...screened, fresh }
  // Nobody is refused by definitions that were replaced.
  if ((await ruleSets.forBatch(tx, accountId)) !== expected) throw new StaleRulesError()
  if (released.length) await releaseKeys(tx, accountId, released)
  settle({ outcomes, rivals })
  return { ...screened, fresh }
}
