// Money adds up, whatever is told of an order and in whatever order: net is the total without what was given back, a person's
// figures are the sums of their orders, and what is refused changes nothing.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { track } from '../support/brand.ts'
import { orderFigures, readOrder, saveOrders, turnDocument } from '../support/orders.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

type Told =
  | { what: 'SAVE'; cents: number }
  | { what: 'EVENT'; cents: number }
  | { what: 'REFUND'; cents: number; refundId: string | null }
  | { what: 'PIECE'; line: number; quantity: number }
  | { what: 'CANCEL' | 'PAY' | 'RETURN' }

const cents = fc.integer({ min: 1, max: 2_000 })
const something: fc.Arbitrary<Told> = fc.oneof(
  fc.record({ what: fc.constant('SAVE' as const), cents }),
  fc.record({ what: fc.constant('EVENT' as const), cents }),
  fc.record({ what: fc.constant('REFUND' as const), cents, refundId: fc.constantFrom(null, 'one', 'two') }),
  fc.record({
    what: fc.constant('PIECE' as const),
    line: fc.constantFrom(1, 2),
    quantity: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ what: fc.constantFrom('CANCEL' as const, 'PAY' as const, 'RETURN' as const) }),
)

const amount = (some: number) => (some / 100).toFixed(2)
const turns = { CANCEL: 'cancelOrder', PAY: 'setOrderStatus', RETURN: 'returnOrder' } as const
let count = 0

async function tell(one: Told, sourceId: string, profile: object): Promise<void> {
  const turn = (name: string, more: object) =>
    server.send(turnDocument(name), { input: { order: { sourceId }, ...more } })
  if (one.what === 'SAVE') {
    const items = [
      { product: 'a', quantity: 3, unitPrice: amount(one.cents) },
      { product: 'b', total: amount(one.cents) },
    ]
    await saveOrders(server, { sourceId, profile, placedAt: '2026-03-01T00:00:00Z', currency: 'EUR', items })
  } else if (one.what === 'EVENT') {
    const data = { order_id: sourceId, total: amount(one.cents), currency: 'EUR' }
    await track(server, { name: 'order_completed', profile, data })
  } else if (one.what === 'REFUND') await turn('refundOrder', { amount: amount(one.cents), refundId: one.refundId })
  else if (one.what === 'PIECE') await turn('refundOrder', { items: [{ line: one.line, quantity: one.quantity }] })
  else await turn(turns[one.what], one.what === 'PAY' ? { status: 'PAID' } : {})
}

interface Read {
  totalMinor: number
  refundedMinor: number
  netMinor: number
  status: string
  items: { totalMinor: number; quantity: number; refundedQuantity: number }[]
  changes: { kind: string; refundMinor: number | null; refundId: string | null }[]
}

test('net is total less refunds, refunds are those told once each, and figures are the sums', async () => {
  const plays = fc.array(something, { minLength: 1, maxLength: 7 })
  await fc.assert(
    fc.asyncProperty(plays, plays, async (first, second) => {
      const profile = { sourceId: `payer ${++count}` }
      const orders: Read[] = []
      for (const [index, play] of [first, second].entries()) {
        const sourceId = `money ${count}.${index}`
        // A statement cannot take back what was given back, so totals go no lower in these plays.
        await tell({ what: 'SAVE', cents: 2_000 }, sourceId, profile)
        for (const one of play) {
          const before: Read = await readOrder(server, sourceId)
          if ((one.what === 'SAVE' || one.what === 'EVENT') && before.refundedMinor > 0) continue
          await tell(one, sourceId, profile)
          const after: Read = await readOrder(server, sourceId)
          expect(after.netMinor).toBe(after.totalMinor - after.refundedMinor)
          expect(after.netMinor).toBeGreaterThanOrEqual(0)
          const refunds = after.changes.filter(({ kind }) => kind === 'REFUND')
          expect(after.refundedMinor).toBe(refunds.reduce((sum, { refundMinor }) => sum + (refundMinor ?? 0), 0))
          const ids = refunds.flatMap(({ refundId }) => refundId ?? [])
          expect(new Set(ids).size).toBe(ids.length)
          for (const { quantity, refundedQuantity } of after.items)
            expect(refundedQuantity).toBeLessThanOrEqual(quantity)
        }
        orders.push(await readOrder(server, sourceId))
      }
      const counted = orders.filter(({ status }) => status !== 'CANCELLED')
      const sum = (of: (order: Read) => number) => counted.reduce((total, order) => total + of(order), 0)
      const { currencies, ...figures } = await orderFigures(server, profile)
      expect(figures).toMatchObject({ count: counted.length, cancelled: orders.length - counted.length })
      expect(currencies.map(({ averageMinor: _, ...one }: { averageMinor: number }) => one)).toEqual(
        counted.length === 0
          ? []
          : [
              {
                ...{ currency: 'EUR', count: counted.length, grossMinor: sum(({ totalMinor }) => totalMinor) },
                refundedMinor: sum(({ refundedMinor }) => refundedMinor),
                netMinor: sum(({ netMinor }) => netMinor),
              },
            ],
      )
    }),
    { numRuns: 12 },
  )
})
