// From what a client asks for to what can be run, the same for every transport: the text (given, or persisted and named by
// its hash), its tree and verdict from memory, the operation meant. What hangs on variables is judged each time, when it runs.

import {
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql'
import type { Documents } from './documents.ts'
import { type Mask, requestError } from './mask.ts'
import type { OperationParams } from './params.ts'
import type { PersistedOperations } from './persisted.ts'
import type { Caller } from './request-gate.ts'

/** What `execute` and `subscribe` of the pipeline take. The same text gives the same `document` object while it is kept. */
export interface Prepared<Principal> extends ExecutionArgs {
  document: DocumentNode
  contextValue: Caller<Principal>
  /** The one that will run; its `operation` says whether it is a query, a mutation or a subscription. */
  operation: OperationDefinitionNode
}

export interface Operations<Principal> {
  /** Checked params in, arguments out. Errors are returned, masked, never thrown; `isRefused` tells them from arguments. */
  prepare(params: OperationParams, caller: Caller<Principal>): Prepared<Principal> | readonly GraphQLError[]
}

export interface OperationParts {
  schema: GraphQLSchema
  documents: Documents
  persisted: PersistedOperations
  mask: Mask
}

export function createOperations<Principal>(parts: OperationParts): Operations<Principal> {
  const { schema, documents, persisted, mask } = parts
  return {
    prepare(params, caller) {
      try {
        const document = documents.parse(persisted.textOf(params))
        const errors = documents.validate(document)
        if (errors.length > 0) return errors
        const operation = getOperationAST(document, params.operationName)
        if (!operation) return [notTold()]
        return {
          schema,
          document,
          operation,
          operationName: params.operationName,
          variableValues: params.variables,
          contextValue: caller,
        }
      } catch (error) {
        return [mask(error)]
      }
    },
  }
}

/** True for the errors of an operation that cannot run. */
export function isRefused<Principal>(
  prepared: Prepared<Principal> | readonly GraphQLError[],
): prepared is readonly GraphQLError[] {
  return Array.isArray(prepared)
}

const notTold = () => requestError('BAD_REQUEST', 'Could not determine what operation to execute.', { status: 400 })
