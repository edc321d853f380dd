// What the phases found out, put into the form of a decision.

import { byteOrder } from '../names.ts'
import type { Candidate, Field } from './candidates.ts'
import type {
  Attributed,
  DecidedBy,
  JourneyChoice,
  JourneyExit,
  Proof,
  RelationshipChoice,
  Unattributed,
} from './decision.ts'
import { activityAt } from './journeys.ts'
import { covers, warn } from './look-up.ts'
import type { Miss } from './near-miss.ts'
import type { Question } from './question.ts'
import { type Edge, isMutual } from './relationships.ts'
import type { Campaign } from './rule-set.ts'

const none: readonly never[] = []

/** Nobody is credited. */
export function unattributed(
  question: Question,
  { reason, reasonDetail }: Pick<Miss, 'reason' | 'reasonDetail'>,
  exits: readonly JourneyExit[],
): Unattributed {
  const { event, hints, lookUps } = question
  return {
    status: 'UNATTRIBUTED',
    eventId: event.id,
    personId: event.personId,
    t: event.t,
    partnerId: hints.partnerId,
    warnings: lookUps.warnings,
    hints: lookUps.traces,
    campaignId: null,
    campaignRevision: null,
    programId: null,
    journey: null,
    relationship: null,
    advocateId: null,
    quality: 'NONE',
    decidedBy: null,
    reason,
    reasonDetail,
    exits: inOrder(exits),
    advances: none,
    transactionId: question.transactionId,
  }
}

export interface Win {
  readonly winner: Candidate
  readonly decidedBy: DecidedBy
}

/** The winner is credited. */
export function attributed(
  question: Question,
  field: Pick<Field, 'candidates' | 'exits'>,
  { winner, decidedBy }: Win,
): Attributed {
  const { event, hints, lookUps } = question
  const { campaign, edge } = winner
  return {
    status: 'ATTRIBUTED',
    eventId: event.id,
    personId: event.personId,
    t: event.t,
    partnerId: hints.partnerId,
    warnings: lookUps.warnings,
    hints: lookUps.traces,
    campaignId: campaign.id,
    campaignRevision: campaign.facts.revision,
    programId: campaign.program.id,
    journey: journeyChoice(question, winner),
    relationship: edge && relationshipChoice(campaign, edge),
    advocateId: edge?.advocateId ?? null,
    quality: isDoubtful(question, winner) ? 'LOW' : 'HIGH',
    decidedBy,
    reason: null,
    reasonDetail: null,
    exits: inOrder(field.exits),
    advances: advances(field, winner),
    transactionId: question.transactionId,
  }
}

/** A self-referral, or a mutual one where the program does not allow it; either is worth a warning. */
function isDoubtful(question: Question, { campaign, edge, isSelfReferral }: Candidate): boolean {
  const { lookUps, person } = question
  if (isSelfReferral) {
    const [trace] = lookUps.shown.get(campaign.program)?.get(person.id)?.traces ?? []
    if (trace) warn(lookUps.warnings, trace, { code: 'SELF_REFERRAL' })
    return true
  }
  if (edge === null || !isMutual(question, campaign.program, edge)) return false
  lookUps.warnings.push({ code: 'MUTUAL', hint: `ADVOCATE:${edge.advocateId}`, detail: null })
  return !campaign.program.facts.allowMutualReferral
}

function journeyChoice({ t }: Question, { active, reuse, definition, key, expired }: Candidate): JourneyChoice {
  const passage = active ? 'ACTIVE' : (reuse?.passage ?? 'NEW')
  const runOut = passage === 'NEW' && definition.inactivityMs !== null ? expired : none
  return {
    id: active?.id ?? reuse?.journey.id ?? null,
    passage,
    definition: definition.name,
    role: definition.role,
    key,
    expired:
      runOut.length === 0
        ? none
        : runOut.map((journey) => ({
            journeyId: journey.id,
            at: (activityAt(journey, t) ?? journey.startedAt) + (definition.inactivityMs ?? 0),
          })),
  }
}

function relationshipChoice(campaign: Campaign, { advocateId, facts, shown, matches }: Edge): RelationshipChoice {
  const scopes = [...(shown?.scopes ?? []), ...matches.map(({ scope }) => scope)]
  const named = scopes
    .flatMap((scope) => [...(scope.campaigns ?? [])])
    .filter(({ program }) => program === campaign.program)
  const [first = campaign] = named.sort((a, b) => byteOrder(a.id, b.id))
  const unseen = matches.filter(({ codeId }) => !facts?.matchedCodeIds.has(codeId))
  const byEmail = unseen.map(({ codeId, at }): Proof => ({ kind: 'EMAIL_MATCH', codeId, at }))
  return {
    id: facts?.id ?? null,
    advocateId,
    programId: campaign.program.id,
    campaignId: scopes.some((scope) => covers(scope, campaign)) ? campaign.id : first.id,
    proofs: [...(shown?.proofs ?? []), ...byEmail.sort((a, b) => byteOrder(a.codeId, b.codeId))],
  }
}

/** In an order that does not depend on that of the facts. */
const inOrder = (exits: readonly JourneyExit[]): readonly JourneyExit[] =>
  exits.length < 2 ? exits : exits.toSorted((a, b) => byteOrder(a.journeyId, b.journeyId))

/** The other flows of the winning campaign that the person is inside of. */
function advances(field: Pick<Field, 'candidates'>, winner: Candidate): readonly string[] {
  if (!field.candidates.some((other) => other !== winner && other.campaign === winner.campaign && other.active))
    return none
  const ids = new Set<string>()
  for (const { campaign, active } of field.candidates) if (campaign === winner.campaign && active) ids.add(active.id)
  const credited = winner.active?.id ?? winner.reuse?.journey.id
  return [...ids].filter((id) => id !== credited).sort(byteOrder)
}
