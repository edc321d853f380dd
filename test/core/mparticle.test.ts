// What batches of mParticle's Events API become; their shapes are those of its published JSON schema.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { MappedEvent } from '../../src/core/mapped-event.ts'
import { eventsOfBatch, withTextIds } from '../../src/core/mparticle.ts'

const batchOf = (more: object = {}) => ({
  environment: 'production',
  user_identities: { customer_id: 'ada' },
  ...more,
})

const custom = (more: object = {}) => ({
  event_type: 'custom_event',
  data: { event_name: 'Video Watched', custom_event_type: 'media', ...more },
})

const read = (batch: object): MappedEvent[] =>
  eventsOfBatch(batch).map((one) => {
    if ('fault' in one) throw new Error(`${one.fault.field}: ${one.fault.message}`)
    return one.event
  })

const eventIn = (event: object, more: object = {}) => read(batchOf({ ...more, events: [event] }))[0]

const faultsOf = (batch: unknown) => eventsOfBatch(batch).map((one) => ('fault' in one ? one.fault.field : null))

describe('names and content', () => {
  test('a custom event is its name with its attributes', () => {
    const event = eventIn(custom({ custom_attributes: { title: 'Tides' }, session_id: 1, device_current_state: {} }))
    expect(event).toMatchObject({ name: 'Video Watched' })
    expect(event?.data).toEqual({ custom_event_type: 'media', title: 'Tides' })
  })

  test('a purchase reads as Segment’s does: an order with its total, its currency and its coupon', () => {
    const event = eventIn({
      event_type: 'commerce_event',
      data: {
        product_action: {
          action: 'purchase',
          transaction_id: 'T-1',
          total_amount: 49.9,
          tax_amount: 8,
          coupon_code: 'SAVE-10',
          products: [{ id: 'p', name: 'Tea', price: 49.9, quantity: 1 }],
        },
        currency_code: 'EUR',
        custom_attributes: { gift: 'yes' },
      },
    })
    expect(event?.name).toBe('purchase')
    expect(event?.data).toEqual({
      transaction_id: 'T-1',
      total: 49.9,
      tax_amount: 8,
      coupon_code: 'SAVE-10',
      products: [{ id: 'p', name: 'Tea', price: 49.9, quantity: 1 }],
      currency: 'EUR',
      gift: 'yes',
    })
  })

  it.each<[string, object, string, object]>([
    [
      'a promotion',
      { event_type: 'commerce_event', data: { promotion_action: { action: 'view', promotions: [{ id: 'x' }] } } },
      'promotion_view',
      { promotions: [{ id: 'x' }] },
    ],
    [
      'an impression',
      { event_type: 'commerce_event', data: { product_impressions: [{ product_impression_list: 'l', products: [] }] } },
      'impression',
      { product_impressions: [{ product_impression_list: 'l', products: [] }] },
    ],
    [
      'a screen view',
      { event_type: 'screen_view', data: { screen_name: 'Cart', custom_attributes: { items: '2' } } },
      'screen',
      { name: 'Cart', items: '2' },
    ],
    [
      'another type, by its own name and with what it says',
      {
        event_type: 'application_state_transition',
        data: { application_transition_type: 'application_initialized', is_first_run: true, event_num: 3 },
      },
      'application_state_transition',
      { application_transition_type: 'application_initialized', is_first_run: true },
    ],
  ])('%s', (_title, event, ...wanted) => {
    const { name, data } = eventIn(event) ?? {}
    expect([name, data]).toEqual(wanted)
  })

  test('a batch without events says who somebody is: an identify', () => {
    const [event, ...more] = read(batchOf({ user_attributes: { plan: 'pro' }, source_request_id: 'r' }))
    expect(more).toEqual([])
    expect(event).toMatchObject({ name: 'identify', data: { plan: 'pro' }, idempotencyKey: 'mparticle:r:0' })
    expect(event?.fields).toEqual({ set: { plan: 'pro' }, unset: [] })
  })
})

describe('who it is about', () => {
  const profileOf = (batch: object) => read({ ...batch, events: [custom()] })[0]?.profile
  const uuid = '607258d9-c28b-43ad-95ed-e9593025d5a1'

  test('identities, the installation, and mParticle’s own id as that of a partner', () => {
    const user_identities = { customer_id: 'ada', email: 'ada@example.com', mobile_number: '+4930901820', other: 'x' }
    expect(profileOf({ user_identities, mp_deviceid: uuid, mpid: '-5421234567890123456' })).toEqual({
      sourceId: 'ada',
      email: 'ada@example.com',
      phone: '+4930901820',
      partnerUserId: '-5421234567890123456',
      deviceId: uuid,
    })
  })

  test('what is the same for everybody names nobody: a blanked advertising id, a wrong address', () => {
    const device_info = { ios_advertising_id: '00000000-0000-0000-0000-000000000000', android_advertising_id: uuid }
    expect(profileOf({ device_info, user_identities: { email: 'none' } })).toMatchObject({
      email: null,
      deviceId: uuid,
    })
    expect(faultsOf({ device_info: { ios_advertising_id: '0000-00' }, events: [custom()] })).toEqual([
      'user_identities',
    ])
  })

  test('attributes become fields once, with the first event that can be one', () => {
    const [bad, first, second] = eventsOfBatch(
      batchOf({
        user_attributes: { plan: 'pro', tag: null },
        deleted_user_attributes: ['city'],
        events: [{ event_type: 'custom_event' }, custom(), custom()],
      }),
    )
    expect(bad).toMatchObject({ fault: { field: 'event_name' } })
    expect(first).toMatchObject({ event: { fields: { set: { plan: 'pro', tag: null }, unset: ['city'] } } })
    expect(second).toMatchObject({ event: { fields: null } })
  })
})

describe('when and where', () => {
  test('is the event’s time, else the batch’s', () => {
    expect(
      eventIn(custom({ timestamp_unixtime_ms: 1_700_000_000_000 }), { timestamp_unixtime_ms: 5 })?.occurredAt,
    ).toBe(1_700_000_000_000)
    expect(eventIn(custom(), { timestamp_unixtime_ms: 1_600_000_000_000 })?.occurredAt).toBe(1_600_000_000_000)
    expect(eventIn(custom())?.occurredAt).toBeNull()
    expect(faultsOf(batchOf({ events: [custom({ timestamp_unixtime_ms: 'noon' })] }))).toEqual([
      'timestamp_unixtime_ms',
    ])
  })

  test('is read of the device', () => {
    const device_info = {
      platform: 'iOS',
      locale_language: 'en',
      locale_country: 'US',
      http_header_user_agent: 'app/1',
    }
    expect(eventIn(custom(), { device_info, ip: '8.8.8.8' })?.context).toEqual({
      channel: 'MOBILE_APP',
      userAgent: 'app/1',
      ip: '8.8.8.8',
      url: null,
      referrer: null,
      locale: 'en-US',
    })
  })
})

describe('what is sent again', () => {
  const keyOf = (own: object, more: object = {}) => eventIn(custom(own), more)?.idempotencyKey

  test('is known by the event’s id, else by its place in a request that has one', () => {
    expect(keyOf({ source_message_id: 'm', event_id: 1 }, { source_request_id: 'r' })).toBe('mparticle:m')
    expect(keyOf({ event_id: 7 }, { source_request_id: 'r' })).toBe('mparticle:7')
    expect(keyOf({}, { source_request_id: 'r', batch_id: 9 })).toBe('mparticle:r:0')
    expect(keyOf({}, { batch_id: 9 })).toBe('mparticle:9:0')
    expect(keyOf({})).toBeNull()
  })

  test('ids of 64 bits keep every digit, and no text is taken for one', () => {
    const ids = { mpid: -5421234567890123456n, event_id: 9223372036854775807n }
    const text = `{"mpid": ${ids.mpid}, "events": [{"data": {"event_id":${ids.event_id}}}], "mpid":12}`
    expect(JSON.parse(withTextIds(text))).toEqual({ mpid: 12, events: [{ data: { event_id: '9223372036854775807' } }] })
    expect(JSON.parse(withTextIds(`{"mpid":${ids.mpid}}`))).toEqual({ mpid: '-5421234567890123456' })
    fc.assert(
      fc.property(fc.string(), (tail) => {
        const said = { note: `"mpid":1234567890123456789,${tail}"mpid": 1234567890123456789}` }
        expect(JSON.parse(withTextIds(JSON.stringify(said)))).toEqual(said)
      }),
    )
  })
})

describe('what can never be an event', () => {
  it.each<[string, unknown, string[]]>([
    ['a batch that is no object', 'batch', ['']],
    ['events that are no list', batchOf({ events: {} }), ['events']],
    ['an event that is no object', batchOf({ events: [null] }), ['events']],
    ['no type', batchOf({ events: [{ data: {} }] }), ['event_type']],
    ['a custom event without a name', batchOf({ events: [{ event_type: 'custom_event' }] }), ['event_name']],
    ['a screen view without a name', batchOf({ events: [{ event_type: 'screen_view' }] }), ['screen_name']],
    ['a commerce event about nothing', batchOf({ events: [{ event_type: 'commerce_event' }] }), ['product_action']],
    ['nobody', { events: [custom(), custom()] }, ['user_identities', 'user_identities']],
  ])('%s', (_title, batch, fields) => expect(faultsOf(batch)).toEqual(fields))

  test('no JSON makes the reading fail otherwise', () => {
    const keys = fc.constantFrom('events', 'user_identities', 'device_info', 'user_attributes', 'mpid')
    const parts = fc.dictionary(
      fc.constantFrom('event_type', 'data'),
      fc.oneof(fc.constant('commerce_event'), fc.jsonValue()),
    )
    const batch = fc.dictionary(keys, fc.oneof(fc.array(parts), fc.jsonValue()))
    fc.assert(fc.property(batch, (given) => void eventsOfBatch(given)))
  })
})
