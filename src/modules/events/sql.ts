// Events and idempotency keys, set by set.

import type { Transaction } from '../../platform/database.ts'

/** A digest per input field. */
export type Digests = Record<string, string>

export interface KeyClaim {
  key: string
  eventId: string
  digests: Digests
}

/**
 * Claims the keys that nobody has; returns the claims of those that somebody has, in this transaction or before.
 * Waits for another transaction that claims the same key: one of the two wins.
 */
export async function claimKeys(
  tx: Transaction,
  accountId: string,
  claims: readonly KeyClaim[],
): Promise<Map<string, KeyClaim>> {
  const keys = claims.map(({ key }) => key)
  await tx.$executeRaw`
    INSERT INTO idempotency_key (account_id, key, event_id, digests)
    SELECT ${accountId}::uuid, key, event_id, digests
    FROM unnest(${keys}::text[], ${claims.map(({ eventId }) => eventId)}::uuid[],
      ${claims.map(({ digests }) => JSON.stringify(digests))}::jsonb[]) AS new (key, event_id, digests)
    ORDER BY key
    ON CONFLICT DO NOTHING`
  return findKeys(tx, accountId, keys)
}

/** Who has the keys. */
async function findKeys(tx: Transaction, accountId: string, keys: readonly string[]): Promise<Map<string, KeyClaim>> {
  const rows = await tx.$queryRaw<KeyClaim[]>`
    SELECT key, event_id AS "eventId", digests FROM idempotency_key
    WHERE account_id = ${accountId}::uuid AND key = ANY (${keys}::text[])`
  return new Map(rows.map((row) => [row.key, row]))
}

export interface EventRow {
  id: string
  profileId: string
  name: string
  occurredAt: Date
  receivedAt: Date
  reportedAt: Date | null
  data: object
  targeting: object | null
  context: object | null
  channel: string | null
  idempotencyKey: string | null
}

const json = (value: object | null) => (value === null ? null : JSON.stringify(value))

export async function insertEvents(tx: Transaction, accountId: string, rows: readonly EventRow[]): Promise<void> {
  const column = <K extends keyof EventRow>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at, reported_at, data, targeting, context, channel, idempotency_key)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('name')}::text[],
      ${column('occurredAt')}::timestamptz[], ${column('receivedAt')}::timestamptz[], ${column('reportedAt')}::timestamptz[],
      ${rows.map(({ data }) => json(data))}::jsonb[], ${rows.map(({ targeting }) => json(targeting))}::jsonb[],
      ${rows.map(({ context }) => json(context))}::jsonb[], ${column('channel')}::text[]::channel[], ${column('idempotencyKey')}::text[])`
}

/** Gives back keys that this transaction claimed. */
export async function releaseKeys(tx: Transaction, accountId: string, keys: readonly string[]): Promise<void> {
  await tx.$executeRaw`DELETE FROM idempotency_key WHERE account_id = ${accountId}::uuid AND key = ANY (${keys}::text[])`
}

/** Which of the events are stored. */
export async function findStored(sql: Transaction, accountId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM event WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
  return new Set(rows.map(({ id }) => id))
}

/** Forgets keys older than their time; returns how many. */
export function deleteOldKeys(sql: Transaction, before: Date): Promise<number> {
  return sql.$executeRaw`DELETE FROM idempotency_key WHERE created_at < ${before}`
}
