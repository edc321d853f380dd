// One server as several processes of one machine behind one port. The primary hands connections round, relays wake-ups,
// starts another worker for one that died, and ends by letting all finish what they accepted. It serves nothing itself.

import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from './log.ts'

/** What a worker tells when it answers. */
export interface Started {
  url: string
  /** The first account's key, from the one worker that made it. */
  firstKey?: string
}

/** Between the primary and a worker. */
export type WorkerMessage = { started: Started } | { wake: string } | { stop: true }

export interface Workers extends Started {
  /** Resolves when every worker has finished what it accepted and ended. */
  close(): Promise<void>
}

/** A worker that dies sooner than this after its start is waited for, longer each time, before the next one. */
const soundMs = 10_000
const pauses = { firstMs: 100, longestMs: 30_000 } as const

/**
 * In the primary: starts `count` workers, the first alone, so that what a start does once is done once. Resolves when all
 * answer. @throws when the first cannot start; it has said why.
 */
export async function openWorkers({ count, log }: { count: number; log: Log }): Promise<Workers> {
  const running = new Map<Worker, { answers: boolean }>()
  const stopping = new AbortController()
  let port: string | undefined
  const env: Record<string, string> = {}
  const start = () => {
    const worker = cluster.fork(env)
    const state = { answers: false }
    running.set(worker, state)
    worker.once('exit', () => {
      running.delete(worker)
      // With the last one its port is given up. Where any free one was asked for, the next take the same.
      if (running.size === 0 && port) env.PORT = port
    })
    worker.on('message', (message: WorkerMessage) => {
      if ('started' in message) state.answers = true
      if ('wake' in message) for (const other of running.keys()) if (other !== worker) tell(other, message)
    })
    return worker
  }

  const first = start()
  const started = await startOf(first)
  port = new URL(started.url).port
  const keep = async (worker: Worker) => {
    for (let tries = 0, held = worker; ; held = start()) {
      const since = performance.now()
      const [code, signal] = await once(held, 'exit')
      if (stopping.signal.aborted) return
      log.error({ pid: held.process.pid, code, signal }, 'a worker ended; another takes its place')
      tries = performance.now() - since > soundMs ? 0 : tries + 1
      await wait(pauseBefore(tries), undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
    }
  }
  const others = Array.from({ length: count - 1 }, start)
  const seats = [first, ...others].map(keep)
  await Promise.all(others.map((worker) => startOf(worker).catch(() => undefined)))
  return {
    ...started,
    async close() {
      stopping.abort()
      for (const [worker, { answers }] of running) {
        if (answers) tell(worker, { stop: true })
        else worker.process.kill('SIGTERM') // it has accepted nothing yet
      }
      await Promise.all(seats)
    },
  }
}

function startOf(worker: Worker): Promise<Started> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if ('started' in message) resolve(message.started)
    })
    worker.once('exit', () => reject(new WorkerStartError('a worker ended before it answered')))
  })
}

/** A worker could not start. */
export class WorkerStartError extends Error {}

// One that ends in this moment needs no message; what it was to be told is no loss.
function tell(worker: Worker, message: WorkerMessage): void {
  if (worker.isConnected()) worker.send(message, () => undefined)
}

function pauseBefore(tries: number): number {
  return tries === 0 ? 0 : Math.min(pauses.firstMs * 2 ** (tries - 1), pauses.longestMs)
}

/** In a worker: tells the primary that it answers, and calls `stop` when it is told to end. Elsewhere nothing. */
export function joinPrimary(started: Started, stop: () => void): void {
  if (!cluster.isWorker) return
  process.on('message', (message: WorkerMessage) => {
    if ('stop' in message) stop()
  })
  process.send?.({ started } satisfies WorkerMessage)
}
