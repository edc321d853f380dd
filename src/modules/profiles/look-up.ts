// Finds the person that a key names, for reads: nothing is created.

import type { Context } from '../../context.ts'
import { identifiersOf } from '../../core/identity.ts'
import { badInput } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import { personOf } from './members.ts'
import { findIdentities, findMembers } from './sql.ts'

export interface ProfileKey {
  id?: string | null
  sourceId?: string | null
  email?: string | null
  phone?: string | null
  partnerUserId?: string | null
  deviceId?: string | null
}

/** The person's id, or null for one that the account does not know. BAD_INPUT for a key that cannot be one. */
export async function findPersonId(context: Context, key: ProfileKey, path: string): Promise<string | null> {
  if (key.id != null) return findById(context, idInput('Profile', key.id, `${path}.id`))
  const identifiers = identifiersOf(key)
  if (!Array.isArray(identifiers)) throw badInput(identifiers.message, `${path}.${identifiers.field}`)
  if (identifiers.length === 0) throw badInput('a blank identifier names nobody', path)
  const [found] = await findIdentities(context.sql, context.accountId, identifiers)
  return found ? (await personOf(context, found.profileId)).rootId : null
}

async function findById({ sql, accountId }: Context, id: string): Promise<string | null> {
  const [member] = await findMembers(sql, accountId, [id])
  return member?.rootId ?? null
}
