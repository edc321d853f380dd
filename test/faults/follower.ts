// A subscriber that never gives up: cut off, it comes back with its last cursor, to the next server; told that it missed
// something, it resumes from where it was told. What it received is what a dashboard that wants everything would have.

import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'graphql-ws'
import { document as listenDocument, type Update } from '../support/listen.ts'
import type { Caller } from '../support/server.ts'

export interface Delivered {
  key: string
  at: number
}

export interface Follower {
  readonly received: readonly Delivered[]
  /** How often it came back. */
  resumed(): number
  /** Messages that carried an error in the place of what happened; it comes back for it. */
  spoiled(): number
  /** Errors that ended a subscription, by their code; the loss of a connection has none. */
  readonly codes: ReadonlySet<string>
  ready(): Promise<void>
  until(condition: (received: readonly Delivered[]) => boolean): Promise<void>
  /** Loses the connection, as one that breaks would. */
  cutOff(): void
  stop(): void
}

/** Follows the feed from now on; `servers` is looked at again for each connection. */
export function follow(servers: readonly Caller[]): Follower {
  const received: Delivered[] = []
  const codes = new Set<string>()
  const waiting = new Set<() => void>()
  let cursor: string | undefined
  let connections = 0
  let spoiled = 0
  let isStopped = false
  let current: Client | undefined

  const take = ({ cursor: next, attribution }: Update) => {
    cursor = next
    if (attribution) received.push({ key: attribution.event.idempotencyKey ?? '', at: performance.now() })
    for (const check of waiting) check()
  }

  /** One connection, until it ends however it does. */
  const connect = async () => {
    const server = servers[connections++ % servers.length]
    if (!server) throw new Error('there is no server to follow')
    const client = server.socket()
    current = client
    try {
      for await (const { data, errors = [] } of client.iterate<{ attributions: Update }>({
        query: listenDocument,
        variables: { after: cursor },
      })) {
        if (errors.length > 0) spoiled++
        else if (data) take(data.attributions)
        // What it missed is read from the feed, by a new subscription.
        if (isStopped || errors.length > 0 || data?.attributions.lagged) break
      }
    } catch (error) {
      for (const code of codesIn(error)) codes.add(code)
    }
    await client.dispose()
  }

  const following = async () => {
    while (!isStopped) {
      await connect()
      if (!isStopped) await pause(50) // As a client waits before it connects again.
    }
  }
  void following()

  const until = (isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isDone()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return {
    received,
    codes,
    spoiled: () => spoiled,
    resumed: () => connections - 1,
    ready: () => until(() => cursor !== undefined),
    until: (condition) => until(() => condition(received)),
    cutOff: () => current?.terminate(),
    stop() {
      isStopped = true
      current?.terminate()
    },
  }
}

/** Codes of the errors that an operation ended with; a lost connection has none. */
function codesIn(error: unknown): string[] {
  return Array.isArray(error) ? error.map(({ extensions }) => String(extensions?.code)) : []
}
