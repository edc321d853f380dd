// What a subscription's resolver returns to be fanned out: a log of messages that readers read from where they are. The fan-out
// reads once for all who ask the same; a feed holds nothing for anybody, so a reader is a position and no buffer.

export interface Message<Value = unknown> {
  readonly position: bigint
  readonly value: Value
}

export interface Page<Value = unknown> {
  /** In order; all that there is of the reader's up to `reached`. */
  readonly messages: readonly Message<Value>[]
  readonly reached: bigint
}

/** One subscriber's view of a log. graphql-js knows it for a stream by its iterator, which nobody calls. */
export interface Feed<Value = unknown> extends AsyncIterable<Value> {
  /** Where the subscriber begins: it has, or does not want, everything up to here. */
  readonly from: bigint
  /** At least so long between two readings of a group. */
  readonly paceMs?: number
  /** How far the log goes, as far as is known here. */
  reached(): bigint
  /** A bounded page of what comes after the position. */
  read(after: bigint): Promise<Page<Value>>
  /** Calls back whenever `reached` moved on, until the returned function is called. */
  listen(wake: () => void): () => void
  /** A message without content, from which a reader can go on later. Feeds of snapshots have none, nor anything to catch up on. */
  checkpoint?(position: bigint): Value
  /** Tells a reader what it was too slow for; without it, the reader is given the newest instead. */
  lagged?(missed: number, resumeAfter: bigint): Value
  /** The subscriber is gone. */
  close(): void
}

const feeds = new WeakSet<object>()

/** Makes a feed of its parts. */
export function feed<Value>(parts: Omit<Feed<Value>, typeof Symbol.asyncIterator>): Feed<Value> {
  const made: Feed<Value> = {
    ...parts,
    [Symbol.asyncIterator](): never {
      throw new TypeError('a feed is read by the fan-out, not iterated')
    },
  }
  feeds.add(made)
  return made
}

export const isFeed = (source: unknown): source is Feed =>
  typeof source === 'object' && source !== null && feeds.has(source)
