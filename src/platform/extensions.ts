// What a context has to say beside the data of a response, added to it where there is anything.

import type { ExecutionResult } from 'graphql'

/** A context may tell extensions, of an operation or of one message of it. */
export interface Telling {
  extensionsOf?(rootValue: unknown): Record<string, unknown> | undefined
}

interface Run {
  contextValue: Telling
  rootValue: unknown
}

/** The result of a run, with the extensions of its context. */
export function withExtensions(
  result: ExecutionResult | Promise<ExecutionResult>,
  run: Run,
): ExecutionResult | Promise<ExecutionResult> {
  return 'then' in result ? result.then((done) => extended(done, run)) : extended(result, run)
}

function extended(result: ExecutionResult, { contextValue, rootValue }: Run): ExecutionResult {
  const extensions = contextValue.extensionsOf?.(rootValue)
  return extensions ? { ...result, extensions: { ...result.extensions, ...extensions } } : result
}
