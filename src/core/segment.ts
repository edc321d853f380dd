// Messages of Segment's HTTP tracking API, which RudderStack's SDKs speak too, as events. The mapping is written out for
// integrators in docs/segment.md.

import type { FieldsChange } from './fields/write.ts'
import type { PersonRef } from './identity.ts'
import {
  contextText,
  idAt,
  identifierIn,
  isObject,
  type Mapped,
  type MappedChannel,
  type MappedContext,
  type MappedEvent,
  mapped,
  objectAt,
  objectOr,
  refuse,
  textOf,
} from './mapped-event.ts'
import { targetingIn } from './message-targeting.ts'
import { timeOf } from './message-time.ts'
import type { Instant, JsonObject, TypedTargeting } from './targeting/facts.ts'

export const messageTypes = ['track', 'identify', 'alias', 'page', 'screen', 'group'] as const

export type MessageType = (typeof messageTypes)[number]

/** What came with a message: the request's own members, which its messages share. */
export interface Envelope {
  readonly receivedAt: Instant
  readonly sentAt?: unknown
  /** Of a request that is about one message. */
  readonly type?: MessageType
  readonly context?: unknown
  readonly integrations?: unknown
}

/** The event of a message, or why it can never be one. */
export function eventOfMessage(given: unknown, envelope: Envelope): Mapped {
  return mapped(() => {
    const message = isObject(given) ? given : refuse('', 'not an object')
    return readMessage({ type: typeOf(message, envelope), message, envelope })
  })
}

interface Reading {
  readonly type: MessageType
  readonly message: JsonObject
  readonly envelope: Envelope
}

function readMessage(reading: Reading): MappedEvent {
  const { type, message, envelope } = reading
  const context = { ...objectOr(envelope.context), ...objectAt(message, 'context') }
  const traits = type === 'identify' ? { ...objectOr(context.traits), ...objectAt(message, 'traits') } : {}
  const properties = objectAt(message, 'properties')
  const own = ownHints(message, context, envelope)
  return {
    name: nameOf(reading),
    profile: profileOf(reading, { context, traits, partnerUserId: own.partnerUserId }),
    occurredAt: timeOf(message, envelope.sentAt, envelope.receivedAt),
    data: withOrigin(dataOf(reading, { properties, traits }), context),
    targeting: withCoupon(own.targeting, type === 'track' ? properties : {}),
    context: contextOf(reading, { context, properties }),
    idempotencyKey: idAt(message, 'messageId'),
    fields: type === 'identify' ? fieldsOf(traits) : null,
    previousId: type === 'alias' ? (idAt(message, 'previousId') ?? refuse('previousId', 'an alias needs one')) : null,
  }
}

function typeOf(message: JsonObject, envelope: Envelope): MessageType {
  if (envelope.type) return envelope.type
  const type = messageTypes.find((one) => one === message.type)
  return type ?? refuse('type', `not one of ${messageTypes.join(', ')}`)
}

function nameOf({ type, message }: Reading): string {
  return type === 'track' ? (textOf(message.event) ?? refuse('event', 'a track needs the name of an event')) : type
}

interface Known {
  readonly context: JsonObject
  readonly traits: JsonObject
  readonly partnerUserId: string | null
}

// A group's traits are those of the group. `context.traits` are the current user's in every message.
function profileOf({ type, message }: Reading, { context, traits, partnerUserId }: Known): PersonRef {
  const sourceId = idAt(message, 'userId')
  const deviceId = idAt(message, 'anonymousId')
  if (sourceId === null && deviceId === null) refuse('userId', 'a message needs a userId or an anonymousId')
  if (type === 'alias' && sourceId === null) refuse('userId', 'an alias needs one')
  const user = objectOr(context.traits)
  return {
    sourceId,
    email: identifierIn('EMAIL', [traits.email, user.email]),
    phone: identifierIn('PHONE', [traits.phone, user.phone]),
    partnerUserId,
    deviceId,
  }
}

function dataOf(
  { type, message }: Reading,
  { properties, traits }: { properties: JsonObject; traits: JsonObject },
): JsonObject {
  switch (type) {
    case 'track':
      return properties
    case 'identify':
      return traits
    case 'alias':
      return { previous_id: idAt(message, 'previousId') }
    case 'group': {
      const groupId = idAt(message, 'groupId') ?? refuse('groupId', 'a group needs one')
      return { ...objectAt(message, 'traits'), group_id: groupId }
    }
    default: {
      const titles = { name: textOf(message.name), category: textOf(message.category) }
      const given = Object.entries(titles).filter(([, title]) => title !== null)
      return { ...properties, ...Object.fromEntries(given) }
    }
  }
}

/** Where the person came from, for criteria: at the paths where the message has it. */
function withOrigin(data: JsonObject, { campaign, referrer }: JsonObject): JsonObject {
  const origin = { ...(isFilled(campaign) ? { campaign } : {}), ...(isFilled(referrer) ? { referrer } : {}) }
  return isFilled(origin) && !Object.hasOwn(data, 'context') ? { ...data, context: origin } : data
}

const isFilled = (value: unknown): value is JsonObject => isObject(value) && Object.keys(value).length > 0

/** A trait that is null is taken away. */
function fieldsOf(traits: JsonObject): FieldsChange | null {
  const entries = Object.entries(traits)
  if (entries.length === 0) return null
  return {
    set: Object.fromEntries(entries.filter(([, value]) => value !== null)),
    unset: entries.filter(([, value]) => value === null).map(([name]) => name),
  }
}

interface OwnHints {
  readonly targeting: TypedTargeting | null
  readonly partnerUserId: string | null
}

/** `integrations.Tributary`, where a message speaks to one destination; else `context.tributary`, for SDKs without it. */
function ownHints(message: JsonObject, context: JsonObject, envelope: Envelope): OwnHints {
  const integrations = { ...objectOr(envelope.integrations), ...objectOr(message.integrations) }
  const [given, field] = isObject(integrations.Tributary)
    ? [integrations.Tributary, 'integrations.Tributary']
    : [objectOr(context.tributary), 'context.tributary']
  const { partnerUserId, ...targeting } = given
  return { targeting: targetingIn(targeting, field), partnerUserId: textOf(partnerUserId) }
}

/** `coupon` is the word of Segment's e-commerce events; Tributary's own `coupon_code` and typed codes go before it. */
function withCoupon(targeting: TypedTargeting | null, properties: JsonObject): TypedTargeting | null {
  const coupon = textOf(properties.coupon)
  if (coupon === null || targeting?.couponCodes || textOf(properties.coupon_code) !== null) return targeting
  return { ...targeting, couponCodes: [coupon] }
}

function contextOf(
  { type, message }: Reading,
  { context, properties }: { context: JsonObject; properties: JsonObject },
): MappedContext {
  const page = objectOr(context.page)
  const own = type === 'page' ? properties : {}
  return {
    channel: channelOf(type, textOf(message.channel) ?? textOf(context.channel)),
    userAgent: contextText(context.userAgent),
    ip: contextText(context.ip),
    url: contextText(own.url) ?? contextText(page.url),
    referrer: contextText(own.referrer) ?? contextText(page.referrer) ?? contextText(objectOr(context.referrer).url),
    locale: contextText(context.locale),
  }
}

const channels: ReadonlyMap<string, MappedChannel> = new Map([
  ['browser', 'WEB'],
  ['web', 'WEB'],
  ['mobile', 'MOBILE_APP'],
  ['server', 'API'],
  ['sources', 'API'],
])

function channelOf(type: MessageType, named: string | null): MappedChannel | null {
  const found = named === null ? undefined : channels.get(named.toLowerCase())
  return found ?? (type === 'screen' ? 'MOBILE_APP' : type === 'page' ? 'WEB' : null)
}
