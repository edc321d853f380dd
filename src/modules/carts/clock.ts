// Tells of carts that nothing came of: of each exactly once, whichever servers look, since the event's key names the cart and
// what was done with it last. An order of the person since then, by whatever way it came, ends the cart silently.

import { abandonedCart, cartAbandoned } from '../../core/carts.ts'
import { groupBy } from '../../core/group.ts'
import { ApiError, errorCodes } from '../../errors.ts'
import type { Database } from '../../platform/database.ts'
import type { Log } from '../../platform/log.ts'
import type { JsonObject } from '../../scalars.ts'
import { findMembers } from '../profiles/sql.ts'
import {
  areCartsOff,
  closeCarts,
  type DueCart,
  findCarts,
  findDueCarts,
  findLastEvents,
  findLastOrders,
  findNextCart,
  findToldCarts,
} from './sql.ts'

/** An event to be stored as if a caller had sent it. */
export interface CartEvent {
  name: string
  profile: { id: string }
  occurredAt: Date
  data: JsonObject
  idempotencyKey: string
}

export interface CartServices {
  readonly database: Database
  readonly now: () => Date
  readonly log: Log
  /** One outcome for each event: an error where it was refused. */
  emit(accountId: string, events: readonly CartEvent[]): Promise<readonly unknown[]>
}

/** At the latest so long after one look comes the next: what other servers opened is seen then, should they be gone. */
const idleMs = 60_000
const afterFaultMs = 5_000
/** What is told here is not committed yet, so a cart that is due at once is looked for some times. */
const looksAfterMs = [25, 250, 1_500]
/** Looks are as far apart, so that there are not too many of them. */
const grainMs = 25
const pageSize = 200

export class CartClock {
  readonly #services: CartServices
  #timer: NodeJS.Timeout | undefined
  /** Times at which to look, in milliseconds. */
  readonly #looks = new Set<number>()
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(services: CartServices) {
    this.#services = services
    this.#looks.add(Date.now())
    this.#arm()
  }

  /** A cart is due at that instant, as soon as the transaction that says so is committed. */
  expect(at: Date): void {
    const from = Math.max(at.getTime(), Date.now())
    // Later ones are found by the look before them.
    if (from > Date.now() + idleMs) return
    for (const ms of looksAfterMs) this.#looks.add(Math.ceil((from + ms) / grainMs) * grainMs)
    this.#arm()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#running || this.#looks.size === 0) return
    // A timer may be a little early.
    const ms = Math.max(0, Math.min(...this.#looks) - Date.now() + 1)
    this.#timer = setTimeout(() => this.#run(), ms).unref()
  }

  #run(): void {
    const now = Date.now()
    for (const at of this.#looks) if (at <= now) this.#looks.delete(at)
    this.#running = this.#look()
      .catch((error: unknown) => {
        this.#services.log.warn({ err: error }, 'carts: what is due was not looked at; it is tried again in 5 seconds')
        return afterFaultMs
      })
      .then((next) => {
        // A look that comes earlier sees to the next by itself.
        const at = Date.now() + next
        if (Math.min(...this.#looks) > at) this.#looks.add(at)
        this.#running = undefined
        this.#arm()
      })
  }

  /** Returns when to look again. */
  async #look(): Promise<number> {
    const { database, now } = this.#services
    // What could not be told comes again, must not be asked for at once, and keeps no other account waiting.
    const held: string[] = []
    while (!this.#isClosed) {
      const due = await findDueCarts(database.system, { now: now(), limit: pageSize, without: held })
      if (due.length === 0) break
      for (const [accountId, carts] of groupBy(due, (cart) => cart.accountId))
        if (!(await this.#isTold(accountId, carts))) held.push(accountId)
    }
    if (held.length > 0) return afterFaultMs
    const next = await findNextCart(database.system)
    return next ? Math.max(grainMs, Math.min(idleMs, next.getTime() - now().getTime())) : idleMs
  }

  /** As below, and false where it went wrong: one account's fault is no other's. */
  async #isTold(accountId: string, due: readonly DueCart[]): Promise<boolean> {
    try {
      return await this.#tell(accountId, due)
    } catch (error) {
      this.#services.log.warn(
        { err: error, accountId },
        'carts: those of an account were not told; tried again in 5 seconds',
      )
      return false
    }
  }

  /** False where some are still to be told. */
  async #tell(accountId: string, due: readonly DueCart[]): Promise<boolean> {
    const { database, log, emit } = this.#services
    const sql = database.system
    if (await areCartsOff(sql, accountId)) {
      await closeCarts(sql, accountId, due)
      return true
    }
    const { abandoned, over } = await this.#sort(accountId, due)
    if (over.length > 0) await closeCarts(sql, accountId, over)
    if (abandoned.length === 0) return true
    const ids = abandoned.map(({ eventId }) => eventId)
    const last = new Map((await findLastEvents(sql, accountId, ids)).map((event) => [event.id, event]))
    const events = abandoned.map((cart): CartEvent => {
      const { profileId, eventId, dueAt } = cart
      const event = last.get(eventId)
      return {
        name: cartAbandoned,
        profile: { id: profileId },
        occurredAt: dueAt,
        // Parts of what was accepted as JSON.
        data: event ? (abandonedCart(event) as JsonObject) : { last_event_id: eventId },
        idempotencyKey: `${cartAbandoned}:${profileId}:${eventId}`,
      }
    })
    const outcomes = await emit(accountId, events)
    const told = abandoned.filter((_, index) => !isHeldBack(outcomes[index]))
    for (const [index, cart] of abandoned.entries()) {
      const outcome = outcomes[index]
      if (outcome instanceof Error && !isHeldBack(outcome))
        log.warn({ err: outcome, accountId, eventId: cart.eventId }, 'carts: the event of an abandoned one was refused')
    }
    if (told.length > 0) await closeCarts(sql, accountId, told)
    return told.length === abandoned.length
  }

  /** Of each person the cart that was touched last, where it is due, nothing was ordered since and no later one was told of; and all that are over. */
  async #sort(accountId: string, due: readonly DueCart[]): Promise<{ abandoned: DueCart[]; over: DueCart[] }> {
    const { database, now } = this.#services
    const sql = database.system
    const members = await findMembers(
      sql,
      accountId,
      due.map(({ profileId }) => profileId),
    )
    const rootOf = new Map(members.map(({ profileId, rootId }) => [profileId, rootId]))
    const ids = [...rootOf.keys()]
    const [carts, orders] = [await findCarts(sql, accountId, ids), await findLastOrders(sql, accountId, ids)]
    const since = new Date(Math.min(...due.map(({ lastAt }) => lastAt.getTime())))
    const told = await findToldCarts(sql, accountId, { profileIds: ids, since, name: cartAbandoned })
    const toldOf = groupBy(told, ({ profileId }) => rootOf.get(profileId))
    const ordersOf = groupBy(orders, ({ profileId }) => rootOf.get(profileId))
    const [abandoned, over]: [DueCart[], DueCart[]] = [[], []]
    for (const [personId, own] of groupBy(carts, ({ profileId }) => rootOf.get(profileId))) {
      const [latest, ...earlier] = own.toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime())
      over.push(...earlier)
      if (!latest) continue
      const isOrdered = ordersOf.get(personId)?.some(({ placedAt }) => placedAt >= latest.lastAt) ?? false
      // What came in late belongs to a cart that was told of already.
      const isLate = toldOf.get(personId)?.some(({ lastAt }) => lastAt > latest.lastAt) ?? false
      if (isOrdered || isLate) over.push(latest)
      else if (latest.dueAt <= now()) abandoned.push(latest)
    }
    // Of profiles that are there no more.
    over.push(...due.filter(({ profileId }) => !rootOf.has(profileId)))
    return { abandoned, over }
  }
}

/** It may be taken later. */
const isHeldBack = (outcome: unknown): boolean =>
  outcome instanceof ApiError ? errorCodes[outcome.code].retryable : outcome instanceof Error
