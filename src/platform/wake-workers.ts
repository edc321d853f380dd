// Wake-ups between the workers of one machine, through their primary: for servers without Redis. Like all wake-ups they may
// be lost, and whoever listens looks at the database anyway, only later.

import cluster from 'node:cluster'
import type { WorkerMessage } from './workers.ts'

export interface Siblings {
  send(key: string): void
  close(): Promise<void>
}

/** The way to this worker's siblings, calling `call` for their wake-ups; undefined in a process that is no worker. */
export function openSiblings(call: (key: string) => void): Siblings | undefined {
  if (!cluster.isWorker) return undefined
  const receive = (message: WorkerMessage) => {
    if ('wake' in message) call(message.wake)
  }
  process.on('message', receive)
  return {
    send(key) {
      // A primary that is gone takes its workers with it.
      if (process.connected) process.send?.({ wake: key } satisfies WorkerMessage, undefined, {}, () => undefined)
    },
    async close() {
      process.off('message', receive)
    },
  }
}
