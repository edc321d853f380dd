// Phase 7: the order of the candidates that are left, by named keys, the strongest first. An absent time is the oldest.

import { byteOrder } from '../names.ts'
import type { Candidate } from './candidates.ts'
import { type RankingKey, rankingKeys } from './decision.ts'
import type { Instant, JourneyFacts } from './facts.ts'
import { activityAt } from './journeys.ts'
import type { Question } from './question.ts'

/** The value of each key; null is an absent time. */
export interface RankVector {
  readonly PRIORITY: number
  readonly PARTNER_ID: boolean
  readonly JOURNEY_RECENCY: Instant | null
  readonly ADVOCATE_RECENCY: Instant | null
  readonly EVIDENCE_RECENCY: Instant | null
  readonly CAMPAIGN_RECENCY: Instant | null
  /** Campaign id, journey name, journey key, journey id, relationship id; then the advocate's, for relationships yet to be created. */
  readonly ID: readonly string[]
}

export interface Ranked {
  readonly candidate: Candidate
  readonly vector: RankVector
}

const few = 8

/** The candidates with their vectors, the winner first, whatever order they come in. */
export function rank(question: Question, candidates: readonly Candidate[]): readonly Ranked[] {
  const ranked = candidates.map((candidate) => ({ candidate, vector: new CandidateVector(question, candidate) }))
  if (ranked.length > few) return ranked.sort((a, b) => compareVectors(a.vector, b.vector))
  // Each goes where it belongs among those before it: of few, much faster than a sort.
  for (let i = 1; i < ranked.length; i++) {
    const entry = ranked[i]
    let place = i
    for (let above = ranked[place - 1]; entry && above && isAbove(entry, above); above = ranked[place - 1]) {
      ranked[place] = above
      place--
    }
    if (entry) ranked[place] = entry
  }
  return ranked
}

const isAbove = (a: Ranked, b: Ranked): boolean => compareVectors(a.vector, b.vector) < 0

/** Negative where `a` ranks higher. */
export function compareVectors(a: RankVector, b: RankVector): number {
  for (const key of rankingKeys) {
    const order = comparators[key](a, b)
    if (order !== 0) return order
  }
  return 0
}

/** The first key on which two vectors differ; null where none does. */
export function decidingKey(a: RankVector, b: RankVector): RankingKey | null {
  for (const key of rankingKeys) if (comparators[key](a, b) !== 0) return key
  return null
}

type Comparator = (a: RankVector, b: RankVector) => number

// Negative where `a` wins.
const comparators: { readonly [key in RankingKey]: Comparator } = {
  PRIORITY: (a, b) => b.PRIORITY - a.PRIORITY,
  PARTNER_ID: (a, b) => Number(b.PARTNER_ID) - Number(a.PARTNER_ID),
  JOURNEY_RECENCY: (a, b) => later(a.JOURNEY_RECENCY, b.JOURNEY_RECENCY),
  ADVOCATE_RECENCY: (a, b) => later(a.ADVOCATE_RECENCY, b.ADVOCATE_RECENCY),
  EVIDENCE_RECENCY: (a, b) => later(a.EVIDENCE_RECENCY, b.EVIDENCE_RECENCY),
  CAMPAIGN_RECENCY: (a, b) => later(a.CAMPAIGN_RECENCY, b.CAMPAIGN_RECENCY),
  ID: (a, b) => smallerIds(a.ID, b.ID),
}

function later(a: Instant | null, b: Instant | null): number {
  if (a === b) return 0
  return (b ?? Number.NEGATIVE_INFINITY) - (a ?? Number.NEGATIVE_INFINITY)
}

function smallerIds(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = byteOrder(a[i] ?? '', b[i] ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** Ids, which seldom decide, are put together when they are asked for. */
class CandidateVector implements RankVector {
  readonly PRIORITY: number
  readonly PARTNER_ID: boolean
  readonly JOURNEY_RECENCY: Instant | null
  readonly ADVOCATE_RECENCY: Instant | null
  readonly EVIDENCE_RECENCY: Instant | null
  readonly CAMPAIGN_RECENCY: Instant | null
  readonly #candidate: Candidate

  constructor(question: Question, candidate: Candidate) {
    const { campaign, definition, active, edge } = candidate
    this.PRIORITY = definition.priority
    this.PARTNER_ID = active !== null && knowsPartner(question, active)
    this.JOURNEY_RECENCY = active && activityAt(active, question.t)
    this.ADVOCATE_RECENCY = edge && advocateActivity(question, candidate, edge.advocateId)
    this.EVIDENCE_RECENCY = edge?.evidenceAt ?? null
    this.CAMPAIGN_RECENCY = campaign.facts.firstLiveAt
    this.#candidate = candidate
  }

  get ID(): readonly string[] {
    const { campaign, definition, key, active, edge } = this.#candidate
    return [campaign.id, definition.name, key, active?.id ?? '', edge?.facts?.id ?? '', edge?.advocateId ?? '']
  }
}

function knowsPartner({ hints, t }: Question, journey: JourneyFacts): boolean {
  const at = hints.partnerId === null ? undefined : journey.partnerIds.get(hints.partnerId)
  return at !== undefined && at <= t
}

/** The latest activity, up to t, of the advocate's ADVOCATE journeys in the campaign; where there is none, in its program. */
function advocateActivity({ world, rules, t }: Question, { campaign }: Candidate, advocateId: string): Instant | null {
  let inCampaign: Instant | null = null
  let inProgram: Instant | null = null
  for (const journey of world.people.get(advocateId)?.journeys ?? []) {
    if (journey.role !== 'ADVOCATE') continue
    const at = activityAt(journey, t)
    if (at === null) continue
    if (journey.campaignId === campaign.id) inCampaign = Math.max(inCampaign ?? at, at)
    else if (rules.campaigns.get(journey.campaignId)?.program === campaign.program)
      inProgram = Math.max(inProgram ?? at, at)
  }
  return inCampaign ?? inProgram
}
