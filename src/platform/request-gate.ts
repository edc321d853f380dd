// What an HTTP request must satisfy before its document is looked at: a known key or none, JSON and nothing else
// (which a foreign page cannot send unasked), a bounded body. Only queries may come by GET.

import type { IncomingMessage } from 'node:http'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { bearerKey, principalOf } from './credentials.ts'
import { assertShallow } from './document-limits.ts'
import { requestError } from './mask.ts'

/** What the pipeline knows of a caller; over HTTP also the request itself. */
export interface Caller<Principal> {
  principal: Principal | null
  req?: IncomingMessage
}

export interface GateOptions<Principal> {
  bodyBytes: number
  authenticate(key: string): Promise<Principal | null>
}

/** @throws UNAUTHENTICATED 401, BAD_REQUEST 400, 405 and 415, PAYLOAD_TOO_LARGE 413, BAD_INPUT for variables nested too deeply. */
export function useRequestGate<Principal>(options: GateOptions<Principal>): Plugin<object, Caller<Principal>> {
  return {
    async onRequestParse({ request, url, serverContext, setRequestParser }) {
      const key = bearerKey(request.headers.get('authorization'))
      serverContext.principal = await principalOf(key, (given) => options.authenticate(given))
      if (request.method === 'GET') setRequestParser(() => readQueryString(url))
      const { req } = serverContext
      if (request.method === 'POST' && req) {
        assertJson(req)
        setRequestParser(() => readJson(req, options.bodyBytes))
      }
    },
    onSubscribe({ args }) {
      if (args.contextValue.request?.method !== 'GET') return
      throw requestError('BAD_REQUEST', 'Subscribe by POST or over a WebSocket.', {
        status: 405,
        headers: { allow: 'POST' },
      })
    },
  }
}

function assertJson(request: IncomingMessage): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw requestError('BAD_REQUEST', `The Content-Type must be application/json, it is ${type ?? 'missing'}.`, {
      status: 415,
    })
  }
  const encoding = request.headers['content-encoding']
  if (encoding && encoding !== 'identity') {
    throw requestError('BAD_REQUEST', `The Content-Encoding ${encoding} is not supported.`, { status: 415 })
  }
}

function readQueryString(url: URL): GraphQLParams {
  const given = (name: string) => url.searchParams.get(name) ?? undefined
  const variables = given('variables')
  const parsed: unknown = variables === undefined ? undefined : parseJson(variables, 'variables')
  return checked({ query: given('query'), operationName: given('operationName'), variables: parsed })
}

async function readJson(request: IncomingMessage, limit: number): Promise<GraphQLParams> {
  const body = await readBody(request, limit)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw badRequest('The body is not valid UTF-8.')
  }
  return checked(parseJson(text, 'body'))
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest(`The ${what} is not valid JSON.`)
  }
}

function checked(params: unknown): GraphQLParams {
  if (Array.isArray(params)) throw badRequest('Batching is off: send one operation per request.')
  if (typeof params !== 'object' || params === null || !('query' in params) || typeof params.query !== 'string') {
    throw badRequest('A request is an object with the text "query" and, if needed, "variables" and "operationName".')
  }
  assertShallow('variables' in params ? params.variables : undefined)
  return { ...params, query: params.query } // yoga's own check follows: unknown members, members of the wrong type
}

/** The whole body. What comes after the limit is discarded, so that the client lives to read the refusal. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const refuse = () => {
      request.removeAllListeners('data').resume()
      reject(requestError('PAYLOAD_TOO_LARGE', `The body has more than ${limit} bytes.`, { status: 413 }))
    }
    if (Number(request.headers['content-length'] ?? 0) > limit) return refuse()
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limit) refuse()
      else chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', () => reject(badRequest('The body broke off.')))
    request.once('close', () => reject(badRequest('The body broke off.')))
  })
}

const badRequest = (message: string) => requestError('BAD_REQUEST', message, { status: 400 })
