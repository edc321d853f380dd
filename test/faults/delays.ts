// How long things took: what was acknowledged in a span of time, and how long after it a subscriber had it.

import type { Follower } from './follower.ts'
import type { Load } from './load.ts'

export interface Delays {
  /** In ascending order. */
  answeredMs: readonly number[]
  deliveredMs: readonly number[]
}

/** Of the events that were acknowledged since that moment; waits until they are delivered. */
export async function delaysSince(
  began: number,
  { load, follower }: { load: Load; follower: Follower },
): Promise<Delays> {
  const answered = [...load.acknowledged].filter(([, { at }]) => at >= began)
  const due = new Set(answered.map(([key]) => key))
  await follower.until((received) => {
    for (const { key } of received) due.delete(key)
    return due.size === 0
  })
  const arrivals = new Map(follower.received.map(({ key, at }) => [key, at]))
  const ascending = (values: number[]) => values.sort((a, b) => a - b)
  return {
    answeredMs: ascending(answered.map(([, { tookMs }]) => tookMs)),
    deliveredMs: ascending(answered.map(([key, { at }]) => (arrivals.get(key) ?? Number.POSITIVE_INFINITY) - at)),
  }
}

/** The value that the given share of them does not exceed. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN
}
