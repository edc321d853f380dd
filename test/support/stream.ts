// Integrators who keep sending, and write down what was acknowledged; who try again, with the same key, what failed to answer.

import type { Caller } from './server.ts'

const document = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) { event { id } attribution { id } }
}`

export interface Stream {
  /** Keys that were acknowledged, each with the event it got. */
  readonly acknowledged: Map<string, string>
  /** Keys that were sent and not answered. */
  readonly unanswered: Set<string>
  /** Stops sending and waits for what is under way. */
  stop(): Promise<void>
  /** Sends the unanswered ones again. */
  resend(caller: Caller): Promise<void>
}

const patienceMs = 15_000

/** A connection may be handed to a process just as that is killed; whoever asked on it is never answered. */
const givenUp = () =>
  new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), patienceMs).unref()
  })

/** `writers` callers, each sending one event after the other about 10 people. */
export function stream(caller: Caller, writers: number): Stream {
  const acknowledged = new Map<string, string>()
  const unanswered = new Set<string>()
  let isStopped = false
  const send = async (to: Caller, key: string) => {
    unanswered.add(key)
    const input = { name: 'click', profile: { deviceId: `d${key.length}${key.at(-1)}` }, idempotencyKey: key }
    const { trackEvent } = await Promise.race([to.query(document, { input }), givenUp()])
    unanswered.delete(key)
    acknowledged.set(key, trackEvent.event.id)
  }
  const write = async (writer: number) => {
    for (let count = 0; !isStopped; count++) {
      try {
        await send(caller, `w${writer}-${count}`)
      } catch {
        return // The server is gone; what it did not answer is kept.
      }
    }
  }
  const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return {
    acknowledged,
    unanswered,
    async stop() {
      isStopped = true
      await writing
    },
    async resend(to) {
      await Promise.all([...unanswered].map((key) => send(to, key)))
    },
  }
}

export interface StoredEvent {
  id: string
  key: string
}

export interface FeedPage {
  edges: { node: { event: { id: string; idempotencyKey: string } } }[]
  pageInfo: { endCursor: string | null; hasNextPage: boolean }
}

/** All decisions of the account, oldest first, as its list tells. */
export async function listAll(caller: Caller): Promise<StoredEvent[]> {
  const all: StoredEvent[] = []
  for (let after: string | null = null; ; ) {
    const { attributions }: { attributions: FeedPage } = await caller.query(
      `query ($after: String) { attributions(first: 100, after: $after) {
        edges { node { event { id idempotencyKey } } } pageInfo { endCursor hasNextPage }
      } }`,
      { after },
    )
    for (const { node } of attributions.edges) all.push({ id: node.event.id, key: node.event.idempotencyKey })
    if (!attributions.pageInfo.hasNextPage) return all
    after = attributions.pageInfo.endCursor
  }
}
