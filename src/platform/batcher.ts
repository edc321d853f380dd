// Puts what many callers ask for at the same time into one batch a key. An idle key starts at once, so nobody waits for
// company; while a batch runs, what comes in gathers for the next. One batch a key at a time, in the order of arrival.

import { setImmediate } from 'node:timers/promises'

export interface BatcherOptions<Item, Result> {
  /** One result an item, in their order. What it throws goes to every caller of the batch. */
  run(key: string, items: readonly Item[]): Promise<readonly Result[]>
  /** A batch takes no further caller once it holds as many items. */
  maxItems: number
}

interface Caller<Item, Result> {
  items: readonly Item[]
  resolve(results: readonly Result[]): void
  reject(error: unknown): void
}

export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>
  /** Callers who wait, by key; a key is here while a batch of it runs. */
  readonly #waiting = new Map<string, Caller<Item, Result>[]>()

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options
  }

  /** The results of these items, which stay together in one batch and in their order. */
  submit(key: string, items: readonly Item[]): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      const caller = { items, resolve, reject }
      const queue = this.#waiting.get(key)
      if (queue) {
        queue.push(caller)
      } else {
        const started = [caller]
        this.#waiting.set(key, started)
        void this.#drain(key, started)
      }
    })
  }

  async #drain(key: string, queue: Caller<Item, Result>[]): Promise<void> {
    while (queue.length > 0) {
      // Requests that the network has delivered already are read first. Without this the embedded database, whose work
      // never leaves the thread, would keep every reader waiting and make each batch one of one.
      await setImmediate()
      await this.#runOne(key, this.#take(queue))
    }
    this.#waiting.delete(key)
  }

  #take(queue: Caller<Item, Result>[]): Caller<Item, Result>[] {
    let size = 0
    const full = queue.findIndex(({ items }) => (size += items.length) >= this.#options.maxItems)
    return queue.splice(0, full === -1 ? queue.length : full + 1)
  }

  async #runOne(key: string, callers: readonly Caller<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(
        key,
        callers.flatMap(({ items }) => items),
      )
      let start = 0
      for (const { items, resolve } of callers) resolve(results.slice(start, (start += items.length)))
    } catch (error) {
      for (const { reject } of callers) reject(error)
    }
  }
}
