// Brings the typed values of a field in line when it was defined, got another type or was deleted: piece by piece, each in a
// transaction that also keeps how far it came, so any server goes on with it. Until it is done nobody goes by them.
//
// Why nothing is missed: a transaction that reads the definitions after the change was committed keeps the values itself. One that
// had read them before may have written a profile without doing so; the filling waits until all of those are over, and
// then sees what they wrote. Profiles are locked before they are read, so none is written at the same time.

import type { Services } from '../../context.ts'
import type { Transaction } from '../../platform/database.ts'
import { pause, retrying } from '../../platform/retry.ts'
import { Rounds } from '../../platform/rounds.ts'
import * as sql from './sql.ts'

const pieceSize = 2_000
const roundMs = 60_000
const waitMs = 20

type Parts = Pick<Services, 'database' | 'log'>

export class FieldFilling {
  readonly #parts: Parts
  readonly #rounds: Rounds
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
    const go = () => this.#work()
    this.#rounds = new Rounds({ go, what: 'indexing a field', retryMs: roundMs, log: parts.log })
    this.wake()
  }

  /** There may be something to do: call it after the commit. */
  wake(): void {
    this.#rounds.call()
  }

  /** Finishes the piece at hand. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#rounds.close()
  }

  async #work(): Promise<number> {
    while (!this.#isClosed && (await this.#takePieces())) {}
    return roundMs
  }

  /** A piece of each, so that none waits for another; whether there may be more. */
  async #takePieces(): Promise<boolean> {
    const { database } = this.#parts
    const steps = new Set<Step>()
    let fault: unknown
    for (const key of await sql.findUnfilled(database.system)) {
      if (this.#isClosed) return false
      // One that fails holds up no other.
      const step = await retrying(() => database.transaction((tx) => takePiece(tx, key))).catch((error: unknown) => {
        fault = error
      })
      if (step) steps.add(step)
    }
    if (steps.has('MORE')) return true
    if (steps.has('WAIT')) await pause(waitMs)
    else if (fault) throw fault
    return steps.has('WAIT')
  }
}

type Step = 'DONE' | 'MORE' | 'WAIT'

/** WAIT: transactions of before have to be over first. DONE, too, where another server is at it. */
async function takePiece(tx: Transaction, key: sql.FieldKey): Promise<Step> {
  const filling = await sql.lockFilling(tx, key)
  if (!filling) return 'DONE'
  if (filling.barrier === null) {
    await sql.setBarrier(tx, key)
    return 'MORE'
  }
  if (!filling.isPassed) return 'WAIT'
  const { accountId } = key
  const last = await sql.findPieceEnd(tx, accountId, { after: filling.cursor, size: pieceSize })
  const piece = { ...key, after: filling.cursor, last }
  if (filling.isWanted) await sql.storeValues(tx, accountId, await sql.lockHolders(tx, piece))
  else await sql.deleteValues(tx, piece)
  if (last === null && !filling.isWanted) await sql.deleteFilling(tx, key)
  else await sql.saveFilling(tx, piece)
  return last === null ? 'DONE' : 'MORE'
}
