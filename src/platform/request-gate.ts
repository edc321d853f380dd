// What an HTTP request must satisfy before its document is looked at: a known key or none, JSON and nothing else
// (which a foreign page cannot send unasked), a bounded body. Only queries may come by GET.

import type { IncomingMessage } from 'node:http'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { parseJson, readJson } from './body.ts'
import { bearerKey, principalOf } from './credentials.ts'
import { requestError } from './mask.ts'
import { checkedParams, type OperationParams } from './params.ts'
import type { PersistedOperations } from './persisted.ts'

/** What the pipeline knows of a caller; over HTTP also the request itself. */
export interface Caller<Principal> {
  principal: Principal | null
  /** Takes what is a moment old. */
  stale?: boolean
  req?: IncomingMessage
  /** What the front read already of a request that it hands on; its caller is known then. */
  asked?: OperationParams
}

/** The header by which a caller takes what a replica tells: `replica`. */
export const readFrom = 'x-read-from'

export interface GateOptions<Principal> {
  bodyBytes: number
  persisted: PersistedOperations
  authenticate(key: string): Promise<Principal | null>
}

/** Lets a request through, or refuses it with an error that has its HTTP status. */
export interface Gate<Principal> {
  /** Who calls; null for nobody. @throws UNAUTHENTICATED 401 */
  admit(authorization: string | null | undefined): Promise<Principal | null>
  /** What a POST asks for. @throws BAD_REQUEST 400 and 415, PAYLOAD_TOO_LARGE 413, BAD_INPUT for variables nested too deeply. */
  read(request: IncomingMessage): Promise<OperationParams>
}

export function createGate<Principal>({ bodyBytes, authenticate }: GateOptions<Principal>): Gate<Principal> {
  return {
    admit: (authorization) => principalOf(bearerKey(authorization), authenticate),
    async read(request) {
      assertJson(request)
      return checkedParams(await readJson(request, bodyBytes))
    },
  }
}

/** The gate before yoga. @throws as the gate does, and BAD_REQUEST 405 or 406 for a subscription. */
export function useRequestGate<Principal>(options: GateOptions<Principal>): Plugin<object, Caller<Principal>> {
  const gate = createGate(options)
  // yoga wants a text: the persisted one, where only its hash came.
  const withText = (params: OperationParams): GraphQLParams => ({
    query: options.persisted.textOf(params),
    operationName: params.operationName ?? undefined,
    variables: params.variables ?? undefined,
  })
  return {
    async onRequestParse({ request, url, serverContext, setRequestParser }) {
      const { req, asked } = serverContext
      if (asked) return setRequestParser(() => withText(asked))
      serverContext.stale = request.headers.get(readFrom) === 'replica'
      serverContext.principal = await gate.admit(request.headers.get('authorization'))
      if (request.method === 'GET') setRequestParser(() => withText(readQueryString(url)))
      if (request.method === 'POST' && req) setRequestParser(async () => withText(await gate.read(req)))
    },
    // Those that may be served never come here.
    // Streams and sockets run subscriptions themselves: what comes here by POST takes neither.
    onSubscribe({ args }) {
      const isGet = args.contextValue.request?.method === 'GET'
      throw isGet
        ? requestError('BAD_REQUEST', 'Subscribe by POST or over a WebSocket.', {
            status: 405,
            headers: { allow: 'POST' },
          })
        : requestError('BAD_REQUEST', 'A subscription is a stream: accept text/event-stream, or use a WebSocket.', {
            status: 406,
          })
    },
  }
}

function assertJson(request: IncomingMessage): void {
  const type = request.headers['content-type']
  if (type !== 'application/json' && type?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw requestError('BAD_REQUEST', `The Content-Type must be application/json, it is ${type ?? 'missing'}.`, {
      status: 415,
    })
  }
  const encoding = request.headers['content-encoding']
  if (encoding && encoding !== 'identity') {
    throw requestError('BAD_REQUEST', `The Content-Encoding ${encoding} is not supported.`, { status: 415 })
  }
}

function readQueryString(url: URL): OperationParams {
  const given = (name: string) => url.searchParams.get(name) ?? undefined
  const json = (name: string) => {
    const text = given(name)
    return text === undefined ? undefined : parseJson(text, name)
  }
  return checkedParams({
    query: given('query'),
    operationName: given('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  })
}
