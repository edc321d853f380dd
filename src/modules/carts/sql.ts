// Open carts: one of each profile, with what was done with it last.

import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

export interface CartRow {
  profileId: string
  eventId: string
  lastAt: Date
}

/**
 * Opens the carts, or notes what was done with them, of each profile once; nothing where the account's carts are never abandoned.
 * Returns when they are due.
 */
export async function writeCarts(sql: Sql, accountId: string, carts: readonly CartRow[]): Promise<Date[]> {
  const rows = await sql.$queryRaw<{ dueAt: Date }[]>`
    INSERT INTO open_cart (account_id, profile_id, event_id, last_at, due_at)
    SELECT ${accountId}::uuid, new.profile_id, new.event_id, new.last_at, new.last_at + account.cart_minutes * interval '1 minute'
    FROM unnest(${carts.map(({ profileId }) => profileId)}::uuid[], ${carts.map(({ eventId }) => eventId)}::uuid[],
      ${carts.map(({ lastAt }) => lastAt)}::timestamptz[]) AS new (profile_id, event_id, last_at)
    JOIN account ON account.id = ${accountId}::uuid AND account.cart_minutes IS NOT NULL
    ORDER BY new.profile_id
    ON CONFLICT (account_id, profile_id) DO UPDATE SET event_id = excluded.event_id, last_at = excluded.last_at, due_at = excluded.due_at
    WHERE open_cart.last_at <= excluded.last_at RETURNING due_at AS "dueAt"`
  return rows.map(({ dueAt }) => dueAt)
}

export interface DueCart extends CartRow {
  accountId: string
  dueAt: Date
}

/** Carts that are due, the longest due first; of any account but those left out. */
export function findDueCarts(
  sql: Sql,
  { now, limit, without }: { now: Date; limit: number; without: readonly string[] },
): Promise<DueCart[]> {
  return sql.$queryRaw<DueCart[]>`
    SELECT account_id AS "accountId", profile_id AS "profileId", event_id AS "eventId", last_at AS "lastAt", due_at AS "dueAt"
    FROM open_cart WHERE due_at <= ${now}::timestamptz AND account_id <> ALL (${without}::uuid[]) ORDER BY due_at LIMIT ${limit}::int`
}

/** True where the account wants no cart to be abandoned. */
export async function areCartsOff(sql: Sql, accountId: string): Promise<boolean> {
  const rows = await sql.$queryRaw<unknown[]>`
    SELECT 1 FROM account WHERE id = ${accountId}::uuid AND cart_minutes IS NOT NULL`
  return rows.length === 0
}

/** When that was done which the carts told of as abandoned since then end with; of the profiles that have any. */
export function findToldCarts(
  sql: Sql,
  accountId: string,
  { profileIds, since, name }: { profileIds: readonly string[]; since: Date; name: string },
): Promise<{ profileId: string; lastAt: Date }[]> {
  return sql.$queryRaw<{ profileId: string; lastAt: Date }[]>`
    SELECT told.profile_id AS "profileId", last.occurred_at AS "lastAt" FROM event AS told
    JOIN event AS last ON last.account_id = ${accountId}::uuid
      AND last.id = CASE WHEN told.data ->> 'last_event_id' ~ '^[0-9a-f-]{36}$' THEN (told.data ->> 'last_event_id')::uuid END
    WHERE told.account_id = ${accountId}::uuid AND told.profile_id = ANY (${profileIds}::uuid[]) AND told.name = ${name}::text
      AND told.occurred_at >= ${since}::timestamptz`
}

/** When a cart is due next, of any account. */
export async function findNextCart(sql: Sql): Promise<Date | undefined> {
  const [row] = await sql.$queryRaw<{ dueAt: Date }[]>`SELECT due_at AS "dueAt" FROM open_cart ORDER BY due_at LIMIT 1`
  return row?.dueAt
}

/** The carts of the profiles, due or not. */
export function findCarts(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<DueCart[]> {
  return sql.$queryRaw<DueCart[]>`
    SELECT account_id AS "accountId", profile_id AS "profileId", event_id AS "eventId", last_at AS "lastAt", due_at AS "dueAt"
    FROM open_cart WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])`
}

/** Of each of the profiles that ordered anything, when they did last. */
export function findLastOrders(
  sql: Sql,
  accountId: string,
  profileIds: readonly string[],
): Promise<{ profileId: string; placedAt: Date }[]> {
  return sql.$queryRaw<{ profileId: string; placedAt: Date }[]>`
    SELECT asked.id AS "profileId", last.placed_at AS "placedAt" FROM unnest(${profileIds}::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
      SELECT placed_at FROM placed_order WHERE placed_order.account_id = ${accountId}::uuid AND placed_order.profile_id = asked.id
      ORDER BY placed_at DESC LIMIT 1
    ) AS last`
}

export interface LastEvent {
  id: string
  name: string
  data: JsonObject
}

/** The events that were done with the carts last, as far as they are kept. */
export function findLastEvents(sql: Sql, accountId: string, ids: readonly string[]): Promise<LastEvent[]> {
  return sql.$queryRaw<LastEvent[]>`
    SELECT id, name, data FROM event WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}

/** Those with which nothing was done since. */
export async function closeCarts(sql: Sql, accountId: string, carts: readonly CartRow[]): Promise<void> {
  await sql.$executeRaw`
    DELETE FROM open_cart USING unnest(${carts.map(({ profileId }) => profileId)}::uuid[], ${carts.map(({ eventId }) => eventId)}::uuid[])
      AS gone (profile_id, event_id)
    WHERE open_cart.account_id = ${accountId}::uuid AND open_cart.profile_id = gone.profile_id AND open_cart.event_id = gone.event_id`
}
