// Follow-ups (refund, cancellation, shipment): events of a kind that is marked so take the decision of the event that their
// transaction began with, whatever has become of campaigns and priorities since.

import { foldName } from '../names.ts'
import { unattributed } from './answer.ts'
import type { Attributed, Decision, NearMiss } from './decision.ts'
import type { TransactionFacts } from './facts.ts'
import type { Question } from './question.ts'
import { unmetTargets } from './screen.ts'

/** What the event follows; null for one that is no follow-up, or whose transaction nobody knows. */
export function followedBy({ world, followedId }: Question): TransactionFacts | null {
  return followedId === null ? null : (world.transactions.get(followedId) ?? null)
}

/** The decision taken over, and the near miss where what is required on the follow-up says otherwise. */
export function inherit(
  question: Question,
  followed: TransactionFacts,
): { decision: Decision; nearMiss: NearMiss | null } {
  const nearMiss = unmet(question, followed)
  if (nearMiss !== undefined)
    return {
      decision: unattributed(question, { reason: 'REQUIRED_TARGET_UNMATCHED', reasonDetail: null }, []),
      nearMiss,
    }
  const { reason, reasonDetail } = followed
  const decision = reason ? unattributed(question, { reason, reasonDetail }, []) : inherited(question, followed)
  return { decision, nearMiss: null }
}

/** Where what is required on the follow-up says otherwise; undefined where it agrees. */
function unmet(question: Question, { campaignId, journey }: TransactionFacts): NearMiss | null | undefined {
  const campaign = campaignId === null ? undefined : question.rules.campaigns.get(campaignId)
  if (!question.requirement.isPresent) return undefined
  if (!campaign || !journey) return null
  const targets = [...unmetTargets(question, campaign)]
  const names = question.requirement.kinds.get('JOURNEY_NAME')
  const isNamed = !names || names.has(foldName(journey.definition))
  if (!isNamed && !targets.some((target) => target.startsWith('JOURNEY_NAME:')))
    targets.push(...[...(names ?? [])].map((name) => `JOURNEY_NAME:${name}`))
  if (targets.length === 0) return undefined
  return { campaignId: campaign.id, code: 'REQUIRED_TARGET_UNMATCHED', detail: { targets } }
}

function inherited(question: Question, followed: TransactionFacts): Attributed {
  const { event, hints, lookUps } = question
  const { campaignId, campaignRevision, programId, journey, relationshipId, advocateId, quality } = followed
  if (campaignId === null || campaignRevision === null || programId === null || !journey)
    throw new Error(`the decision about event ${followed.eventId} credits a campaign without saying which`)
  return {
    status: 'ATTRIBUTED',
    eventId: event.id,
    personId: event.personId,
    t: event.t,
    partnerId: hints.partnerId,
    warnings: lookUps.warnings,
    hints: lookUps.traces,
    campaignId,
    campaignRevision,
    programId,
    journey: { ...journey, passage: 'ACTIVE', expired: [] },
    relationship:
      relationshipId === null || advocateId === null
        ? null
        : { id: relationshipId, advocateId, programId, campaignId, proofs: [] },
    advocateId,
    quality: quality === 'LOW' ? 'LOW' : 'HIGH',
    decidedBy: 'INHERITED',
    reason: null,
    reasonDetail: null,
    exits: [],
    advances: [],
    transactionId: null,
  }
}
