// Saving many orders at once: each is read, put together with what is known, compared, and stored or refused alone. What it
// states goes the way of every change of an order, so that files, callers and events make one order.

import type { AccountFields } from '../../core/fields/check.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { differencesOf } from '../../core/orders/differences.ts'
import type { OrderStatus } from '../../core/orders/fold.ts'
import { type GivenOrder, type OrderContent, type ReadOrder, readOrder } from '../../core/orders/order-content.ts'
import { ApiError, badInput, conflict } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import { applyChanges, type ChangeInput, type ChangeOutcome } from '../orders/changes.ts'
import { erasedOrderId } from '../orders/erased.ts'
import { writeBaseAmounts } from '../orders/own-currency.ts'
import { findChanges, findRoots, lockOrders, type OrderSource } from '../orders/sql.ts'
import type { Saved } from '../products/saving.ts'
import { findContents, type KnownContent, writeContents } from './content-sql.ts'
import { heldOrder } from './order-fields.ts'
import { findErasedOwners } from './owners-sql.ts'

export interface SavedOrderRow {
  readonly sourceId: string
  /** Where it stands in the request, for errors. */
  readonly path: string
  /** Whose it is, locked; null for a guest's. */
  readonly profileId: string | null
  /** When this held: what was said of a later time stays. Absent: of a new order when it was placed, else now. */
  readonly at?: Date | null
  readonly status?: OrderStatus | null
  readonly given: GivenOrder
}

export interface SavingOrders {
  readonly rows: readonly SavedOrderRow[]
  /** What their own fields are held to. */
  readonly fields: AccountFields | null
  /** What source ids of erased people are hashed with, where anybody was erased. */
  readonly erasureKey: string | null
  readonly source: OrderSource
  readonly now: Date
}

export interface SavedOrder extends Saved {
  /** Whose it is now. */
  readonly profileId: string | null
}

type Outcome = SavedOrder | ApiError

const maxSourceId = 256
const maxAheadMs = 5 * 60_000

/**
 * One outcome for each row, in their order; of an order told twice the later row goes by the earlier. Rows are refused alone:
 * BAD_INPUT for what cannot be read, CONFLICT for an order of somebody else, or of somebody who was erased. The people have to be
 * locked; their memberships are the caller's to refresh. RetryError where others tell of the same new order at once.
 */
export async function saveOrders(sql: Sql, accountId: string, saving: SavingOrders): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let waiting = [...saving.rows.entries()]
  while (waiting.length > 0) {
    const seen = new Set<string>()
    const round = waiting.filter(([, { sourceId }]) => !seen.has(sourceId.trim()) && seen.add(sourceId.trim()))
    const taken = new Set(round)
    waiting = waiting.filter((one) => !taken.has(one))
    const told = await saveRound(sql, accountId, { ...saving, rows: round.map(([, row]) => row) })
    for (const [place, [index]] of round.entries()) outcomes[index] = told[place] ?? badInput('missing')
  }
  return outcomes
}

/** A row that can be stored. */
interface Ready {
  readonly row: SavedOrderRow
  readonly sourceId: string
  readonly known: KnownContent | undefined
  readonly read: ReadOrder
  readonly at: Date
  readonly isSame: boolean
}

/** Of orders that are told once each. */
async function saveRound(sql: Sql, accountId: string, saving: SavingOrders): Promise<Outcome[]> {
  const ids = saving.rows.map(({ sourceId }) => sourceId.trim())
  const { erasureKey } = saving
  const hashOf = (id: string) => (erasureKey === null ? null : erasedOrderId(erasureKey, id))
  const named = [...ids, ...ids.flatMap((id) => hashOf(id) ?? [])]
  await lockOrders(sql, accountId, named)
  const known = await findContents(sql, accountId, named)
  const rootOf = await rootsOf(sql, accountId, { rows: saving.rows, known })
  const owners = [...known.values()].flatMap(({ profileId }) => profileId ?? [])
  const erased = erasureKey === null ? new Set() : await findErasedOwners(sql, accountId, owners)
  const ready = saving.rows.map((row, index): Ready | ApiError => {
    const sourceId = ids[index] ?? ''
    if (sourceId === '' || sourceId.length > maxSourceId)
      return badInput(`not from 1 to ${maxSourceId} characters`, `${row.path}.sourceId`)
    const owner = known.get(sourceId)?.profileId ?? null
    if (known.has(hashOf(sourceId) ?? '') || erased.has(owner))
      return conflict('an order of somebody who was erased', `${row.path}.sourceId`)
    if (row.profileId !== null && owner !== null && rootOf(owner) !== rootOf(row.profileId)) return ofSomebodyElse(row)
    return readyRow({ ...row, sourceId }, known.get(sourceId), saving)
  })
  const told = await findChanges(sql, accountId, [...known.keys()])
  const isTold = ({ known: order, at, read: { content } }: Ready) =>
    told.some(
      (one) =>
        one.kind === 'STATED' &&
        one.orderId === order?.id &&
        one.at.getTime() === at.getTime() &&
        one.currency === content.currency &&
        one.totalMinor === amount(content.totalMinor),
    )
  // What holds is not said again, and what is overtaken is kept once.
  const rows = ready.filter((one): one is Ready => !(one instanceof ApiError))
  const plans = rows.map((one) => {
    const isStated = one.known && (one.isSame ? !isLater(one) : isOvertaken(one) && isTold(one))
    return { one, changes: [...(isStated ? [] : [statement(one, saving)]), ...statusOf(one, saving)] }
  })
  const results = await applyChanges(
    sql,
    accountId,
    plans.flatMap(({ changes }) => changes),
  )
  const byRow = new Map<Ready, ChangeOutcome[]>()
  let place = 0
  for (const { one, changes } of plans) byRow.set(one, results.slice(place, (place += changes.length)))
  const inForce = plans.flatMap(({ one, changes }) => {
    const [first] = byRow.get(one) ?? []
    const isApplied = changes[0]?.told.kind === 'STATED' && first?.result === 'APPLIED' && first.orderId
    return isApplied ? [{ orderId: isApplied, content: one.read.content, isSame: one.isSame }] : []
  })
  const changed = inForce.filter(({ isSame }) => !isSame)
  if (changed.length > 0) await writeContents(sql, accountId, changed)
  // What is overtaken may still tell when the order was placed, or its amount.
  const restated = plans.flatMap(({ one, changes }) => {
    const { orderId = null, result } = byRow.get(one)?.[0] ?? {}
    const isStated = changes[0]?.told.kind === 'STATED' && (result === 'APPLIED' || result === 'OVERTAKEN')
    return isStated && !one.isSame ? (orderId ?? []) : []
  })
  await writeBaseAmounts(sql, accountId, restated)
  return ready.map((one) => (one instanceof ApiError ? one : outcomeOf(one, byRow.get(one) ?? [])))
}

const ofSomebodyElse = ({ path }: SavedOrderRow) => conflict('the order is somebody else’s', `${path}.profile`)

/** Asked only where an order is told of another profile than before. */
async function rootsOf(
  sql: Sql,
  accountId: string,
  { rows, known }: { rows: readonly SavedOrderRow[]; known: ReadonlyMap<string, KnownContent> },
): Promise<(id: string) => string> {
  const ids = rows.flatMap(({ sourceId, profileId }) => {
    const owner = known.get(sourceId.trim())?.profileId
    return profileId !== null && owner && owner !== profileId ? [profileId, owner] : []
  })
  const roots = ids.length > 0 ? await findRoots(sql, accountId, [...new Set(ids)]) : new Map<string, string>()
  return (id) => roots.get(id) ?? id
}

const amount = (minor: bigint | null) => (minor === null ? null : Number(minor))

const isOvertaken = ({ known, at }: Ready) => known !== undefined && at < known.statedAt
const isLater = ({ row, known, at }: Ready) => row.at != null && known !== undefined && at > known.statedAt

function readyRow(
  row: SavedOrderRow,
  known: KnownContent | undefined,
  { fields, now }: SavingOrders,
): Ready | ApiError {
  const { path, sourceId } = row
  const latest = now.getTime() + maxAheadMs
  if (row.at && row.at.getTime() > latest) return badInput('not yet', `${path}.updatedAt`)
  if (row.given.placedAt && row.given.placedAt.getTime() > latest) return badInput('not yet', `${path}.placedAt`)
  const held = heldOrder(row.given, { fields, path, isNew: known === undefined })
  if (held instanceof ApiError) return held
  const read = readOrder(held.given, known?.content ?? null)
  if ('message' in read) return badInput(read.message, `${path}.${read.field}`)
  const warnings = [
    ...held.warnings,
    ...read.warnings.map(({ field, message }) => ({ field: `${path}.${field}`, message })),
  ]
  const at = row.at ?? (known ? now : read.content.placedAt)
  const isSame =
    known !== undefined &&
    differencesOf(known.content, read.content).length === 0 &&
    (row.profileId === null || known.profileId !== null)
  return { ...{ row, sourceId, known, at, isSame }, read: { content: read.content, warnings } }
}

function statement({ row, sourceId, at, read: { content } }: Ready, { source }: SavingOrders): ChangeInput {
  const { placedAt, currency, totalMinor } = content
  const items = content.items.map(({ product, unitPriceMinor, discountMinor, totalMinor: total, ...item }) => ({
    ...item,
    productId: product,
    unitPriceMinor: amount(unitPriceMinor),
    discountMinor: amount(discountMinor),
    totalMinor: amount(total),
  }))
  return {
    ...{ orderSourceId: sourceId, profileId: row.profileId, at, source },
    told: { kind: 'STATED', placedAt: placedAt.getTime(), currency, totalMinor: amount(totalMinor) },
    ...(row.given.items === undefined ? {} : { items }),
  }
}

function statusOf({ row, sourceId, known, at }: Ready, { source }: SavingOrders): ChangeInput[] {
  const { status, profileId } = row
  if (!status || status === (known?.status ?? 'PLACED')) return []
  return [{ orderSourceId: sourceId, profileId, at, source, told: { kind: 'STATUS', status } }]
}

function outcomeOf(one: Ready, results: readonly ChangeOutcome[]): Outcome {
  const { row, known, read } = one
  if (results.some(({ result }) => result === 'ORDER_OF_SOMEBODY_ELSE')) return ofSomebodyElse(row)
  // Somebody else told of it first, a moment ago: what is known of it is to be read again.
  if (!known && results[0]?.isNew === false) throw new RetryError()
  const id = results[0]?.orderId ?? known?.id ?? ''
  const profileId = known?.profileId ?? row.profileId
  if (!known) return { id, profileId, status: 'CREATED', differences: [], warnings: read.warnings }
  const isMoved = results.some(({ result }) => result === 'APPLIED')
  const overtaken = isOvertaken(one)
  const warnings: FieldFault[] = overtaken
    ? [{ field: `${row.path}.updatedAt`, message: `what was told of ${known.statedAt.toISOString()} holds` }]
    : [...read.warnings]
  const differences = overtaken ? [] : changesOf(known, one)
  const status = isMoved && (differences.length > 0 || known.profileId !== profileId) ? 'UPDATED' : 'UNCHANGED'
  return { id, profileId, status, differences, warnings }
}

const personal = ['shippingAddress', 'billingAddress', 'fields', 'items'] as const satisfies (keyof OrderContent)[]

function changesOf(known: KnownContent, { row, read }: Ready) {
  const status = row.status && row.status !== known.status ? { before: known.status, after: row.status } : null
  return [
    ...differencesOf<OrderContent>(known.content, read.content, personal),
    ...(status ? [{ field: 'status', ...status }] : []),
  ]
}
