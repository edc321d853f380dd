// The live feed of what was decided, or of anything else that has positions. PostgreSQL is the log and tells; wake-ups only hasten. Each watched account has one tail,
// which reads new rows once for all its subscribers; one poll a second covers wake-ups that were lost.

import type { Logger } from 'pino'
import type { Database } from '../../platform/database.ts'
import type { WakeBus } from '../../platform/wake.ts'
import type { FeedRow, FeedSource, Positioned } from './sql.ts'
import { type Rows, Tail } from './tail.ts'

export interface LiveOptions<Row extends Positioned> {
  source: FeedSource<Row>
  database: Database
  bus: WakeBus
  log: Logger
  /** The history in force; cursors carry it. */
  epoch: number
}

const pollMs = 1_000

/** A subscriber's place at an account's tail, which is kept open until the last one leaves. */
export interface Seat<Row extends Positioned = FeedRow> {
  /** How far the tail has come. */
  reached(): bigint
  /** At most `limit` rows after the position, up to where the tail has come. */
  read(after: bigint, limit: number): Promise<Rows<Row>>
  /** Calls back whenever the tail moved on, until the returned function is called. */
  listen(wake: () => void): () => void
  leave(): void
}

export interface LiveCounts {
  subscribers: number
  /** Of subscribers who ask the same and are served together. */
  groups: number
  /** Accounts that are watched. */
  tails: number
}

export class Live<Row extends Positioned = FeedRow> {
  readonly epoch: number
  readonly #options: LiveOptions<Row>
  readonly #tails = new Map<string, Promise<Tail<Row>>>()
  /** The same, once they are open. */
  readonly #open = new Map<string, Tail<Row>>()
  readonly #stopListening: () => void
  readonly #poll: NodeJS.Timeout

  constructor(options: LiveOptions<Row>) {
    this.epoch = options.epoch
    this.#options = options
    this.#stopListening = options.bus.listen((accountId) => void this.#look(accountId))
    this.#poll = setInterval(() => void this.#lookAtAll(), pollMs)
    this.#poll.unref()
  }

  /** Something was committed to the account's feed. */
  wake(accountId: string): void {
    this.#options.bus.wake(accountId)
  }

  /** Of this process, all accounts together. */
  counts(): LiveCounts {
    const tails = [...this.#open.values()]
    return {
      subscribers: tails.reduce((sum, { seats }) => sum + seats, 0),
      groups: tails.reduce((sum, { listeners }) => sum + listeners, 0),
      tails: tails.length,
    }
  }

  /** Takes a seat. The tail reads on first where `after`, which another process may have given, is ahead of what was read here. */
  async join(accountId: string, after = 0n): Promise<Seat<Row>> {
    for (;;) {
      const opening = this.#tailOf(accountId)
      const tail = await opening
      // Meanwhile the last subscriber may have left, and the tail with it.
      if (this.#tails.get(accountId) !== opening) continue
      const seat = this.#sit(tail, accountId)
      try {
        if (after > tail.reached) await tail.look()
        return seat
      } catch (error) {
        seat.leave()
        throw error
      }
    }
  }

  /** The oldest position that can still be read. */
  earliest(accountId: string): Promise<bigint> {
    return this.#options.source.earliest(this.#options.database.system, accountId)
  }

  async close(): Promise<void> {
    clearInterval(this.#poll)
    this.#stopListening()
    const opening = [...this.#tails.values()]
    this.#tails.clear()
    this.#open.clear()
    // A reading under way ends before the database is closed.
    await Promise.allSettled(opening.map(async (tail) => (await tail).idle()))
  }

  #sit(tail: Tail<Row>, accountId: string): Seat<Row> {
    let isTaken = true
    tail.seats++
    const dropUnused = () => {
      if (tail.isUnused && this.#open.get(accountId) === tail) {
        this.#open.delete(accountId)
        this.#tails.delete(accountId)
      }
    }
    return {
      reached: () => tail.reached,
      read: (after, limit) => tail.read(after, limit),
      listen: (wake) => {
        const stop = tail.listen(wake)
        return () => {
          stop()
          dropUnused()
        }
      },
      leave: () => {
        if (isTaken) tail.seats--
        isTaken = false
        dropUnused()
      },
    }
  }

  #tailOf(accountId: string): Promise<Tail<Row>> {
    const known = this.#tails.get(accountId)
    if (known) return known
    const opening = this.#openTail(accountId)
    this.#tails.set(accountId, opening)
    opening.then(
      (tail) => this.#tails.get(accountId) === opening && this.#open.set(accountId, tail),
      () => this.#tails.delete(accountId),
    )
    return opening
  }

  async #openTail(accountId: string): Promise<Tail<Row>> {
    const { source, database } = this.#options
    const [head] = await source.heads(database.system, [accountId])
    return new Tail(head?.position ?? 0n, (after, limit) => source.read(database.system, accountId, { after, limit }))
  }

  async #lookAtAll(): Promise<void> {
    if (this.#open.size === 0) return
    const { source, database } = this.#options
    try {
      for (const { accountId, position } of await source.heads(database.system, [...this.#open.keys()])) {
        const tail = this.#open.get(accountId)
        if (tail && tail.reached < position) void this.#look(accountId)
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'live: the poll failed; it is tried again in a second')
    }
  }

  async #look(accountId: string): Promise<void> {
    try {
      await (await this.#tails.get(accountId))?.look()
    } catch (error) {
      this.#options.log.warn({ err: error, accountId }, 'live: reading failed; the poll tries again')
    }
  }
}
