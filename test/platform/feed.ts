// A source of messages that a test fills and that tells who listens.

import { EventEmitter, once } from 'node:events'

export class Feed {
  readonly #events = new EventEmitter()
  #listeners = 0

  /** Hands a word to everybody who listens now. */
  say(word: string): void {
    this.#events.emit('word', word)
  }

  /** Resolves when exactly `count` subscribers listen. */
  async listened(count: number): Promise<void> {
    while (this.#listeners !== count) await once(this.#events, 'change')
  }

  subscribe(): AsyncIterableIterator<string> {
    const waiting: string[] = []
    let wake: (() => void) | undefined
    let ended = false
    const hear = (word: string) => {
      waiting.push(word)
      wake?.()
    }
    this.#events.on('word', hear)
    this.#count(1)
    const end = async () => {
      if (!ended) this.#count(-1)
      ended = true
      this.#events.off('word', hear)
      wake?.()
      return { done: true as const, value: undefined }
    }
    return {
      next: async () => {
        while (waiting.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const word = waiting.shift()
        return word === undefined || ended ? { done: true, value: undefined } : { done: false, value: word }
      },
      return: end,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  #count(by: number): void {
    this.#listeners += by
    this.#events.setMaxListeners(0)
    this.#events.emit('change')
  }
}
