// Orders in the database: what is written of events is what decisions remember of them; orders of before there were orders are
// made of the events that told of them; and writers who meet do not wait in a circle.

import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupBy } from '../../src/core/group.ts'
import { foldOrder } from '../../src/core/orders/fold.ts'
import { orderFactsOf } from '../../src/core/orders/telling.ts'
import type { OrderFacts } from '../../src/core/targeting/facts.ts'
import { newId } from '../../src/ids.ts'
import { applyOrders } from '../../src/modules/orders/batch.ts'
import { findOrderFacts, readOrderFact } from '../../src/modules/orders/facts-sql.ts'
import { accountOf } from '../support/people.ts'
import { someone } from '../support/rules.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const now = Date.parse('2026-03-10T12:00:00.000Z')
const farAhead = new Date('9999-01-01T00:00:00Z')

/** Profiles, and events of theirs about orders, in the order of their receipt. */
async function population(profiles: number, seed: number) {
  const { system } = server.app.services.database
  const accountId = await accountOf(await server.otherAccount())
  const ids = Array.from({ length: profiles }, () => newId())
  await system.profile.createMany({ data: ids.map((id) => ({ accountId, id })) })
  const events = fc
    .sample(someone(now, []), { numRuns: profiles * 3, seed })
    .flatMap(({ parts }) => parts.flatMap((part) => part.events))
    .map(({ name, at, data }, i) => ({
      ...{ id: newId(), profileId: ids[i % profiles] ?? '', name, data },
      occurredAt: new Date(at),
    }))
  return { accountId, ids, events }
}

async function written(accountId: string, profileIds: readonly string[]): Promise<OrderFacts[]> {
  const rows = await findOrderFacts(server.app.services.database.system, accountId, {
    ...{ profileIds, untils: profileIds.map(() => farAhead), items: false, exceptEventId: null },
  })
  return rows.map(({ value }) => readOrderFact(value))
}

const folded = (facts: readonly OrderFacts[]) =>
  [...groupBy(facts, ({ orderId }) => orderId)]
    .map(([orderId, changes]) => ({ orderId, ...foldOrder(changes) }))
    .sort((a, b) => (a.orderId < b.orderId ? -1 : 1))

test('what is written of a person’s events is what decisions remember of them, and the orders’ rows are its fold', async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31)
  const { system } = server.app.services.database
  for (let person = 0; person < 20; person++) {
    const { accountId, ids, events } = await population(1, seed + person)
    const remembered: OrderFacts[] = []
    for (const { id, name, data, occurredAt } of events)
      remembered.push(...orderFactsOf({ id, name, data, t: occurredAt.getTime() }, remembered))
    const half = Math.ceil(events.length / 2)
    for (const some of [events.slice(0, half), events.slice(half)])
      if (some.length > 0)
        await server.app.services.database.batch((sql) =>
          applyOrders(sql, accountId, { events: some, erasureKey: null }),
        )
    const orders = folded(await written(accountId, ids))
    expect(orders, `seed ${seed + person}`).toEqual(folded(remembered))
    const rows = await system.order.findMany({ where: { accountId } })
    const told = rows.map((row) => ({
      ...{ orderId: row.sourceId, placedAt: row.placedAt.getTime(), statedAt: row.statedAt.getTime() },
      ...{ currency: row.currency, totalMinor: row.totalMinor === null ? null : Number(row.totalMinor) },
      ...{
        refundedMinor: Number(row.refundedMinor),
        status: row.status,
        cancelledAt: row.cancelledAt?.getTime() ?? null,
      },
    }))
    expect(told.sort((a, b) => (a.orderId < b.orderId ? -1 : 1))).toEqual(
      orders.map(({ netMinor: _, ...order }) => order),
    )
  }
})

test('the orders of events that were stored before are those that the events would tell of now', async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31)
  const { database } = server.app.services
  const [live, late] = [await population(6, seed), await population(6, seed)]
  const isOld = ({ name }: { name: string }) => name === 'purchase' || name === 'order_completed'
  // The first two are one person, in both accounts.
  for (const { accountId, ids } of [live, late])
    await database.system.merge.create({ data: { accountId, loserId: ids[1] ?? '', survivorId: ids[0] ?? '' } })
  await database.batch((sql) =>
    applyOrders(sql, live.accountId, { events: live.events.filter(isOld), erasureKey: null }),
  )
  await database.system.event.createMany({
    data: late.events.map((event) => ({ ...event, accountId: late.accountId, receivedAt: event.occurredAt })),
  })
  const file = new URL('../../prisma/migrations/20261122100700_orders_of_events/migration.sql', import.meta.url)
  const text = await readFile(file, 'utf8')
  await database.system.$executeRawUnsafe(text.slice(text.indexOf('WITH RECURSIVE told')))
  const places = (ids: readonly string[], events: readonly { id: string }[]) =>
    new Map([...ids, ...events.map(({ id }) => id)].map((id, i) => [id, i]))
  const orders = async ({ accountId, ids, events }: typeof live) => {
    const place = places(ids, events)
    const rows = await database.system.order.findMany({
      where: { accountId },
      include: { changes: { orderBy: { id: 'asc' } } },
    })
    return rows
      .map((row) => ({
        // An order that names no transaction has the event's own id.
        sourceId: place.get(row.sourceId) ?? row.sourceId,
        ...{
          owner: place.get(row.profileId ?? ''),
          currency: row.currency,
          total: row.totalMinor,
          placedAt: row.placedAt,
        },
        ...{ statedAt: row.statedAt, lastChangeAt: row.lastChangeAt },
        changes: row.changes.map((one) => [
          place.get(one.eventId ?? ''),
          one.at,
          one.placedAt,
          one.currency,
          one.totalMinor,
        ]),
      }))
      .sort((a, b) => (String(a.sourceId) < String(b.sourceId) ? -1 : 1))
  }
  const made = await orders(late)
  expect(made, `seed ${seed}`).toEqual(await orders(live))
  expect(made.length).toBeGreaterThan(2)
})

test('batches that tell of the same orders at once all end, and every order is one', async () => {
  const { accountId, ids } = await population(1, 1)
  const [profileId = ''] = ids
  const names = Array.from({ length: 20 }, (_, i) => `o${i}`)
  const batches = Array.from({ length: 6 }, (_, n) => {
    const mixed = n % 2 ? names.toReversed() : names
    return mixed.map((order_id, i) => ({
      ...{ id: newId(), profileId, name: i % 5 === 4 ? 'order_cancelled' : 'purchase' },
      data: { order_id, total: 10 + n, currency: 'EUR', products: [{ product_id: `p${(i * (n + 1)) % 7}`, price: 1 }] },
      occurredAt: new Date(now + n),
    }))
  })
  await Promise.all(
    batches.map((events) =>
      server.app.services.database.batch((sql) => applyOrders(sql, accountId, { events, erasureKey: null })),
    ),
  )
  const orders = folded(await written(accountId, ids))
  expect(orders).toHaveLength(20)
  expect(new Set(orders.map(({ orderId }) => orderId))).toEqual(new Set(names))
})
