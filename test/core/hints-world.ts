// The world in which hints are tried, and what an event with hints comes to in it.

import { type EventSetup, type HintSetup, Stage, type WorldSetup, warningCodesOf } from './stage.ts'

export const campaignId = '0195a1b2-0000-7000-8000-00000000000a'
export const programId = '0195a1b2-0000-7000-8000-0000000000f1'

// B wins where nothing is said. The first campaign and program have ids as the API gives them.
export const base: WorldSetup = {
  programs: [
    { id: programId, name: 'Refer a friend', labels: ['refer', 'Spring'] },
    { id: 'Q', name: 'Very important', labels: ['vip'] },
  ],
  campaigns: [
    {
      id: campaignId,
      program: programId,
      journeys: [{ name: 'Participant', role: 'PARTICIPANT', events: ['click', 'purchase'] }],
    },
    {
      id: 'B',
      program: programId,
      journeys: [{ name: 'buyer', role: 'PARTICIPANT', priority: 200, events: ['purchase', 'signup'] }],
    },
    { id: 'C', program: 'Q', journeys: [{ name: 'buyer', role: 'PARTICIPANT', events: ['purchase', 'signup'] }] },
    {
      id: 'S',
      program: 'Q',
      state: 'STOPPED',
      journeys: [{ name: 'buyer', role: 'PARTICIPANT', events: ['purchase'] }],
    },
  ],
  codes: [
    { kind: 'COUPON', code: 'CA', campaign: campaignId },
    { kind: 'COUPON', code: 'CB', campaign: 'B' },
    { kind: 'COUPON', code: 'CAC', campaigns: [campaignId, 'C'] },
    { kind: 'COUPON', code: 'CS', campaign: 'S' },
    { kind: 'COUPON', code: 'CSLABEL', campaign: 'S', label: 'vip' },
    { kind: 'COUPON', code: 'CQ', program: 'Q' },
    { kind: 'COUPON', code: 'CLABEL', label: 'VIP' },
    { kind: 'COUPON', code: 'CNOTHING' },
    { kind: 'COUPON', code: 'CDEAD', campaign: 'C', disabledAt: '2026-03-01T00:00:00Z' },
    { kind: 'COUPON', code: 'COLD', campaign: 'C', expiresAt: '2026-03-10T12:00:00Z' },
    { kind: 'SHARE', code: 'SC', campaign: 'C' },
    { kind: 'SHARE', code: 'SVIP', label: 'vip', campaign: campaignId },
    { kind: 'PROMO_LINK', code: 'LV', label: 'vip' },
    { kind: 'PROMO_LINK', code: 'LS', campaign: 'S', label: 'vip' },
  ],
}

export const purchase: EventSetup = { name: 'purchase', person: 'F', at: '2026-03-10T12:00:00Z' }

export const decideWith = (hints: HintSetup, data: Record<string, unknown> = {}) =>
  new Stage(base).peek({ ...purchase, hints, data })

export const outcome = (hints: HintSetup, data: Record<string, unknown> = {}) => {
  const decision = decideWith(hints, data)
  return {
    campaign: decision.campaignId,
    by: decision.decidedBy,
    reason: decision.reason,
    warnings: warningCodesOf(decision),
  }
}

export const plain = { campaign: 'B', by: 'PRIORITY', reason: null }
