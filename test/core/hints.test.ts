// What an event carries, and how it steers: explicit and soft hints, typed or raw.

import { describe, expect, test } from 'vitest'
import { encodeId } from '../../src/core/ids.ts'
import { requestedCodes } from '../../src/core/targeting/hints.ts'
import { base, campaignId, decideWith, outcome, plain, purchase } from './hints-world.ts'
import { Stage } from './stage.ts'

describe('reading hints', () => {
  test('typed hints win over raw ones of the same row, and rows do not touch each other', () => {
    expect(outcome({ couponCode: 'CA' }, { coupon_code: 'CB' })).toMatchObject({ campaign: campaignId })
    expect(outcome({ shareId: 'SC' }, { coupon_code: 'CA' })).toMatchObject({
      campaign: campaignId,
      warnings: ['HINT_CONFLICT'],
    })
  })

  test('blank values and empty lists are absent, so that raw ones count', () => {
    expect(outcome({ couponCode: '  ' }, { coupon_code: 'CA' })).toMatchObject({ campaign: campaignId, warnings: [] })
    expect(outcome({ couponCodes: [] }, { coupon_code: ['', 'CA', null] })).toMatchObject({
      campaign: campaignId,
      warnings: [],
    })
  })

  test('numbers and booleans are read as text', () => {
    const stage = new Stage({ ...base, codes: [{ kind: 'COUPON', code: '1234', campaign: campaignId }] })
    expect(stage.peek({ ...purchase, data: { coupon_code: 1234 } }).campaignId).toBe(campaignId)
    expect(outcome({}, { coupon_code: true }).warnings).toEqual(['HINT_UNKNOWN'])
  })

  test('a list of codes is a union', () => {
    expect(outcome({ couponCodes: ['CA', 'CB'] })).toMatchObject({ campaign: 'B', by: 'PRIORITY', warnings: [] })
    expect(outcome({ couponCodes: ['NOPE', 'CA'] })).toMatchObject({ campaign: campaignId, by: 'COUPON_CODE' })
  })

  test('of twenty values all are read; of twenty-one none', () => {
    const codes = (count: number): string[] => [...Array<string>(count - 1).fill('CB'), 'CA']
    expect(outcome({}, { coupon_code: codes(20).reverse() }).warnings).toEqual([])
    expect(outcome({}, { coupon_code: codes(21) })).toMatchObject({ ...plain, warnings: ['HINT_MALFORMED'] })
  })

  test.each([
    ['a value over 256 characters', 'X'.repeat(257)],
    ['an object', { code: 'CA' }],
    ['a list inside a list', [['CA']]],
    ['a text that no database can hold', 'CA\0'],
    ['half a character', 'CA\ud800'],
  ])('%s is malformed and ignored', (_, value) => {
    expect(outcome({}, { coupon_code: value })).toEqual({ ...plain, warnings: ['HINT_MALFORMED'] })
  })

  test('a value of 256 characters is read, whatever characters they are', () => {
    expect(outcome({}, { coupon_code: '😀'.repeat(256) }).warnings).toEqual(['HINT_UNKNOWN'])
    expect(outcome({}, { coupon_code: '😀'.repeat(257) }).warnings).toEqual(['HINT_MALFORMED'])
  })

  test('a malformed value leaves the others of its list', () => {
    expect(outcome({}, { coupon_code: [{}, 'CA'] })).toMatchObject({
      campaign: campaignId,
      warnings: ['HINT_MALFORMED'],
    })
  })

  test('hints are read from own properties only', () => {
    // `as`: parsed, since a literal would set the prototype.
    const data = JSON.parse('{"__proto__": {"coupon_code": "CA"}}') as Record<string, unknown>
    expect(outcome({}, Object.create({ coupon_code: 'CA' }))).toMatchObject(plain)
    expect(outcome({}, data)).toMatchObject(plain)
  })

  test('journey.campaign_id is read nested first, then from its dotted key', () => {
    expect(outcome({}, { 'journey.campaign_id': 'C' })).toMatchObject({ campaign: 'C', by: 'JOURNEY_CAMPAIGN_ID' })
    expect(outcome({}, { 'journey.campaign_id': 'C', journey: { campaign_id: campaignId } })).toMatchObject({
      campaign: campaignId,
    })
    expect(outcome({}, { 'journey.campaign_id': 'C', journey: { campaign_id: '' } })).toMatchObject({ campaign: 'C' })
    expect(outcome({}, { 'journey.campaign_id': 'C', journey: 'text' })).toMatchObject({ campaign: 'C' })
  })

  test('a campaign id is what the API gave, or its bare UUID, in any letter case', () => {
    for (const id of [campaignId, campaignId.toUpperCase(), encodeId('Campaign', campaignId)]) {
      expect(outcome({ journeyCampaignId: id })).toMatchObject({ campaign: campaignId, by: 'JOURNEY_CAMPAIGN_ID' })
      expect(outcome({ require: [{ kind: 'CAMPAIGN_ID', value: id }] })).toMatchObject({ campaign: campaignId })
    }
    expect(outcome({ journeyCampaignId: encodeId('Program', campaignId) })).toEqual({
      ...plain,
      warnings: ['HINT_UNKNOWN'],
    })
  })

  test('the partner id is the first of three raw keys that is there', () => {
    const read = (data: Record<string, unknown>) => decideWith({}, data).partnerId
    expect(read({ partner_user_id: 'u', partner_conversion_id: 'c', partner_event_id: 'e' })).toBe('e')
    expect(read({ partner_user_id: 'u', partner_conversion_id: 'c', partner_event_id: ' ' })).toBe('c')
    expect(read({ partner_user_id: 'u', partner_event_id: {} })).toBe('u')
    expect(decideWith({ partnerId: 't' }, { partner_event_id: 'e' }).partnerId).toBe('t')
    expect(read({})).toBeNull()
  })

  test('the codes to look up are upper-cased, each once, from all fields that take codes', () => {
    const stage = new Stage(base)
    const event = stage.event({
      ...purchase,
      hints: { couponCodes: [' ca ', 'CA', 'x'.repeat(300)], shareId: 'sc', labels: ['vip'], journeyCampaignId: 'C' },
      data: { advocate_code: ['ax', 7], promo_link: 'lv', coupon_code: 'raw' },
    })
    expect(requestedCodes(event)).toEqual(['CA', 'SC', 'AX', '7'])
    expect(requestedCodes(stage.event({ ...purchase, data: { promo_link: 'lv' } }))).toEqual(['LV'])
  })
})

describe('what a code stands for', () => {
  test('its campaigns; if none, those of its program; if none, those of the programs of its label', () => {
    expect(outcome({ couponCode: 'CAC' })).toMatchObject({ campaign: 'C', by: 'CAMPAIGN_RECENCY' })
    expect(outcome({ couponCode: 'CQ' })).toMatchObject({ campaign: 'C', by: 'COUPON_CODE' })
    expect(outcome({ couponCode: 'CLABEL' })).toMatchObject({ campaign: 'C', by: 'COUPON_CODE' })
    expect(outcome({ couponCode: 'CNOTHING' })).toEqual({ ...plain, warnings: ['HINT_NOT_VIABLE'] })
  })

  test('in another field than its own it works with that field’s strength, and a warning', () => {
    expect(outcome({ couponCode: 'SC' })).toEqual({
      campaign: 'C',
      by: 'COUPON_CODE',
      reason: null,
      warnings: ['HINT_FIELD_MISMATCH'],
    })
    expect(outcome({ promoLink: 'CA' })).toMatchObject({ ...plain, by: 'PRIORITY', warnings: ['HINT_FIELD_MISMATCH'] })
  })

  test('disabled and expired codes select nothing, from the very instant on', () => {
    expect(outcome({ couponCode: 'CDEAD' })).toEqual({ ...plain, warnings: ['HINT_CODE_INACTIVE'] })
    expect(outcome({ couponCode: 'COLD' })).toEqual({ ...plain, warnings: ['HINT_CODE_INACTIVE'] })
    const before = new Stage(base).peek({ ...purchase, at: '2026-03-10T11:59:59.999Z', hints: { couponCode: 'COLD' } })
    expect(before.campaignId).toBe('C')
  })

  test('a code of a stopped campaign selects nothing and gives its program no bonus', () => {
    expect(outcome({ couponCode: 'CS' })).toEqual({ ...plain, warnings: ['HINT_CAMPAIGN_NOT_LIVE'] })
    expect(outcome({ journeyCampaignId: 'S' })).toEqual({ ...plain, warnings: ['HINT_CAMPAIGN_NOT_LIVE'] })
  })

  test('the label of a code or promo link of a stopped campaign still acts, softly', () => {
    expect(outcome({ couponCode: 'CSLABEL' })).toMatchObject({
      campaign: 'C',
      by: 'LABEL',
      warnings: ['HINT_CAMPAIGN_NOT_LIVE'],
    })
    expect(outcome({ promoLink: 'LS' })).toMatchObject({
      campaign: 'C',
      by: 'LABEL',
      warnings: ['HINT_CAMPAIGN_NOT_LIVE'],
    })
  })
})

describe('explicit hints', () => {
  test('coupon, share, advocate code and journey campaign count in this order', () => {
    expect(outcome({ couponCode: 'CA', shareId: 'SC', journeyCampaignId: 'B' })).toEqual({
      campaign: campaignId,
      by: 'COUPON_CODE',
      reason: null,
      warnings: ['HINT_CONFLICT', 'HINT_CONFLICT'],
    })
    expect(outcome({ shareId: 'SC', journeyCampaignId: 'B' })).toMatchObject({ campaign: 'C', by: 'SHARE_ID' })
  })

  test('a weaker hint chooses among the campaigns that a stronger one left', () => {
    expect(outcome({ couponCode: 'CAC', journeyCampaignId: campaignId })).toEqual({
      campaign: campaignId,
      by: 'JOURNEY_CAMPAIGN_ID',
      reason: null,
      warnings: [],
    })
  })

  test('no hint revives a campaign that does not support the event', () => {
    const click = new Stage(base).peek({ ...purchase, name: 'signup', hints: { couponCode: 'CA' } })
    expect(click).toMatchObject({ campaignId: 'B', decidedBy: 'PRIORITY' })
    expect(click.warnings).toEqual([{ code: 'HINT_NOT_VIABLE', hint: 'COUPON_CODE:CA', detail: 'EVENT_NOT_SUPPORTED' }])
  })

  test('strict hints end targeting at an explicit value that is not resolved, and at no other', () => {
    const strict = { strictHints: true }
    for (const couponCode of ['NOPE', 'CDEAD', 'X'.repeat(257)]) {
      expect(outcome({ ...strict, couponCode })).toMatchObject({ campaign: null, reason: 'HINT_UNRESOLVED' })
    }
    expect(outcome({ ...strict, journeyCampaignId: 'nothing' })).toMatchObject({ reason: 'HINT_UNRESOLVED' })
    expect(outcome({ ...strict, couponCode: 'CS' })).toMatchObject({ campaign: 'B' })
    expect(outcome({ ...strict, label: 'nothing', promoLink: 'NOPE' })).toMatchObject({ campaign: 'B' })
  })
})

describe('soft hints', () => {
  test('labels come before the promo link, and that before the label of a code', () => {
    expect(outcome({ label: 'refer', promoLink: 'LV' })).toMatchObject({ campaign: 'B', warnings: ['HINT_CONFLICT'] })
    expect(outcome({ label: ' SPRING ' })).toMatchObject({ campaign: 'B', by: 'PRIORITY', warnings: [] })
    expect(outcome({ label: 'VIP' })).toMatchObject({ campaign: 'C', by: 'LABEL' })
  })

  test('a label that leads nowhere is ignored', () => {
    expect(outcome({ label: 'nothing' })).toEqual({ ...plain, warnings: ['LABEL_NOT_VIABLE'] })
  })

  test('the label of a share that conflicts with its campaign is skipped', () => {
    expect(outcome({ shareId: 'SVIP' })).toMatchObject({
      campaign: campaignId,
      by: 'SHARE_ID',
      warnings: ['HINT_CONFLICT'],
    })
  })
})
