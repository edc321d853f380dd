// One chunk of an import, in one transaction: its rows are planned or brought in, and how far the import came is kept with them. So
// whoever goes on, after a crash too, goes on from there, and nothing is done twice.

import { type Context as CallerContext, Context } from '../../context.ts'
import { ColumnNames } from '../../core/imports/columns.ts'
import { type RowCode, type RowPlan, rejected, tallied } from '../../core/imports/outcome.ts'
import { withoutApostrophe } from '../../core/imports/written-csv.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { ApiError } from '../../errors.ts'
import type { Import, Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { ContendedError, isDataError, retrying } from '../../platform/retry.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import { type FileRow, findingsOf, type ImportKindWork, optionsOf, type Piece, tallyOf } from './job.ts'
import { importKinds } from './kinds.ts'
import { faultText, rowCode } from './person-rows.ts'
import { deleteKeys, findRows, holdImport, type ImportKey, type StoredRow, storePlans } from './sql.ts'

export type Services = CallerContext['services']

/** What came of a look at an import: more is to be done, it is done or waits, or another process is at it. */
export type Step = 'MORE' | 'DONE' | 'HELD'

/** For whom an import works: the account, in the name of the key that asked for it. */
export const workerContext = (
  services: Services,
  { accountId, apiKeyId }: Pick<Import, 'accountId' | 'apiKeyId'>,
): Context => new Context(services, { accountId, keyId: apiKeyId ?? accountId, scopes: ['ADMIN'], expiresAt: null })

/**
 * Does the next chunk. A row that the database refuses is found by halving, and refused alone; a chunk
 * whose people others change all the while becomes smaller. Anything else that fails is
 * thrown, and the chunk is as if it had never been begun.
 */
export async function takeStep(services: Services, key: ImportKey): Promise<Step> {
  const where = { accountId_id: key }
  const job = await services.database.forAccount(key.accountId).import.findUnique({ where })
  if (!job || !isOpen(job)) return 'DONE'
  const kind = importKinds[job.kind]
  for (let limit = kind.chunkSize; ; limit = Math.ceil(limit / 2)) {
    try {
      return await retrying(() => takeChunk(services, job, { kind, limit, refusal: null }))
    } catch (error) {
      const refusal = refusalOf(error)
      const isContended = error instanceof ContendedError && limit > 1
      if (refusal === null && !isContended) throw error
      if (refusal !== null && limit === 1) return takeChunk(services, job, { kind, limit, refusal })
    }
  }
}

const isOpen = ({ state, uploadedAt }: Import) =>
  uploadedAt !== null && (state === 'QUEUED' || state === 'VALIDATING' || state === 'RUNNING')

/** What a single row is refused with for the error; null where the error says nothing of the rows. */
function refusalOf(error: unknown): { code: RowCode; message: string } | null {
  if (isDataError(error)) return { code: 'BAD_INPUT', message: 'the row holds a value that cannot be stored' }
  if (!(error instanceof ApiError) || error.extensions.retryable === true) return null
  if (error.code === 'INTERNAL_SERVER_ERROR') return null
  return { code: rowCode(error), message: faultText(error) }
}

interface Asked {
  readonly kind: ImportKindWork
  readonly limit: number
  /** What the one row is refused with, unlooked at. */
  readonly refusal: { code: RowCode; message: string } | null
}

async function takeChunk(services: Services, seen: Import, { kind, limit, refusal }: Asked): Promise<Step> {
  const context = workerContext(services, seen)
  const isApplying = seen.state === 'RUNNING'
  const hasBefore = isApplying && kind.before !== undefined && refusal === null
  // What was cancelled since, or done by another process, is not sent.
  if (hasBefore && !(await isAsSeen(context, seen))) return 'MORE'
  const told = hasBefore ? await before(context, seen, { kind, limit }) : undefined
  const step = await services.database.transaction(async (tx) => {
    if (!(await holdImport(tx, seen))) return 'HELD'
    const job = await tx.import.findUniqueOrThrow({
      where: { accountId_id: { accountId: seen.accountId, id: seen.id } },
    })
    // Another process came before: what was found of it outside holds no more.
    if (job.state !== seen.state || job.cursor !== seen.cursor) return 'MORE'
    if (job.state === 'QUEUED') return begin(tx, job, kind)
    const rules = await services.ruleSets.inForce(tx, job.accountId)
    const rows = await chunkRows(tx, job, { limit, kind, rules })
    if (rows.length === 0) return finish(tx, job, { kind, now: context.now })
    const plans = refusal
      ? rows.filter(isDue(isApplying)).map(({ number }) => rejected(number, refusal.code, refusal.message))
      : await worked({ tx, context, job, rules, isApplying, told }, rows, kind)
    await storePlans(tx, job, { plans, isApplied: isApplying })
    await moveOn(tx, job, { rows, plans })
    return 'MORE'
  })
  if (isApplying && step === 'MORE') services.live.wake(seen.accountId)
  if (isApplying && step === 'DONE') await deleteKeys(services.database.system, seen)
  return step
}

/** Rows that were planned to be skipped or refused are so already. */
const isDue = (isApplying: boolean) => (row: StoredRow) =>
  !isApplying || row.action === null || row.action === 'CREATE' || row.action === 'UPDATE'

async function isAsSeen({ services: { database } }: Context, seen: Import): Promise<boolean> {
  const now = await database.forAccount(seen.accountId).import.findUnique({ where: keyOf(seen) })
  return now?.state === seen.state && now.cursor === seen.cursor
}

async function before(context: Context, job: Import, { kind, limit }: Pick<Asked, 'kind' | 'limit'>): Promise<unknown> {
  const { sql, services } = context
  const rows = (await findRows(sql, job, { after: job.cursor, limit })).filter(isDue(true))
  const rules = await services.ruleSets.inForce(sql, job.accountId)
  const read = readRows(rows, { job, rules, kind })
  return kind.before?.({ context, job, rules, rows: read.rows, confirmed: null, isApplying: true })
}

/** Verdicts on the rows that are due; what they say is done where the import is applied. */
async function worked(
  piece: Omit<Piece, 'rows' | 'unread' | 'confirmed'>,
  stored: readonly StoredRow[],
  kind: ImportKindWork,
): Promise<RowPlan[]> {
  const due = stored.filter(isDue(piece.isApplying))
  const { rows, unread, refused } = readRows(due, { ...piece, kind })
  const planned = due.flatMap((row) => (row.action === null ? [] : [[row.number, planOf(row)] as const]))
  const confirmed = piece.isApplying && planned.length > 0 ? new Map(planned) : null
  return [...refused, ...(rows.length > 0 ? await kind.work({ ...piece, rows, unread, confirmed }) : [])]
}

/** As it was stored. */
const planOf = ({ number, action, profileId, changes, code, message }: StoredRow): RowPlan => ({
  ...{ number, action: action ?? 'SKIP', profileId, code: code as RowCode | null, message },
  changes: changes as JsonObject | null,
})

/** Rows by what their columns tell; those that cannot be read are refused. */
function readRows(
  stored: readonly StoredRow[],
  { job, rules, kind }: { job: Import; rules: AccountRules; kind: ImportKindWork },
): { rows: FileRow[]; unread: FileRow[]; refused: RowPlan[] } {
  const read = rowReader(job, { rules, kind })
  const rows: FileRow[] = []
  const unread: FileRow[] = []
  const refused: RowPlan[] = []
  for (const { number, cells, message, action } of stored) {
    // What stands in a row before it was looked at is why it cannot be read.
    if (cells === null || (message !== null && action === null)) {
      refused.push(rejected(number, 'BAD_INPUT', message ?? 'unreadable'))
      if (cells) unread.push(read({ number, cells }))
    } else rows.push(read({ number, cells }))
  }
  return { rows, unread, refused }
}

/** How a stored row is read by its columns. */
function rowReader(job: Import, how: { rules: AccountRules; kind: ImportKindWork }) {
  const { columns = [] } = findingsOf(job)
  const names = namesFor(job, how)
  return ({ number, cells }: { number: number; cells: NonNullable<StoredRow['cells']> }): FileRow => {
    const told = isList(cells)
      ? columns.map(({ field }, place) => [field, unescaped(cells[place] ?? '')] as const)
      : Object.entries(cells).map(([name, value]) => [names.column(name).field, value] as const)
    return { number, values: new Map(told.flatMap(([field, value]) => (field === null ? [] : [[field, value]]))) }
  }
}

const maxReach = 10_000

/** The next rows; where those of one key are dealt with together, so many more as the last one's key has, 10,000 at the most. */
async function chunkRows(
  tx: Transaction,
  job: Import,
  { limit, kind, rules }: { limit: number; kind: ImportKindWork; rules: AccountRules },
): Promise<StoredRow[]> {
  const rows = await findRows(tx, job, { after: job.cursor, limit })
  const read = rowReader(job, { rules, kind })
  const keyIn = ({ number, cells }: StoredRow) => (cells && kind.keyOf?.(read({ number, cells }))) ?? null
  const last = rows.at(-1)
  const key = last && rows.length === limit ? keyIn(last) : null
  for (let isOver = key === null; !isOver && rows.length < maxReach; ) {
    const more = await findRows(tx, job, { after: rows.at(-1)?.number ?? 0, limit: kind.chunkSize })
    const others = more.findIndex((row) => keyIn(row) !== key)
    rows.push(...(others < 0 ? more : more.slice(0, others)))
    isOver = others >= 0 || more.length < kind.chunkSize
  }
  return rows
}

const isList = (cells: NonNullable<StoredRow['cells']>): cells is readonly string[] => Array.isArray(cells)
// Of files that were written here, and came back.
const unescaped = (cell: string) => withoutApostrophe(cell)

/** How names of columns are read for the import. */
export function namesFor(
  job: Pick<Import, 'options'>,
  { rules, kind }: { rules: AccountRules; kind: ImportKindWork },
): ColumnNames {
  return new ColumnNames(columnRulesOf(job, { rules, kind }))
}

export function columnRulesOf(
  job: Pick<Import, 'options'>,
  { rules, kind }: { rules: AccountRules; kind: ImportKindWork },
) {
  const { mapping, strangers } = optionsOf(job)
  return {
    known: kind.columns(rules),
    strangers: strangers ?? kind.strangers(rules),
    mapping: new Map(Object.entries(mapping)),
  }
}

const keyOf = ({ accountId, id }: Import) => ({ accountId_id: { accountId, id } })

async function begin(tx: Transaction, job: Import, kind: ImportKindWork): Promise<Step> {
  const state = job.mode === 'PLAN' || kind.plansFirst ? 'VALIDATING' : 'RUNNING'
  await kind.begun?.(tx, job)
  await tx.import.update({ where: keyOf(job), data: { state, cursor: 0, version: { increment: 1 } } })
  return 'MORE'
}

async function moveOn(
  tx: Transaction,
  job: Import,
  { rows, plans }: { rows: readonly StoredRow[]; plans: readonly RowPlan[] },
): Promise<void> {
  const decided = new Set(plans.map(({ number }) => number))
  // What was planned to be skipped or refused counts when its turn comes.
  const kept =
    job.state === 'RUNNING'
      ? rows.flatMap(({ number, action }) => (action && !decided.has(number) ? [{ action }] : []))
      : []
  const column = job.state === 'RUNNING' ? ('applied' as const) : ('planned' as const)
  const counts = tallied(tallyOf(job[column]), [...plans, ...kept])
  await tx.import.update({
    where: keyOf(job),
    data: {
      cursor: rows.at(-1)?.number ?? job.cursor,
      [column]: counts as Prisma.InputJsonObject,
      version: { increment: 1 },
    },
  })
}

async function finish(tx: Transaction, job: Import, { kind, now }: { kind: ImportKindWork; now: Date }): Promise<Step> {
  if (job.state === 'VALIDATING') {
    await kind.planned?.(tx, job)
    const state = job.mode === 'PLAN' ? 'AWAITING_CONFIRMATION' : 'RUNNING'
    await tx.import.update({ where: keyOf(job), data: { state, cursor: 0, version: { increment: 1 } } })
    return state === 'RUNNING' ? 'MORE' : 'DONE'
  }
  const { REJECT = 0 } = tallyOf(job.applied)
  const state = REJECT > 0 ? 'DONE_WITH_ERRORS' : 'DONE'
  await tx.import.update({ where: keyOf(job), data: { state, doneAt: now, version: { increment: 1 } } })
  return 'DONE'
}
