// Statements of plans that change stored values. What a plan holds is what it does.

import type { ValueMeta } from '../../core/fields/fold.ts'
import type { Sql } from '../../platform/database.ts'

export interface StoredValue {
  profileId: string
  value: unknown
  /** Of the field that names the country. */
  country: unknown
}

/** The next profiles, by id, that have a value in the field. */
export function findValues(
  sql: Sql,
  accountId: string,
  page: { field: string; countryField: string | null; after: string; limit: number },
): Promise<StoredValue[]> {
  return sql.$queryRaw<StoredValue[]>`
    SELECT id AS "profileId", fields -> ${page.field}::text AS value, fields -> ${page.countryField}::text AS country
    FROM profile
    WHERE account_id = ${accountId}::uuid AND id > ${page.after}::uuid AND fields -> ${page.field}::text <> 'null'
    ORDER BY id LIMIT ${page.limit}::int`
}

export interface PlannedValue {
  profileId: string
  before: unknown
  after: string
}

/** Returns how many still had the value that was read. They are locked, so that a value of somebody who is being erased is not kept. */
export function insertPlanned(
  sql: Sql,
  accountId: string,
  { planId, field, rows }: { planId: string; field: string; rows: readonly PlannedValue[] },
): Promise<number> {
  return sql.$executeRaw`
    INSERT INTO value_plan_row (account_id, plan_id, profile_id, before, after)
    SELECT ${accountId}::uuid, ${planId}::uuid, planned.profile_id, planned.before, planned.after
    FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ before }) => JSON.stringify(before))}::jsonb[],
      ${rows.map(({ after }) => after)}::text[]) AS planned (profile_id, before, after)
    JOIN profile ON profile.account_id = ${accountId}::uuid AND profile.id = planned.profile_id
    WHERE profile.fields -> ${field}::text = planned.before
    ORDER BY profile.id FOR NO KEY UPDATE OF profile`
}

/** How many people the plan's profiles are: merged ones are one. */
export async function countPlannedPeople(sql: Sql, accountId: string, planId: string): Promise<number> {
  const [row] = await sql.$queryRaw<{ people: number }[]>`
    WITH RECURSIVE root AS (
      SELECT loser_id AS id, survivor_id AS root_id FROM merge
      WHERE account_id = ${accountId}::uuid AND NOT EXISTS (
        SELECT FROM merge AS up WHERE up.account_id = ${accountId}::uuid AND up.loser_id = merge.survivor_id)
      UNION ALL
      SELECT merge.loser_id, root.root_id FROM root
      JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.survivor_id = root.id
    )
    SELECT count(DISTINCT coalesce(root.root_id, planned.profile_id))::int AS people
    FROM value_plan_row AS planned LEFT JOIN root ON root.id = planned.profile_id
    WHERE planned.account_id = ${accountId}::uuid AND planned.plan_id = ${planId}::uuid`
  return row?.people ?? 0
}

/** Forgets plans that were made before a time, and what is left of them. */
export async function dropPlans(sql: Sql, accountId: string, before: Date): Promise<void> {
  await sql.$executeRaw`
    DELETE FROM value_plan_row USING value_plan AS plan
    WHERE value_plan_row.account_id = ${accountId}::uuid AND plan.account_id = ${accountId}::uuid
      AND plan.id = value_plan_row.plan_id AND plan.created_at < ${before}::timestamptz`
  await sql.$executeRaw`
    DELETE FROM value_plan WHERE account_id = ${accountId}::uuid AND created_at < ${before}::timestamptz`
}

export interface PlanRow {
  id: string
  field: string
  readyAt: Date | null
  changed: number
  skipped: number
}

/** The plan, locked until the transaction ends, so that one at a time works at it. */
export async function lockPlan(sql: Sql, accountId: string, planId: string): Promise<PlanRow | undefined> {
  const [plan] = await sql.$queryRaw<PlanRow[]>`
    SELECT id, field, ready_at AS "readyAt", changed, skipped FROM value_plan
    WHERE account_id = ${accountId}::uuid AND id = ${planId}::uuid FOR UPDATE`
  return plan
}

/** Takes the next rows from the plan, by profile. */
export async function takePlanned(
  sql: Sql,
  accountId: string,
  { planId, limit }: { planId: string; limit: number },
): Promise<PlannedValue[]> {
  return sql.$queryRaw<PlannedValue[]>`
    WITH taken AS (
      DELETE FROM value_plan_row
      WHERE account_id = ${accountId}::uuid AND plan_id = ${planId}::uuid AND profile_id = ANY (ARRAY(
        SELECT profile_id FROM value_plan_row WHERE account_id = ${accountId}::uuid AND plan_id = ${planId}::uuid
        ORDER BY profile_id LIMIT ${limit}::int))
      RETURNING profile_id, before, after
    )
    SELECT profile_id AS "profileId", before, after FROM taken ORDER BY profile_id`
}

export interface ChangedValue {
  profileId: string
  after: string
  /** When the value was stated; null of values from before times were kept. */
  meta: ValueMeta | null
}

/** Changes the values that still are as they were planned from; returns the ids of those profiles. */
export async function changeValues(
  sql: Sql,
  accountId: string,
  { field, rows }: { field: string; rows: readonly PlannedValue[] },
): Promise<ChangedValue[]> {
  return sql.$queryRaw<ChangedValue[]>`
    UPDATE profile SET fields = profile.fields || jsonb_build_object(${field}::text, planned.after)
    FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ before }) => JSON.stringify(before))}::jsonb[],
      ${rows.map(({ after }) => after)}::text[]) AS planned (profile_id, before, after)
    WHERE profile.account_id = ${accountId}::uuid AND profile.id = planned.profile_id
      AND profile.fields -> ${field}::text = planned.before
    RETURNING profile.id AS "profileId", planned.after, profile.field_meta -> ${field}::text AS meta`
}

/** Keeps what the values were; where that was made of something else, what it was made of stays. */
export async function keepChanged(
  sql: Sql,
  accountId: string,
  { field, rows, at }: { field: string; rows: readonly PlannedValue[]; at: Date },
): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO field_raw (account_id, profile_id, field, raw, value, at)
    SELECT ${accountId}::uuid, profile_id, ${field}::text, before, to_jsonb(after), ${at}::timestamptz
    FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ before }) => JSON.stringify(before))}::jsonb[],
      ${rows.map(({ after }) => after)}::text[]) AS planned (profile_id, before, after)
    ON CONFLICT (account_id, profile_id, field) DO UPDATE SET value = excluded.value, at = excluded.at,
      raw = CASE WHEN field_raw.value = excluded.raw THEN field_raw.raw ELSE excluded.raw END`
}
