// Operations named by a hash: what Apollo Client's and urql's persisted queries rely on, and what an operator who lists the
// operations that may run can rely on.

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, fetchExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { createClient } from 'graphql-ws'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createDocuments } from '../../src/platform/documents.ts'
import { createPersisted, keptTexts, readTrusted } from '../../src/platform/persisted.ts'
import { adaKey, answerOf, type Edge, edgeSchema, post, startEdge } from './edge.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const named = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })

const query = '{ hello }'
const unknown = { message: 'PersistedQueryNotFound', extensions: { code: 'NOT_FOUND', retryable: false } }

async function byGet(edge: Edge, params: Record<string, string>) {
  return answerOf(await fetch(`${edge.url}/graphql?${new URLSearchParams(params)}`))
}

describe('a client that sends hashes', () => {
  test('is asked for the text once, and is answered by the hash alone from then on, by POST and by GET', async () => {
    const edge = await startEdge()
    const extensions = named(hashOf(query))
    expect(await post(edge, { extensions })).toMatchObject({ status: 200, errors: [unknown] })
    expect(await byGet(edge, { extensions: JSON.stringify(extensions) })).toMatchObject({ errors: [unknown] })
    expect(await post(edge, { query, extensions })).toMatchObject({ data: { hello: 'world' } })
    expect(await post(edge, { extensions })).toMatchObject({ status: 200, data: { hello: 'world' } })
    expect(await byGet(edge, { extensions: JSON.stringify(extensions) })).toMatchObject({ data: { hello: 'world' } })
  })

  test('may register by GET too, but never runs a mutation so', async () => {
    const edge = await startEdge()
    const mutation = 'mutation { note(text: "x") }'
    const register = (text: string) => ({ query: text, extensions: JSON.stringify(named(hashOf(text))) })
    expect(await byGet(edge, register(query))).toMatchObject({ data: { hello: 'world' } })
    expect(await post(edge, { extensions: named(hashOf(query)) })).toMatchObject({ data: { hello: 'world' } })
    expect((await byGet(edge, register(mutation))).status).toBe(405)
    expect((await byGet(edge, { extensions: JSON.stringify(named(hashOf(mutation))) })).status).toBe(405)
    expect(edge.notes).toEqual([])
  })

  test('cannot give a text a hash that is not its own', async () => {
    const edge = await startEdge()
    const extensions = named(hashOf('{ me }'))
    expect((await post(edge, { query, extensions })).error?.extensions.code).toBe('BAD_REQUEST')
    expect((await post(edge, { extensions })).error).toMatchObject(unknown)
  })

  test('finds no document there that does not fit the schema', async () => {
    const edge = await startEdge()
    const extensions = named(hashOf('{ helo }'))
    expect((await post(edge, { query: '{ helo }', extensions })).error?.extensions.code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    )
    expect((await post(edge, { extensions })).error).toMatchObject(unknown)
  })

  test.each([{ version: 2, sha256Hash: 'a' }, { version: 1 }, 'a', []])(
    'in another way than the protocol’s, as %j, is told so',
    async (persistedQuery) => {
      const answer = await post(await startEdge(), { query, extensions: { persistedQuery } })
      expect(answer).toMatchObject({ status: 400, error: { extensions: { code: 'BAD_REQUEST' } } })
    },
  )

  test('and has none to name may say so with null beside the text', async () => {
    const edge = await startEdge()
    const extensions = { persistedQuery: null }
    expect(await post(edge, { query, extensions })).toMatchObject({ status: 200, data: { hello: 'world' } })
    expect(await byGet(edge, { query, extensions: JSON.stringify(extensions) })).toMatchObject({
      data: { hello: 'world' },
    })
    expect((await post(edge, { extensions })).error?.extensions.code).toBe('BAD_REQUEST')
  })

  test('and registers ever new ones loses the oldest, not those in use', () => {
    const persisted = createPersisted(createDocuments(edgeSchema()))
    const text = (index: number) => `query Q${index} { hello }`
    const register = (index: number) => persisted.textOf({ query: text(index), extensions: named(hashOf(text(index))) })
    const find = (index: number) => persisted.textOf({ extensions: named(hashOf(text(index))) })
    for (let index = 0; index <= keptTexts.count; index += 1) {
      register(index)
      expect(find(0)).toBe(text(0))
    }
    expect(() => find(1)).toThrow('PersistedQueryNotFound')
    expect(find(2)).toBe(text(2))
  })
})

test('a socket takes hashes too, beside an empty text', async () => {
  const edge = await startEdge()
  const client = createClient({
    url: `ws://127.0.0.1:${edge.port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${adaKey}` },
    retryAttempts: 0,
  })
  onTestFinished(() => client.dispose())
  const ask = async (payload: { query: string }) => {
    for await (const result of client.iterate({ ...payload, extensions: named(hashOf('{ me }')) })) return result
    return undefined
  }
  await expect(ask({ query: '' })).rejects.toMatchObject([unknown])
  expect(await ask({ query: '{ me }' })).toEqual({ data: { me: 'Ada' } })
  expect(await ask({ query: '' })).toEqual({ data: { me: 'Ada' } })
})

test('urql’s persisted exchange works with it', async () => {
  const edge = await startEdge()
  const sent: { query?: string }[] = []
  const client = new Client({
    url: `${edge.url}/graphql`,
    preferGetMethod: false,
    requestPolicy: 'network-only',
    exchanges: [persistedExchange({ preferGetForPersistedQueries: false, enableForMutation: true }), fetchExchange],
    fetch: (url, init) => {
      sent.push(JSON.parse(String(init?.body)))
      return fetch(url, init)
    },
    fetchOptions: { headers: { authorization: `Bearer ${adaKey}` } },
  })
  expect((await client.query('{ me }', {}).toPromise()).data).toEqual({ me: 'Ada' })
  expect((await client.query('{ me }', {}).toPromise()).data).toEqual({ me: 'Ada' })
  expect(sent.map((body) => body.query !== undefined)).toEqual([false, true, false])
})

describe('an operator’s list', () => {
  const trusted = new Map([
    ['names-may-be-anything', query],
    ['sums', 'query Sums($text: String!) { greet(profile: { email: $text }) }'],
  ])

  test('names operations that run at once, beside all others', async () => {
    const edge = await startEdge({ persisted: { trusted } })
    expect(await post(edge, { extensions: named('names-may-be-anything') })).toMatchObject({ data: { hello: 'world' } })
    const answer = await post(edge, { extensions: named('sums'), variables: { text: 'a@b.c' } })
    expect(answer).toMatchObject({ data: { greet: 'Hello a@b.c' } })
    expect(await post(edge, { query: '{ me }' })).toMatchObject({ data: { me: null } })
  })

  test('can be all that runs: other texts are refused, with a hash and without', async () => {
    const edge = await startEdge({ persisted: { trusted, trustedOnly: true } })
    const refusal = { status: 200, error: { extensions: { code: 'FORBIDDEN', retryable: false } } }
    expect(await post(edge, { query: '{ me }' })).toMatchObject(refusal)
    expect(await post(edge, { query: '{ me }', extensions: named(hashOf('{ me }')) })).toMatchObject(refusal)
    expect(await post(edge, { extensions: named(hashOf('{ me }')) })).toMatchObject(refusal)
    expect(await byGet(edge, { query: '{ me }' })).toMatchObject({ error: { extensions: { code: 'FORBIDDEN' } } })
    expect(await post(edge, { extensions: named('names-may-be-anything') })).toMatchObject({ data: { hello: 'world' } })
    expect(await post(edge, { query })).toMatchObject({ data: { hello: 'world' } })
  })

  test('may hold what does not fit the schema: the log names it, the rest runs', async () => {
    const edge = await startEdge({ persisted: { trusted: new Map([...trusted, ['old', '{ helo }'], ['torn', '{']]) } })
    expect(edge.logged()).toContain('"hashes":["old","torn"]')
    expect((await post(edge, { extensions: named('old') })).error?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    expect(await post(edge, { extensions: named('names-may-be-anything') })).toMatchObject({ data: { hello: 'world' } })
  })

  test('is read from a file of documents by hash', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'persisted-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = path.join(folder, 'persisted-documents.json')
    await writeFile(file, JSON.stringify({ a: '{ hello }' }))
    expect([...readTrusted(file)]).toEqual([['a', '{ hello }']])
    for (const text of ['[', '[]', '{}', '{"a":5}']) {
      await writeFile(file, text)
      expect(() => readTrusted(file)).toThrow()
    }
  })
})
