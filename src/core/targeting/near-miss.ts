// For an event that nobody is credited for: the campaign that got furthest, and what would have made it match.

import { failedLeaves } from '../rules/explain.ts'
import { type Field, type Verdict, verdictOf } from './candidates.ts'
import { type NearMiss, type Remedy, reasonRank, type UnattributedReason } from './decision.ts'
import type { Instant } from './facts.ts'
import type { Question } from './question.ts'
import { byPrecedence, type Campaign } from './rule-set.ts'
import { missingTargets, targetedCampaigns, unmetTargets } from './screen.ts'

export interface Miss {
  readonly reason: UnattributedReason
  readonly reasonDetail: UnattributedReason | null
  readonly nearMiss: NearMiss | null
}

/** The same without what would have made it match. */
export interface ShortMiss {
  readonly reason: UnattributedReason
  readonly reasonDetail: UnattributedReason | null
  readonly nearest: Verdict | null
}

/** Why nothing was left after phase 4: the furthest of the targeted campaigns, where something is required, else of all. */
export function missOf(question: Question, field: Judgement): Miss {
  const { nearest, ...miss } = shortMissOf(question, field)
  return { ...miss, nearMiss: nearest && nearMiss(question, nearest) }
}

export function shortMissOf(question: Question, field: Judgement): ShortMiss {
  if (!question.requirement.isPresent) {
    const nearest = furthest(question, field, contenders(question, field))
    return { reason: nearest?.code ?? 'NO_CAMPAIGN', reasonDetail: null, nearest }
  }
  const targeted = furthest(question, field, targetedCampaigns(question))
  const nearest = targeted ?? furthest(question, field, contenders(question, field))
  return { reason: 'REQUIRED_TARGET_UNMATCHED', reasonDetail: targeted?.code ?? null, nearest }
}

/** What is known of the campaigns that support the event. */
type Judgement = Pick<Field, 'verdicts'>

/**
 * Negative where `a` is the nearer miss: candidates first, then the furthest reason, then the order of the rule set.
 */
export const byNearness = (a: Judged, b: Judged): number =>
  rankOf(b) - rankOf(a) || byPrecedence(a.campaign, b.campaign)

type Judged = Pick<Verdict, 'campaign' | 'code'>

const rankOf = ({ code }: Judged): number => (code ? reasonRank[code] : Number.MAX_SAFE_INTEGER)

/**
 * The campaigns among which the furthest of all must be: those that support the event and, of the others, for each way
 * to fail the one that comes first.
 */
function contenders({ rules, person, t }: Question, field: Judgement): readonly Campaign[] {
  const paused = person.journeys
    .map(({ campaignId }) => rules.campaigns.get(campaignId))
    .filter((campaign) => campaign?.facts.state === 'PAUSED')
  return [...field.verdicts.keys(), rules.windows.at(t), rules.windows.first, rules.byPrecedence[0], ...paused].filter(
    (campaign) => campaign !== null && campaign !== undefined,
  )
}

function furthest(question: Question, field: Judgement, campaigns: readonly Campaign[]): Verdict | null {
  let nearest: Verdict | null = null
  for (const campaign of campaigns) {
    const verdict = verdictOf(question, field, campaign)
    if (!nearest || byNearness(verdict, nearest) < 0) nearest = verdict
  }
  return nearest
}

function nearMiss(question: Question, verdict: Verdict): NearMiss | null {
  const { campaign, code } = verdict
  return code && { campaignId: campaign.id, code, detail: remedy(question, verdict) }
}

function remedy(question: Question, { campaign, code, failure }: Verdict): Remedy {
  const definition = failure?.definition.name
  switch (code) {
    case 'CAMPAIGN_NOT_LIVE':
      return { state: campaign.facts.state, definition }
    case 'OUTSIDE_WINDOW':
      return { startsAt: iso(campaign.facts.startsAt), endsAt: iso(campaign.facts.endsAt) }
    case 'EVENT_NOT_SUPPORTED':
      return { events: usefulEvents(question, { campaign, failure }), definition }
    case 'CAMPAIGN_TARGET_NOT_PRESENT':
      return { targets: missingTargets(question, campaign) }
    case 'REQUIRED_TARGET_UNMATCHED':
      return { targets: unmetTargets(question, campaign) }
    case 'REENTRY_FORBIDDEN':
      return { definition, journeyId: failure?.journey?.id }
    case 'ENTRY_CRITERIA_FAILED':
      return { definition, conditions: conditions(question, failure?.definition.facts.entry) }
    case 'ONGOING_CRITERIA_FAILED':
      return { definition, conditions: conditions(question, failure?.definition.facts.ongoing) }
    default:
      return { definition, advocateIds: failure?.advocateIds }
  }
}

/** The events that may begin the flow that got furthest; before phase 4, those that any flow supports. */
function usefulEvents(
  { requirement }: Question,
  { campaign, failure }: Pick<Verdict, 'campaign' | 'failure'>,
): readonly string[] {
  if (failure) return [...failure.definition.startEvents].sort()
  const names = requirement.kinds.get('JOURNEY_NAME')
  const definitions = campaign.definitions.filter(({ foldedName }) => !names || names.has(foldedName))
  return [...new Set(definitions.flatMap(({ events }) => events))].sort()
}

const conditions = (question: Question, rule: Parameters<typeof failedLeaves>[0] | null | undefined) =>
  rule ? failedLeaves(rule, question) : []

const iso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString())
