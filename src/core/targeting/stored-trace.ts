// A decision's explanation in the form in which it is stored: what cannot be told again from the event and the rules that it
// was decided by. One character says what became of a flow that knew nothing of the person; the others have entries.

import type { Candidate, Failure, Field } from './candidates.ts'
import { type HintKind, type HintTrace, type NearMiss, reasonRank, type UnattributedReason } from './decision.ts'
import type { Instant } from './facts.ts'
import { isActiveAt } from './journeys.ts'
import type { Flow, Plan } from './plan.ts'
import { journeysIn, type Question } from './question.ts'
import type { Ranked, RankVector } from './rank.ts'
import type { Fallen } from './select.ts'
import type { Listener, Swept } from './sweep.ts'

/** What is absent is empty; all of it is absent where targeting ended in phase 1. */
export interface StoredTrace {
  readonly v: 2
  readonly alias?: string
  readonly hints?: readonly HintTrace[]
  readonly inheritedFrom?: string
  /** One character per flow of the event's plan, in its order. */
  readonly flows?: string
  readonly own?: readonly OwnEntry[]
  /** PAUSED campaigns that do not support the event though the person is inside of them. */
  readonly inside?: readonly string[]
  readonly nearMiss?: NearMiss
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

/** Ranked. */
export const rankedMark = '.'
/** See the entries. */
export const ownMark = '*'
/** Not looked at: required targets name other flows of the campaign. */
export const untouchedMark = '-'

const fallenBy = ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID', 'LABEL'] as const

/** The campaign fell in phases 2 or 3. */
export const screenMark = (code: UnattributedReason): string => String.fromCharCode(48 + reasonRank[code])
/** It became no candidate in phase 4. */
export const failureMark = (code: UnattributedReason): string => String.fromCharCode(97 + reasonRank[code])
/** A hint chose otherwise. */
export const fallenMark = (code: HintKind): string =>
  String.fromCharCode(65 + fallenBy.findIndex((kind) => kind === code))

/** What a mark means. */
export type Meaning =
  | { readonly kind: 'OWN' | 'UNTOUCHED' }
  | { readonly kind: 'RANKED' }
  | { readonly kind: 'SCREENED'; readonly code: UnattributedReason }
  | { readonly kind: 'FAILED'; readonly code: UnattributedReason }
  | { readonly kind: 'FALLEN'; readonly code: HintKind }

const reasons = new Map(Object.entries(reasonRank).map(([code, rank]) => [rank, code as UnattributedReason])) // `as`: entries forget the keys' type

/** Throws RangeError for a character that is no mark. */
export function meaningOf(mark: string): Meaning {
  if (mark === rankedMark) return { kind: 'RANKED' }
  if (mark === ownMark) return { kind: 'OWN' }
  if (mark === untouchedMark) return { kind: 'UNTOUCHED' }
  const unit = mark.charCodeAt(0)
  const hint = fallenBy[unit - 65]
  if (hint) return { kind: 'FALLEN', code: hint }
  const code = reasons.get(unit >= 97 ? unit - 97 : unit - 48)
  if (!code) throw new RangeError(`not a mark: ${mark}`)
  return unit >= 97 ? { kind: 'FAILED', code } : { kind: 'SCREENED', code }
}

/** Of a decision that ended in phase 1, or was inherited. */
export function packEnd(
  { event, lookUps }: Question,
  { inheritedFrom, nearMiss }: { inheritedFrom: string | null; nearMiss: NearMiss | null },
): StoredTrace {
  return {
    v: 2,
    ...(event.alias === undefined ? {} : { alias: event.alias }),
    ...(lookUps.traces.length > 0 ? { hints: lookUps.traces } : {}),
    ...(inheritedFrom === null ? {} : { inheritedFrom }),
    ...(nearMiss ? { nearMiss } : {}),
  }
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
  return {
    ...packEnd(question, { inheritedFrom: null, nearMiss: outcome.nearMiss }),
    ...marks.packed(),
    ...insideOf(question),
  }
}

/** Of a decision that took the short way: `marks` heard of it. */
export function packSwept(
  question: Question,
  marks: Marks,
  { swept: { known }, ranked }: { swept: Swept; ranked: readonly Ranked[] },
): StoredTrace {
  // Those that knew nothing of the person are marked already.
  for (const { candidate, vector } of ranked)
    if (known.candidates.includes(candidate)) marks.add(candidate, rankedMark, vector)
  for (const failure of known.failures) marks.addFailure(failure)
  return { ...packEnd(question, { inheritedFrom: null, nearMiss: null }), ...marks.packed(), ...insideOf(question) }
}

/** It tells more than its flow alone does. */
const isOwn = ({ active, edge }: Candidate): boolean => active !== null || edge !== null

/** Takes down what becomes of each flow of a plan. */
export class Marks implements Listener {
  readonly #plan: Plan | undefined
  readonly #marks: string[]
  readonly #own: OwnEntry[] = []

  constructor(plan: Plan | undefined) {
    this.#plan = plan
    this.#marks = new Array<string>(plan?.flows.length ?? 0).fill(untouchedMark)
  }

  set({ index }: Flow, mark: string): void {
    this.#marks[index] = mark
  }

  fell({ index }: Flow, verdict: { readonly isPreScreen: boolean; readonly code: UnattributedReason }): void {
    this.#marks[index] = verdict.isPreScreen ? screenMark(verdict.code) : failureMark(verdict.code)
  }

  viable({ index }: Flow): void {
    this.#marks[index] = rankedMark
  }

  add(candidate: Candidate, mark: string, vector?: RankVector): void {
    const flow = this.#plan?.byDefinition.get(candidate.definition)
    if (!flow) return
    // Of several candidates of a flow all have entries.
    if (!isOwn(candidate) && this.#marks[flow.index] === untouchedMark) this.#marks[flow.index] = mark
    else this.#enter(flow, [candidate.active?.id, candidate.edge?.facts?.id, candidate.edge?.advocateId, mark, vector])
  }

  addFailure({ definition, journey, edge, code }: Failure): void {
    const flow = this.#plan?.byDefinition.get(definition)
    if (!flow) return
    const mark = failureMark(code)
    if (!journey && !edge && this.#marks[flow.index] === untouchedMark) this.#marks[flow.index] = mark
    else this.#enter(flow, [journey?.id, edge?.facts?.id, edge?.advocateId, mark])
  }

  packed(): Pick<StoredTrace, 'flows' | 'own'> {
    return { flows: this.#marks.join(''), ...(this.#own.length > 0 ? { own: this.#own } : {}) }
  }

  #enter({ index }: Flow, parts: [string?, string?, string?, string?, RankVector?]): void {
    const [journeyId = null, relationshipId = null, advocateId = null, mark = ownMark, vector] = parts
    const before = this.#marks[index]
    // What had the flow's character for itself becomes the first entry.
    if (before !== undefined && before !== untouchedMark && before !== ownMark)
      this.#own.push([index, null, null, null, before])
    this.#marks[index] = ownMark
    const own: OwnVector | null = vector ? ownVector(vector) : null
    this.#own.push(
      own
        ? [index, journeyId, relationshipId, advocateId, mark, own]
        : [index, journeyId, relationshipId, advocateId, mark],
    )
  }
}

const ownVector = (vector: RankVector): OwnVector => [
  Number(vector.PARTNER_ID),
  vector.JOURNEY_RECENCY,
  vector.ADVOCATE_RECENCY,
  vector.EVIDENCE_RECENCY,
]

function insideOf(question: Question): Pick<StoredTrace, 'inside'> {
  const { person, rules, t, event } = question
  if (person.journeys.length === 0) return {}
  const inside = new Set<string>()
  for (const { campaignId } of person.journeys) {
    const campaign = rules.campaigns.get(campaignId)
    if (campaign?.facts.state !== 'PAUSED' || campaign.byEvent.has(event.name)) continue
    const isInside = journeysIn(question, campaignId).some((journey) => {
      const definition = campaign.definitions.find(({ name }) => name === journey.definition)
      return isActiveAt(journey, t, definition?.inactivityMs ?? null)
    })
    if (isInside) inside.add(campaignId)
  }
  return inside.size > 0 ? { inside: [...inside].sort() } : {}
}
