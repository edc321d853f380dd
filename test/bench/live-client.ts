// Many subscribers in one lean process: plain TCP sockets and a counter of frames instead of a WebSocket library, so that the
// client takes as little as possible of the processors that the server needs. Steered by messages from its parent.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** What the parent says; each is answered by one `ClientReport` of the same `type`. */
export type ClientOrder =
  | { type: 'open'; port: number; count: number; apiKey: string; query: string; ownIds: boolean }
  /** Wait until each has been sent so many messages, from now. */
  | { type: 'expect'; messages: number }
  | { type: 'close' }

export interface ClientReport {
  type: ClientOrder['type']
  /** When the last message that was expected came, in ms since 1970. */
  lastAt: number
  /** Messages that came after what was expected; each would be one too many. */
  surplus: number
  /** Of the first subscribers, from `decidedAt` to here, in ms. */
  latencies: number[]
  /** One message, as it came. */
  sample: string
}

const sampled = 10
const atOnce = 100

/** A text frame of a client: masked with zeros, which leave it as it is. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const short = payload.length < 126
  const header = Buffer.from(
    short ? [0x81, 0x80 | payload.length] : [0x81, 0x80 | 126, payload.length >> 8, payload.length & 255],
  )
  return Buffer.concat([header, Buffer.alloc(4), payload])
}

const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const now = () => performance.timeOrigin + performance.now()

class Subscribers {
  readonly #sockets: Socket[] = []
  /** How many messages each of them still waits for. */
  #due = new Int32Array(0)
  #unfinished = 0
  #surplus = 0
  #lastAt = 0
  #latencies: number[] = []
  #sample = ''
  #tell = () => {}

  async open(order: Extract<ClientOrder, { type: 'open' }>): Promise<void> {
    this.#due = new Int32Array(order.count)
    for (let first = 0; first < order.count; first += atOnce) {
      const some = Math.min(atOnce, order.count - first)
      await Promise.all(Array.from({ length: some }, (_, index) => this.#connect(first + index, order)))
    }
  }

  expect(messages: number): Promise<void> {
    this.#due.fill(messages)
    this.#unfinished = this.#due.length
    this.#surplus = 0
    return new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  report(type: ClientOrder['type']): ClientReport {
    const latencies = this.#latencies
    this.#latencies = []
    return { type, latencies, lastAt: this.#lastAt, surplus: this.#surplus, sample: this.#sample }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) {
      socket.removeAllListeners('close').destroy()
      if (!socket.closed) await once(socket, 'close')
    }
  }

  /** Resolves with the first message, a checkpoint, or where the server sends none with its acknowledgement. */
  #connect(index: number, { port, apiKey, query, ownIds }: Extract<ClientOrder, { type: 'open' }>): Promise<void> {
    const id = ownIds ? crypto.randomUUID() : '1'
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    this.#sockets.push(socket)
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`the server closed subscriber ${index}`)))
      socket.on('connect', () => socket.write(upgrade(port)))
      let isUpgraded = false
      let rest: Buffer = Buffer.alloc(0)
      const take = (text: string) => {
        if (text.includes('"connection_ack"'))
          socket.write(frame(JSON.stringify({ id, type: 'subscribe', payload: { query } })))
        else if (text.includes('"type":"next"')) resolve()
        else reject(new Error(text))
      }
      socket.on('data', (chunk) => {
        let bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
        if (!isUpgraded) {
          const end = bytes.indexOf('\r\n\r\n')
          if (end < 0) return void (rest = bytes)
          isUpgraded = true
          bytes = bytes.subarray(end + 4)
          socket.write(frame(JSON.stringify({ type: 'connection_init', payload: { apiKey } })))
        }
        rest = this.#frames(bytes, { index, socket, take })
      })
    })
  }

  /** Counts the whole frames and returns the rest. */
  #frames(bytes: Buffer, { index, socket, take }: { index: number; socket: Socket; take(text: string): void }): Buffer {
    let at = 0
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] ?? 0) & 127
      const head = short === 126 ? 4 : short === 127 ? 10 : 2
      if (bytes.length - at < head) break
      const length =
        short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short
      if (bytes.length - at < head + length) break
      const kind = (bytes[at] ?? 0) & 15
      const text = () => bytes.toString('utf8', at + head, at + head + length)
      if (kind === 9) socket.write(pong)
      else if (kind === 1 && this.#unfinished === 0 && this.#surplus === 0 && length < 300) take(text())
      else if (kind === 1) this.#count(index, text)
      at += head + length
    }
    return bytes.subarray(at)
  }

  #count(index: number, text: () => string): void {
    if (index < sampled) this.#note(text())
    const due = (this.#due[index] ?? 0) - 1
    this.#due[index] = due
    if (due < 0) this.#surplus++
    if (due !== 0) return
    this.#lastAt = now()
    this.#unfinished--
    if (this.#unfinished === 0) this.#tell()
  }

  #note(text: string): void {
    this.#sample = text
    const decidedAt = /"decidedAt":"([^"]+)"/.exec(text)?.[1]
    if (decidedAt) this.#latencies.push(now() - Date.parse(decidedAt))
  }
}

const upgrade = (port: number) =>
  [
    'GET /graphql HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    '\r\n',
  ].join('\r\n')

let subscribers = new Subscribers()

async function follow(order: ClientOrder): Promise<void> {
  if (order.type === 'open') await subscribers.open(order)
  if (order.type === 'expect') {
    const all = subscribers.expect(order.messages)
    process.send?.({ ...subscribers.report('expect'), armed: true })
    await all
    await setTimeout(100) // For what should not come.
  }
  if (order.type === 'close') await subscribers.close()
  process.send?.(subscribers.report(order.type))
  if (order.type === 'close') subscribers = new Subscribers()
}

process.on('message', (order: ClientOrder) => {
  follow(order).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
