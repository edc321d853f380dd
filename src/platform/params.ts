// The shape of a GraphQL request, whichever way it came: the members that it may have and their types.

import { assertShallow } from './document-limits.ts'
import { requestError } from './mask.ts'

/** One operation as a client asks for it. Without `query` it names a persisted one in `extensions`. */
export interface OperationParams {
  query?: string | null
  operationName?: string | null
  variables?: Record<string, unknown> | null
  extensions?: Record<string, unknown> | null
}

const members = new Set(['query', 'operationName', 'variables', 'extensions'])

/** @throws BAD_REQUEST for what is no request, BAD_INPUT for variables nested too deeply. */
export function checkedParams(given: unknown): OperationParams {
  if (Array.isArray(given)) throw badRequest('Batching is off: send one operation per request.')
  if (!isObject(given)) throw badRequest(wanted)
  for (const name in given) {
    if (given[name] != null && !members.has(name)) throw badRequest(`Unexpected parameter "${name}" in the request.`)
  }
  const { query, operationName, variables, extensions } = given
  if (extensions != null && !isObject(extensions)) throw badRequest('"extensions" must be an object.')
  if (query != null && typeof query !== 'string') throw badRequest(wanted)
  if (query == null && extensions?.persistedQuery == null) throw badRequest(wanted)
  if (operationName != null && typeof operationName !== 'string') throw badRequest('"operationName" must be a text.')
  if (variables != null && !isObject(variables)) throw badRequest('"variables" must be an object.')
  assertShallow(variables)
  return { query, operationName, variables, extensions }
}

const wanted = 'A request is an object with the text "query" and, if needed, "variables" and "operationName".'

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const badRequest = (message: string) => requestError('BAD_REQUEST', message, { status: 400 })
