// The one place that writes what was told of orders: locks them, judges each change by those before it, and keeps the orders'
// rows what the fold of their changes says. Nothing is written of a change that is refused.

import { groupBy } from '../../core/group.ts'
import { foldOrder, type OrderChange } from '../../core/orders/fold.ts'
import { changesBy, type Draft, type LineFacts, type OrderRefusal, type OrderTold } from '../../core/orders/judge.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { countRefunds, replaceLines, type StatedDetails, type StatedItem, writeDetails } from './items-sql.ts'
import {
  type ChangeRow,
  findChanges,
  findLines,
  findRoots,
  giveChanges,
  insertChanges,
  insertOrders,
  lockOrders,
  type NewChangeRow,
  type OrderRow,
  type OrderSource,
  updateOrders,
} from './sql.ts'

export type { StatedDetails, StatedItem } from './items-sql.ts'

/** Something told of an order. */
export interface ChangeInput {
  /** The shop's own id of the order. */
  readonly orderSourceId: string
  /** What the order is known by where its person was erased. */
  readonly erasedId?: string | null
  /** Whom it was told of; null for a guest. */
  readonly profileId: string | null
  readonly at: Date
  readonly source: OrderSource
  /** Told again, it changes nothing. */
  readonly eventId?: string | null
  readonly told: OrderTold
  /** The sender's own id of a refund: told again, it changes nothing. */
  readonly refundId?: string | null
  readonly reason?: string | null
  /** Of a statement; absent: the order's lines stay as they are. */
  readonly items?: readonly StatedItem[] | undefined
  readonly details?: StatedDetails | undefined
}

/**
 * APPLIED: the order is as told. OVERTAKEN: it is kept, and something later holds. REPEATED: it was told before. Anything else
 * is a refusal, and nothing was written.
 */
export type ChangeResult =
  | 'APPLIED'
  | 'OVERTAKEN'
  | 'REPEATED'
  | 'ORDER_OF_SOMEBODY_ELSE'
  | 'ORDER_OF_SOMEBODY_ERASED'
  | OrderRefusal

export interface ChangeOutcome {
  /** Null where there is no such order. */
  readonly orderId: string | null
  readonly result: ChangeResult
  /** It was not known before. */
  readonly isNew: boolean
}

/**
 * Writes the changes in their order, each judged with those before it, and tells what became of each. The people they are about
 * have to be locked, and merges of this transaction written; memberships are the caller's to refresh. Orders are locked in the
 * order of their source ids, then products.
 */
export async function applyChanges(
  sql: Sql,
  accountId: string,
  changes: readonly ChangeInput[],
): Promise<readonly ChangeOutcome[]> {
  if (changes.length === 0) return []
  const book = await openBook(sql, accountId, changes)
  const outcomes = changes.map(
    (change): ChangeOutcome =>
      book.erased.has(change.orderSourceId)
        ? { orderId: null, result: 'ORDER_OF_SOMEBODY_ERASED', isNew: false }
        : enter(book.get(change.orderSourceId), change, book.isSame),
  )
  await writeBook(sql, accountId, [...book.orders.values()])
  return outcomes
}

/** An order under the hands of this transaction. */
interface Entry {
  readonly row: OrderRow
  readonly isNew: boolean
  readonly changes: ChangeRow[]
  lines: LineFacts[]
  profileId: string | null
  itemsStatedAt: Date | null
  /** Written by this transaction. */
  readonly fresh: NewChangeRow[]
  items?: readonly StatedItem[]
  details?: StatedDetails
}

/** The source ids of orders of erased people. Both names are locked at once, since an erasure puts one in the place of the other. */
async function findErased(sql: Sql, accountId: string, changes: readonly ChangeInput[]): Promise<Set<string>> {
  const plain = new Map(
    changes.flatMap(({ erasedId, orderSourceId: id }) => (erasedId ? [[erasedId, id] as const] : [])),
  )
  if (plain.size === 0) return new Set()
  const locked = await lockOrders(sql, accountId, [...plain].flat())
  return new Set(locked.flatMap(({ sourceId }) => plain.get(sourceId) ?? []))
}

async function openBook(sql: Sql, accountId: string, told: readonly ChangeInput[]) {
  const erased = await findErased(sql, accountId, told)
  const changes = told.filter(({ orderSourceId }) => !erased.has(orderSourceId))
  return { ...(await openLiving(sql, accountId, changes)), erased }
}

async function openLiving(sql: Sql, accountId: string, changes: readonly ChangeInput[]) {
  const sourceIds = [...new Set(changes.map(({ orderSourceId }) => orderSourceId))]
  const stated = new Map<string, ChangeInput>()
  for (const change of changes) {
    const { orderSourceId, told } = change
    if (told.kind === 'STATED' && !stated.has(orderSourceId)) stated.set(orderSourceId, change)
  }
  const added = [...stated.values()].map(({ orderSourceId, profileId, at, source }) => ({
    ...{ id: newId(), sourceId: orderSourceId, profileId, placedAt: at, source },
  }))
  // They run in this order, so that what is read is as it stays.
  const [, rows, told, lines] = await Promise.all([
    added.length > 0 && insertOrders(sql, accountId, added),
    lockOrders(sql, accountId, sourceIds),
    findChanges(sql, accountId, sourceIds),
    findLines(sql, accountId, sourceIds),
  ])
  const newIds = new Set(added.map(({ id }) => id))
  const toldOf = groupBy(told, ({ orderId }) => orderId)
  const linesOf = groupBy(lines, ({ orderId }) => orderId)
  const orders = new Map(
    rows.map((row): [string, Entry] => [
      row.sourceId,
      {
        row,
        isNew: newIds.has(row.id),
        changes: toldOf.get(row.id) ?? [],
        lines: linesOf.get(row.id) ?? [],
        profileId: row.profileId,
        itemsStatedAt: row.itemsStatedAt,
        fresh: [],
      },
    ]),
  )
  const roots = await rootsIn(sql, accountId, { changes, orders })
  const rootOf = (id: string) => roots.get(id) ?? id
  return {
    orders,
    get: (sourceId: string) => orders.get(sourceId),
    isSame: (a: string, b: string) => a === b || rootOf(a) === rootOf(b),
  }
}

/** Asked only where somebody tells of an order that was told of another profile. */
async function rootsIn(
  sql: Sql,
  accountId: string,
  { changes, orders }: { changes: readonly ChangeInput[]; orders: ReadonlyMap<string, Entry> },
): Promise<ReadonlyMap<string, string>> {
  const tellers = new Map<string, Set<string>>()
  for (const { orderSourceId, profileId } of changes) {
    const owner = orders.get(orderSourceId)?.profileId
    const known = tellers.get(orderSourceId) ?? new Set(owner ? [owner] : [])
    if (profileId !== null) known.add(profileId)
    tellers.set(orderSourceId, known)
  }
  const ids = [...new Set([...tellers.values()].flatMap((known) => (known.size > 1 ? [...known] : [])))]
  return ids.length > 0 ? findRoots(sql, accountId, ids) : new Map()
}

function enter(
  entry: Entry | undefined,
  change: ChangeInput,
  isSame: (a: string, b: string) => boolean,
): ChangeOutcome {
  if (!entry) return { orderId: null, result: 'ORDER_UNKNOWN', isNew: false }
  const { profileId: teller } = change
  const isNew = entry.isNew && entry.fresh.length === 0
  const orderId = entry.row.id
  const { eventId = null, refundId = null } = change
  const isRepeated = entry.changes.some(
    (known) => (eventId !== null && known.eventId === eventId) || (refundId !== null && known.sourceId === refundId),
  )
  if (isRepeated) return { orderId, result: 'REPEATED', isNew: false }
  if (teller !== null && entry.profileId !== null && !isSame(teller, entry.profileId))
    return { orderId, result: 'ORDER_OF_SOMEBODY_ELSE', isNew: false }
  const drafts = changesBy(change.told, { changes: entry.changes.map(changeOf), lines: entry.lines })
  if (typeof drafts === 'string') return { orderId, result: drafts, isNew: false }
  entry.profileId ??= teller
  const rows = drafts.map((draft, index) => rowOf(draft, index, { change, orderId }))
  entry.changes.push(...rows)
  entry.fresh.push(...rows)
  const isInForce = change.told.kind !== 'STATED' || isLatest(entry, rows[0])
  if (isInForce && change.details) entry.details = { ...entry.details, ...toldIn(change.details) }
  if (change.items && (entry.itemsStatedAt === null || change.at >= entry.itemsStatedAt))
    takeItems(entry, change.items, change.at)
  for (const row of rows) takeRefund(entry, row)
  return { orderId, result: rows.length === 0 ? 'REPEATED' : isInForce ? 'APPLIED' : 'OVERTAKEN', isNew }
}

/** What a statement does not tell stays as an earlier one told it. */
const toldIn = (details: StatedDetails): StatedDetails =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null))

/** No statement is later. */
const isLatest = ({ changes }: Entry, row: ChangeRow | undefined): boolean =>
  row !== undefined &&
  !changes.some(
    ({ kind, at, id }) =>
      kind === 'STATED' && (at.getTime() > row.at.getTime() || (at.getTime() === row.at.getTime() && id > row.id)),
  )

/** Those of the latest statement that told any. */
function takeItems(entry: Entry, items: readonly StatedItem[], at: Date): void {
  entry.items = items
  entry.itemsStatedAt = at
  entry.lines = items.map(({ productId, sku, quantity, totalMinor }, index) => ({
    ...{ line: index + 1, productId, sku, quantity, totalMinor, refundedQuantity: 0, refundedMinor: 0 },
  }))
  for (const row of entry.changes) takeRefund(entry, row)
}

function takeRefund(entry: Entry, { kind, line, quantity, refundMinor }: ChangeRow): void {
  if (kind !== 'REFUND' || line === null) return
  entry.lines = entry.lines.map((one) =>
    one.line === line
      ? {
          ...one,
          refundedQuantity: one.refundedQuantity + (quantity ?? 0),
          refundedMinor: one.refundedMinor + (refundMinor ?? 0),
        }
      : one,
  )
}

function rowOf(
  draft: Draft,
  index: number,
  { change, orderId }: { change: ChangeInput; orderId: string },
): NewChangeRow {
  const { profileId, at, source, eventId = null, refundId = null, reason = null } = change
  const stated = draft.kind === 'STATED' ? draft : null
  const refund = draft.kind === 'REFUND' ? draft : null
  return {
    // Of an event the first has its id, so that changes of one time stand in the order of their events' receipt.
    id: index === 0 && eventId !== null ? eventId : newId(),
    ...{ orderId, profileId, at, source, eventId, reason, kind: draft.kind },
    placedAt: stated?.placedAt == null ? null : new Date(stated.placedAt),
    currency: stated?.currency ?? null,
    totalMinor: stated?.totalMinor ?? null,
    status: draft.kind === 'STATUS' ? draft.status : null,
    refundMinor: refund?.refundMinor ?? null,
    line: refund?.line ?? null,
    quantity: refund?.quantity ?? null,
    sourceId: index === 0 ? refundId : null,
  }
}

/** A row as core has it. Throws for one that its kind forbids. */
export function changeOf(row: Omit<ChangeRow, 'orderId' | 'eventId' | 'sourceId'>): OrderChange {
  const told = { id: row.id, at: row.at.getTime() }
  if (row.kind === 'REFUND') {
    const { refundMinor, line, quantity } = row
    return { ...told, kind: 'REFUND', refundMinor, line, quantity }
  }
  if (row.kind === 'STATED') {
    const { placedAt, currency, totalMinor } = row
    return { ...told, kind: 'STATED', placedAt: placedAt?.getTime() ?? null, currency, totalMinor }
  }
  if (row.status === null) throw new Error(`change ${row.id} of an order has no status`)
  return { ...told, kind: 'STATUS', status: row.status }
}

async function writeBook(sql: Sql, accountId: string, orders: readonly Entry[]): Promise<void> {
  const changed = orders.filter(({ fresh, profileId, row }) => fresh.length > 0 || profileId !== row.profileId)
  if (changed.length === 0) return
  const owned = changed.filter(({ isNew, profileId, row }) => !isNew && profileId !== row.profileId)
  const itemized = changed.flatMap(({ row, items }) => (items ? [{ orderId: row.id, items }] : []))
  const detailed = changed.flatMap(({ row, details, items }) =>
    details || items ? [{ orderId: row.id, details: details ?? {}, items }] : [],
  )
  const refunded = changed.filter(
    ({ fresh, items, changes }) =>
      fresh.some(({ kind, line }) => kind === 'REFUND' && line !== null) ||
      (items !== undefined && changes.some(({ kind, line }) => kind === 'REFUND' && line !== null)),
  )
  const fresh = changed.flatMap((entry) => entry.fresh.map((row) => ({ ...row, profileId: entry.profileId })))
  await Promise.all([
    fresh.length > 0 && insertChanges(sql, accountId, fresh),
    updateOrders(sql, accountId, changed.map(foldedRow)),
    owned.length > 0 &&
      giveChanges(
        sql,
        accountId,
        owned.map(({ row }) => row.id),
      ),
    detailed.length > 0 && writeDetails(sql, accountId, detailed),
    itemized.length > 0 && replaceLines(sql, accountId, { orders: itemized, newId }),
    refunded.length > 0 &&
      countRefunds(
        sql,
        accountId,
        refunded.map(({ row }) => row.id),
      ),
  ])
}

function foldedRow({ row, profileId, changes, itemsStatedAt }: Entry) {
  const state = foldOrder(changes.map(changeOf))
  if (!state) throw new Error(`order ${row.id} was never stated`)
  const lastChangeAt = changes.reduce((last, { at }) => (at > last ? at : last), new Date(0))
  return {
    ...{
      id: row.id,
      profileId,
      status: state.status,
      currency: state.currency,
      totalMinor: state.totalMinor,
      lastChangeAt,
      itemsStatedAt,
    },
    refundedMinor: state.refundedMinor,
    placedAt: new Date(state.placedAt),
    statedAt: new Date(state.statedAt),
    cancelledAt: state.cancelledAt === null ? null : new Date(state.cancelledAt),
  }
}
