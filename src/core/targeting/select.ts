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
  /** Advocates that a stronger hint named and found. */
  readonly named: Set<string>
}

/** Narrows the candidates, of which there is at least one. Fates and warnings go to the hints. */
export function select(question: Question, field: Field): Selection {
  const selector: Selector = { question, field, left: field.candidates, fallen: [], settledBy: null, named: new Set() }
  if (question.requirement.isPresent) settle(selector, 'REQUIRED_TARGET')
  for (const { hint, values } of question.lookUps.explicit) {
    if (values.length > 0 && applyExplicit(selector, hint, values)) settle(selector, hint)
  }
  for (const values of question.lookUps.soft) if (applySoft(selector, values)) settle(selector, 'LABEL')
  return selector
}

function settle(selector: Selector, by: DecidedBy): void {
  const campaign = selector.left[0]?.campaign
  if (!selector.settledBy && selector.left.every((candidate) => candidate.campaign === campaign))
    selector.settledBy = by
}

/** What one value of an explicit hint keeps; those of `cleared` without their advocate. */
interface Choice {
  readonly kept: readonly Candidate[]
  readonly cleared: readonly Candidate[]
  /** The advocate whose candidates these are, where they are someone's. */
  readonly named: string | null
}

/** True if it was applied. What several values keep is their union; an advocate is cleared where no value keeps it. */
function applyExplicit(selector: Selector, hint: HintKind, values: readonly ExplicitValue[]): boolean {
  const choices = values.map((value) => choose(selector, value)).filter((choice) => choice !== null)
  if (choices.length === 0) return false
  const kept = new Set(choices.flatMap((choice) => choice.kept))
  const cleared = new Set(choices.flatMap((choice) => choice.cleared))
  drop(selector, {
    phase: 'EXPLICIT_HINTS',
    code: hint,
    isLeft: (candidate) => kept.has(candidate) || cleared.has(candidate),
  })
  const isCleared = (candidate: Candidate): boolean => cleared.has(candidate) && !kept.has(candidate)
  if (selector.left.some(isCleared)) {
    const left = selector.left.map((candidate) =>
      isCleared(candidate) ? withoutAdvocate(selector.question, candidate) : candidate,
    )
    selector.left = distinct(left)
  }
  for (const { named } of choices) if (named !== null) selector.named.add(named)
  return true
}

function choose(selector: Selector, value: ExplicitValue): Choice | null {
  const reached = reach(selector, value)
  if (!reached) return null
  const { advocateId, trace } = value
  const { warnings } = selector.question.lookUps
  trace.fate = 'APPLIED'
  if (advocateId === null) return { kept: reached, cleared: [], named: null }
  const isTheirs = (candidate: Candidate): boolean => isOfAdvocate(selector.question, candidate, advocateId)
  const theirs = reached.filter(isTheirs)
  if (theirs.length > 0) return { kept: theirs, cleared: [], named: advocateId }
  const isNamed = ({ edge }: Candidate): boolean => edge !== null && selector.named.has(edge.advocateId)
  const cleared = reached.filter((candidate) => candidate.edge && !isNamed(candidate))
  const wasTheirs = selector.field.candidates.some(
    (candidate) => covers(value.scope, candidate.campaign) && isTheirs(candidate),
  )
  if (reached.some(isNamed) || wasTheirs) {
    trace.detail = 'HINT_CONFLICT'
    warn(warnings, trace, { code: 'HINT_CONFLICT', detail: 'its advocate is not among those that stronger hints left' })
  } else if (cleared.length > 0) {
    trace.detail = 'ADVOCATE_HINT_NOT_VIABLE'
    warn(warnings, trace, { code: 'ADVOCATE_HINT_NOT_VIABLE', detail: advocateId })
  }
  return { kept: reached.filter((candidate) => !candidate.edge || isNamed(candidate)), cleared, named: null }
}

/** Of what is left, the candidates of the hint's campaigns; null, and a warning, where there are none. */
function reach({ question, field, left }: Selector, { scope, trace }: ExplicitValue): readonly Candidate[] | null {
  const reached = left.filter(({ campaign }) => covers(scope, campaign))
  if (reached.length > 0) return reached
  const isViable = field.candidates.some(({ campaign }) => covers(scope, campaign))
  reject(question.lookUps.warnings, trace, isViable ? { code: 'HINT_CONFLICT' } : whyNotViable(question, field, scope))
  return null
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
