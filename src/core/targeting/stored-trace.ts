// A decision's explanation in the form in which it is stored: what cannot be told again from the event and the rules that it
// was decided by. One character says what became of a flow that knew nothing of the person; the others have entries.

import type { Candidate, Failure, Field } from './candidates.ts'
import type { HintTrace, NearMiss } from './decision.ts'
import type { Instant, TypedTargeting } from './facts.ts'
import { isActiveAt } from './journeys.ts'
import { failureMark, fallenMark, type Mark, ownMark, rankedMark, screenMark, untouchedMark } from './marks.ts'
import type { Flow, Plan } from './plan.ts'
import { journeysIn, type Question } from './question.ts'
import type { Ranked, RankVector } from './rank.ts'
import type { Fallen } from './select.ts'
import type { Swept } from './sweep.ts'

/** What is absent is empty; all of it is absent where targeting ended in phase 1. */
export interface StoredTrace {
  readonly v: 2
  readonly alias?: string
  readonly hints?: readonly HintTrace[]
  readonly inheritedFrom?: string
  /** One character per flow of the event's plan, in its order. */
  readonly flows?: string
  readonly own?: readonly OwnEntry[]
  /** How many entries are left out for size. */
  readonly cut?: number
  /** PAUSED campaigns that do not support the event though the person is inside of them. */
  readonly inside?: readonly string[]
  readonly nearMiss?: NearMiss
  /** Typed hints that took the place of the event's own, where it was decided anew. */
  readonly targeting?: TypedTargeting
}

/** Place of the flow, journey, relationship, advocate, what became of it and, where it was ranked, its own part of the vector. */
export type OwnEntry = readonly [
  flow: number,
  journeyId: string | null,
  relationshipId: string | null,
  advocateId: string | null,
  mark: string,
  vector?: OwnVector,
]

/** Partner id known (0 or 1), then the recencies of journey, advocate and evidence. */
export type OwnVector = readonly [number, Instant | null, Instant | null, Instant | null]

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Of a decision that ended in phase 1, or was inherited. */
export function packEnd(
  { event, lookUps }: Question,
  { inheritedFrom, nearMiss }: { inheritedFrom: string | null; nearMiss: NearMiss | null },
): Writable<StoredTrace> {
  const trace: Writable<StoredTrace> = { v: 2 }
  if (event.alias !== undefined) trace.alias = event.alias
  if (lookUps.traces.length > 0) trace.hints = lookUps.traces
  if (inheritedFrom !== null) trace.inheritedFrom = inheritedFrom
  if (nearMiss) trace.nearMiss = nearMiss
  return trace
}

/** What is known once all is decided. */
export interface Outcome {
  readonly field: Pick<Field, 'verdicts' | 'failures'>
  readonly fallen: readonly Fallen[]
  /** The winner first; empty for an event that nobody is credited for. */
  readonly ranked: readonly Ranked[]
  readonly nearMiss: NearMiss | null
}

/** Of a decision that all phases took part in. */
export function pack(question: Question, plan: Plan | undefined, outcome: Outcome): StoredTrace {
  const marks = new Marks(plan)
  for (const { campaign, phase, code } of outcome.field.verdicts.values()) {
    const isScreened = phase === 'PRE_SCREEN' || phase === 'REQUIRED_TARGETS'
    if (isScreened && code) for (const flow of plan?.byCampaign.get(campaign) ?? []) marks.set(flow, screenMark(code))
  }
  for (const { candidate, vector } of outcome.ranked) marks.add(candidate, rankedMark, vector)
  for (const { candidate, code } of outcome.fallen) marks.add(candidate, fallenMark(code))
  for (const failure of outcome.field.failures) marks.addFailure(failure)
  return packed(question, marks, outcome.nearMiss)
}

/** Of a decision that took the short way, which marked the flows that knew nothing of the person. */
export function packSwept(
  question: Question,
  marks: Marks,
  { swept: { known }, ranked, nearMiss }: { swept: Swept; ranked: readonly Ranked[]; nearMiss: NearMiss | null },
): StoredTrace {
  if (known.candidates.length > 0) {
    for (const { candidate, vector } of ranked)
      if (known.candidates.includes(candidate)) marks.add(candidate, rankedMark, vector)
  }
  for (const failure of known.failures) marks.addFailure(failure)
  return packed(question, marks, nearMiss)
}

function packed(question: Question, marks: Marks, nearMiss: NearMiss | null): StoredTrace {
  const trace = packEnd(question, { inheritedFrom: null, nearMiss })
  trace.flows = marks.text()
  if (marks.own.length > 0) trace.own = bounded(marks.own)
  if (trace.own && trace.own.length < marks.own.length) trace.cut = marks.own.length - trace.own.length
  if (question.rules.hasPaused) {
    const inside = insideOf(question)
    if (inside.length > 0) trace.inside = inside
  }
  return trace
}

/** Of entries at most so many are kept, and the first of each flow. */
const maxEntries = 50

/** They come in the order of how far they went. */
function bounded(own: readonly OwnEntry[]): readonly OwnEntry[] {
  if (own.length <= maxEntries) return own
  const flows = new Set<number>()
  return own.filter(([flow], place) => {
    const isFirst = !flows.has(flow)
    flows.add(flow)
    return place < maxEntries || isFirst
  })
}

/** Takes down what becomes of each flow of a plan. */
export class Marks {
  /** By the flows' places. */
  readonly marks: Uint8Array
  readonly own: OwnEntry[] = []
  readonly #plan: Plan | undefined

  constructor(plan: Plan | undefined) {
    this.#plan = plan
    this.marks = new Uint8Array(plan?.flows.length ?? 0).fill(untouchedMark)
  }

  set({ index }: Flow, mark: Mark): void {
    this.marks[index] = mark
  }

  add({ definition, active, edge }: Candidate, mark: Mark, vector?: RankVector): void {
    const flow = this.#plan?.byDefinition.get(definition)
    if (!flow) return
    // Of several candidates of a flow all have entries.
    if (!active && !edge && this.marks[flow.index] === untouchedMark) this.marks[flow.index] = mark
    else {
      this.#claim(flow)
      const ids = [active?.id ?? null, edge?.facts?.id ?? null, edge?.advocateId ?? null] as const
      this.own.push(
        vector
          ? [flow.index, ...ids, String.fromCharCode(mark), ownVector(vector)]
          : [flow.index, ...ids, String.fromCharCode(mark)],
      )
    }
  }

  addFailure({ definition, journey, edge, code }: Failure): void {
    const flow = this.#plan?.byDefinition.get(definition)
    if (!flow) return
    const mark = failureMark(code)
    if (!journey && !edge && this.marks[flow.index] === untouchedMark) this.marks[flow.index] = mark
    else {
      this.#claim(flow)
      const ids = [journey?.id ?? null, edge?.facts?.id ?? null, edge?.advocateId ?? null] as const
      this.own.push([flow.index, ...ids, String.fromCharCode(mark)])
    }
  }

  text(): string {
    return Buffer.from(this.marks.buffer).toString('latin1')
  }

  /** From here on the flow has entries: what had its character for itself becomes the first. */
  #claim({ index }: Flow): void {
    const before = this.marks[index]
    if (before !== undefined && before !== untouchedMark && before !== ownMark)
      this.own.push([index, null, null, null, String.fromCharCode(before)])
    this.marks[index] = ownMark
  }
}

const ownVector = (vector: RankVector): OwnVector => [
  Number(vector.PARTNER_ID),
  vector.JOURNEY_RECENCY,
  vector.ADVOCATE_RECENCY,
  vector.EVIDENCE_RECENCY,
]

function insideOf(question: Question): readonly string[] {
  const { person, rules, t, event } = question
  const inside = new Set<string>()
  for (const { campaignId } of person.journeys) {
    const campaign = rules.campaigns.get(campaignId)
    if (campaign?.facts.state !== 'PAUSED' || campaign.byEvent.has(event.name)) continue
    const isInside = journeysIn(question, campaignId).some((journey) =>
      isActiveAt(journey, t, campaign.byName.get(journey.definition)?.inactivityMs ?? null),
    )
    if (isInside) inside.add(campaignId)
  }
  return [...inside].sort()
}
