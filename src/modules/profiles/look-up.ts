// Finds the person that a key names, for reads: nothing is created.

import type { Context } from '../../context.ts'
import { readRef } from '../../core/identity.ts'
import { badInput } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import { personOf, storedPersonOf } from './members.ts'
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
  // Who it is tells whether there is somebody.
  if (key.id != null) return (await storedPersonOf(context, idInput('Profile', key.id, `${path}.id`)))?.rootId ?? null
  const named = await findProfileId(context, key, path)
  return named === null ? null : (await personOf(context, named)).rootId
}

/** The profile that the key names, whoever it was merged into since; else as above. */
export async function findProfileId(context: Context, key: ProfileKey, path: string): Promise<string | null> {
  if (key.id != null) return findById(context, idInput('Profile', key.id, `${path}.id`))
  const read = readRef(key)
  const fault = 'field' in read ? read : read.invalid[0]
  if ('field' in read || fault) throw badInput(fault?.message ?? '', `${path}.${fault?.field}`)
  if (read.dropped.some(({ reason }) => reason === 'BLANK') || read.identifiers.length + read.dropped.length === 0)
    throw badInput('a blank identifier names nobody', path)
  // What earlier versions stored otherwise is found by that.
  const identifiers = read.identifiers.flatMap(({ kind, value, former }) => [
    { kind, value },
    ...(former === undefined ? [] : [{ kind, value: former }]),
  ])
  const found = await findIdentities(context.lookUps, context.accountId, identifiers)
  const today = found.find((one) => read.identifiers.some(({ value }) => value === one.value))
  return (today ?? found[0])?.profileId ?? null
}

async function findById({ sql, accountId }: Context, id: string): Promise<string | null> {
  const members = await findMembers(sql, accountId, [id])
  return members.some(({ profileId }) => profileId === id) ? id : null
}
