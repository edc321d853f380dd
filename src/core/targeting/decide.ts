// The resolver: which campaign, and if applicable which advocate, gets the credit for an event. A plain function of the event,
// the facts and the rule set: no clock, no chance, nothing written, and the order in which facts are listed does not matter.

import { byteOrder } from '../names.ts'
import { isBotAgent } from './bots.ts'
import { buildField, type Candidate, type Field } from './candidates.ts'
import type {
  Attributed,
  DecidedBy,
  Decision,
  JourneyChoice,
  JourneyExit,
  RelationshipChoice,
  Trace,
  Unattributed,
  UnattributedReason,
} from './decision.ts'
import { traceOf } from './explain.ts'
import type { EventFacts, World } from './facts.ts'
import { activityAt } from './journeys.ts'
import { covers, warn } from './look-up.ts'
import { type Miss, missOf } from './near-miss.ts'
import { ask, type Question } from './question.ts'
import { decidingKey, type Ranked, rank } from './rank.ts'
import type { Edge } from './relationships.ts'
import type { Campaign, RuleSet } from './rule-set.ts'
import { select } from './select.ts'

/**
 * The decision about one event. The world is only read: `takeEffect` brings it up to date. Throws where the world lacks
 * the event's person; codes and advocates that it lacks are unknown and erased.
 */
export function decide(event: EventFacts, world: World, rules: RuleSet): Decision {
  const question = ask(event, world, rules)
  const early = earlyEnd(question)
  if (early)
    return unattributed(
      question,
      { reason: early, reasonDetail: null, nearMiss: null },
      { trace: traceOf(question, null), exits: [] },
    )
  const field = buildField(question)
  if (field.candidates.length === 0) {
    const miss = missOf(question, field)
    const trace = traceOf(question, { field, fallen: [], ranked: [], nearMiss: miss.nearMiss })
    return unattributed(question, miss, { trace, exits: field.exits })
  }
  const { left, fallen, settledBy } = select(question, field)
  const ranked = rank(question, left)
  const [winner, runnerUp] = ranked
  if (!winner) throw new Error('a selection leaves at least one candidate')
  return attributed(question, field, {
    winner: winner.candidate,
    decidedBy: settledBy ?? (runnerUp ? bestOf(winner, runnerUp) : 'ONLY_CANDIDATE'),
    trace: traceOf(question, { field, fallen, ranked, nearMiss: null }),
  })
}

const bestOf = (winner: Ranked, runnerUp: Ranked): DecidedBy => decidingKey(winner.vector, runnerUp.vector) ?? 'ID'

/** The reasons that end targeting in phase 1, in the order in which they are asked. */
function earlyEnd({ person, event, hints, lookUps }: Question): UnattributedReason | null {
  if (person.blocked) return 'PERSON_BLOCKED'
  if (isBotAgent(event.userAgent)) return 'BOT'
  if (hints.isTargetMalformed) return 'TARGET_MALFORMED'
  return hints.isStrict && lookUps.isUnresolved ? 'HINT_UNRESOLVED' : null
}

interface Rest {
  readonly trace: Trace
  readonly exits: readonly JourneyExit[]
}

function unattributed(question: Question, { reason, reasonDetail }: Miss, { trace, exits }: Rest): Unattributed {
  const { event, hints, lookUps } = question
  return {
    status: 'UNATTRIBUTED',
    eventId: event.id,
    personId: event.personId,
    t: event.t,
    partnerId: hints.partnerId,
    warnings: lookUps.warnings,
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
    trace,
    exits,
    advances: [],
  }
}

interface Win {
  readonly winner: Candidate
  readonly decidedBy: DecidedBy
  readonly trace: Trace
}

function attributed(question: Question, field: Field, { winner, decidedBy, trace }: Win): Attributed {
  const { event, hints, lookUps } = question
  const { campaign, edge, isSelfReferral } = winner
  if (isSelfReferral) warnOfSelfReferral(question, campaign)
  return {
    status: 'ATTRIBUTED',
    eventId: event.id,
    personId: event.personId,
    t: event.t,
    partnerId: hints.partnerId,
    warnings: lookUps.warnings,
    campaignId: campaign.id,
    campaignRevision: campaign.facts.revision,
    programId: campaign.program.id,
    journey: journeyChoice(question, winner),
    relationship: edge && relationshipChoice(campaign, edge),
    advocateId: edge?.advocateId ?? null,
    quality: isSelfReferral ? 'LOW' : 'HIGH',
    decidedBy,
    reason: null,
    reasonDetail: null,
    trace,
    exits: field.exits,
    advances: advances(field, winner),
  }
}

function warnOfSelfReferral({ lookUps, person }: Question, campaign: Campaign): void {
  const [trace] = lookUps.shown.get(campaign.program)?.get(person.id)?.traces ?? []
  if (trace) warn(lookUps.warnings, trace, { code: 'SELF_REFERRAL' })
}

function journeyChoice({ t }: Question, { active, reuse, definition, key, expired }: Candidate): JourneyChoice {
  const passage = active ? 'ACTIVE' : (reuse?.passage ?? 'NEW')
  const runOut = passage === 'NEW' && definition.inactivityMs !== null ? expired : []
  return {
    id: active?.id ?? reuse?.journey.id ?? null,
    passage,
    definition: definition.name,
    role: definition.role,
    key,
    expired: runOut.map((journey) => ({
      journeyId: journey.id,
      at: (activityAt(journey, t) ?? journey.startedAt) + (definition.inactivityMs ?? 0),
    })),
  }
}

function relationshipChoice(campaign: Campaign, { advocateId, facts, shown }: Edge): RelationshipChoice {
  const scopes = shown?.scopes ?? []
  const named = scopes
    .flatMap((scope) => [...(scope.campaigns ?? [])])
    .filter(({ program }) => program === campaign.program)
  const [first = campaign] = named.sort((a, b) => byteOrder(a.id, b.id))
  return {
    id: facts?.id ?? null,
    advocateId,
    programId: campaign.program.id,
    campaignId: scopes.some((scope) => covers(scope, campaign)) ? campaign.id : first.id,
    proofs: shown?.proofs ?? [],
  }
}

/** The other flows of the winning campaign that the person is inside of. */
function advances(field: Field, winner: Candidate): readonly string[] {
  const ids = new Set<string>()
  for (const { campaign, active } of field.candidates) if (campaign === winner.campaign && active) ids.add(active.id)
  const credited = winner.active?.id ?? winner.reuse?.journey.id
  return [...ids].filter((id) => id !== credited)
}
