// Which LIVE campaign, of those whose window holds an instant, comes first: answered without looking at all of them.

import type { Instant } from './facts.ts'
import type { Campaign } from './rule-set.ts'

export interface Windows {
  /** The first LIVE campaign of all. */
  readonly first: Campaign | null
  /** The first LIVE campaign, in the order given, whose window holds t. */
  at(t: Instant): Campaign | null
}

/** Splits time at every start and end, and notes for each span the first of the LIVE campaigns that cover it. */
export function compileWindows(campaigns: readonly Campaign[]): Windows {
  const live = campaigns.filter(({ facts }) => facts.state === 'LIVE')
  const bounds = live.flatMap(({ facts }) => [facts.startsAt, facts.endsAt]).filter((bound) => bound !== null)
  const edges = [...new Set(bounds)].sort((a, b) => a - b)
  // Span i begins at edges[i - 1]; span 0 has no beginning.
  const first: (Campaign | undefined)[] = new Array(edges.length + 1)
  // next[i]: the first span at or after i that nobody has yet, so that each is taken once.
  const next = Array.from({ length: first.length + 1 }, (_, i) => i)
  for (const campaign of live) {
    const { startsAt, endsAt } = campaign.facts
    const end = endsAt === null ? first.length : spanOf(edges, endsAt)
    let span = free(next, startsAt === null ? 0 : spanOf(edges, startsAt))
    while (span < end) {
      first[span] = campaign
      next[span] = span + 1
      span = free(next, span)
    }
  }
  return { first: live[0] ?? null, at: (t) => first[spanOf(edges, t)] ?? null }
}

/** True at its start and until just before its end. */
export function isInWindow({ facts }: Campaign, t: Instant): boolean {
  return (facts.startsAt === null || t >= facts.startsAt) && (facts.endsAt === null || t < facts.endsAt)
}

/** How many edges are at or before t. */
function spanOf(edges: readonly Instant[], t: Instant): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((edges[middle] ?? t) <= t) low = middle + 1
    else high = middle
  }
  return low
}

function free(next: number[], from: number): number {
  let span = from
  while (next[span] !== undefined && next[span] !== span) span = next[span] ?? span
  let at = from
  while (at !== span) {
    const after = next[at] ?? span
    next[at] = span
    at = after
  }
  return span
}
