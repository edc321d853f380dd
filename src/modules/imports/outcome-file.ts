// What became of each row, as a file like the one that came: the same columns, and behind them what was done, or why not. Mended, it
// can be sent again; what it says of outcomes is passed over then.

import type { Context } from '../../context.ts'
import { outcomeColumns } from '../../core/imports/columns.ts'
import { csvLine } from '../../core/imports/written-csv.ts'
import { ApiError } from '../../errors.ts'
import type { Import } from '../../generated/prisma/client.ts'
import { findingsOf } from './job.ts'
import { findRows, type StoredRow } from './sql.ts'

const pageSize = 1_000

/** What became, or is to become, of a row. */
export const rowOutcomes = ['PENDING', 'TO_CREATE', 'TO_UPDATE', 'CREATED', 'UPDATED', 'SKIPPED', 'REJECTED'] as const

export type RowOutcome = (typeof rowOutcomes)[number]

export function outcomeOf({ action, applied }: Pick<StoredRow, 'action' | 'applied'>): RowOutcome {
  if (action === null) return 'PENDING'
  if (action === 'SKIP') return 'SKIPPED'
  if (action === 'REJECT') return 'REJECTED'
  const isNew = action === 'CREATE'
  return applied ? (isNew ? 'CREATED' : 'UPDATED') : isNew ? 'TO_CREATE' : 'TO_UPDATE'
}

/** The lines of the file; `isRejected`: of rows alone that were refused. CONFLICT where the rows are kept no longer. */
export async function* outcomeLines(
  { sql }: Pick<Context, 'sql'>,
  job: Import,
  { isRejected }: { isRejected: boolean },
): AsyncGenerator<string> {
  if (job.rowsDroppedAt !== null) throw new ApiError('CONFLICT', 'the rows of this import are kept no longer')
  const { format, delimiter, columns = [] } = findingsOf(job)
  const sign = delimiter ?? ','
  const isCsv = format !== 'JSON_LINES'
  const own = new Set<string>(outcomeColumns)
  const kept = columns.flatMap(({ name }, place) => (own.has(name) ? [] : [{ name, place }]))
  if (isCsv) yield csvLine([...kept.map(({ name }) => name), ...outcomeColumns], sign)
  for (let after = 0; ; ) {
    const rows = await findRows(sql, job, { after, limit: pageSize })
    const told = rows.filter(({ action }) => !isRejected || action === 'REJECT')
    const lines = told.map((row) => (isCsv ? csvOf(row, { kept, sign }) : jsonOf(row, own)))
    if (lines.length > 0) yield lines.join('')
    after = rows.at(-1)?.number ?? after
    if (rows.length === 0) return
  }
}

const toldOf = (row: StoredRow) => [outcomeOf(row), row.code, row.message, row.line] as const

function csvOf(row: StoredRow, { kept, sign }: { kept: readonly { place: number }[]; sign: string }): string {
  const cells = isList(row.cells) ? row.cells : []
  return csvLine([...kept.map(({ place }) => cells[place]), ...toldOf(row)], sign)
}

function jsonOf(row: StoredRow, own: ReadonlySet<string>): string {
  const cells = Object.entries(row.cells ?? {}).filter(([name]) => !own.has(name))
  const told = toldOf(row).map((value, place) => [outcomeColumns[place] ?? '', value] as const)
  return `${JSON.stringify(Object.fromEntries([...cells, ...told]))}\n`
}

const isList = (cells: StoredRow['cells']): cells is readonly string[] => Array.isArray(cells)
