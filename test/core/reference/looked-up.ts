// The look-ups of phase 1: what each code is, and for which campaigns, programs and advocate it stands.

import { decodeId } from '../../../src/core/ids.ts'
import { foldCode, foldName } from '../../../src/core/names.ts'
import type { WarningCode } from '../../../src/core/targeting/decision.ts'
import type { CodeFacts, CodeKind } from '../../../src/core/targeting/facts.ts'
import type { Asked } from './asked.ts'
import type { Carried, CarriedHints } from './carried.ts'

/** One value of an explicit hint that is RESOLVED. */
export interface ExplicitValue {
  kind: 'COUPON_CODE' | 'SHARE_ID' | 'ADVOCATE_CODE' | 'JOURNEY_CAMPAIGN_ID'
  campaignIds: readonly string[]
  /** False: it stands for whole programs. */
  namesCampaigns: boolean
  /** Where its advocate's relationship arises. */
  programIds: readonly string[]
  advocateId: string | null
}

/** One value of a soft hint. */
export interface SoftValue {
  kind: 'LABEL' | 'PROMO_LINK' | 'PROMO_LINK_LABEL' | 'SHARE_LABEL'
  programIds: readonly string[]
}

export interface LookedUp {
  explicit: ExplicitValue[]
  soft: SoftValue[]
  warnings: WarningCode[]
  /** Some explicit value is UNKNOWN, INACTIVE or MALFORMED. */
  isSomeExplicitUnresolved: boolean
}

export function lookUpAll(asked: Asked, carried: CarriedHints): LookedUp {
  const all: LookedUp = { explicit: [], soft: [], warnings: [], isSomeExplicitUnresolved: false }
  const used: CodeFacts[] = []
  const ofCodes = (kind: ExplicitValue['kind'] & CodeField, { values, malformed }: Carried): void => {
    if (malformed) all.isSomeExplicitUnresolved = true
    for (const code of codesOf(values)) {
      const facts = resolved(asked, { code, field: kind, warnings: all.warnings })
      if (facts === null) all.isSomeExplicitUnresolved = true
      else {
        used.push(facts)
        all.explicit.push({
          kind,
          campaignIds: campaignsOf(asked, facts),
          namesCampaigns: facts.campaignIds.length > 0,
          programIds: programsOf(asked, facts),
          advocateId: facts.advocateId,
        })
      }
    }
  }
  ofCodes('COUPON_CODE', carried.coupons)
  ofCodes('SHARE_ID', carried.shares)
  ofCodes('ADVOCATE_CODE', carried.advocateCodes)
  lookUpJourneyCampaign(asked, { carried: carried.journeyCampaign, all })
  for (const label of carried.labels.values)
    all.soft.push({ kind: 'LABEL', programIds: programsLabelled(asked, label) })
  for (const code of codesOf(carried.promoLink.values)) {
    const facts = resolved(asked, { code, field: 'PROMO_LINK', warnings: all.warnings })
    if (!facts) continue
    if (isOfStoppedCampaigns(asked, facts)) all.warnings.push('HINT_CAMPAIGN_NOT_LIVE')
    else all.soft.push({ kind: 'PROMO_LINK', programIds: programsOf(asked, facts) })
    all.soft.push(...ownLabel(asked, facts, 'PROMO_LINK_LABEL'))
  }
  for (const facts of used) all.soft.push(...ownLabel(asked, facts, 'SHARE_LABEL'))
  return all
}

type CodeField = 'COUPON_CODE' | 'SHARE_ID' | 'ADVOCATE_CODE' | 'PROMO_LINK'

const expectedKind: { [field in CodeField]: CodeKind } = {
  COUPON_CODE: 'COUPON',
  SHARE_ID: 'SHARE',
  ADVOCATE_CODE: 'ADVOCATE_CODE',
  PROMO_LINK: 'PROMO_LINK',
}

/** "Codes compare upper-cased": two spellings of one code are one value. */
const codesOf = (values: readonly string[]): string[] => [...new Set(values.map(foldCode))]

interface CodeQuestion {
  code: string
  field: CodeField
  warnings: WarningCode[]
}

/** The code, if it is RESOLVED; else null, with the warning that says why. */
function resolved({ world, event }: Asked, { code, field, warnings }: CodeQuestion): CodeFacts | null {
  const facts = world.codes.get(code)
  if (!facts) {
    warnings.push('HINT_UNKNOWN')
    return null
  }
  if (!isInForce(facts, event.t)) {
    warnings.push('HINT_CODE_INACTIVE')
    return null
  }
  if (facts.kind !== expectedKind[field]) warnings.push('HINT_FIELD_MISMATCH')
  return facts
}

/** Neither disabled nor expired at t. */
export function isInForce({ disabledAt, expiresAt }: CodeFacts, t: number): boolean {
  if (disabledAt !== null && t >= disabledAt) return false
  return expiresAt === null || t < expiresAt
}

/** "A code stands for its campaigns; if it names none, for those of its program; if none, for those of its label's programs." */
export function campaignsOf(asked: Asked, { campaignIds, programId, label }: CodeFacts): readonly string[] {
  if (campaignIds.length > 0) return campaignIds
  const programIds = programId !== null ? [programId] : label !== null ? programsLabelled(asked, label) : []
  return asked.campaigns.filter((campaign) => programIds.includes(campaign.programId)).map(({ id }) => id)
}

/** The programs that a code stands for, where its advocate's relationship arises: those of its campaigns, else its own. */
export function programsOf(asked: Asked, code: CodeFacts): string[] {
  const its = campaignsOf(asked, code)
  const found = asked.campaigns.filter(({ id }) => its.includes(id)).map(({ programId }) => programId)
  if (found.length === 0 && code.programId !== null) return [code.programId]
  return [...new Set(found)]
}

function programsLabelled({ programs }: Asked, label: string): string[] {
  return programs.filter(({ labels }) => labels.some((one) => foldName(one) === foldName(label))).map(({ id }) => id)
}

/** "Stopped campaigns are not sticky": a promo link of one gives its program no bonus. */
function isOfStoppedCampaigns({ campaigns }: Asked, { campaignIds }: CodeFacts): boolean {
  const live = campaigns.filter(({ state }) => state === 'LIVE' || state === 'PAUSED').map(({ id }) => id)
  return campaignIds.length > 0 && !campaignIds.some((id) => live.includes(id))
}

/** "A promo link's or shareable's own program label still acts, softly": where it is not by the label alone that it stands for anything. */
function ownLabel(asked: Asked, { label, campaignIds, programId }: CodeFacts, kind: SoftValue['kind']): SoftValue[] {
  if (label === null || (campaignIds.length === 0 && programId === null)) return []
  return [{ kind, programIds: programsLabelled(asked, label) }]
}

function lookUpJourneyCampaign(
  { campaigns }: Asked,
  { carried: { values, malformed }, all }: { carried: Carried; all: LookedUp },
): void {
  if (malformed) all.isSomeExplicitUnresolved = true
  for (const value of values) {
    const campaign = campaigns.find(({ id }) => id === value || id === decodeId('Campaign', value))
    if (campaign) {
      const { id, programId } = campaign
      const stands = { campaignIds: [id], namesCampaigns: true, programIds: [programId], advocateId: null }
      all.explicit.push({ kind: 'JOURNEY_CAMPAIGN_ID', ...stands })
    } else {
      all.isSomeExplicitUnresolved = true
      all.warnings.push('HINT_UNKNOWN')
    }
  }
}
