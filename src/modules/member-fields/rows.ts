// The fields of a person as rows of the profiles that are the person, with what merges on the way said of them.

import {
  type FieldMarks,
  type FieldMeta,
  foldFields,
  type MemberFields,
  type StampedFields,
} from '../../core/fields/fold.ts'
import { Prisma } from '../../generated/prisma/client.ts'

export interface PersonRow {
  id: string
  fields: Record<string, unknown>
  fieldMeta: FieldMeta
  fieldsEndAt: Date | null
  blocked: boolean
  /** What merges on the way to the person say of fields; the one nearest to the person overrides. */
  marks: FieldMarks
}

/** The profile's fields as the core takes them. */
export const fieldsOfRow = ({
  fields,
  fieldMeta: meta,
  fieldsEndAt,
  marks,
}: Pick<PersonRow, 'fields' | 'fieldMeta' | 'fieldsEndAt' | 'marks'>): MemberFields => ({
  ...{ fields, meta, marks, endAt: fieldsEndAt?.getTime() ?? null },
})

/** The fields of a person from the rows of all profiles that are the person. */
export function foldPerson(rows: readonly PersonRow[], rootId: string): StampedFields {
  const isOwn = ({ id }: PersonRow) => Number(id === rootId)
  return foldFields(rows.toSorted((a, b) => isOwn(a) - isOwn(b) || (a.id < b.id ? -1 : 1)).map(fieldsOfRow))
}

/** What `merge` says of fields, by name, as core/fields has it. */
export const marksOfMerge = Prisma.sql`(CASE WHEN cardinality(merge.picks) + cardinality(merge.covers) = 0 THEN '{}'::jsonb ELSE (
  SELECT coalesce(jsonb_object_agg(said.name, jsonb_build_object('t', (extract(epoch FROM merge.merged_at) * 1000)::bigint, 'pick', said.pick)), '{}')
  FROM (SELECT unnest(merge.picks) AS name, TRUE AS pick UNION ALL SELECT unnest(merge.covers), FALSE) AS said) END)`
