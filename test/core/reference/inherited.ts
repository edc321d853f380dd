// The ruling on follow-ups: an event that follows a known transaction takes the decision of the event it began with.

import type { TransactionFacts } from '../../../src/core/targeting/facts.ts'
import type { Asked, ReferenceAnswer } from './asked.ts'
import { type CarriedHints, textOf } from './carried.ts'
import { definitionsNamed, matchesTheRest } from './screened.ts'

/** The decision to inherit; undefined where the event follows nothing that is known. */
export function transactionOf({ event, followUps, world }: Asked): TransactionFacts | undefined {
  if (!followUps.includes(event.name)) return undefined
  const id = textOf(event.data.transaction_id) ?? textOf(event.data.order_id)
  return id ? world.transactions.get(id) : undefined
}

type Inherited = Omit<ReferenceAnswer, 'warnings' | 'exits' | 'nearMiss'> & Partial<Pick<ReferenceAnswer, 'nearMiss'>>

export function inherit(asked: Asked, { from, carried }: { from: TransactionFacts; carried: CarriedHints }): Inherited {
  const isRequired = carried.targets.length > 0 || carried.requiredLabels.length > 0
  if (isRequired && !matches(asked, { from, carried })) {
    const isKnown = asked.campaigns.some(({ id }) => id === from.campaignId)
    const nearMiss = isKnown && from.campaignId !== null ? { campaignId: from.campaignId, code: unmatched } : null
    return { ...unattributed(unmatched, null), nearMiss }
  }
  if (from.campaignId === null) return unattributed(from.reason ?? 'NO_CAMPAIGN', from.reasonDetail)
  const { journey, relationshipId, advocateId } = from
  return {
    status: 'ATTRIBUTED',
    campaignId: from.campaignId,
    journey: journey && { definition: journey.definition, key: journey.key, passage: 'ACTIVE', id: journey.id },
    relationship: relationshipId !== null && advocateId !== null ? { id: relationshipId, advocateId } : null,
    advocateId,
    quality: from.quality,
    decidedBy: 'INHERITED',
    reason: null,
    reasonDetail: null,
  }
}

const unmatched = 'REQUIRED_TARGET_UNMATCHED' as const // `as`: the literal, wherever it is copied to

/** "REQUIRED_TARGET_UNMATCHED if a target on it says otherwise", the journey's name included. */
function matches(asked: Asked, { from, carried }: { from: TransactionFacts; carried: CarriedHints }): boolean {
  const campaign = asked.campaigns.find(({ id }) => id === from.campaignId)
  if (!campaign) return false
  const named = definitionsNamed(campaign, carried.targets).map(({ name }) => name)
  return named.includes(from.journey?.definition ?? '') && matchesTheRest(asked, { campaign, carried })
}

export const unattributed = (
  reason: NonNullable<ReferenceAnswer['reason']>,
  reasonDetail: ReferenceAnswer['reasonDetail'],
): Inherited => ({
  status: 'UNATTRIBUTED',
  campaignId: null,
  journey: null,
  relationship: null,
  advocateId: null,
  quality: 'NONE',
  decidedBy: null,
  reason,
  reasonDetail,
})
