// Values of defined fields of people, typed and indexed, beside the profiles that hold them. Who writes a profile's fields keeps
// them in the same transaction, the profile's row being locked; what was there before the definition is filled in.

import { typedValue } from '../../core/fields/typed.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

/** What a profile has of a field now; undefined: nothing. */
export interface HeldValue {
  readonly profileId: string
  readonly field: string
  readonly value: unknown
  readonly until?: number | null | undefined
}

/** One row for each value that has a typed form; the others have none. Each profile and field is given once. */
export async function storeValues(sql: Sql, accountId: string, held: readonly HeldValue[]): Promise<void> {
  if (held.length === 0) return
  const typed = held.map(({ value }) => typedValue(value))
  const text = (of: (index: number) => number | null | undefined) =>
    held.map((_, index) => of(index)?.toString() ?? null)
  await sql.$executeRaw`
    WITH held AS (
      SELECT * FROM unnest(${held.map(({ profileId }) => profileId)}::uuid[], ${held.map(({ field }) => field)}::text[],
        ${typed.map((one) => one !== null)}::boolean[], ${typed.map((one) => one?.text ?? null)}::text[], ${text((i) => typed[i]?.number)}::text[],
        ${text((i) => typed[i]?.t)}::text[], ${typed.map((one) => one?.boolean ?? null)}::boolean[], ${text((i) => held[i]?.until)}::text[])
        AS given (profile_id, field, is_typed, text, number, ms, boolean, until)
    ), gone AS (
      DELETE FROM field_value USING held WHERE NOT held.is_typed AND field_value.account_id = ${accountId}::uuid
        AND field_value.profile_id = held.profile_id AND field_value.field = held.field
    )
    INSERT INTO field_value (account_id, profile_id, field, text, number, time, boolean, until)
    SELECT ${accountId}::uuid, profile_id, field, text, number::float8, to_timestamp(ms::float8 / 1000), boolean, to_timestamp(until::float8 / 1000)
    FROM held WHERE is_typed
    ON CONFLICT (account_id, profile_id, field) DO UPDATE
    SET text = excluded.text, number = excluded.number, time = excluded.time, boolean = excluded.boolean, until = excluded.until`
}

/** The fields of the account whose values are all there: who asks for one may go by its rows alone. */
export const filledFields = (accountId: string) => Prisma.sql`
  SELECT field FROM field_index WHERE account_id = ${accountId}::uuid AND is_wanted AND filled_at IS NOT NULL`

/** From the next transactions on, writers keep the values of the field, or no more; the rest is brought in line piece by piece. */
export async function wantValues(
  sql: Sql,
  accountId: string,
  { field, isWanted }: { field: string; isWanted: boolean },
): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO field_index (account_id, field, is_wanted)
    SELECT ${accountId}::uuid, ${field}::text, ${isWanted}::boolean
    WHERE ${isWanted}::boolean OR EXISTS (SELECT FROM field_index WHERE account_id = ${accountId}::uuid AND field = ${field}::text)
    ON CONFLICT (account_id, field) DO UPDATE SET is_wanted = excluded.is_wanted, barrier = NULL, cursor = NULL, filled_at = NULL
    WHERE field_index.is_wanted <> excluded.is_wanted`
}

export interface FieldKey {
  accountId: string
  field: string
}

/** Of any account, what is not in line; there is little at a time. */
export function findUnfilled(sql: Sql): Promise<FieldKey[]> {
  return sql.$queryRaw<FieldKey[]>`
    SELECT account_id AS "accountId", field FROM field_index WHERE filled_at IS NULL LIMIT 100`
}

export interface Filling {
  isWanted: boolean
  barrier: bigint | null
  /** The transactions that the barrier noted are over. */
  isPassed: boolean
  cursor: string | null
}

/** Keeps the filling for this transaction; undefined where another has it, or it is done. */
export async function lockFilling(sql: Sql, { accountId, field }: FieldKey): Promise<Filling | undefined> {
  const [row] = await sql.$queryRaw<Filling[]>`
    SELECT is_wanted AS "isWanted", barrier, cursor,
      coalesce(pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= barrier, FALSE) AS "isPassed"
    FROM field_index
    WHERE account_id = ${accountId}::uuid AND field = ${field}::text AND filled_at IS NULL FOR NO KEY UPDATE SKIP LOCKED`
  return row
}

/** Notes which transactions are under way: none that begins from here on goes by the definitions of before. */
export async function setBarrier(sql: Sql, { accountId, field }: FieldKey): Promise<void> {
  await sql.$executeRaw`
    UPDATE field_index SET barrier = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    WHERE account_id = ${accountId}::uuid AND field = ${field}::text`
}

export interface Piece extends FieldKey {
  after: string | null
  /** Inclusive; null: to the end. */
  last: string | null
}

const first = '00000000-0000-0000-0000-000000000000'
const end = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The last profile of the next piece; null where what is left is no more than one. */
export async function findPieceEnd(
  sql: Sql,
  accountId: string,
  { after, size }: { after: string | null; size: number },
): Promise<string | null> {
  const [row] = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM profile WHERE account_id = ${accountId}::uuid AND id > ${after ?? first}::uuid
    ORDER BY id OFFSET ${size - 1}::int LIMIT 1`
  return row?.id ?? null
}

/** What the profiles of the piece have of the field, those with a row of it included; they are locked in the order of ids. */
export function lockHolders(sql: Sql, { accountId, field, after, last }: Piece): Promise<HeldValue[]> {
  return sql.$queryRaw<HeldValue[]>`
    SELECT profile.id AS "profileId", ${field}::text AS field, profile.fields -> ${field}::text AS value,
      (profile.field_meta #>> ARRAY[${field}::text, 'until'])::float8 AS until
    FROM profile
    WHERE profile.account_id = ${accountId}::uuid AND profile.id > ${after ?? first}::uuid AND profile.id <= ${last ?? end}::uuid
      AND (jsonb_exists(profile.fields, ${field}::text) OR EXISTS (SELECT FROM field_value
        WHERE field_value.account_id = ${accountId}::uuid AND field_value.profile_id = profile.id AND field_value.field = ${field}::text))
    ORDER BY profile.id FOR NO KEY UPDATE OF profile`
}

/** Nobody reads or writes them any more. */
export async function deleteValues(sql: Sql, { accountId, field, after, last }: Piece): Promise<void> {
  await sql.$executeRaw`
    DELETE FROM field_value WHERE account_id = ${accountId}::uuid AND field = ${field}::text
      AND profile_id > ${after ?? first}::uuid AND profile_id <= ${last ?? end}::uuid`
}

/** Notes how far it came. */
export async function saveFilling(sql: Sql, { accountId, field, last }: Piece): Promise<void> {
  await sql.$executeRaw`
    UPDATE field_index SET cursor = ${last}::uuid, filled_at = CASE WHEN ${last}::uuid IS NULL THEN now() END
    WHERE account_id = ${accountId}::uuid AND field = ${field}::text`
}

export async function deleteFilling(sql: Sql, { accountId, field }: FieldKey): Promise<void> {
  await sql.$executeRaw`DELETE FROM field_index WHERE account_id = ${accountId}::uuid AND field = ${field}::text`
}
