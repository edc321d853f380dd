// The live feed of attributions. PostgreSQL is the log and tells; wake-ups only hasten. Each watched account has one tail,
// which reads new rows once and hands them to all its subscribers; one poll a second covers wake-ups that were lost.

import type { Logger } from 'pino'
import type { Database } from '../../platform/database.ts'
import type { WakeBus } from '../../platform/wake.ts'
import { SubscriberBuffer } from './buffer.ts'
import { type FeedRow, readEarliest, readFeed, readHeads } from './sql.ts'

export interface LiveOptions {
  database: Database
  bus: WakeBus
  log: Logger
  /** The history in force; cursors carry it. */
  epoch: number
}

/** Which rows a subscriber wants. It may look things up, and is asked for a whole page at a time. */
export type RowFilter = (rows: readonly FeedRow[]) => Promise<readonly FeedRow[]>

const pageSize = 500
const bufferSize = 1_000
const pollMs = 1_000

interface Subscriber {
  buffer: SubscriberBuffer<FeedRow>
  filter: RowFilter
}

class Tail {
  readonly subscribers = new Set<Subscriber>()
  position: bigint
  /** The reading under way, and whether to read once more after it. */
  reading: Promise<void> | undefined
  again = false

  constructor(position: bigint) {
    this.position = position
  }
}

export interface Seat {
  /** Everything after this position comes through the buffer. */
  readonly joinedAt: bigint
  readonly buffer: SubscriberBuffer<FeedRow>
  /** How far the feed was read; what of it is the subscriber's was put into the buffer. */
  reached(): bigint
  leave(): void
}

export class Live {
  readonly epoch: number
  readonly #options: LiveOptions
  readonly #tails = new Map<string, Promise<Tail>>()
  readonly #stopListening: () => void
  readonly #poll: NodeJS.Timeout

  constructor(options: LiveOptions) {
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

  /** How many subscribers there are, of all accounts. */
  async subscriberCount(): Promise<number> {
    const tails = await Promise.all(this.#tails.values())
    return tails.reduce((count, tail) => count + tail.subscribers.size, 0)
  }

  /**
   * Takes a seat at the account's tail. Rows after `joinedAt` that pass the filter will be in the buffer, in order. The tail
   * reads on first where `after`, which another process may have given, is ahead of what was read here.
   */
  async join(accountId: string, { filter, after = 0n }: { filter: RowFilter; after?: bigint }): Promise<Seat> {
    for (let isCaughtUp = false; ; ) {
      const opening = this.#tailOf(accountId)
      const tail = await opening
      // A reading under way has taken rows that a subscriber who joins now would not be given.
      while (tail.reading) await tail.reading
      // Meanwhile the last subscriber may have left, and the tail with it.
      if (this.#tails.get(accountId) !== opening) continue
      if (isCaughtUp || after <= tail.position) return this.#sit(tail, filter, () => this.#drop(accountId, opening))
      isCaughtUp = true
      await this.#look(accountId)
    }
  }

  /** Rows after a position and up to another that pass the filter, page by page. */
  async *replay(
    accountId: string,
    span: { after: bigint; upTo: bigint },
    filter: RowFilter,
  ): AsyncGenerator<readonly FeedRow[]> {
    for (let after = span.after; after < span.upTo; ) {
      const page = await readFeed(this.#options.database.system, accountId, { after, limit: pageSize })
      const last = page.at(-1)
      if (!last) return
      after = last.position
      yield filter(page.filter(({ position }) => position <= span.upTo))
    }
  }

  /** The oldest position that can still be read. */
  earliest(accountId: string): Promise<bigint | undefined> {
    return readEarliest(this.#options.database.system, accountId)
  }

  async close(): Promise<void> {
    clearInterval(this.#poll)
    this.#stopListening()
    for (const tail of await Promise.all(this.#tails.values())) {
      for (const { buffer } of tail.subscribers) buffer.close()
      await tail.reading
    }
    this.#tails.clear()
  }

  #sit(tail: Tail, filter: RowFilter, drop: () => void): Seat {
    const subscriber = { buffer: new SubscriberBuffer<FeedRow>(tail.position, bufferSize), filter }
    tail.subscribers.add(subscriber)
    return {
      joinedAt: tail.position,
      buffer: subscriber.buffer,
      reached: () => tail.position,
      leave: () => {
        subscriber.buffer.close()
        if (tail.subscribers.delete(subscriber) && tail.subscribers.size === 0) drop()
      },
    }
  }

  /** Forgets a tail that nobody sits at, unless another has taken its place. */
  #drop(accountId: string, opening: Promise<Tail>): void {
    if (this.#tails.get(accountId) === opening) this.#tails.delete(accountId)
  }

  #tailOf(accountId: string): Promise<Tail> {
    const known = this.#tails.get(accountId)
    if (known) return known
    const tail = this.#open(accountId)
    this.#tails.set(accountId, tail)
    tail.catch(() => this.#tails.delete(accountId))
    return tail
  }

  async #open(accountId: string): Promise<Tail> {
    const [head] = await readHeads(this.#options.database.system, [accountId])
    return new Tail(head?.position ?? 0n)
  }

  async #lookAtAll(): Promise<void> {
    if (this.#tails.size === 0) return
    try {
      for (const { accountId, position } of await readHeads(this.#options.database.system, [...this.#tails.keys()])) {
        const tail = await this.#tails.get(accountId)
        if (tail && tail.position < position) await this.#look(accountId)
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'live: the poll failed; it is tried again in a second')
    }
  }

  /** Reads on to the end of the feed. One reading at a time; a call meanwhile makes it look once more. */
  async #look(accountId: string): Promise<void> {
    const tail = await this.#tails.get(accountId)?.catch(() => undefined)
    if (!tail) return
    if (tail.reading) {
      tail.again = true
      return
    }
    tail.reading = this.#read(accountId, tail)
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error, accountId }, 'live: reading failed; the poll tries again'),
      )
      .finally(() => {
        tail.reading = undefined
      })
    await tail.reading
  }

  async #read(accountId: string, tail: Tail): Promise<void> {
    do {
      tail.again = false
      const page = await readFeed(this.#options.database.system, accountId, { after: tail.position, limit: pageSize })
      const subscribers = [...tail.subscribers]
      const wanted = await Promise.all(subscribers.map((subscriber) => wantedOf(subscriber, page)))
      // From here on nothing waits or fails: either everybody is given the page and the tail moves on, or nobody.
      for (const [index, { buffer }] of subscribers.entries()) for (const row of wanted[index] ?? []) buffer.push(row)
      tail.position = page.at(-1)?.position ?? tail.position
      if (page.length === pageSize) tail.again = true
    } while (tail.again)
  }
}

/** What of the page is the subscriber's. One whose filter cannot be asked ends, and may resume from its last cursor. */
async function wantedOf({ buffer, filter }: Subscriber, page: readonly FeedRow[]): Promise<readonly FeedRow[]> {
  try {
    return await filter(page)
  } catch (error) {
    buffer.fail(error)
    return []
  }
}
