// What the files of a shop have in common: cells that are read or refused, own fields, and verdicts from what came of saving.

import type { FieldOwner } from '../../core/fields/definition.ts'
import type { KnownColumn } from '../../core/imports/columns.ts'
import { type RowCode, type RowPlan, rejected, skipped } from '../../core/imports/outcome.ts'
import type { CellFault, Cells } from '../../core/imports/shop-cells.ts'
import type { Difference } from '../../core/orders/differences.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { ApiError } from '../../errors.ts'
import type { Saved } from '../products/saving.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import { type FileRow, findingsOf, type ImportKindWork, type Piece } from './job.ts'
import { hashOf } from './people.ts'
import { faultText, ownColumns, rowCode, type Said, saidBeside } from './person-rows.ts'
import { claimHashes, gatherRows } from './sql.ts'

/** The columns that are known by themselves, and the account's own fields of the owner. */
export function columnsWith(known: readonly KnownColumn[], rules: AccountRules, owner: FieldOwner): KnownColumn[] {
  const names = namesOf(known)
  return [...known, ...ownColumns(rules, owner).filter(({ name }) => !names.has(name))]
}

export const namesOf = (columns: readonly KnownColumn[]): ReadonlySet<string> =>
  new Set(columns.map(({ name }) => name))

/** The row as `read` makes it, or why it is refused: NEGATIVE where an amount or a quantity is below zero, else BAD_INPUT. */
export function readRow<Row>(row: FileRow, cells: Cells, read: () => Row): Row | RowPlan {
  try {
    const done = read()
    return cells.faults.length > 0 ? refusalOf(row.number, cells.faults) : done
  } catch (error) {
    if (error instanceof ApiError) return rejected(row.number, rowCode(error), plainText(error))
    throw error
  }
}

function refusalOf(number: number, faults: readonly CellFault[]): RowPlan {
  const text = faults.map(({ column, message }) => `${column}: ${message}`).join('; ')
  const isNegative = faults.some((fault) => fault.isNegative)
  const hint = isNegative ? '; what came back is told by refundOrder or returnOrder, a credit is no order' : ''
  return rejected(number, isNegative ? 'NEGATIVE' : 'BAD_INPUT', `${text}${hint}`.slice(0, 500))
}

/** Without where the row stood among others. */
export const plainText = (error: ApiError): string => faultText(error).replace(/^row\./, '')

/** What the row says of own fields; null where it says nothing. */
export function fieldsSaid(
  piece: Pick<Piece, 'rules' | 'job'>,
  row: FileRow,
  asked: { owner: FieldOwner; others: ReadonlySet<string> },
): Said | null {
  const said = saidBeside(piece, row, asked)
  return Object.keys(said.set).length + said.unset.length > 0 ? said : null
}

/** The fields as they were, with what was said of them. Absent where nothing was. */
export function fieldsNow(said: Said | null, known: JsonObject | undefined): { fields?: JsonObject } {
  if (said === null) return {}
  const gone = new Set(said.unset)
  const kept = Object.entries(known ?? {}).filter(([name]) => !gone.has(name))
  return { fields: { ...Object.fromEntries(kept), ...said.set } }
}

/** By number, the first row of the file that has the same key, which may be the row itself. */
export async function firstWith(
  { tx, job }: Pick<Piece, 'tx' | 'job'>,
  rows: readonly { readonly number: number; readonly key: string }[],
): Promise<(number: number) => number> {
  const claims = rows.map(({ number, key }) => ({ number, hash: hashOf(key) }))
  const owners = await claimHashes(tx, job, claims)
  const first = new Map(claims.map(({ number, hash }) => [number, owners.get(hash.toString('hex')) ?? number]))
  return (number) => first.get(number) ?? number
}

/** Rows of which the column tells the same are dealt with together, wherever they stand in the file. */
export function togetherBy(column: string): Required<Pick<ImportKindWork, 'keyOf' | 'begun'>> {
  return {
    keyOf({ values }: FileRow): string | null {
      const value = values.get(column)
      return typeof value === 'string' || typeof value === 'number' ? String(value).trim() || null : null
    },
    async begun(tx, job) {
      const { columns = [], format } = findingsOf(job)
      const told = columns.flatMap(({ name, field }, place) => (field === column ? [{ name, place }] : []))
      const names = told.map(({ name }) => name)
      await gatherRows(tx, job, { names, place: format === 'CSV' ? (told[0]?.place ?? 0) : null })
    },
  }
}

interface Came {
  readonly number: number
  readonly outcome: Saved | ApiError
  /** Whose it is. */
  readonly profileId: string | null
  /** What the row is about, by name. */
  readonly about: JsonObject
}

/** The verdict on a row from what came of saving it. */
export function verdictOf({ job }: Pick<Piece, 'job'>, { number, outcome, profileId, about }: Came): RowPlan {
  if (outcome instanceof ApiError) return { ...rejected(number, rowCode(outcome), plainText(outcome)), profileId }
  const { status, differences, warnings } = outcome
  if (status === 'CREATED' && job.strategy === 'UPDATE_ONLY')
    return { ...skipped(number, 'UNKNOWN', 'nobody told of it yet'), profileId }
  if (status !== 'CREATED' && job.strategy === 'CREATE_ONLY')
    return { ...skipped(number, 'EXISTS', 'it is known already'), profileId }
  const text = warnings
    .map(({ field, message }) => `${field.replace(/^row\./, '')}: ${message}`)
    .join('; ')
    .slice(0, 500)
  if (status === 'UNCHANGED') return { ...skipped(number, 'UNCHANGED', text || 'it is so already'), profileId }
  const action = status === 'CREATED' ? 'CREATE' : 'UPDATE'
  const changes = { ...about, ...changesIn(differences) }
  return { number, action, profileId, changes, code: codeOf(warnings), message: text || null }
}

const changesIn = (differences: readonly Difference[]): JsonObject =>
  Object.fromEntries(differences.map(({ field, before, after }) => [field, [before, after]])) as JsonObject // JSON, as they say.

function codeOf(warnings: Saved['warnings']): RowCode | null {
  if (warnings.length === 0) return null
  return warnings.some(({ field }) => field.endsWith('total')) ? 'TOTALS_DIFFER' : 'LEFT_OUT'
}

export const isPlan = (row: object): row is RowPlan => 'action' in row
