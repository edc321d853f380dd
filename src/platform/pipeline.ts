// The one GraphQL pipeline behind HTTP and WebSocket: parse and validate within limits, run with graphql-js, mask errors.
// Every operation and every message of a subscription gets a context of its own, so nothing that hangs on one grows stale.

import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql'
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import { overLimits, parseWithinLimits, withinStack } from './document-limits.ts'
import { asValidationError, type Mask } from './mask.ts'
import { type Caller, type GateOptions, useRequestGate } from './request-gate.ts'

export interface PipelineOptions<Principal, Context extends object> {
  schema: GraphQLSchema
  mask: Mask
  contextFor(principal: Principal | null): Context
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
    maskedErrors: { maskError: options.mask, errorMessage: 'Unexpected error.' },
    plugins: [useRequestGate(options.gate), useDocumentLimits(), useFreshContexts(options.contextFor)],
  })
}

function useDocumentLimits(): Plugin {
  const verdicts = new WeakMap<DocumentNode, readonly GraphQLError[]>()
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits)
    },
    onValidate({ params, validateFn, setValidationFn, setResult }) {
      const document = params.documentAST
      const over = verdicts.get(document) ?? withinStack('GRAPHQL_VALIDATION_FAILED', () => overLimits(document))
      verdicts.set(document, over)
      if (over.length > 0) setResult([...over])
      setValidationFn((...given) => withinStack('GRAPHQL_VALIDATION_FAILED', () => validateFn(...given)))
      return ({ result, setResult: replace }) => replace(result.map(asValidationError))
    },
  }
}

function useFreshContexts<Principal>(contextFor: (principal: Principal | null) => object): Plugin<Caller<Principal>> {
  return {
    onExecute({ args, setExecuteFn }) {
      setExecuteFn(() => execute({ ...args, contextValue: contextFor(args.contextValue.principal) }))
    },
    onSubscribe({ args, setSubscribeFn }) {
      setSubscribeFn(() => subscribe(args, () => contextFor(args.contextValue.principal)))
    },
  }
}

/** graphql-js's `subscribe` with a fresh context for the source and for each message. */
async function subscribe(args: ExecutionArgs, freshContext: () => object) {
  const source = await createSourceEventStream({ ...args, contextValue: freshContext() })
  if (!(Symbol.asyncIterator in source)) return source
  return mapMessages(source, (message) => execute({ ...args, rootValue: message, contextValue: freshContext() }))
}

// Not an async generator: its return() would wait for a message that may never come. This one reaches the source at once.
function mapMessages(
  source: AsyncIterable<unknown>,
  run: (message: unknown) => ExecutionResult | Promise<ExecutionResult>,
): AsyncGenerator<ExecutionResult, void> {
  const messages = source[Symbol.asyncIterator]()
  const leave = async () => {
    await messages.return?.()
  }
  return {
    async next() {
      const message = await messages.next()
      if (message.done) return { done: true, value: undefined }
      try {
        return { done: false, value: await run(message.value) }
      } catch (error) {
        await leave()
        throw error
      }
    },
    async return() {
      await leave()
      return { done: true, value: undefined }
    },
    async throw(error) {
      await leave()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await leave()
    },
  }
}
