// Everything of a person, over all profiles that are the person, as plain JSON.

import type { Context } from '../../context.ts'
import type { Sql } from '../../platform/database.ts'
import type { JsonObject } from '../../scalars.ts'
import type { ProfileKey } from '../profiles/look-up.ts'
import { membersOf } from '../profiles/members.ts'
import { personNamed } from './people.ts'

export interface Exported {
  profileId: string
  /** Rows by the name of their table, in the order of creation. */
  document: JsonObject
}

/** Everything of a person. NOT_FOUND where nobody is known by the key. */
export async function exportProfile(context: Context, input: { profile: ProfileKey }): Promise<Exported> {
  const profileId = await personNamed(context, input.profile)
  const ids = await membersOf(context, profileId)
  const rows = await findAll(context.sql, context.accountId, ids)
  const tables = Object.fromEntries(rows.map((row) => [row.table, row.rows]))
  return { profileId, document: { profileIds: [...ids], exportedAt: context.now.toISOString(), ...tables } }
}

/** One row for each table of `personal-columns.ts` that rows of people are in. */
function findAll(
  sql: Sql,
  accountId: string,
  ids: readonly string[],
): Promise<{ table: string; rows: JsonObject[] }[]> {
  return sql.$queryRaw<{ table: string; rows: JsonObject[] }[]>`
    WITH person AS (SELECT ${accountId}::uuid AS account_id, id FROM unnest(${ids}::uuid[]) AS given (id)),
    rows AS (
      SELECT 'profile' AS name, to_jsonb(t) AS row, t.id::text AS place FROM person JOIN profile AS t USING (account_id, id)
      UNION ALL SELECT 'identity', to_jsonb(t), t.created_at::text || t.kind::text || t.value FROM person JOIN identity AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'merge', to_jsonb(t), t.loser_id::text FROM person JOIN merge AS t ON t.account_id = person.account_id AND t.loser_id = person.id
      UNION ALL SELECT 'consent', to_jsonb(t), t.id::text FROM person JOIN consent AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'address', to_jsonb(t), t.id::text FROM person JOIN address AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'interest', to_jsonb(t), t.name FROM person JOIN interest AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'import_row', to_jsonb(t), t.import_id::text || lpad(t.number::text, 9, '0') FROM person JOIN import_row AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'person_block', to_jsonb(t), t.id::text FROM person JOIN person_block AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'audience_member', to_jsonb(t), t.audience_id::text FROM person JOIN audience_member AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'audience_change', to_jsonb(t), lpad(t.position::text, 20, '0') FROM person JOIN audience_change AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'field_change', to_jsonb(t), t.id::text FROM person JOIN field_change AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'field_raw', to_jsonb(t), t.field FROM person JOIN field_raw AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'code', to_jsonb(t), t.id::text FROM person JOIN code AS t ON t.account_id = person.account_id AND t.advocate_id = person.id
      UNION ALL SELECT 'relationship', to_jsonb(t), t.id::text FROM person JOIN relationship AS t ON t.account_id = person.account_id AND t.friend_id = person.id
      UNION ALL SELECT 'relationship', to_jsonb(t), t.id::text FROM person JOIN relationship AS t ON t.account_id = person.account_id AND t.advocate_id = person.id
      UNION ALL SELECT 'journey', to_jsonb(t), t.id::text FROM person JOIN journey AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'event', to_jsonb(t), t.id::text FROM person JOIN event AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'attribution', to_jsonb(t), t.event_id::text || lpad(t.revision::text, 9, '0') FROM person JOIN attribution AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'placed_order', to_jsonb(t), t.id::text FROM person JOIN placed_order AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'order_item', to_jsonb(t), t.order_id::text || lpad(t.line::text, 9, '0') FROM person
        JOIN placed_order AS own ON own.account_id = person.account_id AND own.profile_id = person.id
        JOIN order_item AS t ON t.account_id = person.account_id AND t.order_id = own.id
      UNION ALL SELECT 'order_change', to_jsonb(t), t.id::text FROM person JOIN order_change AS t ON t.account_id = person.account_id AND t.profile_id = person.id
      UNION ALL SELECT 'idempotency_key', to_jsonb(t), t.key FROM person JOIN event ON event.account_id = person.account_id AND event.profile_id = person.id
        JOIN idempotency_key AS t ON t.account_id = person.account_id AND t.key = event.idempotency_key
    )
    SELECT name AS table, jsonb_agg(row - 'account_id' ORDER BY place) AS rows FROM rows GROUP BY name ORDER BY name`
}
