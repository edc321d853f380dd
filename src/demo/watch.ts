// The dashboard: follows the attributions of redemptions over one subscription, from a bookmark in the feed on, and takes the
// subscription up again where it was when it lagged or the socket was lost.

import { setTimeout as pause } from 'node:timers/promises'
import type { DemoAttributionsSubscription } from '../generated/operations/graphql.ts'
import { graphql } from '../generated/operations/index.ts'
import { type Client, present, Refused } from './client.ts'
import { eventName } from './setup.ts'

const reconnects = 5
const resumePauseMs = 500
const lookMs = 20

// It has an event of its own, so that a later run, whose redemptions were decided long ago, starts reading at the same place.
const bookmark = {
  name: 'complete_journey_bookmark',
  idempotencyKey: 'complete-journey-bookmark',
  profile: { sourceId: 'complete-journey-demo' },
}

const SetBookmark = graphql(`
  mutation DemoSetBookmark($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }
`)
const FindBookmark = graphql(`
  query DemoFindBookmark($name: String!) {
    attributions(last: 1, filter: { eventNames: [$name] }) { pageInfo { endCursor } }
  }
`)
const Attributions = graphql(`
  subscription DemoAttributions($after: String!, $eventName: String!) {
    attributions(after: $after, filter: { eventNames: [$eventName] }) {
      cursor
      lagged { missed }
      attribution { status reason decidedBy campaign { name } event { id idempotencyKey } }
    }
  }
`)

type Update = DemoAttributionsSubscription['attributions']
export type Decision = NonNullable<Update['attribution']>

export interface Arrival {
  decision: Decision
  /** Of `performance.now()`. */
  atMs: number
}

/** A cursor before every redemption of the demo; the feed has one from the first run on. */
export async function setBookmark(client: Client): Promise<string> {
  await client.ask(SetBookmark, { input: bookmark })
  const { attributions } = await client.ask(FindBookmark, { name: bookmark.name })
  return present(attributions?.pageInfo.endCursor)
}

export class Watch {
  /** By idempotency key, in the order of arrival; the latest decision about an event stands. */
  readonly arrivals = new Map<string, Arrival>()
  readonly #client: Client
  readonly #hear: (key: string, arrival: Arrival) => void
  readonly #stopping = new AbortController()
  #cursor: string
  #caughtUp = false
  #failure: unknown
  #lastSignMs = performance.now()

  constructor(client: Client, after: string, hear: (key: string, arrival: Arrival) => void) {
    this.#client = client
    this.#cursor = after
    this.#hear = hear
    void this.#follow().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Resolves when what was decided before has been read and the rest comes live. */
  async caughtUp(patienceMs: number): Promise<void> {
    await this.#until(() => this.#caughtUp, patienceMs)
    if (!this.#caughtUp) throw new Error(`the subscription did not begin within ${patienceMs} ms`)
  }

  /** Resolves when each of them has arrived, or nothing has for `patienceMs`. */
  async arrived(keys: readonly string[], patienceMs: number): Promise<void> {
    await this.#until(() => keys.every((key) => this.arrivals.has(key)), patienceMs)
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #until(isDone: () => boolean, patienceMs: number): Promise<void> {
    this.#lastSignMs = performance.now()
    while (!isDone() && performance.now() - this.#lastSignMs < patienceMs) {
      if (this.#failure) throw this.#failure
      await pause(lookMs, undefined, { signal: this.#client.signal })
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping
    for (let lost = 0; ; ) {
      try {
        await this.#subscribe(signal)
      } catch (error) {
        // A refusal is final; a lost socket is not.
        if (error instanceof Refused || ++lost > reconnects) throw error
      }
      if (signal.aborted) return
      await pause(resumePauseMs)
    }
  }

  /** Ends where the server says that messages were left out, to be read from the cursor on. */
  async #subscribe(stop: AbortSignal): Promise<void> {
    const variables = { after: this.#cursor, eventName }
    for await (const { attributions } of this.#client.subscribe(Attributions, variables, stop)) {
      this.#take(attributions)
      if (attributions.lagged) return
    }
  }

  #take({ cursor, attribution, lagged }: Update): void {
    this.#cursor = cursor
    this.#lastSignMs = performance.now()
    if (!attribution && !lagged) this.#caughtUp = true
    const key = attribution?.event.idempotencyKey
    if (!attribution || !key) return
    const arrival = { decision: attribution, atMs: performance.now() }
    this.arrivals.set(key, arrival)
    this.#hear(key, arrival)
  }
}
