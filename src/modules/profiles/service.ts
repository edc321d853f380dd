// What callers do to people directly; most of what is known of them comes with events.

import type { Context } from '../../context.ts'
import type { PersonRef } from '../../core/identity.ts'
import { badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import type { JsonObject } from '../../scalars.ts'
import { maxFields, maxFieldsBytes, tooManyFields } from './fields.ts'
import { type CheckedRef, checkRef, lockPeople, resolvePeople } from './resolve.ts'
import { pickFields, setFields } from './sql.ts'

export interface UpdateProfileInput {
  profile: PersonRef
  set?: JsonObject | null
  unset?: readonly string[] | null
}

/** Sets and removes fields of a person, found or created; returns the person's id. */
export async function updateProfile(context: Context, input: UpdateProfileInput): Promise<string> {
  const ref = checkRef(input.profile, 'input.profile')
  const set = input.set ?? {}
  if (Object.keys(set).length > maxFields) throw badInput(`over ${maxFields} fields`, 'input.set')
  const { accountId, services } = context
  return retrying(() =>
    services.database.transaction(async (tx) => {
      const [profileId] = await findOrCreatePeople(tx, [ref], { accountId, path: () => 'input.profile' })
      if (profileId === undefined) throw new Error('one reference gives one person')
      await pickFields(tx, accountId, { profileId, names: Object.keys(set) })
      const bytes = await setFields(tx, accountId, { profileId, set, unset: input.unset ?? [] })
      if (bytes > maxFieldsBytes) throw tooManyFields('input.set')
      return profileId
    }),
  )
}

/** The profiles that the references name, found or created, and their people locked. NOT_FOUND, at the reference's path, for an id of nobody. */
export async function findOrCreatePeople(
  tx: Transaction,
  refs: readonly CheckedRef[],
  options: { accountId: string; path(index: number): string },
): Promise<string[]> {
  const people = await resolvePeople(tx, refs, { accountId: options.accountId, write: true })
  const ids = people.steps.map((step, index) => {
    if (step === null) throw notFound('no such profile', `${options.path(index)}.id`)
    return step.profileId ?? step.personId
  })
  await lockPeople(tx, options.accountId, { people, others: [] })
  return ids
}
