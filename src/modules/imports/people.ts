// People from rows: who each row is about, what it changes of them, and the doing of it, set by set. An import begins people and
// completes them, but never makes two known people one: such a row is refused, naming both. The rules are those of events and of
// updateProfile: identifiers, definitions and normalisers of fields, history, erased people, audiences.

import { createHash } from 'node:crypto'
import { inForce, own } from '../../core/fields/fold.ts'
import { maxFieldsBytes } from '../../core/fields/limits.ts'
import { isSameJson } from '../../core/fields/same-json.ts'
import { type FieldWrite, write } from '../../core/fields/write.ts'
import { groupBy } from '../../core/group.ts'
import { identifierKey } from '../../core/identity.ts'
import { isSamePlan, type RowPlan, rejected, skipped } from '../../core/imports/outcome.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { RetryError } from '../../platform/retry.ts'
import { fieldsOfRow, foldPerson } from '../member-fields/rows.ts'
import { type DirectoryRows, findRows } from '../profiles/directory.ts'
import { findErasedAmong } from '../profiles/erased.ts'
import { historyRow, insertHistory, storeFields, tooManyFields } from '../profiles/fields.ts'
import { refreshArrivals, refreshPeople } from '../profiles/memberships.ts'
import { keepRaws } from '../profiles/raw-values.ts'
import {
  type CheckedRef,
  findLocked,
  lockCrowd,
  type People,
  type ResolvedStep,
  resolvePeople,
} from '../profiles/resolve.ts'
import { findMembersNow, type MemberNow } from '../profiles/sql.ts'
import type { Piece } from './job.ts'
import { claimHashes } from './sql.ts'

/** A row that is in order: whom it is about, and what it says of them. */
export interface PersonRow {
  readonly number: number
  readonly ref: CheckedRef
  readonly writes: readonly FieldWrite[]
  /** As it was given, and as it is stored. */
  readonly given: JsonObject
  readonly set: JsonObject
  /** What was left out of it. */
  readonly notes: readonly string[]
}

export interface PeopleWork {
  /** How often a person may be in the file: once, once a field, or any number of times. */
  readonly repeats?: 'NEVER' | 'FIELDS' | 'ANY'
  /** What a row is beside what it says of its person. */
  readonly more?: RowContent
}

/** A row and whom it is about; null for somebody who is not known yet. */
export interface RowPerson {
  readonly number: number
  readonly personId: string | null
}

/** A row that is brought in, and the profile that it is of. */
export interface RowDone {
  readonly number: number
  readonly personId: string
  readonly profileId: string
}

export interface RowContent {
  /** Each row begins something of its own, whoever it is about. */
  readonly isNewThing?: boolean
  /** By number, what the row changes beside fields; rows that change nothing are left out. */
  changes(piece: Piece, rows: readonly RowPerson[]): Promise<ReadonlyMap<number, JsonObject>>
  apply(piece: Piece, done: { readonly rows: readonly RowDone[]; readonly people: People }): Promise<void>
}

/** A row, whom it is about, and what it would change. */
interface Judged {
  readonly row: PersonRow
  readonly step: ResolvedStep
  readonly isNew: boolean
  readonly plan: RowPlan
}

/** A verdict for each of the rows, in no order. */
export async function workPeople(piece: Piece, given: readonly PersonRow[], how: PeopleWork): Promise<RowPlan[]> {
  const verdicts: RowPlan[] = []
  const refuse = (plan: RowPlan) => {
    verdicts.push(plan)
    return false
  }
  const { tx, job, rules } = piece
  const { accountId } = job
  const repeated = await repeatedIn(piece, given, how)
  const rows = given.filter((row) => refuseKnown(repeated.get(row.number), row, refuse))
  const directory = await findRows(
    tx,
    accountId,
    rows.map(({ ref }) => ref),
  )
  const people = await resolvePeople(
    tx,
    rows.map(({ ref }) => ref),
    { ...{ accountId, write: false, rows: directory }, rules: rules.identity },
  )
  const erased = await erasedIn(piece, rows)
  const created = new Set(people.created)
  const judged: Judged[] = []
  for (const [index, row] of rows.entries()) {
    const verdict = erased(row) ?? stepVerdict(piece, row, { step: people.steps[index] ?? null, people, created })
    if ('step' in verdict) judged.push(verdict)
    else refuse(verdict)
  }
  const single = (how.repeats ?? 'NEVER') === 'NEVER' ? await onceEach(piece, judged, refuse) : judged
  const planned = await withChanges(piece, single, how)
  const ready = planned.filter(({ row, plan }) => {
    if (plan.action !== 'CREATE' && plan.action !== 'UPDATE') return refuse(plan)
    const agreed = piece.confirmed?.get(row.number)
    if (agreed && !isAgreed(agreed, plan, how)) return refuse(changedMeanwhile(row.number, plan.profileId))
    return true
  })
  if (piece.isApplying && ready.length > 0) verdicts.push(...(await apply(piece, ready, { how, directory })))
  else verdicts.push(...ready.map(({ plan }) => plan))
  return verdicts
}

/** Where a person has several rows, an earlier one may have begun them since the plan. */
function isAgreed(agreed: RowPlan, plan: RowPlan, { repeats = 'NEVER' }: PeopleWork): boolean {
  if (repeats === 'NEVER') return isSamePlan(agreed, plan)
  const isOther = agreed.profileId !== null && agreed.profileId !== plan.profileId
  return !isOther && isSameJson(agreed.changes?.fields, plan.changes?.fields)
}

const changedMeanwhile = (number: number, profileId: string | null): RowPlan => ({
  ...rejected(number, 'CHANGED_MEANWHILE', 'what the row is about changed since the plan was made; plan it anew'),
  profileId,
})

function refuseKnown(first: number | undefined, { number }: PersonRow, refuse: (plan: RowPlan) => boolean): boolean {
  if (first === undefined) return true
  return refuse(rejected(number, 'DUPLICATE', `the same as row ${first} of the file`))
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16)

/** By number, the earlier row that has the same identifier; of long files, the same field of the same person. */
async function repeatedIn(
  { tx, job }: Piece,
  rows: readonly PersonRow[],
  { repeats = 'NEVER' }: PeopleWork,
): Promise<ReadonlyMap<number, number>> {
  if (repeats === 'ANY') return new Map()
  const keysOf = ({ ref, writes }: PersonRow): string[] => {
    const names = [...(ref.id === null ? [] : [`id:${ref.id}`]), ...ref.identifiers.map(identifierKey)]
    return repeats === 'FIELDS'
      ? names.slice(0, 1).flatMap((name) => writes.map((one) => `${name}\n${one.name}`))
      : names
  }
  const claims = rows.flatMap((row) => keysOf(row).map((key) => ({ hash: hashOf(key), number: row.number })))
  return firstOf(claims, await claimHashes(tx, job, claims))
}

function firstOf(
  claims: readonly { hash: Buffer; number: number }[],
  owners: ReadonlyMap<string, number>,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const { hash, number } of claims) {
    const owner = owners.get(hash.toString('hex')) ?? number
    if (owner < number) found.set(number, Math.min(owner, found.get(number) ?? owner))
  }
  return found
}

/** Two rows may name one person by different identifiers. */
async function onceEach(
  { tx, job }: Piece,
  judged: readonly Judged[],
  refuse: (plan: RowPlan) => boolean,
): Promise<Judged[]> {
  const known = judged.filter(({ isNew }) => !isNew)
  const claims = known.map(({ row, step }) => ({ hash: hashOf(`person:${step.personId}`), number: row.number }))
  const repeated = firstOf(claims, await claimHashes(tx, job, claims))
  return judged.filter(({ row }) => refuseKnown(repeated.get(row.number), row, refuse))
}

async function erasedIn(
  { tx, job, rules }: Piece,
  rows: readonly PersonRow[],
): Promise<(row: PersonRow) => RowPlan | null> {
  const key = rules.erasureKey
  if (!key || rows.length === 0) return () => null
  // What a file says is of the past, whenever it comes.
  const sent = ({ ref }: PersonRow) => ({ ref, occurredAt: new Date(0), idempotencyKey: null })
  const among = await findErasedAmong(tx, job.accountId, { key, events: rows.map(sent) })
  return (row) => {
    const at = among(sent(row))
    if (!at) return null
    return { ...rejected(row.number, 'CONFLICT', `this person was erased at ${at.toISOString()}`), isErased: true }
  }
}

function stepVerdict(
  { job }: Piece,
  row: PersonRow,
  { step, people, created }: { step: ResolvedStep | null; people: People; created: ReadonlySet<string> },
): Judged | RowPlan {
  const { number } = row
  if (step === null) return rejected(number, 'NOT_FOUND', 'no such profile')
  const rival = people.rivals.find(({ personId }) => personId === step.personId)
  const others = [
    ...step.absorbed,
    ...(rival ? [rival.rivalId] : []),
    ...(step.lost ?? []).map(({ personId }) => personId),
  ]
  if (others.length > 0) {
    const ids = [step.personId, ...others].filter((id) => !created.has(id))
    return rejected(
      number,
      'CONFLICT',
      `its identifiers are of several people: ${[...new Set(ids)].join(', ')}; an import merges nobody`,
    )
  }
  const isNew = created.has(step.personId)
  const profileId = isNew ? null : (step.profileId ?? step.personId)
  if (isNew && job.strategy === 'UPDATE_ONLY') return skipped(number, 'UNKNOWN', 'nobody is known by these identifiers')
  if (!isNew && job.strategy === 'CREATE_ONLY')
    return { ...skipped(number, 'EXISTS', 'the person is known already'), profileId }
  const plan: RowPlan = {
    number,
    action: isNew ? 'CREATE' : 'UPDATE',
    profileId,
    changes: null,
    code: null,
    message: null,
  }
  return { row, step, isNew, plan }
}

/** What the rows would change of their people, as they are now. */
async function withChanges(piece: Piece, judged: readonly Judged[], { more }: PeopleWork): Promise<Judged[]> {
  const known = judged.filter(({ isNew }) => !isNew).map(({ step }) => step.personId)
  const { tx, job } = piece
  const members = known.length > 0 ? await findMembersNow(tx, job.accountId, [...new Set(known)]) : []
  const asked = judged.map(({ row: { number }, step, isNew }) => ({ number, personId: isNew ? null : step.personId }))
  const extra = await more?.changes(piece, asked)
  const byRoot = groupBy(members, ({ rootId }) => rootId)
  return judged.map((one) => {
    const fields = fieldChanges(piece, one, byRoot.get(one.step.personId) ?? [])
    const identifiers = one.step.attached.map(identifierKey)
    const changes = {
      ...(Object.keys(fields).length > 0 ? { fields } : {}),
      ...(identifiers.length > 0 ? { identifiers } : {}),
      ...extra?.get(one.row.number),
    }
    const message = messageOf(one)
    if (!one.isNew && Object.keys(changes).length === 0)
      return {
        ...one,
        plan: { ...skipped(one.row.number, 'UNCHANGED', 'it is so already'), profileId: one.plan.profileId },
      }
    const action = more?.isNewThing ? ('CREATE' as const) : one.plan.action
    return {
      ...one,
      plan: { ...one.plan, action, changes, code: message === null ? null : ('LEFT_OUT' as const), message },
    }
  })
}

function messageOf({ row, step }: Judged): string | null {
  const dropped = step.dropped.map(({ kind, value, reason }) => `${kind} ${value}: ${reason}`)
  const notes = [...row.notes, ...dropped]
  return notes.length > 0 ? `left out: ${notes.join('; ')}`.slice(0, 1_000) : null
}

/** By name, the value before and after; null where there is none. */
function fieldChanges({ job, context, rules }: Piece, { row }: Judged, members: readonly MemberNow[]): JsonObject {
  const now = context.now.getTime()
  const rows = members.map(({ profileId: id, ...rest }) => ({ id, ...rest }))
  const current = rows[0] ? inForce(foldPerson(rows, members[0]?.rootId ?? ''), now) : {}
  const stated = new Set(row.writes.map(({ name }) => name))
  const isKept = (name: string) =>
    stated.has(name) || rules.fields?.of('PROFILE')?.byName.get(name)?.definition.required
  // Of a required field the value stays where the file has none.
  const gone = job.strategy === 'REPLACE' ? Object.keys(current).filter((name) => !isKept(name)) : []
  const writes = [...row.writes, ...gone.map((name) => ({ name, value: undefined }))]
  return Object.fromEntries(
    writes.flatMap(({ name, value }) => {
      const before = own(current, name)
      if (isSameJson(before ?? null, value ?? null)) return []
      return [[name, [before ?? null, value ?? null]]]
    }),
  )
}

/** Brings the rows in. RetryError where somebody changed the same people since they were looked at, a moment ago. */
async function apply(
  piece: Piece,
  ready: readonly Judged[],
  { how, directory }: { how: PeopleWork; directory: DirectoryRows },
): Promise<RowPlan[]> {
  const { tx, job, rules, context } = piece
  const { accountId } = job
  const refs = ready.map(({ row }) => row.ref)
  const people = await resolvePeople(tx, refs, {
    ...{ accountId, write: true, rows: directory },
    rules: rules.identity,
  })
  const crowd = { people, others: [] }
  await lockCrowd(tx, accountId, crowd)
  const locked = await findLocked(tx, accountId, crowd)
  const isAsPlanned = ready.every(({ step, isNew }, index) => {
    const now = people.steps[index]
    return now && (isNew ? people.created.includes(now.personId) : now.personId === step.personId)
  })
  if (!isAsPlanned || people.merges.length + people.rivals.length > 0) throw new RetryError()
  if (locked.some(({ erasedAt }) => erasedAt !== null)) throw new RetryError()
  const now = ready.map((one, index): Judged => ({ ...one, step: people.steps[index] ?? one.step }))
  const again = await withChanges(piece, now, how)
  if (again.some(({ plan }, index) => !isSameJson(plan.changes, ready[index]?.plan.changes))) throw new RetryError()
  const done = again.map(({ plan, step }) => ({ ...plan, profileId: step.profileId ?? step.personId }))
  const names = await writeFields(piece, again, locked)
  const rows = again.map(({ row: { number }, step: { personId, profileId = personId } }) => ({
    number,
    personId,
    profileId,
  }))
  await how.more?.apply(piece, { rows, people })
  await refreshArrivals(tx, context, people)
  const written = [...names].map(([personId, fields]) => ({ personId, touch: { fields }, cause: 'FIELDS' as const }))
  await refreshPeople(tx, context, written)
  return done
}

/** Returns by person the names that were written. LIMIT_EXCEEDED where somebody would have over 64 KiB. */
async function writeFields(
  { tx, job, rules, context }: Piece,
  judged: readonly Judged[],
  locked: readonly MemberNow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { accountId, apiKeyId } = job
  const now = context.now
  const byProfile = new Map(locked.map((row) => [row.profileId, row]))
  const byRoot = groupBy(locked, ({ rootId }) => rootId)
  const changed = [...groupBy(judged, ({ step }) => step.profileId ?? step.personId)].map(([profileId, ofOne]) => {
    const row = byProfile.get(profileId)
    if (!row) throw new Error(`profile ${profileId} is locked and gone`)
    const before = fieldsOfRow(row)
    const members = byRoot.get(row.rootId) ?? []
    const writes = ofOne.flatMap(({ plan }) => writesIn(plan.changes, { members, now: now.getTime() }))
    return { profileId, rootId: row.rootId, before, writes, ...write(before, writes) }
  })
  const stored = changed
    .filter(({ writes }) => writes.length > 0)
    .map(({ fields: after, ...one }) => ({ ...one, after }))
  if (stored.length === 0) return new Map()
  if ((await storeFields(tx, accountId, { changed: stored, rules: rules.fields?.of('PROFILE') })) > maxFieldsBytes)
    throw tooManyFields()
  const cause = { source: 'IMPORT' as const, ...(apiKeyId ? { apiKeyId } : {}) }
  await insertHistory(
    tx,
    accountId,
    stored.flatMap(({ profileId, history }) => history.map((told) => historyRow(told, { profileId, ...cause }))),
  )
  const raws = judged.map(({ row, step }) => ({
    profileId: step.profileId ?? step.personId,
    given: row.given,
    stored: row.set,
    at: now,
  }))
  await keepRaws(tx, accountId, { changes: raws, rules: rules.fieldRules })
  return new Map(stored.map(({ rootId, writes }) => [rootId, writes.map(({ name }) => name)]))
}

/** What is stated holds from now on, even where a field was last stated for a time that is yet to come. */
function writesIn(
  changes: JsonObject | null,
  { members, now }: { members: readonly MemberNow[]; now: number },
): FieldWrite[] {
  const fields = (changes?.fields ?? {}) as Record<string, [unknown, unknown]> // As `fieldChanges` makes them.
  return Object.entries(fields).map(([name, [, value]]) => ({
    name,
    value: value ?? undefined,
    at: Math.max(now, ...members.map(({ fieldMeta }) => own(fieldMeta, name)?.at ?? now)),
  }))
}
