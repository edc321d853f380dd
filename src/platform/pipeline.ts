// The one GraphQL pipeline behind HTTP and WebSocket: parse and validate within limits, run with graphql-js, mask errors.
// Every operation gets a context of its own, so nothing that hangs on one grows stale. Subscriptions run beside it (messages.ts).

import { execute, type GraphQLSchema, getOperationAST } from 'graphql'
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import type { Documents } from './documents.ts'
import { withExtensions } from './extensions.ts'
import type { Mask } from './mask.ts'
import { type Caller, type GateOptions, useRequestGate } from './request-gate.ts'

export interface PipelineOptions<Principal, Context extends object> {
  schema: GraphQLSchema
  documents: Documents
  mask: Mask
  contextFor(principal: Principal | null, asked: { stale: boolean }): Context
  gate: GateOptions<Principal>
}

export type Pipeline<Principal> = YogaServerInstance<Caller<Principal>, object>

/** Serves `/graphql` as a request listener, and other transports through `getEnveloped({ principal })`. */
export function createPipeline<Principal, Context extends object>(
  options: PipelineOptions<Principal, Context>,
): Pipeline<Principal> {
  return createYoga<Caller<Principal>>({
    schema: options.schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: false, // the gate counts
    parserAndValidationCache: false, // the documents are kept for all transports together
    maskedErrors: { maskError: options.mask, errorMessage: 'Unexpected error.' },
    plugins: [useRequestGate(options.gate), useDocuments(options.documents), useFreshContexts(options.contextFor)],
  })
}

function useDocuments(documents: Documents): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source) => documents.parse(typeof source === 'string' ? source : source.body))
    },
    onValidate({ params, setValidationFn }) {
      const document = params.documentAST
      setValidationFn(() => documents.validate(document))
    },
  }
}

function useFreshContexts<Principal>(
  contextFor: PipelineOptions<Principal, object>['contextFor'],
): Plugin<Caller<Principal>> {
  return {
    onExecute({ args, setExecuteFn }) {
      const { principal, stale = false } = args.contextValue
      // What a mutation reads is what it has just written.
      const isQuery = () => getOperationAST(args.document, args.operationName)?.operation === 'query'
      setExecuteFn(() => {
        const contextValue = contextFor(principal, { stale: stale && isQuery() })
        return withExtensions(execute({ ...args, contextValue }), { contextValue, rootValue: args.rootValue })
      })
    },
  }
}
