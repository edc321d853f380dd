// GraphQL over WebSocket (`graphql-transport-ws`) on the HTTP server's port. An operation that fails, fails alone: the socket
// stays. A socket needs a known key, answers pings, holds a bounded number of subscriptions, and is told when the server goes.

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '../errors.ts'
import { bearerKey, principalOf } from './credentials.ts'
import { assertShallow } from './document-limits.ts'
import type { HttpLimits } from './http-options.ts'
import type { Log } from './log.ts'
import { type Mask, onTheWire } from './mask.ts'
import { mayConnect } from './origins.ts'
import type { Pipeline } from './pipeline.ts'
import type { Caller } from './request-gate.ts'

export interface SocketOptions<Principal> {
  server: Server
  pipeline: Pipeline<Principal>
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
  request: IncomingMessage
  principal: Principal | null
  /** What it was admitted by. */
  key?: string
}

type Connection<Principal> = Context<Record<string, unknown>, Peer<Principal>>

const goingAway = { code: 1001, reason: 'Going away' }

/** Takes over the upgrades of `server`. */
export function openSockets<Principal>(options: SocketOptions<Principal>): Sockets {
  const { log, limits } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes, handleProtocols })
  const running = new Set<Promise<unknown>>()
  let closing = false

  const protocol = createProtocol(options, { running, isClosing: () => closing })
  sockets.on('connection', (socket, request) => {
    if (closing) return socket.close(goingAway.code, goingAway.reason)
    const closed = protocol.opened(transport(socket, log), { socket, request, principal: null })
    const stopPinging = keepAlive(socket, limits.keepAliveMs)
    socket.on('error', (error) => log.debug({ err: error }, 'socket error'))
    socket.once('close', (code, reason) => {
      stopPinging()
      closed(code, String(reason)).catch((error) => log.error({ err: error }, 'a subscription did not end cleanly'))
    })
  })
  options.server.on('upgrade', (request, stream, head) => {
    const refusal = whyRefuse(request, options.corsOrigins)
    if (refusal) return refuseUpgrade(stream, refusal)
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request))
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
  const { pipeline, mask, limits } = options
  return makeServer<Record<string, unknown>, Peer<Principal>>({
    connectionInitWaitTimeout: limits.connectionInitMs,
    onConnect: (connection) => admit(connection, options),
    onSubscribe: async (connection, _id, payload) => {
      if (isClosing()) return [new ApiError('UNAVAILABLE', 'The server is going away. Connect again.')]
      if (Object.keys(connection.subscriptions).length > limits.subscriptionsPerSocket) {
        return [
          new ApiError(
            'LIMIT_EXCEEDED',
            `A socket holds at most ${limits.subscriptionsPerSocket} operations at a time.`,
          ),
        ]
      }
      // Only now, since messages that came together are counted one by one above.
      if (!(await isStillKnown(connection, options))) return [keyEnded()]
      return prepare(payload, { principal: connection.extra.principal, pipeline, mask })
    },
    execute: (args) => {
      const answer = Promise.resolve(pipeline.getEnveloped(callerOf(args)).execute(args))
      const tracked = answer.catch(() => undefined).finally(() => running.delete(tracked))
      running.add(tracked)
      return answer
    },
    subscribe: (args) => pipeline.getEnveloped(callerOf(args)).subscribe(args),
    // graphql-ws gives the connection, the id and the payload first.
    onNext: async (...[connection, , , , result]) =>
      (await isStillKnown(connection, options)) ? formatResult(result) : { errors: [onTheWire(keyEnded())] },
    onError: (...[, , , errors]) => errors.map((error) => onTheWire(mask(error))),
  })
}

function callerOf<Principal>(args: ExecutionArgs): Caller<Principal> {
  // graphql-ws types the context as unknown; it is the one that `prepare` put there.
  return args.contextValue as Caller<Principal>
}

/** Acknowledges a socket with a known key; any other is closed with 4403, or 1013 when keys cannot be checked right now. */
async function admit<Principal>(
  connection: Connection<Principal>,
  options: SocketOptions<Principal>,
): Promise<boolean> {
  const { socket, request } = connection.extra
  try {
    const key = sentKey(connection.connectionParams) ?? bearerKey(request.headers.authorization)
    connection.extra.key = key
    connection.extra.principal = await principalOf(key, (given) => options.authenticate(given))
    if (connection.extra.principal !== null) return true
    socket.close(CloseCode.Forbidden, 'Forbidden: connection_init needs { "authorization": "Bearer <key>" }')
  } catch (error) {
    const { message, extensions } = options.mask(error)
    if (extensions.code === 'UNAUTHENTICATED') socket.close(CloseCode.Forbidden, `Forbidden: ${message}`)
    else socket.close(1013, 'Try again later')
  }
  return false
}

const keyEnded = () => new ApiError('UNAUTHENTICATED', 'The key was revoked or has expired.')

/** Asks again, before each operation and each message, whether the key is good; closes the socket with 4403 where it ended. */
async function isStillKnown<Principal>(
  { extra }: Connection<Principal>,
  { authenticate }: SocketOptions<Principal>,
): Promise<boolean> {
  // Where keys cannot be checked right now, the last answer stands.
  const principal = extra.key === undefined ? null : await authenticate(extra.key).catch(() => extra.principal)
  if (principal !== null) return true
  extra.socket.close(CloseCode.Forbidden, 'Forbidden: the key was revoked or has expired')
  return false
}

function sentKey(params: Record<string, unknown> = {}): string | undefined {
  const authorization = params.authorization ?? params.Authorization
  if (typeof authorization === 'string') return bearerKey(authorization)
  return typeof params.apiKey === 'string' && params.apiKey !== '' ? params.apiKey : undefined
}

interface Preparation<Principal> {
  principal: Principal | null
  pipeline: Pipeline<Principal>
  mask: Mask
}

// Errors are returned, never thrown: graphql-ws closes the whole socket for a throw.
async function prepare<Principal>(
  payload: SubscribePayload,
  { principal, pipeline, mask }: Preparation<Principal>,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  try {
    assertShallow(payload.variables)
    const { schema, parse, validate, contextFactory } = pipeline.getEnveloped({ principal })
    const document = parse(payload.query)
    const errors = validate(schema, document)
    if (errors.length > 0) return errors
    const contextValue = await contextFactory()
    return { schema, document, operationName: payload.operationName, variableValues: payload.variables, contextValue }
  } catch (error) {
    return [mask(error)]
  }
}

function formatResult(result: ExecutionResult) {
  return result.errors ? { ...result, errors: result.errors.map(onTheWire) } : undefined
}
