// Which stretches of histories a batch reads: enough for each of its times, nothing twice, and nothing where nobody asks.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asksOf } from '../../src/core/rules/asks.ts'
import { type HistoryMoment, rangesOf, wantsOf } from '../../src/modules/events/history-ranges.ts'

const membersOf = (personId: string) => [personId, `${personId}, merged`]

/** The latest so many of the times at or before t. */
const latest = (times: readonly number[], t: number, cap: number) =>
  times
    .filter((one) => one <= t)
    .sort((a, b) => b - a)
    .slice(0, cap)

const instants = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 })

test('the latest rows of the ranges together hold the latest at every time asked about, each row once', () => {
  fc.assert(
    fc.property(instants, instants, fc.integer({ min: 1, max: 6 }), (rows, asked, cap) => {
      const ranges = rangesOf(new Map([['click', { cap, times: new Map([['ann', new Set(asked)]]) }]]))
      const read = ranges.flatMap(({ after, until }) =>
        latest(
          rows.filter((at) => after === null || at > after.getTime()),
          until.getTime(),
          cap,
        ),
      )
      for (const t of asked) expect(latest(read, t, cap)).toEqual(latest(rows, t, cap))
      // Not more often than it is there: rows of one time are told apart by nothing else here.
      for (const at of read)
        expect(read.filter((one) => one === at).length).toBeLessThanOrEqual(rows.filter((one) => one === at).length)
    }),
  )
})

test('an event wants what its own journeys ask, of all profiles of the person, and others nothing', () => {
  const asks = new Map([
    ['visit', asksOf([{ event: { name: 'click', atLeast: 2 } }])],
    [
      'signup',
      asksOf([{ event: { name: 'click', atLeast: 4 } }, { order: { aggregate: 'COUNT', op: 'GTE', value: 3 } }]),
    ],
  ])
  const asksAt = ({ name = '' }: HistoryMoment) => asks.get(name) ?? asksOf([])
  const wanted = (...moments: HistoryMoment[]) => wantsOf({ moments, membersOf, asksAt })
  const none = wanted({ personId: 'ann', t: 1, name: 'login' })
  expect([none.events.size, none.orders.times.size, none.qualities.size, none.friends.size]).toEqual([0, 0, 0, 0])
  const some = wanted({ personId: 'ann', t: 1, name: 'visit' }, { personId: 'ann', t: 9, name: 'signup' })
  const times = (...all: number[]) => new Map(membersOf('ann').map((id) => [id, new Set(all)]))
  expect(some.events).toEqual(new Map([['click', { cap: 4, times: times(1, 9) }]]))
  expect(some.orders).toEqual({ times: times(9), items: false })
})
