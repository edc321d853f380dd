// The events of generated scenes, with all that they may carry, typed and raw.

import fc from 'fast-check'
import { campaignIds, eventNames, type Mood, targets } from './scenes-campaigns.ts'
import { day, oneOf, rarely, seldom } from './scenes-values.ts'
import type { EventSetup, HintSetup } from './stage.ts'

const codes = oneOf<string[]>(
  [],
  [],
  [],
  ['K1'],
  ['K2'],
  [' k3 '],
  ['K4'],
  ['K1', 'K2'],
  ['K5', 'unheard'],
  ['K3', 'K4', 'K5'],
)

/** In a referral mood one hint at most, so that several advocates are left to be ranked. */
const referral = fc
  .record({
    hint: oneOf('couponCodes', 'shareIds', 'advocateCodes'),
    code: codes,
    journeyCampaignId: seldom<string | null>(null, ...campaignIds),
    partnerId: oneOf(null, null, 'p1', 'p2'),
  })
  .map(({ hint, code, ...others }): HintSetup => ({ ...others, [hint]: code }))

const hints = (mood: Mood): fc.Arbitrary<HintSetup> =>
  fc.record({
    require: mood === 'TROUBLE' ? targets : fc.constant([]),
    requiredLabels: mood === 'TROUBLE' ? rarely<string[]>([], ['refer'], ['vip'], ['both', 'refer']) : fc.constant([]),
    couponCodes: codes,
    shareIds: codes,
    advocateCodes: codes,
    journeyCampaignId: rarely<string | null>(null, ...campaignIds),
    labels: rarely<string[]>([], ['refer'], ['vip'], ['nothing', 'both']),
    promoLink: rarely<string | null>(null, 'K1', 'K2', 'unheard'),
    partnerId: oneOf(null, 'p1', 'p2'),
    strictHints: mood === 'TROUBLE' ? rarely(false, false, true) : fc.constant(false),
  })

type Raw = Record<string, unknown>

const tooMany = Array.from({ length: 21 }, (_, i) => `K${i}`)

/** Raw hints, some of which nobody can read. */
const rawHints = rarely<Raw>(
  {},
  {},
  { coupon_code: 'k1' },
  { share_id: ['K2', 'K3'], coupon_code: tooMany },
  { advocate_code: 'K4', labels: 'vip' },
  { journey: { campaign_id: 'B' }, 'journey.campaign_id': 'A' },
  { 'journey.campaign_id': 'C', share_id: { id: 'K1' } },
  { promo_link: 'K5', labels: ['refer', 7] },
  { partner_conversion_id: 'p1', partner_user_id: 'p2' },
  { target: 'program:Refer' },
  { target: ['campaign_id:A', 'journey_name:one'], required_labels: ' both ' },
  { target: ['campaign_id:A', 'nonsense'] },
  { required_labels: [['refer']] },
)

const properties = oneOf<Raw>(
  {},
  {},
  { key: 'k1' },
  { key: 'k2' },
  { transaction_id: 't1' },
  { transaction_id: ' ', order_id: 't1' },
  { order_id: 't2', transaction_id: {} },
  { transaction_id: 't2', key: 'k1' },
)

/** In a plain mood most events carry no hint. */
const carried: { readonly [mood in Mood]: fc.Arbitrary<{ hints: HintSetup | undefined; raw: Raw }> } = {
  REFERRALS: fc.record({ hints: fc.oneof(referral, referral, hints('REFERRALS')), raw: fc.constant({}) }),
  LETTERS: fc.oneof(
    { weight: 3, arbitrary: fc.record({ hints: fc.constant(undefined), raw: fc.constant({}) }) },
    { weight: 1, arbitrary: fc.record({ hints: referral, raw: fc.constant({}) }) },
  ),
  TROUBLE: fc.oneof(
    fc.record({ hints: hints('TROUBLE'), raw: fc.constant({}) }),
    fc.record({ hints: fc.constant(undefined), raw: rawHints }),
    fc.record({ hints: hints('TROUBLE'), raw: rawHints }),
  ),
  PLAIN: fc.oneof(
    { weight: 3, arbitrary: fc.record({ hints: fc.constant(undefined), raw: fc.constant({}) }) },
    { weight: 1, arbitrary: fc.record({ hints: hints('PLAIN'), raw: fc.constant({}) }) },
  ),
}

/** An event by one of some people. */
export const event = (mood: Mood, person: fc.Arbitrary<string>): fc.Arbitrary<EventSetup> =>
  fc
    .record({
      name: oneOf(...eventNames),
      person,
      at: day,
      carried: carried[mood],
      properties,
      userAgent: mood === 'TROUBLE' ? seldom<string | undefined>(undefined, 'Googlebot/2.1') : fc.constant(undefined),
    })
    .map(({ carried: { hints: typed, raw }, properties: own, ...setup }) => ({
      ...setup,
      hints: typed,
      data: { ...own, ...raw },
    }))
