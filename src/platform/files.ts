// Files over plain HTTP, beside GraphQL: sent by PUT and fetched by GET, streamed both ways. Who may, each route says by itself,
// by a key or by a link that was signed. A file may take as long as it moves; one that stands still is given up.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ErrorCode } from '../errors.ts'
import { bearerKey, principalOf } from './credentials.ts'
import type { HttpOptions } from './http-options.ts'
import { createMask, type Mask, onTheWire, requestError } from './mask.ts'
import { setCorsHeaders } from './origins.ts'
import { badRequest } from './params.ts'

/** A request for a file. */
export interface FileCall<Principal, Context> {
  /** What the groups of the path's pattern took. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** Whom the key stands for; null where none was sent. */
  readonly principal: Principal | null
  readonly context: Context
}

export interface FileAnswer {
  readonly name: string
  readonly type: string
  readonly chunks: AsyncIterable<string>
}

export interface FileRoute<Principal, Context> {
  readonly path: RegExp
  /** Takes a file, and returns what is answered as JSON. */
  put?(call: FileCall<Principal, Context>, body: AsyncIterable<Uint8Array>): Promise<object>
  get?(call: FileCall<Principal, Context>): Promise<FileAnswer>
}

export type ServeFiles = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const stillMs = 30_000

/** Sockets that take as long as it takes. */
const patient = new WeakSet<Socket>()

/** Whether the time of a whole request does not count for what comes by this socket now. */
export const isPatient = (socket: Socket): boolean => patient.has(socket)

/** Answers a request for one of the paths and returns true; false leaves the request to others. */
export function createFiles<Principal, Context extends object>(options: HttpOptions<Principal, Context>): ServeFiles {
  const mask = createMask({ log: options.log, translate: (error) => options.translate?.(error) })
  const routes = options.files ?? []
  return async (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (url === null) {
      fail(response, mask(badRequest('The path is none.')))
      return true
    }
    for (const route of routes) {
      const found = route.path.exec(url.pathname)
      if (!found) continue
      setCorsHeaders(request, response, options.corsOrigins)
      if (request.method === 'OPTIONS') {
        response.setHeader('access-control-allow-methods', 'GET, PUT')
        response.writeHead(204).end()
        return true
      }
      await answer(route, { parts: found.slice(1), query: url.searchParams }, { request, response, options, mask })
      return true
    }
    return false
  }
}

interface Exchange<Principal, Context extends object> {
  request: IncomingMessage
  response: ServerResponse
  options: HttpOptions<Principal, Context>
  mask: Mask
}

async function answer<Principal, Context extends object>(
  route: FileRoute<Principal, Context>,
  asked: Pick<FileCall<Principal, Context>, 'parts' | 'query'>,
  { request, response, options, mask }: Exchange<Principal, Context>,
): Promise<void> {
  const body = bodyOf(request)
  const { socket } = request
  // Until it is answered; what a client still sends then has no time left.
  patient.add(socket)
  response.once('close', () => patient.delete(socket))
  try {
    const principal = await principalOf(bearerKey(request.headers.authorization), (key) => options.authenticate(key))
    const call = { ...asked, principal, context: options.contextFor(principal) }
    if (request.method === 'PUT' && route.put) sendJson(response, 200, await route.put(call, body))
    else if (request.method === 'GET' && route.get) await send(response, await route.get(call))
    else {
      const allow = [route.put && 'PUT', route.get && 'GET'].filter(Boolean).join(', ')
      throw requestError('BAD_REQUEST', `Send it by ${allow}.`, { status: 405, headers: { allow } })
    }
  } catch (error) {
    fail(response, mask(error))
  } finally {
    body.return(undefined).catch(() => undefined)
    // What is still to come is read and thrown away, so that the client lives to read the answer.
    request.resume()
  }
}

/** The bytes as they come, at the reader's pace. BAD_REQUEST for a body that breaks off or stands still. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array, void> {
  let timer: NodeJS.Timeout | undefined
  const chunks: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      // Only the wait for the client counts, not what is done with what came.
      const still = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(badRequest(`Nothing came for ${stillMs / 1_000} s.`)), stillMs)
      })
      const next = await Promise.race([chunks.next(), still]).finally(() => clearTimeout(timer))
      if (next.done) break
      yield next.value
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
      ? badRequest('The file broke off.')
      : error
  } finally {
    // Or what is still to come would wait for a reader for ever.
    await chunks.return?.()
    request.resume()
  }
  if (!request.complete) throw badRequest('The file broke off.')
}

async function send(response: ServerResponse, { name, type, chunks }: FileAnswer): Promise<void> {
  response.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-store',
    'content-disposition': `attachment; filename="${name.replace(/[^\w.-]+/g, '_')}"`,
  })
  // Where the client is gone nobody is left to tell.
  await pipeline(Readable.from(chunks), response).catch(() => response.destroy())
}

const statuses: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: 400,
  BAD_REQUEST: 400,
  LIMIT_EXCEEDED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
}

function fail(response: ServerResponse, error: ReturnType<Mask>): void {
  const { code, http } = error.extensions
  // What `requestError` and the mask put there.
  const hints = http as { status?: number; headers?: Record<string, string> } | undefined
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const [name, value] of Object.entries(hints?.headers ?? {})) response.setHeader(name, value)
  const { message, extensions } = onTheWire(error)
  const status = hints?.status ?? statuses[code as ErrorCode] ?? 500 // The mask gives no other codes.
  sendJson(response, status, { error: { message, ...extensions } })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
