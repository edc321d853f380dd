// Statements of a type change: who has a value, and the values in their new form.

import type { Sql } from '../../platform/database.ts'

export interface Holder {
  id: string
  value: unknown
}

/** The profiles with a value of the field, in the order of their ids. */
export function findHolders(
  sql: Sql,
  accountId: string,
  { key, after, limit }: { key: string; after: string | null; limit: number },
): Promise<Holder[]> {
  const nobody = '00000000-0000-0000-0000-000000000000'
  return sql.$queryRaw<Holder[]>`
    SELECT id, fields -> ${key}::text AS value FROM profile
    WHERE account_id = ${accountId}::uuid AND id > ${after ?? nobody}::uuid AND jsonb_exists(fields, ${key}::text)
      AND jsonb_typeof(fields -> ${key}::text) <> 'null'
    ORDER BY id LIMIT ${limit}::int`
}

/** A value in another form is as old as it was. */
export async function storeConverted(
  sql: Sql,
  accountId: string,
  { key, rows }: { key: string; rows: readonly Holder[] },
): Promise<void> {
  if (rows.length === 0) return
  await sql.$executeRaw`
    UPDATE profile SET fields = fields || jsonb_build_object(${key}::text, new.value)
    FROM unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ value }) => JSON.stringify(value))}::jsonb[]) AS new (id, value)
    WHERE profile.account_id = ${accountId}::uuid AND profile.id = new.id`
}

export interface OpenChange {
  accountId: string
  id: string
}

/** Changes of any account that are not done; there are few at a time. */
export function findOpenChanges(sql: Sql): Promise<OpenChange[]> {
  return sql.$queryRaw<OpenChange[]>`
    SELECT account_id AS "accountId", id FROM field_type_change WHERE done_at IS NULL ORDER BY created_at LIMIT 100`
}

/** Notes which transactions are under way: none that begins from here on goes by the rules of before. */
export async function setBarrier(sql: Sql, { accountId, id }: OpenChange): Promise<void> {
  await sql.$executeRaw`
    UPDATE field_type_change SET barrier = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`
}

/** Keeps the change for this transaction; false where another has it, or it is done. */
export async function holdChange(sql: Sql, { accountId, id }: OpenChange): Promise<boolean> {
  const rows = await sql.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM field_type_change
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid AND done_at IS NULL FOR UPDATE SKIP LOCKED`
  return rows.length > 0
}
