// Rounds of one and the same work, one at a time: a call while one is under way makes it go round once more, and one that
// failed is tried again later. So nothing that was called for is forgotten, and nothing runs beside itself.

import type { Log } from './log.ts'

export interface RoundsOptions {
  /** Goes round once; returns after how many milliseconds to do so again unasked, or undefined. */
  go(): Promise<number | undefined>
  /** For the log. */
  what: string
  retryMs: number
  log: Log
}

export class Rounds {
  readonly #options: RoundsOptions
  #isRunning = false
  #round: Promise<void> = Promise.resolve()
  #again = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /** Goes round now, or once more after the round under way. */
  call(): void {
    this.#again = true
    if (!this.#isRunning && !this.#isClosed) this.#round = this.#run()
  }

  /** No round begins from here on; resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#round
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    clearTimeout(this.#timer)
    let waitMs: number | undefined
    while (this.#again && !this.#isClosed) {
      this.#again = false
      waitMs = await this.#options.go().catch((error: unknown) => this.#failed(error))
    }
    this.#isRunning = false
    if (waitMs !== undefined && !this.#isClosed) this.#timer = setTimeout(() => this.call(), waitMs).unref()
  }

  #failed(error: unknown): number {
    this.#options.log.warn({ err: error }, `${this.#options.what} failed; it is tried again`)
    return this.#options.retryMs
  }
}
