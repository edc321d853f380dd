// The resolver's decision in the terms of the reference's answer, so that the two can be compared.

import { byteOrder } from '../../../src/core/names.ts'
import type { Explained } from '../../../src/core/targeting/decision.ts'
import type { ReferenceAnswer } from './asked.ts'

/** All of a decision that the specification settles: who, by what, why not, what ended; each warning code once. */
export function toldBy(decision: Explained): ReferenceAnswer {
  const { status, campaignId, journey, relationship, advocateId, quality, decidedBy, reason, reasonDetail } = decision
  const { nearMiss } = decision.trace
  return {
    status,
    campaignId,
    journey: journey && { definition: journey.definition, key: journey.key, passage: journey.passage, id: journey.id },
    relationship: relationship && { id: relationship.id, advocateId: relationship.advocateId },
    advocateId,
    quality,
    decidedBy,
    reason,
    reasonDetail,
    nearMiss: nearMiss && { campaignId: nearMiss.campaignId, code: nearMiss.code },
    warnings: [...new Set(decision.warnings.map(({ code }) => code))].sort(),
    exits: decision.exits.map(({ journeyId }) => journeyId).sort(byteOrder),
  }
}
