// What Segment's messages become, as docs/segment.md says it.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { MappedEvent } from '../../src/core/mapped-event.ts'
import { parseTime } from '../../src/core/message-time.ts'
import { type Envelope, eventOfMessage } from '../../src/core/segment.ts'

const receivedAt = Date.parse('2026-03-10T12:00:00Z')
const envelope: Envelope = { receivedAt }

function eventOf(message: object, more: Partial<Envelope> = {}): MappedEvent {
  const mapped = eventOfMessage(message, { ...envelope, ...more })
  if ('fault' in mapped) throw new Error(`${mapped.fault.field}: ${mapped.fault.message}`)
  return mapped.event
}

const faultOf = (message: unknown) => {
  const mapped = eventOfMessage(message, envelope)
  return 'fault' in mapped ? mapped.fault.field : null
}

const track = (more: object = {}) => ({ type: 'track', event: 'Order Completed', userId: 'ada', ...more })
const at = (time: string) => Date.parse(time)

describe('names and content', () => {
  const cases: [title: string, message: object, name: string, content: object][] = [
    ['a track is its event with its properties', track({ properties: { total: 9 } }), 'Order Completed', { total: 9 }],
    [
      'a page is `page` with its name and category',
      { type: 'page', anonymousId: 'd', name: 'Home', category: 'Shop', properties: { path: '/' } },
      'page',
      { path: '/', name: 'Home', category: 'Shop' },
    ],
    ['a screen is `screen` likewise', { type: 'screen', userId: 'ada', name: 'Cart' }, 'screen', { name: 'Cart' }],
    [
      'an identify is `identify` with its traits',
      { type: 'identify', userId: 'ada', traits: { plan: 'pro' } },
      'identify',
      { plan: 'pro' },
    ],
    [
      'a group is `group` with its traits and its id',
      { type: 'group', userId: 'ada', groupId: 7, traits: { seats: 3 } },
      'group',
      { seats: 3, group_id: '7' },
    ],
    [
      'an alias is `alias` with the earlier id',
      { type: 'alias', userId: 'ada', previousId: 'anon' },
      'alias',
      { previous_id: 'anon' },
    ],
    [
      'where somebody came from stands in the data too, for criteria',
      track({ context: { campaign: { source: 'mail' }, referrer: { type: 'ad' } }, properties: { total: 1 } }),
      'Order Completed',
      { total: 1, context: { campaign: { source: 'mail' }, referrer: { type: 'ad' } } },
    ],
    [
      'unless the properties have a context of their own',
      track({ context: { campaign: { source: 'mail' } }, properties: { context: 'own' } }),
      'Order Completed',
      { context: 'own' },
    ],
  ]
  it.each(cases)('%s', (_title, message, ...read) => {
    const { name, data } = eventOf(message)
    expect([name, data]).toEqual(read)
  })

  test('a path for one kind of message tells its type', () => {
    expect(eventOf({ userId: 'ada' }, { type: 'page' }).name).toBe('page')
  })

  test('what belongs to the whole request holds for each of its messages, and theirs go before it', () => {
    const shared = { context: { ip: '1.2.3.4', locale: 'de' }, integrations: { Tributary: { couponCodes: 'A' } } }
    expect(eventOf(track({ context: { locale: 'fr' } }), shared)).toMatchObject({
      context: { ip: '1.2.3.4', locale: 'fr' },
      targeting: { couponCodes: ['A'] },
    })
  })
})

describe('who it is about', () => {
  const none = { sourceId: null, email: null, phone: null, partnerUserId: null, deviceId: null }
  const cases: [title: string, message: object, profile: object][] = [
    ['userId is their id with the brand', track(), { ...none, sourceId: 'ada' }],
    ['numbers are ids too', track({ userId: 7, anonymousId: 8 }), { ...none, sourceId: '7', deviceId: '8' }],
    ['anonymousId is a device', track({ userId: null, anonymousId: 'd' }), { ...none, deviceId: 'd' }],
    [
      'an identify also names people by e-mail and phone',
      { type: 'identify', userId: 'ada', traits: { email: 'ada@example.com', phone: '+49 30 901820' } },
      { ...none, sourceId: 'ada', email: 'ada@example.com', phone: '+49 30 901820' },
    ],
    [
      'so do the traits that a library adds to every message',
      track({ context: { traits: { email: 'ada@example.com' } } }),
      { ...none, sourceId: 'ada', email: 'ada@example.com' },
    ],
    [
      'an address that cannot be one is no reason to lose the message',
      { type: 'identify', userId: 'ada', traits: { email: 'n/a', phone: '0301234' } },
      { ...none, sourceId: 'ada' },
    ],
    [
      'nor is one with half a character in it',
      track({ context: { traits: { email: 'a\ud800@example.com' } } }),
      { ...none, sourceId: 'ada' },
    ],
    [
      'an address among the properties names nobody',
      track({ properties: { email: 'b@example.com' } }),
      { ...none, sourceId: 'ada' },
    ],
    [
      'the traits of a group are not those of a person',
      { type: 'group', userId: 'ada', groupId: 'g', traits: { email: 'office@example.com' } },
      { ...none, sourceId: 'ada' },
    ],
    [
      'a partner’s id comes with the hints',
      track({ integrations: { Tributary: { partnerUserId: 'p' } } }),
      { ...none, sourceId: 'ada', partnerUserId: 'p' },
    ],
  ]
  it.each(cases)('%s', (_title, message, profile) => expect(eventOf(message).profile).toEqual(profile))

  test('only an identify sets fields; a trait that is null is taken away', () => {
    const traits = { plan: 'pro', city: null }
    expect(eventOf({ type: 'identify', userId: 'ada', traits }).fields).toEqual({
      set: { plan: 'pro' },
      unset: ['city'],
    })
    expect(eventOf({ type: 'identify', userId: 'ada', context: { traits } }).fields?.set).toEqual({ plan: 'pro' })
    expect(eventOf({ type: 'identify', userId: 'ada' }).fields).toBeNull()
    expect(eventOf(track({ context: { traits } })).fields).toBeNull()
    expect(eventOf({ type: 'group', userId: 'ada', groupId: 'g', traits }).fields).toBeNull()
  })
})

describe('hints', () => {
  const hints = (message: object) => eventOf(message).targeting

  test('the coupon of an e-commerce event is a coupon code', () => {
    expect(hints(track({ properties: { coupon: ' SAVE-10 ' } }))).toEqual({ couponCodes: ['SAVE-10'] })
  })

  test('codes that are typed, and `coupon_code`, go before it', () => {
    const typed = { integrations: { Tributary: { couponCodes: ['B'], strictHints: true } } }
    expect(hints(track({ ...typed, properties: { coupon: 'A' } }))).toEqual({ couponCodes: ['B'], strictHints: true })
    expect(hints(track({ properties: { coupon: 'A', coupon_code: 'B' } }))).toBeNull()
  })

  test('all of trackEvent’s targeting may stand in integrations.Tributary, or in context.tributary', () => {
    const given = {
      require: { kind: 'JOURNEY_NAME', value: 'friend' },
      requiredLabels: ['vip'],
      shareIds: 's',
      advocateCodes: ['ADA-10'],
      journeyCampaignId: 'c',
      labels: 'a',
      promoLink: 'p',
      partnerId: 7,
    }
    const read = {
      ...given,
      require: [given.require],
      shareIds: ['s'],
      labels: ['a'],
      partnerId: '7',
    }
    expect(hints(track({ integrations: { Tributary: given } }))).toEqual(read)
    expect(hints(track({ context: { tributary: given } }))).toEqual(read)
    expect(hints(track({ integrations: { Tributary: true, All: false } }))).toBeNull()
  })

  it.each([
    ['an unknown member', { coupons: ['A'] }, 'integrations.Tributary.coupons'],
    ['a list of objects', { labels: [{}] }, 'integrations.Tributary.labels'],
    ['a kind of target that is none', { require: [{ kind: 'SHOP', value: 'x' }] }, 'integrations.Tributary.require'],
    ['text for a switch', { strictHints: 'yes' }, 'integrations.Tributary.strictHints'],
  ])('%s is refused, as in GraphQL', (_title, given, field) => {
    expect(faultOf(track({ integrations: { Tributary: given } }))).toBe(field)
  })
})

describe('where it happened', () => {
  const contextOf = (message: object) => eventOf(message).context

  test('is read of the context, and of a page also from its properties', () => {
    const context = {
      ip: '8.8.8.8',
      userAgent: 'Mozilla/5.0',
      locale: 'en-US',
      page: { url: 'https://shop.example/a', referrer: 'https://mail.example' },
    }
    const read = { ...context, page: undefined, url: context.page.url, referrer: context.page.referrer }
    expect(contextOf(track({ context, channel: 'browser' }))).toEqual({ ...read, page: undefined, channel: 'WEB' })
    const page = { type: 'page', userId: 'ada', properties: { url: 'https://shop.example/b' }, context }
    expect(contextOf(page)).toMatchObject({ url: 'https://shop.example/b', channel: 'WEB' })
  })

  it.each([
    [{ channel: 'server' }, 'API'],
    [{ channel: 'mobile' }, 'MOBILE_APP'],
    [{ type: 'screen' }, 'MOBILE_APP'],
    [{ channel: 'pigeon' }, null],
    [{}, null],
  ])('%o happened by %s', (more, channel) => expect(contextOf(track(more)).channel).toBe(channel))

  test('text that a library collected is cut, not refused', () => {
    const url = `https://shop.example/?q=${'x'.repeat(5_000)}`
    expect(contextOf(track({ context: { page: { url } } })).url).toHaveLength(2_048)
  })

  test('nor is it for what cannot be stored, were it the half of a character that the cut leaves', () => {
    const cut = `${'x'.repeat(2_047)}😀`
    expect(contextOf(track({ context: { userAgent: cut, locale: 'd\u0000e\udc00', ip: '\u0000' } }))).toMatchObject({
      userAgent: `${'x'.repeat(2_047)}\ufffd`,
      locale: 'de\ufffd',
      ip: null,
    })
  })
})

describe('when it happened', () => {
  const timeOf = (message: object, more: Partial<Envelope> = {}) => eventOf(track(message), more).occurredAt

  test('is the receipt, less what lay between event and sending: a sender’s clock may be off by years', () => {
    const timestamp = '1970-01-01T00:10:00Z'
    const sentAt = '1970-01-01T00:15:00Z'
    expect(timeOf({ timestamp, sentAt })).toBe(at('2026-03-10T11:55:00Z'))
    expect(timeOf({ originalTimestamp: timestamp }, { sentAt })).toBe(at('2026-03-10T11:55:00Z'))
  })

  test('a message’s own sentAt goes before that of its request', () => {
    const timestamp = '2026-03-10T11:00:00Z'
    expect(timeOf({ timestamp, sentAt: '2026-03-10T11:30:00Z' }, { sentAt: timestamp })).toBe(
      at('2026-03-10T11:30:00Z'),
    )
  })

  test('is taken as it is without sentAt, and where both times are given: one was corrected or meant', () => {
    const timestamp = '2026-03-01T00:00:00Z'
    expect(timeOf({ timestamp })).toBe(at(timestamp))
    expect(timeOf({ timestamp, sentAt: 'yesterday' })).toBe(at(timestamp))
    expect(timeOf({ timestamp, originalTimestamp: '2026-03-02T00:00:00Z', sentAt: '2020-01-01T00:00:00Z' })).toBe(
      at(timestamp),
    )
  })

  test('is the receipt where nothing is said', () => expect(timeOf({})).toBeNull())

  test('is never after the receipt, where it is corrected, and keeps the distances within a request', () => {
    const instants = fc.integer({ min: at('1971-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') })
    fc.assert(
      fc.property(instants, instants, fc.nat(86_400_000), (own, sent, apart) => {
        const [first, second] = [own, own + apart].map((time) =>
          timeOf({ timestamp: new Date(time).toISOString() }, { sentAt: new Date(sent).toISOString() }),
        )
        expect(first).toBeLessThanOrEqual(receivedAt)
        if (own + apart <= sent) expect(Number(second) - Number(first)).toBe(apart)
      }),
    )
  })

  it.each([
    ['2026-03-10', '2026-03-10T00:00:00Z'],
    ['2026-03-10T12:00', '2026-03-10T12:00:00Z'],
    ['2026-03-10 12:00:00', '2026-03-10T12:00:00Z'],
    ['2026-03-10T12:00:00.123456789Z', '2026-03-10T12:00:00.123Z'],
    ['2026-03-10T12:00:00+0100', '2026-03-10T11:00:00Z'],
    ['2026-03-10T12:00:00-08', '2026-03-10T20:00:00Z'],
  ])('%s reads as %s', (text, time) => expect(parseTime(text)).toBe(at(time)))

  it.each(['', '1', 'yesterday', '2026-13-01', '10.03.2026', {}, null])('%s is no time', (text) =>
    expect(parseTime(text)).toBeUndefined(),
  )
})

describe('what can never be an event', () => {
  it.each<[string, unknown, string]>([
    ['no object', 'track', ''],
    ['no type', { userId: 'ada' }, 'type'],
    ['another type', { type: 'delete', userId: 'ada' }, 'type'],
    ['nobody', { type: 'track', event: 'x' }, 'userId'],
    ['an id that is an object', track({ userId: {} }), 'userId'],
    ['a track without an event', { type: 'track', userId: 'ada' }, 'event'],
    ['properties that are a list', track({ properties: [] }), 'properties'],
    ['a group without its id', { type: 'group', userId: 'ada' }, 'groupId'],
    ['an alias without the earlier id', { type: 'alias', userId: 'ada' }, 'previousId'],
    ['an alias of two anonymous ids', { type: 'alias', anonymousId: 'a', previousId: 'b' }, 'userId'],
    ['a time that is none', track({ timestamp: 'soon' }), 'timestamp'],
    ['a messageId that is an object', track({ messageId: {} }), 'messageId'],
  ])('%s', (_title, message, field) => expect(faultOf(message)).toBe(field))

  test('no JSON makes the reading fail otherwise', () => {
    const keys = fc.constantFrom(
      'type',
      'event',
      'userId',
      'traits',
      'properties',
      'context',
      'integrations',
      'timestamp',
    )
    const message = fc.dictionary(keys, fc.oneof(fc.constantFrom('track', 'identify'), fc.jsonValue()))
    fc.assert(fc.property(message, (given) => void eventOfMessage(given, { receivedAt, sentAt: given })))
  })
})
