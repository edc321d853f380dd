// Fields of people in long form: a row is one value of one field, so a person has as many rows as values.

import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { ApiError } from '../../errors.ts'
import type { Json, JsonObject } from '../../scalars.ts'
import type { FileRow, ImportKindWork, Piece } from './job.ts'
import { type PersonRow, workPeople } from './people.ts'
import { cellValue, checkedRow, faultText, identifierColumns, refIn, rowCode } from './person-rows.ts'

export const fieldValuesWork: ImportKindWork = {
  columns: () => [
    ...identifierColumns,
    { name: 'fieldName', aliases: ['field', 'name', 'attribute'], required: true, examples: ['tier', 'tier'] },
    { name: 'fieldValue', aliases: ['value'], required: true, examples: ['gold', 'silver'] },
  ],
  strangers: () => 'IGNORE',
  chunkSize: 500,
  async work(piece) {
    const checked = piece.rows.map((row) => valueRow(piece, row))
    const isFit = (row: PersonRow | RowPlan): row is PersonRow => 'ref' in row
    const refused = checked.filter((row): row is RowPlan => !isFit(row))
    return [...refused, ...(await workPeople(piece, checked.filter(isFit), { repeats: 'FIELDS' }))]
  },
}

function valueRow(piece: Piece, row: FileRow): PersonRow | RowPlan {
  const { number, values } = row
  try {
    const name = String(values.get('fieldName') ?? '').trim()
    if (name === '') throw new ApiError('BAD_INPUT', 'no field is named', { field: 'fieldName' })
    const value = values.get('fieldValue') ?? null
    const isBlank = value === null || (typeof value === 'string' && value.trim() === '')
    if (isBlank && piece.job.blankCells === 'IGNORE')
      return rejected(number, 'BAD_INPUT', 'fieldValue: blank, and blank cells are ignored')
    // A name that every object inherits is a name like any other.
    const set: JsonObject = isBlank ? {} : Object.fromEntries([[name, cellValue(piece.rules, name, value) as Json]]) // JSON, as it was read.
    return checkedRow(piece, number, { ref: refIn(row), said: { set, unset: isBlank ? [name] : [] } })
  } catch (error) {
    if (error instanceof ApiError) return rejected(number, rowCode(error), faultText(error))
    throw error
  }
}
