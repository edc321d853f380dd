// Who subscribes, to what, and in which group. A subscriber first reads by itself what it missed, as fast as its stream takes
// it, gets a checkpoint, and then joins those who subscribe to the same: without a gap and without a repetition.

import { setTimeout } from 'node:timers/promises'
import type { Feed } from './feed.ts'
import { Flush } from './frames.ts'
import type { Log } from './log.ts'
import type { Messages, Rendered, Subscribing } from './messages.ts'
import { sharingKey } from './sharing.ts'
import { type GroupLimits, type Member, SubscriptionGroup } from './subscription-group.ts'

export interface FanOutOptions<Principal> {
  messages: Messages<Principal>
  /** Equal texts for callers who may see the same of everything; undefined for one who shares with nobody. */
  rightsOf(principal: Principal | null): string | undefined
  log: Log
  limits?: Partial<GroupLimits>
}

export interface Subscriber<Principal> extends Member {
  readonly feed: Feed
  readonly subscribing: Subscribing<Principal>
}

/** A subscriber's, from its entry until it leaves. */
interface Stay {
  isOver: boolean
}

const groupLimits: GroupLimits = {
  waitingBytes: 1_000_000,
  checkpointMs: 15_000,
  retryMs: 1_000,
  patienceMs: 30_000,
}

export class FanOut<Principal> {
  readonly #options: FanOutOptions<Principal>
  readonly #limits: GroupLimits
  readonly #groups = new Map<string, SubscriptionGroup>()
  #unshared = 0

  constructor(options: FanOutOptions<Principal>) {
    this.#options = options
    this.#limits = { ...groupLimits, ...options.limits }
  }

  /** Begins to write to the subscriber's outlet; returns how it leaves, which ends that at once. `fail` is told what cannot be tried again, when it has left. */
  enter(subscriber: Subscriber<Principal>, fail: (error: unknown) => void): () => void {
    const { feed } = subscriber
    const stay: Stay = { isOver: false }
    let leaveGroup: (() => void) | undefined
    const leave = () => {
      if (stay.isOver) return
      stay.isOver = true
      leaveGroup?.()
      feed.close()
    }
    this.#catchUp(subscriber, stay)
      .then((position) => {
        if (!stay.isOver) leaveGroup = this.#join(subscriber, position)
      })
      .catch((error: unknown) => {
        leave()
        fail(error)
      })
    return leave
  }

  /** Writes what there is up to now, and a checkpoint; returns the position of that. */
  async #catchUp(subscriber: Subscriber<Principal>, stay: Stay): Promise<bigint> {
    const { feed, outlet } = subscriber
    let position = feed.from
    // One snapshot does for all who come at the same time: the group gives it.
    if (!feed.checkpoint) return position
    for (let isBehind = position < feed.reached(); isBehind && !stay.isOver; ) {
      const head = feed.reached()
      const page = await this.#untilItWorks(stay, () => feed.read(position))
      if (!page) break
      await this.#write(
        subscriber,
        page.messages.map(({ value }) => value),
        stay,
      )
      position = page.reached
      // What came since then is less than a page, and is brought by the group.
      isBehind = position < head
      if (isBehind && outlet.waiting > 0) await new Promise<void>((resolve) => outlet.whenDrained(resolve))
    }
    await this.#write(subscriber, [feed.checkpoint(position)], stay)
    return position
  }

  async #write(subscriber: Subscriber<Principal>, page: readonly unknown[], stay: Stay): Promise<void> {
    if (page.length === 0 || stay.isOver) return
    const { outlet, key, subscribing } = subscriber
    const render = async (): Promise<Rendered> => {
      const rendered = await this.#options.messages.render(subscribing, page)
      if (rendered.isUnavailable && performance.now() - begun < this.#limits.patienceMs) throw new Error('out of reach')
      return rendered
    }
    const begun = performance.now()
    const [rendered] = await Promise.all([this.#untilItWorks(stay, render), key?.ask()])
    if (rendered && !stay.isOver) outlet.write(new Flush(rendered.payloads))
  }

  async #untilItWorks<T>(stay: Stay, work: () => Promise<T>): Promise<T | undefined> {
    while (!stay.isOver) {
      try {
        return await work()
      } catch (error) {
        this.#options.log.warn({ err: error }, 'catching up failed; it is tried again')
        await setTimeout(this.#limits.retryMs, undefined, { ref: false })
      }
    }
    return undefined
  }

  #join(subscriber: Subscriber<Principal>, position: bigint): () => void {
    const { feed, subscribing, outlet, key: watched } = subscriber
    const member: Member = { outlet, key: watched } // The group holds no more of it than it needs.
    const rights = this.#options.rightsOf(subscribing.contextValue.principal)
    const key = rights === undefined ? String(this.#unshared++) : sharingKey(subscribing, rights)
    const { messages, log } = this.#options
    const render = (page: readonly unknown[]) => messages.render(subscribing, page)
    const group = this.#groups.get(key) ?? new SubscriptionGroup({ feed, render, limits: this.#limits, log }, position)
    this.#groups.set(key, group)
    group.join(member, position)
    return () => {
      group.leave(member)
      if (!group.isEmpty) return
      group.close()
      this.#groups.delete(key)
    }
  }
}
