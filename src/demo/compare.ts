// What the engine decided against what was recorded, redemption by redemption. Plain functions on plain values.

import { groupBy } from '../core/group.ts'
import type { Campaign, Redemption } from './complete-journey.ts'

/**
 * EXACT: the recorded campaign. TIED: the same household, coupon and day were recorded under several campaigns, and the engine gave
 * one of them. MISSED: another campaign. UNATTRIBUTED: none. NOT_RECEIVED: no decision came.
 */
export type Verdict = 'EXACT' | 'TIED' | 'MISSED' | 'UNATTRIBUTED' | 'NOT_RECEIVED'

export interface CampaignRow {
  campaign: Campaign
  /** How many redemptions were recorded under it. */
  recorded: number
  /** How many the engine gave to it. */
  decided: number
  /** What became of those recorded under it. */
  verdicts: Readonly<Record<Verdict, number>>
}

export interface Comparison {
  rows: readonly CampaignRow[]
  totals: Readonly<Record<Verdict, number>>
  /** The redemptions recorded under several campaigns, together: one list for each household, coupon and day. */
  ties: readonly (readonly Redemption[])[]
  /** By the redemptions' keys. */
  verdicts: ReadonlyMap<string, Verdict>
}

/** The engine's campaign by the redemptions' keys: its name, or null for none. A key that is not there did not arrive. */
export type Decided = ReadonlyMap<string, string | null>

/** One row for each campaign, in their order. */
export function compare(
  campaigns: readonly Campaign[],
  redemptions: readonly Redemption[],
  decided: Decided,
): Comparison {
  const groups = [...groupBy(redemptions, ({ household, coupon, on }) => `${household} ${coupon} ${on}`).values()]
  const verdicts = new Map<string, Verdict>()
  for (const group of groups) {
    const recorded = new Set(group.map((each) => each.recorded))
    for (const each of group) verdicts.set(each.key, judge(each, recorded, decided.get(each.key)))
  }
  const verdictOf = ({ key }: Redemption) => verdicts.get(key) ?? 'NOT_RECEIVED'
  const rows = campaigns.map((campaign) => {
    const own = redemptions.filter(({ recorded }) => recorded === campaign.name)
    const given = redemptions.filter(({ key }) => decided.get(key) === campaign.name)
    return { campaign, recorded: own.length, decided: given.length, verdicts: countsOf(own.map(verdictOf)) }
  })
  const ties = groups.filter((group) => new Set(group.map(({ recorded }) => recorded)).size > 1)
  return { rows, totals: countsOf([...verdicts.values()]), ties, verdicts }
}

function judge(
  { recorded }: Redemption,
  alternatives: ReadonlySet<string>,
  campaign: string | null | undefined,
): Verdict {
  if (campaign === undefined) return 'NOT_RECEIVED'
  if (campaign === null) return 'UNATTRIBUTED'
  if (alternatives.size > 1 && alternatives.has(campaign)) return 'TIED'
  return campaign === recorded ? 'EXACT' : 'MISSED'
}

function countsOf(verdicts: readonly Verdict[]): Record<Verdict, number> {
  const counts = { EXACT: 0, TIED: 0, MISSED: 0, UNATTRIBUTED: 0, NOT_RECEIVED: 0 }
  for (const verdict of verdicts) counts[verdict]++
  return counts
}
