// The second implementation of targeting, from the text of the specification alone: slow, plain, and of one opinion with the
// resolver on every generated scene. Phase by phase in the order of section 3; the other files here hold one phase each.

import { byteOrder } from '../../../src/core/names.ts'
import { reasonRank, type UnattributedReason, type WarningCode } from '../../../src/core/targeting/decision.ts'
import type { CampaignFacts, EventFacts, ProgramFacts, World } from '../../../src/core/targeting/facts.ts'
import type { Asked, Candidate, ReferenceAnswer, Standing } from './asked.ts'
import { buildAll, furthest } from './built.ts'
import { type CarriedHints, carriedBy } from './carried.ts'
import { causeOf, choose } from './chosen.ts'
import { inherit, transactionOf, unattributed } from './inherited.ts'
import { type LookedUp, lookUpAll } from './looked-up.ts'
import { rankAll } from './ranked.ts'
import { screenAll } from './screened.ts'

export interface Given {
  world: World
  programs: readonly ProgramFacts[]
  campaigns: readonly CampaignFacts[]
  /** Folded names of the event types that follow a transaction. */
  followUps: readonly string[]
}

/** The event with all that it is judged by. Throws where the world lacks its person. */
export function askedOf(event: EventFacts, { world, programs, campaigns, followUps }: Given): Asked {
  const person = world.people.get(event.personId)
  if (!person) throw new Error(`the world lacks ${event.personId}`)
  return { event, person, world, programs, campaigns, followUps, partnerId: carriedBy(event).partner.values[0] ?? null }
}

/** The answer of the specification to an event. Throws where the world lacks its person. */
export function resolve(event: EventFacts, given: Given): ReferenceAnswer {
  const asked = askedOf(event, given)
  const carried = carriedBy(event)
  const lookedUp = lookUpAll(asked, carried)
  const parseWarnings: WarningCode[] = [
    ...(isSomeMalformed(carried) ? (['HINT_MALFORMED'] as const) : []),
    ...lookedUp.warnings,
  ]

  const end = endOfPhaseOne(asked, { carried, lookedUp })
  if (end) return answer({ ...unattributed(end, null), warnings: parseWarnings })

  const from = transactionOf(asked)
  if (from) return answer({ ...inherit(asked, { from, carried }), warnings: parseWarnings })

  const isSomethingRequired = carried.targets.length > 0 || carried.requiredLabels.length > 0
  const standings = screenAll(asked, carried)
  const { candidates, exits } = buildAll(asked, { standings, explicit: lookedUp.explicit })
  if (candidates.length === 0) {
    const causes = lookedUp.explicit.map((value) => causeOf(value, { standings, candidates }))
    return answer({ ...nothingLeft(standings, isSomethingRequired), warnings: [...parseWarnings, ...causes], exits })
  }

  const choice = choose(asked, { standings, candidates, lookedUp, isSomethingRequired })
  const ranked = rankAll(asked, choice.left)
  if (!ranked) throw new Error('hints left nothing, which they must not')
  const { winner, by } = ranked
  const mutual = mutualOf(asked, winner)
  return answer({
    status: 'ATTRIBUTED',
    campaignId: winner.campaign.id,
    journey: {
      definition: winner.definition.name,
      key: winner.key,
      passage: winner.passage,
      id: winner.journeyId,
    },
    relationship: winner.relationship && { id: winner.relationship.id, advocateId: winner.relationship.advocateId },
    advocateId: winner.advocateId,
    quality: winner.isSelfReferral || mutual === 'LOWERS' ? 'LOW' : 'HIGH',
    decidedBy: choice.decidedBy ?? by ?? 'ONLY_CANDIDATE',
    reason: null,
    reasonDetail: null,
    warnings: [
      ...parseWarnings,
      ...choice.warnings,
      ...(winner.isSelfReferral ? (['SELF_REFERRAL'] as const) : []),
      ...(mutual ? (['MUTUAL'] as const) : []),
    ],
    exits,
  })
}

type Part = Omit<ReferenceAnswer, 'exits' | 'nearMiss'> & Partial<Pick<ReferenceAnswer, 'exits' | 'nearMiss'>>

const answer = ({ warnings, exits = [], nearMiss = null, ...rest }: Part): ReferenceAnswer => ({
  ...rest,
  nearMiss,
  warnings: [...new Set(warnings)].sort(),
  exits: [...exits].sort(byteOrder),
})

const isSomeMalformed = (carried: CarriedHints): boolean =>
  carried.targetMalformed ||
  [carried.coupons, carried.shares, carried.advocateCodes, carried.journeyCampaign].some((one) => one.malformed) ||
  [carried.labels, carried.promoLink, carried.partner].some((one) => one.malformed)

/** "PERSON_BLOCKED, BOT, TARGET_MALFORMED and HINT_UNRESOLVED end targeting here, asked in this order." */
function endOfPhaseOne(
  { person, event }: Asked,
  { carried, lookedUp }: { carried: CarriedHints; lookedUp: LookedUp },
): UnattributedReason | null {
  if (person.blocked) return 'PERSON_BLOCKED'
  if (/bot/i.test(event.userAgent ?? '')) return 'BOT'
  if (carried.targetMalformed) return 'TARGET_MALFORMED'
  return carried.strict && lookedUp.isSomeExplicitUnresolved ? 'HINT_UNRESOLVED' : null
}

/** Section 5: the reason is that of the campaign that got furthest; with something required always the same one. */
function nothingLeft(standings: readonly Standing[], isSomethingRequired: boolean) {
  const targeted = isSomethingRequired ? standings.filter(({ matchesTargets }) => matchesTargets) : []
  const nearest = nearestOf(targeted.length > 0 ? targeted : standings)
  const nearMiss = nearest?.fellBy ? { campaignId: nearest.campaign.id, code: nearest.fellBy } : null
  if (!isSomethingRequired) return { ...unattributed(nearMiss?.code ?? 'NO_CAMPAIGN', null), nearMiss }
  const detail = targeted.length > 0 ? furthest(targeted.map(({ fellBy }) => fellBy ?? 'NO_CAMPAIGN')) : null
  return { ...unattributed('REQUIRED_TARGET_UNMATCHED', detail), nearMiss }
}

/** "The campaign that got furthest …; ties by its highest k1, then id." */
function nearestOf(standings: readonly Standing[]): Standing | null {
  const rank = ({ fellBy }: Standing): number => (fellBy === null ? -1 : reasonRank[fellBy])
  const priority = ({ campaign }: Standing): number => Math.max(...campaign.journeys.map((one) => one.priority))
  const [first] = [...standings].sort(
    (a, b) => rank(b) - rank(a) || priority(b) - priority(a) || byteOrder(a.campaign.id, b.campaign.id),
  )
  return first ?? null
}

/** "Of two opposite relationships of one program the one created later is flagged MUTUAL"; ids grow with time, and one without id is yet to come. */
function mutualOf(
  { world, person, programs }: Asked,
  { relationship, campaign }: Candidate,
): 'LOWERS' | 'ALLOWED' | null {
  if (!relationship) return null
  const opposite = (world.people.get(relationship.advocateId)?.relationships ?? []).some(
    ({ id, advocateId, friendId, programId, firstEvidenceAt }) =>
      firstEvidenceAt !== Number.POSITIVE_INFINITY &&
      advocateId === person.id &&
      friendId === relationship.advocateId &&
      programId === campaign.programId &&
      (relationship.id === null || byteOrder(id, relationship.id) < 0),
  )
  if (!opposite) return null
  return programs.find(({ id }) => id === campaign.programId)?.allowMutualReferral ? 'ALLOWED' : 'LOWERS'
}
