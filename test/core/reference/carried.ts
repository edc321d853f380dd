// Section 2 of the specification, read slowly: what an event carries, typed or raw, before anything is looked up.

import type { EventFacts, RequiredTarget } from '../../../src/core/targeting/facts.ts'

/** The values of one kind of hint, and whether some value, or the whole list, could not be read. */
export interface Carried {
  values: string[]
  malformed: boolean
}

export interface CarriedHints {
  targets: RequiredTarget[]
  requiredLabels: string[]
  /** Some target or required label cannot be read. */
  targetMalformed: boolean
  coupons: Carried
  shares: Carried
  advocateCodes: Carried
  journeyCampaign: Carried
  labels: Carried
  promoLink: Carried
  partner: Carried
  strict: boolean
}

export function carriedBy(event: EventFacts): CarriedHints {
  const { data, targeting = {} } = event
  const { require } = targeting
  const targets = hasValues(require) ? typedTargets(require) : rawTargets(data.target)
  const requiredLabels = eitherOf(targeting.requiredLabels, data.required_labels)
  return {
    targets: targets.targets,
    requiredLabels: requiredLabels.values,
    targetMalformed: targets.malformed || requiredLabels.malformed,
    coupons: eitherOf(targeting.couponCodes, data.coupon_code),
    shares: eitherOf(targeting.shareIds, data.share_id),
    advocateCodes: eitherOf(targeting.advocateCodes, data.advocate_code),
    journeyCampaign: firstGiven([
      targeting.journeyCampaignId,
      nestedCampaign(data.journey),
      data['journey.campaign_id'],
    ]),
    ...softHints(event),
    partner: theOne([targeting.partnerId, data.partner_event_id, data.partner_conversion_id, data.partner_user_id]),
    strict: targeting.strictHints === true,
  }
}

/** A scalar as trimmed text; undefined for what is absent; null for what cannot be read. */
export function textOf(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null
  const text = String(value).trim()
  if (text === '') return undefined
  return text.length > 256 ? null : text
}

const hasValues = <T>(list: readonly T[] | null | undefined): list is readonly T[] =>
  list !== undefined && list !== null && list.length > 0

/** "Typed, unless absent, wins over raw"; a list without a value that is not blank is absent. */
const eitherOf = (typed: readonly string[] | null | undefined, raw: unknown): Carried => firstGiven([typed, raw])

function firstGiven(places: unknown[]): Carried {
  return places.map(listed).find(({ values, malformed }) => values.length > 0 || malformed) ?? none
}

const none: Carried = { values: [], malformed: false }

/** "Row by row": labels and promo link are one row. */
function softHints({ data, targeting }: EventFacts): Pick<CarriedHints, 'labels' | 'promoLink'> {
  const typed = { labels: listed(targeting?.labels), promoLink: listed(targeting?.promoLink) }
  const isTyped = [typed.labels, typed.promoLink].some(({ values, malformed }) => values.length > 0 || malformed)
  return isTyped ? typed : { labels: listed(data.labels), promoLink: listed(data.promo_link) }
}

/** "A list of up to 20 values is a union. A longer list … is ignored." */
function listed(given: unknown): Carried {
  const list = (Array.isArray(given) ? given : [given]).filter((value) => textOf(value) !== undefined)
  if (list.length > 20) return { values: [], malformed: true }
  const carried: Carried = { values: [], malformed: false }
  for (const value of list) {
    const text = textOf(value)
    if (text === null) carried.malformed = true
    else if (text !== undefined && !carried.values.includes(text)) carried.values.push(text)
  }
  return carried
}

/** A hint of one value: the first place that has one. */
function theOne(places: unknown[]): Carried {
  const carried: Carried = { values: [], malformed: false }
  for (const value of places) {
    const text = textOf(value)
    if (text === null) carried.malformed = true
    else if (text !== undefined) return { ...carried, values: [text] }
  }
  return carried
}

function nestedCampaign(journey: unknown): unknown {
  if (typeof journey !== 'object' || journey === null || Array.isArray(journey)) return undefined
  return 'campaign_id' in journey ? journey.campaign_id : undefined
}

interface ReadTargets {
  targets: RequiredTarget[]
  malformed: boolean
}

function typedTargets(given: readonly RequiredTarget[]): ReadTargets {
  if (given.length > 20) return { targets: [], malformed: true }
  const read: ReadTargets = { targets: [], malformed: false }
  for (const { kind, value } of given) {
    const text = textOf(value)
    if (text) read.targets.push({ kind, value: text })
    else read.malformed = true
  }
  return read
}

/** `campaign_id:X`, `program:X`, `journey_name:X`. "A target … that cannot be read, be it one of several, fails closed." */
function rawTargets(given: unknown): ReadTargets {
  const { values, malformed } = listed(given)
  const read: ReadTargets = { targets: [], malformed }
  for (const text of values) {
    const colon = text.indexOf(':')
    const prefix = text.slice(0, Math.max(colon, 0))
    const value = text.slice(colon + 1).trim()
    if (value === '') read.malformed = true
    else if (prefix === 'campaign_id') read.targets.push({ kind: 'CAMPAIGN_ID', value })
    else if (prefix === 'program') read.targets.push({ kind: 'PROGRAM', value })
    else if (prefix === 'journey_name') read.targets.push({ kind: 'JOURNEY_NAME', value })
    else read.malformed = true
  }
  return read
}
