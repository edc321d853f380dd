// What a program that reads Server-Sent Events from the edge can rely on.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEventStreams } from '../../src/platform/event-stream.ts'
import { KeyWatch } from '../../src/platform/key-watch.ts'
import { createLog } from '../../src/platform/log.ts'
import { createMask } from '../../src/platform/mask.ts'
import { adaKey, type Edge, post, startEdge } from './edge.ts'

describe('over Server-Sent Events', () => {
  const listening = async (edge: Edge, headers: Record<string, string> = {}) => {
    const response = await fetch(`${edge.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query: 'subscription { ticks { word } }' }),
    })
    await edge.feed.listened(1)
    return response
  }

  test('a subscription brings what a socket would, and ends at its source when the reader leaves', async () => {
    const edge = await startEdge()
    const leaving = new AbortController()
    const response = await fetch(`${edge.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${adaKey}` },
      body: JSON.stringify({ query: 'subscription { ticks { word contextNumber } }' }),
      signal: leaving.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    await edge.feed.listened(1)
    const events = eventsOf(response)
    const numbers = []
    for (const word of ['one', 'two']) {
      edge.feed.say(word)
      const { value } = await events.next()
      expect(value).toMatchObject({ data: { ticks: { word } } })
      numbers.push((value as { data: { ticks: { contextNumber: number } } }).data.ticks.contextNumber)
    }
    expect(numbers[0]).not.toBe(numbers[1])
    leaving.abort()
    await edge.feed.listened(0)
  })

  test('a quiet stream is kept open by comments', async () => {
    const edge = await startEdge({ limits: { keepAliveMs: 20 } })
    const response = await listening(edge)
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(new TextDecoder().decode(value)).toBe(':\n\n')
    await reader?.cancel()
    await edge.feed.listened(0)
  })

  test('a subscription is only for those who take a stream of events', async () => {
    const edge = await startEdge()
    const { status, error } = await post(edge, { query: 'subscription { ticks { word } }' })
    expect([status, error?.extensions.code]).toEqual([406, 'BAD_REQUEST'])
  })

  test('a wrong operation or key is refused before a stream begins', async () => {
    const edge = await startEdge()
    const accept = { accept: 'text/event-stream' }
    expect((await post(edge, { query: 'subscription { tick }' }, accept)).error?.extensions.code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    )
    const unknown = { ...accept, authorization: 'Bearer unknown' }
    expect((await post(edge, { query: 'subscription { ticks { word } }' }, unknown)).status).toBe(401)
  })

  test('a stream ends with UNAUTHENTICATED and complete when its key does', async () => {
    let isGood = true
    const edge = await startEdge({ authenticate: async () => (isGood ? 'Ada' : null) })
    const response = await listening(edge, { authorization: `Bearer ${adaKey}` })
    isGood = false
    edge.feed.say('late')
    const text = await response.text()
    expect(text).toMatch(/^event: next\ndata: .*"code":"UNAUTHENTICATED".*\n\nevent: complete\ndata:\n\n$/)
    await edge.feed.listened(0)
  })
})

test('for a reader who left before its stream began, nothing begins', async () => {
  let begun = 0
  const serve = createEventStreams<string>({
    subscriptions: { begin: async () => ({ data: { begun: ++begun } }) },
    keys: new KeyWatch(async () => true),
    mask: createMask({ log: createLog({ level: 'silent' }) }),
    keepAliveMs: 5,
  })
  const prepared = {} as never // Nobody comes to read it.
  const leaving = new AbortController()
  const server = createServer()
  const served = new Promise<void>((resolve, reject) => {
    server.once('request', (_request, response) => {
      leaving.abort()
      response.once('close', () => serve(response, prepared, adaKey).then(resolve, reject))
    })
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // It listens on a port.
  await expect(fetch(`http://127.0.0.1:${port}`, { signal: leaving.signal })).rejects.toThrow('aborted')
  await served
  expect(begun).toBe(0)
})

async function* eventsOf(response: Response): AsyncGenerator<unknown, void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const found = /^data: (.+)$/m.exec(text.slice(0, end))?.[1]
      text = text.slice(end + 2)
      if (found) yield JSON.parse(found)
    }
  }
}
