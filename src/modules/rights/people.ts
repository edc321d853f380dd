// The person that a mutation about rights names: all profiles, locked until the transaction ends.

import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import { wasErased } from '../profiles/erased.ts'
import { findPersonId, findProfileId, type ProfileKey } from '../profiles/look-up.ts'
import { findMembers, findMembersNow, lockProfiles } from '../profiles/sql.ts'

/** The profile that the key names, whoever it was merged into since. NOT_FOUND where nobody is known by it. */
export async function profileNamed(context: Context, key: ProfileKey): Promise<string> {
  const id = await findProfileId(context, key, 'input.profile')
  if (id === null) throw notFound('no such profile', 'input.profile')
  return id
}

/** NOT_FOUND where nobody is known by the key. */
export async function personNamed(context: Context, key: ProfileKey): Promise<string> {
  const id = await findPersonId(context, key, 'input.profile')
  if (id === null) throw notFound('no such profile', 'input.profile')
  return id
}

/** All profiles of the person, the root first. CONFLICT for one who was erased; RetryError where who they are changed meanwhile. */
export async function lockPerson(tx: Transaction, accountId: string, id: string): Promise<string[]> {
  const before = (await findMembers(tx, accountId, [id])).map(({ profileId }) => profileId)
  await lockProfiles(tx, accountId, before)
  const members = await findMembersNow(tx, accountId, [id])
  const rootId = members[0]?.rootId
  if (rootId === undefined || members.length !== before.length) throw new RetryError()
  const erasedAt = members.find((member) => member.erasedAt)?.erasedAt
  if (erasedAt) throw wasErased(erasedAt, 'input.profile')
  return [rootId, ...before.filter((member) => member !== rootId)]
}
