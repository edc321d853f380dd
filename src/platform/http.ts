// The edge: one port for GraphQL over HTTP, Server-Sent Events and WebSocket, GraphiQL, health and readiness.
// Safe by default (limits, origins, masked errors), and it closes without losing what it accepted.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createDocuments } from './documents.ts'
import { createEventStreams, type EventStreams } from './event-stream.ts'
import { createFiles, isPatient } from './files.ts'
import { createFront } from './front.ts'
import { createGraphiql } from './graphiql.ts'
import { type HttpLimits, type HttpOptions, type HttpServer, httpLimits } from './http-options.ts'
import { KeyWatch } from './key-watch.ts'
import type { Log } from './log.ts'
import { createMask, type Mask, onTheWire } from './mask.ts'
import { createOperations, type Operations } from './operation.ts'
import { setCorsHeaders } from './origins.ts'
import { createPersisted, unfit } from './persisted.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import { type Caller, createGate, type Gate } from './request-gate.ts'
import { createPosts } from './rest.ts'
import { openSockets, type Sockets } from './sockets.ts'
import { openSubscriptions } from './subscriptions.ts'

export type { GraphiqlOptions, HttpLimits, HttpOptions, HttpServer } from './http-options.ts'

type Route = (request: IncomingMessage, response: ServerResponse) => unknown

interface GraphqlParts<Principal> {
  pipeline: Pipeline<Principal>
  operations: Operations<Principal>
  gate: Gate<Principal>
  mask: Mask
  events: EventStreams<Principal>
}

/** POSTs the short way, the rest through yoga. */
function createGraphql<Principal>({ pipeline, operations, gate, mask, events }: GraphqlParts<Principal>): Route {
  const others = (request: IncomingMessage, response: ServerResponse, caller: Caller<Principal>) =>
    pipeline.handle(request, response, caller)
  const { execute } = pipeline.getEnveloped()
  const front = createFront({ gate, operations, execute, mask, events, others })
  return (request, response) =>
    request.method === 'POST' ? front(request, response) : others(request, response, { principal: null })
}

/** Listens, and resolves when connections are accepted. @throws what listening throws, such as EADDRINUSE. */
export async function openHttp<Principal, Context extends object>(
  options: HttpOptions<Principal, Context>,
): Promise<HttpServer> {
  const limits = { ...httpLimits, ...options.limits }
  const { schema, log, corsOrigins } = options
  const authenticate = (key: string) => options.authenticate(key)
  const mask = createMask({ log, translate: (error) => options.translate?.(error) })
  const documents = createDocuments(schema)
  const persisted = createPersisted(documents, options.persisted)
  const hashes = unfit(documents, options.persisted?.trusted)
  if (hashes.length > 0) log.warn({ hashes }, 'trusted operations that do not fit the schema are refused')
  const gate = { authenticate, persisted, bodyBytes: limits.bodyBytes }
  const pipeline = createPipeline<Principal, Context>({
    schema,
    documents,
    mask,
    contextFor: (principal, asked) => options.contextFor(principal, asked),
    gate,
  })
  const operations = createOperations<Principal>({ schema, documents, persisted, mask })
  const live = openLive(options, { mask, waitingBytes: limits.waitingBytes })
  const events = createEventStreams<Principal>({ ...live, mask, keepAliveMs: limits.keepAliveMs })
  const open = new Set<ServerResponse>()
  const state = { closing: false }
  const route = createRoutes(options, {
    limits,
    state,
    graphql: createGraphql({ pipeline, operations, mask, events, gate: createGate(gate) }),
  })
  const server = createServer(timeouts(limits), (request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    if (state.closing) response.shouldKeepAlive = false
    begin(request, response, log)
    Promise.resolve(route(request, response)).catch((error) => sendError(response, 500, onTheWire(mask(error))))
  })
  server.on('clientError', refuseBroken)
  const sockets = openSockets({ server, pipeline, operations, ...live, authenticate, mask, log, corsOrigins, limits })
  await listen(server, options)
  return listening(server, { host: options.host, sockets, open, state })
}

/** What subscriptions need, over sockets and over event streams alike. */
function openLive<Principal, Context extends object>(
  options: HttpOptions<Principal, Context>,
  { mask, waitingBytes }: { mask: Mask; waitingBytes: number },
) {
  const subscriptions = openSubscriptions<Principal>({
    mask,
    log: options.log,
    contextFor: (principal) => options.contextFor(principal),
    rightsOf: (principal) => options.rightsOf?.(principal),
    waitingBytes,
  })
  return { subscriptions, keys: new KeyWatch(async (key) => (await options.authenticate(key)) !== null) }
}

function timeouts({ headersTimeoutMs, requestTimeoutMs }: HttpLimits) {
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 5_000),
    // longer than the minute after which load balancers give up an idle connection, so that they are the ones to close it
    keepAliveTimeout: 65_000,
  }
}

const brokenAnswers: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
}

/** What Node does by itself, but for files that take their time. */
function refuseBroken(error: Error & { code?: string }, duplex: Duplex): void {
  const socket = duplex as Socket // Of a TCP server.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isPatient(socket)) return
  if (socket.writable) {
    const status = brokenAnswers[error.code ?? ''] ?? '400 Bad Request'
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
  }
  socket.destroy()
}

function begin(request: IncomingMessage, response: ServerResponse, log: Log): void {
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
  response.setHeader('x-request-id', requestId)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  if (!log.isLevelEnabled('debug')) return
  const startedAt = performance.now()
  response.once('close', () => {
    const durationMs = Math.round(performance.now() - startedAt)
    log.debug(
      { requestId, method: request.method, path: pathOf(request), status: response.statusCode, durationMs },
      'request',
    )
  })
}

interface RouteParts {
  limits: HttpLimits
  state: { closing: boolean }
  graphql: Route
}

function createRoutes<Principal, Context extends object>(
  options: HttpOptions<Principal, Context>,
  { limits, state, graphql }: RouteParts,
): Route {
  const graphiql = createGraphiql(options.graphiql)
  const posts = createPosts(options)
  const files = createFiles(options)
  const ready = readiness(options, limits.readyTimeoutMs)
  const routes: Record<string, Route> = {
    '/': (_request, response) => response.writeHead(302, { location: '/graphql' }).end(),
    '/health': (_request, response) => sendJson(response, 200, { status: 'up' }),
    '/ready': async (_request, response) => {
      const found = await ready()
      const problems = state.closing ? ['shutting down'] : found
      const status = problems.length === 0 ? 'ready' : 'unavailable'
      sendJson(response, problems.length === 0 ? 200 : 503, { status, problems })
    },
    '/graphql': (request, response) => {
      setCorsHeaders(request, response, options.corsOrigins)
      return request.method === 'OPTIONS' ? response.writeHead(204).end() : graphql(request, response)
    },
  }
  return async (request, response) => {
    const path = pathOf(request)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    // What is asked most need not be looked at by the others.
    if (request.method === 'POST' && route) return route(request, response)
    if (await graphiql(request, response)) return
    if (!route && ((await posts(request, response)) || (await files(request, response)))) return
    const lost = {
      message: 'Nothing is served here. The API is at /graphql.',
      extensions: { code: 'NOT_FOUND', retryable: false },
    }
    await (route ? route(request, response) : sendError(response, 404, lost))
  }
}

function readiness(options: Pick<HttpOptions<unknown, object>, 'ready' | 'log'>, timeoutMs: number) {
  return async (): Promise<readonly string[]> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string[]>((resolve) => {
      timer = setTimeout(() => resolve([`no answer within ${timeoutMs} ms`]), timeoutMs)
    })
    try {
      return await Promise.race([options.ready(), late])
    } catch (error) {
      options.log.error({ err: error }, 'the readiness check failed')
      return ['the check failed']
    } finally {
      clearTimeout(timer)
    }
  }
}

function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

interface Listening {
  host: string
  sockets: Sockets
  open: ReadonlySet<ServerResponse>
  state: { closing: boolean }
}

function listening(server: Server, { host, sockets, open, state }: Listening): HttpServer {
  // A TCP server that listens has an address of this kind; a string would be a pipe, null one that does not listen.
  const { port } = server.address() as AddressInfo
  const shut = async (graceMs: number) => {
    state.closing = true
    const stopped = new Promise((resolve) => server.close(resolve))
    let timer: NodeJS.Timeout | undefined
    const cut = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        sockets.terminate()
        server.closeAllConnections()
        resolve()
      }, graceMs)
    })
    for (const response of open) {
      // A stream of events has no end to wait for: cut, its client comes back to another process.
      if (isEventStream(response)) response.destroy()
      else response.shouldKeepAlive = false
    }
    await Promise.race([Promise.all([sockets.close(), stopped]), cut])
    clearTimeout(timer)
  }
  let closed: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: (graceMs = 10_000) => {
      closed ??= shut(graceMs)
      return closed
    },
  }
}

function isEventStream(response: ServerResponse): boolean {
  return response.headersSent && String(response.getHeader('content-type')).startsWith('text/event-stream')
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?')[0] ?? ''
}

function sendError(response: ServerResponse, status: number, error: unknown): void {
  if (!response.headersSent) sendJson(response, status, { errors: [error] })
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
