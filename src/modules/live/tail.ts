// The tail of one account's feed: reads new rows once for everybody in this process who watches them, and keeps the newest.

import { Ring } from './ring.ts'
import type { FeedRow, Positioned } from './sql.ts'

export interface Rows<Row extends Positioned = FeedRow> {
  rows: readonly Row[]
  /** There is nothing else up to here. */
  reached: bigint
}

/** Rows of the table after a position, in order. */
export type ReadTable<Row extends Positioned> = (after: bigint, limit: number) => Promise<Row[]>

const keptRows = 2_000
const pageSize = 500

export class Tail<Row extends Positioned> {
  /** Subscribers, each of whom keeps the tail open. */
  seats = 0
  readonly #readTable: ReadTable<Row>
  readonly #ring: Ring<Row>
  readonly #listeners = new Set<() => void>()
  #reading: Promise<void> | undefined
  #again = false

  constructor(position: bigint, readTable: ReadTable<Row>) {
    this.#ring = new Ring(position, keptRows)
    this.#readTable = readTable
  }

  get reached(): bigint {
    return this.#ring.reached
  }

  get listeners(): number {
    return this.#listeners.size
  }

  get isUnused(): boolean {
    return this.seats === 0 && this.#listeners.size === 0
  }

  /** Calls back after every reading that brought something. */
  listen(wake: () => void): () => void {
    this.#listeners.add(wake)
    return () => this.#listeners.delete(wake)
  }

  /** At most `limit` rows after the position, as far as the tail has come; from memory, or from the table for who is far behind. */
  async read(after: bigint, limit: number): Promise<Rows<Row>> {
    const { reached } = this
    if (after >= reached) return { rows: [], reached: after }
    const page = this.#ring.after(after, limit) ?? (await this.#readTable(after, limit))
    const rows = page.filter(({ position }) => position <= reached)
    const last = rows.at(-1)
    return { rows, reached: page.length === limit && last ? last.position : reached }
  }

  /** Reads on to the end of the feed. One reading at a time; a call meanwhile makes it look once more. @throws what reading throws. */
  async look(): Promise<void> {
    if (this.#reading) {
      this.#again = true
      return this.#reading
    }
    this.#reading = this.#readOn().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    await this.#reading?.catch(() => undefined)
  }

  async #readOn(): Promise<void> {
    do {
      this.#again = false
      const page = await this.#readTable(this.reached, pageSize)
      this.#ring.push(page)
      if (page.length === pageSize) this.#again = true
      if (page.length > 0) for (const wake of [...this.#listeners]) wake()
    } while (this.#again)
  }
}
