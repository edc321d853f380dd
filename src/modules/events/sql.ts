// Events and idempotency keys, set by set.

import type { Sql } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import type { AcceptedEvent } from './check.ts'

/** A digest per input field. */
export type Digests = Record<string, string>

export interface KeyClaim {
  key: string
  eventId: string
  digests: Digests
}

/**
 * Claims the keys that nobody has; returns the claims of those that somebody has, before this transaction or while it waited.
 * Waits for another transaction that claims the same key: one of the two wins. RetryError where who has a key is gone again,
 * for then nobody has claimed it.
 */
export async function claimKeys(
  tx: Sql,
  accountId: string,
  claims: readonly KeyClaim[],
): Promise<Map<string, KeyClaim>> {
  const keys = claims.map(({ key }) => key)
  const claimed = await tx.$executeRaw`
    INSERT INTO idempotency_key (account_id, key, event_id, digests)
    SELECT ${accountId}::uuid, key, event_id, digests
    FROM unnest(${keys}::text[], ${claims.map(({ eventId }) => eventId)}::uuid[],
      ${claims.map(({ digests }) => JSON.stringify(digests))}::jsonb[]) AS new (key, event_id, digests)
    ORDER BY key
    ON CONFLICT DO NOTHING`
  if (claimed === claims.length) return new Map()
  const owners = await findKeys(tx, accountId, keys)
  if (!keys.every((key) => owners.has(key))) throw new RetryError('a key was taken, and nobody has it')
  return owners
}

/** Who has the keys. */
async function findKeys(tx: Sql, accountId: string, keys: readonly string[]): Promise<Map<string, KeyClaim>> {
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
  /** The three as they are stored. */
  json: AcceptedEvent['json']
  channel: string | null
  idempotencyKey: string | null
}

export async function insertEvents(tx: Sql, accountId: string, rows: readonly EventRow[]): Promise<void> {
  const column = <K extends keyof EventRow>(key: K) => rows.map((row) => row[key])
  await tx.$executeRaw`
    INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at, reported_at, data, targeting, context, channel, idempotency_key)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('name')}::text[],
      ${column('occurredAt')}::timestamptz[], ${column('receivedAt')}::timestamptz[], ${column('reportedAt')}::timestamptz[],
      ${rows.map(({ json }) => json.data)}::jsonb[], ${rows.map(({ json }) => json.targeting)}::jsonb[],
      ${rows.map(({ json }) => json.context)}::jsonb[], ${column('channel')}::text[]::channel[], ${column('idempotencyKey')}::text[])`
}

/** Gives back keys that this transaction claimed. */
export async function releaseKeys(tx: Sql, accountId: string, keys: readonly string[]): Promise<void> {
  await tx.$executeRaw`DELETE FROM idempotency_key WHERE account_id = ${accountId}::uuid AND key = ANY (${keys}::text[])`
}

/** Which of the events are stored. */
export async function findStored(sql: Sql, accountId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM event WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
  return new Set(rows.map(({ id }) => id))
}

const keysAtATime = 10_000

/** Forgets keys older than their time, so many at a time. */
export async function deleteOldKeys(sql: Sql, before: Date): Promise<void> {
  const forget = () => sql.$executeRaw`
    DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM idempotency_key WHERE created_at < ${before} ORDER BY created_at LIMIT ${keysAtATime}::int))`
  while ((await forget()) === keysAtATime);
}
