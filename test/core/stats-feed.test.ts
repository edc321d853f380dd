// What subscribers of counts are given, when the counts are ahead of what wakes them and when the day becomes another.

import { describe, expect, it } from 'vitest'
import { statsFeed } from '../../src/modules/attributions/stats.ts'
import type { CountRow } from '../../src/modules/counts/sql.ts'

const row = (attributed: number, newest: Date): CountRow => ({
  programId: null,
  campaignId: null,
  eventName: 'click',
  attributed,
  high: 0,
  low: attributed,
  unattributed: 0,
  newest,
})

const noon = new Date('2026-03-01T12:00:00Z')
const nextNoon = new Date('2026-03-02T12:00:00Z')

/** Clicks that are counted, the seat that has yet to hear of them, and a clock. */
function clicking() {
  const state = { clicks: 0, reached: 0n, now: noon, countings: 0 }
  const seat = {
    reached: () => state.reached,
    read: async () => ({ rows: [], reached: state.reached }),
    listen: () => () => {},
    leave: () => {},
  }
  const feed = statsFeed(seat, {
    since: undefined,
    now: () => state.now,
    async count() {
      state.countings++
      return state.clicks === 0 ? [] : [row(state.clicks, noon)]
    },
  })
  /** The day and the clicks that somebody is given who has what there was up to the position. */
  const given = async (after: bigint) =>
    (await feed.read(after)).messages.map(({ value }) => [
      value.since.toISOString().slice(0, 10),
      value.counts[0]?.attributed ?? 0,
    ])
  return { state, given }
}

describe('whoever watches the counts', () => {
  it('is told of what was counted for somebody else before the feed told of it', async () => {
    const { state, given } = clicking()
    expect(await given(-1n)).toEqual([['2026-03-01', 0]])
    state.clicks = 1
    await given(-1n)
    expect(await given(0n)).toEqual([])
    state.reached = 1n
    expect(await given(0n)).toEqual([['2026-03-01', 1]])
    expect(await given(1n)).toEqual([])
  })

  it('costs one counting for each place of the feed, however many come', async () => {
    const { state, given } = clicking()
    for (let count = 0; count < 5; count++) expect(await given(-1n)).toEqual([['2026-03-01', 0]])
    state.reached = 1n
    for (let count = 0; count < 5; count++) await given(-1n)
    expect(state.countings).toBe(2)
  })

  it('is given the day that it is: who comes, at once, and the others when something happens', async () => {
    const { state, given } = clicking()
    state.clicks = 3
    await given(-1n)
    Object.assign(state, { now: nextNoon, clicks: 0 })
    expect(await given(-1n)).toEqual([['2026-03-02', 0]])
    state.reached = 1n
    expect(await given(0n)).toEqual([['2026-03-02', 0]])
  })
})
