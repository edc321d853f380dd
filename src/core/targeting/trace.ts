// The whole explanation of a decision, told again from what was stored of it, the event, and the rules that it was decided by.

import { keyOf } from './candidates.ts'
import type {
  CampaignTrace,
  CandidateTrace,
  HintKind,
  RankingTrace,
  Trace,
  TracePhase,
  UnattributedReason,
} from './decision.ts'
import { reasonRank } from './decision.ts'
import type { EventFacts, Instant, JourneyFacts, World } from './facts.ts'
import { type Meaning, meaningOf } from './marks.ts'
import { byNearness } from './near-miss.ts'
import { newPerson } from './people.ts'
import type { Flow } from './plan.ts'
import { ask, type Question } from './question.ts'
import { compareVectors, decidingKey, type RankVector } from './rank.ts'
import type { Campaign, RuleSet } from './rule-set.ts'
import { screen } from './screen.ts'
import type { OwnEntry, OwnVector, StoredTrace } from './stored-trace.ts'

/** Of each, a trace lists at most as many; `cut` counts the rest. */
export const maxTraced = 50

/** Up to so many campaigns in all, those that do not support the event are listed too. */
const maxFullyListed = 20

/** The trace of a decision about the event that was taken by these rules. */
export function traceOf(stored: StoredTrace, event: EventFacts, rules: RuleSet): Trace {
  const { alias, hints = [], inheritedFrom = null, nearMiss = null } = stored
  return {
    inheritedFrom,
    alias: alias === undefined ? null : { from: alias, to: event.name },
    hints,
    nearMiss,
    ...(stored.flows === undefined ? nothing : traceField(stored, questionOf(event, rules, stored))),
  }
}

const nothing = {
  campaigns: [],
  candidates: [],
  ranking: [],
  decidingKey: null,
  runnerUp: null,
  cut: { campaigns: 0, candidates: 0 },
}

type LineMeaning =
  | { readonly kind: 'RANKED' }
  | { readonly kind: 'FAILED'; readonly code: UnattributedReason }
  | { readonly kind: 'FALLEN'; readonly code: HintKind }

/** One candidate, or what became none. */
interface Line {
  readonly flow: Flow
  readonly journeyId: string | null
  readonly relationshipId: string | null
  readonly advocateId: string | null
  readonly meaning: LineMeaning
  readonly vector: RankVector
}

function traceField(
  stored: StoredTrace,
  question: Question,
): Pick<Trace, 'campaigns' | 'candidates' | 'ranking' | 'decidingKey' | 'runnerUp' | 'cut'> {
  const { flows, lines, screened } = read(stored, question)
  const ranked = lines.filter(isRanked).sort((a, b) => compareVectors(a.vector, b.vector))
  const ordered = [...ranked, ...lines.filter((line) => !isRanked(line)).sort(furthestFirst)]
  const campaigns = traceCampaigns(question, { flows, lines, screened })
  const candidates = ordered.slice(0, maxTraced).map((line) => traceLine(question, line, ranked[0]))
  const [winner, runnerUp] = ranked
  return {
    campaigns,
    candidates,
    ranking: ranked.slice(0, maxTraced).map(traceRanking),
    decidingKey: winner && runnerUp ? decidingKey(winner.vector, runnerUp.vector) : null,
    runnerUp: runnerUp ? 1 : null,
    cut: {
      campaigns: question.rules.byPrecedence.length - campaigns.length,
      candidates: ordered.length - candidates.length + (stored.cut ?? 0),
    },
  }
}

const isRanked = ({ meaning }: Line): boolean => meaning.kind === 'RANKED'

/** Those that fell in a later phase first; of failures those with the furthest reason. */
function furthestFirst(a: Line, b: Line): number {
  return distance(b) - distance(a) || a.flow.index - b.flow.index
}

const fallOrder = ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID', 'LABEL']

function distance({ meaning }: Line): number {
  if (meaning.kind === 'FALLEN') return 100 + fallOrder.indexOf(meaning.code)
  return meaning.kind === 'FAILED' ? reasonRank[meaning.code] : Number.POSITIVE_INFINITY
}

interface Reading {
  readonly flows: readonly Flow[]
  readonly lines: readonly Line[]
  readonly screened: ReadonlyMap<Campaign, UnattributedReason>
}

function read({ flows: marks = '', own = [] }: StoredTrace, question: Question): Reading {
  const flows = question.rules.plans.get(question.event.name)?.flows ?? []
  const lines: Line[] = []
  const screened = new Map<Campaign, UnattributedReason>()
  for (const flow of flows) {
    const meaning = meaningOf(marks[flow.index] ?? '-')
    if (meaning.kind === 'SCREENED') screened.set(flow.campaign, meaning.code)
    else if (meaning.kind !== 'OWN' && meaning.kind !== 'UNTOUCHED')
      lines.push(lineOf(question, flow, [flow.index, null, null, null, marks[flow.index] ?? '-']))
  }
  for (const entry of own) {
    const flow = flows[entry[0]]
    if (flow) lines.push(lineOf(question, flow, entry))
  }
  return { flows, lines, screened }
}

function lineOf(question: Question, flow: Flow, entry: OwnEntry): Line {
  const [, journeyId, relationshipId, advocateId, mark, vector] = entry
  const meaning = lineMeaning(meaningOf(mark), mark)
  return { flow, journeyId, relationshipId, advocateId, meaning, vector: vectorOf(question, entry, { flow, vector }) }
}

function lineMeaning(meaning: Meaning, mark: string): LineMeaning {
  if (meaning.kind === 'RANKED') return { kind: 'RANKED' }
  if (meaning.kind === 'FAILED') return { kind: 'FAILED', code: meaning.code }
  if (meaning.kind === 'FALLEN') return { kind: 'FALLEN', code: meaning.code }
  throw new RangeError(`no candidate has the mark ${mark}`)
}

const noVector: OwnVector = [0, null, null, null]

function vectorOf(
  question: Question,
  [, journeyId, relationshipId, advocateId]: OwnEntry,
  { flow, vector = noVector }: { flow: Flow; vector: OwnVector | undefined },
): RankVector {
  const { campaign, definition } = flow
  const [partner, journeyRecency, advocateRecency, evidenceRecency] = vector
  return {
    PRIORITY: definition.priority,
    PARTNER_ID: partner === 1,
    JOURNEY_RECENCY: journeyRecency,
    ADVOCATE_RECENCY: advocateRecency,
    EVIDENCE_RECENCY: evidenceRecency,
    CAMPAIGN_RECENCY: campaign.facts.firstLiveAt,
    ID: [
      campaign.id,
      definition.name,
      keyOf(question, definition),
      journeyId ?? '',
      relationshipId ?? '',
      advocateId ?? '',
    ],
  }
}

function traceLine(question: Question, line: Line, winner: Line | undefined): CandidateTrace {
  const { flow, journeyId, relationshipId, advocateId, meaning, vector } = line
  const { campaign, definition } = flow
  return {
    campaignId: campaign.id,
    definition: definition.name,
    role: definition.role,
    key: keyOf(question, definition),
    journeyId,
    relationshipId,
    advocateId,
    phase: phaseOf(line, winner),
    code:
      meaning.kind === 'RANKED'
        ? winner && winner !== line
          ? decidingKey(winner.vector, vector)
          : null
        : meaning.code,
  }
}

function phaseOf(line: Line, winner: Line | undefined): TracePhase | null {
  const { meaning } = line
  if (meaning.kind === 'FAILED') return 'CANDIDATES'
  if (meaning.kind === 'FALLEN') return meaning.code === 'LABEL' ? 'SOFT_HINTS' : 'EXPLICIT_HINTS'
  return line === winner ? null : 'RANKING'
}

function traceRanking({ vector }: Line, candidate: number): RankingTrace {
  return {
    candidate,
    PRIORITY: vector.PRIORITY,
    PARTNER_ID: vector.PARTNER_ID,
    JOURNEY_RECENCY: iso(vector.JOURNEY_RECENCY),
    ADVOCATE_RECENCY: iso(vector.ADVOCATE_RECENCY),
    EVIDENCE_RECENCY: iso(vector.EVIDENCE_RECENCY),
    CAMPAIGN_RECENCY: iso(vector.CAMPAIGN_RECENCY),
    ID: vector.ID,
  }
}

const iso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString())

/** All campaigns where they are few, else those that support the event; candidates first, then the nearest miss. */
function traceCampaigns(question: Question, reading: Reading): CampaignTrace[] {
  const { rules, event } = question
  const listed =
    rules.byPrecedence.length <= maxFullyListed ? rules.byPrecedence : (rules.byEvent.get(event.name) ?? [])
  return listed
    .map((campaign) => ({ campaign, ...fateOf(question, reading, campaign) }))
    .sort(byNearness)
    .slice(0, maxTraced)
    .map(({ campaign, phase, code }) => ({ campaignId: campaign.id, phase, code }))
}

function fateOf(
  question: Question,
  { flows, lines, screened }: Reading,
  campaign: Campaign,
): Pick<CampaignTrace, 'phase' | 'code'> {
  const code = screened.get(campaign)
  if (code) return { phase: code === 'REQUIRED_TARGET_UNMATCHED' ? 'REQUIRED_TARGETS' : 'PRE_SCREEN', code }
  if (!flows.some((flow) => flow.campaign === campaign)) {
    const fallen = screen(question, campaign)
    return { phase: fallen?.phase ?? null, code: fallen?.code ?? null }
  }
  const own = lines.filter(({ flow }) => flow.campaign === campaign)
  if (own.some(({ meaning }) => meaning.kind !== 'FAILED')) return { phase: null, code: null }
  const codes = own.flatMap(({ meaning }) => (meaning.kind === 'FAILED' ? [meaning.code] : []))
  const furthest = codes.reduce<UnattributedReason>(
    (a, b) => (reasonRank[b] > reasonRank[a] ? b : a),
    codes[0] ?? 'EVENT_NOT_SUPPORTED',
  )
  return { phase: 'CANDIDATES', code: furthest }
}

/** The event put to the rules for a person of whom only the PAUSED campaigns are known that they were inside of. */
function questionOf(event: EventFacts, rules: RuleSet, { inside = [] }: StoredTrace): Question {
  const person = newPerson(event.personId)
  for (const campaignId of inside) person.journeys.push(journeyIn(event, campaignId))
  const world: World = {
    people: new Map([[person.id, person]]),
    codes: new Map(),
    sharesTo: new Map(),
    transactions: new Map(),
  }
  return ask(event, world, rules)
}

const journeyIn = ({ personId, t }: EventFacts, campaignId: string): JourneyFacts => ({
  id: '',
  personId,
  campaignId,
  definition: '',
  role: 'PARTICIPANT',
  key: '',
  relationshipId: null,
  startedAt: t,
  exitedAt: null,
  activities: [t],
  partnerIds: new Map(),
})
