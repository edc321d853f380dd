// What is left of a person who is erased, table by table: rows that counts hang on, without what tells of the person.
// `personal-columns.ts` lists what that is; a test compares it with the database.

import { type Identifier, identifierKey } from '../../core/identity.ts'
import type { Transaction } from '../../platform/database.ts'
import { inOrder } from '../../platform/statements.ts'
import { writeChanges } from '../memberships/sql.ts'

export interface Erasing {
  accountId: string
  /** All profiles that are the person. */
  ids: readonly string[]
  at: Date
}

/** Returns the identifiers that the person alone had. */
export async function deleteIdentities(tx: Transaction, { accountId, ids }: Erasing): Promise<Identifier[]> {
  const rows = await tx.$queryRaw<(Identifier & { shared: boolean })[]>`
    DELETE FROM identity WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])
    RETURNING kind, value, shared OR EXISTS (
      SELECT FROM identity AS other WHERE other.account_id = ${accountId}::uuid AND other.kind = identity.kind
        AND other.value = identity.value AND other.shared AND other.profile_id <> ALL (${ids}::uuid[])) AS shared`
  return rows.flatMap(({ kind, value, shared }) => (shared ? [] : [{ kind, value }]))
}

/** The rows stay, as pseudonyms; nothing is credited to them any more. */
export async function blankProfiles(tx: Transaction, { accountId, ids, at }: Erasing): Promise<void> {
  await tx.$executeRaw`
    UPDATE profile SET fields = '{}', field_meta = '{}', fields_end_at = NULL, erased_at = ${at}, events_blocked_at = coalesce(events_blocked_at, ${at}),
      rewards_blocked_at = coalesce(rewards_blocked_at, ${at})
    WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}

/** Idempotency keys of the person's events that are still known. */
export async function findEventKeys(tx: Transaction, { accountId, ids }: Erasing): Promise<string[]> {
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT idempotency_key.key FROM event
    JOIN idempotency_key ON idempotency_key.account_id = ${accountId}::uuid AND idempotency_key.key = event.idempotency_key
    WHERE event.account_id = ${accountId}::uuid AND event.profile_id = ANY (${ids}::uuid[])`
  return rows.map(({ key }) => key)
}

/** The keys go on being known for their time, by hashes alone. */
export async function hashEventKeys(
  tx: Transaction,
  { accountId, at }: Erasing,
  { keys, hashes }: { keys: readonly string[]; hashes: readonly string[] },
): Promise<void> {
  const digests = JSON.stringify({ erasedAt: at.toISOString() })
  await tx.$executeRaw`
    UPDATE idempotency_key SET key = new.hash, digests = ${digests}::jsonb
    FROM unnest(${keys}::text[], ${hashes}::text[]) AS new (key, hash)
    WHERE idempotency_key.account_id = ${accountId}::uuid AND idempotency_key.key = new.key`
}

/** Events keep name and times. */
export async function blankEvents(tx: Transaction, { accountId, ids }: Erasing): Promise<void> {
  await tx.$executeRaw`
    UPDATE event SET data = '{}', targeting = NULL, context = NULL, idempotency_key = NULL
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
}

/** Decisions stay as they are; of what explains them, values that came with the event or were seen of the person go. */
export async function blankDecisions(tx: Transaction, { accountId, ids }: Erasing): Promise<void> {
  await tx.$executeRaw`
    UPDATE attribution SET note = NULL, partner_id = NULL, transaction_id = NULL,
      warnings = (SELECT coalesce(jsonb_agg(one || jsonb_build_object('hint', split_part(one ->> 'hint', ':', 1), 'detail', NULL) ORDER BY place), '[]')
        FROM jsonb_array_elements(warnings) WITH ORDINALITY AS listed (one, place)),
      trace = (trace - 'targeting')
        || CASE WHEN jsonb_typeof(trace -> 'hints') = 'array' THEN jsonb_build_object('hints',
          (SELECT coalesce(jsonb_agg(one || '{"value": "", "detail": null}' ORDER BY place), '[]')
            FROM jsonb_array_elements(trace -> 'hints') WITH ORDINALITY AS listed (one, place))) ELSE '{}' END
        || CASE WHEN jsonb_typeof(trace -> 'nearMiss') = 'object'
          THEN jsonb_build_object('nearMiss', (trace -> 'nearMiss') || '{"detail": {}}') ELSE '{}' END
        || CASE WHEN jsonb_typeof(trace -> 'candidates') = 'array' THEN jsonb_build_object('candidates',
          (SELECT coalesce(jsonb_agg(one || '{"key": ""}' ORDER BY place), '[]')
            FROM jsonb_array_elements(trace -> 'candidates') WITH ORDINALITY AS listed (one, place))) ELSE '{}' END
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`
    UPDATE journey SET key = '', entry_code = NULL, entry_share_id = NULL, latest_code = NULL, latest_share_id = NULL
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
}

/** The source ids of the person's orders. */
export async function findOrderSourceIds(tx: Transaction, { accountId, ids }: Erasing): Promise<string[]> {
  const rows = await tx.$queryRaw<{ sourceId: string }[]>`
    SELECT source_id AS "sourceId" FROM placed_order
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[]) ORDER BY source_id COLLATE "C" FOR UPDATE`
  return rows.map(({ sourceId }) => sourceId)
}

/** Orders stay with what was bought and paid; their source ids are known by hashes alone. */
export async function blankOrders(
  tx: Transaction,
  { accountId, ids }: Erasing,
  { sourceIds, hashes }: { sourceIds: readonly string[]; hashes: readonly string[] },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE order_item SET name = NULL, fields = '{}' FROM placed_order
    WHERE order_item.account_id = ${accountId}::uuid AND placed_order.account_id = ${accountId}::uuid
      AND placed_order.profile_id = ANY (${ids}::uuid[]) AND order_item.order_id = placed_order.id`
  await tx.$executeRaw`
    UPDATE order_change SET source_id = NULL, reason = NULL
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`
    UPDATE placed_order SET source_id = new.hash, coupon_codes = '{}', shipping_address = NULL, billing_address = NULL, fields = '{}'
    FROM unnest(${sourceIds}::text[], ${hashes}::text[]) AS new (source_id, hash)
    WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.source_id = new.source_id`
}

/** The person's own codes are disabled, and tell no more to whom they went; others' shares no longer name the person. */
export async function disableCodes(
  tx: Transaction,
  { accountId, ids, at, identifiers }: Erasing & { identifiers: readonly Identifier[] },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE code SET disabled_at = coalesce(disabled_at, ${at}), recipients = '{}', channel = NULL, destination = NULL, fields = '{}'
    WHERE account_id = ${accountId}::uuid AND advocate_id = ANY (${ids}::uuid[])`
  const addresses = identifiers.flatMap(({ kind, value }) => (kind === 'EMAIL' || kind === 'PHONE' ? [value] : []))
  if (addresses.length === 0) return
  await tx.$executeRaw`
    UPDATE code SET recipients = ARRAY(SELECT one FROM unnest(recipients) AS one WHERE one <> ALL (${addresses}::text[]))
    WHERE account_id = ${accountId}::uuid AND recipients && ${addresses}::text[]`
}

/** Audiences hear that somebody left, under the pseudonym, so that their sizes are right. */
export async function leaveAudiences(tx: Transaction, { accountId, ids, at }: Erasing): Promise<void> {
  const seats = await tx.audienceMember.findMany({ where: { accountId, profileId: { in: [...ids] } } })
  const changes = seats.map(({ audienceId, profileId }) => ({
    ...{ audienceId, profileId, entered: false, cause: 'REMOVED' as const, eventId: null, ruleVersion: 0, since: at },
  }))
  if (changes.length > 0) await writeChanges(inOrder(tx), accountId, { changes, at })
}

/** What is of the person alone, and nothing counts by; and what is said of relationships, of which the person is one side. */
export async function deleteBelongings(tx: Transaction, { accountId, ids, at }: Erasing): Promise<void> {
  await tx.$executeRaw`
    UPDATE relationship SET fields = '{}'
    WHERE account_id = ${accountId}::uuid AND (friend_id = ANY (${ids}::uuid[]) OR advocate_id = ANY (${ids}::uuid[]))`
  await tx.$executeRaw`
    UPDATE merge SET picks = '{}', covers = '{}'
    WHERE account_id = ${accountId}::uuid AND (loser_id = ANY (${ids}::uuid[]) OR survivor_id = ANY (${ids}::uuid[]))`
  await tx.$executeRaw`
    DELETE FROM merge_candidate
    WHERE account_id = ${accountId}::uuid AND (first_id = ANY (${ids}::uuid[]) OR second_id = ANY (${ids}::uuid[]))`
  await tx.$executeRaw`DELETE FROM merge_key WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM field_value WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM field_change WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM field_raw WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM value_plan_row WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM open_cart WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`
    UPDATE import_row SET cells = '[]', changes = NULL, message = NULL
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM consent WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM address WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM interest WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`DELETE FROM api_key WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
  await tx.$executeRaw`
    UPDATE person_block SET reason = NULL, lifted_at = coalesce(lifted_at, ${at})
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[])`
}

/** Rows of files that hold an identifier of the person and are nobody's yet, or were refused. They are kept for days, so all are looked at. */
export async function blankImportRows(
  tx: Transaction,
  { accountId }: Erasing,
  identifiers: readonly Identifier[],
): Promise<void> {
  if (identifiers.length === 0) return
  const values = identifiers.map(({ value }) => value.toLowerCase())
  // Files write phone numbers in many ways, and their digits in one.
  const digits = identifiers.flatMap(({ kind, value }) => (kind === 'PHONE' ? [value.replace(/\D/g, '')] : []))
  await tx.$executeRaw`
    UPDATE import_row SET cells = '[]', changes = NULL, message = NULL
    WHERE account_id = ${accountId}::uuid AND profile_id IS NULL AND (changes -> 'identifiers' ?| ${identifiers.map(identifierKey)}::text[]
      OR EXISTS (
        SELECT FROM jsonb_path_query(cells, '$.**') AS one (value)
        WHERE jsonb_typeof(one.value) IN ('string', 'number') AND (lower(btrim(one.value #>> '{}')) = ANY (${values}::text[])
          OR ltrim(regexp_replace(one.value #>> '{}', '[^0-9]', '', 'g'), '0') = ANY (${digits}::text[]))))`
}

/**
 * The key that the account's erased identifiers are hashed with: the one given where it has none yet. The first is a change of
 * what batches go by, so that every server learns of it before its next.
 */
export async function erasureKey(tx: Transaction, accountId: string, fresh: string): Promise<string> {
  const [row] = await tx.$queryRaw<{ key: string }[]>`
    UPDATE account SET rules_version = rules_version + CASE WHEN erasure_key IS NULL THEN 1 ELSE 0 END,
      erasure_key = coalesce(erasure_key, ${fresh}::text)
    WHERE id = ${accountId}::uuid RETURNING erasure_key AS key`
  if (!row) throw new Error('an account without its row')
  return row.key
}

export async function insertErased(
  tx: Transaction,
  { accountId, at }: Erasing,
  hashes: readonly string[],
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO erased_identity (account_id, hash, erased_at)
    SELECT ${accountId}::uuid, hash, ${at} FROM unnest(${hashes}::text[]) AS new (hash) ORDER BY hash
    ON CONFLICT (account_id, hash) DO UPDATE SET erased_at = excluded.erased_at`
}
