// Fields of people as they are written: by the events of a batch, which know the rows that they locked, or by a caller. With
// each statement its history, in the same transaction.

import type { FieldsRules } from '../../core/fields/check.ts'
import { own, type StampedFields } from '../../core/fields/fold.ts'
import { maxFieldsBytes } from '../../core/fields/limits.ts'
import { isTypedField } from '../../core/fields/typed.ts'
import { differenceOf, type FieldWrite, type Told, write } from '../../core/fields/write.ts'
import { groupBy } from '../../core/group.ts'
import { ApiError } from '../../errors.ts'
import type { FieldSource } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { type HeldValue, storeValues } from '../field-values/sql.ts'
import { fieldsOfRow } from '../member-fields/rows.ts'
import type { MemberNow } from './sql.ts'

/** As much again may be known of the times of a person's fields. */
export const tooManyFields = (field?: string) =>
  new ApiError('LIMIT_EXCEEDED', `over ${maxFieldsBytes / 1024} KiB of fields`, { field })

/** What an event states of the profile that it is about. */
interface Stated {
  readonly profileId: string
  readonly eventId: string
  readonly writes: readonly FieldWrite[]
}

/** Stores what the events state, in their order. LIMIT_EXCEEDED where a person would hold over 64 KiB. */
export async function applyFields(
  sql: Sql,
  accountId: string,
  {
    stated,
    locked,
    rules,
  }: { stated: readonly Stated[]; locked: readonly MemberNow[]; rules: FieldsRules | undefined },
): Promise<void> {
  const rows = new Map(locked.map((row) => [row.profileId, fieldsOfRow(row)]))
  const changed: ChangedProfile[] = []
  const history: HistoryRow[] = []
  for (const [profileId, theirs] of groupBy(stated, (one) => one.profileId)) {
    const before = rows.get(profileId)
    if (!before) throw new Error(`profile ${profileId} was not locked`)
    let after = before
    for (const { eventId, writes } of theirs) {
      const written = write(after, writes)
      after = written.fields
      history.push(...written.history.map((told) => historyRow(told, { profileId, source: 'EVENT', eventId })))
    }
    changed.push({ profileId, before, after })
  }
  const [bytes] = await Promise.all([
    storeFields(sql, accountId, { changed, rules }),
    insertHistory(sql, accountId, history),
  ])
  if (bytes > maxFieldsBytes) throw tooManyFields()
}

export interface ChangedProfile {
  readonly profileId: string
  readonly before: StampedFields
  readonly after: StampedFields
}

/**
 * Returns the most bytes that the fields of one of them, or their times, are then. The rows are locked. Each profile is given once;
 * `rules` are those of people's fields.
 */
export async function storeFields(
  sql: Sql,
  accountId: string,
  { changed, rules }: { changed: readonly ChangedProfile[]; rules: FieldsRules | undefined },
): Promise<number> {
  const rows = changed.map(({ profileId, before, after }) => ({
    ...{ profileId, ...differenceOf(before, after) },
    endAt: after.endAt === null ? null : new Date(after.endAt),
  }))
  const held = rows.flatMap(({ profileId, set, meta }): HeldValue[] =>
    Object.entries(meta).flatMap(([field, one]) =>
      isTypedField(rules, field) ? [{ profileId, field, value: own(set, field), until: one?.until }] : [],
    ),
  )
  const [bytes] = await Promise.all([updateFields(sql, accountId, rows), storeValues(sql, accountId, held)])
  return bytes
}

interface ChangedRow extends ReturnType<typeof differenceOf> {
  profileId: string
  endAt: Date | null
}

async function updateFields(sql: Sql, accountId: string, rows: readonly ChangedRow[]): Promise<number> {
  const json = (of: (row: ChangedRow) => unknown) => rows.map((row) => JSON.stringify(of(row)))
  const [row] = await sql.$queryRaw<{ bytes: number | null }[]>`
    WITH changed AS (
      UPDATE profile SET fields = (profile.fields || change.set) - ARRAY(SELECT jsonb_array_elements_text(change.unset)),
        field_meta = profile.field_meta || change.meta, fields_end_at = change.end_at
      FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${json(({ set }) => set)}::jsonb[], ${json(({ unset }) => unset)}::jsonb[],
        ${json(({ meta }) => meta)}::jsonb[], ${rows.map(({ endAt }) => endAt)}::timestamptz[]) AS change (profile_id, set, unset, meta, end_at)
      WHERE profile.account_id = ${accountId}::uuid AND profile.id = change.profile_id
      RETURNING greatest(octet_length(profile.fields::text), octet_length(profile.field_meta::text)) AS bytes
    )
    SELECT max(bytes) AS bytes FROM changed`
  return row?.bytes ?? 0
}

export interface HistoryRow extends Told {
  readonly profileId: string
  readonly source: FieldSource
  readonly eventId?: string
  readonly apiKeyId?: string
}

export function historyRow(
  told: Told,
  cause: Pick<HistoryRow, 'profileId' | 'source' | 'eventId' | 'apiKeyId'>,
): HistoryRow {
  const { profileId, source } = cause
  return told.isRestated ? { ...told, profileId, source: 'RESTATED' } : { ...told, ...cause, source }
}

export async function insertHistory(sql: Sql, accountId: string, rows: readonly HistoryRow[]): Promise<void> {
  if (rows.length === 0) return
  const dates = (of: (row: HistoryRow) => number | undefined) =>
    rows.map((row) => {
      const t = of(row)
      return t === undefined ? null : new Date(t)
    })
  await sql.$executeRaw`
    INSERT INTO field_change (account_id, id, profile_id, name, value, at, until, source, event_id, api_key_id)
    SELECT ${accountId}::uuid, id, profile_id, name, value, at, until, source, event_id, api_key_id
    FROM unnest(${rows.map(() => newId())}::uuid[], ${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ name }) => name)}::text[],
      ${rows.map(({ value }) => (value === undefined ? null : JSON.stringify(value)))}::jsonb[], ${dates(({ at }) => at)}::timestamptz[],
      ${dates(({ until }) => until)}::timestamptz[], ${rows.map(({ source }) => source)}::text[]::field_source[],
      ${rows.map(({ eventId }) => eventId ?? null)}::uuid[], ${rows.map(({ apiKeyId }) => apiKeyId ?? null)}::uuid[])
      AS new (id, profile_id, name, value, at, until, source, event_id, api_key_id)`
}
