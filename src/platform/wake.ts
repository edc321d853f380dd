// Wake-up calls between processes: "there may be something new under this key". They carry no content and may be lost;
// whoever listens looks at the database anyway, only later. In one process they are plain calls; across processes, Redis,
// or the primary of the workers.

import type { Logger } from 'pino'
import { openRedis } from './redis.ts'
import { openSiblings } from './wake-workers.ts'

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
  const remote = redisUrl === undefined ? openSiblings(call) : openRemote(redisUrl, log, call)
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

// Redis may hang, restart or be gone: a connection that does not answer is given up quickly, and tried again for ever. A command
// is never queued while there is none.
const patience = {
  commandTimeout: 1_000,
  connectTimeout: 2_000,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
}

function openRemote(url: string, log: Logger, call: (key: string) => void) {
  const sender = openRedis(url, patience)
  // Subscribing again after a reconnect is ioredis' own work, and must be allowed to wait for the connection.
  const receiver = openRedis(url, {
    ...patience,
    enableOfflineQueue: true,
    commandTimeout: undefined,
    maxRetriesPerRequest: null,
  })
  for (const client of [sender, receiver]) reportTrouble(client, log)
  receiver.subscribe(channel).catch((error: unknown) => log.warn({ err: error }, 'redis: subscribing failed'))
  receiver.on('message', (_channel: string, key: string) => call(key))
  return {
    send: oneAtATime(async (key) => {
      // Listeners poll; the trouble itself is reported once, below.
      await sender.publish(channel, key).catch((error: Error) => {
        // What timed out still waits in its connection, which ends with it.
        if (error.message === 'Command timed out') sender.disconnect(true)
      })
    }),
    close: async () => {
      sender.disconnect()
      receiver.disconnect()
    },
  }
}

/**
 * At most one sending of each key is under way; wake-ups that come meanwhile are one more after it. So what waits for a Redis that
 * hangs does not grow.
 */
function oneAtATime(send: (key: string) => Promise<void>): (key: string) => void {
  const underWay = new Map<string, { again: boolean }>()
  const start = async (key: string) => {
    const state = { again: true }
    underWay.set(key, state)
    while (state.again) {
      state.again = false
      await send(key)
    }
    underWay.delete(key)
  }
  return (key) => {
    const state = underWay.get(key)
    if (state) state.again = true
    else void start(key)
  }
}

// One line when it goes, one when it is back.
function reportTrouble(client: ReturnType<typeof openRedis>, log: Logger): void {
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
