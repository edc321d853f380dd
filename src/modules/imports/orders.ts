// Orders: a row is an order, without its lines. Whoever else told of the same number told of the same order.

import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { Cells } from '../../core/imports/shop-cells.ts'
import { orderColumns } from '../../core/imports/shop-columns.ts'
import type { OrderStatus } from '../../core/orders/fold.ts'
import type { GivenOrder } from '../../core/orders/order-content.ts'
import { badInput } from '../../errors.ts'
import { RetryError } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { lockOrders } from '../orders/sql.ts'
import { refreshArrivals } from '../profiles/memberships.ts'
import { type CheckedRef, checkRef, lockPeople, resolvePeople } from '../profiles/resolve.ts'
import { findContents } from '../sales/content-sql.ts'
import { type SavedOrder, saveOrders } from '../sales/saving.ts'
import { ownersOf, refreshBuyers } from '../sales/service.ts'
import type { FileRow, ImportKindWork, Piece } from './job.ts'
import { type Said, strangersOf } from './person-rows.ts'
import { columnsWith, fieldsNow, fieldsSaid, firstWith, isPlan, namesOf, readRow, verdictOf } from './shop-rows.ts'
import { inTrials, type Trial } from './trials.ts'
import { erasedIn, ofSeveral } from './who-is-meant.ts'

const others = namesOf(orderColumns)

interface OrderRow {
  readonly number: number
  readonly sourceId: string
  /** Null for a guest's, or as it is known. */
  readonly ref: CheckedRef | null
  readonly at: Date | null
  readonly status: OrderStatus | null
  readonly given: GivenOrder
  readonly said: Said | null
}

type NamedRow = OrderRow & { readonly ref: CheckedRef }

export const ordersWork: ImportKindWork = {
  columns: (rules) => columnsWith(orderColumns, rules, 'ORDER'),
  strangers: (rules) => strangersOf(rules, 'ORDER'),
  chunkSize: 500,
  async work(piece) {
    const read = piece.rows.map((row) => orderRow(piece, row))
    const rows = read.filter((row): row is OrderRow => !isPlan(row))
    const { fit, refused } = await screened(piece, rows)
    return [...read.filter(isPlan), ...refused, ...(await inTrials(piece, fit, (open) => save(piece, open)))]
  },
}

function orderRow(piece: Piece, row: FileRow): OrderRow | RowPlan {
  const cells = new Cells(row.values, piece.job.blankCells === 'CLEAR')
  return readRow(row, cells, () => {
    const sourceId = cells.text('orderId')
    if (!sourceId) throw badInput('blank', 'orderId')
    const said = fieldsSaid(piece, row, { owner: 'ORDER', others })
    return {
      ...{ number: row.number, sourceId, ref: refOf(cells), given: givenIn(cells), said },
      ...{ at: cells.instant('updatedAt') ?? null, status: cells.status('status') ?? null },
    }
  })
}

function refOf(cells: Cells): CheckedRef | null {
  const names = {
    ...{ sourceId: cells.text('customerId') ?? null, email: cells.text('email') ?? null },
    phone: cells.text('phone') ?? null,
  }
  return Object.values(names).every((name) => name === null) ? null : checkRef(names, 'row')
}

function givenIn(cells: Cells): GivenOrder {
  const told = {
    ...{ placedAt: cells.instant('placedAt'), currency: cells.text('currency') },
    ...{ total: cells.amount('total'), discount: cells.amount('discount'), shipping: cells.amount('shipping') },
    ...{ tax: cells.amount('tax'), taxIncluded: cells.truth('taxIncluded') },
    couponCodes: cells.list('couponCodes', /[,;|]/),
    shippingAddress: cells.address('shipping'),
    billingAddress: cells.address('billing'),
  }
  // What a row does not say is absent.
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
}

/** Rows of orders that are in the file already, of several people, or of somebody who was erased are refused. */
async function screened(piece: Piece, rows: readonly OrderRow[]) {
  const { tx, job, rules } = piece
  const named = rows.filter((row): row is NamedRow => row.ref !== null)
  const refs = named.map(({ ref }) => ref)
  const first = await firstWith(
    piece,
    rows.map(({ number, sourceId }) => ({ number, key: `order:${sourceId}` })),
  )
  const erased = await erasedIn(piece, named)
  const people = await resolvePeople(tx, refs, { accountId: job.accountId, write: false, rules: rules.identity })
  const created = new Set(people.created)
  const steps = new Map(named.map((row, index) => [row.number, people.steps[index]]))
  const refused: RowPlan[] = []
  const fit = rows.filter((row) => {
    const { number, ref } = row
    const earlier = first(number)
    const step = steps.get(number)
    const refusal =
      (earlier < number ? rejected(number, 'DUPLICATE', `the same order as row ${earlier} of the file`) : null) ??
      (ref && erased({ number, ref })) ??
      (ref && step ? ofSeveral({ number }, { step, created }) : null)
    if (refusal) refused.push(refusal)
    return refusal === null
  })
  return { fit, refused }
}

async function save(piece: Piece, rows: readonly OrderRow[]): Promise<Trial> {
  const { tx, job, rules, context } = piece
  const { accountId } = job
  const named = rows.filter((row): row is NamedRow => row.ref !== null)
  const refs = named.map(({ ref }) => ref)
  const people = await resolvePeople(tx, refs, { accountId, write: true, rules: rules.identity })
  // They were one each a moment ago.
  if (people.merges.length + people.rivals.length > 0) throw new RetryError()
  const ids = rows.map(({ sourceId }) => sourceId)
  await lockPeople(tx, accountId, { people, others: await ownersOf(tx, accountId, ids) })
  await refreshArrivals(tx, context, people)
  await lockOrders(tx, accountId, ids)
  const known = await findContents(tx, accountId, ids)
  const profiles = new Map(named.map(({ number }, index) => [number, profileOf(people.steps[index])]))
  const asked = rows.map(({ number, sourceId, at, status, given, said }) => ({
    ...{ sourceId, path: 'row', at, status, profileId: profiles.get(number) ?? null },
    given: { ...given, ...fieldsNow(said, known.get(sourceId)?.content.fields) },
  }))
  const { fields, erasureKey } = rules
  const saving = { rows: asked, fields, erasureKey, source: 'IMPORT' as const, now: context.now }
  const outcomes = await saveOrders(inOrder(tx), accountId, saving)
  await refreshBuyers(tx, context, outcomes.flatMap(changedFor))
  const plans = rows.map(({ number, sourceId }, index) => {
    const outcome = outcomes[index] ?? badInput('missing')
    const profileId = 'profileId' in outcome ? outcome.profileId : (profiles.get(number) ?? null)
    return verdictOf(piece, { number, outcome, profileId, about: { order: sourceId } })
  })
  return { plans, created: new Set(people.created) }
}

const profileOf = (step: { profileId?: string | null; personId: string } | null | undefined) =>
  step ? (step.profileId ?? step.personId) : null

/** Whose audiences are to be looked at, after an order of theirs was told of. */
export const changedFor = (outcome: SavedOrder | Error): string[] =>
  outcome instanceof Error || outcome.status === 'UNCHANGED' || outcome.profileId === null ? [] : [outcome.profileId]
