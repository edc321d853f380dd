// Running subscriptions with graphql-js: the source once, then the document for each message. Messages of one page share a
// context, so that what they look up is fetched together; the next page gets a fresh one, so that nothing grows stale.

import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import { withExtensions } from './extensions.ts'
import { type Mask, onTheWire } from './mask.ts'
import type { Caller } from './request-gate.ts'

/** A subscription as it was prepared. */
export interface Subscribing<Principal> extends ExecutionArgs {
  contextValue: Caller<Principal>
}

export interface Rendered {
  /** The result of each message as JSON. */
  payloads: Buffer[]
  /** True where the database was out of reach for some of it: the same page may do better later. */
  isUnavailable: boolean
}

export interface Messages<Principal> {
  /** What the resolver returned, or why it did not, masked. Never throws. */
  open(subscribing: Subscribing<Principal>): Promise<AsyncIterable<unknown> | ExecutionResult>
  /** The results of a page, with one context for all of them. */
  render(subscribing: Subscribing<Principal>, page: readonly unknown[]): Promise<Rendered>
}

export interface MessageParts<Principal> {
  mask: Mask
  contextFor(principal: Principal | null): object
}

export function createMessages<Principal>({ mask, contextFor }: MessageParts<Principal>): Messages<Principal> {
  const fresh = ({ contextValue }: Subscribing<Principal>) => contextFor(contextValue.principal)
  return {
    async open(subscribing) {
      try {
        const source = await createSourceEventStream({ ...subscribing, contextValue: fresh(subscribing) })
        return Symbol.asyncIterator in source ? source : { ...source, errors: source.errors?.map(mask) }
      } catch (error) {
        return { errors: [mask(error)] }
      }
    },
    async render(subscribing, page) {
      const contextValue = fresh(subscribing)
      const results = await Promise.all(
        page.map((rootValue) =>
          withExtensions(execute({ ...subscribing, rootValue, contextValue }), { contextValue, rootValue }),
        ),
      )
      let isUnavailable = false
      const payloads = results.map(({ errors: found, ...result }) => {
        const errors = found?.map(mask)
        isUnavailable ||= errors?.some(({ extensions }) => extensions.code === 'UNAVAILABLE') ?? false
        return Buffer.from(JSON.stringify(errors ? { ...result, errors: errors.map(onTheWire) } : result))
      })
      return { payloads, isUnavailable }
    },
  }
}
