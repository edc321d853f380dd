// Ids of the API: Relay global ids of UUIDs. An input takes the global id or the bare UUID.

import { randomFillSync } from 'node:crypto'
import { validate as isUuid, v7 } from 'uuid'
import { decodeId } from './core/ids.ts'
import { badInput } from './errors.ts'

/** A fresh id: UUIDv7, so that ids sort by creation, those of one millisecond by the order in which they were made here. */
export function newId(): string {
  const now = Date.now()
  const random = randomBytes()
  if (now > last.msecs) {
    last.msecs = now
    // It counts from a random number below 2^31, so that it does not overflow within a millisecond.
    last.seq = (((random[6] ?? 0) & 0x7f) << 24) | ((random[7] ?? 0) << 16) | ((random[8] ?? 0) << 8) | (random[9] ?? 0)
  } else last.seq++
  return v7({ random, msecs: last.msecs, seq: last.seq })
}

const last = { msecs: 0, seq: 0 }
const idBytes = 16
const pool = new Uint8Array(idBytes * 1_024)
let used = pool.length

// The system is asked for many at once: it takes longer than everything else about an id.
function randomBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool.subarray(used, (used += idBytes))
}

/** The id that begins a time: no id made at or after it is smaller. */
export function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

/** The UUID in an input. BAD_INPUT for what is neither a UUID nor a global id of that type. */
export function idInput(type: string, value: string | number, field: string): string {
  const id = decodeId(type, String(value).trim())
  if (!id)
    throw badInput(`not the id of ${/^[AEIO]/.test(type) ? 'an' : 'a'} ${type}: ${String(value).slice(0, 80)}`, field)
  return id
}

const timeDigits = 13

/** When an id was made, to the millisecond: a time whose `firstIdAt` is not after it. */
export const receivedMs = (id: string): number => Number.parseInt(id.slice(0, timeDigits).replace('-', ''), 16)

const nobody = '00000000-0000-0000-0000-000000000000'

/** The composite key of a node look-up; what is no UUID finds nothing. */
export function nodeKey(id: string, accountId: string) {
  return { accountId_id: { accountId, id: isUuid(id) ? id : nobody } }
}
