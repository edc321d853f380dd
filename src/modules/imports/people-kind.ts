// People in wide form: a row is a person, a column a field.

import type { RowPlan } from '../../core/imports/outcome.ts'
import type { ImportKindWork, Piece } from './job.ts'
import { type PeopleWork, type PersonRow, workPeople } from './people.ts'
import { personColumns, personRow, personStrangers } from './person-rows.ts'

export const peopleWork: ImportKindWork = {
  columns: personColumns,
  strangers: personStrangers,
  chunkSize: 500,
  work: (piece) => workWide(piece, {}),
}

/** The people of a shop's own export: there `id` is the shop's id of them, not ours. */
export const customersWork: ImportKindWork = {
  ...peopleWork,
  columns: (rules) =>
    personColumns(rules).flatMap((column) => {
      if (column.name === 'id') return []
      return column.name === 'sourceId' ? [{ ...column, aliases: ['id', ...(column.aliases ?? [])] }] : [column]
    }),
}

/** Rows of people in wide form, and what else is done with them. */
export async function workWide(piece: Piece, how: PeopleWork): Promise<RowPlan[]> {
  const checked = piece.rows.map((row) => personRow(piece, row))
  const isFit = (row: PersonRow | RowPlan): row is PersonRow => 'ref' in row
  const refused = checked.filter((row): row is RowPlan => !isFit(row))
  return [...refused, ...(await workPeople(piece, checked.filter(isFit), how))]
}
