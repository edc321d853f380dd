// People as they were at a time, as far as what is kept tells: fields by their history, identifiers by when they came.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import {
  type FieldMeta,
  foldFields,
  inForce,
  type MemberFields,
  noFields,
  type StampedFields,
} from '../../core/fields/fold.ts'
import { groupBy } from '../../core/group.ts'
import type { Sql } from '../../platform/database.ts'
import { fieldsOfRow } from '../member-fields/rows.ts'
import { identifiersOfPerson, personOf, rowOfProfile } from './members.ts'

/** A person, and the time that is asked about where it is not now. */
export interface PersonThen {
  readonly id: string
  readonly asOf?: Date
}

export function identifiersThen(context: Context, { id, asOf }: PersonThen) {
  const identifiers = identifiersOfPerson(context, id)
  return asOf ? identifiers.then((all) => all.filter(({ createdAt }) => createdAt <= asOf)) : identifiers
}

/** The fields as they held then. What was stated before histories were kept, and not since, counts as stated ever since. */
export async function fieldsThen(context: Context, id: string, asOf: Date): Promise<Record<string, unknown>> {
  const { rootId, members } = await personOf(context, id)
  const loader = context.memo(`fields as of ${asOf.toISOString()}`, () => historyLoader(context, asOf))
  const inOrder = [...members.filter((member) => member !== rootId).sort(), rootId]
  const parts = inOrder.map(async (member) => {
    const [row, then] = await Promise.all([rowOfProfile(context, member), loader.load(member)])
    const now: MemberFields = row ? fieldsOfRow(row) : noFields
    const timeless = Object.entries(now.fields).filter(([name]) => !Object.hasOwn(now.meta, name))
    const marks = Object.entries(now.marks ?? {}).filter(([, { t }]) => t <= asOf.getTime())
    return { ...then, fields: { ...Object.fromEntries(timeless), ...then.fields }, marks: Object.fromEntries(marks) }
  })
  return inForce(foldFields(await Promise.all(parts)), asOf.getTime())
}

function historyLoader({ sql, accountId }: Context, asOf: Date): DataLoader<string, StampedFields> {
  return new DataLoader(async (ids) => {
    const rows = groupBy(await findHistory(sql, accountId, { ids, asOf }), ({ profileId }) => profileId)
    return ids.map((id) => stampedOf(rows.get(id) ?? []))
  })
}

interface HistoryThen {
  profileId: string
  name: string
  /** Null in the database: removed. */
  value: unknown
  removed: boolean
  at: Date
  until: Date | null
}

/** Of each field of the profiles the newest statement of that time or before; of those of one time, that which came last. */
function findHistory(
  sql: Sql,
  accountId: string,
  { ids, asOf }: { ids: readonly string[]; asOf: Date },
): Promise<HistoryThen[]> {
  return sql.$queryRaw<HistoryThen[]>`
    SELECT DISTINCT ON (profile_id, name) profile_id AS "profileId", name, value, value IS NULL AS removed, at, until
    FROM field_change
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${ids}::uuid[]) AND at <= ${asOf}::timestamptz
    ORDER BY profile_id, name, at DESC, id DESC`
}

function stampedOf(rows: readonly HistoryThen[]): StampedFields {
  const present = rows.filter(({ removed }) => !removed)
  const meta: FieldMeta = Object.fromEntries(
    rows.map(({ name, at, until }) => [
      name,
      { at: at.getTime(), ...(until === null ? {} : { until: until.getTime() }) },
    ]),
  )
  const ends = rows.flatMap(({ until }) => until?.getTime() ?? [])
  return {
    fields: Object.fromEntries(present.map(({ name, value }) => [name, value])),
    meta,
    endAt: ends.length === 0 ? null : Math.min(...ends),
  }
}
