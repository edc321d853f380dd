// What callers do to people directly; most of what is known of them comes with events.

import type { Context } from '../../context.ts'
import type { FieldsRules } from '../../core/fields/check.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { foldFields } from '../../core/fields/fold.ts'
import { heldWrites, keyed, type Notes } from '../../core/fields/held.ts'
import { carryOut, type FieldOperations, immutableFields, namesOf, nameTwice } from '../../core/fields/operations.ts'
import { write } from '../../core/fields/write.ts'
import type { PersonRef } from '../../core/identity.ts'
import { ApiError, badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { checkText, type Json, type JsonObject } from '../../scalars.ts'
import { historyRow, insertHistory, maxFields, maxFieldsBytes, storeFields, tooManyFields } from './fields.ts'
import { type CheckedRef, checkRef, lockPeople, resolvePeople } from './resolve.ts'
import { fieldsOfRow, findMembersNow } from './sql.ts'

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
}

/** Changes fields of a person, found or created. BAD_INPUT, at its place, for what the account's definitions refuse. */
export async function updateProfile(context: Context, input: UpdateProfileInput): Promise<Updated> {
  const ref = checkRef(input.profile, 'input.profile')
  const asked = checkedOperations(input, context.now)
  const { accountId, services } = context
  return retrying(() =>
    services.database.transaction(async (tx) => {
      const [profileId] = await findOrCreatePeople(tx, [ref], { accountId, path: () => 'input.profile' })
      if (profileId === undefined) throw new Error('one reference gives one person')
      return { profileId, warnings: await changeFields(tx, context, { profileId, asked }) }
    }),
  )
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
  }
  const twice = nameTwice(asked)
  if (twice !== null) throw badInput('another operation is about the same field', `input.${twice}`)
  const past = asked.setUntil.findIndex(({ until }) => until <= now.getTime())
  if (past >= 0) throw badInput('a value ends after now', `input.setUntil[${past}].until`)
  return asked
}

/** The person is locked. */
async function changeFields(
  tx: Transaction,
  { accountId, principal, now, services }: Context,
  { profileId, asked: given }: { profileId: string; asked: FieldOperations },
): Promise<readonly FieldFault[]> {
  const { fields } = await services.ruleSets.inForce(tx, accountId)
  const rules = fields?.of('PROFILE')
  const notes: Notes = { warnings: [], faults: [] }
  const asked = rules ? keyed(given, rules, { path: 'input', notes }) : given
  const members = await findMembersNow(tx, accountId, [profileId])
  const root = members.find((member) => member.profileId === profileId)
  if (!root) throw new Error(`person ${profileId} is locked and gone`)
  const person = foldFields([...members.filter((member) => member !== root), root].map(fieldsOfRow))
  const carried = carryOut(asked, person, now.getTime())
  if (!Array.isArray(carried)) throw badInput(carried.message, `input.${carried.at}`)
  const writes = rules ? heldWrites(carried, rules, { placeOf: placesIn(given, rules), notes }) : carried
  const [fault] = notes.faults
  if (fault) throw badInput(fault.message, fault.field)
  if (writes.length === 0) return notes.warnings
  const before = fieldsOfRow(root)
  const { fields: after, history } = write(before, writes)
  const bytes = await storeFields(tx, accountId, [{ profileId, before, after }])
  if (bytes > maxFieldsBytes) throw tooManyFields('input.set')
  const cause = { profileId, source: 'API' as const, ...(principal ? { apiKeyId: principal.keyId } : {}) }
  await insertHistory(
    tx,
    accountId,
    history.map((told) => historyRow(told, cause)),
  )
  return notes.warnings
}

/** Where the operation about a key stands in the input, by the name that the caller gave. */
function placesIn(given: FieldOperations, { byName }: FieldsRules): (key: string) => string {
  const places = new Map(namesOf(given).map(({ name, at }) => [byName.get(name)?.key ?? name, `input.${at}`]))
  return (key) => places.get(key)?.replace(/\]\.name$/, '].value') ?? 'input'
}

/** The people of the references, found or created, and locked. NOT_FOUND, at the reference's path, for an id of nobody. */
export async function findOrCreatePeople(
  tx: Transaction,
  refs: readonly CheckedRef[],
  options: { accountId: string; path(index: number): string },
): Promise<string[]> {
  const people = await resolvePeople(tx, refs, { accountId: options.accountId, write: true })
  const ids = people.steps.map((step, index) => {
    if (step === null) throw notFound('no such profile', `${options.path(index)}.id`)
    // A later reference may have shown that two of them are one.
    return people.rootOf(step.personId)
  })
  await lockPeople(tx, options.accountId, { people, others: [] })
  return ids
}
