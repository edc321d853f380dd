// What an event requires, and what a campaign requires of events.

import { describe, expect, test } from 'vitest'
import { encodeId } from '../../src/core/ids.ts'
import { base, campaignId, decideWith, outcome, plain, programId, purchase } from './hints-world.ts'
import { type HintSetup, Stage } from './stage.ts'

describe('required targets', () => {
  const required = (...targets: [kind: 'CAMPAIGN_ID' | 'PROGRAM' | 'JOURNEY_NAME', value: string][]) =>
    outcome({ require: targets.map(([kind, value]) => ({ kind, value })) })

  test('within a kind any one will do, and all kinds must', () => {
    expect(required(['CAMPAIGN_ID', campaignId], ['CAMPAIGN_ID', 'C'])).toMatchObject({
      campaign: 'C',
      by: 'CAMPAIGN_RECENCY',
    })
    expect(required(['CAMPAIGN_ID', campaignId], ['PROGRAM', 'refer'])).toMatchObject({
      campaign: campaignId,
      by: 'REQUIRED_TARGET',
    })
    expect(required(['CAMPAIGN_ID', campaignId], ['PROGRAM', 'vip'])).toMatchObject({
      reason: 'REQUIRED_TARGET_UNMATCHED',
    })
  })

  test('a program is named by its id, its name or a label, in any letter case', () => {
    for (const value of [programId, encodeId('Program', programId), 'REFER A FRIEND', 'spring']) {
      expect(required(['PROGRAM', value])).toMatchObject({ campaign: 'B' })
    }
    expect(required(['PROGRAM', 'nothing'])).toMatchObject({ reason: 'REQUIRED_TARGET_UNMATCHED' })
  })

  test('a journey name keeps the candidates of definitions so named alone', () => {
    expect(required(['JOURNEY_NAME', 'PARTICIPANT'])).toMatchObject({ campaign: campaignId, by: 'REQUIRED_TARGET' })
    expect(required(['JOURNEY_NAME', 'Buyer'], ['PROGRAM', 'very important'])).toMatchObject({
      campaign: 'C',
      by: 'REQUIRED_TARGET',
    })
  })

  test('each required label must be the program’s', () => {
    expect(outcome({ requiredLabels: ['REFER', 'spring'] })).toMatchObject({ campaign: 'B' })
    expect(outcome({ requiredLabels: ['refer', 'vip'] })).toMatchObject({ reason: 'REQUIRED_TARGET_UNMATCHED' })
    expect(outcome({}, { required_labels: 'vip' })).toMatchObject({ campaign: 'C', by: 'REQUIRED_TARGET' })
  })

  test('raw targets are read as text or list', () => {
    expect(outcome({}, { target: ' Campaign_ID: C ' })).toMatchObject({ campaign: 'C' })
    expect(outcome({}, { target: ['campaign_id:C', `campaign_id:${campaignId}`] })).toMatchObject({ campaign: 'C' })
    expect(outcome({}, { target: 'program:a:b' })).toMatchObject({ reason: 'REQUIRED_TARGET_UNMATCHED' })
    expect(outcome({}, { target: '' })).toMatchObject(plain)
  })

  test.each([
    ['a raw target without a kind', {}, { target: 'C' }],
    ['a raw target of an unknown kind', {}, { target: ['campaign_id:C', 'campaign:C'] }],
    ['a raw target without a value', {}, { target: 'campaign_id: ' }],
    ['a raw target that is no text', {}, { target: { campaign_id: 'C' } }],
    ['a typed target without a value', { require: [{ kind: 'CAMPAIGN_ID' as const, value: ' ' }] }, {}],
    ['too many targets', {}, { target: Array(21).fill('campaign_id:C') }],
    ['a required label that is no text', {}, { required_labels: ['vip', {}] }],
    ['a required label that is too long', { requiredLabels: ['x'.repeat(257)] }, {}],
  ])('%s fails closed', (_, hints: HintSetup, data) => {
    expect(outcome(hints, data)).toEqual({
      campaign: null,
      by: null,
      reason: 'TARGET_MALFORMED',
      warnings: ['HINT_MALFORMED'],
    })
  })

  test('a required target beats a coupon, and its failure is not made good by one', () => {
    expect(outcome({ require: [{ kind: 'CAMPAIGN_ID', value: 'C' }], couponCode: 'CA' })).toEqual({
      campaign: 'C',
      by: 'REQUIRED_TARGET',
      reason: null,
      warnings: ['HINT_CONFLICT'],
    })
    expect(decideWith({ require: [{ kind: 'CAMPAIGN_ID', value: 'S' }], couponCode: 'CA' })).toMatchObject({
      campaignId: null,
      reason: 'REQUIRED_TARGET_UNMATCHED',
      reasonDetail: 'CAMPAIGN_NOT_LIVE',
    })
  })

  test('without a campaign that matches every target there is no detail', () => {
    const decision = decideWith({ require: [{ kind: 'CAMPAIGN_ID', value: 'nothing' }] })
    expect(decision).toMatchObject({ reason: 'REQUIRED_TARGET_UNMATCHED', reasonDetail: null })
    expect(decision.trace.nearMiss).toEqual({
      campaignId: 'B',
      code: 'REQUIRED_TARGET_UNMATCHED',
      detail: { targets: ['CAMPAIGN_ID:nothing'] },
    })
  })

  test('a target and a journey campaign together are legitimate', () => {
    const hints = { require: [{ kind: 'PROGRAM' as const, value: 'refer' }], journeyCampaignId: campaignId }
    expect(outcome(hints)).toEqual({ campaign: campaignId, by: 'JOURNEY_CAMPAIGN_ID', reason: null, warnings: [] })
  })

  test('a campaign with required targets of its own wants one of each kind on the event', () => {
    const stage = new Stage({
      ...base,
      campaigns: [
        {
          id: 'T',
          program: 'Q',
          requiredTargets: [
            { kind: 'PROGRAM', value: 'VIP' },
            { kind: 'PROGRAM', value: 'q' },
            { kind: 'JOURNEY_NAME', value: 'buyer' },
          ],
          journeys: [{ name: 'buyer', role: 'PARTICIPANT', events: ['purchase'] }],
        },
      ],
    })
    const send = (...targets: string[]) => stage.peek({ ...purchase, data: { target: targets } })
    expect(send()).toMatchObject({ reason: 'CAMPAIGN_TARGET_NOT_PRESENT' })
    expect(send('program:vip')).toMatchObject({
      reason: 'REQUIRED_TARGET_UNMATCHED',
      reasonDetail: 'CAMPAIGN_TARGET_NOT_PRESENT',
      trace: { nearMiss: { detail: { targets: ['JOURNEY_NAME:buyer'] } } },
    })
    const other = send('program:refer', 'journey_name:buyer')
    expect(other.trace.campaigns).toMatchObject([{ campaignId: 'T', code: 'CAMPAIGN_TARGET_NOT_PRESENT' }])
    expect(send('program:vip', 'journey_name:Buyer')).toMatchObject({ campaignId: 'T', decidedBy: 'REQUIRED_TARGET' })
  })
})
