// What the edge is told by the application, and every limit it keeps. A limit can be lowered (tests do), none can be switched off.

import type { GraphQLError, GraphQLSchema } from 'graphql'
import type { FileRoute } from './files.ts'
import type { Log } from './log.ts'
import type { PersistedOptions } from './persisted.ts'
import type { Posts } from './rest.ts'

/** How the edge serves a schema. `Principal` is whoever a key belongs to, `Context` what resolvers receive. */
export interface HttpOptions<Principal, Context extends object> {
  schema: GraphQLSchema
  log: Log
  /** 0 takes any free port. */
  port: number
  host: string
  /** Web origins (`https://app.example.com`) that may call from a browser page; same-origin pages always may. */
  corsOrigins: readonly string[]
  /** Whoever the bare key belongs to; null for an unknown or revoked one. Called once per HTTP request or socket that brings a key. */
  authenticate(key: string): Promise<Principal | null>
  /** A fresh context, called once per operation and once per message of a subscription. null: nobody, no key was sent; `stale`: the caller takes what is a moment old. */
  contextFor(principal: Principal | null, asked?: { stale: boolean }): Context
  /**
   * Equal texts for callers who may see the same of everything: their equal subscriptions are run once for all of them.
   * undefined for one who shares with nobody, as nobody does where this is left out.
   */
  rightsOf?(principal: Principal | null): string | undefined
  /** What stands in the way of serving, one short line each; empty when ready. Shown to anybody who asks, so no secrets. */
  ready(): Promise<readonly string[]>
  /** Gives an error of a library its place in the closed list of codes; undefined leaves it to the edge. */
  translate?(error: unknown): GraphQLError | undefined
  /** Operations that the operator trusts; without, clients register theirs. */
  persisted?: PersistedOptions
  /** What is served by plain POST, by path. */
  posts?: Posts<Context>
  /** Files that are sent and fetched, by the pattern of their path. */
  files?: readonly FileRoute<Principal, Context>[]
  graphiql?: GraphiqlOptions
  limits?: Partial<HttpLimits>
}

export interface GraphiqlOptions {
  title?: string
  /** The text of the first tab; comments are welcome. */
  defaultQuery?: string
}

/** A server that listens. */
export interface HttpServer {
  /** Without a path and a final slash: `http://127.0.0.1:4000`. */
  url: string
  port: number
  /** Finishes what was accepted, for at most `graceMs` (10,000), then cuts. Safe to call twice. */
  close(graceMs?: number): Promise<void>
}

export interface HttpLimits {
  /** Of an HTTP body and of a WebSocket message. */
  bodyBytes: number
  headersTimeoutMs: number
  requestTimeoutMs: number
  readyTimeoutMs: number
  /** Between the opening of a socket and its connection_init. */
  connectionInitMs: number
  /** Between two pings; a peer that leaves one unanswered for as long again is cut. */
  keepAliveMs: number
  subscriptionsPerSocket: number
  /** What may wait in a subscriber's connection; while more does, it misses messages of what it subscribes to. */
  waitingBytes: number
}

export const httpLimits: HttpLimits = {
  bodyBytes: 1_000_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  readyTimeoutMs: 2_000,
  connectionInitMs: 3_000,
  keepAliveMs: 12_000,
  subscriptionsPerSocket: 100,
  waitingBytes: 1_000_000,
}
