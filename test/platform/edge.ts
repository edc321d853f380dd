// A small schema behind the real edge, for tests of what the edge itself promises: real sockets on a free port, loopback only.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import {
  GraphQLError,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql'
import { onTestFinished } from 'vitest'
import { ApiError, badInput } from '../../src/errors.ts'
import { type HttpOptions, openHttp } from '../../src/platform/http.ts'
import { createLog } from '../../src/platform/log.ts'
import { Feed } from './feed.ts'

export const adaKey = 'key-of-ada-0123456789-abcdef'
export const secret = 'postgresql://root:hunter2@db'

/** Every operation and message gets one of its own; `number` counts them. */
export interface EdgeContext {
  principal: string | null
  number: number
}

export type EdgeOptions = Partial<HttpOptions<string, EdgeContext>>

/** What a test can see and steer of the running server. */
export interface Edge {
  url: string
  port: number
  close(graceMs?: number): Promise<void>
  feed: Feed
  notes: string[]
  logged(): string
  /** Lets the operations that wait in `slow` and `slowNote` go on. */
  release(): void
  /** Resolves when one more operation waits in `slow` or `slowNote`. */
  arrived(): Promise<void>
  /** Waits as they do. */
  wait(): Promise<void>
}

/** Starts a server that ends with the test. The keys known are `adaKey` alone. */
export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const feed = new Feed()
  const notes: string[] = []
  const gate = createGate()
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  let contexts = 0
  const server = await openHttp<string, EdgeContext>({
    schema: buildEdgeSchema({ feed, notes, gate }),
    log: createLog({ level: 'debug', destination }),
    port: 0,
    host: '127.0.0.1',
    corsOrigins: [],
    authenticate: async (key) => (key === adaKey ? 'Ada' : null),
    contextFor: (principal) => ({ principal, number: ++contexts }),
    ready: async () => [],
    ...options,
  })
  onTestFinished(() => {
    gate.open()
    return server.close(0)
  })
  return {
    ...server,
    feed,
    notes,
    logged: () => lines.join(''),
    release: gate.open,
    arrived: gate.arrived,
    wait: gate.wait,
  }
}

/** A POST as a program sends it. */
export async function post(edge: Edge, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${edge.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
  return answerOf(response)
}

export async function answerOf(response: Response) {
  // The shape of a GraphQL response; each test asserts the part it reads.
  const json = (await response.json()) as { data?: Record<string, unknown> | null; errors?: WireError[] }
  return { status: response.status, headers: response.headers, ...json, error: json.errors?.[0] }
}

/** The schema of the edge's tests, apart from a server. */
export const edgeSchema = () => buildEdgeSchema({ feed: new Feed(), notes: [], gate: createGate() })

export interface WireError {
  message: string
  path?: (string | number)[]
  extensions: { code: string; retryable: boolean; field?: string; correlationId?: string; retryAfterMs?: number }
}

/** A bare TCP connection, for what no HTTP client would send. */
export async function dial(edge: Edge): Promise<{ socket: Socket; received(): string }> {
  const socket = connect(edge.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  socket.on('error', () => undefined)
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return { socket, received: () => text }
}

function createGate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let arrivals = 0
  let tell: () => void = () => undefined
  return {
    open,
    async wait() {
      arrivals += 1
      tell()
      await opened
    },
    async arrived() {
      while (arrivals === 0) {
        await new Promise<void>((resolve) => {
          tell = resolve
        })
      }
      arrivals -= 1
    },
  }
}

interface Parts {
  feed: Feed
  notes: string[]
  gate: ReturnType<typeof createGate>
}

const stamp = new GraphQLScalarType({
  name: 'Stamp',
  parseValue: (value) => (value === 'noon' ? value : refuseStamp()),
  parseLiteral: (node) => (node.kind === 'StringValue' && node.value === 'noon' ? node.value : refuseStamp()),
})

const refuseStamp = () => {
  throw badInput('A stamp needs an offset.', 'input.at')
}

const profileInput: GraphQLInputObjectType = new GraphQLInputObjectType({
  name: 'ProfileInput',
  fields: () => ({
    email: { type: new GraphQLNonNull(GraphQLString) },
    age: { type: GraphQLInt },
    at: { type: stamp },
    friend: { type: profileInput },
  }),
})

const failures: Record<string, () => never> = {
  boom: () => {
    throw new Error(`cannot reach ${secret}`)
  },
  bare: () => {
    throw new GraphQLError(`a library's words about ${secret}`)
  },
  outage: () => {
    throw Object.assign(new Error(`Can't reach database server at ${secret}`), { code: 'P1001' })
  },
  refused: () => {
    throw new ApiError('CONFLICT', 'The name is taken.', { field: 'input.name' })
  },
  busy: () => {
    throw new ApiError('RATE_LIMITED', 'Too much at once.', { retryAfterMs: 1_200 })
  },
}

const text = (resolve: (context: EdgeContext) => unknown) => ({
  type: GraphQLString,
  resolve: (_parent: unknown, _args: unknown, context: EdgeContext) => resolve(context),
})

function buildEdgeSchema({ feed, notes, gate }: Parts): GraphQLSchema {
  const query: GraphQLObjectType = new GraphQLObjectType({
    name: 'Query',
    fields: () => ({
      hello: text(() => 'world'),
      me: text((context) => context.principal),
      slow: text(() => gate.wait().then(() => 'done')),
      self: { type: query, resolve: () => ({}) },
      greet: {
        type: GraphQLString,
        args: { profile: { type: new GraphQLNonNull(profileInput) }, id: { type: GraphQLID } },
        resolve: (_parent, args) => `Hello ${args.profile.email}`,
      },
      ...Object.fromEntries(Object.entries(failures).map(([name, fail]) => [name, text(fail)])),
    }),
  })
  const mutation = new GraphQLObjectType({
    name: 'Mutation',
    fields: {
      note: {
        type: GraphQLString,
        args: { text: { type: new GraphQLNonNull(GraphQLString) } },
        resolve: (_parent, args) => {
          notes.push(args.text)
          return args.text
        },
      },
      slowNote: text(async () => {
        await gate.wait()
        notes.push('slow')
        return 'slow'
      }),
    },
  })
  return new GraphQLSchema({ query, mutation, subscription: subscriptionOf(feed) })
}

function subscriptionOf(feed: Feed): GraphQLObjectType {
  const tick = new GraphQLObjectType({
    name: 'Tick',
    fields: {
      word: { type: GraphQLString, resolve: (word: string) => word },
      caller: text((context) => context.principal),
      contextNumber: { type: GraphQLInt, resolve: (_word, _args, context: EdgeContext) => context.number },
      sour: { type: GraphQLString, resolve: failures.boom },
    },
  })
  return new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      ticks: { type: tick, subscribe: () => feed.subscribe(), resolve: (word) => word },
      broken: { type: tick, subscribe: failures.boom },
    },
  })
}
