// The short way for what is asked most: one query or mutation by POST, answered as JSON. The same gate, documents, pipeline
// and mask as everywhere, without the Request and Response of the web in between. Whatever else comes goes to `others`.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { bearerKey } from './credentials.ts'
import { type EventStreams, takesEvents } from './event-stream.ts'
import { type Mask, onTheWire } from './mask.ts'
import { isRefused, type Operations } from './operation.ts'
import { type Caller, type Gate, readFrom } from './request-gate.ts'

export interface FrontParts<Principal> {
  gate: Gate<Principal>
  operations: Operations<Principal>
  /** Of the pipeline: with its plugins, a fresh context and masked errors. */
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>
  mask: Mask
  /** Serves subscriptions of those who take event streams. */
  events: EventStreams<Principal>
  /** Serves what is wanted as something else than JSON; `asked` is there where the body was read. */
  others(request: IncomingMessage, response: ServerResponse, caller: Caller<Principal>): unknown
}

/** Answers a POST to `/graphql`. Never rejects for what a client did. */
export function createFront<Principal>({ gate, operations, execute, mask, events, others }: FrontParts<Principal>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { accept, authorization } = request.headers
    const type = mediaTypeFor(accept)
    if (!type && !takesEvents(accept)) {
      await others(request, response, { principal: null })
      return
    }
    let result: ExecutionResult
    try {
      const principal = await gate.admit(authorization)
      const asked = await gate.read(request)
      const stale = request.headers[readFrom] === 'replica'
      const prepared = operations.prepare(asked, { principal, stale })
      if (isRefused(prepared)) result = { errors: prepared }
      else if (prepared.operation.operation === 'subscription' && takesEvents(accept)) {
        await events(response, prepared, bearerKey(authorization))
        return
      } else if (prepared.operation.operation !== 'subscription' && type) result = await execute(prepared)
      else {
        await others(request, response, { principal, stale, asked })
        return
      }
    } catch (error) {
      result = { errors: [mask(error)] }
    }
    answer(response, result, type ?? graphqlJson)
  }
}

const plainJson = 'application/json'
const graphqlJson = 'application/graphql-response+json'

type MediaType = typeof plainJson | typeof graphqlJson

const remembered = new Map<string, MediaType | undefined>()

/** The kind of JSON that an Accept header asks for, the first that it names; undefined where it wants neither. */
export function mediaTypeFor(accept: string | undefined): MediaType | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return plainJson
  if (remembered.has(accept)) return remembered.get(accept)
  const found = firstJson(accept)
  // Clients send a handful of different ones; whoever makes them up gets them read each time.
  if (remembered.size < 100 && accept.length < 500) remembered.set(accept, found)
  return found
}

function firstJson(accept: string): MediaType | undefined {
  for (const range of accept.replace(/\s/g, '').toLowerCase().split(',')) {
    const [name, ...params] = range.split(';')
    const charset = params.find((param) => param.startsWith('charset='))
    if (charset !== undefined && charset !== 'charset=utf-8') continue
    if (name === graphqlJson) return graphqlJson
    if (name === plainJson || name === 'application/*' || name === '*/*') return plainJson
  }
  return undefined
}

function answer(response: ServerResponse, result: ExecutionResult, type: MediaType): void {
  const headers: Record<string, string | number> = { 'content-type': `${type}; charset=utf-8` }
  const status = result.errors ? statusOf(result, type, headers) : 200
  const text = JSON.stringify(result.errors ? { ...result, errors: result.errors.map(onTheWire) } : result)
  headers['content-length'] = Buffer.byteLength(text)
  response.writeHead(status, headers)
  response.end(text)
}

// application/json stays 200 for what is GraphQL's own (marked `spec`), so that clients from before the standard read it;
// application/graphql-response+json tells it by the status too. The same rules as yoga's.
function statusOf(result: ExecutionResult, type: MediaType, headers: Record<string, string | number>): number {
  let status = 0
  for (const { extensions } of result.errors ?? []) {
    const http = httpOf(extensions.http)
    Object.assign(headers, http.headers)
    if (!(http.spec && type === plainJson)) status = Math.max(status, http.status ?? 0)
    if (typeof extensions.retryAfterMs === 'number') headers['retry-after'] = Math.ceil(extensions.retryAfterMs / 1_000)
    if (extensions.code === 'RATE_LIMITED' && type === graphqlJson && isEmpty(result.data))
      status = Math.max(status, 429)
    if (extensions.unexpected && !('data' in result)) status = Math.max(status, 500)
  }
  return status || 200
}

interface HttpPart {
  status?: number
  spec?: boolean
  headers?: Record<string, string>
}

function httpOf(http: unknown): HttpPart {
  return typeof http === 'object' && http !== null ? http : {}
}

/** True where no root field has an answer: sending the whole request again repeats nothing. */
function isEmpty(data: ExecutionResult['data']): boolean {
  return !data || Object.values(data).every((value) => value === null)
}
