// An import's file comes in: it is read as it streams, and kept as rows, some thousand at a time. A file that is at fault as a whole
// leaves nothing behind but the reason; one that broke off may be sent again.

import { createHash } from 'node:crypto'
import type { Context } from '../../context.ts'
import { type Column, ColumnNames, columnsOf, maxColumns } from '../../core/imports/columns.ts'
import { delimiterOf } from '../../core/imports/delimiter.ts'
import { ApiError, badInput, conflict, notFound } from '../../errors.ts'
import type { Import, Prisma } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import { type FileForm, type FileRecord, openRecords } from '../../platform/records.ts'
import { columnRulesOf } from './chunk.ts'
import { type FileFindings, optionsOf } from './job.ts'
import { importKinds } from './kinds.ts'
import { deleteRows, type ImportKey, insertRows, lockDigest, lockImport, type NewRow } from './sql.ts'

const batchSize = 1_000
const maxRows = 20_000_000
const maxCell = 32_768
const shownCell = 200
const maxRow = 256 * 1024
/** Of a row that is too long, so much is kept to be known by. */
const shownRow = 20_000
const sameMs = 24 * 3_600_000

export interface Uploaded {
  /** The import that has the rows: an earlier one, where the same file came with the same options within a day. */
  readonly importId: string
  readonly isEarlier: boolean
  readonly rows: number
}

/**
 * Takes the file of an import that has none yet. BAD_INPUT, PAYLOAD_TOO_LARGE and LIMIT_EXCEEDED for a file that is at fault, which
 * the import then tells too; CONFLICT where it has a file already, or another one is being sent.
 */
export async function takeFile(context: Context, key: ImportKey, body: AsyncIterable<Uint8Array>): Promise<Uploaded> {
  const uploadId = newId()
  const job = await claimUpload(context, key, uploadId)
  try {
    const read = await readFile(context, { job, uploadId }, body)
    return await settle(context, { job, uploadId }, read)
  } catch (error) {
    await giveUp(context, { job, uploadId }, error)
    throw error
  }
}

interface Upload {
  readonly job: Import
  readonly uploadId: string
}

const whereOf = ({ accountId, id }: ImportKey) => ({ accountId_id: { accountId, id } })

async function claimUpload({ services }: Context, key: ImportKey, uploadId: string): Promise<Import> {
  const job = await services.database.transaction(async (tx) => {
    await lockImport(tx, key)
    const job = await tx.import.findUnique({ where: whereOf(key) })
    if (!job) throw notFound('no such import')
    const isWaiting = job.uploadedAt === null && (job.state === 'QUEUED' || job.state === 'FAILED')
    if (!isWaiting) throw conflict(`the import takes no file any more: it is ${job.state}`)
    const fresh = { state: 'QUEUED' as const, uploadId, faultCode: null, faultMessage: null, rowsDroppedAt: null }
    return tx.import.update({ where: whereOf(key), data: { ...fresh, version: { increment: 1 } } })
  })
  // Nobody else adds any from now on.
  await deleteRows(services.database.system, key)
  return job
}

interface ReadFile {
  readonly form: FileForm
  readonly columns: readonly Column[]
  readonly rows: number
  readonly sha256: string
  readonly bytes: number
}

async function readFile(context: Context, upload: Upload, body: AsyncIterable<Uint8Array>): Promise<ReadFile> {
  const { job } = upload
  const { sql, services } = context
  const rules = await services.ruleSets.inForce(sql, job.accountId)
  const columnRules = columnRulesOf(job, { rules, kind: importKinds[job.kind] })
  const { delimiter } = optionsOf(job)
  const { limits } = services.imports
  const file = await openRecords(body, { delimiter, delimiterOf, batchSize, maxColumns, limits })
  const columns = file.header === null ? null : columnsOf(file.header, columnRules)
  if (columns !== null && 'code' in columns) throw new ApiError(columns.code, columns.message)
  const names = new ColumnNames(columnRules)
  const seen = new Map<string, Column>()
  let rows = 0
  for await (const records of file.batches) {
    if (columns === null) gather(records, names, seen)
    const fresh = records.map((record, index) => rowOf(record, rows + index + 1, columns))
    rows += records.length
    if (rows > maxRows) throw new ApiError('LIMIT_EXCEEDED', `over ${maxRows} rows`)
    if ((await insertRows(sql, { accountId: job.accountId, id: job.id, uploadId: upload.uploadId }, fresh)) === 0)
      throw conflict('another upload of this import has taken its place')
  }
  if (rows === 0) throw badInput('the file has a header and no rows')
  return { form: file.form, columns: columns ?? [...seen.values()], rows, ...file.sum() }
}

/** Of JSON lines the names are found as they come. */
function gather(records: readonly FileRecord[], names: ColumnNames, seen: Map<string, Column>): void {
  for (const { cells, size } of records) {
    if (size > maxRow) continue
    for (const name of Object.keys(cells)) {
      if (seen.size >= maxColumns) return
      if (!seen.has(name)) seen.set(name, names.column(name))
    }
  }
}

function rowOf({ line, cells, size, fault }: FileRecord, number: number, columns: readonly Column[] | null): NewRow {
  if (!isList(cells)) {
    if (size > maxRow) return { number, line, cells: {}, message: `over ${maxRow} characters` }
    const unfit = unstorable(cells)
    if (unfit !== null) return { number, line, cells: {}, message: unfit }
    return { number, line, cells, message: fault ?? null }
  }
  const long = cells.findIndex((cell) => cell.length > maxCell)
  if (long >= 0) {
    const message = `the cell of ${columns?.[long]?.name ?? `column ${long + 1}`} has over ${maxCell} characters`
    return { number, line, cells: shown(cells), message }
  }
  if (size > maxRow) return { number, line, cells: shown(cells), message: `over ${maxRow} characters` }
  const expected = columns?.length ?? cells.length
  const message = cells.length === expected ? null : `${cells.length} cells, where the header has ${expected}`
  return { number, line, cells: cells.slice(0, maxColumns), message }
}

/** How cells begin; a character of two units that was cut is replaced, as half of it cannot be kept. */
function shown(cells: readonly string[]): string[] {
  const kept = cells.slice(0, maxColumns)
  const length = Math.min(shownCell, Math.floor(shownRow / kept.length))
  return kept.map((cell) => cell.slice(0, length).toWellFormed())
}

const isList = (cells: FileRecord['cells']): cells is readonly string[] => Array.isArray(cells)

/** No JSON that a row means anything by is deeper. */
const maxDepth = 64

/** Why PostgreSQL, or those who read it, could not keep it: text that cannot be stored, which may come by escapes, or depth. */
function unstorable(value: unknown, depth = 0): string | null {
  if (typeof value === 'string')
    return value.includes('\u0000') || !value.isWellFormed() ? 'text that cannot be stored' : null
  if (typeof value !== 'object' || value === null) return null
  if (depth >= maxDepth) return `JSON of over ${maxDepth} levels`
  for (const [name, inner] of Object.entries(value)) {
    const fault = unstorable(name) ?? unstorable(inner, depth + 1)
    if (fault !== null) return fault
  }
  return null
}

async function settle({ services, now }: Context, { job, uploadId }: Upload, read: ReadFile): Promise<Uploaded> {
  const { kind, mode, strategy, blankCells, options } = job
  const asked = JSON.stringify([read.sha256, kind, mode, strategy, blankCells, sorted(options)])
  const digest = createHash('sha256').update(asked).digest('base64url')
  const uploaded = await services.database.transaction(async (tx): Promise<Uploaded> => {
    await lockDigest(tx, { accountId: job.accountId, digest })
    await lockImport(tx, job)
    const own = await tx.import.findUniqueOrThrow({ where: whereOf(job) })
    if (own.uploadId !== uploadId || own.state !== 'QUEUED')
      throw conflict('the import was cancelled, or another upload has taken its place')
    const earlier = await tx.import.findFirst({
      where: {
        ...{ accountId: job.accountId, digest, uploadedAt: { gte: new Date(now.getTime() - sameMs) } },
        // One that failed with its file goes on by commitImport: its rows need no second import.
        state: { not: 'CANCELLED' },
      },
      orderBy: { id: 'asc' },
    })
    if (earlier) {
      const same = { state: 'CANCELLED' as const, sameAsId: earlier.id, doneAt: now, version: { increment: 1 } }
      await tx.import.update({ where: whereOf(job), data: same })
      return { importId: earlier.id, isEarlier: true, rows: earlier.rows }
    }
    const found: FileFindings = { ...read.form, columns: read.columns }
    await tx.import.update({
      where: whereOf(job),
      data: {
        ...{ digest, uploadedAt: now, startedAt: now, bytes: read.bytes, rows: read.rows, version: { increment: 1 } },
        found: found as unknown as Prisma.InputJsonObject, // Plain JSON.
      },
    })
    return { importId: job.id, isEarlier: false, rows: read.rows }
  })
  services.imports.wake()
  if (uploaded.isEarlier) await deleteRows(services.database.system, job)
  return uploaded
}

const sorted = (options: unknown) => Object.entries(options ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))

/** What broke off may come again; what is at fault is told. */
async function giveUp({ services }: Context, { job, uploadId }: Upload, error: unknown): Promise<void> {
  const isFault = error instanceof ApiError && ['BAD_INPUT', 'PAYLOAD_TOO_LARGE', 'LIMIT_EXCEEDED'].includes(error.code)
  const isGivenUp = await services.database
    .transaction(async (tx) => {
      await lockImport(tx, job)
      const own = await tx.import.findUnique({ where: whereOf(job) })
      if (own?.uploadId !== uploadId || own.uploadedAt !== null) return false
      if (!isFault || own.state !== 'QUEUED') return true
      const fault = { state: 'FAILED' as const, faultCode: error.code, faultMessage: error.message }
      await tx.import.update({ where: whereOf(job), data: { ...fault, version: { increment: 1 } } })
      return true
    })
    .catch((failure: unknown) => left(services, failure))
  // Whatever is left is cleared away when the file comes again, or when it never does.
  if (isGivenUp) await deleteRows(services.database.system, job).catch((failure: unknown) => left(services, failure))
}

function left({ log }: Context['services'], failure: unknown): boolean {
  log.warn({ err: failure }, 'rows of an upload that broke off were left')
  return false
}
