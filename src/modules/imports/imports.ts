// Carries imports out beside everything else, chunk by chunk: those of this process at once, those that another left undone within
// some seconds. Whoever holds the import's row works on it, so any number of processes may look.

import type { Context } from '../../context.ts'
import { ApiError } from '../../errors.ts'
import type { Log } from '../../platform/log.ts'
import type { RecordLimits } from '../../platform/records.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import { takeStep } from './chunk.ts'
import { ImportFault } from './job.ts'
import { deleteRows, findOpenImports, findStale, type ImportKey, lockImport, type OpenImport } from './sql.ts'

const roundMs = 5_000
/** How long rows are kept, with what the file said of people. */
const keptMs = 7 * 86_400_000
/** How long an import waits for its file, or for its confirmation. */
const waitingMs = 7 * 86_400_000
const maxFailures = 5
/** How long an import that has to wait for others does so, doubled each time. */
const backOffMs = 1_000
const maxBackOffMs = 60_000

type Services = Omit<Context['services'], 'imports'>

export class Imports {
  readonly limits: Partial<RecordLimits>
  readonly #services: Context['services']
  readonly #log: Log
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #failures = new Map<string, number>()
  /** Those that wait, each for how long, and until when. */
  readonly #waits = new Map<string, { ms: number; until: number }>()
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | null = null
  #isWoken = false
  #isClosed = false

  constructor(services: Services, limits: Partial<RecordLimits> = {}) {
    this.limits = limits
    this.#services = { ...services, imports: this }
    this.#log = services.log
    this.#timer = setInterval(() => this.wake(), roundMs).unref()
    this.wake()
  }

  /** There may be something to do. */
  wake(): void {
    this.#isWoken = true
    if (this.#round || this.#isClosed) return
    this.#round = this.#work()
      .catch((error: unknown) => this.#log.warn({ err: error }, 'imports: the look for them failed; it is tried again'))
      .finally(() => {
        this.#round = null
        if (this.#isWoken) this.wake()
      })
  }

  /** Calls back whenever this process moved the import on, until the returned function is called. */
  listen(id: string, moved: () => void): () => void {
    const own = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, own.add(moved))
    return () => {
      own.delete(moved)
      if (own.size === 0) this.#listeners.delete(id)
    }
  }

  /** Tells those who listen here. */
  tell(id: string): void {
    for (const moved of this.#listeners.get(id) ?? []) moved()
  }

  /** Finishes the chunk at hand. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#round
  }

  async #work(): Promise<void> {
    while (this.#isWoken && !this.#isClosed) {
      this.#isWoken = false
      // A chunk of each in turn, so that a long one holds up no short one.
      for (let open = await this.#open(); open.length > 0 && !this.#isClosed; ) {
        const left: ImportKey[] = []
        for (const key of open) if (!this.#isClosed && (await this.#step(key))) left.push(key)
        open = left
        if (this.#isWoken) {
          this.#isWoken = false
          open = await this.#open()
        }
      }
    }
    if (!this.#isClosed) await this.#clear()
  }

  #open(): Promise<ImportKey[]> {
    return findOpenImports(this.#services.database.system)
  }

  /** Whether there may be more of it for this process. */
  async #step({ accountId, id }: ImportKey): Promise<boolean> {
    if ((this.#waits.get(id)?.until ?? 0) > performance.now()) return false
    try {
      const step = await takeStep(this.#services, { accountId, id })
      this.#failures.delete(id)
      this.#waits.delete(id)
      this.tell(id)
      return step === 'MORE'
    } catch (error) {
      await this.#failed({ accountId, id }, error)
      return false
    }
  }

  async #failed({ accountId, id }: ImportKey, error: unknown): Promise<void> {
    const { database, now } = this.#services
    this.#log.warn({ err: error, importId: id }, 'a chunk of an import failed; it is as if it had not been begun')
    if (error instanceof ApiError && error.extensions.retryable === true) {
      const ms = Math.min((this.#waits.get(id)?.ms ?? backOffMs / 2) * 2, maxBackOffMs)
      this.#waits.set(id, { ms, until: performance.now() + ms })
      return
    }
    const failures = (this.#failures.get(id) ?? 0) + 1
    this.#failures.set(id, failures)
    // What only has to wait for the database, or for room on its disk, waits.
    if (!(error instanceof ImportFault) && (isUnavailable(error) || failures < maxFailures)) return
    this.#failures.delete(id)
    const [faultCode, faultMessage] =
      error instanceof ImportFault
        ? [error.code, error.message]
        : ['INTERNAL_SERVER_ERROR', 'stopped by a fault of the server; commitImport goes on from where it stands']
    await database
      .forAccount(accountId)
      .import.updateMany({
        where: { accountId, id, state: { in: ['QUEUED', 'VALIDATING', 'RUNNING'] } },
        data: { state: 'FAILED', faultCode, faultMessage, doneAt: now(), version: { increment: 1 } },
      })
      .catch((failure: unknown) => this.#log.error({ err: failure }, 'a failed import could not be marked'))
    this.tell(id)
  }

  /** Rows that were kept long enough go, and imports that nobody went on with. */
  async #clear(): Promise<void> {
    const { database, now } = this.#services
    const at = now().getTime()
    const stale = await findStale(database.system, {
      doneBefore: new Date(at - keptMs),
      waitingBefore: new Date(at - waitingMs),
    })
    for (const one of stale) {
      await this.#drop(one).catch((error: unknown) =>
        this.#log.warn({ err: error, importId: one.id }, 'rows of an import were not cleared away; it is tried again'),
      )
    }
  }

  async #drop({ accountId, id, state }: OpenImport): Promise<void> {
    const { database, now } = this.#services
    const where = { accountId_id: { accountId, id } }
    const isWaiting = state === 'QUEUED' || state === 'AWAITING_CONFIRMATION'
    const isDue = await database.transaction(async (tx) => {
      await lockImport(tx, { accountId, id })
      const job = await tx.import.findUnique({ where })
      if (job?.state !== state) return false
      // Nobody goes on with it from here.
      const data = { state: 'CANCELLED' as const, doneAt: now(), version: { increment: 1 } }
      if (isWaiting) await tx.import.update({ where, data })
      return true
    })
    if (!isDue) return
    await deleteRows(database.system, { accountId, id })
    const data = { rowsDroppedAt: now(), version: { increment: 1 } }
    await database.forAccount(accountId).import.update({ where, data })
  }
}
