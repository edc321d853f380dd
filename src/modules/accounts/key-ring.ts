// Remembers for a second whom a key stands for, so that a burst of requests asks the database once. A key revoked on this
// server is forgotten at once; one revoked on another is refused here a second later at most.

import type { Principal } from '../../access.ts'
import type { Database } from '../../platform/database.ts'
import { findPrincipal } from './keys.ts'

const keptMs = 1_000
const maxKept = 10_000

interface Kept {
  principal: Promise<Principal | null>
  until: number
}

export class KeyRing {
  readonly #database: Database
  readonly #now: () => Date
  readonly #kept = new Map<string, Kept>()

  constructor(database: Database, now: () => Date) {
    this.#database = database
    this.#now = now
  }

  /** Whom the key stands for; null for one that is unknown, revoked or expired. */
  find(key: string): Promise<Principal | null> {
    const now = this.#now()
    const known = this.#kept.get(key)
    if (known && known.until > now.getTime()) return known.principal.then((principal) => current(principal, now))
    const principal = findPrincipal(this.#database, key, now)
    if (this.#kept.size >= maxKept) this.#kept.clear()
    this.#kept.set(key, { principal, until: now.getTime() + keptMs })
    principal.catch(() => this.#kept.delete(key))
    return principal
  }

  /** Something changed about keys. */
  forget(): void {
    this.#kept.clear()
  }
}

// A key may expire while it is remembered.
function current(principal: Principal | null, now: Date): Principal | null {
  return principal?.expiresAt && principal.expiresAt <= now ? null : principal
}
