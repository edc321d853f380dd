// The short way of a POST beside yoga's own: a client cannot tell which of the two answered.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDocuments } from '../../src/platform/documents.ts'
import { createLog } from '../../src/platform/log.ts'
import { createMask } from '../../src/platform/mask.ts'
import { createPersisted } from '../../src/platform/persisted.ts'
import { createPipeline } from '../../src/platform/pipeline.ts'
import { adaKey, type EdgeContext, edgeSchema, post, startEdge } from './edge.ts'

/** yoga alone, as a request listener. */
async function startYoga(): Promise<string> {
  const schema = edgeSchema()
  const documents = createDocuments(schema)
  const pipeline = createPipeline<string, EdgeContext>({
    schema,
    documents,
    mask: createMask({ log: createLog({ level: 'silent' }) }),
    contextFor: (principal) => ({ principal, number: 0 }),
    gate: {
      bodyBytes: 1_000_000,
      persisted: createPersisted(documents),
      authenticate: async (key) => (key === adaKey ? 'Ada' : null),
    },
  })
  const server = createServer((request, response) => pipeline.handle(request, response, { principal: null }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // It listens on TCP.
}

const told = ['www-authenticate', 'allow', 'content-type']

async function ask(url: string, body: unknown, headers: Record<string, string>) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = (await response.text()).replace(/"correlationId":"[^"]+"/g, '"correlationId":"…"')
  return { status: response.status, headers: told.map((name) => response.headers.get(name)), text }
}

const accepts = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'text/event-stream, application/graphql-response+json;q=0.9, application/json, multipart/mixed',
  'application/json; charset=iso-8859-1, application/graphql-response+json; charset=utf-8',
]

describe('both ways answer alike, whatever the client accepts, to', () => {
  test.each<[string, unknown, Record<string, string>?]>([
    ['a query', { query: '{ hello me }' }, { authorization: `Bearer ${adaKey}` }],
    ['a mutation', { query: 'mutation ($t: String!) { note(text: $t) }', variables: { t: 'x' } }],
    ['some fields that fail', { query: '{ hello refused boom outage }' }],
    ['a text that is no document', { query: '{ hello' }],
    ['a document too long', { query: `{ hello } #${'x'.repeat(200_000)}` }],
    ['an unknown field', { query: '{ helo }' }],
    ['a literal that a scalar refuses', { query: '{ greet(profile: { email: "a", at: "dusk" }) }' }],
    ['a document too deep', { query: `${'{ self '.repeat(17)}{ hello }${' }'.repeat(17)}` }],
    ['a wrong variable', { query: 'query ($p: ProfileInput!) { greet(profile: $p) }', variables: { p: {} } }],
    ['two operations and no name', { query: 'query A { hello } query B { hello }' }],
    ['an unknown key', { query: '{ hello }' }, { authorization: 'Bearer nobody' }],
    ['another content type', '{ hello }', { 'content-type': 'text/plain' }],
    ['a compressed body', { query: '{ hello }' }, { 'content-encoding': 'gzip' }],
    ['no JSON', '{"query":'],
    ['an unknown member', { query: '{ hello }', doc: 1 }],
    ['a body too long', { query: '{ hello }', variables: { text: 'x'.repeat(1_000_001) } }],
    [
      'a persisted operation that nobody registered',
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } },
    ],
  ])('%s', async (_what, body, headers = {}) => {
    const [edge, yoga] = await Promise.all([startEdge(), startYoga()])
    for (const accept of accepts) {
      expect(await ask(edge.url, body, { accept, ...headers })).toEqual(await ask(yoga, body, { accept, ...headers }))
    }
  })
})

test('who accepts neither JSON nor a stream is told so', async () => {
  const edge = await startEdge()
  const response = await fetch(`${edge.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/html' },
    body: '{"query":"{ hello }"}',
  })
  expect(response.status).toBe(406)
})

test('a subscription by POST streams, also where the client would take JSON', async () => {
  const edge = await startEdge()
  const response = await fetch(`${edge.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${adaKey}`,
    },
    body: JSON.stringify({ query: 'subscription { ticks { word caller } }' }),
  })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  await edge.feed.listened(1)
  edge.feed.say('tick')
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('tick')) break
  }
  expect(text).toContain('{"data":{"ticks":{"word":"tick","caller":"Ada"}}}')
})

test.each(['application/json', 'multipart/mixed'])('a subscription of who takes only %s is refused', async (accept) => {
  const edge = await startEdge()
  const answer = await ask(edge.url, { query: 'subscription { ticks { word } }' }, { accept })
  expect(answer.status).toBe(406)
  await edge.feed.listened(0)
})

describe('a server that has too much to do', () => {
  const accept = 'application/graphql-response+json'

  test('says when to come back, in the error and in the header, in whole seconds', async () => {
    const answer = await post(await startEdge(), { query: '{ busy }' }, { accept: 'application/json' })
    expect(answer).toMatchObject({
      status: 200,
      error: { extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1_200 } },
    })
    expect(answer.headers.get('retry-after')).toBe('2')
  })

  test('says it by the status to who reads it, where nothing of the request was done', async () => {
    const edge = await startEdge()
    expect((await post(edge, { query: '{ busy }' }, { accept })).status).toBe(429)
    expect((await post(edge, { query: '{ busy hello }' }, { accept })).status).toBe(200)
  })
})
