// All subscribers of one and the same subscription. What happens is filtered, run and written as JSON once for all of them, in
// rounds. Whoever reads slower than the others misses messages, and is told how many as soon as it has caught up.

import { setTimeout } from 'node:timers/promises'
import type { Feed, Page } from './feed.ts'
import { Flush } from './frames.ts'
import type { WatchedKey } from './key-watch.ts'
import type { Log } from './log.ts'
import type { Rendered } from './messages.ts'
import type { Outlet } from './outlet.ts'
import { Rounds } from './rounds.ts'
import { turn } from './turn.ts'

export interface Member {
  readonly outlet: Outlet
  readonly key: WatchedKey | undefined
}

export interface GroupLimits {
  /** What may wait in a subscriber's stream: beyond it no message is begun, and those it misses are counted. */
  waitingBytes: number
  /** Between two checkpoints of subscribers to whom nothing is sent. */
  checkpointMs: number
  /** Before what failed is tried again. */
  retryMs: number
  /** So long messages are kept back while the database is away; then they go out with their errors. */
  patienceMs: number
}

export interface GroupParts {
  feed: Feed
  render(page: readonly unknown[]): Promise<Rendered>
  limits: GroupLimits
  log: Log
}

interface Gap {
  missed: number
  resumeAfter: bigint
}

interface Batch {
  flush: Flush
  positions: readonly bigint[]
}

export class SubscriptionGroup {
  readonly #parts: GroupParts
  readonly #rounds: Rounds
  readonly #stopListening: () => void
  readonly #members = new Set<Member>()
  readonly #keys = new Map<WatchedKey, number>()
  /** Where members are who joined ahead of the others or behind them; the next rounds bring all together. */
  readonly #apart = new Map<Member, bigint>()
  readonly #slow = new Map<Member, Gap>()
  readonly #drained = new Set<Member>()
  /** Where all others are. */
  #position: bigint
  #failingSince: number | undefined
  #begunAt = Number.NEGATIVE_INFINITY
  #isClosed = false
  #sentUpTo: bigint
  #sentAt = performance.now()

  constructor(parts: GroupParts, position: bigint) {
    this.#parts = parts
    this.#position = position
    this.#sentUpTo = position
    const { log, limits } = parts
    this.#rounds = new Rounds({ go: () => this.#go(), what: 'sending to subscribers', retryMs: limits.retryMs, log })
    this.#stopListening = parts.feed.listen(() => this.#rounds.call())
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** From now on the member is written everything after the position. */
  join(member: Member, position: bigint): void {
    this.#members.add(member)
    if (position !== this.#position) this.#apart.set(member, position)
    if (member.key) this.#keys.set(member.key, (this.#keys.get(member.key) ?? 0) + 1)
    if (position < this.#parts.feed.reached()) this.#rounds.call()
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return
    for (const some of [this.#apart, this.#slow, this.#drained]) some.delete(member)
    const others = member.key ? (this.#keys.get(member.key) ?? 1) - 1 : 0
    if (member.key && others > 0) this.#keys.set(member.key, others)
    else if (member.key) this.#keys.delete(member.key)
  }

  close(): void {
    this.#isClosed = true
    this.#rounds.close()
    this.#stopListening()
  }

  async #go(): Promise<number | undefined> {
    const { feed, limits } = this.#parts
    await until(this.#begunAt + (feed.paceMs ?? 0))
    if (this.#isClosed) return undefined
    this.#begunAt = performance.now()
    const from = [...this.#apart.values()].reduce((a, b) => (a < b ? a : b), this.#position)
    const page = await feed.read(from)
    if (page.messages.length === 0) this.#goOnFrom(from, page.reached)
    else if (!(await this.#send(page, from))) return limits.retryMs
    await this.#tellTheSlow()
    await this.#checkpoint()
    if (this.#position < feed.reached() || this.#apart.size > 0) {
      await turn() // Sockets have theirs between two pages.
      this.#rounds.call()
    }
    return this.#untilCheckpoint()
  }

  /** False where the messages must be tried again later. */
  async #send(page: Page, from: bigint): Promise<boolean> {
    const { messages, reached } = page
    const isRead = () => this.#members.size > this.#slow.size
    const [rendered] = await Promise.all([
      isRead() ? this.#parts.render(messages.map(({ value }) => value)) : undefined,
      ...[...this.#keys.keys()].map((key) => key.ask()),
    ])
    if (rendered?.isUnavailable && this.#isPatient()) return false
    if (!rendered && isRead()) return this.#send(page, from) // Somebody has come meanwhile who is not slow.
    this.#failingSince = undefined
    // From here on nothing waits: whoever joins or leaves does so before all of it or after.
    const batch = { flush: new Flush(rendered?.payloads ?? []), positions: messages.map(({ position }) => position) }
    const news = after(batch, this.#position)
    for (const member of this.#members) {
      const position = this.#apart.get(member) ?? this.#position
      if (position < from) continue // Who came meanwhile from further behind than was read waits for the next round.
      const own = position === this.#position ? news : after(batch, position)
      const gap = this.#slow.get(member)
      if (gap) gap.missed += own.positions.length
      else this.#write(member, own, position)
    }
    this.#note(news.positions.at(-1))
    this.#goOnFrom(from, reached)
    return true
  }

  /** Everything between the two was sent to those who had not got it; done in the same turn as that, so that nobody joins between. */
  #goOnFrom(from: bigint, reached: bigint): void {
    if (reached > this.#position) this.#position = reached
    for (const [member, position] of this.#apart) {
      if (position < from || position > reached) continue
      if (reached < this.#position) this.#apart.set(member, reached)
      else this.#apart.delete(member)
    }
  }

  #isPatient(): boolean {
    this.#failingSince ??= performance.now()
    return performance.now() - this.#failingSince < this.#parts.limits.patienceMs
  }

  #write(member: Member, { flush, positions }: Batch, before: bigint): void {
    const { waiting } = member.outlet
    // Whoever has taken all so far takes the next whole, however large: it is no more than a page.
    const count = waiting === 0 ? flush.count : flush.countWithin(this.#parts.limits.waitingBytes - waiting)
    member.outlet.write(count === flush.count ? flush : flush.slice(0, count))
    if (count === positions.length) return
    this.#slow.set(member, { missed: positions.length - count, resumeAfter: positions[count - 1] ?? before })
    member.outlet.whenDrained(() => {
      if (!this.#slow.has(member)) return
      this.#drained.add(member)
      this.#rounds.call()
    })
  }

  async #tellTheSlow(): Promise<void> {
    if (this.#drained.size === 0) return
    const { feed, render } = this.#parts
    const told = [...this.#drained].flatMap((member) => {
      const gap = this.#slow.get(member)
      return gap ? [{ member, gap }] : []
    })
    const { payloads } = feed.lagged
      ? await render(told.map(({ gap }) => feed.lagged?.(gap.missed, gap.resumeAfter)))
      : { payloads: [] }
    for (const [index, { member, gap }] of told.entries()) {
      const payload = payloads[index]
      if (!this.#slow.delete(member)) continue // It has left.
      this.#drained.delete(member)
      if (payload) member.outlet.write(new Flush([payload]))
      else this.#apart.set(member, gap.resumeAfter)
    }
  }

  async #checkpoint(): Promise<void> {
    const { feed, render } = this.#parts
    if (!feed.checkpoint || this.#untilCheckpoint() !== 0) return
    const { payloads } = await render([feed.checkpoint(this.#position)])
    const flush = new Flush(payloads)
    for (const member of this.#members) {
      if (!this.#apart.has(member) && !this.#slow.has(member)) member.outlet.write(flush)
    }
    this.#note(this.#position)
  }

  #note(sentUpTo: bigint | undefined): void {
    if (sentUpTo === undefined) return
    this.#sentUpTo = sentUpTo
    this.#sentAt = performance.now()
  }

  #untilCheckpoint(): number | undefined {
    const { feed, limits } = this.#parts
    if (!feed.checkpoint || this.#sentUpTo >= this.#position) return undefined
    return Math.max(0, Math.ceil(this.#sentAt + limits.checkpointMs - performance.now()))
  }
}

/** What of the batch comes after the position. */
function after({ flush, positions }: Batch, position: bigint): Batch {
  const index = positions.findIndex((each) => each > position)
  if (index === 0) return { flush, positions }
  return index === -1
    ? { flush: flush.slice(0, 0), positions: [] }
    : { flush: flush.slice(index), positions: positions.slice(index) }
}

async function until(instant: number): Promise<void> {
  const ms = instant - performance.now()
  if (ms > 0) await setTimeout(ms, undefined, { ref: false })
}
