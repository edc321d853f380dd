// Mapped messages into the batch that trackEvents enters, in their order, each answered for itself. What may be sent again
// is thrown for the whole request where all that is stored of it has keys, and so is not stored again.

import type { Context } from '../../context.ts'
import { maxFields } from '../../core/fields/limits.ts'
import type { FieldsChange } from '../../core/fields/write.ts'
import { type Identifier, identifiersOf, isBlocked } from '../../core/identity.ts'
import type { Mapped, MappedContext, MappedEvent } from '../../core/mapped-event.ts'
import { ApiError, badInput, errorCodes } from '../../errors.ts'
import { retrying } from '../../platform/retry.ts'
import { checkTexts, type JsonObject, JsonObjectScalar } from '../../scalars.ts'
import type { Ingested, Outcome } from '../events/admission.ts'
import { type AcceptedEvent, type Arrival, acceptEvent, type EventContext } from '../events/check.ts'
import { checkRef } from '../profiles/resolve.ts'
import { findOrCreatePeople } from '../profiles/service.ts'
import { findIdentities } from '../profiles/sql.ts'

const maxChunk = 500

export interface Received {
  messages: readonly Mapped[]
  at: Date
}

/**
 * What became of each message, in their order. RATE_LIMITED and UNAVAILABLE are thrown, unless messages without keys are stored
 * already, which the whole request would store again.
 */
export async function takeMessages(context: Context, received: Received): Promise<(Ingested | ApiError)[]> {
  const checked = received.messages.map((message) => check(message, { now: received.at, sender: context.principal }))
  await joinAliases(context, checked)
  const accepted = checked.filter((one): one is Checked => !(one instanceof ApiError)).map(({ event }) => event)
  const outcomes = new Map<string, Ingested | ApiError>()
  // What has no keys is stored all or none, as far as that depends on us: so it goes in one piece.
  const size = accepted.every(hasKey) ? maxChunk : accepted.length
  for (let start = 0; start < accepted.length; start += size) {
    const chunk = accepted.slice(start, start + size)
    const results = await context.services.intake.submit(context.accountId, chunk)
    const isBound = chunk.some((event, index) => !hasKey(event) && !(results[index] instanceof Error))
    for (const [index, event] of chunk.entries()) {
      const outcome = finalOf(context, results[index])
      if (!isBound && outcome instanceof ApiError && errorCodes[outcome.code].retryable) throw outcome
      outcomes.set(event.id, outcome)
    }
  }
  return checked.map((one) => (one instanceof ApiError ? one : (outcomes.get(one.event.id) ?? unexpected())))
}

const hasKey = ({ idempotencyKey }: AcceptedEvent): boolean => idempotencyKey !== null

interface Checked {
  event: AcceptedEvent
  mapped: MappedEvent
}

function check(message: Mapped, arrival: Omit<Arrival, 'path'>): Checked | ApiError {
  if ('fault' in message) return badInput(message.fault.message, message.fault.field)
  try {
    checkPrevious(message.event.previousId)
    const { previousId } = message.event
    // What is said by programs that know nothing names nobody.
    const isKnown = previousId !== null && !isBlocked('SOURCE_ID', previousId)
    return {
      event: accept(message.event, arrival),
      mapped: { ...message.event, previousId: isKnown ? previousId : null },
    }
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function checkPrevious(previousId: string | null): void {
  checkTexts(previousId, 'previousId')
  const found = identifiersOf({ sourceId: previousId })
  if (!Array.isArray(found)) throw badInput(found.message, 'previousId')
}

function accept(mapped: MappedEvent, arrival: Omit<Arrival, 'path'>): AcceptedEvent {
  const { name, profile, targeting, idempotencyKey, occurredAt } = mapped
  const [data, context] = [jsonObject(mapped.data), given(mapped.context)]
  const event = acceptEvent(
    {
      ...{ name, profile, targeting, context, data, idempotencyKey },
      occurredAt: occurredAt === null ? null : new Date(occurredAt),
    },
    { path: 'event', ...arrival },
  )
  // A message that is sent again comes with the same content, but its time is corrected by another `sentAt` and receipt.
  const { occurredAt: _, ...digests } = event.digests
  if (!mapped.fields) return { ...event, digests }
  return { ...event, digests, fields: { ...checkedFields(mapped.fields), at: event.occurredAt.getTime() } }
}

/** Only what was said is stored; null where nothing was. */
function given(context: MappedContext): EventContext | null {
  const entries = Object.entries(context).filter(([, value]) => value !== null)
  return entries.length > 0 ? Object.fromEntries(entries) : null
}

const jsonObject = (value: object): JsonObject => JsonObjectScalar.parseValue(value)

function checkedFields({ set, unset }: FieldsChange): FieldsChange {
  if (Object.keys(set).length > maxFields) throw badInput(`over ${maxFields} fields`, 'traits')
  checkTexts(unset, 'traits')
  return { set: jsonObject(set), unset }
}

/**
 * An alias says that two ids are one person's. The earlier one is another `sourceId` where one is known by it or this request
 * says so, and else what they were called before they signed in: a device. The later one begins a person where it is new, so
 * that there is somebody whom the earlier one's person can join.
 */
async function joinAliases(context: Context, checked: readonly (Checked | ApiError)[]): Promise<void> {
  const aliases = checked.filter((one): one is Checked => !(one instanceof ApiError) && one.mapped.previousId !== null)
  if (aliases.length === 0) return
  const { accountId, sql, services } = context
  const asked = aliases.flatMap((alias) => sourceIds(alias.mapped.previousId))
  const known = new Set((await findIdentities(sql, accountId, asked)).map(({ value }) => value))
  for (const one of checked) {
    if (one instanceof ApiError) continue
    const { previousId, profile } = one.mapped
    if (previousId !== null) {
      const kind = known.has(previousId) ? 'SOURCE_ID' : 'DEVICE'
      const [first, ...rest] = one.event.ref.identifiers
      const identifiers: Identifier[] = [...(first ? [first] : []), { kind, value: previousId }, ...rest]
      one.event = { ...one.event, ref: { ...one.event.ref, id: null, identifiers } }
    }
    if (profile.sourceId) known.add(profile.sourceId)
  }
  const survivors = aliases.filter(({ mapped }) => mapped.previousId !== null && known.has(mapped.previousId))
  if (survivors.length === 0) return
  const refs = survivors.map(({ mapped }) => checkRef({ sourceId: mapped.profile.sourceId }, 'userId'))
  await retrying(() =>
    services.database.transaction((tx) => findOrCreatePeople(tx, refs, { context, path: () => 'userId' })),
  )
}

const sourceIds = (value: string | null): Identifier[] => (value === null ? [] : [{ kind: 'SOURCE_ID', value }])

function finalOf({ services }: Context, outcome: Outcome | undefined): Ingested | ApiError {
  if (outcome && (!(outcome instanceof Error) || outcome instanceof ApiError)) return outcome
  services.log.error({ err: outcome }, 'a message failed unexpectedly')
  return unexpected()
}

const unexpected = () => new ApiError('INTERNAL_SERVER_ERROR', 'Unexpected error.')
