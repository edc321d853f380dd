// Putting people into static audiences and taking them out. Of a dynamic one its rule says who is in it.

import type { Context } from '../../context.ts'
import type { PersonRef } from '../../core/identity.ts'
import { ApiError, badInput, conflict, notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { type MembershipCause, type MembershipChange, writeChanges } from '../memberships/sql.ts'
import { refreshArrivals, refreshPeople } from '../profiles/memberships.ts'
import { type CheckedRef, checkRef, lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import { findMembers, lockProfiles } from '../profiles/sql.ts'
import { lockAudience } from './service.ts'
import { findMemberships, findSeats } from './sql.ts'

const maxProfiles = 1_000
const maxReplaced = 5_000

export interface MembersInput {
  audienceId: string | number
  profiles: readonly PersonRef[]
}

export interface Added {
  audienceId: string
  /** How many people were not in the audience before. */
  added: number
  /** How many people were not known before. */
  created: number
}

/** Puts people into an audience, found or created. All of them or, where one reference is at fault, none. CONFLICT for a dynamic one. */
export async function addToAudience(context: Context, input: MembersInput): Promise<Added> {
  const refs = checkedRefs(input, maxProfiles)
  return onStatic(context, input, async ({ tx, audienceId }) => {
    if (refs.length === 0) return { audienceId, added: 0, created: 0 }
    const people = await resolvePeople(tx, refs, { accountId: context.accountId, write: true })
    const roots = rootsOf(people)
    await lockPeople(tx, context.accountId, { people, others: [], path: placeOf })
    const added = await enterAudience(tx, context, { audienceId, roots, people })
    return { audienceId, added, created: people.created.length }
  })
}

/** Takes people out of an audience; those who are not in it, or not known, are passed over. CONFLICT for a dynamic one. */
export async function removeFromAudience(
  context: Context,
  input: MembersInput,
): Promise<{ audienceId: string; removed: number }> {
  const { accountId } = context
  const refs = checkedRefs(input, maxProfiles)
  return onStatic(context, input, async ({ tx, audienceId }) => {
    const people = await resolvePeople(tx, refs, { accountId, write: false })
    const created = new Set(people.created)
    const ids = people.steps.flatMap((step) =>
      step && !created.has(step.personId) ? people.rootOf(step.personId) : [],
    )
    const removed = await leave(tx, context, { audienceId, roots: [...new Set(ids)] })
    return { audienceId, removed }
  })
}

/** Makes the people, found or created, the audience's only members: at once, or not at all where one reference is at fault. */
export async function replaceAudienceMembers(
  context: Context,
  input: MembersInput,
): Promise<Added & { removed: number }> {
  const { accountId } = context
  const refs = checkedRefs(input, maxReplaced)
  return onStatic(context, input, async ({ tx, audienceId }) => {
    const seats = await findSeats(tx, { accountId, audienceId }, maxReplaced + 1)
    if (seats.length > maxReplaced) {
      const message = `the audience has over ${maxReplaced} members; take them out in pieces`
      throw new ApiError('LIMIT_EXCEEDED', message, { field: 'input.audienceId' })
    }
    const people = await resolvePeople(tx, refs, { accountId, write: true })
    const roots = rootsOf(people)
    const present = [...new Set((await findMembers(tx, accountId, seats)).map(({ rootId }) => people.rootOf(rootId)))]
    await lockPeople(tx, accountId, { people, others: present, path: placeOf })
    const gone = present.filter((id) => !roots.includes(id))
    const removed = await leave(tx, context, { audienceId, roots: gone })
    const added = await enterAudience(tx, context, { audienceId, roots, people })
    return { audienceId, added, removed, created: people.created.length }
  })
}

/** A static audience, whose members nobody else changes until the transaction ends. NOT_FOUND; CONFLICT for a dynamic or archived one. */
export async function lockStatic(tx: Transaction, accountId: string, audienceId: string): Promise<void> {
  const { ruleVersion } = await lockAudience(tx, accountId, audienceId)
  if (ruleVersion > 0) throw conflict('a dynamic audience has the members that its rule says', 'input.audienceId')
}

const peopleAtATime = 5_000

/** Takes people out of a static audience and puts others in, of whom none is in it. All are locked, under the ids that merges lead to. */
export async function replaceMembers(
  tx: Transaction,
  context: Context,
  { audienceId, gone, fresh }: { audienceId: string; gone: readonly string[]; fresh: readonly string[] },
): Promise<{ added: number; removed: number }> {
  const { accountId } = context
  const roots = new Set(gone)
  const members = await findMembers(tx, accountId, gone)
  if (members.some(({ rootId }) => !roots.has(rootId))) throw new RetryError()
  const profileIds = members.map(({ profileId }) => profileId)
  const seats = await findMemberships(tx, accountId, { audienceIds: [audienceId], profileIds })
  // From the first change to the commit the account's other changes of audiences wait: all of them in one statement.
  await write(tx, context, [
    { audienceId, profileIds: seats.map(({ profileId }) => profileId), cause: 'REMOVED' },
    { audienceId, profileIds: fresh, cause: 'ADDED' },
  ])
  const moved = [...gone, ...fresh]
  for (let from = 0; from < moved.length; from += peopleAtATime)
    await refreshOthers(tx, context, { audienceId, personIds: moved.slice(from, from + peopleAtATime) })
  return { added: fresh.length, removed: gone.length }
}

const placeOf = (index: number) => `input.profiles[${index}]`

function checkedRefs({ profiles }: MembersInput, max: number): CheckedRef[] {
  if (profiles.length > max) throw badInput(`over ${max} profiles`, 'input.profiles')
  return profiles.map((ref, i) => checkRef(ref, placeOf(i)))
}

interface Work {
  tx: Transaction
  audienceId: string
}

// The audience's row is locked first, so that its members are changed by one at a time.
async function onStatic<T>(context: Context, input: MembersInput, work: (work: Work) => Promise<T>): Promise<T> {
  const { accountId, services } = context
  const audienceId = idInput('Audience', input.audienceId, 'input.audienceId')
  const done = await retrying(() =>
    services.database.transaction(async (tx) => {
      await lockStatic(tx, accountId, audienceId)
      return work({ tx, audienceId })
    }),
  )
  services.live.wake(accountId)
  return done
}

/** Makes the people, who are locked, members of a static audience that is locked; returns how many were not before. */
export async function enterAudience(
  tx: Transaction,
  context: Context,
  { audienceId, roots, people }: { audienceId: string; roots: readonly string[]; people: People },
): Promise<number> {
  const { accountId } = context
  // Whoever is in it under a profile that was merged since is in it already.
  const members = new Map(roots.flatMap((root) => people.membersOf(root).map((id) => [id, root])))
  const known = await findMemberships(tx, accountId, { audienceIds: [audienceId], profileIds: [...members.keys()] })
  const present = new Set(known.map(({ profileId }) => members.get(profileId)))
  const personIds = roots.filter((root) => !present.has(root))
  // The seat is the profile's that was named, so that it stays with it when a merge is undone.
  const steps = people.steps.flatMap((step) => step ?? [])
  const named = new Map(steps.map(({ personId, profileId = personId }) => [people.rootOf(personId), profileId]))
  const profileIds = personIds.map((id) => named.get(id) ?? id)
  await write(tx, context, [{ audienceId, profileIds, cause: 'ADDED' }])
  await refreshArrivals(tx, context, people)
  await refreshOthers(tx, context, { audienceId, personIds })
  return personIds.length
}

/** Returns how many left. RetryError where one of them was merged with somebody meanwhile. */
async function leave(
  tx: Transaction,
  context: Context,
  { audienceId, roots }: { audienceId: string; roots: readonly string[] },
): Promise<number> {
  const { accountId } = context
  if (roots.length === 0) return 0
  await lockProfiles(tx, accountId, roots)
  const members = await findMembers(tx, accountId, roots)
  if (members.some(({ rootId }) => !roots.includes(rootId))) throw new RetryError()
  const profileIds = members.map(({ profileId }) => profileId)
  const seats = await findMemberships(tx, accountId, { audienceIds: [audienceId], profileIds })
  await write(tx, context, [{ audienceId, profileIds: seats.map(({ profileId }) => profileId), cause: 'REMOVED' }])
  const rootOf = new Map(members.map(({ profileId, rootId }) => [profileId, rootId]))
  const personIds = [...new Set(seats.flatMap(({ profileId }) => rootOf.get(profileId) ?? []))]
  await refreshOthers(tx, context, { audienceId, personIds })
  return personIds.length
}

interface Moved {
  audienceId: string
  profileIds: readonly string[]
  cause: MembershipCause
}

async function write(tx: Transaction, { accountId, services }: Context, moved: readonly Moved[]): Promise<void> {
  const at = services.now()
  const changes = moved.flatMap(({ audienceId, profileIds, cause }) => {
    const said = { audienceId, cause, entered: cause === 'ADDED', eventId: null, ruleVersion: 0, since: at }
    return profileIds.map((profileId): MembershipChange => ({ ...said, profileId }))
  })
  if (changes.length > 0) await writeChanges(tx, accountId, { changes, at })
}

/** Other audiences may ask about this one. */
function refreshOthers(
  tx: Transaction,
  context: Context,
  { audienceId, personIds }: { audienceId: string; personIds: readonly string[] },
) {
  const touch = { audiences: [audienceId] }
  return refreshPeople(
    tx,
    context,
    personIds.map((personId) => ({ personId, touch, cause: 'AUDIENCE' as const })),
  )
}

/** Each person once. NOT_FOUND, at the reference's place, for an id of nobody. */
function rootsOf(people: People): string[] {
  const roots = people.steps.map((step, i) => {
    if (step === null) throw notFound('no such profile', `${placeOf(i)}.id`)
    // A later reference may have shown that two of them are one.
    return people.rootOf(step.personId)
  })
  return [...new Set(roots)]
}
