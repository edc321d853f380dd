// Making audiences and adding people to them.

import type { Context } from '../../context.ts'
import type { PersonRef } from '../../core/identity.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { checkedText } from '../../text.ts'
import { type CheckedRef, checkRef, lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import { findMemberships, insertMembers } from './sql.ts'

const maxProfiles = 1000

/** Makes a static audience; returns its id. CONFLICT for a name that is taken. */
export async function createAudience(context: Context, input: { name: string }): Promise<string> {
  const { accountId, db, now } = context
  const audience = { accountId, id: newId(), name: checkedText(input.name, 'input.name'), createdAt: now }
  const { count } = await db.audience.createMany({ data: [audience], skipDuplicates: true })
  if (count === 0) throw conflict('another audience has that name', 'input.name')
  return audience.id
}

export interface AddToAudienceInput {
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

/** Puts people into an audience, found or created. All of them or, where one reference is at fault, none. */
export async function addToAudience(context: Context, input: AddToAudienceInput): Promise<Added> {
  const { accountId, services } = context
  const audienceId = idInput('Audience', input.audienceId, 'input.audienceId')
  if (input.profiles.length > maxProfiles) throw badInput(`over ${maxProfiles} profiles`, 'input.profiles')
  const refs = input.profiles.map((ref, i) => checkRef(ref, `input.profiles[${i}]`))
  return retrying(() =>
    services.database.transaction(async (tx) => {
      const audience = await tx.audience.findUnique({
        where: { accountId_id: { accountId, id: audienceId } },
        select: { id: true },
      })
      if (!audience) throw notFound(`no audience ${audienceId}`, 'input.audienceId')
      return { audienceId, ...(await add(tx, accountId, { audienceId, refs })) }
    }),
  )
}

async function add(
  tx: Transaction,
  accountId: string,
  { audienceId, refs }: { audienceId: string; refs: readonly CheckedRef[] },
) {
  if (refs.length === 0) return { added: 0, created: 0 }
  const people = await resolvePeople(tx, refs, { accountId, write: true })
  const roots = rootsOf(people)
  await lockPeople(tx, accountId, { people, others: [] })
  // Whoever is in it under a profile that was merged since is in it already.
  const members = new Map(roots.flatMap((root) => people.membersOf(root).map((id) => [id, root])))
  const known = await findMemberships(tx, accountId, { audienceIds: [audienceId], profileIds: [...members.keys()] })
  const present = new Set(known.map(({ profileId }) => members.get(profileId)))
  const profileIds = roots.filter((root) => !present.has(root))
  const added = profileIds.length ? await insertMembers(tx, accountId, { audienceId, profileIds }) : 0
  return { added, created: people.created.length }
}

/** Each person once. NOT_FOUND, at the reference's place, for an id of nobody. */
function rootsOf(people: People): string[] {
  const roots = people.steps.map((step, i) => {
    if (step === null) throw notFound('no such profile', `input.profiles[${i}].id`)
    // A later reference may have shown that two of them are one.
    return people.rootOf(step.personId)
  })
  return [...new Set(roots)]
}
