// Phases 2 to 4: every campaign that supports the event is judged, and what may take the event becomes a candidate.

import type { Predicate } from '../rules/compile.ts'
import { isScalar } from '../rules/operators.ts'
import { readPath } from '../rules/path.ts'
import { isTrue } from '../rules/truth.ts'
import { type JourneyExit, type Passage, reasonRank, type TracePhase, type UnattributedReason } from './decision.ts'
import type { JourneyFacts } from './facts.ts'
import { isActiveAfter, noPassages, type Passages, passagesAt, reuse } from './journeys.ts'
import { journeysIn, type Question } from './question.ts'
import { type Edge, type Edges, edgesIn } from './relationships.ts'
import type { Campaign, Definition, Program } from './rule-set.ts'
import { screen, supportingDefinitions } from './screen.ts'

/** A passage of the person through a definition that may be credited. Without `active` it is NEW, also where it takes up `reuse`. */
export interface Candidate {
  readonly campaign: Campaign
  readonly definition: Definition
  readonly key: string
  readonly active: JourneyFacts | null
  readonly reuse: { readonly journey: JourneyFacts; readonly passage: Passage } | null
  readonly expired: readonly JourneyFacts[]
  readonly edge: Edge | null
  readonly isSelfReferral: boolean
}

/** What became no candidate, and why. */
export interface Failure {
  readonly campaign: Campaign
  readonly definition: Definition
  readonly key: string
  readonly edge: Edge | null
  readonly journey: JourneyFacts | null
  readonly code: UnattributedReason
  readonly advocateIds: readonly string[]
}

/** What became of a campaign; `phase` and `code` are null where it has candidates. */
export interface Verdict {
  readonly campaign: Campaign
  readonly phase: TracePhase | null
  readonly code: UnattributedReason | null
  /** Its furthest, in phase 4. */
  readonly failure: Failure | null
}

export interface Field {
  readonly candidates: readonly Candidate[]
  readonly failures: readonly Failure[]
  readonly exits: readonly JourneyExit[]
  /** Of all open campaigns that support the event; others join when verdictOf is asked for them. */
  readonly verdicts: Map<Campaign, Verdict>
}

/** A field in the making. */
export interface Builder {
  readonly question: Question
  readonly candidates: Candidate[]
  readonly failures: Failure[]
  readonly exits: JourneyExit[]
  /** Made when it is first asked for. */
  edges: Map<Program, Edges> | null
}

/** A field without anything in it yet. */
export const newBuilder = (question: Question): Builder => ({
  question,
  candidates: [],
  failures: [],
  exits: [],
  edges: null,
})

/** Judges the campaigns that support the event. The order of the result is that of the rule set. */
export function buildField(question: Question): Field {
  const { rules, event } = question
  const builder = newBuilder(question)
  const verdicts = new Map<Campaign, Verdict>()
  for (const campaign of rules.plans.get(event.name)?.byCampaign.keys() ?? [])
    verdicts.set(campaign, judge(builder, campaign))
  const { candidates, failures, exits } = builder
  return { candidates, failures, exits, verdicts }
}

/** The verdict on any campaign, also one that does not support the event. */
export function verdictOf(question: Question, field: Pick<Field, 'verdicts'>, campaign: Campaign): Verdict {
  const known = field.verdicts.get(campaign)
  if (known) return known
  const fallen = screen(question, campaign)
  const verdict: Verdict = { campaign, phase: fallen?.phase ?? null, code: fallen?.code ?? null, failure: null }
  field.verdicts.set(campaign, verdict)
  return verdict
}

/** The candidate without its advocate: an active journey takes the event all the same, a new one has no relationship. */
export function withoutAdvocate(question: Question, candidate: Candidate): Candidate {
  if (candidate.active) return { ...candidate, edge: null }
  const passages = passagesOf(question, candidate, null)
  return { ...candidate, edge: null, reuse: reuse(passages, candidate.definition), expired: passages.expired }
}

function judge(builder: Builder, campaign: Campaign): Verdict {
  const { question, candidates, failures } = builder
  const fallen = screen(question, campaign)
  if (fallen) return { campaign, ...fallen, failure: null }
  const [candidatesBefore, failuresBefore] = [candidates.length, failures.length]
  for (const definition of supportingDefinitions(question, campaign)) consider(builder, campaign, definition)
  if (candidates.length > candidatesBefore) return { campaign, phase: null, code: null, failure: null }
  const failure = furthestFailure(failures.slice(failuresBefore))
  return { campaign, phase: 'CANDIDATES', code: failure?.code ?? 'EVENT_NOT_SUPPORTED', failure }
}

/** The one with the furthest reason, then of the largest priority, then the first. */
export function furthestFailure(failures: readonly Failure[]): Failure | null {
  let furthest: Failure | null = null
  for (const failure of failures) {
    const lead = furthest ? reasonRank[failure.code] - reasonRank[furthest.code] : 1
    const isHigher = furthest !== null && failure.definition.priority > furthest.definition.priority
    if (lead > 0 || (lead === 0 && isHigher)) furthest = failure
  }
  return furthest
}

/** What a candidate is about, before anything is known of it. */
interface Opening {
  readonly campaign: Campaign
  readonly definition: Definition
  readonly key: string
}

interface Option {
  readonly edge: Edge | null
  readonly isSelfReferral: boolean
  readonly passages: Passages
}

/** Adds what becomes of one definition of a campaign that passed the screen: candidates or failures, one per relationship. */
export function consider(builder: Builder, campaign: Campaign, definition: Definition): void {
  const { question } = builder
  const opening: Opening = { campaign, definition, key: keyOf(question, definition) }
  const options = optionsFor(builder, opening)
  const isInside = options.some(({ passages }) => passages.active)
  if (options.length === 0) failReferral(builder, opening)
  else if (isInside && !holds(question, definition.ongoing)) leave(builder, opening, options)
  else enter(builder, opening, options)
}

/** Active journeys go on; where there is none, the event may begin one. */
function enter({ question, candidates, failures }: Builder, opening: Opening, options: readonly Option[]): void {
  const { campaign, definition, key } = opening
  const refusal = options.every(({ passages }) => passages.active) ? null : entryRefusal(question, opening)
  for (const { edge, isSelfReferral, passages } of options) {
    const { active, ended, expired } = passages
    const isBarred = ended !== null && definition.reentry === 'NEVER_AGAIN'
    const code = active ? null : before(refusal, isBarred ? 'REENTRY_FORBIDDEN' : null)
    const reused = active || code ? null : reuse(passages, definition)
    if (code) failures.push({ campaign, definition, key, edge, journey: ended, code, advocateIds: none })
    else candidates.push({ campaign, definition, key, active, reuse: reused, expired, edge, isSelfReferral })
  }
}

const none: readonly string[] = []

/** Of two reasons the one that is asked first. */
const before = (a: UnattributedReason | null, b: UnattributedReason | null): UnattributedReason | null =>
  a && b ? (reasonRank[a] < reasonRank[b] ? a : b) : (a ?? b)

/** Why nobody can enter by this event; who may enter again is asked of each relationship apart. */
function entryRefusal(question: Question, { campaign, definition }: Opening): UnattributedReason | null {
  if (campaign.facts.state !== 'LIVE') return 'CAMPAIGN_NOT_LIVE'
  if (!definition.startEvents.has(question.event.name)) return 'EVENT_NOT_SUPPORTED'
  return holds(question, definition.entry) ? null : 'ENTRY_CRITERIA_FAILED'
}

/** The journeys end, unless they went on after t; nothing of this definition can take the event. */
function leave(builder: Builder, opening: Opening, options: readonly Option[]): void {
  const { t } = builder.question
  const { campaign, definition, key } = opening
  for (const { edge, passages } of options) {
    const journey = passages.active
    if (!journey) continue
    const code = 'ONGOING_CRITERIA_FAILED'
    builder.failures.push({ campaign, definition, key, edge, journey, code, advocateIds: none })
    if (journey.exitedAt === null && !isActiveAfter(journey, t)) builder.exits.push({ journeyId: journey.id, at: t })
  }
}

/** So many are told of in a near miss. */
const maxAdvocates = 20

function failReferral(builder: Builder, { campaign, definition, key }: Opening): void {
  const { ineligible, lapsed } = edgesOf(builder, campaign.program)
  const code = ineligible.length > 0 ? 'ADVOCATE_INELIGIBLE' : 'NO_REFERRAL'
  const advocateIds = (ineligible.length > 0 ? ineligible : lapsed).slice(0, maxAdvocates)
  builder.failures.push({ campaign, definition, key, edge: null, journey: null, code, advocateIds })
}

/** One option without relationship, or, for a FRIEND definition, one per usable relationship and one for the actor's own code. */
function optionsFor(builder: Builder, opening: Opening): readonly Option[] {
  const { question } = builder
  if (opening.definition.role !== 'FRIEND') return [optionOf(question, opening, null)]
  const { usable, isSelfReferral } = edgesOf(builder, opening.campaign.program)
  const options = usable.map((edge) => optionOf(question, opening, edge))
  return isSelfReferral ? [...options, { ...optionOf(question, opening, null), isSelfReferral }] : options
}

const optionOf = (question: Question, opening: Opening, edge: Edge | null): Option => ({
  edge,
  isSelfReferral: false,
  passages: passagesOf(question, opening, edge),
})

/** The person's relationships in the program, found once. */
export function edgesOf(builder: Builder, program: Program): Edges {
  builder.edges ??= new Map()
  const known = builder.edges.get(program)
  if (known) return known
  const found = edgesIn(builder.question, program)
  builder.edges.set(program, found)
  return found
}

function passagesOf(question: Question, { campaign, definition, key }: Opening, edge: Edge | null): Passages {
  if (edge && !edge.facts) return noPassages
  const relationshipId = edge?.facts?.id ?? null
  const journeys = journeysIn(question, campaign.id).filter(
    (journey) =>
      journey.definition === definition.name && journey.key === key && journey.relationshipId === relationshipId,
  )
  return passagesAt(journeys, definition, question.t)
}

/** A NEW candidate without relationship, of a definition that none of the person's journeys is of. */
export const newCandidate = (question: Question, { campaign, definition }: Omit<Opening, 'key'>): Candidate => ({
  campaign,
  definition,
  key: keyOf(question, definition),
  active: null,
  reuse: null,
  expired: [],
  edge: null,
  isSelfReferral: false,
})

/** A criterion that is UNKNOWN does not hold. */
export const holds = (question: Question, criteria: Predicate | null): boolean =>
  criteria === null || criteria(question) === isTrue

/** The text that the definition's key field finds in the event's data; empty where there is none. */
export function keyOf({ event }: Pick<Question, 'event'>, { keyPath }: Definition): string {
  const value = keyPath ? readPath(event.data, keyPath).find(isScalar) : undefined
  return value === undefined ? '' : String(value)
}
