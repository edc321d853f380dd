// Where a subscriber's messages leave: a WebSocket or a stream of events. What the network has not yet taken waits in its
// stream, and is counted there; nothing else is kept for a subscriber.

import type { Writable } from 'node:stream'
import type { Flush } from './frames.ts'

export abstract class Outlet {
  readonly stream: Writable

  constructor(stream: Writable) {
    this.stream = stream
    stream.setMaxListeners(0) // A socket has up to a hundred subscribers, and each may wait for it to drain.
  }

  /** What the transport makes of a flush. */
  protected abstract bytesOf(flush: Flush): Buffer

  protected abstract get isOpen(): boolean

  /** Bytes that wait. */
  get waiting(): number {
    return this.stream.writableLength
  }

  write(flush: Flush): void {
    if (flush.count > 0 && this.isOpen) this.stream.write(this.bytesOf(flush))
  }

  /** Calls back once, when all that waits has gone, or the stream with it. */
  whenDrained(then: () => void): void {
    const { stream } = this
    if (!stream.writableNeedDrain || stream.destroyed) {
      setImmediate(then)
      return
    }
    const end = () => {
      stream.off('drain', end)
      stream.off('close', end)
      then()
    }
    stream.on('drain', end)
    stream.on('close', end)
  }
}
