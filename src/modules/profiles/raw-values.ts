// What was given for fields that are normalised, kept beside what was stored for it.

import { meantBy } from '../../core/fields/complaint.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { type FieldRules, normaliseFields, unreadFields } from '../../core/normalise/fields.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

export interface GivenFields {
  readonly profileId: string
  /** As they came. */
  readonly given: JsonObject
  /** As they are stored. */
  readonly stored: JsonObject
  readonly at: Date
}

/** Keeps what was given for the fields that the rules know, later ones in place of earlier; does nothing where there are none. */
export async function keepRaws(
  sql: Sql,
  accountId: string,
  { changes, rules }: { changes: readonly GivenFields[]; rules: FieldRules },
): Promise<void> {
  if (rules.fields.size === 0) return
  const rows = new Map<string, RawRow>()
  for (const { profileId, given, stored, at } of changes) {
    for (const [field, raw] of Object.entries(given)) {
      if (!rules.fields.has(field)) continue
      rows.set(`${profileId} ${field}`, { profileId, field, raw, value: stored[field] ?? null, at })
    }
  }
  if (rows.size > 0) await upsertRaws(sql, accountId, [...rows.values()])
}

export interface RawRow {
  profileId: string
  field: string
  raw: unknown
  value: unknown
  at: Date
}

// In one order, so that two writers never wait for each other in a ring.
async function upsertRaws(sql: Sql, accountId: string, rows: readonly RawRow[]): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO field_raw (account_id, profile_id, field, raw, value, at)
    SELECT ${accountId}::uuid, given.profile_id, given.field, given.raw, given.value, given.at
    FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ field }) => field)}::text[],
      ${rows.map(({ raw }) => JSON.stringify(raw))}::jsonb[], ${rows.map(({ value }) => JSON.stringify(value))}::jsonb[],
      ${rows.map(({ at }) => at.toISOString())}::timestamptz[]) AS given (profile_id, field, raw, value, at)
    ORDER BY given.profile_id, given.field
    ON CONFLICT (account_id, profile_id, field) DO UPDATE SET raw = excluded.raw, value = excluded.value, at = excluded.at`
}

/** A change of fields with its values as the rules have them; the same one where they change nothing. */
export function normalisedChange<Change extends { readonly set: JsonObject }>(
  change: Change,
  rules: FieldRules,
): Change {
  const set = normaliseFields(change.set, rules)
  return set === change.set ? change : { ...change, set }
}

/** Of the values that are set, those that a normaliser could not read, each with the reason; `path` is where they stand. */
export const unreadWarnings = (set: JsonObject, { rules, path }: { rules: FieldRules; path: string }): FieldFault[] =>
  unreadFields(set, rules).map(({ field, kind, problem }) => ({
    field: `${path}.${field}`,
    message: `stored as it came, since it is no ${kind} that can be read: ${problem}${meantBy(kind, set[field])}`,
  }))
