// Subscriptions as Server-Sent Events, for clients without WebSockets: one POST, one subscription (the "distinct connections
// mode" of graphql-sse). A comment now and then keeps the stream open; whatever ends it is told first, then `complete`.

import type { ServerResponse } from 'node:http'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { ApiError } from '../errors.ts'
import { Flush } from './frames.ts'
import type { KeyWatch } from './key-watch.ts'
import { type Mask, onTheWire } from './mask.ts'
import type { Prepared } from './operation.ts'
import { Outlet } from './outlet.ts'
import { isDelivery, type Subscriptions } from './subscriptions.ts'

export interface EventStreamParts<Principal> {
  subscriptions: Subscriptions<Principal>
  keys: KeyWatch
  mask: Mask
  keepAliveMs: number
}

/** Serves a subscription that came with a key, or with none. Never rejects. */
export type EventStreams<Principal> = (
  response: ServerResponse,
  prepared: Prepared<Principal>,
  key: string | undefined,
) => Promise<void>

const eventStreamType = 'text/event-stream'

/** True where an Accept header names event streams. */
export const takesEvents = (accept: string | undefined): boolean => accept?.includes(eventStreamType) ?? false

export function createEventStreams<Principal>(parts: EventStreamParts<Principal>): EventStreams<Principal> {
  const { subscriptions, keys, mask, keepAliveMs } = parts
  return async (response, prepared, key) => {
    if (response.destroyed) return // Its end, by which everything below is let go, has been.
    let leave = () => {}
    const end = (result?: ExecutionResult) => {
      leave()
      finish(response, result)
    }
    const endOfKey = () =>
      end({ errors: [mask(new ApiError('UNAUTHENTICATED', 'The key was revoked or has expired.'))] })
    const admission = key === undefined ? undefined : keys.admit(key, { end: endOfKey })
    const pinging = setInterval(() => {
      // Where something waits already, that will show whether somebody is there.
      if (response.headersSent && response.writableLength === 0) response.write(':\n\n')
    }, keepAliveMs)
    response.once('close', () => {
      clearInterval(pinging)
      admission?.release()
      leave()
    })
    const begun = await subscriptions.begin(prepared, { outlet: new EventOutlet(response), key: admission?.watched })
    if (!isDelivery(begun)) return end(begun)
    leave = () => begun.leave()
    if (response.destroyed || response.writableEnded) return leave()
    open(response)
    await begun.run().then(
      () => finish(response),
      (error: unknown) => finish(response, { errors: [mask(error)] }),
    )
  }
}

class EventOutlet extends Outlet {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    super(response)
    this.#response = response
  }

  protected get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed
  }

  protected bytesOf(flush: Flush): Buffer {
    return flush.events()
  }
}

function open(response: ServerResponse): void {
  response.setHeader('content-type', eventStreamType)
  response.setHeader('cache-control', 'no-cache')
  response.setHeader('x-accel-buffering', 'no') // nginx would collect what comes
  response.flushHeaders()
}

function finish(response: ServerResponse, result?: ExecutionResult): void {
  if (response.writableEnded || response.destroyed) return
  if (!response.headersSent) open(response)
  if (result) response.write(new Flush([Buffer.from(JSON.stringify(shown(result)))]).events())
  response.end('event: complete\ndata:\n\n')
}

const shown = ({ errors, ...rest }: ExecutionResult) => ({
  ...rest,
  ...(errors ? { errors: errors.map((error: GraphQLError) => onTheWire(error)) } : {}),
})
