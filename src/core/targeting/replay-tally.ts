// What became of decisions under other rules: how each compares with the one that is recorded, and the counts of all.

import type { Decision } from './decision.ts'
import type { Recorded, Replayed } from './replay.ts'

export const replayKinds = ['SAME', 'CHANGED', 'NEWLY_ATTRIBUTED', 'NEWLY_UNATTRIBUTED'] as const

export type ReplayKind = (typeof replayKinds)[number]

/**
 * How a decision compares with the recorded one: by campaign, journey definition and key, advocate and quality; why nobody was
 * credited is not compared. `nowOf`: the id that all merges of an advocate lead to.
 */
export function kindOf(recorded: Recorded, decision: Decision, nowOf: (personId: string) => string): ReplayKind {
  if (decision.status === 'UNATTRIBUTED') return recorded.status === 'UNATTRIBUTED' ? 'SAME' : 'NEWLY_UNATTRIBUTED'
  if (recorded.status === 'UNATTRIBUTED') return 'NEWLY_ATTRIBUTED'
  const { campaignId, journey, advocateId, quality } = decision
  const isSame =
    campaignId === recorded.campaignId &&
    journey.definition === recorded.definition &&
    journey.key === recorded.key &&
    (advocateId && nowOf(advocateId)) === recorded.advocateId &&
    quality === recorded.quality
  return isSame ? 'SAME' : 'CHANGED'
}

/** How many events a campaign would take from others, or from nobody, and how many it would lose. */
export interface CampaignBalance {
  gained: number
  lost: number
}

/** Counts in the making. */
export interface Tally {
  processed: number
  readonly kinds: Record<ReplayKind, number>
  drifted: number
  readonly samples: Replayed[]
  readonly byCampaign: Map<string, CampaignBalance>
  /** How many samples of a kind are kept. */
  readonly sampleSize: number
}

export const newTally = (sampleSize: number): Tally => ({
  processed: 0,
  kinds: { SAME: 0, CHANGED: 0, NEWLY_ATTRIBUTED: 0, NEWLY_UNATTRIBUTED: 0 },
  drifted: 0,
  samples: [],
  byCampaign: new Map(),
  sampleSize,
})

/** True while a decision of that kind would be kept as a sample. Those that are the same are none. */
export const wantsSample = ({ samples, sampleSize }: Tally, kind: ReplayKind): boolean =>
  kind !== 'SAME' && samples.filter((sample) => sample.kind === kind).length < sampleSize

/** Counts decisions in. Of each kind the first that came are the samples. */
export function count(tally: Tally, replayed: readonly Replayed[]): void {
  for (const one of replayed) {
    const { kind, isDrifted, recorded, decision } = one
    tally.processed += 1
    tally.kinds[kind] += 1
    if (isDrifted) tally.drifted += 1
    if (wantsSample(tally, kind)) tally.samples.push(one)
    if (recorded.campaignId === decision.campaignId) continue
    if (recorded.campaignId !== null) balanceOf(tally, recorded.campaignId).lost += 1
    if (decision.campaignId !== null) balanceOf(tally, decision.campaignId).gained += 1
  }
}

function balanceOf({ byCampaign }: Tally, campaignId: string): CampaignBalance {
  const known = byCampaign.get(campaignId) ?? { gained: 0, lost: 0 }
  byCampaign.set(campaignId, known)
  return known
}

/** What a difference is about; the first that applies. */
export type Difference = 'STATUS' | 'CAMPAIGN' | 'JOURNEY' | 'QUALITY' | 'ADVOCATE'

/** Null where there is none. */
export function differenceOf({ recorded, decision, kind }: Replayed): Difference | null {
  if (kind === 'SAME') return null
  if (kind !== 'CHANGED' || decision.status === 'UNATTRIBUTED') return 'STATUS'
  if (decision.campaignId !== recorded.campaignId) return 'CAMPAIGN'
  const { definition, key } = decision.journey
  if (definition !== recorded.definition || key !== recorded.key) return 'JOURNEY'
  return decision.quality === recorded.quality ? 'ADVOCATE' : 'QUALITY'
}
