// Statements of imports: rows that stream in, chunks that are worked on, and who holds a job.

import type { RowPlan } from '../../core/imports/outcome.ts'
import type { ImportAction, ImportState } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface ImportKey {
  readonly accountId: string
  readonly id: string
}

/** A row as it is kept. */
export interface StoredRow {
  readonly number: number
  readonly line: number
  /** In the order of the columns; of JSON lines an object; null of one that could not be read. */
  readonly cells: readonly string[] | { readonly [name: string]: unknown } | null
  readonly action: ImportAction | null
  readonly applied: boolean
  readonly profileId: string | null
  readonly changes: unknown
  readonly code: string | null
  readonly message: string | null
}

export type NewRow = Pick<StoredRow, 'number' | 'line' | 'cells' | 'message'>

/** Keeps rows of an upload; returns how many were kept: none where another upload has taken its place. */
export function insertRows(
  sql: Sql,
  { accountId, id, uploadId }: ImportKey & { uploadId: string },
  rows: readonly NewRow[],
): Promise<number> {
  return sql.$executeRaw`
    INSERT INTO import_row (account_id, import_id, number, line, cells, message)
    SELECT ${accountId}::uuid, ${id}::uuid, new.number, new.line, new.cells, new.message
    FROM unnest(${rows.map(({ number }) => number)}::int[], ${rows.map(({ line }) => line)}::int[],
      ${rows.map(({ cells }) => JSON.stringify(cells))}::jsonb[], ${rows.map(({ message }) => message)}::text[]) AS new (number, line, cells, message)
    WHERE EXISTS (SELECT FROM import WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid AND upload_id = ${uploadId}::uuid)`
}

const deletedAtATime = 20_000

/** Deletes what an import keeps of its file, a piece at a time: each piece for itself, outside of transactions. */
export async function deleteRows(sql: Sql, { accountId, id }: ImportKey): Promise<void> {
  const some = () => sql.$executeRaw`
    DELETE FROM import_row WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM import_row WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid LIMIT ${deletedAtATime}::int))`
  while ((await some()) > 0);
  await deleteKeys(sql, { accountId, id })
}

/** Forgets which rows came with what, as `deleteRows` does. */
export async function deleteKeys(sql: Sql, { accountId, id }: ImportKey): Promise<void> {
  const some = () => sql.$executeRaw`
    DELETE FROM import_key WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM import_key WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid LIMIT ${deletedAtATime}::int))`
  while ((await some()) > 0);
}

/** Of uploads that want to be the same file at once, the others wait until this transaction ends. */
export async function lockDigest(
  sql: Sql,
  { accountId, digest }: { accountId: string; digest: string },
): Promise<void> {
  await sql.$executeRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${`${accountId} ${digest}`}::text, 11))`
}

/** Which of the idempotency keys events have. */
export async function findKnownKeys(
  sql: Sql,
  accountId: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await sql.$queryRaw<{ key: string }[]>`
    SELECT key FROM idempotency_key WHERE account_id = ${accountId}::uuid AND key = ANY (${keys}::text[])`
  return new Set(rows.map(({ key }) => key))
}

/** Numbers the rows anew, by the times that their plans tell; those without are last. Twice, since a number is one row's at any time. */
export async function orderByTime(sql: Sql, { accountId, id }: ImportKey): Promise<void> {
  await sql.$executeRaw`
    UPDATE import_row SET number = -ordered.place
    FROM (
      SELECT number, row_number() OVER (ORDER BY changes ->> 'at' NULLS LAST, number)::int AS place FROM import_row
      WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid
    ) AS ordered
    WHERE import_row.account_id = ${accountId}::uuid AND import_row.import_id = ${id}::uuid AND import_row.number = ordered.number`
  await sql.$executeRaw`
    UPDATE import_row SET number = -number WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid`
}

/**
 * Numbers the rows anew where those with the same cell are apart: they follow on the first of them. The cell is that of a place, or
 * where that is null the first of the names that a line has.
 */
export async function gatherRows(
  sql: Sql,
  { accountId, id }: ImportKey,
  { names, place }: { names: readonly string[]; place: number | null },
): Promise<void> {
  await sql.$executeRaw`
    UPDATE import_row SET number = -gathered.place
    FROM (
      SELECT number, row_number() OVER (ORDER BY first, number)::int AS place
      FROM (
        SELECT number, min(number) OVER (PARTITION BY key) AS first
        FROM (
          SELECT number, btrim(coalesce(cells ->> ${place}::int, (
            SELECT cells ->> given.name FROM unnest(${names}::text[]) WITH ORDINALITY AS given (name, at)
            WHERE cells ->> given.name IS NOT NULL ORDER BY given.at LIMIT 1), ''), E' \\t\\r\\n') AS key
          FROM import_row WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid
        ) AS keyed
      ) AS placed
    ) AS gathered
    WHERE import_row.account_id = ${accountId}::uuid AND import_row.import_id = ${id}::uuid AND import_row.number = gathered.number
      AND gathered.place <> gathered.number`
  await sql.$executeRaw`
    UPDATE import_row SET number = -number WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid AND number < 0`
}

/** By SKU the source id of the product that it is a variant of. */
export async function findProductsOfSkus(
  sql: Sql,
  accountId: string,
  skus: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (skus.length === 0) return new Map()
  const rows = await sql.$queryRaw<{ sku: string; sourceId: string }[]>`
    SELECT variant.sku, product.source_id AS "sourceId" FROM product_variant AS variant
    JOIN product ON product.account_id = ${accountId}::uuid AND product.id = variant.product_id
    WHERE variant.account_id = ${accountId}::uuid AND variant.sku = ANY (${skus}::text[])`
  return new Map(rows.map(({ sku, sourceId }) => [sku, sourceId]))
}

/** Of rows that are read at once, in bytes: they are in memory as a whole, some times over. */
const maxPage = 8_000_000

/** The rows after a number, in their order: so many, or fewer where they are long; none where there are none. */
export function findRows(
  sql: Sql,
  { accountId, id }: ImportKey,
  { after, limit }: { after: number; limit: number },
): Promise<StoredRow[]> {
  return sql.$queryRaw<StoredRow[]>`
    WITH next AS (
      SELECT number, octet_length(cells::text) AS size FROM import_row
      WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid AND number > ${after}::int ORDER BY number LIMIT ${limit}::int
    ), page AS (SELECT number, size, sum(size) OVER (ORDER BY number) AS total FROM next)
    SELECT number, line, cells, action, applied, profile_id AS "profileId", changes, code, message FROM import_row
    WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid AND number > ${after}::int
      AND number <= (SELECT max(number) FROM page WHERE total - size < ${maxPage}::bigint) ORDER BY number`
}

/** What was found of rows; `isApplied`: for good. Of people who were erased since they were looked at, nothing is kept. */
export async function storePlans(
  sql: Sql,
  { accountId, id }: ImportKey,
  { plans, isApplied }: { plans: readonly RowPlan[]; isApplied: boolean },
): Promise<void> {
  if (plans.length === 0) return
  await sql.$executeRaw`
    UPDATE import_row SET action = plan.action, applied = ${isApplied}::boolean, profile_id = plan.profile_id, changes = plan.changes,
      code = plan.code, message = plan.message, cells = CASE WHEN plan.is_erased THEN '[]' ELSE import_row.cells END
    FROM unnest(${plans.map(({ number }) => number)}::int[], ${plans.map(({ action }) => action)}::text[]::import_action[],
      ${plans.map(({ profileId }) => profileId)}::uuid[], ${plans.map(({ changes }) => (changes === null ? null : JSON.stringify(changes)))}::jsonb[],
      ${plans.map(({ code }) => code)}::text[], ${plans.map(({ message }) => message)}::text[],
      ${plans.map(({ isErased = false }) => isErased)}::boolean[]) AS plan (number, action, profile_id, changes, code, message, is_erased)
    WHERE import_row.account_id = ${accountId}::uuid AND import_row.import_id = ${id}::uuid AND import_row.number = plan.number`
  const ids = [...new Set(plans.flatMap(({ profileId }) => profileId ?? []))]
  // An erasure waits for this, or is seen by it: either way nothing of the person stays.
  const erased = await sql.$queryRaw<{ id: string }[]>`
    SELECT id FROM (
      SELECT id, erased_at FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    ) AS person WHERE erased_at IS NOT NULL`
  if (erased.length === 0) return
  await sql.$executeRaw`
    UPDATE import_row SET cells = '[]', changes = NULL, message = NULL
    WHERE account_id = ${accountId}::uuid AND import_id = ${id}::uuid AND number = ANY (${plans.map(({ number }) => number)}::int[])
      AND profile_id = ANY (${erased.map((one) => one.id)}::uuid[])`
}

export interface Claim {
  readonly hash: Buffer
  readonly number: number
}

/** By hash, in hexadecimal, the first row that came with it: of these, or of those before. */
export async function claimHashes(
  sql: Sql,
  { accountId, id }: ImportKey,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, number>> {
  const first = new Map<string, Claim>()
  for (const claim of claims) {
    const key = claim.hash.toString('hex')
    const known = first.get(key)
    if (!known || claim.number < known.number) first.set(key, claim)
  }
  if (first.size === 0) return new Map()
  const hashes = [...first.keys()]
  await sql.$executeRaw`
    INSERT INTO import_key (account_id, import_id, hash, number)
    SELECT ${accountId}::uuid, ${id}::uuid, decode(new.hash, 'hex'), new.number
    FROM unnest(${hashes}::text[], ${[...first.values()].map(({ number }) => number)}::int[]) AS new (hash, number)
    ON CONFLICT DO NOTHING`
  const rows = await sql.$queryRaw<{ hash: string; number: number }[]>`
    SELECT encode(import_key.hash, 'hex') AS hash, import_key.number FROM unnest(${hashes}::text[]) AS given (hash)
    JOIN import_key ON import_key.account_id = ${accountId}::uuid AND import_key.import_id = ${id}::uuid AND import_key.hash = decode(given.hash, 'hex')`
  return new Map(rows.map(({ hash, number }) => [hash, number]))
}

export interface OpenImport extends ImportKey {
  readonly state: ImportState
}

/** Imports of any account that there is something to do for: of each account its oldest, then its next ones. */
export function findOpenImports(sql: Sql): Promise<OpenImport[]> {
  return sql.$queryRaw<OpenImport[]>`
    SELECT account_id AS "accountId", id, state FROM import
    WHERE state IN ('QUEUED', 'VALIDATING', 'RUNNING') AND uploaded_at IS NOT NULL
    ORDER BY row_number() OVER (PARTITION BY account_id ORDER BY uploaded_at), uploaded_at LIMIT 100`
}

/** Keeps the job for this transaction; false where another has it, or there is nothing left to do. */
export async function holdImport(sql: Sql, { accountId, id }: ImportKey): Promise<boolean> {
  const rows = await sql.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM import
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid AND state IN ('QUEUED', 'VALIDATING', 'RUNNING') AND uploaded_at IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED`
  return rows.length > 0
}

/** The same for a caller, who waits for whoever has it. */
export async function lockImport(sql: Sql, { accountId, id }: ImportKey): Promise<void> {
  await sql.$executeRaw`
    SELECT 1 FROM import WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`
}

/** Imports whose rows are kept long enough, and uploads that nobody finished. */
export function findStale(
  sql: Sql,
  { doneBefore, waitingBefore }: { doneBefore: Date; waitingBefore: Date },
): Promise<OpenImport[]> {
  return sql.$queryRaw<OpenImport[]>`
    SELECT account_id AS "accountId", id, state FROM import
    WHERE rows_dropped_at IS NULL AND (done_at < ${doneBefore}::timestamptz
      OR (done_at IS NULL AND state IN ('QUEUED', 'AWAITING_CONFIRMATION', 'FAILED') AND created_at < ${waitingBefore}::timestamptz)) LIMIT 20`
}
