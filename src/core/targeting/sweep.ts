// The short way through phases 2 to 7, for an event that carries no hint: nothing narrows the field, so flows that know
// nothing of the person compete in the order of the plan, and only those that do are looked at in full. It says the same as
// the long way; a property test holds the two together. Asked millions of times, it makes as few objects as it can.

import { type Builder, type Candidate, consider, edgesOf, newBuilder, newCandidate } from './candidates.ts'
import type { Bits } from './entry-index.ts'
import { noHints } from './hints.ts'
import { rankedMark, screenMark, untouchedMark } from './marks.ts'
import type { Flow, Plan } from './plan.ts'
import type { Question } from './question.ts'
import type { Program } from './rule-set.ts'
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
    const fallen = screen(question, flow.campaign)
    if (!fallen) consider(builder, flow.campaign, flow.definition)
    else if (marks) marks[flow.index] = screenMark(fallen.code)
  }
  return { builder, flows }
}

function familiarFlows(builder: Builder, plan: Plan): readonly Flow[] {
  const { person, rules } = builder.question
  const programs = ownPrograms(builder, plan)
  if (person.journeys.length === 0 && programs.length === 0) return none
  const found: Flow[] = []
  for (const { campaignId, definition } of person.journeys) {
    const campaign = rules.campaigns.get(campaignId)
    if (!campaign?.isOpen) continue
    if (campaign.facts.state === 'PAUSED') addAll(found, plan.byCampaign.get(campaign) ?? none)
    const named = campaign.byName.get(definition)
    const flow = named && plan.byDefinition.get(named)
    if (flow && !found.includes(flow)) found.push(flow)
  }
  if (programs.length > 0)
    addAll(
      found,
      plan.friendFlows.filter(({ campaign }) => programs.includes(campaign.program)),
    )
  return found
}

function addAll(found: Flow[], flows: readonly Flow[]): void {
  for (const flow of flows) if (!found.includes(flow)) found.push(flow)
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
