// One server as several processes: two workers behind one port, PostgreSQL and no Redis.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Copy, copyTemplate } from '../support/backend.ts'
import { openBrand, track } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { type ServerProcess, startProcess } from '../support/process.ts'
import { type Caller, callerOf } from '../support/server.ts'
import { listAll, stream } from '../support/stream.ts'

const wait = { timeout: 20_000 }

let copy: Copy
let server: ServerProcess
let caller: Caller

beforeAll(async () => {
  copy = await copyTemplate(inject('template'))
  if (!('url' in copy.place)) throw new Error('several processes need PostgreSQL')
  server = await startProcess({ DATABASE_URL: copy.place.url, WORKERS: '2', ADMIN_KEY: '', LOG_LEVEL: 'debug' })
  caller = callerOf(server.url, shownKeys()[0] ?? 'none')
  await openBrand(caller)
})

afterAll(async () => {
  await server.terminate()
  await copy.remove()
})

/** The keys that the server showed, each on a line by itself. */
const shownKeys = () => [...server.printed().matchAll(/^ {2}(\S{24,})$/gm)].map(([, key]) => key)

// Not every child is a worker: the one that translates TypeScript is none.
async function workerPids(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(server.child.pid), '-f', 'src/main.ts'])
  return stdout.split('\n').filter(Boolean).map(Number)
}

it('shows the first account’s key once, whichever worker made it', () => {
  expect(shownKeys()).toHaveLength(1)
})

it('answers on one port through every worker', async () => {
  const answered = () =>
    new Set([...server.printed().matchAll(/"worker":(\d+),"requestId":"again"/g)].map(([, id]) => id))
  for (let count = 0; count < 4; count += 1) {
    const headers = { connection: 'close', 'x-request-id': 'again' }
    expect((await fetch(`${server.url}/ready`, { headers })).status).toBe(200)
  }
  await expect.poll(() => answered().size, wait).toBe(2)
})

it('carries live messages from worker to worker without Redis, without waiting for the poll of each second', async () => {
  // Connections are handed round, so four sockets are two on each worker.
  const listeners = Array.from({ length: 4 }, () => listen(caller.socket()))
  await Promise.all(listeners.map((listener) => listener.ready()))
  const delays: number[] = []
  for (let count = 1; count <= 9; count += 1) {
    await track(caller, { name: 'click', profile: { deviceId: 'd' }, idempotencyKey: `k${count}` })
    const since = performance.now()
    await Promise.all(listeners.map((listener) => listener.until(() => listener.keys().length === count)))
    delays.push(performance.now() - since)
  }
  expect(delays.sort((a, b) => a - b)[4]).toBeLessThan(500)
  for (const listener of listeners) listener.stop()
})

it('survives a worker’s sudden death: the other serves on, another takes its place, nothing acknowledged is lost', {
  timeout: 120_000,
}, async () => {
  const before = await workerPids()
  expect(before).toHaveLength(2)
  const sending = stream(caller, 8)
  await expect.poll(() => sending.acknowledged.size, wait).toBeGreaterThan(20)
  process.kill(before[0] ?? 0, 'SIGKILL')
  await expect.poll(async () => (await workerPids()).filter((pid) => !before.includes(pid)).length, wait).toBe(1)
  await sending.stop()
  await expect.poll(() => sending.resend(caller).then(() => sending.unanswered.size), wait).toBe(0)
  const stored = new Map((await listAll(caller)).map(({ key, id }) => [key, id]))
  for (const [key, id] of sending.acknowledged) expect(stored.get(key)).toBe(id)
  expect(sending.acknowledged.size).toBeGreaterThan(20)
})

it('told to end lets every worker answer what it accepted, and leaves none behind', async () => {
  const pids = await workerPids()
  const sent = Array.from({ length: 40 }, (_, index) =>
    track(caller, { name: 'click', profile: { deviceId: `e${index}` }, idempotencyKey: `e${index}` }),
  )
  await Promise.race(sent)
  expect(await server.terminate()).toBe(0)
  const answered = (await Promise.allSettled(sent)).filter(({ status }) => status === 'fulfilled')
  expect(answered.length).toBeGreaterThan(0)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
