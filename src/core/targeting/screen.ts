// Phases 2 and 3: which campaigns are in question at all, and the first reason of those that are not.

import { byteOrder } from '../names.ts'
import type { TracePhase, UnattributedReason } from './decision.ts'
import type { RequiredTargetKind } from './facts.ts'
import { isActiveAt } from './journeys.ts'
import { journeysIn, type Question } from './question.ts'
import type { Campaign, Definition } from './rule-set.ts'
import { isInWindow } from './windows.ts'

export interface ScreenFailure {
  readonly phase: TracePhase
  readonly code: UnattributedReason
}

const none: readonly string[] = []

/** Why the campaign is out of the question; null where phase 4 is to look at it. */
export function screen(question: Question, campaign: Campaign): ScreenFailure | null {
  const code = preScreen(question, campaign)
  if (code) return { phase: 'PRE_SCREEN', code }
  return unmetTargets(question, campaign).length > 0
    ? { phase: 'REQUIRED_TARGETS', code: 'REQUIRED_TARGET_UNMATCHED' }
    : null
}

function preScreen(question: Question, campaign: Campaign): UnattributedReason | null {
  const { event, t } = question
  const { state } = campaign.facts
  if (state !== 'LIVE' && !(state === 'PAUSED' && isInside(question, campaign))) return 'CAMPAIGN_NOT_LIVE'
  if (!isInWindow(campaign, t)) return 'OUTSIDE_WINDOW'
  if (!campaign.byEvent.has(event.name)) return 'EVENT_NOT_SUPPORTED'
  return missingTargets(question, campaign).length > 0 ? 'CAMPAIGN_TARGET_NOT_PRESENT' : null
}

/** The person has an active journey in the campaign at t. */
function isInside(question: Question, campaign: Campaign): boolean {
  return journeysIn(question, campaign.id).some((journey) => {
    return isActiveAt(journey, question.t, campaign.byName.get(journey.definition)?.inactivityMs ?? null)
  })
}

/** The campaign's own required targets that the event carries none of, as `KIND:value`. */
export function missingTargets({ requirement }: Question, campaign: Campaign): readonly string[] {
  if (campaign.requiredTargets.size === 0) return none
  const missing: string[] = []
  for (const [kind, values] of campaign.requiredTargets) {
    const carried = requirement.kinds.get(kind)
    const isMet = carried && [...values].some((value) => carried.has(value))
    if (!isMet) missing.push(...[...values].map((value) => `${kind}:${value}`))
  }
  return missing.sort(byteOrder)
}

/** The event's required targets and labels that the campaign does not meet, as `KIND:value`. */
export function unmetTargets({ requirement }: Question, campaign: Campaign): readonly string[] {
  if (!requirement.isPresent) return none
  const unmet: string[] = []
  for (const [kind, values] of requirement.kinds) {
    if (!meets(campaign, kind, values)) unmet.push(...[...values].map((value) => `${kind}:${value}`))
  }
  for (const label of requirement.labels) if (!campaign.program.labels.has(label)) unmet.push(`LABEL:${label}`)
  return unmet
}

function meets(campaign: Campaign, kind: RequiredTargetKind, values: ReadonlySet<string>): boolean {
  if (kind === 'CAMPAIGN_ID') return values.has(campaign.id)
  if (kind === 'JOURNEY_NAME') return campaign.definitions.some(({ foldedName }) => values.has(foldedName))
  return campaign.program.targetNames.some((name) => values.has(name))
}

/** The definitions that support the event and, where journeys are required by name, are so named. */
export function supportingDefinitions({ event, requirement }: Question, campaign: Campaign): readonly Definition[] {
  const definitions = campaign.byEvent.get(event.name) ?? []
  const names = requirement.kinds.get('JOURNEY_NAME')
  return names ? definitions.filter(({ foldedName }) => names.has(foldedName)) : definitions
}

/** The campaigns that match every target, whatever else may be in their way. */
export function targetedCampaigns(question: Question): readonly Campaign[] {
  const { requirement, rules } = question
  const ids = requirement.kinds.get('CAMPAIGN_ID')
  const names = requirement.kinds.get('PROGRAM')
  const label = requirement.labels[0]
  let pool: readonly Campaign[] = rules.byPrecedence
  if (ids) pool = [...ids].map((id) => rules.campaigns.get(id)).filter((campaign) => campaign !== undefined)
  else if (names)
    pool = [...new Set([...names].flatMap((name) => rules.byTarget.get(name) ?? []))].flatMap(
      (program) => program.campaigns,
    )
  else if (label !== undefined) pool = (rules.byLabel.get(label) ?? []).flatMap((program) => program.campaigns)
  return pool.filter((campaign) => unmetTargets(question, campaign).length === 0)
}
