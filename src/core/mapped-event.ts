// What other products' messages become: an event as trackEvent takes it, with what it says of the person's fields, or why a
// message can never be one. And how their values are read, leniently where their own servers are lenient.

import type { FieldsChange } from './fields/write.ts'
import { type IdentityKind, normalise, type PersonRef } from './identity.ts'
import type { Instant, JsonObject, TypedTargeting } from './targeting/facts.ts'

export type MappedChannel = 'WEB' | 'MOBILE_APP' | 'API'

export interface MappedContext {
  readonly channel: MappedChannel | null
  readonly userAgent: string | null
  readonly ip: string | null
  readonly url: string | null
  readonly referrer: string | null
  readonly locale: string | null
}

export interface MappedEvent {
  readonly name: string
  readonly profile: PersonRef
  /** Null: when it is received. */
  readonly occurredAt: Instant | null
  readonly data: JsonObject
  readonly targeting: TypedTargeting | null
  readonly context: MappedContext
  readonly idempotencyKey: string | null
  /** Of the person, from this event on. */
  readonly fields: FieldsChange | null
  /** Another name of the same person: an id of theirs before they signed in, or another `sourceId`. */
  readonly previousId: string | null
}

/** Why a message can never be an event: the member at fault, and what is wrong with it. */
export interface Fault {
  readonly field: string
  readonly message: string
}

export type Mapped = { readonly event: MappedEvent } | { readonly fault: Fault }

class MessageFault extends Error {
  readonly fault: Fault

  constructor(field: string, message: string) {
    super(message)
    this.fault = { field, message }
  }
}

/** Ends the reading of a message. */
export function refuse(field: string, message: string): never {
  throw new MessageFault(field, message)
}

/** What the reading gives, or the fault that ended it. */
export function mapped(read: () => MappedEvent): Mapped {
  try {
    return { event: read() }
  } catch (error) {
    if (error instanceof MessageFault) return { fault: error.fault }
    throw error
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member that is an object; an empty one where it is absent. */
export function objectAt(parent: JsonObject, field: string): JsonObject {
  const value = parent[field] ?? {}
  return isObject(value) ? value : refuse(field, 'not an object')
}

/** The object, or an empty one for anything else. */
export const objectOr = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The trimmed text of a text or number; null for a blank one and for anything else. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = String(value).trim()
  return text === '' ? null : text
}

/** An id: a text or a number; null where it is absent or blank. */
export function idAt(parent: JsonObject, field: string): string | null {
  const value = parent[field]
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'number')
    return textOf(value)
  return refuse(field, 'not a text')
}

const maxContextLength = 2_048

/** Text that a library collected by itself: cut and put right rather than refused. */
export function contextText(value: unknown): string | null {
  const text = textOf(textOf(value)?.replaceAll('\0', ''))
  // The cut may leave half a character.
  return text?.slice(0, maxContextLength).toWellFormed() ?? null
}

/** The first of the values that can be an identifier of that kind; what cannot be one is no reason to lose an event. */
export function identifierIn(kind: IdentityKind, values: readonly unknown[]): string | null {
  const isOne = (text: string) => text.length <= 256 && isStorable(text) && normalise(kind, text) !== undefined
  return values.map(textOf).find((text) => text !== null && isOne(text)) ?? null
}

/** Text that a database keeps as it is. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

// The years that PostgreSQL and ISO 8601 with four digits can both say.
const earliest = -62_135_596_800_000
const latest = 253_402_300_799_999

export const isInstant = (value: number): boolean => value >= earliest && value <= latest
