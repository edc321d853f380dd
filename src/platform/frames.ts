// What one flush sends: results written as JSON once, and put into the bytes that go out once for all who take the same. Each
// subscriber gets all of a flush by one write, however many messages it has.

const nextStart = Buffer.from('{"id":')
const nextMiddle = Buffer.from(',"type":"next","payload":')
const nextEnd = Buffer.from('}')
const eventStart = Buffer.from('event: next\ndata: ')
const eventEnd = Buffer.from('\n\n')

/** Operations of the same id among whom bytes are kept and shared; clients that count name most of theirs alike. */
const keptIds = 8

interface Template {
  bytes: Buffer
  /** Where the id stands, once for each message. */
  places: readonly number[]
}

export class Flush {
  readonly #payloads: readonly Buffer[]
  readonly #byId = new Map<string, Buffer>()
  readonly #templates = new Map<number, Template>()
  readonly #bytes: number
  #events: Buffer | undefined

  constructor(payloads: readonly Buffer[]) {
    this.#payloads = payloads
    this.#bytes = payloads.reduce((sum, { length }) => sum + length, 0)
  }

  get count(): number {
    return this.#payloads.length
  }

  /** How many messages, from the first, have less than so many bytes before them. */
  countWithin(bytes: number): number {
    if (this.#bytes <= bytes) return this.count
    let before = 0
    const end = this.#payloads.findIndex(({ length }) => {
      const isOver = before >= bytes
      before += length
      return isOver
    })
    return end === -1 ? this.count : end
  }

  slice(from: number, to?: number): Flush {
    return new Flush(this.#payloads.slice(from, to))
  }

  /** WebSocket frames of `next` messages of `graphql-transport-ws`. */
  frames(id: string): Buffer {
    const known = this.#byId.get(id)
    if (known) return known
    const idBytes = Buffer.from(JSON.stringify(id))
    const template = this.#templates.get(idBytes.length) ?? this.#templateFor(idBytes.length)
    const bytes = Buffer.from(template.bytes)
    for (const place of template.places) bytes.set(idBytes, place)
    if (this.#byId.size < keptIds) this.#byId.set(id, bytes)
    return bytes
  }

  /** Server-Sent Events of the name `next`. */
  events(): Buffer {
    this.#events ??= Buffer.concat(this.#payloads.flatMap((payload) => [eventStart, payload, eventEnd]))
    return this.#events
  }

  // Most of a frame is the same for all; for ids of one length it lies at the same places.
  #templateFor(idLength: number): Template {
    const places: number[] = []
    const parts: Buffer[] = []
    let at = 0
    const add = (part: Buffer) => {
      parts.push(part)
      at += part.length
    }
    const id = Buffer.alloc(idLength)
    const around = nextStart.length + idLength + nextMiddle.length + nextEnd.length
    for (const payload of this.#payloads) {
      add(textHeader(around + payload.length))
      add(nextStart)
      places.push(at)
      for (const part of [id, nextMiddle, payload, nextEnd]) add(part)
    }
    const template = { bytes: Buffer.concat(parts, at), places }
    this.#templates.set(idLength, template)
    return template
  }
}

/** The head of a whole, unmasked text frame (RFC 6455, 5.2). */
function textHeader(length: number): Buffer {
  const finalText = 0x81
  if (length < 126) return Buffer.from([finalText, length])
  if (length < 65_536) {
    const header = Buffer.from([finalText, 126, 0, 0])
    header.writeUInt16BE(length, 2)
    return header
  }
  const header = Buffer.alloc(10)
  header.set([finalText, 127])
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}
