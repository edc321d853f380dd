// A running server with a database of its own, and clients that speak to it as a user's would.

import { type Client, createClient } from 'graphql-ws'
import { inject } from 'vitest'
import WebSocket from 'ws'
import { type App, openApp } from '../../src/app.ts'
import type { TypedDocumentString } from '../../src/generated/operations/graphql.ts'
import { newId } from '../../src/ids.ts'
import { secretColumns } from '../../src/modules/accounts/keys.ts'
import { createLog, type Log } from '../../src/platform/log.ts'
import { backend, copyTemplate } from './backend.ts'

export const adminKey = 'the-first-account-key-for-tests'

export interface GraphQLErrorShape {
  message: string
  path?: (string | number)[]
  extensions: { code: string; field?: string; retryable: boolean; [more: string]: unknown }
}

export interface Answer<T> {
  status: number
  data: T | null
  errors: GraphQLErrorShape[]
}

// biome-ignore lint/suspicious/noExplicitAny: untyped documents answer whatever they ask for
type Untyped = any

type Document<T, V> = TypedDocumentString<T, V> | string

export interface Caller {
  key: string
  /** The whole answer, errors included. */
  send<T = Untyped, V = Record<string, unknown>>(document: Document<T, V>, variables?: V): Promise<Answer<T>>
  /** The data; throws where there are errors. */
  query<T = Untyped, V = Record<string, unknown>>(document: Document<T, V>, variables?: V): Promise<T>
  /** A graphql-ws client with the caller's key. */
  socket(options?: { lazy?: boolean; retryAttempts?: number }): Client
}

export interface TestServer extends Caller {
  app: App
  url: string
  as(key: string): Caller
  /** A key of a second account, which knows nothing of the first. */
  otherAccount(name?: string): Promise<Caller>
  /** A caller with a key of those scopes. */
  withScopes(...scopes: string[]): Promise<Caller>
  stop(): Promise<void>
}

export async function startServer({ log = createLog({ level: 'error' }) }: { log?: Log } = {}): Promise<TestServer> {
  const copy = await copyTemplate(inject('template'))
  const redisUrl = backend() === 'postgresql' ? process.env.TEST_REDIS_URL : undefined
  const app = await openApp({
    config: { port: 0, host: '127.0.0.1', adminKey, redisUrl, corsOrigins: [] },
    database: copy.place,
    log,
  })
  const first = callerOf(app.url, adminKey)
  return {
    ...first,
    app,
    url: app.url,
    as: (key) => callerOf(app.url, key),
    otherAccount: (name = 'Other') => otherAccount(app, name),
    withScopes: async (...scopes) => {
      const { createApiKey } = await first.query(createKey, { input: { name: scopes.join(' ') || 'none', scopes } })
      return callerOf(app.url, createApiKey.secret)
    },
    async stop() {
      await app.close()
      await copy.remove()
    },
  }
}

const createKey = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }'

// An account is made by the operator, not by the API.
async function otherAccount({ url, services }: App, name: string): Promise<Caller> {
  const [accountId, secret] = [newId(), `other-account-${newId()}`]
  const { system } = services.database
  await system.account.create({ data: { id: accountId, name } })
  await system.apiKey.create({ data: { accountId, id: newId(), name, scopes: ['ADMIN'], ...secretColumns(secret) } })
  return callerOf(url, secret)
}

export function callerOf(url: string, key: string): Caller {
  const send = async <T, V>(document: Document<T, V>, variables?: V): Promise<Answer<T>> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: document.toString(), variables }),
    })
    // The server's answer; its shape is what the test is about.
    const { data = null, errors = [] } = (await response.json()) as Partial<Answer<T>>
    return { status: response.status, data, errors }
  }
  return {
    key,
    send,
    async query(document, variables) {
      const { data, errors } = await send(document, variables)
      if (errors.length || !data) throw new Error(errors.map(({ message }) => message).join('\n') || 'no data')
      return data
    },
    socket: (options) =>
      createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${key}` },
        retryAttempts: 0,
        ...options,
      }),
  }
}
