// What may take an event, sorted once per rule set: the flows of open campaigns that support it, in the order in which they
// rank among people whom none of them knows.

import { groupBy } from '../group.ts'
import { byteOrder } from '../names.ts'
import { type Asks, asksOf } from '../rules/asks.ts'
import type { RankingKey } from './decision.ts'
import { type Bits, bitsOf, compileIndex, type EntryIndex } from './entry-index.ts'
import { failureMark, type Mark, screenMark } from './marks.ts'
import type { Campaign, Definition } from './rule-set.ts'

/** A journey definition that supports an event, of a campaign that is LIVE or PAUSED. */
export interface Flow {
  readonly campaign: Campaign
  readonly definition: Definition
  /** Its place in the plan. */
  readonly index: number
  readonly priority: number
  /** The event may begin it. */
  readonly isStart: boolean
  readonly isFriend: boolean
  /** What becomes of it, inside its window, for somebody whom it does not know, by an event without hints; null: the criteria say. */
  readonly fixedMark: Mark | null
}

export interface Plan {
  /** Largest priority first, then the latest first go-live, then campaign id and name: the order of candidates that are all NEW. */
  readonly flows: readonly Flow[]
  readonly byCampaign: ReadonlyMap<Campaign, readonly Flow[]>
  readonly byCampaignId: ReadonlyMap<string, readonly Flow[]>
  readonly byDefinition: ReadonlyMap<Definition, Flow>
  readonly friendFlows: readonly Flow[]
  /** LIVE ones whose campaigns have a window. */
  readonly timedFlows: readonly Flow[]
  /** The criteria of those without a fixed mark. */
  readonly entries: EntryIndex
  /** Those without a fixed mark. */
  readonly open: Bits
  /** What becomes of each where no criteria hold. */
  readonly closedMarks: Uint8Array
  /** What the criteria of its flows ask about people: a decision about such an event reads nothing else of their histories. */
  readonly asks: Asks
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
  return {
    campaign,
    definition,
    priority: definition.priority,
    isStart: definition.startEvents.has(event),
    isFriend: definition.role === 'FRIEND',
    fixedMark: fixedMark(campaign, definition, event),
  }
}

function fixedMark(campaign: Campaign, { role, startEvents }: Definition, event: string): Mark | null {
  if (campaign.facts.state !== 'LIVE') return screenMark('CAMPAIGN_NOT_LIVE')
  if (campaign.requiredTargets.size > 0) return screenMark('CAMPAIGN_TARGET_NOT_PRESENT')
  if (role === 'FRIEND') return failureMark('NO_REFERRAL')
  return startEvents.has(event) ? null : failureMark('EVENT_NOT_SUPPORTED')
}

function planOf(unordered: readonly Omit<Flow, 'index'>[]): Plan {
  const flows = unordered.toSorted(byRank).map((flow, index): Flow => ({ ...flow, index }))
  const byCampaign = groupBy(flows, ({ campaign }) => campaign)
  let entries: EntryIndex | null = null
  return {
    flows,
    byCampaign,
    byCampaignId: new Map([...byCampaign].map(([{ id }, own]) => [id, own])),
    byDefinition: new Map(flows.map((flow) => [flow.definition, flow])),
    friendFlows: flows.filter(({ isFriend }) => isFriend),
    timedFlows: flows.filter(
      ({ campaign: { facts } }) => facts.state === 'LIVE' && (facts.startsAt ?? facts.endsAt) !== null,
    ),
    // Compiled when the first event asks: of many names few come in at once.
    get entries() {
      entries ??= compileIndex(
        flows.map(({ fixedMark, definition }) => (fixedMark === null ? definition.facts.entry : null)),
      )
      return entries
    },
    open: bitsOf(flows.map((flow) => flow.fixedMark === null)),
    closedMarks: Uint8Array.from(flows, (flow) => flow.fixedMark ?? failureMark('ENTRY_CRITERIA_FAILED')),
    asks: asksOf(flows.flatMap(({ definition: { facts } }) => [facts.entry ?? [], facts.ongoing ?? []].flat())),
  }
}

/** The ranking key on which the candidate of one flow beats that of a later one of the plan, where both are NEW and without relationship. */
export function keyBetween(first: Flow, later: Flow): RankingKey {
  if (first.priority !== later.priority) return 'PRIORITY'
  const [a, b] = [first.campaign.facts.firstLiveAt, later.campaign.facts.firstLiveAt]
  return a === b ? 'ID' : 'CAMPAIGN_RECENCY'
}

type Ranked = Pick<Flow, 'campaign' | 'definition' | 'priority'>

const byRank = (a: Ranked, b: Ranked): number =>
  b.priority - a.priority ||
  (b.campaign.facts.firstLiveAt ?? Number.NEGATIVE_INFINITY) -
    (a.campaign.facts.firstLiveAt ?? Number.NEGATIVE_INFINITY) ||
  byteOrder(a.campaign.id, b.campaign.id) ||
  byteOrder(a.definition.name, b.definition.name)
