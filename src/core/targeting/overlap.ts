// Who else would claim an event: flows that can stand against each other in the ranking, and the key that separates them
// whoever the person is. Told from the rules alone, before any event comes.

import { byteOrder } from '../names.ts'
import type { RankingKey } from './decision.ts'
import type { Instant } from './facts.ts'
import type { Campaign, Definition, RuleSet } from './rule-set.ts'

/** One flow of the campaign, another that supports the same event, and which of them ranks first. */
export interface Overlap {
  /** Folded. */
  readonly eventName: string
  readonly journeyName: string
  /** The campaign itself where it is one of its own flows. */
  readonly otherCampaignId: string
  readonly otherJourneyName: string
  readonly separatedBy: RankingKey
  /** The campaign's own flow ranks before the other. */
  readonly wins: boolean
}

/**
 * The flows that would compete with those of a campaign, be it open or not, by event name, own flow, other campaign (the
 * larger priority first) and other flow; of one event where its folded name is given. Others are flows of LIVE and PAUSED
 * campaigns whose windows meet the campaign's own, and the campaign's other flows.
 *
 * When in doubt they compete. Only windows keep two campaigns apart for certain: an event may carry several required targets
 * of a kind, and so meet those of both; and a person may satisfy the criteria of both, or be inside a journey, where entry
 * criteria are not asked. The keys told are those that hold for everybody; for people inside a journey the recency of their
 * journeys (PARTNER_ID, JOURNEY_RECENCY, ADVOCATE_RECENCY) is asked after PRIORITY and before the others, and between two
 * FRIEND flows the latest evidence of each.
 */
export function* overlapsOf(rules: RuleSet, campaign: Campaign, eventName?: string): Generator<Overlap> {
  const names = eventName === undefined ? [...campaign.byEvent.keys()].sort(byteOrder) : [eventName]
  for (const name of names) {
    const rivals = (rules.byEvent.get(name) ?? []).filter((other) => mayMeet(campaign, other))
    for (const definition of campaign.byEvent.get(name) ?? []) {
      for (const other of rivals) yield* against(name, { campaign, definition }, other)
    }
  }
}

interface Flow {
  readonly campaign: Campaign
  readonly definition: Definition
}

function* against(eventName: string, own: Flow, campaign: Campaign): Generator<Overlap> {
  for (const definition of campaign.byEvent.get(eventName) ?? []) {
    if (definition === own.definition) continue
    const [separatedBy, order] = separation(own, { campaign, definition })
    yield {
      eventName,
      journeyName: own.definition.name,
      otherCampaignId: campaign.id,
      otherJourneyName: definition.name,
      separatedBy,
      wins: order < 0,
    }
  }
}

/** Both can be credited with an event of one and the same instant. */
function mayMeet(campaign: Campaign, other: Campaign): boolean {
  if (other === campaign) return true
  const [a, b] = [campaign.facts, other.facts]
  return other.isOpen && startsBefore(a.startsAt, b.endsAt) && startsBefore(b.startsAt, a.endsAt)
}

const startsBefore = (start: Instant | null, end: Instant | null): boolean =>
  start === null || end === null || start < end

/** The first key on which they differ for everybody; negative where `a` comes first. */
function separation(a: Flow, b: Flow): readonly [RankingKey, number] {
  const priority = b.definition.priority - a.definition.priority
  if (priority !== 0) return ['PRIORITY', priority]
  // A FRIEND flow has evidence, the others have none.
  const evidence = Number(b.definition.role === 'FRIEND') - Number(a.definition.role === 'FRIEND')
  if (evidence !== 0) return ['EVIDENCE_RECENCY', evidence]
  const recency = later(a.campaign.facts.firstLiveAt, b.campaign.facts.firstLiveAt)
  if (a.campaign !== b.campaign && recency !== 0) return ['CAMPAIGN_RECENCY', recency]
  return ['ID', byteOrder(a.campaign.id, b.campaign.id) || byteOrder(a.definition.name, b.definition.name)]
}

/** A campaign that never went live will do so after all others. */
function later(a: Instant | null, b: Instant | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  return b - a
}
