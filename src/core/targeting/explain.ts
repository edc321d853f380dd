// The trace: which hints were read and what became of them, where every campaign and candidate fell, and how the rest ranked.

import type { Candidate, Field } from './candidates.ts'
import { verdictOf } from './candidates.ts'
import type { CampaignTrace, CandidateTrace, NearMiss, RankingTrace, Trace } from './decision.ts'
import type { Instant, JourneyFacts } from './facts.ts'
import { byNearness } from './near-miss.ts'
import type { Question } from './question.ts'
import { decidingKey, type Ranked } from './rank.ts'
import type { Fallen } from './select.ts'

/** Of each, a trace lists at most as many; `cut` counts the rest. */
export const maxTraced = 50

/** Up to so many campaigns in all, those that do not support the event are listed too. */
const maxFullyListed = 20

/** What is known once all is decided. */
export interface Outcome {
  readonly field: Field
  readonly fallen: readonly Fallen[]
  /** The winner first; empty for an event that nobody is credited for. */
  readonly ranked: readonly Ranked[]
  readonly nearMiss: NearMiss | null
}

/** The trace of a decision; without an outcome, of one that ended in phase 1. */
export function traceOf(question: Question, outcome: Outcome | null): Trace {
  const { event, lookUps } = question
  return {
    alias: event.alias === undefined ? null : { from: event.alias, to: event.name },
    hints: lookUps.traces,
    ...(outcome ? traceOutcome(question, outcome) : nothing),
  }
}

const nothing = {
  campaigns: [],
  candidates: [],
  ranking: [],
  decidingKey: null,
  runnerUp: null,
  nearMiss: null,
  cut: { campaigns: 0, candidates: 0 },
}

function traceOutcome(
  question: Question,
  { field, fallen, ranked, nearMiss }: Outcome,
): Omit<Trace, 'alias' | 'hints'> {
  const campaigns = traceCampaigns(question, field)
  const candidates = traceCandidates({ field, fallen, ranked })
  const [winner, runnerUp] = ranked
  return {
    campaigns,
    candidates,
    ranking: ranked.slice(0, maxTraced).map(traceRanking),
    decidingKey: winner && runnerUp ? decidingKey(winner.vector, runnerUp.vector) : null,
    runnerUp: runnerUp ? 1 : null,
    nearMiss,
    cut: {
      campaigns: question.rules.byPrecedence.length - campaigns.length,
      candidates: ranked.length + fallen.length + field.failures.length - candidates.length,
    },
  }
}

function traceCampaigns(question: Question, field: Field): CampaignTrace[] {
  const { byPrecedence } = question.rules
  if (byPrecedence.length <= maxFullyListed) for (const campaign of byPrecedence) verdictOf(question, field, campaign)
  return [...field.verdicts.values()]
    .sort(byNearness)
    .slice(0, maxTraced)
    .map(({ campaign, phase, code }) => ({ campaignId: campaign.id, phase, code }))
}

/** Those that went furthest first: the ranked in their order, then those that fell, the last phase first. */
function traceCandidates({ field, fallen, ranked }: Pick<Outcome, 'field' | 'fallen' | 'ranked'>): CandidateTrace[] {
  const traces: CandidateTrace[] = []
  const winner = ranked[0]
  for (const { candidate, vector } of ranked.slice(0, maxTraced)) {
    const isWinner = traces.length === 0
    const code = isWinner || !winner ? null : decidingKey(winner.vector, vector)
    traces.push(traceCandidate(candidate, candidate.active, { phase: isWinner ? null : 'RANKING', code }))
  }
  const room = maxTraced - traces.length
  for (const fall of fallen.slice(Math.max(0, fallen.length - room)).reverse()) {
    traces.push(traceCandidate(fall.candidate, fall.candidate.active, fall))
  }
  for (const failure of field.failures.slice(0, maxTraced - traces.length)) {
    traces.push(traceCandidate(failure, failure.journey, { phase: 'CANDIDATES', code: failure.code }))
  }
  return traces
}

function traceCandidate(
  { campaign, definition, key, edge }: Pick<Candidate, 'campaign' | 'definition' | 'key' | 'edge'>,
  journey: JourneyFacts | null,
  { phase, code }: Pick<CandidateTrace, 'phase' | 'code'>,
): CandidateTrace {
  return {
    campaignId: campaign.id,
    definition: definition.name,
    role: definition.role,
    key,
    journeyId: journey?.id ?? null,
    relationshipId: edge?.facts?.id ?? null,
    advocateId: edge?.advocateId ?? null,
    phase,
    code,
  }
}

function traceRanking({ vector }: Ranked, candidate: number): RankingTrace {
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
