// Orders as callers save them: the people whom they name are found or created and locked, then the orders are written, then the
// audiences of those people are brought up to date.

import type { Context } from '../../context.ts'
import type { PersonRef } from '../../core/identity.ts'
import type { OrderStatus } from '../../core/orders/fold.ts'
import type { GivenOrder } from '../../core/orders/order-content.ts'
import { orderEvents } from '../../core/orders.ts'
import { ApiError, badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { arrivalsOf, refreshPeople, type Written } from '../profiles/memberships.ts'
import { type CheckedRef, checkRef, lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import { findMembers } from '../profiles/sql.ts'
import { findOwners } from './owners-sql.ts'
import { type SavedOrder, saveOrders as saveRows } from './saving.ts'

export interface OrderInput extends GivenOrder {
  sourceId: string
  profile?: PersonRef | null
  status?: OrderStatus | null
  updatedAt?: Date | null
}

const maxOrders = 500

type Outcome = SavedOrder | ApiError

/** One outcome for each order, in their order. LIMIT_EXCEEDED for more than 500. */
export async function saveOrders(
  context: Context,
  { orders }: { orders: readonly OrderInput[] },
): Promise<readonly Outcome[]> {
  if (orders.length > maxOrders)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxOrders} orders`, { field: 'input.orders' })
  if (orders.length === 0) throw badInput('no orders', 'input.orders')
  const refused = new Map<number, ApiError>()
  const asked = orders.map((order, index): Asked => ({ order, index, path: `input.orders[${index}]`, ref: null }))
  const checked = asked.flatMap((one) => {
    try {
      return { ...one, ref: one.order.profile ? checkRef(one.order.profile, `${one.path}.profile`) : null }
    } catch (error) {
      refused.set(one.index, refusalAt(error, one.path))
      return []
    }
  })
  const saved = await saveAccepted(context, { asked: checked, refused })
  return orders.map((_, index) => refused.get(index) ?? saved.get(index) ?? badInput('missing'))
}

interface Asked {
  readonly order: OrderInput
  readonly index: number
  readonly path: string
  readonly ref: CheckedRef | null
}

interface Asking {
  readonly asked: readonly Asked[]
  readonly refused: Map<number, ApiError>
}

/** Orders that are refused leave nobody behind whom they alone named: all is done once more without them. */
async function saveAccepted(context: Context, { asked, refused }: Asking): Promise<ReadonlyMap<number, SavedOrder>> {
  const { accountId, services } = context
  for (;;) {
    const open = asked.filter(({ index }) => !refused.has(index))
    if (open.length === 0) return new Map()
    try {
      const { saved, refusals, isMoved } = await retrying(() =>
        services.database.transaction((tx) => attempt(tx, context, open)),
      )
      for (const [index, refusal] of refusals) refused.set(index, refusal)
      if (isMoved) services.live.wake(accountId)
      return saved
    } catch (error) {
      const at = open.find(({ path }) => error instanceof ApiError && error.field?.startsWith(`${path}.`))
      if (!at && !(error instanceof Leftover)) throw error
      if (at) refused.set(at.index, refusalAt(error, at.path))
      else if (error instanceof Leftover) for (const [index, refusal] of error.refusals) refused.set(index, refusal)
    }
  }
}

/** Somebody began with an order that is refused. */
class Leftover extends Error {
  readonly refusals: ReadonlyMap<number, ApiError>

  constructor(refusals: ReadonlyMap<number, ApiError>) {
    super('somebody began with an order that is refused')
    this.refusals = refusals
  }
}

function refusalAt(error: unknown, path: string): ApiError {
  if (error instanceof ApiError && error.field?.startsWith(path)) return error
  throw error
}

async function attempt(tx: Transaction, context: Context, asked: readonly Asked[]) {
  const { accountId, services, now } = context
  const named = asked.filter(({ ref }) => ref !== null)
  const refs = named.flatMap(({ ref }) => ref ?? [])
  const people = await resolvePeople(tx, refs, { accountId, write: true })
  const profiles = new Map(named.map(({ index }, place) => [index, people.steps[place] ?? null]))
  const others = await ownersOf(
    tx,
    accountId,
    asked.map(({ order }) => order.sourceId.trim()),
  )
  await lockPeople(tx, accountId, { people, others, path: (place) => `${named[place]?.path}.profile` })
  const refusals = new Map<number, ApiError>()
  const known = asked.filter(({ index, ref, path }) => {
    if (ref === null || profiles.get(index)) return true
    refusals.set(index, notFound('no such profile', `${path}.profile.id`))
    return false
  })
  const { fields, erasureKey } = await services.ruleSets.inForce(tx, accountId)
  const rows = known.map(({ order, index, path }) => {
    const { sourceId, profile: _, status, updatedAt: at, ...given } = order
    const step = profiles.get(index)
    return { sourceId, path, profileId: step ? (step.profileId ?? step.personId) : null, at, status, given }
  })
  const outcomes = await saveRows(inOrder(tx), accountId, { rows, fields, erasureKey, source: 'API', now })
  await refuseStrangers(tx, context, { asked, people, others })
  const saved = new Map<number, SavedOrder>()
  for (const [place, outcome] of outcomes.entries()) {
    const index = known[place]?.index ?? 0
    if (outcome instanceof ApiError) refusals.set(index, outcome)
    else saved.set(index, outcome)
  }
  const created = new Set(people.created)
  const isLeft = ({ index }: Asked) => refusals.has(index) && created.has(profiles.get(index)?.personId ?? '')
  if (asked.some(isLeft)) throw new Leftover(refusals)
  // At once and last: the feeds' heads come after all orders and products.
  const buyers = [...saved.values()].flatMap(changedFor)
  const isMoved = await refreshPeople(tx, context, [...buyersOf(buyers), ...arrivalsOf(people)])
  return { saved, refusals, isMoved }
}

/** Asked when the orders are locked: one that became somebody's meanwhile is of a person who is not. All is done again then. */
async function refuseStrangers(
  tx: Transaction,
  { accountId }: Context,
  { asked, people, others }: { asked: readonly Asked[]; people: People; others: readonly string[] },
): Promise<void> {
  const known = new Set([...others, ...people.steps.flatMap((step) => (step ? people.rootOf(step.personId) : []))])
  const owners = await ownersOf(
    tx,
    accountId,
    asked.map(({ order }) => order.sourceId),
  )
  if (owners.some((id) => !known.has(id))) throw new RetryError()
}

const changedFor = ({ status, profileId }: SavedOrder) => (status === 'UNCHANGED' ? [] : (profileId ?? []))

/** The people whose orders of those source ids are, by the ids they are locked by. */
export async function ownersOf(tx: Transaction, accountId: string, sourceIds: readonly string[]): Promise<string[]> {
  const owners = await findOwners(tx, accountId, sourceIds)
  if (owners.length === 0) return []
  return [...new Set((await findMembers(tx, accountId, owners)).map(({ rootId }) => rootId))]
}

const buyersOf = (profileIds: readonly string[]): Written[] =>
  [...new Set(profileIds)].map((personId) => ({ personId, touch: { events: orderEvents }, cause: 'ORDER' as const }))

/** Judges the people anew by the audiences that ask about orders. True where somebody moved. */
export const refreshBuyers = (tx: Transaction, context: Context, profileIds: readonly string[]): Promise<boolean> =>
  refreshPeople(tx, context, buyersOf(profileIds))
