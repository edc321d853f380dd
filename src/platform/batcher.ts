// Puts what many callers ask for at the same time into batches of one group. An idle group starts at once, so nobody waits for
// company; while a batch runs, what comes in gathers for the next. One batch a group at a time, in the order of arrival. What
// waits is bounded; beyond it callers are refused.

import { setImmediate } from 'node:timers/promises'
import { ApiError } from '../errors.ts'

export interface BatcherOptions<Item, Result> {
  /** One result an item, in their order. What it throws goes to every caller of the batch. */
  run(group: string, items: readonly Item[]): Promise<readonly Result[]>
  /** A batch takes no further caller once it holds as many items. */
  maxItems: number
  /** About how many bytes an item holds while it waits. */
  bytesOf?(item: Item): number
  /** Of all groups together, of what waits and what runs; a group may hold half of it. One that holds nothing is never refused. */
  limits?: Held
}

/** What was accepted and is not answered yet. */
interface Held {
  items: number
  bytes: number
}

interface Caller<Item, Result> {
  readonly items: readonly Item[]
  resolve(results: readonly Result[]): void
  reject(error: unknown): void
}

/** How long a refused caller is told to wait, at least and at most. */
const retryMs = { least: 100, most: 30_000 }

export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>
  /** Callers who wait, by group; a group is here while a batch of it runs. */
  readonly #waiting = new Map<string, Caller<Item, Result>[]>()
  readonly #held: Held = { items: 0, bytes: 0 }
  readonly #heldBy = new Map<string, Held>()
  /** Items done a millisecond, lately. */
  #pace = 0.1

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options
  }

  get pending(): Readonly<Held> {
    return this.#held
  }

  /**
   * The results of these items, which stay together in one batch and in their order. RATE_LIMITED, with `retryAfterMs`, where
   * too much waits already; then none of them is taken.
   */
  async submit(group: string, items: readonly Item[]): Promise<readonly Result[]> {
    const { bytesOf } = this.#options
    const brought = { items: items.length, bytes: 0 }
    if (bytesOf) for (const item of items) brought.bytes += bytesOf(item)
    const own = this.#heldBy.get(group) ?? { items: 0, bytes: 0 }
    if (own.items > 0 && this.#isFull(own, brought)) throw this.#refusal()
    this.#heldBy.set(group, own)
    for (const held of [own, this.#held]) add(held, brought, 1)
    try {
      return await this.#enqueue(group, items)
    } finally {
      for (const held of [own, this.#held]) add(held, brought, -1)
      if (own.items === 0) this.#heldBy.delete(group)
    }
  }

  #isFull(own: Held, brought: Held): boolean {
    const { limits } = this.#options
    if (!limits) return false
    const exceeds = (held: Held, share: number) =>
      held.items + brought.items > limits.items * share || held.bytes + brought.bytes > limits.bytes * share
    return exceeds(this.#held, 1) || exceeds(own, 1 / 2)
  }

  #refusal(): ApiError {
    const wait = Math.max(retryMs.least, this.#held.items / this.#pace)
    const retryAfterMs = Math.ceil(Math.min(retryMs.most, wait))
    return new ApiError('RATE_LIMITED', 'more is waiting here than can be taken; send it again later', { retryAfterMs })
  }

  #enqueue(group: string, items: readonly Item[]): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      const caller = { items, resolve, reject }
      const queue = this.#waiting.get(group)
      if (queue) {
        queue.push(caller)
      } else {
        const started = [caller]
        this.#waiting.set(group, started)
        void this.#drain(group, started)
      }
    })
  }

  async #drain(group: string, queue: Caller<Item, Result>[]): Promise<void> {
    while (queue.length > 0) {
      // Requests that the network has delivered already are read first. Without this the embedded database, whose work
      // never leaves the thread, would keep every reader waiting and make each batch one of one.
      await setImmediate()
      await this.#runOne(group, this.#take(queue))
    }
    this.#waiting.delete(group)
  }

  #take(queue: Caller<Item, Result>[]): Caller<Item, Result>[] {
    let size = 0
    const full = queue.findIndex(({ items }) => (size += items.length) >= this.#options.maxItems)
    return queue.splice(0, full === -1 ? queue.length : full + 1)
  }

  async #runOne(group: string, callers: readonly Caller<Item, Result>[]): Promise<void> {
    const items = callers.flatMap((caller) => caller.items)
    const began = performance.now()
    try {
      const results = await this.#options.run(group, items)
      let start = 0
      for (const caller of callers) caller.resolve(results.slice(start, (start += caller.items.length)))
    } catch (error) {
      for (const { reject } of callers) reject(error)
    } finally {
      this.#pace += (items.length / Math.max(1, performance.now() - began) - this.#pace) / 8
    }
  }
}

function add(held: Held, { items, bytes }: Held, times: 1 | -1): void {
  held.items += times * items
  held.bytes += times * bytes
}
