// A map of bounded size that keeps what was used last.

/** What the values weigh together. */
export interface Weight<Value> {
  of(value: Value): number
  max: number
  /** So many entries are kept whatever they weigh. */
  least: number
}

export class Recent<Key, Value> {
  /** The one used last at the end. */
  readonly #entries = new Map<Key, Value>()
  readonly #max: number
  readonly #weight: Weight<Value> | undefined
  #weighs = 0

  constructor(max: number, weight?: Weight<Value>) {
    this.#max = max
    this.#weight = weight
  }

  /** Counts as a use. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && this.#entries.delete(key)) this.#entries.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#delete(key)
    this.#entries.set(key, value)
    this.#weighs += this.#weight?.of(value) ?? 0
    for (const oldest of this.#entries.keys()) {
      if (!this.#isOver()) return
      this.#delete(oldest)
    }
  }

  #isOver(): boolean {
    const { size } = this.#entries
    const isHeavy = this.#weight !== undefined && this.#weighs > this.#weight.max && size > this.#weight.least
    return size > this.#max || isHeavy
  }

  #delete(key: Key): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    this.#weighs -= this.#weight?.of(value) ?? 0
  }
}
