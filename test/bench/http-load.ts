// The load of a benchmark, a process of its own: connections that each send one request after the other, on plain sockets with
// requests written beforehand, so that it takes as little as possible of the machine. Told what to send by its only argument,
// a LoadOrder as JSON; prints a LoadResult as JSON.

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

export interface LoadOrder {
  url: string
  key: string
  connections: number
  seconds: number
  /** Events that are made up as they are sent, or a file of request bodies, one a line, each sent in its turn. */
  body: BodyOrder | { file: string }
}

export interface BodyOrder {
  query: string
  /** How many people there are; each event is of one of them. */
  people: number
  /** Events a request; 1 sends `{ input }`, more `{ input: { events } }`. */
  events: number
  /** Of idempotency keys; those of another run are other keys. */
  run: string
}

export interface LoadResult {
  requests: number
  seconds: number
  /** Answers with errors, and the first of them. */
  failed: number
  firstFailure?: string
  p50Ms: number
  p99Ms: number
  maxMs: number
  cpuSeconds: number
}

const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder // By the benchmark, as typed above.
const { hostname, port } = new URL(order.url)
let sent = 0

function eventOf(n: number, { people, run }: BodyOrder): string {
  const person = 1 + Math.floor(Math.random() * people)
  return `{"name":"purchase","profile":{"email":"user${person}@example.com"},"idempotencyKey":"${run}-${n}","data":{"order_id":"${n}","cart_value":${100 + (n % 20_000)},"currency":"USD"},"context":{"channel":"WEB"}}`
}

function eventsBody(body: BodyOrder): string {
  const list = Array.from({ length: body.events }, () => eventOf(++sent, body))
  const input = body.events === 1 ? list[0] : `{"events":[${list.join(',')}]}`
  return `{"query":${JSON.stringify(body.query)},"variables":{"input":${input}}}`
}

const written = 'file' in order.body ? readFileSync(order.body.file, 'utf8').trim().split('\n') : []

function request(): string {
  const body = 'file' in order.body ? (written[sent++ % written.length] ?? '') : eventsBody(order.body)
  return `POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${order.key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const latencies: number[] = []
let failed = 0
let firstFailure: string | undefined

function run(until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    let began = 0
    let pending = ''
    const next = () => {
      if (performance.now() > until) {
        socket.destroy()
        return resolve()
      }
      began = performance.now()
      socket.write(request())
    }
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      pending += chunk
      const head = pending.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? Number.NaN)
      if (Number.isNaN(length)) return reject(new Error(`an answer without a length: ${pending.slice(0, 300)}`))
      if (pending.length < head + 4 + length) return
      latencies.push(performance.now() - began)
      if (pending.includes('"errors"') || !pending.startsWith('HTTP/1.1 200')) {
        failed++
        firstFailure ??= pending.slice(head + 4, head + 1_000)
      }
      pending = ''
      next()
    })
    socket.on('error', reject)
    socket.on('connect', next)
  })
}

const began = performance.now()
const until = began + order.seconds * 1_000
await Promise.all(Array.from({ length: order.connections }, () => run(until)))
const elapsed = (performance.now() - began) / 1_000
latencies.sort((a, b) => a - b)
const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0
const { user, system } = process.cpuUsage()
const result: LoadResult = {
  requests: latencies.length,
  seconds: elapsed,
  failed,
  ...(firstFailure ? { firstFailure } : {}),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  maxMs: at(1),
  cpuSeconds: (user + system) / 1e6,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
