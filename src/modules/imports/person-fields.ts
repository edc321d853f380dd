// The fields that rows of people state, written: set by set, with their history, as updateProfile writes those of one person.

import { own } from '../../core/fields/fold.ts'
import { maxFieldsBytes } from '../../core/fields/limits.ts'
import { type FieldWrite, write } from '../../core/fields/write.ts'
import { groupBy } from '../../core/group.ts'
import type { RowPlan } from '../../core/imports/outcome.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { fieldsOfRow } from '../member-fields/rows.ts'
import { historyRow, insertHistory, storeFields, tooManyFields } from '../profiles/fields.ts'
import { keepRaws } from '../profiles/raw-values.ts'
import type { ResolvedStep } from '../profiles/resolve.ts'
import type { MemberNow } from '../profiles/sql.ts'
import type { Piece } from './job.ts'

interface StatedRow {
  readonly row: { readonly given: JsonObject; readonly set: JsonObject }
  readonly step: ResolvedStep
  readonly plan: RowPlan
}

/** Returns by person the names that were written. LIMIT_EXCEEDED where somebody would have over 64 KiB. */
export async function writeFields(
  { tx, job, rules, context }: Piece,
  judged: readonly StatedRow[],
  locked: readonly MemberNow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { accountId, apiKeyId } = job
  const now = context.now
  const byProfile = new Map(locked.map((row) => [row.profileId, row]))
  const byRoot = groupBy(locked, ({ rootId }) => rootId)
  const changed = [...groupBy(judged, ({ step }) => step.profileId ?? step.personId)].map(([profileId, ofOne]) => {
    const row = byProfile.get(profileId)
    if (!row) throw new Error(`profile ${profileId} is locked and gone`)
    const before = fieldsOfRow(row)
    const members = byRoot.get(row.rootId) ?? []
    const writes = ofOne.flatMap(({ plan }) => writesIn(plan.changes, { members, now: now.getTime() }))
    return { profileId, rootId: row.rootId, before, writes, ...write(before, writes) }
  })
  const stored = changed
    .filter(({ writes }) => writes.length > 0)
    .map(({ fields: after, ...one }) => ({ ...one, after }))
  if (stored.length === 0) return new Map()
  if ((await storeFields(tx, accountId, { changed: stored, rules: rules.fields?.of('PROFILE') })) > maxFieldsBytes)
    throw tooManyFields()
  const cause = { source: 'IMPORT' as const, ...(apiKeyId ? { apiKeyId } : {}) }
  await insertHistory(
    tx,
    accountId,
    stored.flatMap(({ profileId, history }) => history.map((told) => historyRow(told, { profileId, ...cause }))),
  )
  const raws = judged.map(({ row, step }) => ({
    profileId: step.profileId ?? step.personId,
    given: row.given,
    stored: row.set,
    at: now,
  }))
  await keepRaws(tx, accountId, { changes: raws, rules: rules.fieldRules })
  const namesOf = (own: typeof stored) => own.flatMap(({ writes }) => writes.map(({ name }) => name))
  return new Map([...groupBy(stored, ({ rootId }) => rootId)].map(([rootId, own]) => [rootId, namesOf(own)]))
}

/** By name, from what to what. */
export const fieldsIn = (changes: JsonObject | null) => (changes?.fields ?? {}) as Record<string, [unknown, unknown]> // As `fieldChanges` makes them.

/** What is stated holds from now on, even where a field was last stated for a time that is yet to come. */
function writesIn(
  changes: JsonObject | null,
  { members, now }: { members: readonly MemberNow[]; now: number },
): FieldWrite[] {
  return Object.entries(fieldsIn(changes)).map(([name, [, value]]) => ({
    name,
    value: value ?? undefined,
    at: Math.max(now, ...members.map(({ fieldMeta }) => own(fieldMeta, name)?.at ?? now)),
  }))
}
