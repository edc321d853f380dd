// Fields of people that change with their events: checked before a batch, stored by one statement of it.

import { groupBy } from '../../core/group.ts'
import { type FieldsChange, followedBy, type IdentityStep } from '../../core/targeting/people.ts'
import { ApiError } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { pickFields } from './sql.ts'

/** That one change may set. */
export const maxFields = 200
/** Of one person, all together: every batch reads them. */
export const maxFieldsBytes = 64 * 1024

export const tooManyFields = (field?: string) =>
  new ApiError('LIMIT_EXCEEDED', `over ${maxFieldsBytes / 1024} KiB of fields`, { field })

/** Stores what the steps change, each on the profile that its event is about. LIMIT_EXCEEDED where a person would hold over 64 KiB. */
export async function applyFields(
  sql: Sql,
  accountId: string,
  { steps, isMerged }: { steps: readonly IdentityStep[]; isMerged(profileId: string): boolean },
): Promise<void> {
  const changes = steps.flatMap(({ personId, profileId = personId, fields }) => (fields ? [{ profileId, fields }] : []))
  if (changes.length === 0) return
  const rows = [...groupBy(changes, ({ profileId }) => profileId)].map(([profileId, own]) => ({
    profileId,
    ...own.map(({ fields }) => fields).reduce(followedBy),
  }))
  for (const { profileId, fields } of changes) {
    if (isMerged(profileId)) await pickFields(sql, accountId, { profileId, names: Object.keys(fields.set) })
  }
  const bytes = await changeFields(sql, accountId, rows)
  if (bytes > maxFieldsBytes) throw tooManyFields()
}

/** Returns the most bytes that the fields of one of them are then. */
async function changeFields(
  sql: Sql,
  accountId: string,
  rows: readonly (FieldsChange & { profileId: string })[],
): Promise<number> {
  const [row] = await sql.$queryRaw<{ bytes: number | null }[]>`
    WITH changed AS (
      UPDATE profile SET fields = (profile.fields || change.set) - ARRAY(SELECT jsonb_array_elements_text(change.unset))
      FROM unnest(${rows.map(({ profileId }) => profileId)}::uuid[], ${rows.map(({ set }) => JSON.stringify(set))}::jsonb[],
        ${rows.map(({ unset }) => JSON.stringify(unset))}::jsonb[]) AS change (profile_id, set, unset)
      WHERE profile.account_id = ${accountId}::uuid AND profile.id = change.profile_id
      RETURNING octet_length(profile.fields::text) AS bytes
    )
    SELECT max(bytes) AS bytes FROM changed`
  return row?.bytes ?? 0
}
