// What a program that speaks HTTP to the edge can rely on.

import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { conflict } from '../../src/errors.ts'
import { adaKey, answerOf, dial, post, secret, startEdge } from './edge.ts'

const refusal = (code: string, retryable = false) => expect.objectContaining({ code, retryable })

describe('a request that is not one', () => {
  test.each([
    ['application/x-www-form-urlencoded', 'query=mutation{note(text:"x")}'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['text/plain', '{"query":"{hello}"}'],
    ['application/graphql', '{ hello }'],
    ['application/graphql+json', '{"query":"{hello}"}'],
  ])('a POST as %s is refused before it has an effect', async (type, body) => {
    const edge = await startEdge()
    const answer = await post(edge, body, { 'content-type': type })
    expect(answer).toMatchObject({ status: 415, error: { extensions: { code: 'BAD_REQUEST' } } })
    expect(edge.notes).toEqual([])
  })

  test.each([
    ['{"query": ', 'not valid JSON'],
    ['"{ hello }"', 'is an object'],
    ['[{"query":"{ hello }"}]', 'Batching is off'],
    ['{"variables":{}}', 'with the text "query"'],
    ['{"query":5}', 'with the text "query"'],
    ['{"query":"{ hello }","doc":1}', 'Unexpected parameter "doc"'],
    ['{"query":"{ hello }","variables":[]}', 'variables'],
  ])('the body %s is answered with what is wrong about it', async (body, words) => {
    const answer = await post(await startEdge(), body)
    expect(answer).toMatchObject({ status: 400, error: { extensions: refusal('BAD_REQUEST') } })
    expect(answer.error?.message).toContain(words)
  })

  test('a body that is not UTF-8 is refused rather than stored with other characters', async () => {
    const edge = await startEdge()
    const response = await fetch(`${edge.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    })
    expect(await answerOf(response)).toMatchObject({ status: 400, error: { extensions: { code: 'BAD_REQUEST' } } })
  })

  test('a body over 1 MB is refused', async () => {
    const answer = await post(await startEdge(), { query: '{ hello }', variables: { text: 'x'.repeat(1_000_001) } })
    expect(answer).toMatchObject({
      status: 413,
      error: { extensions: { code: 'PAYLOAD_TOO_LARGE', retryable: false } },
    })
  })

  test('a body over 1 MB that does not say its length is refused while it streams', async () => {
    const edge = await startEdge()
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 40) controller.close()
        else controller.enqueue(new Uint8Array(100_000).fill(32))
      },
    })
    // `duplex` is required by fetch for a streamed body, and not yet in the types.
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
    const response = await fetch(`${edge.url}/graphql`, init)
    expect(await answerOf(response)).toMatchObject({
      status: 413,
      error: { extensions: { code: 'PAYLOAD_TOO_LARGE' } },
    })
  })

  test('headers that do not end in time cut the connection', async () => {
    const edge = await startEdge({ limits: { headersTimeoutMs: 200 } })
    const { socket, received } = await dial(edge)
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    await once(socket, 'close')
    expect(received()).toContain('408 Request Timeout')
  })

  test('another method is refused', async () => {
    const edge = await startEdge()
    const response = await fetch(`${edge.url}/graphql`, { method: 'DELETE' })
    expect(await answerOf(response)).toMatchObject({ status: 405, error: { extensions: refusal('BAD_REQUEST') } })
  })
})

describe('GET', () => {
  const get = async (url: string) => answerOf(await fetch(url))

  test('answers a query', async () => {
    const edge = await startEdge()
    expect(await get(`${edge.url}/graphql?query={hello}`)).toMatchObject({ status: 200, data: { hello: 'world' } })
  })

  test('never runs a mutation', async () => {
    const edge = await startEdge()
    const answer = await get(`${edge.url}/graphql?query=mutation{note(text:"x")}`)
    expect(answer).toMatchObject({ status: 405, error: { extensions: refusal('BAD_REQUEST') } })
    expect(edge.notes).toEqual([])
  })

  test('never starts a subscription', async () => {
    const edge = await startEdge()
    const response = await fetch(`${edge.url}/graphql?query=subscription{ticks{word}}`, {
      headers: { accept: 'application/json' },
    })
    expect(await answerOf(response)).toMatchObject({ status: 405, error: { extensions: refusal('BAD_REQUEST') } })
  })

  test('with variables that are not JSON says so', async () => {
    const edge = await startEdge()
    const answer = await get(`${edge.url}/graphql?query={hello}&variables={`)
    expect(answer).toMatchObject({ status: 400, error: { extensions: refusal('BAD_REQUEST') } })
  })
})

describe('a key', () => {
  test('says who calls', async () => {
    const answer = await post(await startEdge(), { query: '{ me }' }, { authorization: `Bearer ${adaKey}` })
    expect(answer).toMatchObject({ status: 200, data: { me: 'Ada' } })
  })

  test('is not needed to read the schema, and none is a caller without a name', async () => {
    const edge = await startEdge()
    expect(await post(edge, { query: '{ me __schema { queryType { name } } }' })).toMatchObject({ data: { me: null } })
    expect(await post(edge, { query: '{ me }' }, { authorization: 'Bearer ' })).toMatchObject({ data: { me: null } })
  })

  test.each(['Bearer unknown-key', 'Basic YTpi', 'Bearer a b'])(
    'sent as "%s" refuses the whole request',
    async (authorization) => {
      const edge = await startEdge()
      const answer = await post(edge, { query: 'mutation { note(text: "x") }' }, { authorization })
      expect(answer).toMatchObject({ status: 401, error: { extensions: refusal('UNAUTHENTICATED') } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(edge.notes).toEqual([])
    },
  )

  test('that cannot be checked, the database being away, asks to come back', async () => {
    const edge = await startEdge({
      authenticate: async () => {
        throw Object.assign(new Error(secret), { code: 'ECONNREFUSED' })
      },
    })
    const answer = await post(edge, { query: '{ me }' }, { authorization: `Bearer ${adaKey}` })
    expect(answer).toMatchObject({ status: 503, error: { extensions: refusal('UNAVAILABLE', true) } })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  test('never reaches the log', async () => {
    const edge = await startEdge()
    await post(edge, { query: '{ boom }' }, { authorization: `Bearer ${adaKey}` })
    expect(edge.logged()).not.toContain(adaKey)
  })
})

describe('an error', () => {
  test('that nobody expected shows a correlation id and hides the rest, which the log has under that id', async () => {
    const edge = await startEdge()
    const answer = await post(edge, { query: '{ boom }' })
    expect(answer.error).toMatchObject({ message: 'Unexpected error.', extensions: refusal('INTERNAL_SERVER_ERROR') })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
    const line = edge
      .logged()
      .split('\n')
      .find((text) => text.includes(answer.error?.extensions.correlationId ?? 'none'))
    expect(line).toContain('edge.ts')
  })

  test('of a library that has no code is hidden too', async () => {
    const answer = await post(await startEdge(), { query: '{ bare }' })
    expect(answer.error).toMatchObject({ message: 'Unexpected error.', extensions: refusal('INTERNAL_SERVER_ERROR') })
  })

  test('of a library gets its place when the application knows it', async () => {
    const ofLibrary = (error: unknown) => error instanceof Error && error.message.startsWith("a library's words")
    const edge = await startEdge({ translate: (error) => (ofLibrary(error) ? conflict('translated') : undefined) })
    expect((await post(edge, { query: '{ bare }' })).error).toMatchObject({
      message: 'translated',
      path: ['bare'],
      extensions: refusal('CONFLICT'),
    })
  })

  test('of a database out of reach may be tried again', async () => {
    const answer = await post(await startEdge(), { query: '{ outage }' })
    expect(answer).toMatchObject({ status: 200, error: { extensions: refusal('UNAVAILABLE', true) } })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  test('of one field leaves the others’ answers', async () => {
    const answer = await post(await startEdge(), { query: '{ hello refused outage boom me }' })
    expect(answer.data).toEqual({ hello: 'world', refused: null, outage: null, boom: null, me: null })
    expect(answer.errors?.map((error) => [error.path?.[0], error.extensions.code])).toEqual([
      ['refused', 'CONFLICT'],
      ['outage', 'UNAVAILABLE'],
      ['boom', 'INTERNAL_SERVER_ERROR'],
    ])
    expect(answer.error?.extensions.field).toBe('input.name')
  })
})

describe('a web page of another origin', () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })

  test('gets no permission by default', async () => {
    const edge = await startEdge()
    const { headers } = await preflight(edge.url, 'https://evil.example')
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const answer = await post(edge, { query: '{ hello }' }, { origin: 'https://evil.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('gets it when it is on the list, for refusals too, and never with cookies', async () => {
    const edge = await startEdge({ corsOrigins: ['https://app.example.com', 'https://other.example.com'] })
    const { headers } = await preflight(edge.url, 'https://app.example.com')
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    const refused = await post(
      edge,
      { query: '{ me }' },
      { origin: 'https://other.example.com', authorization: 'Bearer x' },
    )
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://other.example.com')
  })
})

describe('operation', () => {
  test('each response has a request id, the caller’s own if it sent a sound one', async () => {
    const edge = await startEdge()
    expect((await fetch(`${edge.url}/health`)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    const answer = await post(edge, { query: '{ hello }' }, { 'x-request-id': 'order-7' })
    expect(answer.headers.get('x-request-id')).toBe('order-7')
    const odd = await post(edge, { query: '{ hello }' }, { 'x-request-id': 'a b<c>' })
    expect(odd.headers.get('x-request-id')).not.toContain('<')
  })

  test('a process that is up says so, and is ready when nothing stands in the way', async () => {
    const problems: string[] = []
    const edge = await startEdge({ ready: async () => problems })
    expect((await fetch(`${edge.url}/health`)).status).toBe(200)
    expect((await fetch(`${edge.url}/ready`)).status).toBe(200)
    problems.push('the database does not answer')
    const response = await fetch(`${edge.url}/ready`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ status: 'unavailable', problems })
  })

  test('a readiness check that fails or hangs is not ready', async () => {
    const failing = await startEdge({ ready: () => Promise.reject(new Error(secret)) })
    const refused = await fetch(`${failing.url}/ready`)
    expect(refused.status).toBe(503)
    expect(await refused.text()).not.toContain('hunter2')
    const hanging = await startEdge({ ready: () => new Promise(() => undefined), limits: { readyTimeoutMs: 20 } })
    expect((await fetch(`${hanging.url}/ready`)).status).toBe(503)
  })

  test('the front door leads to the API, and an unknown path says where it is', async () => {
    const edge = await startEdge()
    const front = await fetch(edge.url, { redirect: 'manual' })
    expect([front.status, front.headers.get('location')]).toEqual([302, '/graphql'])
    expect(await answerOf(await fetch(`${edge.url}/nowhere`))).toMatchObject({
      status: 404,
      error: { extensions: { code: 'NOT_FOUND' } },
    })
  })

  test('a port that is taken is said at once', async () => {
    const edge = await startEdge()
    await expect(startEdge({ port: edge.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
