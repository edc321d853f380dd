// Batches of mParticle's Events API, version 2, as events. One batch is about one person; what it says of them goes with its
// first event. The mapping is written out for integrators in docs/segment.md.

import type { FieldsChange } from './fields/write.ts'
import type { PersonRef } from './identity.ts'
import {
  contextText,
  identifierIn,
  isInstant,
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
import type { Instant, JsonObject, TypedTargeting } from './targeting/facts.ts'

// Integers of 64 bits, which a double would round: two people, or two events, would become one.
const longIds =
  /"(mpid|origin_mpid|previous_mpid|current_mpid|batch_id|event_id|session_id)"(\s*:\s*)(-?\d{16,})(?=\s*[,}])/g

/** The text of a request with its long ids as texts. No JSON text can hold a quote that would look like one of these names. */
export const withTextIds = (text: string): string => text.replace(longIds, '"$1"$2"$3"')

/** The events of a batch in their order, each as an event or the reason why it can never be one. */
export function eventsOfBatch(given: unknown): Mapped[] {
  if (!isObject(given)) return [{ fault: { field: '', message: 'a batch is an object' } }]
  const list = given.events ?? []
  if (!Array.isArray(list)) return [{ fault: { field: 'events', message: 'not a list' } }]
  // A batch may bring identities and attributes alone: that is what Segment calls identify.
  const events =
    list.length > 0
      ? list.map((event, index) => mapped(() => eventOf(given, index, readEvent(event))))
      : [mapped(() => eventOf(given, 0, { name: 'identify', data: objectOr(given.user_attributes) }))]
  return events.map(withFields(fieldsOf(given)))
}

/** The change goes with the first event that can be one. */
function withFields(fields: FieldsChange | null) {
  let isTaken = fields === null
  return (one: Mapped): Mapped => {
    if (isTaken || !('event' in one)) return one
    isTaken = true
    return { event: { ...one.event, fields } }
  }
}

interface Said {
  readonly name: string
  readonly data: JsonObject
  readonly targeting?: TypedTargeting | null
  /** Of the event itself. */
  readonly own?: JsonObject
}

function eventOf(batch: JsonObject, index: number, { name, data, targeting = null, own = {} }: Said): MappedEvent {
  return {
    ...{ name, data, targeting },
    profile: profileOf(batch),
    occurredAt: timeOf(own.timestamp_unixtime_ms) ?? timeOf(batch.timestamp_unixtime_ms),
    context: contextOf(batch),
    idempotencyKey: keyOf(batch, own, index),
    fields: null,
    previousId: null,
  }
}

/** A time of its own, or null. */
function timeOf(value: unknown): Instant | null {
  if (value === undefined || value === null) return null
  const at = Number(value)
  return Number.isInteger(at) && isInstant(at) ? at : refuse('timestamp_unixtime_ms', 'not milliseconds since 1970')
}

/** mParticle asks for none: what a sender may give, an event or a request, and null where it gave neither. */
function keyOf(batch: JsonObject, own: JsonObject, index: number): string | null {
  const event = textOf(own.source_message_id) ?? textOf(own.event_id)
  if (event !== null) return `mparticle:${event}`
  const request = textOf(batch.source_request_id) ?? textOf(batch.batch_id)
  return request === null ? null : `mparticle:${request}:${index}`
}

// Of one device the ids from that of its installation to that of its advertisements.
const deviceIds = [
  ...['android_uuid', 'ios_idfv', 'amp_id', 'ios_advertising_id', 'android_advertising_id'],
  ...['fire_advertising_id', 'roku_advertising_id', 'roku_publisher_id'],
  ...['microsoft_advertising_id', 'microsoft_publisher_id'],
]

// What a device says that may not be recognised: the same for everybody.
const nobody = /^[0-]*$/

function profileOf(batch: JsonObject): PersonRef {
  const identities = objectAt(batch, 'user_identities')
  const device = objectAt(batch, 'device_info')
  const devices = [batch.mp_deviceid, ...deviceIds.map((name) => device[name])].map(textOf)
  const profile: PersonRef = {
    sourceId: textOf(identities.customer_id),
    email: identifierIn('EMAIL', [identities.email]),
    phone: identifierIn('PHONE', [identities.mobile_number, identities.phone_number_2, identities.phone_number_3]),
    partnerUserId: textOf(batch.mpid),
    deviceId: devices.find((id) => id !== null && !nobody.test(id)) ?? null,
  }
  if (Object.values(profile).every((id) => id === null))
    refuse('user_identities', 'a batch needs an identity of the user or of the device')
  return profile
}

function fieldsOf(batch: JsonObject): FieldsChange | null {
  const set = objectOr(batch.user_attributes)
  const deleted = Array.isArray(batch.deleted_user_attributes) ? batch.deleted_user_attributes : []
  const unset = deleted.filter((name) => typeof name === 'string')
  return Object.keys(set).length > 0 || unset.length > 0 ? { set, unset } : null
}

function contextOf(batch: JsonObject): MappedContext {
  const device = objectOr(batch.device_info)
  const [language, country] = [textOf(device.locale_language), textOf(device.locale_country)]
  return {
    channel: channelOf(batch),
    userAgent: contextText(device.http_header_user_agent),
    ip: contextText(batch.ip),
    url: null,
    referrer: null,
    locale: language === null ? null : contextText(country === null ? language : `${language}-${country}`),
  }
}

const channels: ReadonlyMap<string, MappedChannel> = new Map([
  ['ios', 'MOBILE_APP'],
  ['android', 'MOBILE_APP'],
  ['web', 'WEB'],
  ['mobileweb', 'WEB'],
  ['desktop', 'WEB'],
  ['out_of_band', 'API'],
  ['outofband', 'API'],
])

function channelOf({ device_info, application_info }: JsonObject): MappedChannel | null {
  const named = textOf(objectOr(device_info).platform) ?? textOf(objectOr(application_info).os)
  return channels.get(named?.toLowerCase() ?? '') ?? null
}

function readEvent(given: unknown): Said {
  const event = isObject(given) ? given : refuse('events', 'an event is an object')
  const type = textOf(event.event_type) ?? refuse('event_type', 'an event needs one')
  const own = objectAt(event, 'data')
  const attributes = objectAt(own, 'custom_attributes')
  switch (type) {
    case 'custom_event': {
      const name = textOf(own.event_name) ?? refuse('event_name', 'a custom event needs one')
      return { name, own, data: { ...kept(own, ['custom_event_type']), ...attributes } }
    }
    case 'screen_view': {
      const name = textOf(own.screen_name) ?? refuse('screen_name', 'a screen view needs one')
      return { name: 'screen', own, data: { ...attributes, name } }
    }
    case 'commerce_event':
      return { ...commerceOf(own), own }
    default:
      return { name: type, own, data: { ...kept(own, ofTypes), ...attributes } }
  }
}

// What the other types of events say, beside what all events have and what only machines read.
const ofTypes = [
  ...['application_transition_type', 'is_first_run', 'is_upgrade', 'launch_referral'],
  ...['profile_event_type', 'previous_mpid', 'current_mpid', 'is_opted_out'],
  ...['push_message_type', 'message', 'network', 'action_identifier', 'push_message_behavior', 'register'],
  ...['user_attribute_name', 'old', 'new', 'deleted', 'is_new_attribute', 'session_duration_ms', 'label', 'severity'],
]

const kept = (from: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])))

/** A purchase reads as one of Segment's: `total`, `currency`, `transaction_id`, `coupon_code`. */
function commerceOf(own: JsonObject): Said {
  const data = { ...kept(own, ['screen_name']), ...objectAt(own, 'custom_attributes') }
  if (isObject(own.product_action)) {
    const { action, total_amount, ...details } = own.product_action
    const name = textOf(action) ?? refuse('product_action.action', 'a product action needs one')
    const total = total_amount === undefined ? {} : { total: total_amount }
    const currency = textOf(own.currency_code) === null ? {} : { currency: own.currency_code }
    return { name, data: { ...data, ...details, ...total, ...currency } }
  }
  if (isObject(own.promotion_action)) {
    const { action, ...details } = own.promotion_action
    const name = textOf(action) ?? refuse('promotion_action.action', 'a promotion action needs one')
    return { name: `promotion_${name}`, data: { ...data, ...details } }
  }
  if (Array.isArray(own.product_impressions))
    return { name: 'impression', data: { ...data, product_impressions: own.product_impressions } }
  return refuse('product_action', 'a commerce event needs a product action, a promotion action or impressions')
}
