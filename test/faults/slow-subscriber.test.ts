// A subscriber that stops reading while thousands of events flow: the others do not notice, the server's memory stays within
// bounds, and the slow one is told what it missed and finds all of it from there.

import { expect, it } from 'vitest'
import WebSocket from 'ws'
import { openBrand } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import type { ServerProcess } from '../support/process.ts'
import { listAll } from '../support/stream.ts'
import { quantile } from './delays.ts'
import { residentMb } from './memory.ts'
import { describeFault, later, openScene } from './scene.ts'

const events = 2_500
const perRequest = 100
// Together far more than the network holds for a socket and than the server may hold for it.
const ballast = 'x'.repeat(9_000)
const boundMb = 250

interface Message {
  cursor: string
  attribution: { event: { idempotencyKey: string } } | null
  lagged: { missed: number; resumeFrom: string } | null
}

const document = `subscription { attributions {
  cursor attribution { event { idempotencyKey data } } lagged { missed resumeFrom }
} }`

/** A subscriber by hand, so that its socket can be stopped. */
async function subscribe(server: ServerProcess) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  later(() => socket.terminate())
  const messages: Message[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (raw) => {
    const { type, payload } = JSON.parse(String(raw))
    const send = (message: object) => socket.send(JSON.stringify(message))
    if (type === 'connection_ack') send({ id: '1', type: 'subscribe', payload: { query: document } })
    if (type === 'ping') send({ type: 'pong' })
    if (type === 'next') messages.push(payload.data.attributions)
    for (const check of waiting) check()
  })
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: server.key } })))
  // One that answers no ping for long is cut off, and has its last cursor.
  const isCut = () => socket.readyState === WebSocket.CLOSED
  socket.on('close', () => {
    for (const check of waiting) check()
  })
  const until = (isDone: (received: readonly Message[]) => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isDone(messages) && !isCut()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  await until(() => messages.length > 0)
  return { socket, messages, until, isCut }
}

const keysOf = (messages: readonly Message[]) =>
  messages.flatMap(({ attribution }) => (attribution ? [attribution.event.idempotencyKey] : []))

describeFault('a subscriber that stops reading', () => {
  it(`while ${events} events flow harms nobody, and resumes without a loss`, { timeout: 300_000 }, async () => {
    const scene = await openScene()
    const server = await scene.serve()
    await openBrand(server)
    const trackEvents =
      'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }'
    let sent = 0
    const sendMore = async () => {
      const batch = Array.from({ length: perRequest }, () => ({
        name: 'click',
        profile: { deviceId: `person${sent % 20}` },
        data: { ballast },
        idempotencyKey: `key${sent++}`,
      }))
      const { trackEvents: answer } = await server.query(trackEvents, { input: { events: batch } })
      expect(answer.results.filter(({ error }: { error: unknown }) => error)).toEqual([])
    }

    const others = Array.from({ length: 5 }, () => listen(server.socket()))
    for (const other of others) later(() => other.stop())
    await Promise.all(others.map((other) => other.ready()))
    const slow = await subscribe(server)
    await sendMore()
    const usualMb = residentMb(server.child.pid)
    let highestMb = usualMb
    /** Sends on, and tells how long the others waited after each answer for what it told of. */
    const sendUntil = async (goal: number) => {
      const waits: number[] = []
      while (sent < goal) {
        await sendMore()
        const answered = performance.now()
        await Promise.all(others.map((other) => other.until(() => other.keys().length === sent)))
        waits.push(performance.now() - answered)
        highestMb = Math.max(highestMb, residentMb(server.child.pid))
      }
      return quantile(
        waits.sort((a, b) => a - b),
        0.5,
      )
    }

    const usualMs = await sendUntil(events / 4)
    slow.socket.pause()
    const meanwhileMs = await sendUntil(events)
    expect(meanwhileMs).toBeLessThan(5 * usualMs + 1_000)
    expect(highestMb - usualMb).toBeLessThan(boundMb)

    slow.socket.resume()
    await slow.until((messages) => messages.some(({ lagged }) => lagged))
    await sendMore()
    const gapIn = (messages: readonly Message[]) => messages.findIndex(({ lagged }) => lagged)
    // It goes on with what is new.
    await slow.until((messages) => keysOf(messages.slice(gapIn(messages))).length > 0)
    const isCut = slow.isCut()
    slow.socket.terminate()
    const gap = isCut ? slow.messages.length : gapIn(slow.messages)
    const lagged = slow.messages[gap]?.lagged
    const [before, after] = [keysOf(slow.messages.slice(0, gap)), keysOf(slow.messages.slice(gap))]

    const stored = (await listAll(server)).map(({ key }) => key)
    const resumed = listen(server.socket(), { after: isCut ? slow.messages.at(-1)?.cursor : lagged?.resumeFrom })
    later(() => resumed.stop())
    await resumed.until(() => before.length + resumed.keys().length >= sent)
    if (!isCut) {
      expect(lagged?.missed).toBeGreaterThan(0)
      expect(stored[before.length + (lagged?.missed ?? 0)]).toBe(after[0])
    }
    expect([...before, ...resumed.keys()]).toEqual(stored)
    expect(stored.length).toBe(sent)
    await Promise.all(others.map((other) => other.until(() => other.keys().length === sent)))
    for (const other of others) expect(other.keys()).toEqual(stored)
    expect(residentMb(server.child.pid) - usualMb).toBeLessThan(boundMb)
  })
})
