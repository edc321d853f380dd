// Who was erased: profiles by their mark, identifiers by a keyed hash, so that what is sent about them again is known and nobody
// can read from the hashes who they were.

import { createHmac } from 'node:crypto'
import { type Identifier, identifierKey } from '../../core/identity.ts'
import { ApiError } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import type { CheckedRef, Crowd } from './resolve.ts'
import type { MemberNow } from './sql.ts'

const hashOf = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url')

/** What is kept of an erased identifier; `key` is the account's own. */
export const erasedHash = (key: string, identifier: Identifier): string => hashOf(key, identifierKey(identifier))

/** What is kept of the idempotency key of an event of somebody who was erased: senders make them of anything. */
export const erasedEventKey = (key: string, idempotencyKey: string): string => hashOf(key, `event:${idempotencyKey}`)

export const wasErased = (at: Date, field?: string): ApiError =>
  new ApiError('CONFLICT', `this person was erased at ${at.toISOString()}`, { field, erasedAt: at.toISOString() })

/** Of an event, what tells whether it is about somebody who was erased. */
export interface Sent {
  readonly ref: CheckedRef
  readonly occurredAt: Date
  readonly idempotencyKey: string | null
}

/** Since when the event is about somebody who was erased: by id or idempotency key at any time, by an identifier for times before. */
export type ErasedAmong = (event: Sent) => Date | null

/** What was erased of what the events name: one statement. */
export async function findErasedAmong(
  sql: Sql,
  accountId: string,
  { key, events }: { key: string; events: readonly Sent[] },
): Promise<ErasedAmong> {
  const eventKeyOf = ({ idempotencyKey }: Sent) =>
    idempotencyKey === null ? null : erasedEventKey(key, idempotencyKey)
  const rows = await findErased(sql, accountId, {
    hashes: [...new Set(events.flatMap(({ ref }) => ref.identifiers.map((identifier) => erasedHash(key, identifier))))],
    ids: events.flatMap(({ ref }) => ref.id ?? []),
    eventKeys: events.flatMap((event) => eventKeyOf(event) ?? []),
  })
  const known = new Map(rows.map(({ name, erasedAt }) => [name, erasedAt]))
  return (event) => {
    if (known.size === 0) return null
    const { ref, occurredAt } = event
    const outright = known.get(ref.id ?? '') ?? known.get(eventKeyOf(event) ?? '')
    const times = ref.identifiers.map((identifier) => known.get(erasedHash(key, identifier)))
    return outright ?? times.find((erasedAt) => erasedAt && occurredAt <= erasedAt) ?? null
  }
}

interface Named {
  readonly hashes: readonly string[]
  readonly ids: readonly string[]
  readonly eventKeys: readonly string[]
}

/** Hashes, profile ids and keys of events that were erased. */
export function findErased(
  sql: Sql,
  accountId: string,
  { hashes, ids, eventKeys }: Named,
): Promise<{ name: string; erasedAt: Date }[]> {
  return sql.$queryRaw<{ name: string; erasedAt: Date }[]>`
    SELECT hash AS name, erased_at AS "erasedAt" FROM erased_identity
    WHERE account_id = ${accountId}::uuid AND hash = ANY (${hashes}::text[])
    UNION ALL
    SELECT given.id::text, one.erased_at FROM unnest(${ids}::uuid[]) AS given (id)
    CROSS JOIN LATERAL (SELECT erased_at FROM profile WHERE account_id = ${accountId}::uuid AND profile.id = given.id OFFSET 0) AS one
    WHERE one.erased_at IS NOT NULL
    UNION ALL
    SELECT key, (digests ->> 'erasedAt')::timestamptz FROM idempotency_key
    WHERE account_id = ${accountId}::uuid AND key = ANY (${eventKeys}::text[]) AND digests ? 'erasedAt'`
}

/** Refuses the first person among them who was erased, at the place of the reference. */
export function refuseErased(locked: readonly MemberNow[], { people, path }: Crowd): void {
  const erased = new Map(locked.flatMap(({ profileId, erasedAt }) => (erasedAt ? [[profileId, erasedAt]] : [])))
  for (const [index, step] of people.steps.entries()) {
    const at = step && erased.get(step.personId)
    if (at) throw wasErased(at, path?.(index))
  }
}
