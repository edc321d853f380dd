// When a Segment message happened: the sender's clock, corrected by how far it was off when the message was sent.

import { isInstant, refuse, textOf } from './mapped-event.ts'
import type { Instant, JsonObject } from './targeting/facts.ts'

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/** An ISO 8601 time, UTC where it has no offset; undefined for anything else. */
export function parseTime(value: unknown): Instant | undefined {
  const [, day, time = '00:00', offset = 'Z'] = isoTime.exec(textOf(value) ?? '') ?? []
  if (!day) return undefined
  const [, sign, hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
  const at = Date.parse(`${day}T${time.replace(',', '.')}${sign ? `${sign}${hours}:${minutes}` : 'Z'}`)
  return Number.isNaN(at) || !isInstant(at) ? undefined : at
}

/**
 * The time by the server's clock: receipt − (sentAt − the sender's time), never later than the receipt. Without `sentAt` the
 * sender's time as it is, and so where a message has both `timestamp` and `originalTimestamp`: then somebody corrected it, or
 * meant it, before. Null where it has neither.
 */
export function timeOf(message: JsonObject, sentAt: unknown, receivedAt: Instant): Instant | null {
  const timestamp = givenTime(message, 'timestamp')
  const original = givenTime(message, 'originalTimestamp')
  const own = timestamp ?? original
  if (own === null) return null
  const sent = timestamp !== null && original !== null ? undefined : parseTime(message.sentAt ?? sentAt)
  if (sent === undefined) return own
  const corrected = receivedAt - (sent - own)
  return isInstant(corrected) ? Math.min(corrected, receivedAt) : receivedAt
}

function givenTime(message: JsonObject, field: 'timestamp' | 'originalTimestamp'): Instant | null {
  const value = message[field]
  if (value === undefined || value === null || value === '') return null
  return parseTime(value) ?? refuse(field, 'not an ISO 8601 time, such as 2026-03-10T12:00:00Z')
}
