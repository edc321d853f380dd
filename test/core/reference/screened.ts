// Phases 2 and 3: which campaigns are there at all, and which of them are what the event requires.

import { decodeId } from '../../../src/core/ids.ts'
import { foldName } from '../../../src/core/names.ts'
import type { UnattributedReason } from '../../../src/core/targeting/decision.ts'
import type { CampaignFacts, JourneyDefinition, RequiredTarget } from '../../../src/core/targeting/facts.ts'
import { type Asked, programOf, type Standing } from './asked.ts'
import type { CarriedHints } from './carried.ts'
import { isActive, limitOf } from './passages.ts'

/** Every campaign with the reason of phases 2 and 3, if one of them removed it. */
export function screenAll(asked: Asked, carried: CarriedHints): Standing[] {
  return asked.campaigns.map((campaign) => {
    const definitions = definitionsNamed(campaign, carried.targets)
    const matchesTargets = definitions.length > 0 && matchesTheRest(asked, { campaign, carried })
    const fellBy = preScreen(asked, { campaign, carried }) ?? (matchesTargets ? null : 'REQUIRED_TARGET_UNMATCHED')
    return { campaign, definitions, matchesTargets, fellBy }
  })
}

interface Pair {
  campaign: CampaignFacts
  carried: CarriedHints
}

/** Phase 2: "The first that fails, in this order, is the campaign's reason." */
function preScreen(asked: Asked, { campaign, carried }: Pair): UnattributedReason | null {
  const { state, startsAt, endsAt, journeys, requiredTargets } = campaign
  const { t, name } = asked.event
  if (state !== 'LIVE' && !(state === 'PAUSED' && hasActiveJourney(asked, campaign))) return 'CAMPAIGN_NOT_LIVE'
  if ((startsAt !== null && t < startsAt) || (endsAt !== null && t >= endsAt)) return 'OUTSIDE_WINDOW'
  if (!journeys.some(({ events }) => events.includes(name))) return 'EVENT_NOT_SUPPORTED'
  for (const kind of kindsOf(requiredTargets)) {
    const own = requiredTargets.filter((target) => target.kind === kind)
    if (!own.some((target) => carried.targets.some((sent) => isSameTarget(target, sent))))
      return 'CAMPAIGN_TARGET_NOT_PRESENT'
  }
  return null
}

const hasActiveJourney = ({ person, event }: Asked, campaign: CampaignFacts): boolean =>
  person.journeys.some(
    (journey) =>
      journey.campaignId === campaign.id && isActive(journey, { t: event.t, limit: limitOf(campaign, journey) }),
  )

const kindsOf = (targets: readonly RequiredTarget[]): RequiredTarget['kind'][] => [
  ...new Set(targets.map(({ kind }) => kind)),
]

function isSameTarget(one: RequiredTarget, other: RequiredTarget): boolean {
  if (one.kind !== other.kind) return false
  if (one.kind === 'CAMPAIGN_ID') return campaignIdIn(one.value) === campaignIdIn(other.value)
  return foldName(one.value) === foldName(other.value)
}

const campaignIdIn = (value: string): string => decodeId('Campaign', value) ?? value

/** Phase 3, `journey_name`: "the name of a definition, of which alone candidates are kept". */
export function definitionsNamed(
  { journeys }: CampaignFacts,
  targets: readonly RequiredTarget[],
): readonly JourneyDefinition[] {
  const wanted = targets.filter(({ kind }) => kind === 'JOURNEY_NAME').map(({ value }) => foldName(value))
  return wanted.length === 0 ? journeys : journeys.filter(({ name }) => wanted.includes(foldName(name)))
}

/** Phase 3: "alternatives (OR) within a kind, all kinds (AND); each required label must hold". */
export function matchesTheRest(asked: Asked, { campaign, carried }: Pair): boolean {
  const program = programOf(asked, campaign)
  const labels = (program?.labels ?? []).map(foldName)
  const campaignIds = carried.targets.filter(({ kind }) => kind === 'CAMPAIGN_ID')
  if (campaignIds.length > 0 && !campaignIds.some(({ value }) => campaignIdIn(value) === campaign.id)) return false
  const programs = carried.targets.filter(({ kind }) => kind === 'PROGRAM')
  const isProgram = ({ value }: RequiredTarget): boolean =>
    value === campaign.programId ||
    decodeId('Program', value) === campaign.programId ||
    foldName(value) === foldName(program?.name ?? '') ||
    labels.includes(foldName(value))
  if (programs.length > 0 && !programs.some(isProgram)) return false
  return carried.requiredLabels.every((label) => labels.includes(foldName(label)))
}
