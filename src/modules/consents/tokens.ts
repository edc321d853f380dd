// Tokens with which a person reads and sets the own preferences, and does nothing else: keys that are bound to a profile.

import type { Context } from '../../context.ts'
import { badInput, notFound } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { newSecret, secretColumns } from '../accounts/keys.ts'
import { wasErased } from '../profiles/erased.ts'
import { findProfileId, type ProfileKey } from '../profiles/look-up.ts'
import { findMembersNow } from '../profiles/sql.ts'

const maxMinutes = 30 * 24 * 60

/** Whether somebody of the profile's person was erased. */
async function marksNow(context: Context, profileId: string): Promise<{ erasedAt: Date | null }> {
  const members = await findMembersNow(context.sql, context.accountId, [profileId])
  return { erasedAt: members.find(({ erasedAt }) => erasedAt !== null)?.erasedAt ?? null }
}

export interface PersonToken {
  secret: string
  expiresAt: Date
}

/** Makes a token; its secret is known to nobody after this answer. The person's expired ones are forgotten. */
export async function createPersonToken(
  context: Context,
  input: { profile: ProfileKey; expiresInMinutes: number },
): Promise<PersonToken> {
  const { accountId, db, now } = context
  const { expiresInMinutes } = input
  if (expiresInMinutes < 1 || expiresInMinutes > maxMinutes)
    throw badInput(`from 1 to ${maxMinutes} minutes`, 'input.expiresInMinutes')
  // Bound to the profile that was named: where its merge is undone, the token is not the other's.
  const profileId = await findProfileId(context, input.profile, 'input.profile')
  if (profileId === null) throw notFound('no such profile', 'input.profile')
  const { erasedAt } = await marksNow(context, profileId)
  if (erasedAt) throw wasErased(erasedAt, 'input.profile')
  const secret = newSecret()
  const expiresAt = new Date(now.getTime() + expiresInMinutes * 60_000)
  await db.apiKey.deleteMany({ where: { accountId, profileId, expiresAt: { lte: now } } })
  await db.apiKey.create({
    data: {
      ...secretColumns(secret),
      ...{ accountId, id: newId(), name: 'Token of a person', scopes: ['PREFERENCES_WRITE'], profileId, expiresAt },
      createdAt: now,
    },
  })
  return { secret, expiresAt }
}
