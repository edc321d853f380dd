// The answer to one event and its explanation, as plain data: stored as it is and shown by the API.
// Every code is of a closed list; every instant in a trace is ISO 8601, UTC.

import type { FailedLeaf } from '../rules/explain.ts'
import type { Instant, JourneyRole } from './facts.ts'

/** Furthest phase last; the last three end targeting before any campaign is looked at. */
export const unattributedReasons = [
  'NO_CAMPAIGN',
  'CAMPAIGN_NOT_LIVE',
  'OUTSIDE_WINDOW',
  'EVENT_NOT_SUPPORTED',
  'CAMPAIGN_TARGET_NOT_PRESENT',
  'REQUIRED_TARGET_UNMATCHED',
  'TARGET_MALFORMED',
  'REENTRY_FORBIDDEN',
  'ENTRY_CRITERIA_FAILED',
  'ONGOING_CRITERIA_FAILED',
  'NO_REFERRAL',
  'ADVOCATE_INELIGIBLE',
  'PERSON_BLOCKED',
  'BOT',
  'HINT_UNRESOLVED',
] as const

export type UnattributedReason = (typeof unattributedReasons)[number]

/** How far a reason is. */
export const reasonRank = Object.fromEntries(unattributedReasons.map((reason, rank) => [reason, rank])) as {
  // `as`: fromEntries forgets which keys it was given
  readonly [reason in UnattributedReason]: number
}

/** The keys of phase 7, the strongest first. */
export const rankingKeys = [
  'PRIORITY',
  'PARTNER_ID',
  'JOURNEY_RECENCY',
  'ADVOCATE_RECENCY',
  'EVIDENCE_RECENCY',
  'CAMPAIGN_RECENCY',
  'ID',
] as const

export type RankingKey = (typeof rankingKeys)[number]

/** The hints that choose explicitly, the strongest first. */
export const explicitHints = ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID'] as const

export type ExplicitHint = (typeof explicitHints)[number]

export type HintKind = 'REQUIRE' | 'REQUIRED_LABEL' | ExplicitHint | 'LABEL' | 'PROMO_LINK' | 'PARTNER_ID'

export type DecidedBy = 'REQUIRED_TARGET' | ExplicitHint | 'LABEL' | 'ONLY_CANDIDATE' | RankingKey | 'INHERITED'

export const warningCodes = [
  'HINT_UNKNOWN',
  'HINT_CODE_INACTIVE',
  'HINT_MALFORMED',
  'HINT_FIELD_MISMATCH',
  'HINT_CONFLICT',
  'HINT_NOT_VIABLE',
  'HINT_CAMPAIGN_NOT_LIVE',
  'LABEL_NOT_VIABLE',
  'ADVOCATE_HINT_NOT_VIABLE',
  'SELF_REFERRAL',
  'MUTUAL',
  'ORDER_SENSITIVE',
] as const

export type WarningCode = (typeof warningCodes)[number]

/**
 * `hint` is kind and value, as in `COUPON_CODE:SAVE10`; of MUTUAL `RELATIONSHIP:<id>` or `ADVOCATE:<id>`, of ORDER_SENSITIVE
 * `EVENT:<id>` of the other event. `detail`: a reason or code of the lists above, or a few words.
 */
export interface Warning {
  readonly code: WarningCode
  readonly hint: string
  readonly detail: string | null
}

export type Quality = 'HIGH' | 'LOW' | 'NONE'

/**
 * What the winner's journey is: ACTIVE and going on; an ended one taken up again (RESUMED); for a late event, one that
 * began or went on after t (JOINED); or a NEW one, whose id is made when the decision takes effect.
 */
export type Passage = 'ACTIVE' | 'RESUMED' | 'JOINED' | 'NEW'

export interface JourneyChoice {
  readonly id: string | null
  readonly passage: Passage
  readonly definition: string
  readonly role: JourneyRole
  readonly key: string
  /** Journeys of the same identity that had run out, though nobody had written it down, when this NEW one begins. */
  readonly expired: readonly JourneyExit[]
}

/** What showed the winner's relationship on this event. */
export interface Proof {
  readonly kind: Exclude<ExplicitHint, 'JOURNEY_CAMPAIGN_ID'> | 'EMAIL_MATCH'
  readonly codeId: string
  /** When it was shown: the event's time; of an EMAIL_MATCH that of the share. */
  readonly at: Instant
}

export interface RelationshipChoice {
  /** Null: to be created. */
  readonly id: string | null
  readonly advocateId: string
  readonly programId: string
  /** The campaign that a created one arose in. */
  readonly campaignId: string
  readonly proofs: readonly Proof[]
}

export interface JourneyExit {
  readonly journeyId: string
  readonly at: Instant
}

interface Decided {
  readonly eventId: string
  readonly personId: string
  readonly t: Instant
  readonly partnerId: string | null
  readonly warnings: readonly Warning[]
  /** What became of each hint. */
  readonly hints: readonly HintTrace[]
  /** Journeys whose ongoing criteria failed; they end whoever wins. */
  readonly exits: readonly JourneyExit[]
  /** The transaction that the event names, unless it only follows one: what later events of it inherit from. */
  readonly transactionId: string | null
}

export interface Attributed extends Decided {
  readonly status: 'ATTRIBUTED'
  readonly campaignId: string
  readonly campaignRevision: number
  readonly programId: string
  readonly journey: JourneyChoice
  readonly relationship: RelationshipChoice | null
  readonly advocateId: string | null
  readonly quality: 'HIGH' | 'LOW'
  readonly decidedBy: DecidedBy
  readonly reason: null
  readonly reasonDetail: null
  /** Active journeys of the winning campaign's other flows: they advance without credit, which is no activity. */
  readonly advances: readonly string[]
}

export interface Unattributed extends Decided {
  readonly status: 'UNATTRIBUTED'
  readonly campaignId: null
  readonly campaignRevision: null
  readonly programId: null
  readonly journey: null
  readonly relationship: null
  readonly advocateId: null
  readonly quality: 'NONE'
  readonly decidedBy: null
  readonly reason: UnattributedReason
  /** With REQUIRED_TARGET_UNMATCHED: the furthest failure among the campaigns that match every target, if any does. */
  readonly reasonDetail: UnattributedReason | null
  readonly advances: readonly never[]
}

export type Decision = Attributed | Unattributed

/** A decision with its whole explanation. */
export type Explained = Decision & { readonly trace: Trace }

export const tracePhases = [
  'PRE_SCREEN',
  'REQUIRED_TARGETS',
  'CANDIDATES',
  'EXPLICIT_HINTS',
  'SOFT_HINTS',
  'RANKING',
] as const

export type TracePhase = (typeof tracePhases)[number]

/** READ took part (required targets, partner id); APPLIED narrowed; NOT_REACHED: targeting ended before; else the warning. */
export type HintFate = 'READ' | 'APPLIED' | 'NOT_REACHED' | WarningCode

export interface HintTrace {
  readonly hint: HintKind
  /** At most 256 characters of it. */
  readonly value: string
  fate: HintFate
  detail: string | null
}

/** `phase` and `code` are null for a campaign that had candidates. */
export interface CampaignTrace {
  readonly campaignId: string
  readonly phase: TracePhase | null
  readonly code: UnattributedReason | null
}

/** `phase` and `code` say where and why it fell (a reason, the hint, the ranking key); both null for the winner. */
export interface CandidateTrace {
  readonly campaignId: string
  readonly definition: string
  readonly role: JourneyRole
  readonly key: string
  /** Null: NEW. */
  readonly journeyId: string | null
  /** Null: none, or one that this event's hints would create. */
  readonly relationshipId: string | null
  readonly advocateId: string | null
  readonly phase: TracePhase | null
  readonly code: UnattributedReason | HintKind | RankingKey | null
}

/** The vector of one ranked candidate, by key, the strongest first; null is absent, which is oldest. `candidate` is a place in `candidates`. */
export interface RankingTrace {
  readonly candidate: number
  readonly PRIORITY: number
  readonly PARTNER_ID: boolean
  readonly JOURNEY_RECENCY: string | null
  readonly ADVOCATE_RECENCY: string | null
  readonly EVIDENCE_RECENCY: string | null
  readonly CAMPAIGN_RECENCY: string | null
  readonly ID: readonly string[]
}

/** What would have made the nearest campaign match; only the keys that its code calls for are there. */
export interface Remedy {
  /** CAMPAIGN_NOT_LIVE: the state it is in. */
  readonly state?: string
  /** OUTSIDE_WINDOW. */
  readonly startsAt?: string | null
  readonly endsAt?: string | null
  /** EVENT_NOT_SUPPORTED: the event names that would have done. */
  readonly events?: readonly string[]
  /** CAMPAIGN_TARGET_NOT_PRESENT, REQUIRED_TARGET_UNMATCHED: what did not meet. */
  readonly targets?: readonly string[]
  /** From here on: the flow that got furthest. */
  readonly definition?: string
  /** REENTRY_FORBIDDEN: the journey that ended. */
  readonly journeyId?: string
  /** ENTRY_CRITERIA_FAILED, ONGOING_CRITERIA_FAILED: the conditions in the way, with the value seen. */
  readonly conditions?: readonly FailedLeaf[]
  /** NO_REFERRAL: advocates whose relationship is not usable at t; ADVOCATE_INELIGIBLE: those blocked or erased. */
  readonly advocateIds?: readonly string[]
}

export interface NearMiss {
  readonly campaignId: string
  readonly code: UnattributedReason
  readonly detail: Remedy
}

export interface Trace {
  /** Of a follow-up: the event whose decision it took. */
  readonly inheritedFrom: string | null
  readonly alias: { readonly from: string; readonly to: string } | null
  readonly hints: readonly HintTrace[]
  readonly campaigns: readonly CampaignTrace[]
  readonly candidates: readonly CandidateTrace[]
  /** The winner first. */
  readonly ranking: readonly RankingTrace[]
  /** The key on which the winner beat the runner-up, also where a hint had decided; null where there was none. */
  readonly decidingKey: RankingKey | null
  /** A place in `candidates`. */
  readonly runnerUp: number | null
  readonly nearMiss: NearMiss | null
  /** How many campaigns and candidates are left out for size. */
  readonly cut: { readonly campaigns: number; readonly candidates: number }
}
