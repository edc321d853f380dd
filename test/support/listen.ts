// A subscriber as a dashboard is one: it keeps what arrives, and a test waits for what it expects.

import type { Client } from 'graphql-ws'
import type { GraphQLErrorShape } from './server.ts'

export interface Update {
  cursor: string
  attribution: {
    id: string
    status: string
    event: { id: string; name: string; idempotencyKey: string | null }
    campaign: { name: string } | null
  } | null
  lagged: { missed: number; resumeFrom: string } | null
}

export interface Listener {
  readonly updates: Update[]
  /** Attributions only, in the order of arrival. */
  readonly keys: () => (string | null)[]
  /** Resolves once the subscription is live: its first checkpoint has come. */
  ready(): Promise<void>
  /** Resolves when the condition holds; fails with the subscription's error. */
  until(condition: (updates: Update[]) => boolean): Promise<void>
  /** The error that the subscription ended with. */
  error(): Promise<readonly GraphQLErrorShape[]>
  stop(): void
}

export const document = `subscription Listen($filter: AttributionFilter, $after: String) {
  attributions(filter: $filter, after: $after) {
    cursor
    attribution { id status event { id name idempotencyKey } campaign { name } }
    lagged { missed resumeFrom }
  }
}`

export function listen(client: Client, variables: { filter?: object; after?: string } = {}): Listener {
  const updates: Update[] = []
  const waiting = new Set<() => void>()
  let failure: unknown
  const look = () => {
    for (const check of waiting) check()
  }
  const stop = client.subscribe<{ attributions: Update }>(
    { query: document, variables },
    {
      next({ data, errors }) {
        if (errors) failure = errors
        if (data?.attributions) updates.push(data.attributions)
        look()
      },
      error(error) {
        failure = error
        look()
      },
      complete: look,
    },
  )
  const wait = (isDone: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (isDone()) resolve()
        else if (failure) reject(failure instanceof Error ? failure : new Error(JSON.stringify(failure)))
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })
  return {
    updates,
    keys: () => updates.flatMap(({ attribution }) => (attribution ? [attribution.event.idempotencyKey] : [])),
    ready: () => wait(() => updates.some(({ attribution }) => attribution === null)),
    until: (condition) => wait(() => condition(updates)),
    async error() {
      await wait(() => failure !== undefined)
      return failure as readonly GraphQLErrorShape[] // graphql-ws gives the operation's errors as a list.
    },
    stop,
  }
}
