// Who was erased: profiles by their mark, identifiers by a keyed hash, so that what is sent about them again is known and nobody
// can read from the hashes who they were.

import { createHmac } from 'node:crypto'
import { type Identifier, identifierKey } from '../../core/identity.ts'
import { ApiError } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import type { CheckedRef, Crowd } from './resolve.ts'
import type { MemberNow } from './sql.ts'

/** What is kept of an erased identifier; `key` is the account's own. */
export const erasedHash = (key: string, identifier: Identifier): string =>
  createHmac('sha256', key).update(identifierKey(identifier)).digest('base64url')

export const wasErased = (at: Date, field?: string): ApiError =>
  new ApiError('CONFLICT', `this person was erased at ${at.toISOString()}`, { field, erasedAt: at.toISOString() })

/** Tells of a reference whether it names somebody who was erased: by id at any time, by an identifier for times before that. */
export type ErasedAmong = (ref: CheckedRef, occurredAt: Date) => Date | null

/** What was erased of what the references name: one statement. */
export async function findErasedAmong(
  sql: Sql,
  accountId: string,
  { key, refs }: { key: string; refs: readonly CheckedRef[] },
): Promise<ErasedAmong> {
  const hashOf = (identifier: Identifier) => erasedHash(key, identifier)
  const hashes = [...new Set(refs.flatMap(({ identifiers }) => identifiers.map(hashOf)))]
  const rows = await findErased(sql, accountId, { hashes, ids: refs.flatMap(({ id }) => id ?? []) })
  const known = new Map(rows.map(({ name, erasedAt }) => [name, erasedAt]))
  return ({ id, identifiers }, occurredAt) => {
    const byId = id === null ? undefined : known.get(id)
    if (byId || known.size === 0) return byId ?? null
    const times = identifiers.map((identifier) => known.get(hashOf(identifier)))
    return times.find((erasedAt) => erasedAt && occurredAt <= erasedAt) ?? null
  }
}

/** Hashes and profile ids that were erased. */
export function findErased(
  sql: Sql,
  accountId: string,
  { hashes, ids }: { hashes: readonly string[]; ids: readonly string[] },
): Promise<{ name: string; erasedAt: Date }[]> {
  return sql.$queryRaw<{ name: string; erasedAt: Date }[]>`
    SELECT hash AS name, erased_at AS "erasedAt" FROM erased_identity
    WHERE account_id = ${accountId}::uuid AND hash = ANY (${hashes}::text[])
    UNION ALL
    SELECT id::text, erased_at FROM profile
    WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[]) AND erased_at IS NOT NULL`
}

/** Refuses the first person among them who was erased, at the place of the reference. */
export function refuseErased(locked: readonly MemberNow[], { people, path }: Crowd): void {
  const erased = new Map(locked.flatMap(({ profileId, erasedAt }) => (erasedAt ? [[profileId, erasedAt]] : [])))
  for (const [index, step] of people.steps.entries()) {
    const at = step && erased.get(step.personId)
    if (at) throw wasErased(at, path?.(index))
  }
}
