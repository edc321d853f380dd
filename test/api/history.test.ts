// What a batch reads of people's histories: at each of its times as much as rules ask for, nothing twice, and nothing where
// nobody asks.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asks, asksOf } from '../../src/core/rules/asks.ts'
import type { Rule } from '../../src/core/rules/rule.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { newId } from '../../src/ids.ts'
import type { HistoryMoment } from '../../src/modules/events/history-ranges.ts'
import { type HistoryRequest, loadHistory } from '../../src/modules/events/person-history.ts'
import { accountOf } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const start = Date.UTC(2026, 0, 1)
/** The i-th minute. */
const at = (i: number) => start + i * 60_000

interface Known {
  accountId: string
  personId: string
}

async function somebody(): Promise<Known> {
  const caller = await server.otherAccount()
  const [accountId, personId] = [await accountOf(caller), newId()]
  await server.app.services.database.system.profile.create({ data: { accountId, id: personId, fields: {} } })
  return { accountId, personId }
}

/** They did it at each of those minutes; every decision about it was LOW. */
async function did({ accountId, personId: profileId }: Known, name: string, minutes: readonly number[]) {
  const { system } = server.app.services.database
  const happened = minutes.map((i) => ({ id: newId(), occurredAt: new Date(at(i)) }))
  await system.event.createMany({
    data: happened.map((one) => ({
      accountId,
      profileId,
      name,
      ...one,
      receivedAt: one.occurredAt,
      data: { total: 1, currency: 'EUR' },
    })),
  })
  await system.attribution.createMany({
    data: happened.map(({ id, occurredAt }) => ({
      accountId,
      profileId,
      eventId: id,
      revision: 1,
      position: 0,
      status: 'UNATTRIBUTED' as const,
      reason: 'NO_CAMPAIGN' as const,
      quality: 'LOW' as const,
      occurredAt,
      trace: {},
      decidedAt: occurredAt,
    })),
  })
}

interface Loading {
  moments: readonly Omit<HistoryMoment, 'personId'>[]
  asks: Asks
  asksOf?: HistoryRequest['asksOf']
}

async function load({ accountId, personId }: Known, { moments, ...asked }: Loading) {
  const person = newPerson(personId)
  await server.app.services.database.transaction((tx) =>
    loadHistory(tx, {
      accountId,
      ...asked,
      moments: moments.map((moment) => ({ personId, ...moment })),
      people: new Map([[personId, person]]),
      membersOf: (id) => [id],
      rootOf: (id) => id,
    }),
  )
  return person.history
}

/** The latest so many of the times at or before t. */
const latest = (times: readonly number[], t: number, cap: number) =>
  times
    .filter((one) => one <= t)
    .sort((a, b) => b - a)
    .slice(0, cap)

const range = (count: number, step = 1) => Array.from({ length: count }, (_, i) => i * step)

test('each time finds the latest that are enough for it, and none of them is read twice', async () => {
  const known = await somebody()
  // Three events to a minute now and then, so that some share a time.
  const clicks = range(300).flatMap((i) => (i % 7 ? [i] : [i, i, i]))
  await did(known, 'click', clicks)
  const rules: Rule[] = [{ event: { name: 'click', atLeast: 5 } }, { quality: { is: 'LOW', atMost: 6 } }]
  const moments = [-1, 0, 3, 4, 40, 41, 42, 140, 299, 1000, 42].map((i) => ({ t: at(i) }))
  const { events, qualities } = await load(known, { moments, asks: asksOf(rules) })
  const read = { events: events.get('click') ?? [], qualities: qualities.map((one) => one.at) }
  const truth = clicks.map(at)
  for (const { t } of moments) {
    expect(latest(read.events, t, 5)).toEqual(latest(truth, t, 5))
    expect(latest(read.qualities, t, 7)).toEqual(latest(truth, t, 7))
  }
  expect(read.events.length).toBeLessThanOrEqual(10 * 5)
  expect(Math.max(...[...new Set(read.events)].map((t) => read.events.filter((one) => one === t).length))).toBe(3)
})

test('orders of many times are read once, however many events ask for them', async () => {
  const known = await somebody()
  await did(known, 'purchase', range(1500))
  const asks = asksOf([{ order: { aggregate: 'COUNT', op: 'GTE', value: 3 } }])
  const moments = range(100, 15).map((i) => ({ t: at(i + 14) }))
  const { orders } = await load(known, { moments, asks })
  expect(new Set(orders.map(({ eventId }) => eventId)).size).toBe(1500)
  expect(orders).toHaveLength(1500)
})

test('friends are told with the latest evidence at each late time', async () => {
  const known = await somebody()
  const { system } = server.app.services.database
  const { accountId, personId: advocateId } = known
  const [programId, friendId, id] = [newId(), newId(), newId()]
  await system.program.create({ data: { accountId, id: programId, name: 'Refer' } })
  await system.profile.create({ data: { accountId, id: friendId, fields: {} } })
  const times = [0, 10, 20, 30, 40].map((i) => new Date(at(i)))
  const [firstEvidenceAt, latestEvidenceAt] = [new Date(at(0)), new Date(at(40))]
  await system.relationship.create({
    data: { accountId, id, advocateId, friendId, programId, firstEvidenceAt, latestEvidenceAt },
  })
  await system.evidence.createMany({
    data: times.map((time) => ({
      accountId,
      id: newId(),
      relationshipId: id,
      kind: 'COUPON_CODE' as const,
      at: time,
    })),
  })
  const moments = [12, 25, 26, 50].map((i) => ({ t: at(i) }))
  const { friends } = await load(known, { moments, asks: asksOf([{ relationship: { as: 'ADVOCATE' } }]) })
  expect(friends).toHaveLength(1)
  for (const { t } of moments) {
    expect(latest(friends[0]?.evidence ?? [], t, 1)).toEqual(
      latest(
        times.map((time) => time.getTime()),
        t,
        1,
      ),
    )
  }
})

test('an event is told what its own journeys ask, whatever others do', async () => {
  const known = await somebody()
  await did(known, 'click', range(9))
  await did(known, 'purchase', range(9))
  const ofOrders = asksOf([{ order: { aggregate: 'COUNT', op: 'GTE', value: 3 } }])
  const ofClicks = asksOf([{ event: { name: 'click' } }])
  const loading = { asks: ofOrders, asksOf: (name: string) => ({ visit: ofClicks })[name] }
  const sent = await statementsOf(async () => {
    const { events, orders } = await load(known, { ...loading, moments: [{ t: at(5), name: 'login' }] })
    expect([events.size, orders.length]).toEqual([0, 0])
  })
  expect(sent.filter(({ text }) => /\bunnest\b/.test(text))).toEqual([])
  const both = await load(known, { ...loading, moments: [{ t: at(5), name: 'visit' }, { t: at(2) }] })
  expect(both.events.get('click')).toEqual([at(5)])
  expect(both.orders.map((order) => order.at).sort()).toEqual([at(0), at(1), at(2)])
})
