// Keys that were good when something long began: they are asked about again before each flush, and every few seconds where
// nothing is sent, so that whoever's key is revoked or expires is let go within a bounded time.

/** Something long that a key admitted. */
export interface Admission {
  /** Called once, when the key is good no more. */
  end(): void
}

/** One key, however many sockets and streams it admitted. */
export interface WatchedKey {
  /** Asks whether the key is good, and ends all that it admitted where it is not. Where keys cannot be checked, the last answer stands. */
  ask(): Promise<boolean>
}

interface Watched extends WatchedKey {
  readonly admissions: Set<Admission>
}

export class KeyWatch {
  readonly #isGood: (key: string) => Promise<boolean>
  readonly #roundMs: number
  readonly #watched = new Map<string, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor(isGood: (key: string) => Promise<boolean>, roundMs = 5_000) {
    this.#isGood = isGood
    this.#roundMs = roundMs
  }

  /** Watches the key until the admission is released. */
  admit(key: string, admission: Admission): { watched: WatchedKey; release(): void } {
    const watched = this.#watched.get(key) ?? this.#watch(key)
    watched.admissions.add(admission)
    const release = () => {
      watched.admissions.delete(admission)
      if (watched.admissions.size > 0 || this.#watched.get(key) !== watched) return
      this.#watched.delete(key)
      if (this.#watched.size === 0) this.close()
    }
    return { watched, release }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #watch(key: string): Watched {
    const admissions = new Set<Admission>()
    const ask = async () => {
      const isGood = await this.#isGood(key).catch(() => true)
      if (!isGood) for (const admission of [...admissions]) admission.end()
      return isGood
    }
    const watched = { admissions, ask }
    this.#watched.set(key, watched)
    this.#timer ??= setInterval(() => {
      for (const { ask: askAgain } of this.#watched.values()) void askAgain()
    }, this.#roundMs)
    this.#timer.unref()
    return watched
  }
}
