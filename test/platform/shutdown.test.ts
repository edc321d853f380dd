// What a rolling deployment can rely on: nothing that was accepted is lost, and the end comes in time.

import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { adaKey, type Edge, post, startEdge } from './edge.ts'

async function openSocket(edge: Edge) {
  const headers = { authorization: `Bearer ${adaKey}` }
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/graphql`, 'graphql-transport-ws', { headers })
  onTestFinished(() => socket.terminate())
  const messages: { id?: string; type: string }[] = []
  socket.on('message', (message) => messages.push(JSON.parse(String(message))))
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  const closed = once(socket, 'close').then(([code]) => code as number)
  return { socket, messages, closed }
}

test('a request in flight is answered, and its connection is then closed', async () => {
  const edge = await startEdge()
  const answer = post(edge, { query: '{ slow }' })
  await edge.arrived()
  const closed = edge.close()
  edge.release()
  expect(await answer).toMatchObject({ status: 200, data: { slow: 'done' } })
  expect((await answer).headers.get('connection')).toBe('close')
  await closed
})

test('readiness is withdrawn at once, also for a check that had begun', async () => {
  const edge: Edge = await startEdge({ ready: () => edge.wait().then(() => []) })
  const answer = fetch(`${edge.url}/ready`)
  await edge.arrived()
  const closed = edge.close()
  edge.release()
  const response = await answer
  expect([response.status, await response.json()]).toEqual([
    503,
    { status: 'unavailable', problems: ['shutting down'] },
  ])
  await closed
})

test('new connections are refused', async () => {
  const edge = await startEdge()
  await edge.close()
  await expect(fetch(`${edge.url}/health`)).rejects.toThrow()
})

test('idle connections do not hold the process', async () => {
  const edge = await startEdge()
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const request = get(`${edge.url}/health`, { agent })
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
  await edge.close()
})

test('sockets are told that the server goes away, and their subscriptions end at the source', async () => {
  const edge = await startEdge()
  const { socket, closed } = await openSocket(edge)
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks { word } }' } }))
  await edge.feed.listened(1)
  await edge.close()
  expect(await closed).toBe(1001)
  await edge.feed.listened(0)
})

test('a mutation that a socket sent is answered before the socket is closed', async () => {
  const edge = await startEdge()
  const { socket, messages, closed } = await openSocket(edge)
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'mutation { slowNote }' } }))
  await edge.arrived()
  const ended = edge.close()
  edge.release()
  await ended
  expect(await closed).toBe(1001)
  expect(edge.notes).toEqual(['slow'])
  expect(messages).toContainEqual({ id: '1', type: 'next', payload: { data: { slowNote: 'slow' } } })
})

test('a stream of events is cut, so that its reader comes back elsewhere', async () => {
  const edge = await startEdge()
  const response = await fetch(`${edge.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { ticks { word } }' }),
  })
  await edge.feed.listened(1)
  const read = response.text()
  await Promise.all([expect(read).rejects.toThrow(), edge.close()])
  await edge.feed.listened(0)
})

test('what takes longer than the grace period is cut, over HTTP and over sockets', async () => {
  const edge = await startEdge()
  const answer = expect(post(edge, { query: '{ slow }' })).rejects.toThrow()
  await edge.arrived()
  const { socket, closed } = await openSocket(edge)
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'mutation { slowNote }' } }))
  await edge.arrived()
  await edge.close(50)
  await answer
  expect(await closed).toBe(1006)
})

test('closing twice is closing once', async () => {
  const edge = await startEdge()
  await Promise.all([edge.close(), edge.close()])
  await edge.close()
})
