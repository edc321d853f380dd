// Wake-ups by way of a Redis that stops answering: what waits for it stays small, and nothing is lost that was said last.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { openWakeBus, type WakeBus } from '../../src/platform/wake.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A port that greets as Redis does, and answers a PUBLISH only when it is told to. */
async function openHanging() {
  const sockets = new Set<Socket>()
  const published: { key: string; answer(): void }[] = []
  let ended = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      for (let command = commandIn(text); command; command = commandIn(text)) {
        text = text.slice(command.length)
        const [name = '', , key = ''] = command.words
        if (name.toLowerCase() === 'publish') published.push({ key, answer: () => socket.write(':0\r\n') })
        else if (name.toLowerCase() === 'info') socket.write('$9\r\nloading:0\r\n')
        else socket.write('+OK\r\n')
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      ended += 1
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `redis://127.0.0.1:${port}`, published, ended: () => ended }
}

/** The first whole command: `*2`, then each word as `$length` and the word, every one a line of its own. */
function commandIn(text: string): { words: string[]; length: number } | undefined {
  const count = Number(/^\*(\d+)\r\n/.exec(text)?.[1])
  const lines = text.split('\r\n')
  if (!count || lines.length < count * 2 + 2) return undefined
  const own = lines.slice(0, count * 2 + 1)
  return { words: own.filter((_, at) => at > 0 && at % 2 === 0), length: own.join('\r\n').length + 2 }
}

const keys = ['ann', 'bob']

/** A bus whose first wake-ups have reached the port, one of each key, and were not answered. */
async function openBus(url: string, published: readonly unknown[]): Promise<WakeBus> {
  const bus = openWakeBus(url, createLog({ level: 'silent' }))
  closing.push(() => bus.close())
  // Before the connection stands they are lost, as they may be.
  await expect
    .poll(() => {
      for (const key of keys) bus.wake(key)
      return published.length
    })
    .toBe(keys.length)
  return bus
}

test('a Redis that hangs is sent one wake-up of each key, however many there are, and then is left', async () => {
  const { url, published, ended } = await openHanging()
  const bus = await openBus(url, published)
  for (let count = 0; count < 10_000; count += 1) bus.wake(keys[count % keys.length] ?? '')
  await expect.poll(ended, { timeout: 5_000 }).toBeGreaterThan(0)
  expect(published.length).toBeLessThanOrEqual(2 * keys.length)
})

test('what was said while a wake-up was under way is said once more after it', async () => {
  const { url, published } = await openHanging()
  const bus = await openBus(url, published)
  for (let count = 0; count < 1_000; count += 1) bus.wake('ann')
  for (const { answer } of published.slice()) answer()
  await expect.poll(() => published.filter(({ key }) => key === 'ann').length).toBe(2)
  const bob = published.filter(({ key }) => key === 'bob').length
  expect(bob).toBeLessThanOrEqual(2)
})
