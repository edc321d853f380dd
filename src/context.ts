// What every resolver is given. One context serves one operation, or one message of a subscription: loaders cache in it.

import { keyMissing, type Principal } from './access.ts'
import type { KeyRing } from './modules/accounts/key-ring.ts'
import type { AudienceClock } from './modules/audiences/clock.ts'
import type { CartClock } from './modules/carts/clock.ts'
import type { Intake } from './modules/events/intake.ts'
import type { FieldFilling } from './modules/field-values/filling.ts'
import type { TypeChanges } from './modules/fields/type-changes.ts'
import type { Imports } from './modules/imports/imports.ts'
import type { Live } from './modules/live/live.ts'
import type { MembershipRow } from './modules/memberships/feed-sql.ts'
import type { RuleSets } from './modules/programs/rule-sets.ts'
import type { AccountClient, Database, Reads, Sql, Transaction } from './platform/database.ts'
import type { Log } from './platform/log.ts'

/** What the app opened, for as long as it runs. */
export interface Services {
  readonly database: Database
  readonly ruleSets: RuleSets
  readonly live: Live
  /** The feed of who entered and left audiences; `live` wakes it too. */
  readonly memberships: Live<MembershipRow>
  /** Looks after what time alone changes. */
  readonly clock: AudienceClock
  /** Tells of carts that nothing came of. */
  readonly carts: CartClock
  /** Takes events of many callers at once. */
  readonly intake: Intake
  readonly keyRing: KeyRing
  readonly typeChanges: TypeChanges
  readonly fieldFilling: FieldFilling
  /** Carries imports out. */
  readonly imports: Imports
  readonly log: Log
  readonly now: () => Date
}

type Place = readonly (string | number)[]

/** Of the values that are not shown, so many are named. */
const maxListed = 1_000

export class Context {
  readonly services: Services
  readonly principal: Principal | null
  /** Where `db` and `sql` read. */
  readonly #reads: Reads

  /** `stale`: what is read may be a moment old, so the replica may tell it. */
  constructor(services: Services, principal: Principal | null, { stale = false } = {}) {
    this.services = services
    this.principal = principal
    this.#reads = stale ? services.database.reads : services.database
  }

  /** The same caller's, for reports: what they read may be a moment old. */
  get aged(): Context {
    return this.memo('aged', () => new Context(this.services, this.principal, { stale: true }))
  }

  /** The caller's account. UNAUTHENTICATED where no key was sent. */
  get accountId(): string {
    if (!this.principal) throw keyMissing()
    return this.principal.accountId
  }

  /** Prisma, limited to the caller's account. */
  get db(): AccountClient {
    return this.#reads.forAccount(this.accountId)
  }

  /** For statements that Prisma cannot say; each takes the account as its first parameter. */
  get sql(): Transaction {
    return this.#reads.system
  }

  /** For statements that find a few rows by index, whose plan is good for any values; each takes the account as its first parameter. */
  get lookUps(): Sql {
    return this.#reads.lookUps
  }

  /** Several statements that see one state, where `sql` reads. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#reads.transaction(work)
  }

  get now(): Date {
    return this.services.now()
  }

  /** One value per key and context: loaders, so that the rows of one operation are fetched together. */
  memo<T>(key: unknown, make: () => T): T {
    if (!this.#memory.has(key)) this.#memory.set(key, make())
    return this.#memory.get(key) as T // Made by the same caller, under its own key.
  }

  /** After a write: what was read before it is read again. */
  forget(): void {
    this.#memory.clear()
  }

  /** Notes that a value is not shown: null stands in its place. `root` is what the operation, or a message of it, began with. */
  hide(root: unknown, path: Place): void {
    const known = this.#hidden.get(root) ?? []
    this.#hidden.set(root, known)
    known.push(path)
  }

  /** What a response carries beside its data: where values are that are not shown. */
  extensionsOf(root: unknown): Record<string, unknown> | undefined {
    const paths = this.#hidden.get(root)
    if (!paths) return undefined
    const listed = paths.slice(0, maxListed)
    return { hidden: { code: 'PII_HIDDEN', scope: 'PII_READ', paths: listed, more: paths.length - listed.length } }
  }

  readonly #hidden = new Map<unknown, Place[]>()

  readonly #memory = new Map<unknown, unknown>()
}
