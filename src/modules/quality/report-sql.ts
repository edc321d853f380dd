// What people hold in some fields, counted in one pass over all of them: figures of each field, and its spellings.

import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface AskedField {
  field: string
  /** The field that names the country. */
  countryField: string | null
}

export interface AskedIdentity {
  field: string
  kind: string
}

/** The figures of a field, repeated for each of its spellings. */
export interface SpellingRow {
  field: string
  filled: number
  values: number
  distinct: number
  newestAt: Date | null
  medianAgeDays: number | null
  text: string
  raw: string
  country: string | null
  people: number
}

// Everybody who was merged into somebody, with who they are now.
const rootsSql = (accountId: string) => Prisma.sql`
  SELECT loser_id AS id, survivor_id AS root_id FROM merge
  WHERE account_id = ${accountId}::uuid AND NOT EXISTS (
    SELECT FROM merge AS up WHERE up.account_id = ${accountId}::uuid AND up.loser_id = merge.survivor_id)
  UNION ALL
  SELECT merge.loser_id, root.root_id FROM root
  JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.survivor_id = root.id`

// Who was never merged is read as they are; of others the person's own field covers those of merged profiles, and a later
// profile's those of an earlier.
const heldSql = (accountId: string, asked: readonly AskedField[]) => {
  const fields = Prisma.sql`unnest(${asked.map(({ field }) => field)}::text[], ${asked.map((it) => it.countryField ?? '')}::text[]) AS asked (field, country_field)`
  const columns = Prisma.sql`asked.field, profile.fields -> asked.field AS value, profile.fields ->> asked.country_field AS country`
  const has = Prisma.sql`profile.account_id = ${accountId}::uuid AND profile.fields -> asked.field IS NOT NULL`
  return Prisma.sql`
    SELECT profile.id AS person_id, profile.id AS profile_id, ${columns}
    FROM profile CROSS JOIN ${fields} WHERE ${has} AND NOT EXISTS (SELECT FROM merged WHERE merged.id = profile.id)
    UNION ALL
    SELECT * FROM (
      SELECT DISTINCT ON (coalesce(root.root_id, profile.id), asked.field)
        coalesce(root.root_id, profile.id) AS person_id, profile.id AS profile_id, ${columns}
      FROM merged JOIN profile ON profile.id = merged.id LEFT JOIN root ON root.id = profile.id CROSS JOIN ${fields}
      WHERE ${has}
      ORDER BY coalesce(root.root_id, profile.id), asked.field, root.root_id IS NULL DESC, profile.id DESC
    ) AS folded`
}

/** The fields' figures, and of each field at most `limit` spellings: those of the most people, and of as many an arbitrary choice that stays. */
export function findSpellings(
  sql: Sql,
  accountId: string,
  asked: { fields: readonly AskedField[]; identities: readonly AskedIdentity[]; limit: number; now: Date },
): Promise<SpellingRow[]> {
  return sql.$queryRaw<SpellingRow[]>`
    WITH RECURSIVE root AS (${rootsSql(accountId)}),
    merged AS MATERIALIZED (SELECT id FROM root UNION SELECT root_id FROM root),
    held AS (${heldSql(accountId, asked.fields)}),
    cell AS MATERIALIZED (
      SELECT held.person_id, held.field, held.value #>> '{}' AS text, coalesce(given.raw, held.value) #>> '{}' AS raw,
        held.country, given.at
      FROM held LEFT JOIN field_raw AS given ON given.account_id = ${accountId}::uuid AND given.profile_id = held.profile_id
        AND given.field = held.field AND given.value = held.value
      WHERE btrim(held.value #>> '{}') <> ''
      UNION ALL
      SELECT coalesce(root.root_id, identity.profile_id), asked.field, identity.value, identity.value, NULL, identity.created_at
      FROM unnest(${asked.identities.map(({ field }) => field)}::text[],
        ${asked.identities.map(({ kind }) => kind)}::text[]::identity_kind[]) AS asked (field, kind)
      JOIN identity ON identity.account_id = ${accountId}::uuid AND identity.kind = asked.kind
      LEFT JOIN root ON root.id = identity.profile_id
    ),
    spelling AS MATERIALIZED (
      SELECT field, text, raw, country, count(*)::int AS people FROM cell GROUP BY field, text, raw, country
    ),
    owner AS (
      SELECT field, count(DISTINCT person_id)::int AS filled FROM cell
      WHERE field = ANY (${asked.identities.map(({ field }) => field)}::text[]) GROUP BY field
    ),
    written AS (
      SELECT field, max(at) AS newest_at,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ${asked.now}::timestamptz - at)::float8) / 86400 AS median
      FROM cell WHERE at IS NOT NULL GROUP BY field
    ),
    figures AS (
      SELECT field, sum(people)::int AS values, count(DISTINCT text)::int AS distinct FROM spelling GROUP BY field
    )
    SELECT figures.field, coalesce(owner.filled, figures.values) AS filled, figures.values, figures.distinct,
      written.newest_at AS "newestAt", written.median AS "medianAgeDays", listed.text, listed.raw, listed.country, listed.people
    FROM figures LEFT JOIN owner USING (field) LEFT JOIN written USING (field)
    CROSS JOIN LATERAL (
      SELECT * FROM spelling WHERE spelling.field = figures.field
      ORDER BY spelling.people DESC, hashtext(spelling.text), spelling.text, spelling.raw LIMIT ${asked.limit}::int
    ) AS listed
    ORDER BY figures.field, listed.people DESC`
}

/** How many people the account has: merged ones are one. */
export async function countPeople(sql: Sql, accountId: string): Promise<number> {
  const [row] = await sql.$queryRaw<{ people: number }[]>`
    SELECT count(*)::int AS people FROM profile
    WHERE account_id = ${accountId}::uuid AND NOT EXISTS (
      SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = profile.id)`
  return row?.people ?? 0
}

export interface BuyerCounts {
  customers: number
  repeatBuyers: number
  firstAt: Date | null
  newestAt: Date | null
}

/** Who ordered, and on how many days (UTC): a transaction is one order, at its first event. */
export async function countBuyers(
  sql: Sql,
  accountId: string,
  { eventNames }: { eventNames: readonly string[] },
): Promise<BuyerCounts> {
  const transaction = (key: string) => Prisma.sql`
    CASE WHEN jsonb_typeof(event.data -> ${key}::text) IN ('string', 'number') THEN nullif(btrim(event.data ->> ${key}::text), '') END`
  const [row] = await sql.$queryRaw<BuyerCounts[]>`
    WITH RECURSIVE root AS (${rootsSql(accountId)}),
    placed AS (
      SELECT coalesce(root.root_id, event.profile_id) AS person_id, min(event.occurred_at) AS at
      FROM event LEFT JOIN root ON root.id = event.profile_id
      WHERE event.account_id = ${accountId}::uuid AND event.name = ANY (${eventNames}::text[])
      GROUP BY 1, coalesce(${transaction('transaction_id')}, ${transaction('order_id')}, event.id::text)
    ),
    buyer AS (
      SELECT person_id, count(DISTINCT (at AT TIME ZONE 'UTC')::date) AS days, min(at) AS first_at, max(at) AS newest_at
      FROM placed GROUP BY person_id
    )
    SELECT count(*)::int AS customers, (count(*) FILTER (WHERE days > 1))::int AS "repeatBuyers",
      min(first_at) AS "firstAt", max(newest_at) AS "newestAt"
    FROM buyer`
  return row ?? { customers: 0, repeatBuyers: 0, firstAt: null, newestAt: null }
}
