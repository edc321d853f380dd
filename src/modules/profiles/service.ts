// What callers do to people directly; most of what is known of them comes with events.

import type { Context } from '../../context.ts'
import { defaultsOf, type FieldsRules } from '../../core/fields/check.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { isDefault, type StampedFields } from '../../core/fields/fold.ts'
import { heldWrites, keyed, type Notes } from '../../core/fields/held.ts'
import { maxFields, maxFieldsBytes } from '../../core/fields/limits.ts'
import {
  carryOut,
  type FieldOperations,
  immutableFields,
  nameFault,
  namesOf,
  nameTwice,
} from '../../core/fields/operations.ts'
import { write } from '../../core/fields/write.ts'
import type { DroppedIdentifier, PersonRef } from '../../core/identity.ts'
import type { FieldRules as NormalisingRules } from '../../core/normalise/fields.ts'
import { ApiError, badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { checkText, type Json, type JsonObject } from '../../scalars.ts'
import { fieldsOfRow, foldPerson } from '../member-fields/rows.ts'
import { historyRow, insertHistory, storeFields, tooManyFields } from './fields.ts'
import { refreshArrivals, refreshPeople } from './memberships.ts'
import { keepRaws, normalisedChange, unreadWarnings } from './raw-values.ts'
import { type CheckedRef, checkRef, lockPeople, resolvePeople } from './resolve.ts'
import { findMembersNow } from './sql.ts'

interface ValueUntil {
  name: string
  value?: Json
  until: Date
}

export interface UpdateProfileInput {
  profile: PersonRef
  set?: JsonObject | null
  setUntil?: readonly ValueUntil[] | null
  setOnce?: JsonObject | null
  unset?: readonly string[] | null
  increment?: JsonObject | null
  append?: JsonObject | null
  remove?: JsonObject | null
}

export interface Updated {
  readonly profileId: string
  /** What was left out, by the definitions of fields. */
  readonly warnings: readonly FieldFault[]
  /** Identifiers of the reference that say nothing of the person. */
  readonly dropped: readonly DroppedIdentifier[]
}

/** Changes fields of a person, found or created. BAD_INPUT, at its place, for what the account's definitions refuse. */
export async function updateProfile(context: Context, input: UpdateProfileInput): Promise<Updated> {
  const ref = checkRef(input.profile, 'input.profile')
  const asked = checkedOperations(input, context.now)
  const { accountId, services } = context
  const { isMoved, ...updated } = await retrying(() =>
    services.database.transaction(async (tx) => {
      const [found] = await findOrCreate(tx, [ref], { context, path: () => 'input.profile' })
      if (!found) throw new Error('one reference gives one person')
      const { profileId, dropped } = found
      const { warnings, names } = await changeFields(tx, context, { profileId, asked })
      const written = { personId: profileId, touch: { fields: names }, cause: 'FIELDS' as const }
      return { profileId, warnings, dropped, isMoved: await refreshPeople(tx, context, [written]) }
    }),
  )
  if (isMoved) services.live.wake(accountId)
  return updated
}

function checkedOperations(input: UpdateProfileInput, now: Date): FieldOperations {
  const asked: FieldOperations = {
    set: input.set ?? {},
    setUntil: (input.setUntil ?? []).map(({ name, value = null, until }) => ({ name, value, until: until.getTime() })),
    setOnce: input.setOnce ?? {},
    unset: input.unset ?? [],
    increment: input.increment ?? {},
    append: input.append ?? {},
    remove: input.remove ?? {},
  }
  const names = namesOf(asked)
  if (names.length - asked.unset.length > maxFields) throw badInput(`over ${maxFields} fields`, 'input.set')
  for (const { name, at } of names) {
    checkText(name, `input.${at}`)
    if (immutableFields.has(name))
      throw new ApiError('IMMUTABLE_FIELD', `\`${name}\` of a person never changes`, { field: `input.${at}` })
    if (name.trim() === '') throw badInput('a field needs a name', `input.${at}`)
  }
  const past = asked.setUntil.findIndex(({ until }) => until <= now.getTime())
  if (past >= 0) throw badInput('a value ends after now', `input.setUntil[${past}].until`)
  return asked
}

interface Changed {
  readonly warnings: readonly FieldFault[]
  /** Of the fields that were written. */
  readonly names: readonly string[]
}

/** Writes to the profile that was named; what its person reads as is what operations go by. The person is locked. */
async function changeFields(
  tx: Transaction,
  { accountId, principal, now, services }: Context,
  { profileId, asked }: { profileId: string; asked: FieldOperations },
): Promise<Changed> {
  const { fields, fieldRules } = await services.ruleSets.inForce(tx, accountId)
  const given = normalisedOperations(asked, fieldRules)
  const rules = fields?.of('PROFILE')
  assertNames(asked, rules)
  const unread = [
    ...unreadWarnings(asked.set, { rules: fieldRules, path: 'input.set' }),
    ...unreadWarnings(asked.setOnce, { rules: fieldRules, path: 'input.setOnce' }),
  ]
  const notes: Notes = { warnings: unread, faults: [] }
  const members = await findMembersNow(tx, accountId, [profileId])
  const own = members.find((member) => member.profileId === profileId)
  if (!own) throw new Error(`person ${profileId} is locked and gone`)
  const rows = members.map(({ profileId: id, ...row }) => ({ id, ...row }))
  const person = foldPerson(rows, own.rootId)
  const all = rules ? keyed(given, rules, { path: 'input', notes }) : given
  const carried = carryOut(overDefaults(all, person, defaultsOf(rules)), person, now.getTime())
  if (!Array.isArray(carried)) throw badInput(carried.message, `input.${carried.at}`)
  const writes = rules ? heldWrites(carried, rules, { placeOf: placesIn(given, rules), notes }) : carried
  const [fault] = notes.faults
  if (fault) throw badInput(fault.message, fault.field)
  const names = writes.map(({ name }) => name)
  if (writes.length === 0) return { warnings: notes.warnings, names }
  const before = fieldsOfRow(own)
  const { fields: after, history } = write(before, writes)
  const bytes = await storeFields(inOrder(tx), accountId, { changed: [{ profileId, before, after }], rules })
  if (bytes > maxFieldsBytes) throw tooManyFields('input.set')
  const cause = { profileId, source: 'API' as const, ...(principal ? { apiKeyId: principal.keyId } : {}) }
  await insertHistory(
    tx,
    accountId,
    history.map((told) => historyRow(told, cause)),
  )
  const raws = [{ profileId, given: asked.set, stored: given.set, at: now }]
  await keepRaws(tx, accountId, { changes: raws, rules: fieldRules })
  return { warnings: notes.warnings, names }
}

/** A default was never stated: what is set once takes its place. */
function overDefaults(
  asked: FieldOperations,
  person: StampedFields,
  defaults: FieldOperations['set'],
): FieldOperations {
  const [set, setOnce] = [true, false].map((wanted) =>
    Object.fromEntries(Object.entries(asked.setOnce).filter(([name]) => isDefault(person, name, defaults) === wanted)),
  )
  return { ...asked, set: { ...asked.set, ...set }, setOnce: setOnce ?? {} }
}

/** BAD_INPUT for names that no field can have, and for two operations about one field, by whichever of its names. */
function assertNames(asked: FieldOperations, rules: FieldsRules | undefined): void {
  for (const { name, at } of namesOf(asked)) {
    // What was stored under such a name may be removed, and the CRM may call a field anything.
    const fault = at.startsWith('unset') || rules?.byName.has(name) ? null : nameFault(name)
    if (fault !== null) throw badInput(fault, `input.${at}`)
  }
  const twice = nameTwice(asked, (name) => rules?.byName.get(name)?.key ?? name)
  if (twice !== null) throw badInput('another operation is about the same field', `input.${twice}`)
}

const normalisedOperations = (asked: FieldOperations, rules: NormalisingRules): FieldOperations => {
  const { set: setOnce } = normalisedChange({ set: asked.setOnce }, rules)
  return { ...normalisedChange(asked, rules), setOnce }
}

/** Where the operation about a key stands in the input, by the name that the caller gave. */
function placesIn(given: FieldOperations, { byName }: FieldsRules): (key: string) => string {
  const places = new Map(namesOf(given).map(({ name, at }) => [byName.get(name)?.key ?? name, `input.${at}`]))
  return (key) => places.get(key)?.replace(/\]\.name$/, '].value') ?? 'input'
}

/** The profiles that the references name, found or created, and their people locked. NOT_FOUND, at the reference's path, for an id of nobody. */
export async function findOrCreatePeople(
  tx: Transaction,
  refs: readonly CheckedRef[],
  asked: Finding,
): Promise<string[]> {
  return (await findOrCreate(tx, refs, asked)).map(({ profileId }) => profileId)
}

interface Finding {
  context: Context
  /** Where a reference stands. */
  path(index: number): string
}

interface Found {
  profileId: string
  dropped: readonly DroppedIdentifier[]
}

async function findOrCreate(
  tx: Transaction,
  refs: readonly CheckedRef[],
  { context, path }: Finding,
): Promise<Found[]> {
  const { accountId } = context
  const people = await resolvePeople(tx, refs, { accountId, write: true })
  const found = people.steps.map((step, index): Found => {
    if (step === null) throw notFound('no such profile', `${path(index)}.id`)
    return { profileId: step.profileId ?? step.personId, dropped: step.dropped }
  })
  await lockPeople(tx, accountId, { people, others: [], path })
  await refreshArrivals(tx, context, people)
  return found
}
