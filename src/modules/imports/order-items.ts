// Lines of orders: a row is a line, and an order has the lines that the file has of it, in the place of any before. So they come in
// together, wherever they stand in the file, or not at all: a line that is refused leaves the order as it was.

import { groupBy } from '../../core/group.ts'
import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { Cells } from '../../core/imports/shop-cells.ts'
import { itemColumns } from '../../core/imports/shop-columns.ts'
import { amountText } from '../../core/orders/amount.ts'
import { type GivenItem, maxItems, type OrderContent } from '../../core/orders/order-content.ts'
import { computedTotalOf } from '../../core/orders/order-totals.ts'
import { minorDigits } from '../../core/orders.ts'
import { ApiError, badInput } from '../../errors.ts'
import { inOrder } from '../../platform/statements.ts'
import { lockOrders } from '../orders/sql.ts'
import { lockPeople, resolvePeople } from '../profiles/resolve.ts'
import { findContents, type KnownContent } from '../sales/content-sql.ts'
import { type SavedOrder, saveOrders } from '../sales/saving.ts'
import { ownersOf, refreshBuyers } from '../sales/service.ts'
import type { FileRow, ImportKindWork, Piece } from './job.ts'
import { changedFor } from './orders.ts'
import { strangersOf } from './person-rows.ts'
import {
  columnsWith,
  fieldsNow,
  fieldsSaid,
  firstWith,
  isPlan,
  namesOf,
  plainText,
  readRow,
  togetherBy,
  verdictOf,
} from './shop-rows.ts'
import { findProductsOfSkus } from './sql.ts'
import { inTrials, type Trial } from './trials.ts'

const others = namesOf(itemColumns)

interface ItemRow {
  readonly number: number
  readonly orderId: string
  /** Its place in the order; null: that of its row. */
  readonly line: number | null
  /** Null where the SKU is all there is. */
  readonly productId: string | null
  readonly given: Omit<GivenItem, 'product'>
}

const byOrder = togetherBy('orderId')

export const itemsWork: ImportKindWork = {
  columns: (rules) => columnsWith(itemColumns, rules, 'ORDER_ITEM'),
  strangers: (rules) => strangersOf(rules, 'ORDER_ITEM'),
  chunkSize: 500,
  ...byOrder,
  async work(piece) {
    const read = piece.rows.map((row) => itemRow(piece, row))
    const bad = [...piece.unread, ...piece.rows.filter((_, index) => isPlan(read[index] ?? {}))]
    const refusedOrders = new Map(bad.map((row) => [byOrder.keyOf(row), row.number]))
    const rows = read.filter((row): row is ItemRow => !isPlan(row))
    const verdicts = [...read.filter(isPlan)]
    const fit: ItemRow[] = []
    for (const [orderId, items] of groupBy(rows, (row) => row.orderId)) {
      const refused = together(items, refusedOrders.get(orderId))
      if (refused) verdicts.push(...refused)
      else fit.push(...items)
    }
    const { whole, cut } = await uncut(piece, fit)
    return [...verdicts, ...cut, ...(await inTrials(piece, whole, (open) => save(piece, open)))]
  },
}

function itemRow(piece: Piece, row: FileRow): ItemRow | RowPlan {
  const cells = new Cells(row.values, piece.job.blankCells === 'CLEAR')
  return readRow(row, cells, () => {
    const orderId = cells.text('orderId')
    if (!orderId) throw badInput('blank', 'orderId')
    const [productId, sku] = [cells.text('productId') ?? null, cells.text('sku') ?? null]
    if (productId === null && sku === null) throw badInput('neither it nor an SKU names what was bought', 'productId')
    const said = fieldsSaid(piece, row, { owner: 'ORDER_ITEM', others })
    const given = {
      ...{ sku, name: cells.text('name') ?? null, quantity: cells.whole('quantity') ?? 1 },
      ...{ unitPrice: cells.amount('unitPrice') ?? null, discount: cells.amount('discount') ?? null },
      ...{ total: cells.amount('total') ?? null, ...fieldsNow(said, undefined) },
    }
    return { number: row.number, orderId, line: cells.whole('line') ?? null, productId, given }
  })
}

/** Why the rows of an order are refused: one of them is, or two are the same line. */
function together(items: readonly ItemRow[], refused: number | undefined): RowPlan[] | null {
  if (refused !== undefined) return items.map(({ number }) => withOrder(number, refused))
  const seen = new Map<number, number>()
  const repeated = items.flatMap(({ number, line }) => {
    const earlier = line === null ? undefined : seen.get(line)
    if (line !== null && earlier === undefined) seen.set(line, number)
    return earlier === undefined ? [] : [rejected(number, 'DUPLICATE', `the same line as row ${earlier} of the file`)]
  })
  const [first] = repeated
  if (!first) return null
  const own = new Map(repeated.map((plan) => [plan.number, plan]))
  return items.map(({ number }) => own.get(number) ?? withOrder(number, first.number))
}

const withOrder = (number: number, refused: number): RowPlan =>
  rejected(number, 'ORDER_REFUSED', `row ${refused} of the same order is refused; an order’s lines come in together`)

/** Of an order that is too long for one transaction, what is left would take the place of what came before. */
async function uncut(piece: Piece, rows: readonly ItemRow[]) {
  const orders = [...groupBy(rows, ({ orderId }) => orderId)]
  const firsts = orders.map(([orderId, items]) => ({ number: items[0]?.number ?? 0, key: `lines:${orderId}` }))
  const first = await firstWith(piece, firsts)
  const isCut = (items: readonly ItemRow[]) => first(items[0]?.number ?? 0) !== items[0]?.number
  return {
    whole: orders.flatMap(([, items]) => (isCut(items) ? [] : items)),
    cut: orders.flatMap(([, items]) =>
      isCut(items)
        ? items.map(({ number }) => rejected(number, 'LIMIT_EXCEEDED', `its order has over ${maxItems} lines`))
        : [],
    ),
  }
}

interface Bill {
  readonly orderId: string
  readonly rows: readonly ItemRow[]
  readonly known: KnownContent
}

async function save(piece: Piece, rows: readonly ItemRow[]): Promise<Trial> {
  const { tx, job, rules, context } = piece
  const { accountId } = job
  const orders = groupBy(rows, ({ orderId }) => orderId)
  const ids = [...orders.keys()]
  const people = await resolvePeople(tx, [], { accountId, write: false, rules: rules.identity })
  await lockPeople(tx, accountId, { people, others: await ownersOf(tx, accountId, ids) })
  await lockOrders(tx, accountId, ids)
  const known = await findContents(tx, accountId, ids)
  const bills = [...orders].flatMap(([orderId, items]): Bill[] => {
    const order = known.get(orderId)
    return order ? [{ orderId, known: order, rows: items.toSorted(byLine) }] : []
  })
  const skus = rows.flatMap(({ productId, given }) => (productId === null ? (given.sku ?? []) : []))
  const products = await findProductsOfSkus(tx, accountId, skus)
  const asked = bills.map(({ orderId, rows: items, known: { content } }) => ({
    ...{ sourceId: orderId, path: 'row', profileId: null },
    given: { items: items.map((item) => givenItem(item, products)), ...totalOf(content) },
  }))
  const { fields, erasureKey } = rules
  const saving = { rows: asked, fields, erasureKey, source: 'IMPORT' as const, now: context.now }
  const outcomes = await saveOrders(inOrder(tx), accountId, saving)
  await refreshBuyers(tx, context, outcomes.flatMap(changedFor))
  const strangers = rows.filter(({ orderId }) => !known.has(orderId))
  const unknown = strangers.map(({ number, orderId }) =>
    rejected(
      number,
      'ORDER_UNKNOWN',
      `nobody told of the order ${orderId} yet: orders are brought in before their lines`,
    ),
  )
  const told = bills.flatMap((bill, index) => verdictsOn(piece, bill, outcomes[index] ?? badInput('missing')))
  return { plans: [...unknown, ...told], created: new Set() }
}

/** By their numbers; those without stay behind, in the order of their rows. */
const byLine = (a: ItemRow, b: ItemRow): number =>
  (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER) || a.number - b.number

const givenItem = ({ productId, given }: ItemRow, products: ReadonlyMap<string, string>): GivenItem => ({
  ...given,
  product: productId ?? products.get(given.sku ?? '') ?? given.sku ?? '',
})

/** A total that was told stays, whatever the lines come to; one that was worked out is worked out anew. */
function totalOf(content: OrderContent): { total?: string } {
  const { totalMinor, currency } = content
  if (totalMinor === null || currency === null || totalMinor === computedTotalOf(content)) return {}
  return { total: amountText(totalMinor, minorDigits(currency)) }
}

function verdictsOn(piece: Piece, { orderId, rows, known }: Bill, outcome: SavedOrder | ApiError): RowPlan[] {
  const { profileId } = known
  if (!(outcome instanceof ApiError)) {
    // Lines are what is told here: an order without any gets its first.
    const status = outcome.status === 'UPDATED' && known.content.items.length === 0 ? 'CREATED' : outcome.status
    return rows.map(({ number }, index) => {
      const about = { order: orderId, line: index + 1 }
      return verdictOf(piece, { number, outcome: { ...outcome, status }, profileId, about })
    })
  }
  const place = /^row\.items\[(\d+)\]\.(.*)$/.exec(outcome.field ?? '')
  const atFault = place ? rows[Number(place[1])] : undefined
  if (!atFault) return rows.map(({ number }) => verdictOf(piece, { number, outcome, profileId, about: {} }))
  const own = { ...rejected(atFault.number, 'BAD_INPUT', plainText(badInput(outcome.message, place?.[2]))), profileId }
  return rows.map(({ number }) =>
    number === atFault.number ? own : { ...withOrder(number, atFault.number), profileId },
  )
}
