// Phase 7: the table of ranking keys, one comparison after the other. "Absent time is oldest."

import { byteOrder } from '../../../src/core/names.ts'
import type { RankingKey } from '../../../src/core/targeting/decision.ts'
import type { Asked, Candidate } from './asked.ts'
import { latestActivity, latestUpTo } from './passages.ts'

interface Compared {
  key: RankingKey
  /** Negative where `a` wins. */
  compare: (asked: Asked, a: Candidate, b: Candidate) => number
}

const oldest = Number.NEGATIVE_INFINITY
const laterOf = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1)

const table: Compared[] = [
  { key: 'PRIORITY', compare: (_, a, b) => b.definition.priority - a.definition.priority },
  { key: 'PARTNER_ID', compare: (asked, a, b) => Number(hadPartnerId(asked, b)) - Number(hadPartnerId(asked, a)) },
  { key: 'JOURNEY_RECENCY', compare: (asked, a, b) => laterOf(journeyRecency(asked, a), journeyRecency(asked, b)) },
  { key: 'ADVOCATE_RECENCY', compare: (asked, a, b) => laterOf(advocateRecency(asked, a), advocateRecency(asked, b)) },
  {
    key: 'EVIDENCE_RECENCY',
    compare: (_, a, b) => laterOf(a.relationship?.latestEvidence ?? oldest, b.relationship?.latestEvidence ?? oldest),
  },
  {
    key: 'CAMPAIGN_RECENCY',
    compare: (_, a, b) => laterOf(a.campaign.firstLiveAt ?? oldest, b.campaign.firstLiveAt ?? oldest),
  },
  { key: 'ID', compare: (_, a, b) => compareIds(a, b) },
]

export interface Ranked {
  winner: Candidate
  /** The key that beat the runner-up; null where there is none. */
  by: RankingKey | null
}

export function rankAll(asked: Asked, candidates: readonly Candidate[]): Ranked | null {
  const byAllKeys = (a: Candidate, b: Candidate): number => {
    for (const { compare } of table) {
      const order = compare(asked, a, b)
      if (order !== 0) return order
    }
    return 0
  }
  const [winner, runnerUp] = [...candidates].sort(byAllKeys)
  if (!winner) return null
  if (!runnerUp) return { winner, by: null }
  return { winner, by: table.find(({ compare }) => compare(asked, winner, runnerUp) !== 0)?.key ?? 'ID' }
}

function hadPartnerId(asked: Asked, candidate: Candidate): boolean {
  if (!asked.partnerId) return false
  const at = candidate.active?.partnerIds.get(asked.partnerId)
  return at !== undefined && at <= asked.event.t
}

const journeyRecency = ({ event }: Asked, { active }: Candidate): number =>
  (active && latestActivity(active, event.t)) ?? oldest

/** "Of the advocate's journeys of role ADVOCATE in this campaign, else in its program." */
function advocateRecency({ world, event, campaigns }: Asked, { advocateId, campaign }: Candidate): number {
  if (advocateId === null) return oldest
  const theirs = (world.people.get(advocateId)?.journeys ?? []).filter(({ role }) => role === 'ADVOCATE')
  const here = theirs.filter(({ campaignId }) => campaignId === campaign.id)
  const siblings = campaigns.filter(({ programId }) => programId === campaign.programId).map(({ id }) => id)
  const inProgram = theirs.filter(({ campaignId }) => siblings.includes(campaignId))
  const latestIn = (journeys: typeof theirs): number | null =>
    latestUpTo(
      journeys.flatMap((journey) => latestActivity(journey, event.t) ?? []),
      event.t,
    )
  return latestIn(here) ?? latestIn(inProgram) ?? oldest
}

/** Advocates whose relationships are yet to be created have no id to tell them apart but their own. */
function compareIds(a: Candidate, b: Candidate): number {
  const idsOf = ({ campaign, definition, key, active, relationship, advocateId }: Candidate): string[] => [
    campaign.id,
    definition.name,
    key,
    active?.id ?? '',
    relationship?.id ?? '',
    advocateId ?? '',
  ]
  const others = idsOf(b)
  for (const [place, id] of idsOf(a).entries()) {
    const order = byteOrder(id, others[place] ?? '')
    if (order !== 0) return order
  }
  return 0
}
