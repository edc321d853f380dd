// Wake-up calls between processes: "there may be something new under this key". They carry no content and may be lost;
// whoever listens looks at the database anyway, only later. In one process they are plain calls; across processes, Redis.

import { Redis } from 'ioredis'
import type { Logger } from 'pino'

export interface WakeBus {
  /** Tells every listener of every process, without waiting. */
  wake(key: string): void
  /** Calls back for every wake-up until the returned function is called. */
  listen(listener: (key: string) => void): () => void
  close(): Promise<void>
}

const channel = 'tributary:wake'

export function openWakeBus(redisUrl: string | undefined, log: Logger): WakeBus {
  const listeners = new Set<(key: string) => void>()
  const call = (key: string) => {
    for (const listener of listeners) listener(key)
  }
  const remote = redisUrl === undefined ? undefined : openRemote(redisUrl, log, call)
  return {
    wake(key) {
      call(key)
      remote?.send(key)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => remote?.close(),
  }
}

// Redis may hang, restart or be gone: a command is given up quickly and never queued, a connection is tried again for ever.
const patience = {
  commandTimeout: 1_000,
  connectTimeout: 2_000,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
}

function openRemote(url: string, log: Logger, call: (key: string) => void) {
  const sender = new Redis(url, patience)
  // Subscribing again after a reconnect is ioredis' own work, and must be allowed to wait for the connection.
  const receiver = new Redis(url, {
    ...patience,
    enableOfflineQueue: true,
    commandTimeout: undefined,
    maxRetriesPerRequest: null,
  })
  for (const client of [sender, receiver]) reportTrouble(client, log)
  receiver.subscribe(channel).catch((error: unknown) => log.warn({ err: error }, 'redis: subscribing failed'))
  receiver.on('message', (_channel: string, key: string) => call(key))
  return {
    send: (key: string) => {
      sender.publish(channel, key).catch(() => undefined) // Listeners poll; the trouble itself is reported once, below.
    },
    close: async () => {
      sender.disconnect()
      receiver.disconnect()
    },
  }
}

// One line when it goes, one when it is back.
function reportTrouble(client: Redis, log: Logger): void {
  let isAway = false
  client.on('error', (error: Error) => {
    if (!isAway) log.warn({ err: error }, 'redis is away; live messages wait for the poll, up to a second')
    isAway = true
  })
  client.on('ready', () => {
    if (isAway) log.info('redis is back')
    isAway = false
  })
}
