// API keys: how a secret is made and kept, whom it stands for, and the first account of a new installation.

import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '../../access.ts'
import { newId } from '../../ids.ts'
import type { Database, Transaction } from '../../platform/database.ts'
import { lockFirstAccount } from './sql.ts'

const prefixLength = 12
const secretBytes = 32

/** What is kept of a secret: its SHA-256, in hex. Secrets are random and long, so no salt or slow hash is needed. */
export const hashKey = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** A fresh secret: `trib_` and 43 characters of base64url. */
export const newSecret = (): string => `trib_${randomBytes(secretBytes).toString('base64url')}`

/** What a key's row says of its secret. */
export const secretColumns = (secret: string) => ({ prefix: secret.slice(0, prefixLength), hash: hashKey(secret) })

/** Whom the key stands for; null for one that is unknown, revoked or expired. `key` is without `Bearer`. */
export async function findPrincipal(database: Database, key: string, now = new Date()): Promise<Principal | null> {
  const row = await database.system.apiKey.findUnique({
    where: { hash: hashKey(key) },
    select: { accountId: true, id: true, scopes: true, profileId: true, expiresAt: true, revokedAt: true },
  })
  if (!row || row.revokedAt || (row.expiresAt && row.expiresAt <= now)) return null
  const { accountId, id: keyId, scopes, profileId, expiresAt } = row
  return { accountId, keyId, scopes, profileId, expiresAt }
}

/**
 * Makes the account "Default" with an ADMIN key where there is no account yet. Returns the key's secret, to be shown once;
 * undefined where nothing was made, or where `adminKey` said what the secret is. A new `adminKey` becomes another ADMIN key
 * of the first account; the keys before it stay.
 */
export async function ensureFirstAccount(database: Database, adminKey?: string): Promise<string | undefined> {
  return database.transaction(async (tx) => {
    await lockFirstAccount(tx)
    const known = await tx.account.findFirst({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], select: { id: true } })
    if (known && adminKey === undefined) return undefined
    const accountId = known?.id ?? newId()
    if (!known) await tx.account.create({ data: { id: accountId, name: 'Default' } })
    const secret = adminKey ?? newSecret()
    await insertAdminKey(tx, accountId, secret)
    return adminKey === undefined ? secret : undefined
  })
}

async function insertAdminKey(tx: Transaction, accountId: string, secret: string): Promise<void> {
  const key = { accountId, id: newId(), name: 'First key', scopes: ['ADMIN' as const], ...secretColumns(secret) }
  await tx.apiKey.createMany({ data: [key], skipDuplicates: true })
}
