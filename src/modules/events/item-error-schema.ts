// Why one item of a list was refused, as every mutation of many items tells it.

import { builder } from '../../builder.ts'
import { ApiError, type ErrorCode, errorCodes } from '../../errors.ts'

const ErrorCodeEnum = builder.enumType('ErrorCode', {
  values: Object.keys(errorCodes) as ErrorCode[], // The keys of that object, exactly.
  description: 'Every code that an error can carry.',
})

// A plain copy: GraphQL takes an Error that a resolver gives for the resolver's own failure.
export const ItemError = builder.objectRef<Pick<ApiError, 'code' | 'message' | 'field'>>('ItemError').implement({
  description: 'Why one item of a list was refused.',
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCodeEnum }),
    message: t.exposeString('message'),
    field: t.string({ nullable: true, description: 'The input at fault.', resolve: ({ field }) => field ?? null }),
    retryable: t.boolean({ resolve: ({ code }) => errorCodes[code].retryable }),
  }),
})

/** Null for what is no refusal. */
export const itemErrorOf = (outcome: unknown) =>
  outcome instanceof ApiError ? { code: outcome.code, message: outcome.message, field: outcome.field } : null
