// GraphQL over WebSocket (`graphql-transport-ws`) on the HTTP server's port. An operation that fails, fails alone: the socket
// stays. A socket needs a known key, answers pings, holds a bounded number of subscriptions, and is told when the server goes.

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '../errors.ts'
import { bearerKey, principalOf } from './credentials.ts'
import type { Flush } from './frames.ts'
import type { HttpLimits } from './http-options.ts'
import type { KeyWatch, WatchedKey } from './key-watch.ts'
import type { Log } from './log.ts'
import { type Mask, onTheWire } from './mask.ts'
import type { Operations, Prepared } from './operation.ts'
import { mayConnect } from './origins.ts'
import { Outlet } from './outlet.ts'
import { checkedParams } from './params.ts'
import type { Pipeline } from './pipeline.ts'
import { type Delivery, isDelivery, type Subscriptions } from './subscriptions.ts'

export interface SocketOptions<Principal> {
  server: Server
  pipeline: Pipeline<Principal>
  operations: Operations<Principal>
  subscriptions: Subscriptions<Principal>
  keys: KeyWatch
  authenticate(key: string): Promise<Principal | null>
  mask: Mask
  log: Log
  corsOrigins: readonly string[]
  limits: HttpLimits
}

export interface Sockets {
  /** Answers the queries and mutations that were accepted, then closes every socket with 1001. */
  close(): Promise<void>
  /** Cuts every socket that is left. */
  terminate(): void
}

interface Peer<Principal> {
  socket: WebSocket
  /** What the socket writes to. */
  stream: Writable
  authorization: string | undefined
  principal: Principal | null
  /** What it was admitted by. */
  key?: WatchedKey
  release?(): void
}

type Connection<Principal> = Context<Record<string, unknown>, Peer<Principal>>

/** An operation of a socket, known by its arguments, which the protocol hands on. */
type Asked<Principal> = WeakMap<ExecutionArgs, { peer: Peer<Principal>; id: string }>

const goingAway = { code: 1001, reason: 'Going away' }

/** Takes over the upgrades of `server`. */
export function openSockets<Principal>(options: SocketOptions<Principal>): Sockets {
  const { log, limits } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes, handleProtocols })
  const running = new Set<Promise<unknown>>()
  let closing = false

  const protocol = createProtocol(options, { running, isClosing: () => closing })
  const open = (socket: WebSocket, stream: Duplex, authorization: string | undefined) => {
    if (closing) return socket.close(goingAway.code, goingAway.reason)
    const peer: Peer<Principal> = { socket, stream, authorization, principal: null }
    const closed = protocol.opened(transport(socket, log), peer)
    const stopPinging = keepAlive(socket, limits.keepAliveMs)
    socket.on('error', (error) => log.debug({ err: error }, 'socket error'))
    socket.once('close', (code, reason) => {
      stopPinging()
      peer.release?.()
      closed(code, String(reason)).catch((error) => log.error({ err: error }, 'a subscription did not end cleanly'))
    })
  }
  options.server.on('upgrade', (request, stream, head) => {
    const refusal = whyRefuse(request, options.corsOrigins)
    if (refusal) return refuseUpgrade(stream, refusal)
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, stream, request.headers.authorization))
  })

  return {
    async close() {
      closing = true
      await Promise.allSettled(running)
      // An answer is sent within the microtasks after its operation ended; one turn later it stands before the close frame.
      await new Promise((resolve) => setImmediate(resolve))
      for (const socket of sockets.clients) socket.close(goingAway.code, goingAway.reason)
    },
    terminate() {
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

function whyRefuse(request: IncomingMessage, corsOrigins: readonly string[]): string | undefined {
  if (request.url?.split('?')[0] !== '/graphql') return '404 Not Found'
  return mayConnect(request, corsOrigins) ? undefined : '403 Forbidden'
}

function refuseUpgrade(stream: Duplex, status: string): void {
  stream.on('error', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function transport(socket: WebSocket, log: Log) {
  return {
    protocol: socket.protocol,
    // Resolves when the message has left the process, so that a slow peer slows only its own subscriptions.
    send: (text: string) =>
      new Promise<void>((resolve, reject) => {
        if (socket.readyState !== socket.OPEN) return resolve()
        socket.send(text, (error) => (error ? reject(error) : resolve()))
      }),
    close: (code?: number, reason?: string) => socket.close(code, reason),
    onMessage: (receive: (text: string) => Promise<void>) =>
      socket.on('message', (message) => {
        receive(String(message)).catch((error) => {
          if (socket.readyState !== socket.OPEN) return
          log.error({ err: error }, 'a socket message failed')
          socket.close(CloseCode.InternalServerError, 'Internal server error')
        })
      }),
  }
}

function keepAlive(socket: WebSocket, everyMs: number): () => void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, everyMs)
  return () => clearInterval(timer)
}

interface Running {
  running: Set<Promise<unknown>>
  isClosing(): boolean
}

function createProtocol<Principal>(options: SocketOptions<Principal>, { running, isClosing }: Running) {
  const { pipeline, mask, limits, subscriptions, operations } = options
  const { execute } = pipeline.getEnveloped()
  const asked: Asked<Principal> = new WeakMap()
  return makeServer<Record<string, unknown>, Peer<Principal>>({
    connectionInitWaitTimeout: limits.connectionInitMs,
    onConnect: (connection) => admit(connection, options),
    onSubscribe: async ({ extra: peer, subscriptions: held }, id, payload) => {
      if (isClosing()) return [new ApiError('UNAVAILABLE', 'The server is going away. Connect again.')]
      if (Object.keys(held).length > limits.subscriptionsPerSocket) return [tooMany(limits.subscriptionsPerSocket)]
      // Only now, since messages that came together are counted one by one above.
      if (!(await peer.key?.ask())) return [keyEnded()]
      const prepared = prepare(payload, peer.principal, { operations, mask })
      if ('document' in prepared) asked.set(prepared, { peer, id })
      return prepared
    },
    execute: (args) => {
      const answer = Promise.resolve(execute(args))
      const tracked = answer.catch(() => undefined).finally(() => running.delete(tracked))
      running.add(tracked)
      return answer
    },
    subscribe: async (args) => {
      const { peer, id } = asked.get(args) ?? {}
      if (!peer || id === undefined) throw new Error('an operation that was not asked for')
      const outlet = new SocketOutlet(peer, id)
      // graphql-ws types the context as unknown; these are the arguments that `prepare` made.
      const begun = await subscriptions.begin(args as Prepared<Principal>, { outlet, key: peer.key })
      return isDelivery(begun) ? silently(begun) : begun
    },
    // graphql-ws gives the connection, the id and the payload first.
    onNext: async (...[{ extra: peer }, , , , result]) =>
      (await peer.key?.ask()) ? formatResult(result) : { errors: [onTheWire(keyEnded())] },
    onError: (...[, , , errors]) => errors.map((error) => onTheWire(mask(error))),
  })
}

/** Writes `next` messages of one operation beside the protocol, which knows the operation only as one that has not ended. */
class SocketOutlet extends Outlet {
  readonly #socket: WebSocket
  readonly #id: string

  constructor({ socket, stream }: { socket: WebSocket; stream: Writable }, id: string) {
    super(stream)
    this.#socket = socket
    this.#id = id
  }

  protected get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  protected bytesOf(flush: Flush): Buffer {
    return flush.frames(this.#id)
  }
}

/** The delivery as what the protocol waits for: nothing comes of it but its end. */
function silently(delivery: Delivery): AsyncGenerator<never, void> {
  const done = { done: true as const, value: undefined }
  const iterator: AsyncGenerator<never, void> = {
    async next() {
      await delivery.run()
      return done
    },
    async return() {
      delivery.leave()
      return done
    },
    async throw(error) {
      delivery.leave()
      throw error
    },
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: async () => delivery.leave(),
  }
  return iterator
}

const tooMany = (count: number) =>
  new ApiError('LIMIT_EXCEEDED', `A socket holds at most ${count} operations at a time.`)

/** Acknowledges a socket with a known key; any other is closed with 4403, or 1013 when keys cannot be checked right now. */
async function admit<Principal>(
  connection: Connection<Principal>,
  options: SocketOptions<Principal>,
): Promise<boolean> {
  const peer = connection.extra
  const { socket } = peer
  try {
    const key = sentKey(connection.connectionParams) ?? bearerKey(peer.authorization)
    peer.principal = await principalOf(key, (given) => options.authenticate(given))
    if (peer.principal !== null && key !== undefined && socket.readyState === socket.OPEN) {
      const end = () => socket.close(CloseCode.Forbidden, 'Forbidden: the key was revoked or has expired')
      const { watched, release } = options.keys.admit(key, { end })
      Object.assign(peer, { key: watched, release })
      return true
    }
    socket.close(CloseCode.Forbidden, 'Forbidden: connection_init needs { "authorization": "Bearer <key>" }')
  } catch (error) {
    const { message, extensions } = options.mask(error)
    if (extensions.code === 'UNAUTHENTICATED') socket.close(CloseCode.Forbidden, `Forbidden: ${message}`)
    else socket.close(1013, 'Try again later')
  }
  return false
}

const keyEnded = () => new ApiError('UNAUTHENTICATED', 'The key was revoked or has expired.')

function sentKey(params: Record<string, unknown> = {}): string | undefined {
  const authorization = params.authorization ?? params.Authorization
  if (typeof authorization === 'string') return bearerKey(authorization)
  return typeof params.apiKey === 'string' && params.apiKey !== '' ? params.apiKey : undefined
}

// Errors are returned, never thrown: graphql-ws closes the whole socket for a throw.
function prepare<Principal>(
  { query, operationName, variables, extensions }: SubscribePayload,
  principal: Principal | null,
  { operations, mask }: Pick<SocketOptions<Principal>, 'operations' | 'mask'>,
): Prepared<Principal> | readonly GraphQLError[] {
  try {
    // The protocol demands a text; where it is empty, a hash must name one.
    const params = checkedParams({ query: query || undefined, operationName, variables, extensions })
    return operations.prepare(params, { principal })
  } catch (error) {
    return [mask(error)]
  }
}

function formatResult(result: ExecutionResult) {
  return result.errors ? { ...result, errors: result.errors.map(onTheWire) } : undefined
}
