// The errors that callers may see: a closed list of codes, each with a message that names what to mend.
// Everything else is masked where a response is made (platform/http).

import { GraphQLError } from 'graphql'

/** Every code that a response can carry, and whether the same request may succeed later. */
export const errorCodes = {
  BAD_INPUT: { retryable: false },
  NOT_FOUND: { retryable: false },
  CONFLICT: { retryable: false },
  IDEMPOTENCY_CONFLICT: { retryable: false },
  IMMUTABLE_FIELD: { retryable: false },
  UNAUTHENTICATED: { retryable: false },
  FORBIDDEN: { retryable: false },
  RATE_LIMITED: { retryable: true },
  CURSOR_EXPIRED: { retryable: false },
  LIMIT_EXCEEDED: { retryable: false },
  GRAPHQL_PARSE_FAILED: { retryable: false },
  GRAPHQL_VALIDATION_FAILED: { retryable: false },
  BAD_REQUEST: { retryable: false },
  PAYLOAD_TOO_LARGE: { retryable: false },
  UNAVAILABLE: { retryable: true },
  INTERNAL_SERVER_ERROR: { retryable: false },
} as const

export type ErrorCode = keyof typeof errorCodes

/** An expected failure. `field` is the path of the input at fault, such as `input.profile.email`. */
export class ApiError extends GraphQLError {
  readonly code: ErrorCode
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, detail: { field?: string; [extra: string]: unknown } = {}) {
    super(message, { extensions: { code, retryable: errorCodes[code].retryable, ...detail } })
    this.name = 'ApiError'
    this.code = code
    this.field = detail.field
  }
}

export const badInput = (message: string, field?: string) => new ApiError('BAD_INPUT', message, { field })
export const notFound = (message: string, field?: string) => new ApiError('NOT_FOUND', message, { field })
export const conflict = (message: string, field?: string) => new ApiError('CONFLICT', message, { field })
