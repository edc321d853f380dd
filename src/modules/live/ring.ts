// The newest rows of a feed, so that readers who keep up read from memory. It holds a bounded number, without a gap from some
// position on; who is further behind reads the table.

export class Ring<Row extends { readonly position: bigint }> {
  readonly #capacity: number
  #rows: Row[] = []
  /** Everything after this position and up to `reached` is held. */
  #floor: bigint
  #reached: bigint

  constructor(position: bigint, capacity: number) {
    this.#capacity = capacity
    this.#floor = position
    this.#reached = position
  }

  get reached(): bigint {
    return this.#reached
  }

  /** Adds what follows on what is held, in order. */
  push(rows: readonly Row[]): void {
    this.#rows.push(...rows)
    this.#reached = rows.at(-1)?.position ?? this.#reached
    // Cut in halves, so that rows are moved seldom.
    if (this.#rows.length <= this.#capacity) return
    const gone = this.#rows.splice(0, this.#rows.length - (this.#capacity >> 1))
    this.#floor = gone.at(-1)?.position ?? this.#floor
  }

  /** At most `limit` rows after the position, in order; undefined where some of them are held no more. */
  after(position: bigint, limit: number): readonly Row[] | undefined {
    if (position < this.#floor) return undefined
    let [low, high] = [0, this.#rows.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const row = this.#rows[middle]
      if (row && row.position <= position) low = middle + 1
      else high = middle
    }
    return this.#rows.slice(low, low + limit)
  }
}
