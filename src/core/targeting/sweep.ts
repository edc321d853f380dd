// The short way through phases 2 to 7, for an event that carries no hint: nothing narrows the field, so flows that know
// nothing of the person compete in the order of the plan, and only those that do are looked at in full. It says the same as
// the long way; a property test holds the two together.

import { type Builder, type Candidate, consider, edgesOf, holds, newBuilder, newCandidate } from './candidates.ts'
import type { UnattributedReason } from './decision.ts'
import { noHints } from './hints.ts'
import type { Flow, Plan } from './plan.ts'
import type { Question } from './question.ts'
import type { Campaign, Program } from './rule-set.ts'
import { screen } from './screen.ts'
import { isInWindow } from './windows.ts'

/** Why a flow that knows nothing of the person is out: in the pre-screen, or in phase 4. */
export interface Verdict {
  readonly isPreScreen: boolean
  readonly code: UnattributedReason
}

export interface Swept {
  /** What the flows that know the person came to. */
  readonly known: Builder
  /** The first two viable flows that do not, in the order of the plan; where the sweep stopped early, one at most. */
  readonly fresh: readonly Flow[]
}

/** Hears what became of every flow, by its place in the plan: of those that know the person, only a screen that they failed. */
export interface Listener {
  fell(flow: Flow, verdict: Verdict): void
  viable(flow: Flow): void
}

/** True for an event that the short way can take. */
export const isPlain = ({ hints, followedId }: Question): boolean => hints === noHints && followedId === null

/** All flows, each heard of. */
export function sweepAll(question: Question, plan: Plan, listener: Listener): Swept {
  const people = familiar(question, plan, listener)
  const fresh: Flow[] = []
  for (const flow of plan.flows) {
    if (isFamiliar(people, flow)) continue
    const verdict = judge(question, flow)
    if (verdict) listener.fell(flow, verdict)
    else {
      listener.viable(flow)
      if (fresh.length < 2) fresh.push(flow)
    }
  }
  return { known: people.builder, fresh }
}

/** As many flows as it takes to know the winner. */
export function sweepForWinner(question: Question, plan: Plan): Swept {
  const people = familiar(question, plan, null)
  const { candidates } = people.builder
  let bound = Number.NEGATIVE_INFINITY
  for (const { definition } of candidates) if (definition.priority > bound) bound = definition.priority
  const { flows } = plan
  for (let i = 0; i < flows.length; i++) {
    const flow = flows[i]
    if (flow === undefined || flow.priority < bound) break
    if (!isFamiliar(people, flow) && judge(question, flow) === null) return { known: people.builder, fresh: [flow] }
  }
  return { known: people.builder, fresh: [] }
}

/** The candidate of a flow that knows nothing of the person. */
export const freshCandidate = (question: Question, flow: Flow): Candidate => newCandidate(question, flow)

interface Familiar {
  readonly builder: Builder
  /** Campaigns that the person has journeys in. */
  readonly campaigns: readonly Campaign[]
  /** Programs that the person has relationships in. */
  readonly programs: readonly Program[]
}

const none: readonly never[] = []

/** Considers the flows that know the person: by a journey in their campaign or, of FRIEND flows, by a relationship. */
function familiar(question: Question, plan: Plan, listener: Listener | null): Familiar {
  const builder = newBuilder(question)
  const campaigns = ownCampaigns(question)
  const programs = ownPrograms(builder, plan)
  for (const campaign of campaigns) considerAll(builder, plan.byCampaign.get(campaign) ?? none, listener)
  if (programs.length > 0) {
    const others = plan.flows.filter(
      ({ campaign, definition }) =>
        definition.role === 'FRIEND' && programs.includes(campaign.program) && !campaigns.includes(campaign),
    )
    considerAll(builder, others, listener)
  }
  return { builder, campaigns, programs }
}

function considerAll(builder: Builder, flows: readonly Flow[], listener: Listener | null): void {
  for (const flow of flows) {
    const fallen = screen(builder.question, flow.campaign)
    if (!fallen) consider(builder, flow.campaign, flow.definition)
    else listener?.fell(flow, { isPreScreen: true, code: fallen.code })
  }
}

function ownCampaigns({ person, rules }: Question): readonly Campaign[] {
  if (person.journeys.length === 0) return none
  const campaigns: Campaign[] = []
  for (const { campaignId } of person.journeys) {
    const campaign = rules.campaigns.get(campaignId)
    if (campaign && !campaigns.includes(campaign)) campaigns.push(campaign)
  }
  return campaigns
}

function ownPrograms(builder: Builder, plan: Plan): readonly Program[] {
  const { person, matches } = builder.question
  if (plan.friendPrograms.size === 0 || (person.relationships.length === 0 && matches.size === 0)) return none
  return [...plan.friendPrograms].filter((program) => {
    const { usable, ineligible, lapsed } = edgesOf(builder, program)
    return usable.length > 0 || ineligible.length > 0 || lapsed.length > 0
  })
}

const isFamiliar = ({ campaigns, programs }: Familiar, { campaign, definition }: Flow): boolean =>
  (campaigns.length > 0 && campaigns.includes(campaign)) ||
  (programs.length > 0 && definition.role === 'FRIEND' && programs.includes(campaign.program))

// One object for each verdict: millions of them are given.
const verdictsOf = (isPreScreen: boolean) => (code: UnattributedReason) => ({ isPreScreen, code }) as const
const [preScreen, inPhase4] = [verdictsOf(true), verdictsOf(false)]
const isNotLive = preScreen('CAMPAIGN_NOT_LIVE')
const isOutsideWindow = preScreen('OUTSIDE_WINDOW')
const lacksTarget = preScreen('CAMPAIGN_TARGET_NOT_PRESENT')
const isNoStart = inPhase4('EVENT_NOT_SUPPORTED')
const failsEntry = inPhase4('ENTRY_CRITERIA_FAILED')
const hasNoReferral = inPhase4('NO_REFERRAL')

/** Why nobody new can enter the flow by an event without hints; null where it is viable. */
function judge(question: Question, flow: Flow): Verdict | null {
  const { campaign, definition } = flow
  if (!flow.isAlwaysOpen) {
    if (campaign.facts.state !== 'LIVE') return isNotLive
    if (!isInWindow(campaign, question.t)) return isOutsideWindow
    if (campaign.requiredTargets.size > 0) return lacksTarget
  }
  if (definition.role === 'FRIEND') return hasNoReferral
  if (!flow.isStart) return isNoStart
  return definition.entry === null || holds(question, definition.entry) ? null : failsEntry
}
