// A dashboard that stops reading, on a real socket, while more happens than is kept for it.

import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openBrand } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await openBrand(server)
})
afterAll(() => server?.stop())

interface Message {
  cursor: string
  attribution: { event: { idempotencyKey: string } } | null
  lagged: { missed: number; resumeFrom: string } | null
}

const document = `subscription { attributions {
  cursor attribution { event { idempotencyKey data } } lagged { missed resumeFrom }
} }`

/** A subscriber by hand, so that its socket can be stopped. */
async function subscribe() {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const messages: Message[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (raw) => {
    const { type, payload } = JSON.parse(String(raw))
    if (type === 'connection_ack')
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: document } }))
    if (type === 'ping') socket.send(JSON.stringify({ type: 'pong' }))
    if (type === 'next') messages.push(payload.data.attributions)
    for (const check of waiting) check()
  })
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: server.key } })))
  const until = (isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => isDone() && resolve()
      waiting.add(check)
      check()
    })
  await until(() => messages.length === 1)
  return { socket, messages, until }
}

const keysOf = (messages: Message[]) =>
  messages.flatMap(({ attribution }) => (attribution ? [attribution.event.idempotencyKey] : []))

it('who stops reading is told how much was missed, and finds all of it from there', { timeout: 120_000 }, async () => {
  const trackEvents =
    'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }'
  const { socket, messages, until } = await subscribe()
  // Enough to fill what the network holds (10 MB at most), and then the megabyte that may wait in the server.
  const ballast = 'x'.repeat(9_000)
  socket.pause()
  let sent = 0
  const sendMore = async () => {
    const events = Array.from({ length: 100 }, () => ({
      name: 'click',
      profile: { deviceId: 'd' },
      data: { ballast },
      idempotencyKey: `k${sent++}`,
    }))
    await server.query(trackEvents, { input: { events } })
  }
  while (sent < 1_600) await sendMore()
  socket.resume()
  await until(() => messages.some(({ lagged }) => lagged))
  await sendMore()
  await until(() => keysOf(messages).at(-1) === `k${sent - 1}`)
  socket.terminate()

  const gap = messages.findIndex(({ lagged }) => lagged)
  const lagged = messages[gap]?.lagged
  const [before, after] = [keysOf(messages.slice(0, gap)), keysOf(messages.slice(gap))]
  expect(before).toEqual(Array.from({ length: before.length }, (_, index) => `k${index}`))
  expect(lagged?.missed).toBe(sent - before.length - after.length)

  const resumed = listen(server.socket(), { after: lagged?.resumeFrom })
  await resumed.until(() => resumed.keys().length >= sent - before.length)
  expect([...before, ...resumed.keys()]).toEqual(Array.from({ length: sent }, (_, index) => `k${index}`))
  resumed.stop()
})
