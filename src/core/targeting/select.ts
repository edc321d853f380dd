// Phases 5 and 6: explicit hints, then soft ones, each keep candidates of what the stronger ones left. None brings back
// what phases 2 to 4 removed, and none leaves nothing.

import { type Candidate, type Field, verdictOf, withoutAdvocate } from './candidates.ts'
import { type DecidedBy, type HintKind, reasonRank, type TracePhase, type UnattributedReason } from './decision.ts'
import {
  type Caution,
  campaignsOf,
  covers,
  type ExplicitValue,
  reject,
  type Scope,
  type SoftValue,
  warn,
} from './look-up.ts'
import type { Question } from './question.ts'

export interface Fallen {
  readonly candidate: Candidate
  readonly phase: TracePhase
  readonly code: HintKind
}

export interface Selection {
  /** At least one. */
  readonly left: readonly Candidate[]
  readonly fallen: readonly Fallen[]
  /** The first that was applied and after which all candidates are of one campaign; null: ranking is to decide. */
  readonly settledBy: DecidedBy | null
}

interface Selector {
  readonly question: Question
  readonly field: Field
  left: readonly Candidate[]
  readonly fallen: Fallen[]
  settledBy: DecidedBy | null
  /** The values of stronger hints that were applied. */
  readonly stronger: ExplicitValue[]
}

/** Narrows the candidates, of which there is at least one. Fates and warnings go to the hints. */
export function select(question: Question, field: Field): Selection {
  const selector: Selector = { question, field, left: field.candidates, fallen: [], settledBy: null, stronger: [] }
  if (question.requirement.isPresent) settle(selector, 'REQUIRED_TARGET')
  for (const { hint, values } of question.lookUps.explicit) {
    if (values.length > 0 && applyExplicit(selector, hint, values)) settle(selector, hint)
  }
  for (const values of question.lookUps.soft) if (applySoft(selector, values)) settle(selector, 'LABEL')
  return selector
}

/** Where nothing was left to choose from: each explicit hint says what was in the way of its own campaigns. */
export function excuse(question: Question, field: Field): void {
  for (const { values } of question.lookUps.explicit) {
    for (const { scope, trace } of values) {
      reject(question.lookUps.warnings, trace, whyNotViable(question, field, scope))
    }
  }
}

function settle(selector: Selector, by: DecidedBy): void {
  const campaign = selector.left[0]?.campaign
  if (!selector.settledBy && selector.left.every((candidate) => candidate.campaign === campaign))
    selector.settledBy = by
}

/**
 * True if it was applied. The values of a hint are a union: what is kept are the candidates of their campaigns and, where a
 * value names an advocate, of that advocate. Where no value keeps anybody so, all candidates of the campaigns stay, and lose
 * their advocates. Each candidate is judged for itself, so that taking away one that loses never changes who wins.
 */
function applyExplicit(selector: Selector, hint: HintKind, values: readonly ExplicitValue[]): boolean {
  const reaching = values.filter((value) => isReaching(selector, value))
  if (reaching.length === 0) return false
  const reached = selector.left.filter(({ campaign }) => reaching.some(({ scope }) => covers(scope, campaign)))
  const kept = new Set(
    reached.filter((candidate) => reaching.some((value) => keeps(selector.question, value, candidate))),
  )
  const isKept = kept.size > 0
  const staying = isKept ? kept : new Set(reached)
  for (const value of reaching) noteFate(selector, value, { reached, kept })
  drop(selector, { phase: 'EXPLICIT_HINTS', code: hint, isLeft: (candidate) => staying.has(candidate) })
  if (!isKept) {
    selector.left = distinct(
      selector.left.map((candidate) =>
        candidate.edge && !isNamed(selector, candidate) ? withoutAdvocate(selector.question, candidate) : candidate,
      ),
    )
  }
  selector.stronger.push(...reaching)
  return true
}

/** True where candidates of the value's campaigns are left; else the hint is rejected with its cause. */
function isReaching({ question, field, left }: Selector, { scope, trace }: ExplicitValue): boolean {
  const isCovered = ({ campaign }: Candidate): boolean => covers(scope, campaign)
  if (left.some(isCovered)) return true
  const isViable = field.candidates.some(isCovered)
  reject(question.lookUps.warnings, trace, isViable ? { code: 'HINT_CONFLICT' } : whyNotViable(question, field, scope))
  return false
}

/** The candidate is of the value's campaigns and, where it names one, of its advocate. */
function keeps(question: Question, { scope, advocateId }: ExplicitValue, candidate: Candidate): boolean {
  if (!covers(scope, candidate.campaign)) return false
  return advocateId === null || isOfAdvocate(question, candidate, advocateId)
}

/** A stronger hint named just this candidate's advocate. */
const isNamed = ({ question, stronger }: Selector, candidate: Candidate): boolean =>
  stronger.some((value) => value.advocateId !== null && keeps(question, value, candidate))

interface Kept {
  readonly reached: readonly Candidate[]
  readonly kept: ReadonlySet<Candidate>
}

function noteFate(selector: Selector, value: ExplicitValue, { reached, kept }: Kept): void {
  const { trace, advocateId, scope } = value
  const { question, field } = selector
  const { warnings } = question.lookUps
  const own = reached.filter(({ campaign }) => covers(scope, campaign))
  const isApplied = kept.size === 0 || own.some((candidate) => kept.has(candidate))
  trace.fate = isApplied ? 'APPLIED' : 'ADVOCATE_HINT_NOT_VIABLE'
  if (advocateId === null || own.some((candidate) => keeps(question, value, candidate))) return
  const wasTheirs = field.candidates.some((candidate) => keeps(question, value, candidate))
  if (wasTheirs || own.some((candidate) => isNamed(selector, candidate))) {
    trace.detail = 'HINT_CONFLICT'
    warn(warnings, trace, { code: 'HINT_CONFLICT', detail: 'its advocate is not among those that stronger hints left' })
  } else if (own.some(({ edge }) => edge)) {
    trace.detail = 'ADVOCATE_HINT_NOT_VIABLE'
    warn(warnings, trace, { code: 'ADVOCATE_HINT_NOT_VIABLE', detail: advocateId })
  }
}

function whyNotViable(question: Question, field: Field, scope: Scope): Caution {
  const campaigns = [...campaignsOf(scope)]
  if (scope.campaigns === null && campaigns.length === 0) return { code: 'HINT_NOT_VIABLE', detail: 'NO_CAMPAIGN' }
  if (!campaigns.some(({ isOpen }) => isOpen)) return { code: 'HINT_CAMPAIGN_NOT_LIVE' }
  const cause = campaigns
    .map((campaign) => verdictOf(question, field, campaign).code)
    .reduce<UnattributedReason>((a, b) => (b && reasonRank[b] > reasonRank[a] ? b : a), 'NO_CAMPAIGN')
  return { code: cause === 'REQUIRED_TARGET_UNMATCHED' ? 'HINT_CONFLICT' : 'HINT_NOT_VIABLE', detail: cause }
}

/** The actor's own code has the candidates without relationship that it makes, and the actor's ADVOCATE flows. */
function isOfAdvocate(
  { person }: Question,
  { edge, definition, isSelfReferral }: Candidate,
  advocateId: string,
): boolean {
  if (advocateId === person.id) return isSelfReferral || definition.role === 'ADVOCATE'
  return edge?.advocateId === advocateId
}

/** True if it was applied. */
function applySoft(selector: Selector, values: readonly SoftValue[]): boolean {
  const { warnings } = selector.question.lookUps
  const kept = new Set<Candidate>()
  for (const { trace, programs } of values) {
    const isTheirs = ({ campaign }: Candidate): boolean => programs.has(campaign.program)
    const reached = selector.left.filter(isTheirs)
    if (reached.length > 0) trace.fate = 'APPLIED'
    else
      reject(warnings, trace, { code: selector.field.candidates.some(isTheirs) ? 'HINT_CONFLICT' : 'LABEL_NOT_VIABLE' })
    for (const candidate of reached) kept.add(candidate)
  }
  if (kept.size === 0) return false
  drop(selector, { phase: 'SOFT_HINTS', code: 'LABEL', isLeft: (candidate) => kept.has(candidate) })
  return true
}

interface Sieve {
  readonly phase: TracePhase
  readonly code: HintKind
  readonly isLeft: (candidate: Candidate) => boolean
}

function drop(selector: Selector, { phase, code, isLeft }: Sieve): void {
  for (const candidate of selector.left) if (!isLeft(candidate)) selector.fallen.push({ candidate, phase, code })
  selector.left = selector.left.filter(isLeft)
}

/** Candidates that became the same without their advocates are one; a self-referral stays one. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const { campaign, definition, active, edge } = candidate
    const identity = JSON.stringify([
      campaign.id,
      definition.name,
      active?.id ?? null,
      edge?.advocateId ?? null,
      edge?.facts?.id ?? null,
    ])
    if (!seen.has(identity) || candidate.isSelfReferral) seen.set(identity, candidate)
  }
  return [...seen.values()]
}
