// What a program that speaks `graphql-transport-ws` to the edge can rely on, with the client that most use and with bare sockets.

import { once } from 'node:events'
import { type Client, createClient } from 'graphql-ws'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { adaKey, type Edge, startEdge, type WireError } from './edge.ts'

interface Result {
  // Each test asserts the part that it reads.
  data?: Record<string, unknown> | null
  errors?: WireError[]
}

function clientOf(edge: Edge): Client {
  const client = createClient({
    url: `ws://127.0.0.1:${edge.port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${adaKey}` },
    retryAttempts: 0,
    lazy: true,
  })
  onTestFinished(async () => {
    await client.dispose()
  })
  return client
}

/** The first result of an operation, or the errors it ended with. */
async function run(client: Client, query: string): Promise<Result> {
  try {
    for await (const result of client.iterate({ query })) return result as Result
    return {}
  } catch (errors) {
    return { errors: errors as WireError[] }
  }
}

interface Bare {
  socket: WebSocket
  send(message: object): void
  /** The next message that is not a ping. */
  next(): Promise<{ type: string; id?: string; payload?: unknown }>
  closed: Promise<{ code: number; reason: string }>
}

function dial(edge: Edge, headers: Record<string, string> = {}): Bare {
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/graphql`, 'graphql-transport-ws', { headers })
  const messages: string[] = []
  let wake: (() => void) | undefined
  socket.on('message', (message) => {
    messages.push(String(message))
    wake?.()
  })
  socket.on('error', () => undefined)
  onTestFinished(() => socket.terminate())
  return {
    socket,
    send: (message) => socket.send(JSON.stringify(message)),
    async next() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return JSON.parse(messages.shift() ?? '')
    },
    closed: once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) })),
  }
}

async function acknowledged(edge: Edge): Promise<Bare> {
  const bare = dial(edge)
  await once(bare.socket, 'open')
  bare.send({ type: 'connection_init', payload: { authorization: `Bearer ${adaKey}` } })
  expect(await bare.next()).toMatchObject({ type: 'connection_ack' })
  return bare
}

const subscribe = (id: string, query: string, variables?: unknown) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
})

describe('a key', () => {
  test.each([{ authorization: `Bearer ${adaKey}` }, { Authorization: `Bearer ${adaKey}` }, { apiKey: adaKey }])(
    'in connection_init opens the socket: %j',
    async (payload) => {
      const bare = dial(await startEdge())
      await once(bare.socket, 'open')
      bare.send({ type: 'connection_init', payload })
      expect(await bare.next()).toMatchObject({ type: 'connection_ack' })
      bare.send(subscribe('1', '{ me }'))
      expect(await bare.next()).toMatchObject({ type: 'next', payload: { data: { me: 'Ada' } } })
    },
  )

  test('in the upgrade request opens the socket', async () => {
    const bare = dial(await startEdge(), { authorization: `Bearer ${adaKey}` })
    await once(bare.socket, 'open')
    bare.send({ type: 'connection_init' })
    expect(await bare.next()).toMatchObject({ type: 'connection_ack' })
  })

  test.each([
    undefined,
    {},
    { apiKey: 'unknown' },
    { authorization: 'Bearer unknown' },
    { authorization: 'Basic x' },
    { apiKey: 7 },
  ])('that is missing or unknown closes the socket with 4403 and no acknowledgement: %j', async (payload) => {
    const bare = dial(await startEdge())
    await once(bare.socket, 'open')
    bare.send({ type: 'connection_init', payload })
    bare.socket.once('message', () => expect.unreachable('nothing may be sent before the key is known'))
    expect(await bare.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('Forbidden') })
  })

  test('that cannot be checked right now closes the socket with a code that clients come back from', async () => {
    const edge = await startEdge({
      authenticate: async () => {
        throw Object.assign(new Error('down'), { code: 'P1001' })
      },
    })
    const bare = dial(edge)
    await once(bare.socket, 'open')
    bare.send({ type: 'connection_init', payload: { apiKey: adaKey } })
    expect(await bare.closed).toEqual({ code: 1013, reason: 'Try again later' })
  })

  test('that does not come in time closes the socket', async () => {
    const bare = dial(await startEdge({ limits: { connectionInitMs: 30 } }))
    expect(await bare.closed).toMatchObject({ code: 4408 })
  })

  test('is needed before the first operation', async () => {
    const bare = dial(await startEdge())
    await once(bare.socket, 'open')
    bare.send(subscribe('1', '{ hello }'))
    expect(await bare.closed).toMatchObject({ code: 4401 })
  })
})

describe('an operation', () => {
  test('may be a query, a mutation or a subscription', async () => {
    const edge = await startEdge()
    const client = clientOf(edge)
    expect(await run(client, '{ hello me }')).toEqual({ data: { hello: 'world', me: 'Ada' } })
    expect(await run(client, 'mutation { note(text: "x") }')).toEqual({ data: { note: 'x' } })
    const ticks = client.iterate({ query: 'subscription { ticks { word } }' })
    const first = ticks.next()
    await edge.feed.listened(1)
    edge.feed.say('tick')
    expect((await first).value).toEqual({ data: { ticks: { word: 'tick' } } })
  })

  test.each([
    ['{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['{ helo }', 'GRAPHQL_VALIDATION_FAILED'],
    [`{ ${Array.from({ length: 101 }, (_, i) => `a${i}: __typename`).join(' ')} }`, 'GRAPHQL_VALIDATION_FAILED'],
    [`${'{ self '.repeat(17)}{ hello }${' }'.repeat(17)}`, 'GRAPHQL_VALIDATION_FAILED'],
    [`${'{a'.repeat(20_000)}`, 'GRAPHQL_PARSE_FAILED'],
    ['query ($p: ProfileInput!) { greet(profile: $p) }', 'BAD_INPUT'],
    ['query A { hello } query B { hello }', 'BAD_REQUEST'],
    ['subscription { broken { word } }', 'INTERNAL_SERVER_ERROR'],
  ])('that is wrong fails alone, the other subscriptions of the socket go on: %.40s', async (query, code) => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    bare.send(subscribe('good', 'subscription { ticks { word } }'))
    await edge.feed.listened(1)
    bare.send(subscribe('bad', query))
    const failure = await bare.next()
    const errors = failure.type === 'error' ? failure.payload : (failure.payload as Result).errors
    expect(failure.id).toBe('bad')
    expect(errors).toEqual([
      expect.objectContaining({ extensions: expect.objectContaining({ code, retryable: false }) }),
    ])
    expect(JSON.stringify(failure)).not.toMatch(/hunter2|"http"|"unexpected"/)
    if (failure.type === 'next') expect(await bare.next()).toMatchObject({ id: 'bad', type: 'complete' })
    edge.feed.say('still here')
    expect(await bare.next()).toMatchObject({
      id: 'good',
      type: 'next',
      payload: { data: { ticks: { word: 'still here' } } },
    })
  })

  test('with variables nested too deeply fails alone', async () => {
    const bare = await acknowledged(await startEdge())
    const nested = JSON.parse(`${'{"friend":'.repeat(200)}null${'}'.repeat(200)}`)
    bare.send(subscribe('1', 'query ($p: ProfileInput!) { greet(profile: $p) }', { p: nested }))
    expect(await bare.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_INPUT' } }] })
  })

  test('that fails unexpectedly shows no more over a socket than over HTTP', async () => {
    const edge = await startEdge()
    const result = await run(clientOf(edge), '{ hello boom outage refused }')
    expect(result.data).toEqual({ hello: 'world', boom: null, outage: null, refused: null })
    expect(result.errors?.map((error) => error.extensions.code)).toEqual([
      'INTERNAL_SERVER_ERROR',
      'UNAVAILABLE',
      'CONFLICT',
    ])
    expect(JSON.stringify(result)).not.toMatch(/hunter2|stack|"http"|"unexpected"/)
    expect(edge.logged()).toContain(result.errors?.[0]?.extensions.correlationId)
  })
})

describe('a subscription', () => {
  test('reads each message with a context of its own, so that nothing cached with one message is shown with the next', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    bare.send(subscribe('1', 'subscription { ticks { word contextNumber } }'))
    await edge.feed.listened(1)
    const numbers = []
    for (const word of ['one', 'two', 'three']) {
      edge.feed.say(word)
      const { payload } = await bare.next()
      numbers.push((payload as { data: { ticks: { contextNumber: number } } }).data.ticks.contextNumber)
    }
    expect(new Set(numbers).size).toBe(3)
  })

  test('goes on after a message of which one field failed', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    bare.send(subscribe('1', 'subscription { ticks { word sour } }'))
    await edge.feed.listened(1)
    for (const word of ['one', 'two']) {
      edge.feed.say(word)
      expect(await bare.next()).toMatchObject({
        type: 'next',
        payload: { data: { ticks: { word, sour: null } }, errors: [{ message: 'Unexpected error.' }] },
      })
    }
  })

  test('brings messages of any length, to operations of any id', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    const ids = ['1', 'ein Ä und ein "', 'c'.repeat(40)]
    for (const id of ids) bare.send(subscribe(id, 'subscription { ticks { word } }'))
    await edge.feed.listened(ids.length)
    for (const word of ['', 'é'.repeat(30), 'x'.repeat(400), 'y'.repeat(70_000)]) {
      edge.feed.say(word)
      const reached = new Set()
      while (reached.size < ids.length) {
        const { id, payload } = await bare.next()
        expect(payload).toEqual({ data: { ticks: { word } } })
        reached.add(id)
      }
      expect(reached).toEqual(new Set(ids))
    }
  })

  test('number 101 of a socket is refused, the other 100 go on', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    for (let id = 1; id <= 101; id++) bare.send(subscribe(String(id), 'subscription { ticks { word } }'))
    expect(await bare.next()).toMatchObject({
      id: '101',
      type: 'error',
      payload: [{ extensions: { code: 'LIMIT_EXCEEDED' } }],
    })
    await edge.feed.listened(100)
    edge.feed.say('all')
    const reached = new Set()
    while (reached.size < 100) reached.add((await bare.next()).id)
    bare.send({ id: '1', type: 'complete' })
    await edge.feed.listened(99)
    bare.send(subscribe('102', 'subscription { ticks { word } }'))
    await edge.feed.listened(100)
  })
})

describe('the end of a subscription', () => {
  test('reaches its source when the client completes it', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    bare.send(subscribe('1', 'subscription { ticks { word } }'))
    await edge.feed.listened(1)
    bare.send({ id: '1', type: 'complete' })
    await edge.feed.listened(0)
  })

  test('reaches its source when the client vanishes', async () => {
    const edge = await startEdge()
    const bare = await acknowledged(edge)
    for (const id of ['1', '2']) bare.send(subscribe(id, 'subscription { ticks { word } }'))
    await edge.feed.listened(2)
    bare.socket.terminate()
    await edge.feed.listened(0)
  })
})

describe('a socket', () => {
  test('with a message over 1 MB is closed', async () => {
    const bare = await acknowledged(await startEdge())
    bare.send(subscribe('1', `{ hello } #${'x'.repeat(1_000_001)}`))
    expect(await bare.closed).toMatchObject({ code: 1009 })
  })

  test('with a message that is not of the protocol is closed', async () => {
    const bare = await acknowledged(await startEdge())
    bare.socket.send('{"type":')
    expect(await bare.closed).toMatchObject({ code: 4400 })
  })

  test('whose peer no longer answers pings is cut, and its subscriptions end', async () => {
    const edge = await startEdge({ limits: { keepAliveMs: 40 } })
    const bare = await acknowledged(edge)
    bare.send(subscribe('1', 'subscription { ticks { word } }'))
    await edge.feed.listened(1)
    bare.socket.pause()
    await edge.feed.listened(0)
  })

  test('whose peer answers pings stays', async () => {
    const edge = await startEdge({ limits: { keepAliveMs: 20 } })
    const bare = await acknowledged(edge)
    for (let pings = 0; pings < 5; pings++) await once(bare.socket, 'ping')
    bare.send(subscribe('1', '{ hello }'))
    expect(await bare.next()).toMatchObject({ type: 'next' })
  })

  const upgrade = async (edge: Edge, headers: Record<string, string>, path = '/graphql') => {
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}${path}`, 'graphql-transport-ws', { headers })
    onTestFinished(() => socket.terminate())
    const opened = once(socket, 'open').then(() => 101)
    const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
    opened.catch(() => undefined)
    refused.catch(() => undefined)
    return Promise.race([opened, refused])
  }

  test('opens for pages of this server and of the list, and for programs; other pages are refused', async () => {
    const edge = await startEdge({ corsOrigins: ['https://app.example.com'] })
    expect(await upgrade(edge, {})).toBe(101)
    expect(await upgrade(edge, { origin: edge.url })).toBe(101)
    expect(await upgrade(edge, { origin: 'https://app.example.com' })).toBe(101)
    expect(await upgrade(edge, { origin: 'https://evil.example' })).toBe(403)
    expect(await upgrade(edge, { origin: 'null' })).toBe(403)
    expect(await upgrade(edge, {}, '/elsewhere')).toBe(404)
  })
})
