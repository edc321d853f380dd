// The short way through phases 2 to 7, for an event that carries no hint: nothing narrows the field, so flows that know
// nothing of the person compete in the order of the plan, and only those that do are looked at in full. It says the same as
// the long way; a property test holds the two together. Asked millions of times, it makes as few objects as it can.

import {
  type Builder,
  type Candidate,
  consider,
  edgesOf,
  type Failure,
  furthestFailure,
  keyOf,
  newBuilder,
  newCandidate,
  type Verdict,
} from './candidates.ts'
import type { UnattributedReason } from './decision.ts'
import type { Bits } from './entry-index.ts'
import type { JourneyFacts } from './facts.ts'
import { noHints } from './hints.ts'
import { isActiveAt } from './journeys.ts'
import { meaningOfMark, rankedMark, screenMark, untouchedMark } from './marks.ts'
import type { Flow, Plan } from './plan.ts'
import type { Question } from './question.ts'
import type { Campaign, Program } from './rule-set.ts'
import { screen } from './screen.ts'
import { isInWindow } from './windows.ts'

export interface Swept {
  /** What the flows that know the person came to. */
  readonly known: Builder
  /** The first viable flows that do not, in the order of the plan: at most two, or one where the sweep stopped early. */
  readonly fresh: readonly Flow[]
}

/** True for an event that the short way can take. */
export const isPlain = ({ hints, followedId }: Question): boolean => hints === noHints && followedId === null

/** All flows; what became of those that do not know the person goes into `marks`, by their places in the plan. */
export function sweepAll(question: Question, plan: Plan, marks: Uint8Array): Swept {
  marks.set(plan.closedMarks)
  const { builder, flows: known } = familiar(question, plan, marks)
  const bits = admittedBits(question, plan, known)
  for (let i = 0; i < plan.timedFlows.length; i++) {
    const flow = plan.timedFlows[i]
    if (flow && !isInWindow(flow.campaign, question.t) && !isOneOf(known, flow)) marks[flow.index] = isOutsideWindow
  }
  let [first, second]: [Flow | null, Flow | null] = [null, null]
  for (let w = 0; w < bits.length; w++) {
    for (let word = bits[w] ?? 0; word !== 0; word &= word - 1) {
      const index = w * 32 + lowestBit(word)
      marks[index] = rankedMark
      if (first === null) first = plan.flows[index] ?? null
      else second ??= plan.flows[index] ?? null
    }
  }
  return { known: builder, fresh: first === null ? none : second === null ? [first] : [first, second] }
}

/** Enough of the flows to know the winner. */
export function sweepForWinner(question: Question, plan: Plan): Swept {
  const { builder, flows: known } = familiar(question, plan, null)
  const bits = admittedBits(question, plan, known)
  for (let w = 0; w < bits.length; w++) {
    const word = bits[w] ?? 0
    const flow = word === 0 ? undefined : plan.flows[w * 32 + lowestBit(word)]
    if (flow) return { known: builder, fresh: [flow] }
  }
  return { known: builder, fresh: none }
}

/** The flows that somebody new may enter now, those that know the person left out. */
function admittedBits(question: Question, { entries, open, timedFlows }: Plan, known: readonly Flow[]): Bits {
  const bits = entries.admitted(question)
  for (let w = 0; w < bits.length; w++) bits[w] = (bits[w] ?? 0) & (open[w] ?? 0)
  for (let i = 0; i < known.length; i++) clear(bits, known[i])
  for (let i = 0; i < timedFlows.length; i++) {
    const flow = timedFlows[i]
    if (flow && !isInWindow(flow.campaign, question.t)) clear(bits, flow)
  }
  return bits
}

function clear(bits: Bits, flow: Flow | undefined): void {
  if (flow) bits[flow.index >>> 5] = (bits[flow.index >>> 5] ?? 0) & ~(1 << (flow.index & 31))
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word)

// Of so few, a loop is many times faster than `includes`.
function isOneOf(flows: readonly Flow[], flow: Flow): boolean {
  for (let i = 0; i < flows.length; i++) if (flows[i] === flow) return true
  return false
}

/** The candidate of a flow that knows nothing of the person. */
export const freshCandidate = (question: Question, flow: Flow): Candidate => newCandidate(question, flow)

const none: readonly never[] = []

interface Familiar {
  readonly builder: Builder
  readonly flows: readonly Flow[]
}

/** Considers the flows that know the person: by a journey, by being inside their PAUSED campaign or, of FRIEND flows, by a relationship. */
function familiar(question: Question, plan: Plan, marks: Uint8Array | null): Familiar {
  const builder = newBuilder(question)
  const flows = familiarFlows(builder, plan)
  for (const flow of flows) {
    if (marks) marks[flow.index] = untouchedMark
    if (goesOn(builder, flow)) continue
    const fallen = screen(question, flow.campaign)
    if (!fallen) consider(builder, flow.campaign, flow.definition)
    else if (marks) marks[flow.index] = screenMark(fallen.code)
  }
  return { builder, flows }
}

/** True for what is most common, a single active journey that goes on in a campaign that asks for nothing; its candidate is added. */
function goesOn({ question, candidates }: Builder, { campaign, definition, isFriend }: Flow): boolean {
  const { person, t } = question
  if (isFriend || definition.keyPath || definition.ongoing || campaign.facts.state !== 'LIVE') return false
  if (campaign.requiredTargets.size > 0 || !isInWindow(campaign, t)) return false
  const { journeys } = person
  let active: JourneyFacts | null = null
  for (let i = 0; i < journeys.length; i++) {
    const journey = journeys[i]
    if (!journey || journey.definition !== definition.name || journey.campaignId !== campaign.id) continue
    const isOwn = journey.key === '' && journey.relationshipId === null
    if (!isOwn || active || !isActiveAt(journey, t, definition.inactivityMs)) return false
    active = journey
  }
  if (!active) return false
  candidates.push({
    campaign,
    definition,
    key: '',
    active,
    reuse: null,
    expired: none,
    edge: null,
    isSelfReferral: false,
  })
  return true
}

function familiarFlows(builder: Builder, plan: Plan): readonly Flow[] {
  const { journeys } = builder.question.person
  const programs = ownPrograms(builder, plan)
  let found: Flow[] | null = null
  for (let i = 0; i < journeys.length; i++) {
    const journey = journeys[i]
    const flows = journey && plan.byCampaignId.get(journey.campaignId)
    if (!flows) continue
    for (const flow of flows) {
      const isKnown = flow.definition.name === journey.definition || flow.campaign.facts.state === 'PAUSED'
      if (isKnown && !isOneOf(found ?? none, flow)) (found ??= []).push(flow)
    }
  }
  if (programs.length === 0) return found ?? none
  const friends = plan.friendFlows.filter(({ campaign }) => programs.includes(campaign.program))
  return [...new Set([...(found ?? none), ...friends])]
}

function ownPrograms(builder: Builder, plan: Plan): readonly Program[] {
  const { person, matches } = builder.question
  if (plan.friendFlows.length === 0 || (person.relationships.length === 0 && matches.size === 0)) return none
  const programs = new Set(plan.friendFlows.map(({ campaign }) => campaign.program))
  return [...programs].filter((program) => {
    const { usable, ineligible, lapsed } = edgesOf(builder, program)
    return usable.length > 0 || ineligible.length > 0 || lapsed.length > 0
  })
}

const isOutsideWindow = screenMark('OUTSIDE_WINDOW')

/** The verdicts on the plan's campaigns where a sweep of all flows found nothing viable. */
export function verdictsOf(question: Question, plan: Plan, { marks, known }: { marks: Uint8Array; known: Builder }) {
  const verdicts = new Map<Campaign, Verdict>()
  for (const [campaign, flows] of plan.byCampaign) {
    const failures: Failure[] = []
    for (const flow of flows) {
      const meaning = meaningOfMark(marks[flow.index] ?? untouchedMark)
      if (meaning.kind === 'SCREENED') {
        verdicts.set(campaign, { campaign, phase: 'PRE_SCREEN', code: meaning.code, failure: null })
        break
      }
      if (meaning.kind === 'FAILED') failures.push(newFailure(question, flow, meaning.code))
      else failures.push(...known.failures.filter(({ definition }) => definition === flow.definition))
    }
    if (verdicts.has(campaign)) continue
    const failure = furthestFailure(failures)
    verdicts.set(campaign, { campaign, phase: 'CANDIDATES', code: failure?.code ?? 'EVENT_NOT_SUPPORTED', failure })
  }
  return verdicts
}

const newFailure = (question: Question, { campaign, definition }: Flow, code: UnattributedReason): Failure => ({
  campaign,
  definition,
  key: keyOf(question, definition),
  edge: null,
  journey: null,
  code,
  advocateIds: none,
})
