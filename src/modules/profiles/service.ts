// What callers do to people directly; most of what is known of them comes with events.

import type { Context } from '../../context.ts'
import type { PersonRef } from '../../core/identity.ts'
import { badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import type { JsonObject } from '../../scalars.ts'
import { maxFields, maxFieldsBytes, tooManyFields } from './fields.ts'
import { refreshArrivals, refreshPeople } from './memberships.ts'
import { keepRaws, normalisedChange } from './raw-values.ts'
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
  const { profileId, isMoved } = await retrying(() =>
    services.database.transaction(async (tx) => {
      const [profileId] = await findOrCreatePeople(tx, [ref], { context, path: () => 'input.profile' })
      if (profileId === undefined) throw new Error('one reference gives one person')
      const { fieldRules: rules } = await services.ruleSets.inForce(tx, accountId)
      const change = normalisedChange({ profileId, set, unset: input.unset ?? [] }, rules)
      await pickFields(tx, accountId, { profileId, names: Object.keys(set) })
      const bytes = await setFields(tx, accountId, change)
      if (bytes > maxFieldsBytes) throw tooManyFields('input.set')
      const raws = [{ profileId, given: set, stored: change.set, at: context.now }]
      await keepRaws(tx, accountId, { changes: raws, rules })
      const fields = [...Object.keys(set), ...(input.unset ?? [])]
      const written = { personId: profileId, touch: { fields }, cause: 'FIELDS' as const }
      return { profileId, isMoved: await refreshPeople(tx, context, [written]) }
    }),
  )
  if (isMoved) services.live.wake(accountId)
  return profileId
}

/** The profiles that the references name, found or created, and their people locked. NOT_FOUND, at the reference's path, for an id of nobody. */
export async function findOrCreatePeople(
  tx: Transaction,
  refs: readonly CheckedRef[],
  { context, path }: { context: Context; path(index: number): string },
): Promise<string[]> {
  const { accountId } = context
  const people = await resolvePeople(tx, refs, { accountId, write: true })
  const ids = people.steps.map((step, index) => {
    if (step === null) throw notFound('no such profile', `${path(index)}.id`)
    return step.profileId ?? step.personId
  })
  await lockPeople(tx, accountId, { people, others: [], path })
  await refreshArrivals(tx, context, people)
  return ids
}
