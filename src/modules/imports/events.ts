// Events of the past. By themselves they are stored and nothing follows from them; with `attribute` they enter as trackEvent's do,
// in the order of their times, and make people one as live events do. An event that is known by its idempotency key is passed over.

import { createHash } from 'node:crypto'
import { type RowPlan, rejected, skipped } from '../../core/imports/outcome.ts'
import { ApiError } from '../../errors.ts'
import type { JsonObject } from '../../scalars.ts'
import { DateTimeScalar, JsonObjectScalar } from '../../scalars.ts'
import type { Outcome } from '../events/admission.ts'
import { type AcceptedEvent, acceptEvent } from '../events/check.ts'
import { heldToFields } from '../events/field-check.ts'
import { claimKeys, insertEvents, releaseKeys } from '../events/sql.ts'
import { refreshPeople } from '../profiles/memberships.ts'
import { type FileRow, type ImportKindWork, optionsOf, type Piece } from './job.ts'
import { type PersonRow, type RowContent, workPeople } from './people.ts'
import { faultText, identifierColumns, refIn, rowCode } from './person-rows.ts'
import { claimHashes, findKnownKeys, orderByTime } from './sql.ts'

const identifiers = new Set(identifierColumns.map(({ name }) => name))
const own = new Set(['event', 'occurredAt', 'idempotencyKey', 'channel', 'data'])

/** A row that is in order. */
interface EventOfRow {
  readonly number: number
  readonly event: AcceptedEvent
}

export const eventsWork: ImportKindWork = {
  columns: () => [
    { name: 'event', aliases: ['eventName', 'name', 'type'], required: true, examples: ['purchase', 'signup'] },
    {
      name: 'occurredAt',
      aliases: ['timestamp', 'time', 'date', 'at'],
      required: true,
      description: 'An instant with offset.',
      examples: ['2026-03-10T12:00:00Z', '2026-03-11T08:30:00+01:00'],
    },
    ...identifierColumns,
    { name: 'idempotencyKey', aliases: ['messageId', 'eventId', 'key'], examples: ['e-1', 'e-2'] },
    { name: 'channel', description: 'One of WEB, MOBILE_APP, API, EMAIL, IN_STORE, IMPORT.' },
    { name: 'data', aliases: ['properties'], description: 'A JSON object; other columns are put into it.' },
  ],
  strangers: () => 'TAKE',
  plansFirst: true,
  chunkSize: 500,
  async before({ context, job, rules, rows, isApplying }) {
    if (!isApplying || !optionsOf(job).attribute) return undefined
    const events = rows.flatMap((row) => eventOf({ context, job, rules }, row) ?? [])
    const fit = events.filter((one): one is EventOfRow => 'event' in one)
    const outcomes = await context.services.intake.submit(
      job.accountId,
      fit.map(({ event }) => event),
    )
    return new Map(fit.map(({ number }, index) => [number, outcomes[index]]))
  },
  work: workEvents,
  async planned(tx, job) {
    if (optionsOf(job).attribute) await orderByTime(tx, job)
  },
}

async function workEvents(piece: Piece): Promise<RowPlan[]> {
  const { job, rules, isApplying } = piece
  const { attribute } = optionsOf(job)
  const checked = piece.rows.map((row) => eventOf(piece, row))
  const refused = checked.filter((one): one is RowPlan => !('event' in one))
  const events = checked.filter((one): one is EventOfRow => 'event' in one)
  if (isApplying && attribute) {
    const told = piece.told as ReadonlyMap<number, Outcome | undefined> // What `before` gave.
    return [
      ...refused,
      ...(await withPeople(
        piece,
        events.map((one) => outcomeOf(job, one, told.get(one.number))),
      )),
    ]
  }
  const keyed = events.flatMap(({ number, event: { idempotencyKey: key } }) => (key === null ? [] : [{ number, key }]))
  const repeated = isApplying ? new Map<number, number>() : await repeatedIn(piece, keyed)
  const known = await knownKeys(piece, events)
  const verdicts = [...refused]
  const fresh = events.filter(({ number, event: { idempotencyKey: key } }) => {
    const first = repeated.get(number)
    if (first !== undefined)
      verdicts.push(rejected(number, 'DUPLICATE', `its idempotency key is that of row ${first} of the file`))
    else if (key !== null && known.has(key))
      verdicts.push(skipped(number, 'DONE_BEFORE', 'an event has its idempotency key already'))
    else return true
    return false
  })
  const rows = fresh.map(
    ({ number, event: { ref } }): PersonRow => ({
      ...{ number, ref, writes: [], given: {}, set: {}, notes: [] },
    }),
  )
  const byNumber = new Map(fresh.map(({ number, event }) => [number, event]))
  const told = await workPeople(piece, rows, { repeats: 'ANY', more: contentOf(byNumber, rules.aliases) })
  if (isApplying) await giveBack(piece, byNumber, told)
  return [...verdicts, ...told]
}

/**
 * The keys that other events have. Where the rows are brought in, theirs are claimed at once, before people are looked for: in the
 * order in which live events take what they take, so that the two never wait for each other.
 */
async function knownKeys({ tx, job, isApplying }: Piece, rows: readonly EventOfRow[]): Promise<ReadonlySet<string>> {
  const claims = rows.flatMap(({ event: { id, idempotencyKey: key, digests } }) =>
    key === null ? [] : [{ key, eventId: id, digests }],
  )
  if (!isApplying)
    return findKnownKeys(
      tx,
      job.accountId,
      claims.map(({ key }) => key),
    )
  if (claims.length === 0) return new Set()
  const owners = await claimKeys(tx, job.accountId, claims)
  const isOthers = ({ key, eventId }: { key: string; eventId: string }) =>
    (owners.get(key)?.eventId ?? eventId) !== eventId
  return new Set(claims.filter(isOthers).map(({ key }) => key))
}

/** Keys of events that were refused are anybody's again. */
async function giveBack(
  { tx, job }: Piece,
  events: ReadonlyMap<number, AcceptedEvent>,
  plans: readonly RowPlan[],
): Promise<void> {
  const stored = new Set(plans.filter(({ action }) => action === 'CREATE').map(({ number }) => number))
  const keys = [...events].flatMap(([number, { idempotencyKey: key }]) =>
    key === null || stored.has(number) ? [] : [key],
  )
  if (keys.length > 0) await releaseKeys(tx, job.accountId, keys)
}

const contentOf = (events: ReadonlyMap<number, AcceptedEvent>, aliases: ReadonlyMap<string, string>): RowContent => ({
  isNewThing: true,
  changes: async (_piece, rows) =>
    new Map(
      rows.flatMap(({ number }) => {
        const event = events.get(number)
        return event ? [[number, { event: event.name, at: event.occurredAt.toISOString() }] as const] : []
      }),
    ),
  async apply({ tx, context, job }, { rows }) {
    const stored = rows.flatMap(({ number, profileId, personId }) => {
      const event = events.get(number)
      return event ? [{ event, personId, row: storedEvent(event, { profileId, aliases }) }] : []
    })
    await insertEvents(
      tx,
      job.accountId,
      stored.map(({ row }) => row),
    )
    const written = stored.map(({ personId, row }) => ({
      ...{ personId, cause: 'EVENT' as const },
      touch: { events: [row.name] },
    }))
    await refreshPeople(tx, context, written)
  },
})

const storedEvent = (
  event: AcceptedEvent,
  { profileId, aliases }: { profileId: string; aliases: ReadonlyMap<string, string> },
) => ({
  ...{ id: event.id, profileId, name: aliases.get(event.name) ?? event.name, occurredAt: event.occurredAt },
  ...{ receivedAt: event.receivedAt, reportedAt: event.reportedAt, data: event.input.data ?? {}, targeting: null },
  ...{ context: event.input.context ?? null, json: event.json, channel: event.input.context?.channel ?? 'IMPORT' },
  idempotencyKey: event.idempotencyKey,
})

/** What is brought in again after a crash is known by the import's own key; by any other, somebody sent the event before. */
function outcomeOf(job: Piece['job'], { number, event }: EventOfRow, outcome: Outcome | undefined): RowPlan {
  if (outcome instanceof ApiError) return rejected(number, eventCode(outcome), outcome.message)
  if (!outcome || outcome instanceof Error) throw outcome ?? new Error('one event gives one outcome')
  if (outcome.replayed && event.idempotencyKey !== ownKey(job, number))
    return skipped(number, 'DONE_BEFORE', 'an event has its idempotency key already')
  const changes = { event: event.name, at: event.occurredAt.toISOString(), eventId: outcome.eventId }
  return { ...{ number, action: 'CREATE', profileId: null, changes, code: null, message: null } }
}

/** With the profiles that the events are stored with. */
async function withPeople({ tx, job }: Piece, plans: readonly RowPlan[]): Promise<RowPlan[]> {
  const idOf = ({ changes }: RowPlan) => (typeof changes?.eventId === 'string' ? changes.eventId : null)
  const ids = plans.flatMap((plan) => idOf(plan) ?? [])
  const rows = await tx.event.findMany({
    where: { accountId: job.accountId, id: { in: ids } },
    select: { id: true, profileId: true },
  })
  const profiles = new Map(rows.map(({ id, profileId }) => [id, profileId]))
  return plans.map((plan) => ({ ...plan, profileId: profiles.get(idOf(plan) ?? '') ?? null }))
}

function eventCode(error: ApiError) {
  // What may be sent again is: the whole chunk, whose events that are stored already are known by their keys.
  if (error.extensions.retryable) throw error
  return error.code === 'IDEMPOTENCY_CONFLICT' ? error.code : rowCode(error)
}

const ownKey = ({ id }: Piece['job'], number: number): string => `import:${id}:${number}`

async function repeatedIn(
  { tx, job }: Piece,
  keyed: readonly { number: number; key: string }[],
): Promise<ReadonlyMap<number, number>> {
  const claims = keyed.map(({ number, key }) => ({
    number,
    hash: createHash('sha256').update(`key:${key}`).digest().subarray(0, 16),
  }))
  const owners = await claimHashes(tx, job, claims)
  return new Map(
    claims.flatMap(({ number, hash }) => {
      const owner = owners.get(hash.toString('hex')) ?? number
      return owner < number ? [[number, owner] as const] : []
    }),
  )
}

/** The event that a row tells, or why it is refused. */
function eventOf(piece: Pick<Piece, 'context' | 'job' | 'rules'>, row: FileRow): EventOfRow | RowPlan {
  const { number } = row
  try {
    const event = acceptedIn(piece, row)
    if (event.ref.id === null && event.ref.identifiers.length === 0)
      return rejected(number, 'BAD_INPUT', 'no identifier names the person')
    const held = heldToFields(event, piece.rules)
    return held instanceof ApiError ? rejected(number, rowCode(held), faultText(held)) : { number, event: held }
  } catch (error) {
    if (error instanceof ApiError) return rejected(number, rowCode(error), faultText(error))
    throw error
  }
}

/** An event is kept as an import's; it is compared with others of its key as it was given. */
function acceptedIn(piece: Pick<Piece, 'context' | 'job'>, row: FileRow): AcceptedEvent {
  const arrival = { path: 'row', now: piece.context.now }
  const input = inputOf(piece, row)
  const given = acceptEvent(input, arrival)
  if (input.context) return given
  return { ...acceptEvent({ ...input, context: { channel: 'IMPORT' } }, arrival), digests: given.digests }
}

function inputOf({ job }: Pick<Piece, 'job'>, row: FileRow) {
  const { values } = row
  const text = (name: string): string | null => {
    const value = values.get(name)
    return value === undefined || value === null ? null : String(value).trim() || null
  }
  const occurredAt = text('occurredAt')
  if (occurredAt === null) throw new ApiError('BAD_INPUT', 'blank', { field: 'occurredAt' })
  const others = [...values].filter(([name, value]) => !identifiers.has(name) && !own.has(name) && value !== '')
  const told = dataIn(values.get('data'))
  const hasData = told !== null || others.length > 0
  const profile = Object.fromEntries(Object.entries(refIn(row)).filter(([, value]) => value !== null))
  const channel = text('channel')
  const { attribute } = optionsOf(job)
  // What a row says nothing of is left out, as callers leave it out.
  return {
    ...{ name: text('event') ?? '', profile, occurredAt: DateTimeScalar.parseValue(occurredAt) },
    ...(hasData ? { data: JsonObjectScalar.parseValue({ ...told, ...Object.fromEntries(others) }) } : {}),
    ...(channel === null ? {} : { context: { channel: channelIn(channel) } }),
    // So that one that was stored just before a crash is known when its chunk is done again.
    idempotencyKey: text('idempotencyKey') ?? (attribute ? ownKey(job, row.number) : null),
  }
}

const channels = ['WEB', 'MOBILE_APP', 'API', 'EMAIL', 'IN_STORE', 'IMPORT']

function channelIn(given: string): string {
  const channel = given.toUpperCase()
  if (!channels.includes(channel))
    throw new ApiError('BAD_INPUT', `not one of ${channels.join(', ')}`, { field: 'channel' })
  return channel
}

function dataIn(value: unknown): JsonObject | null {
  if (value === undefined || value === null || value === '') return null
  const fault = () => new ApiError('BAD_INPUT', 'not a JSON object', { field: 'data' })
  let data: unknown = value
  if (typeof value === 'string') {
    try {
      data = JSON.parse(value)
    } catch {
      throw fault()
    }
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw fault()
  return data as JsonObject // JSON, and an object.
}
