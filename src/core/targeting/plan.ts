// What may take an event, sorted once per rule set: the flows of open campaigns that support it, in the order in which they
// rank among people whom none of them knows.

import { byteOrder } from '../names.ts'
import type { Campaign, Definition, Program } from './rule-set.ts'

/** A journey definition that supports an event, of a campaign that is LIVE or PAUSED. */
export interface Flow {
  readonly campaign: Campaign
  readonly definition: Definition
  /** Its place in the plan. */
  readonly index: number
  readonly priority: number
  /** The event may begin it. */
  readonly isStart: boolean
  /** Its campaign has no window and requires no target: LIVE is all that it asks. */
  readonly isAlwaysOpen: boolean
}

export interface Plan {
  /** Largest priority first, then the latest first go-live, then campaign id and name: the order of candidates that are all NEW. */
  readonly flows: readonly Flow[]
  readonly byCampaign: ReadonlyMap<Campaign, readonly Flow[]>
  readonly byDefinition: ReadonlyMap<Definition, Flow>
  /** The programs that have FRIEND flows among them. */
  readonly friendPrograms: ReadonlySet<Program>
}

/** The plan of each event that an open campaign supports. */
export function compilePlans(campaigns: readonly Campaign[]): ReadonlyMap<string, Plan> {
  const unordered = new Map<string, Omit<Flow, 'index'>[]>()
  for (const campaign of campaigns) {
    if (!campaign.isOpen) continue
    for (const [event, definitions] of campaign.byEvent) {
      const flows = unordered.get(event) ?? []
      unordered.set(event, flows)
      flows.push(...definitions.map((definition) => flowOf(campaign, definition, event)))
    }
  }
  return new Map([...unordered].map(([event, flows]) => [event, planOf(flows)]))
}

function flowOf(campaign: Campaign, definition: Definition, event: string): Omit<Flow, 'index'> {
  const { state, startsAt, endsAt } = campaign.facts
  return {
    campaign,
    definition,
    priority: definition.priority,
    isStart: definition.startEvents.has(event),
    isAlwaysOpen: state === 'LIVE' && startsAt === null && endsAt === null && campaign.requiredTargets.size === 0,
  }
}

function planOf(unordered: readonly Omit<Flow, 'index'>[]): Plan {
  const flows = unordered.toSorted(byRank).map((flow, index): Flow => ({ ...flow, index }))
  const byCampaign = new Map<Campaign, Flow[]>()
  for (const flow of flows) byCampaign.set(flow.campaign, [...(byCampaign.get(flow.campaign) ?? []), flow])
  const friends = flows.filter(({ definition }) => definition.role === 'FRIEND')
  return {
    flows,
    byCampaign,
    byDefinition: new Map(flows.map((flow) => [flow.definition, flow])),
    friendPrograms: new Set(friends.map(({ campaign }) => campaign.program)),
  }
}

type Ranked = Pick<Flow, 'campaign' | 'definition' | 'priority'>

const byRank = (a: Ranked, b: Ranked): number =>
  b.priority - a.priority ||
  (b.campaign.facts.firstLiveAt ?? Number.NEGATIVE_INFINITY) -
    (a.campaign.facts.firstLiveAt ?? Number.NEGATIVE_INFINITY) ||
  byteOrder(a.campaign.id, b.campaign.id) ||
  byteOrder(a.definition.name, b.definition.name)
