// People from rows: who each row is about, what it changes of them, and the doing of it, set by set. An import begins people and
// completes them, but never makes two known people one: such a row is refused, naming both. The rules are those of events and of
// updateProfile: identifiers, definitions and normalisers of fields, history, erased people, audiences.

import { createHash } from 'node:crypto'
import { inForce, own } from '../../core/fields/fold.ts'
import { isSameJson } from '../../core/fields/same-json.ts'
import type { FieldWrite } from '../../core/fields/write.ts'
import { groupBy } from '../../core/group.ts'
import { identifierKey } from '../../core/identity.ts'
import type { IdentityPlan } from '../../core/identity-plan.ts'
import { isSamePlan, type RowPlan, rejected, skipped } from '../../core/imports/outcome.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { RetryError } from '../../platform/retry.ts'
import { foldPerson } from '../member-fields/rows.ts'
import { type DirectoryRows, findRows } from '../profiles/directory.ts'
import { refreshArrivals, refreshPeople } from '../profiles/memberships.ts'
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
import { fieldsIn, writeFields } from './person-fields.ts'
import { claimHashes } from './sql.ts'
import { erasedIn, ofSeveral } from './who-is-meant.ts'

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
  const repeated = await repeatedIn(piece, given, how)
  const erased = await erasedIn(piece, given)
  let left = given.filter((row) => {
    const refusal = duplicate(repeated.get(row.number), row) ?? erased(row)
    if (refusal) verdicts.push(refusal)
    return refusal === null
  })
  const refs = left.map(({ ref }) => ref)
  const directory = await findRows(piece.tx, piece.job.accountId, refs)
  for (;;) {
    const round = await judge(piece, left, { how, directory })
    verdicts.push(...round.passed)
    if (round.isSettled) {
      verdicts.push(...round.refused)
      if (piece.isApplying && round.ready.length > 0)
        verdicts.push(...(await apply(piece, round.ready, { how, directory })))
      else verdicts.push(...round.ready.map(({ plan }) => plan))
      return verdicts
    }
    const passed = new Set(round.passed.map(({ number }) => number))
    left = left.filter(({ number }) => !passed.has(number))
  }
}

interface Round {
  readonly ready: readonly Judged[]
  /** By whom they are about. */
  readonly refused: readonly RowPlan[]
  /** By what they would change; they are not brought in, whatever becomes of others. */
  readonly passed: readonly RowPlan[]
  /** False where others were judged with what a row said that is not brought in: they are to be judged again, without it. */
  readonly isSettled: boolean
}

interface Looking {
  readonly how: PeopleWork
  readonly directory: DirectoryRows
}

async function judge(piece: Piece, rows: readonly PersonRow[], { how, directory }: Looking): Promise<Round> {
  const { tx, job, rules } = piece
  const people = await resolvePeople(
    tx,
    rows.map(({ ref }) => ref),
    {
      ...{ accountId: job.accountId, write: false, rows: directory, rules: rules.identity },
      refuses: (plan, isBegun) => isOthers(plan) || isOutside(piece, { isNew: plan.ownerId === null || isBegun }),
    },
  )
  const created = new Set(people.created)
  const verdicts = rows.map((row, index) => stepVerdict(piece, row, { step: people.steps[index] ?? null, created }))
  const judged = verdicts.filter((one): one is Judged => 'step' in one)
  const refused = verdicts.filter((one): one is RowPlan => !('step' in one))
  const passed: RowPlan[] = []
  let isSettled = true
  const pass = ({ step, isNew }: Judged, plan: RowPlan) => {
    passed.push(plan)
    if (isNew || step.attached.length > 0) isSettled = false
    return false
  }
  const first = (how.repeats ?? 'NEVER') === 'NEVER' ? await repeatedPeople(piece, judged) : new Map<number, number>()
  const single = judged.filter((one) => {
    const refusal = duplicate(first.get(one.row.number), one.row)
    return refusal === null || pass(one, refusal)
  })
  const ready = (await withChanges(piece, single, how)).filter((one) => {
    const { row, plan } = one
    if (plan.action !== 'CREATE' && plan.action !== 'UPDATE') return pass(one, plan)
    const agreed = piece.confirmed?.get(row.number)
    return !agreed || isAgreed(agreed, plan, how) || pass(one, changedMeanwhile(row.number, plan.profileId))
  })
  return { ready, refused, passed, isSettled }
}

/** Whether it would make people one, or give one what is another's. */
const isOthers = ({ absorb, move, rivals }: IdentityPlan) => absorb.length + move.length + rivals.length > 0

/** Whether the strategy leaves such people alone. */
const isOutside = ({ job }: Piece, { isNew }: { isNew: boolean }) =>
  job.strategy === (isNew ? 'UPDATE_ONLY' : 'CREATE_ONLY')

/** Where a person has several rows, an earlier one may have begun them since the plan. */
function isAgreed(agreed: RowPlan, plan: RowPlan, { repeats = 'NEVER' }: PeopleWork): boolean {
  if (repeats === 'NEVER') return isSamePlan(agreed, plan)
  const isOther = agreed.profileId !== null && agreed.profileId !== plan.profileId
  // Somebody new has the fields of an earlier row by then, and the defaults: of those it matters what comes of them.
  const of = agreed.profileId === null ? targetsOf : (one: RowPlan) => one.changes?.fields
  return !isOther && isSameJson(of(agreed), of(plan))
}

const targetsOf = ({ changes }: RowPlan): JsonObject =>
  Object.fromEntries(Object.entries(fieldsIn(changes)).map(([name, [, value]]) => [name, value]))

const changedMeanwhile = (number: number, profileId: string | null): RowPlan => ({
  ...rejected(number, 'CHANGED_MEANWHILE', 'what the row is about changed since the plan was made; plan it anew'),
  profileId,
})

const duplicate = (first: number | undefined, { number }: PersonRow): RowPlan | null =>
  first === undefined ? null : rejected(number, 'DUPLICATE', `the same as row ${first} of the file`)

/** What a row is claimed by. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16)

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

/** By number, the earlier row that has one of its claims. */
export function firstOf(
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

/** By number, the earlier row of the same person: two rows may name one by different identifiers. */
async function repeatedPeople({ tx, job }: Piece, judged: readonly Judged[]): Promise<ReadonlyMap<number, number>> {
  const known = judged.filter(({ isNew }) => !isNew)
  const claims = known.map(({ row, step }) => ({ hash: hashOf(`person:${step.personId}`), number: row.number }))
  return firstOf(claims, await claimHashes(tx, job, claims))
}

function stepVerdict(
  piece: Piece,
  row: PersonRow,
  { step, created }: { step: ResolvedStep | null; created: ReadonlySet<string> },
): Judged | RowPlan {
  const { number } = row
  if (step === null) return rejected(number, 'NOT_FOUND', 'no such profile')
  const several = ofSeveral(row, { step, created })
  if (several) return several
  const isNew = created.has(step.personId)
  const profileId = isNew ? null : (step.profileId ?? step.personId)
  if (isOutside(piece, { isNew }))
    return isNew
      ? skipped(number, 'UNKNOWN', 'nobody is known by these identifiers')
      : { ...skipped(number, 'EXISTS', 'the person is known already'), profileId }
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
  const person = foldPerson(rows, members[0]?.rootId ?? '')
  const current = inForce(person, now)
  const stated = new Set(row.writes.map(({ name }) => name))
  const isKept = (name: string) =>
    stated.has(name) || rules.fields?.of('PROFILE')?.byName.get(name)?.definition.required
  // Of a required field the value stays where the file has none.
  const gone = job.strategy === 'REPLACE' ? Object.keys(current).filter((name) => !isKept(name)) : []
  const writes = [...row.writes, ...gone.map((name) => ({ name, value: undefined }))]
  return Object.fromEntries(
    writes.flatMap(({ name, value }) => {
      const before = own(current, name)
      // A default was never stated: an older statement that comes later would take its place.
      const isStated = before === undefined || own(person.meta, name) !== undefined
      if (isStated && isSameJson(before ?? null, value ?? null)) return []
      return [[name, [before ?? null, value ?? null]]]
    }),
  )
}

/** Brings the rows in. RetryError where somebody changed the same people since they were looked at, a moment ago. */
async function apply(piece: Piece, ready: readonly Judged[], { how, directory }: Looking): Promise<RowPlan[]> {
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
