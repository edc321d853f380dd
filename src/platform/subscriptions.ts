// One subscription of one client, whatever the transport: its source opened, its messages written to its outlet until either
// side ends it. Feeds are fanned out to all who ask the same; the messages of any other source are run one by one.

import type { ExecutionResult } from 'graphql'
import { FanOut, type Subscriber } from './fan-out.ts'
import { isFeed } from './feed.ts'
import { Flush } from './frames.ts'
import type { Log } from './log.ts'
import type { Mask } from './mask.ts'
import { createMessages, type Messages, type Subscribing } from './messages.ts'
import type { Member } from './subscription-group.ts'

export interface Delivery {
  /** Begins to write; to be called once. Resolves when the source or `leave` has ended it, rejects where the source failed. */
  run(): Promise<void>
  /** Ends it at once, begun or not. */
  leave(): void
}

export interface Subscriptions<Principal> {
  /** What to deliver, or why there is nothing, masked. Never throws. */
  begin(subscribing: Subscribing<Principal>, member: Member): Promise<Delivery | ExecutionResult>
}

export interface SubscriptionOptions<Principal> {
  mask: Mask
  log: Log
  contextFor(principal: Principal | null): object
  /** Equal texts for callers who may see the same of everything; undefined for one who shares with nobody. */
  rightsOf(principal: Principal | null): string | undefined
  waitingBytes: number
}

/** The subscriptions of one server. */
export function openSubscriptions<Principal>(options: SubscriptionOptions<Principal>): Subscriptions<Principal> {
  const { mask, log, contextFor, rightsOf, waitingBytes } = options
  const messages = createMessages<Principal>({ mask, contextFor })
  return createSubscriptions(messages, new FanOut<Principal>({ messages, rightsOf, log, limits: { waitingBytes } }))
}

export const isDelivery = (begun: Delivery | ExecutionResult): begun is Delivery => 'run' in begun

export function createSubscriptions<Principal>(
  messages: Messages<Principal>,
  fanOut: FanOut<Principal>,
): Subscriptions<Principal> {
  return {
    async begin(subscribing, member) {
      const source = await messages.open(subscribing)
      if (!(Symbol.asyncIterator in source)) return source
      if (isFeed(source)) return fannedOut(fanOut, { ...member, feed: source, subscribing })
      return oneByOne(source, (value) => messages.render(subscribing, [value]), member)
    },
  }
}

function fannedOut<Principal>(fanOut: FanOut<Principal>, subscriber: Subscriber<Principal>): Delivery {
  let leave = () => subscriber.feed.close()
  let end: (() => void) | undefined
  return {
    run: () =>
      new Promise((resolve, reject) => {
        leave = fanOut.enter(subscriber, reject)
        end = resolve
      }),
    leave() {
      leave()
      end?.()
    },
  }
}

function oneByOne(
  source: AsyncIterable<unknown>,
  render: (value: unknown) => Promise<{ payloads: Buffer[] }>,
  { outlet, key }: Member,
): Delivery {
  const values = source[Symbol.asyncIterator]()
  let isOver = false
  const pump = async () => {
    for (let next = await values.next(); !next.done && !isOver; next = await values.next()) {
      const [{ payloads }] = await Promise.all([render(next.value), key?.ask()])
      if (isOver) return
      outlet.write(new Flush(payloads))
      // A source that can wait is read no faster than the client reads.
      if (outlet.waiting > 0) await new Promise<void>((resolve) => outlet.whenDrained(resolve))
    }
  }
  let end: (() => void) | undefined
  const leave = () => {
    if (isOver) return
    isOver = true
    Promise.resolve(values.return?.()).catch(() => undefined) // Nobody is left to be told.
    end?.()
  }
  return {
    // A source may not answer while it waits for what never comes: leaving ends it without its help.
    run: () => Promise.race([pump().finally(leave), new Promise<void>((resolve) => (end = resolve))]),
    leave,
  }
}
