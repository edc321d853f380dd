// Plain HTTP beside GraphQL, for SDKs of other products: POST with JSON, whatever their Content-Type says, plain or gzipped.
// The key comes as Basic user name, as Bearer, or in the body: never from anything that a browser adds by itself, so a foreign
// page can send nothing in somebody's name. Errors carry the codes of the closed list.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ErrorCode } from '../errors.ts'
import { parseJson, readBody, textOf } from './body.ts'
import { bearerKey, principalOf } from './credentials.ts'
import { type HttpLimits, type HttpOptions, httpLimits } from './http-options.ts'
import { createMask, onTheWire, requestError } from './mask.ts'
import { setCorsHeaders } from './origins.ts'

/** What a path does with a body. */
export interface Post<Context> {
  /** The body as JSON, where its text needs more than that. */
  parse?(text: string): unknown
  /** The key that stands in the body. */
  keyIn(body: unknown): string | undefined
  run(context: Context, body: unknown): Promise<PostAnswer>
}

export interface PostAnswer {
  status: number
  body: object
}

export type Posts<Context> = { readonly [path: string]: Post<Context> }

export type ServePosts = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** Answers a request for one of the paths and returns true; false leaves the request to others. */
export function createPosts<Principal, Context extends object>(options: HttpOptions<Principal, Context>): ServePosts {
  const limits: HttpLimits = { ...httpLimits, ...options.limits }
  const mask = createMask({ log: options.log, translate: (error) => options.translate?.(error) })
  const posts: Posts<Context> = options.posts ?? {}
  return async (request, response) => {
    const path = request.url?.split('?')[0]?.replace(/\/$/, '') ?? ''
    const post = Object.hasOwn(posts, path) ? posts[path] : undefined
    if (!post) return false
    setCorsHeaders(request, response, options.corsOrigins)
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return true
    }
    try {
      const { status, body } = await run(post, request, { options, limits })
      send(response, status, body)
    } catch (error) {
      const known = mask(error)
      const { code, http, retryAfterMs } = known.extensions
      for (const [name, value] of Object.entries(headersOf(http))) response.setHeader(name, value)
      const status = statuses[code as ErrorCode] ?? 500 // The mask gives no other codes.
      if (status === 429 || status === 503) response.setHeader('retry-after', secondsOf(retryAfterMs))
      const { message, extensions } = onTheWire(known)
      send(response, statusOf(http) ?? status, { success: false, error: { message, ...extensions } })
    }
    return true
  }
}

async function run<Principal, Context extends object>(
  post: Post<Context>,
  request: IncomingMessage,
  { options, limits }: { options: HttpOptions<Principal, Context>; limits: HttpLimits },
): Promise<PostAnswer> {
  if (request.method !== 'POST')
    throw requestError('BAD_REQUEST', 'Send it by POST.', { status: 405, headers: { allow: 'POST' } })
  const authenticate = (key: string) => options.authenticate(key)
  // A key that is known to be none is refused before its body is read.
  const inHeader = await principalOf(keyOf(request.headers.authorization), authenticate)
  const text = textOf(await inflated(await readBody(request, limits.bodyBytes), limits.bodyBytes))
  const body = post.parse ? post.parse(text) : parseJson(text, 'body')
  const sender = inHeader ?? (await principalOf(post.keyIn(body), authenticate))
  if (sender === null)
    throw requestError('UNAUTHENTICATED', 'Send an API key: as Basic user name, as Bearer, or in the body.', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    })
  return post.run(options.contextFor(sender), body)
}

/** The user name of `Basic`, which the SDKs send without a password, or the key of `Bearer`. */
function keyOf(authorization: string | undefined): string | undefined {
  const [, encoded] = /^basic +([\w+/=-]*)$/i.exec(authorization?.trim() ?? '') ?? []
  if (encoded === undefined) return bearerKey(authorization)
  return Buffer.from(encoded, 'base64').toString().split(':')[0] || undefined
}

const unzip = promisify(gunzip)

// By its first two bytes, with which no JSON begins: some SDKs and proxies do not tell, or tell what is not so.
async function inflated(body: Buffer, limit: number): Promise<Buffer> {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body
  try {
    return await unzip(body, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof RangeError)
      throw requestError('PAYLOAD_TOO_LARGE', `The body has more than ${limit} bytes.`, { status: 413 })
    throw requestError('BAD_REQUEST', 'The body is not valid gzip.', { status: 400 })
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  BAD_INPUT: 400,
  BAD_REQUEST: 400,
  LIMIT_EXCEEDED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
}

const secondsOf = (ms: unknown): number => Math.max(1, Math.ceil((typeof ms === 'number' ? ms : 1_000) / 1_000))

interface HttpHints {
  status?: number
  headers?: Record<string, string>
}

// What `requestError` and the mask put there.
const statusOf = (http: unknown) => (http as HttpHints | undefined)?.status
const headersOf = (http: unknown) => (http as HttpHints | undefined)?.headers ?? {}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
