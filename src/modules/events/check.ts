// What an event must be before it enters a batch, and its form inside one.

import { hash } from 'node:crypto'
import { can, type Principal } from '../../access.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import type { FieldsStatement } from '../../core/fields/write.ts'
import type { PersonRef } from '../../core/identity.ts'
import { foldEventName } from '../../core/names.ts'
import type { TypedTargeting } from '../../core/targeting/facts.ts'
import { badInput } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { checkTexts, type JsonObject } from '../../scalars.ts'
import { type CheckedRef, checkEventRef } from '../profiles/resolve.ts'
import type { Digests } from './sql.ts'

export interface TrackEventInput {
  name: string
  profile: PersonRef
  occurredAt?: Date | null
  data?: JsonObject | null
  targeting?: TypedTargeting | null
  context?: EventContext | null
  idempotencyKey?: string | null
}

export interface EventContext {
  channel?: string | null
  userAgent?: string | null
  ip?: string | null
  url?: string | null
  referrer?: string | null
  locale?: string | null
}

/** An event that fits, ready for a batch. */
export interface AcceptedEvent {
  readonly id: string
  /** Where its input stands in the request, for errors. */
  readonly path: string
  readonly name: string
  readonly ref: CheckedRef
  /** The effective time. */
  readonly occurredAt: Date
  readonly receivedAt: Date
  /** What the sender gave, where it was clamped. */
  readonly reportedAt: Date | null
  readonly input: TrackEventInput
  readonly idempotencyKey: string | null
  readonly digests: Digests
  /** Its JSON columns as they are stored. */
  readonly json: { readonly data: string; readonly targeting: string | null; readonly context: string | null }
  /** Fields of the person that change with the event, once, in its order. */
  readonly fields?: FieldsStatement
  /** What was left out of it, by the account's definitions of fields. */
  readonly warnings?: readonly FieldFault[]
}

const maxNameLength = 100
const maxKeyLength = 200
const maxContextLength = 2_048
const maxTargetingBytes = 16 * 1024
const maxAheadMs = 5 * 60_000

export interface Arrival {
  /** Where the input stands. */
  readonly path: string
  readonly now: Date
  /** Who sent it; without PROFILES_WRITE an address that it calls verified is a claim, and the answer says so. */
  readonly sender?: Principal | null
}

/** The event, or BAD_INPUT naming the field. */
export function acceptEvent(input: TrackEventInput, { path, now, sender }: Arrival): AcceptedEvent {
  // Whatever way it came. Its data are checked by the scalar that they are of.
  const { data: _, ...texts } = input
  checkTexts(texts, path)
  const name = foldEventName(input.name)
  if (name === '') throw badInput('an event needs a name', `${path}.name`)
  if (name.length > maxNameLength) throw badInput(`over ${maxNameLength} characters`, `${path}.name`)
  const key = input.idempotencyKey?.trim() || null
  if (key && key.length > maxKeyLength) throw badInput(`over ${maxKeyLength} characters`, `${path}.idempotencyKey`)
  checkContext(input.context ?? {}, `${path}.context`)
  const json = {
    data: JSON.stringify(input.data ?? {}),
    targeting: jsonOf(input.targeting),
    context: jsonOf(input.context),
  }
  if (json.targeting && Buffer.byteLength(json.targeting) > maxTargetingBytes)
    throw badInput(`over ${maxTargetingBytes / 1024} KiB`, `${path}.targeting`)
  const reported = input.occurredAt ?? now
  const isAhead = reported.getTime() > now.getTime() + maxAheadMs
  return {
    id: newId(),
    path,
    name,
    ...personOf(input.profile, { path: `${path}.profile`, sender }),
    occurredAt: isAhead ? now : reported,
    receivedAt: now,
    reportedAt: isAhead ? reported : null,
    input,
    idempotencyKey: key,
    digests: key ? digestsOf(input) : {},
    json,
  }
}

function personOf(profile: PersonRef, { path, sender }: Pick<Arrival, 'path' | 'sender'>) {
  const flags = (['emailVerified', 'phoneVerified'] as const).filter((flag) => profile[flag])
  if (flags.length === 0 || sender === undefined || can(sender, ['PROFILES_WRITE']))
    return { ref: checkEventRef(profile, path) }
  const message = 'counts as a claim: verifying takes the scope PROFILES_WRITE'
  return {
    ref: checkEventRef({ ...profile, emailVerified: false, phoneVerified: false }, path),
    warnings: flags.map((flag) => ({ field: `${path}.${flag}`, message })),
  }
}

const jsonOf = (value: object | null | undefined) => (value ? JSON.stringify(value) : null)

function checkContext(context: EventContext, path: string): void {
  for (const [field, value] of Object.entries(context)) {
    if (value && value.length > maxContextLength)
      throw badInput(`over ${maxContextLength} characters`, `${path}.${field}`)
  }
}

const digested = ['name', 'profile', 'occurredAt', 'data', 'targeting', 'context'] as const

function digestsOf(input: TrackEventInput): Digests {
  return Object.fromEntries(digested.map((field) => [field, digest(input[field])]))
}

/** The input fields in which two events of one key differ. */
export function differingFields(a: Digests, b: Digests): string[] {
  return digested.filter((field) => a[field] !== b[field])
}

function digest(value: unknown): string {
  return value === undefined || value === null ? digestOfNothing : digestOf(canonical(value))
}

const digestOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)
const digestOfNothing = digestOf('null')

/** One text for equal values: keys sorted. A null is a value of its own; only what is absent is left out. */
function canonical(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}
