// The one door for errors: what leaves the server carries a code of the closed list and `retryable`; everything else
// becomes "Unexpected error." with a correlation id under which the log holds the stack.

import { randomUUID } from 'node:crypto'
import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql'
import { ApiError, type ErrorCode, errorCodes } from '../errors.ts'
import type { Log } from './log.ts'
import { isUnavailable } from './unavailable.ts'

export type Mask = (error: unknown) => GraphQLError

const maxMessageCharacters = 1_000

/** The mask of one server. `translate` is asked about what has no code; what it does not know is logged and hidden. */
export function createMask(options: { log: Log; translate?(error: unknown): GraphQLError | undefined }): Mask {
  const hidden = new WeakSet<GraphQLError>()

  const hide = (error: unknown): GraphQLError => {
    const correlationId = randomUUID()
    options.log.error({ err: rootOf(error), correlationId, path: pathOf(error) }, 'unexpected error')
    const extensions = { code: 'INTERNAL_SERVER_ERROR', retryable: false, correlationId, unexpected: true }
    const masked = locate('Unexpected error.', error, extensions)
    hidden.add(masked)
    return masked
  }

  const retryLater = (error: unknown): GraphQLError => {
    options.log.warn({ err: rootOf(error), path: pathOf(error) }, 'the database is out of reach')
    // The status is for a request that failed as a whole: one field's outage does not spoil the others' answers.
    const http = pathOf(error) ? {} : { http: { status: 503 } }
    return locate('Not available right now. Send the same request again later.', error, {
      code: 'UNAVAILABLE',
      retryable: true,
      ...http,
    })
  }

  return (error) => {
    if (error instanceof GraphQLError && hidden.has(error)) return error
    const known = asKnown(error) ?? asPlain(error)
    if (known) return known
    if (isUnavailable(error)) return retryLater(error)
    const translated = asKnown(options.translate?.(rootOf(error)))
    return translated ? locate(translated.message, error, translated.extensions) : hide(error)
  }
}

/** An error of parsing: GRAPHQL_PARSE_FAILED, a syntax error or a text over a limit. */
export function asParseError(error: unknown): unknown {
  return error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED', 400) : error
}

/** An error of validation: a code that a scalar gave stays, the rest is GRAPHQL_VALIDATION_FAILED. */
export function asValidationError(error: Error): GraphQLError {
  const refusal = error instanceof GraphQLError ? error : new GraphQLError(error.message)
  const code = asKnown(refusal)?.extensions.code
  return coded(refusal, isErrorCode(code) ? code : 'GRAPHQL_VALIDATION_FAILED', 400)
}

/** What a caller sees of a masked error: all but what concerns only HTTP or this server. yoga does the same for its responses. */
export function onTheWire(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON()
  const { http: _http, unexpected: _unexpected, ...shown } = extensions
  return { ...rest, extensions: shown }
}

function asKnown(error: unknown): GraphQLError | undefined {
  if (!(error instanceof GraphQLError) || !(rootOf(error) instanceof GraphQLError)) return undefined
  const code = error.extensions.code
  if (isErrorCode(code)) return code === 'INTERNAL_SERVER_ERROR' ? undefined : coded(error, code)
  // yoga's own word for "no such operation in this document"
  return code === 'OPERATION_RESOLUTION_FAILURE' ? coded(error, 'BAD_REQUEST') : undefined
}

// graphql-js throws GraphQLErrors without a code. Those of a request that never began to run have no path; of the others
// only the ones about an argument are the caller's doing.
function asPlain(error: unknown): GraphQLError | undefined {
  if (!(error instanceof GraphQLError) || error.extensions.code !== undefined) return undefined
  if (!(rootOf(error) instanceof GraphQLError)) return undefined
  if (error.path) return /^Argument "/.test(error.message) ? coded(error, 'BAD_INPUT') : undefined
  if (error.message.startsWith('Syntax Error')) return coded(error, 'GRAPHQL_PARSE_FAILED', 400)
  const aboutVariable = error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION
  return coded(error, aboutVariable ? 'BAD_INPUT' : 'BAD_REQUEST', 400)
}

function coded(error: GraphQLError, code: ErrorCode, status?: number): GraphQLError {
  const { retryable } = errorCodes[code]
  const field = error.extensions.field ?? fieldOf(error.message)
  const http = status ? { http: { spec: true, status } } : {}
  return locate(error.message, error, { ...http, ...error.extensions, code, retryable, ...(field ? { field } : {}) })
}

// graphql-js names the place of a wrong variable only in its message: `Variable "$input" got invalid value … at "input.a[0].b"; …`
function fieldOf(message: string): string | undefined {
  const name = /^Variable "\$(\w+)"/.exec(message)?.[1]
  if (!name) return undefined
  const place = / at "([\w.[\]]+)"; /.exec(message)?.[1] ?? name
  const inside = /; Field "([^"]+)" (?:of required type|is not defined)/.exec(message)?.[1]
  return inside ? `${place}.${inside}` : place
}

function locate(message: string, at: unknown, extensions: Record<string, unknown>): GraphQLError {
  const text = message.length > maxMessageCharacters ? `${message.slice(0, maxMessageCharacters)} …` : message
  if (!(at instanceof GraphQLError)) return new GraphQLError(text, { extensions })
  const { nodes, source, positions, path } = at
  return new GraphQLError(text, { nodes, source, positions, path, extensions })
}

function rootOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? rootOf(error.originalError) : error
}

function pathOf(error: unknown): readonly (string | number)[] | undefined {
  return error instanceof GraphQLError ? error.path : undefined
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code)
}

/** An error of the request itself, with the HTTP status that a client meets it with. */
export function requestError(
  code: ErrorCode,
  message: string,
  http: { status: number; headers?: Record<string, string> },
) {
  return new ApiError(code, message, { http })
}
