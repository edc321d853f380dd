// Runs a transaction again when another one came first: deadlock, serialisation failure, or the work's own RetryError.

import { setTimeout as pause } from 'node:timers/promises'
import { ApiError } from '../errors.ts'

/** Thrown by work that found another transaction ahead; the same work from the start will see what that one did. */
export class RetryError extends Error {}

/** What `retrying` gives up with: less work at a time may go through. */
export class ContendedError extends ApiError {
  constructor() {
    super('UNAVAILABLE', 'others changed the same at the same time; send it again')
  }
}

export { pause }

const attempts = 5
const pauseMs = 20
const retryableStates = new Set(['40001', '40P01'])

/** The work's result; it is tried up to 5 times, after a growing random pause, where only its timing was at fault. UNAVAILABLE then. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isTiming(error)) throw error
      if (attempt === attempts) throw new ContendedError()
      await pause(Math.random() * pauseMs * attempt)
    }
  }
}

function isTiming(error: unknown): boolean {
  if (error instanceof RetryError) return true
  const state = sqlState(error)
  return state !== undefined && retryableStates.has(state)
}

const stateForm = /^[0-9A-Z]{5}$/

/** PostgreSQL's code of an error that came from its driver or through Prisma, or undefined. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, meta } = error as {
    code?: unknown
    meta?: { code?: unknown; driverAdapterError?: { cause?: { originalCode?: unknown } } }
  }
  if (code === 'P2034') return '40001'
  if (code === 'P2002') return '23505'
  if (typeof code === 'string' && stateForm.test(code) && !/^P\d{4}$/.test(code)) return code
  const state = meta?.code ?? meta?.driverAdapterError?.cause?.originalCode
  return typeof state === 'string' ? state : undefined
}

/** True where PostgreSQL refused the data itself: a value it cannot keep, or a broken constraint. */
export function isDataError(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && (state.startsWith('22') || state.startsWith('23'))
}
