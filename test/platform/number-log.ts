// A log of numbers behind the real fan-out, with readers whose streams a test can stop; the schema counts what is run.

import { Writable } from 'node:stream'
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql'
import { FanOut } from '../../src/platform/fan-out.ts'
import { type Feed, feed } from '../../src/platform/feed.ts'
import type { Flush } from '../../src/platform/frames.ts'
import type { WatchedKey } from '../../src/platform/key-watch.ts'
import { createLog } from '../../src/platform/log.ts'
import { createMask } from '../../src/platform/mask.ts'
import { createMessages } from '../../src/platform/messages.ts'
import { Outlet } from '../../src/platform/outlet.ts'
import type { GroupLimits } from '../../src/platform/subscription-group.ts'

/** What a reader is sent: a number, a checkpoint at one, or how many it missed after one. */
export interface Told {
  number: number | null
  position: number
  missed: number | null
}

export interface Reader {
  readonly told: Told[]
  /** The numbers alone. */
  numbers(): number[]
  stop(): void
  goOn(): void
  leave(): void
}

const log = createLog({ level: 'silent' })
const document = parse('subscription { all { number position missed } }')

export interface NumberLogOptions extends Partial<GroupLimits> {
  pageSize?: number
  /** Called before each message is run, which waits for what it returns. */
  beforeRun?(told: Told): Promise<void> | void
}

export class NumberLog {
  /** How often a message was run. */
  runs = 0
  /** Readings that fail before one works again. */
  failures = 0
  #length = 0
  readonly #listeners = new Set<() => void>()
  readonly #feeds = new Set<Feed>()
  readonly #fanOut: FanOut<string>
  readonly #pageSize: number
  readonly #beforeRun: NumberLogOptions['beforeRun']

  constructor({ pageSize = 7, beforeRun, ...limits }: NumberLogOptions = {}) {
    this.#pageSize = pageSize
    this.#beforeRun = beforeRun
    const messages = createMessages<string>({ mask: createMask({ log }), contextFor: () => ({}) })
    this.#fanOut = new FanOut<string>({ messages, rightsOf: (principal) => principal ?? undefined, log, limits })
  }

  get length(): number {
    return this.#length
  }

  /** Groups that listen, and readers that are there. */
  counts() {
    return { groups: this.#listeners.size, readers: this.#feeds.size }
  }

  append(count: number): void {
    this.#length += count
    for (const wake of [...this.#listeners]) wake()
  }

  /** A reader of what comes after the position, or of what comes now. */
  read({
    after = this.#length,
    rights = 'ann',
    key,
    fail = (error) => {
      throw error
    },
  }: {
    after?: number
    rights?: string
    key?: WatchedKey
    fail?: (error: unknown) => void
  } = {}): Reader {
    const source = this.#feed(after)
    this.#feeds.add(source)
    const outlet = new ReaderOutlet()
    const subscribing = { schema: this.#schema, document, contextValue: { principal: rights } }
    const leave = this.#fanOut.enter({ feed: source, subscribing, outlet, key }, fail)
    return {
      told: outlet.told,
      numbers: () => outlet.told.flatMap(({ number }) => number ?? []),
      stop: () => outlet.stop(),
      goOn: () => outlet.goOn(),
      leave,
    }
  }

  #feed(after: number): Feed<Told> {
    const made: Feed<Told> = feed<Told>({
      from: BigInt(after),
      reached: () => BigInt(this.#length),
      read: async (position) => {
        // Reading takes a while, in which others append, come and go.
        const head = this.#length
        await new Promise((resolve) => setImmediate(resolve))
        if (this.failures-- > 0) throw new Error('asked in vain')
        const first = Number(position) + 1
        const count = Math.max(0, Math.min(this.#pageSize, head - first + 1))
        const messages = Array.from({ length: count }, (_, index) => ({
          position: BigInt(first + index),
          value: { number: first + index, position: first + index, missed: null },
        }))
        return { messages, reached: BigInt(first + count - 1) }
      },
      listen: (wake) => {
        this.#listeners.add(wake)
        return () => this.#listeners.delete(wake)
      },
      checkpoint: (position) => ({ number: null, position: Number(position), missed: null }),
      lagged: (missed, resumeAfter) => ({ number: null, position: Number(resumeAfter), missed }),
      close: () => this.#feeds.delete(made),
    })
    return made
  }

  readonly #schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { it: { type: GraphQLString } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        all: {
          type: new GraphQLObjectType({
            name: 'Told',
            fields: { number: { type: GraphQLInt }, position: { type: GraphQLInt }, missed: { type: GraphQLInt } },
          }),
          resolve: async (told: Told) => {
            this.runs++
            await this.#beforeRun?.(told)
            return told
          },
        },
      },
    }),
  })
}

/** Keeps what it is sent; while it is stopped, that waits in its stream. */
class ReaderOutlet extends Outlet {
  readonly told: Told[] = []
  readonly #gate: { isOpen: boolean; waiting?: () => void }
  #rest = ''

  constructor() {
    const gate: { isOpen: boolean; waiting?: () => void } = { isOpen: true }
    super(
      new Writable({
        highWaterMark: 1,
        write: (chunk, _encoding, done) => {
          const take = () => {
            this.#take(String(chunk))
            setImmediate(done)
          }
          if (gate.isOpen) take()
          else gate.waiting = take
        },
      }),
    )
    this.#gate = gate
  }

  stop(): void {
    this.#gate.isOpen = false
  }

  goOn(): void {
    this.#gate.isOpen = true
    this.#gate.waiting?.()
    this.#gate.waiting = undefined
  }

  protected get isOpen(): boolean {
    return true
  }

  protected bytesOf(flush: Flush): Buffer {
    return flush.events()
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\n\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.told.push(JSON.parse(part.slice(part.indexOf('{'))).data.all)
  }
}
