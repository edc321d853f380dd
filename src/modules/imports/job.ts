// An import as its row tells it, and what a kind of file has to say to take part.

import type { Context } from '../../context.ts'
import type { Column, KnownColumn, Strangers } from '../../core/imports/columns.ts'
import type { RowPlan, Tally } from '../../core/imports/outcome.ts'
import type { ApiError } from '../../errors.ts'
import type { Import } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import type { AccountRules } from '../programs/rule-sets.ts'

/** What a caller asked for beside the columns of the import's own row; checked when it came. */
export interface ImportOptions {
  /** By the file's name of a column what it tells; null: it is left out. */
  readonly mapping: Readonly<Record<string, string | null>>
  readonly strangers: 'TAKE' | 'IGNORE' | null
  readonly delimiter: string | null
  /** Of an import into an audience. */
  readonly audienceId: string | null
  /** Of events: they are decided upon, in the order of their times. */
  readonly attribute: boolean
}

/** What was found of the file. */
export interface FileFindings {
  readonly format?: 'CSV' | 'JSON_LINES'
  readonly delimiter?: string | null
  readonly isGzip?: boolean
  readonly columns?: readonly Column[]
}

/** The columns that are kept as JSON, as they were written here. */
export const optionsOf = ({ options }: Pick<Import, 'options'>) => options as unknown as ImportOptions
export const findingsOf = ({ found }: Pick<Import, 'found'>) => found as unknown as FileFindings
export const tallyOf = (counts: Import['planned']) => counts as unknown as Tally

/** One row as its columns tell it: by what each column tells, the cell; blank ones are there. */
export interface FileRow {
  readonly number: number
  readonly values: ReadonlyMap<string, unknown>
}

/** Some rows of an import, to be planned or to be brought in, in one transaction. */
export interface Piece {
  readonly tx: Transaction
  readonly context: Context
  readonly job: Import
  readonly rules: AccountRules
  /** Those that can be read, in their order. */
  readonly rows: readonly FileRow[]
  /** Those that are refused already since they cannot be read, as far as they can be. */
  readonly unread: readonly FileRow[]
  /** By number, what was planned and confirmed; null where nobody saw a plan. */
  readonly confirmed: ReadonlyMap<number, RowPlan> | null
  /** False: nothing is written. */
  readonly isApplying: boolean
  /** What `before` gave. */
  readonly told: unknown
}

/** A kind of file. */
export interface ImportKindWork {
  /** What its columns may tell. */
  columns(rules: AccountRules): KnownColumn[]
  /** What becomes of other columns, unless the caller says. */
  strangers(rules: AccountRules): Strangers
  /** True where rows are looked at before any is brought in, even where nobody asked for a plan. */
  readonly plansFirst?: boolean
  readonly chunkSize: number
  /** What the rows are known by that are dealt with together, however far a chunk has to reach; they follow on one another. */
  keyOf?(row: FileRow): string | null
  /** Before any row is looked at: here their order may be changed. */
  begun?(tx: Transaction, job: Import): Promise<void>
  /** What has to happen outside of the transaction, before it; done again where the transaction fails, it must change nothing more. */
  before?(piece: Omit<Piece, 'tx' | 'told' | 'unread'>): Promise<unknown>
  /** A verdict for each of the rows; what it says is done where the piece is applied. */
  work(piece: Piece): Promise<RowPlan[]>
  /** Once all rows are planned. */
  planned?(tx: Transaction, job: Import): Promise<void>
}

/** The import as a whole cannot go on, whatever its rows are. */
export class ImportFault extends Error {
  readonly code: string

  constructor({ code, message }: ApiError) {
    super(message)
    this.code = code
  }
}
