// Phases 5 and 6: what explicit and soft hints leave of the candidates.

import { type DecidedBy, reasonRank, type WarningCode } from '../../../src/core/targeting/decision.ts'
import type { Asked, Candidate, Standing } from './asked.ts'
import { furthest } from './built.ts'
import type { ExplicitValue, LookedUp, SoftValue } from './looked-up.ts'
import { passageOf } from './passages.ts'

export interface Choice {
  left: Candidate[]
  /** The first hint that was applied and left candidates of one campaign. */
  decidedBy: DecidedBy | null
  warnings: WarningCode[]
}

const explicitKinds = ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID'] as const
const softKinds = ['LABEL', 'PROMO_LINK', 'PROMO_LINK_LABEL', 'SHARE_LABEL'] as const

interface Field {
  standings: readonly Standing[]
  /** What phase 4 built. */
  candidates: readonly Candidate[]
  lookedUp: LookedUp
  isSomethingRequired: boolean
}

export function choose(asked: Asked, field: Field): Choice {
  const { candidates, lookedUp, isSomethingRequired } = field
  const choice: Choice = { left: [...candidates], decidedBy: null, warnings: [] }
  if (isSomethingRequired) settle(choice, 'REQUIRED_TARGET')
  for (const [strength, kind] of explicitKinds.entries()) {
    const values = lookedUp.explicit.filter((value) => value.kind === kind)
    const stronger = lookedUp.explicit.filter((value) => explicitKinds.indexOf(value.kind) < strength)
    applyExplicit(asked, { kind, values, stronger, field, choice })
  }
  for (const kind of softKinds) {
    applySoft(
      lookedUp.soft.filter((value) => value.kind === kind),
      field,
      choice,
    )
  }
  return choice
}

function settle(choice: Choice, by: DecidedBy): void {
  const [first] = choice.left
  if (choice.decidedBy === null && first && choice.left.every(({ campaign }) => campaign.id === first.campaign.id))
    choice.decidedBy = by
}

const covers = ({ campaignIds }: ExplicitValue, { campaign }: Candidate): boolean => campaignIds.includes(campaign.id)

interface ExplicitStep {
  kind: ExplicitValue['kind']
  values: readonly ExplicitValue[]
  stronger: readonly ExplicitValue[]
  field: Field
  choice: Choice
}

function applyExplicit(asked: Asked, { kind, values, stronger, field, choice }: ExplicitStep): void {
  for (const value of values) {
    if (!choice.left.some((candidate) => covers(value, candidate))) choice.warnings.push(causeOf(value, field))
  }
  const covered = choice.left.filter((candidate) => values.some((value) => covers(value, candidate)))
  if (covered.length === 0) return
  const kept = covered.filter((candidate) =>
    values.some((value) => covers(value, candidate) && isOfItsAdvocate(asked, { value, candidate })),
  )
  const isNamedByStronger = (candidate: Candidate): boolean =>
    stronger.some(
      (value) => value.advocateId !== null && covers(value, candidate) && isOfItsAdvocate(asked, { value, candidate }),
    )
  for (const value of values) {
    const its = covered.filter((candidate) => covers(value, candidate))
    if (its.length === 0 || its.some((candidate) => isOfItsAdvocate(asked, { value, candidate }))) continue
    const hadOwn = field.candidates.some(
      (candidate) => covers(value, candidate) && isOfItsAdvocate(asked, { value, candidate }),
    )
    if (hadOwn || its.some(isNamedByStronger)) choice.warnings.push('HINT_CONFLICT')
    else if (its.some(({ advocateId }) => advocateId !== null)) choice.warnings.push('ADVOCATE_HINT_NOT_VIABLE')
  }
  const clear = (candidate: Candidate): Candidate => {
    const keepsAdvocate = candidate.advocateId === null || isNamedByStronger(candidate)
    return keepsAdvocate ? candidate : cleared(asked, candidate)
  }
  choice.left = kept.length > 0 ? kept : withoutTwins(covered.map(clear))
  settle(choice, kind)
}

/** No advocate named, the candidate's own, or, of the actor's own code, the self-referral and the actor's ADVOCATE flows. */
function isOfItsAdvocate(
  { person }: Asked,
  { value, candidate }: { value: ExplicitValue; candidate: Candidate },
): boolean {
  if (value.advocateId === null) return true
  if (value.advocateId === person.id) return candidate.isSelfReferral || candidate.definition.role === 'ADVOCATE'
  return value.advocateId === candidate.advocateId
}

/** An active journey stays; a NEW candidate is that of the identity without relationship. */
function cleared(asked: Asked, candidate: Candidate): Candidate {
  const bare = { ...candidate, advocateId: null, relationship: null }
  if (candidate.active) return bare
  const { campaign, definition, key } = candidate
  const { passage, journey } = passageOf(asked, { campaign, definition, key, relationshipId: null, isUnheardOf: false })
  return { ...bare, passage, journeyId: journey?.id ?? null }
}

/** Candidates that became identical are one; with a self-referral among them it is that. */
function withoutTwins(candidates: readonly Candidate[]): Candidate[] {
  const nameOf = ({ campaign, definition, key, active, advocateId, relationship }: Candidate): string =>
    JSON.stringify([campaign.id, definition.name, key, active?.id ?? null, advocateId, relationship?.id ?? null])
  const selfFirst = [...candidates].sort((a, b) => Number(b.isSelfReferral) - Number(a.isSelfReferral))
  return selfFirst.filter((one, place) => selfFirst.findIndex((other) => nameOf(other) === nameOf(one)) === place)
}

/** Why a value that covers nothing left selects nothing. */
export function causeOf(
  { campaignIds, namesCampaigns }: ExplicitValue,
  { standings, candidates }: Pick<Field, 'standings' | 'candidates'>,
): WarningCode {
  const its = standings.filter(({ campaign }) => campaignIds.includes(campaign.id))
  if (its.length === 0 && !namesCampaigns) return 'HINT_NOT_VIABLE'
  if (!its.some(({ campaign: { state } }) => state === 'LIVE' || state === 'PAUSED')) return 'HINT_CAMPAIGN_NOT_LIVE'
  if (candidates.some(({ campaign }) => campaignIds.includes(campaign.id))) return 'HINT_CONFLICT'
  const cause = furthest(its.map(({ fellBy }) => fellBy ?? 'NO_CAMPAIGN'))
  return reasonRank[cause] === reasonRank.REQUIRED_TARGET_UNMATCHED ? 'HINT_CONFLICT' : 'HINT_NOT_VIABLE'
}

function applySoft(values: readonly SoftValue[], { candidates }: Field, choice: Choice): void {
  const isIn = ({ programIds }: SoftValue, { campaign }: Candidate): boolean => programIds.includes(campaign.programId)
  for (const value of values) {
    if (choice.left.some((candidate) => isIn(value, candidate))) continue
    const wasViable = candidates.some((candidate) => isIn(value, candidate))
    choice.warnings.push(wasViable ? 'HINT_CONFLICT' : 'LABEL_NOT_VIABLE')
  }
  const kept = choice.left.filter((candidate) => values.some((value) => isIn(value, candidate)))
  if (kept.length === 0) return
  choice.left = kept
  settle(choice, 'LABEL')
}
