// API keys as an administrator makes and revokes them.

import type { Context } from '../../context.ts'
import { badInput, notFound } from '../../errors.ts'
import type { ApiScope } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import { checkedText } from '../../text.ts'
import { newSecret, secretColumns } from './keys.ts'

export interface CreateApiKeyInput {
  name: string
  scopes: readonly ApiScope[]
  expiresAt?: Date | null
}

/** Makes a key; its secret is known to nobody after this answer. BAD_INPUT: no name, no scope, an expiry in the past. */
export async function createApiKey(
  context: Context,
  input: CreateApiKeyInput,
): Promise<{ apiKeyId: string; secret: string }> {
  const { accountId, db, now } = context
  const name = checkedText(input.name, 'input.name')
  if (input.scopes.length === 0) throw badInput('a key needs at least one scope', 'input.scopes')
  if (input.scopes.includes('PREFERENCES_WRITE'))
    throw badInput('PREFERENCES_WRITE is for tokens of persons: `createPersonToken` makes them', 'input.scopes')
  if (input.expiresAt && input.expiresAt <= now) throw badInput('not in the future', 'input.expiresAt')
  const secret = newSecret()
  const apiKeyId = newId()
  await db.apiKey.create({
    data: {
      ...secretColumns(secret),
      accountId,
      id: apiKeyId,
      name,
      scopes: [...new Set(input.scopes)],
      expiresAt: input.expiresAt ?? null,
      createdAt: now,
    },
  })
  return { apiKeyId, secret }
}

/** Ends a key's use at once; ending it again changes nothing. NOT_FOUND for a key of another account. */
export async function revokeApiKey(context: Context, input: { apiKeyId: string | number }): Promise<string> {
  const { accountId, db, now, services } = context
  const id = idInput('ApiKey', input.apiKeyId, 'input.apiKeyId')
  const key = await db.apiKey.findUnique({ where: { accountId_id: { accountId, id } }, select: { id: true } })
  if (!key) throw notFound(`no API key ${id}`, 'input.apiKeyId')
  await db.apiKey.updateMany({ where: { accountId, id, revokedAt: null }, data: { revokedAt: now } })
  services.keyRing.forget()
  return id
}
