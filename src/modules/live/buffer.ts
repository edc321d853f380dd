// What waits for one subscriber: bounded, so that a slow one costs a stated amount. What does not fit is counted, and the
// subscriber is told how much it missed and from where to resume.

/** Something of the feed, or a gap: `missed` messages after `resumeAfter`. */
export type Delivery<T> = { item: T } | { missed: number; resumeAfter: bigint }

export class SubscriberBuffer<T extends { position: bigint }> {
  readonly #items: T[] = []
  readonly #limit: number
  #gap: { missed: number; resumeAfter: bigint } | undefined
  #lastKept: bigint
  #wake: (() => void) | undefined
  #isClosed = false
  #failure: unknown

  /** `position` is where the subscriber joins: it has, or will read, everything up to it. */
  constructor(position: bigint, limit: number) {
    this.#lastKept = position
    this.#limit = limit
  }

  push(item: T): void {
    if (this.#isClosed) return
    if (this.#gap || this.#items.length === this.#limit) {
      this.#gap ??= { missed: 0, resumeAfter: this.#lastKept }
      this.#gap.missed++
    } else {
      this.#items.push(item)
      this.#lastKept = item.position
    }
    this.#wake?.()
  }

  /** The next delivery in order; undefined when nothing came in time, or the buffer is closed. Throws where it failed. */
  async next(patienceMs: number): Promise<Delivery<T> | undefined> {
    if (this.#items.length === 0 && !this.#gap && !this.#isClosed) await this.#arrival(patienceMs)
    if (this.#failure !== undefined) throw this.#failure
    const item = this.#items.shift()
    if (item) return { item }
    const gap = this.#gap
    this.#gap = undefined
    return gap
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Ends the subscriber's wait, now or next, with an error. */
  fail(error: unknown): void {
    this.close()
    this.#failure = error
  }

  close(): void {
    this.#isClosed = true
    this.#items.length = 0
    this.#gap = undefined
    this.#wake?.()
  }

  #arrival(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
