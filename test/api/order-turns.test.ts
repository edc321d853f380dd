// Orders cancelled and given back: amounts add up, and audiences, figures and erasure follow.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { orderFigures, readOrder, saveOrder, saveOrders, turnDocument, turnsOf } from '../support/orders.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const turn = (name: string, sourceId: string, more: object = {}) => turnsOf(server)(name, sourceId, more)
const placedAt = '2026-03-01T10:00:00Z'
const euros = { placedAt, currency: 'EUR' }

describe('turns of an order', () => {
  const items = [
    { product: 'mug', sku: 'mug-red', quantity: 3, unitPrice: '3.33' },
    { product: 'tea', quantity: 1, unitPrice: '5.01' },
  ]
  const anOrder = (sourceId: string, more: object = {}) => saveOrder(server, { ...euros, sourceId, items, ...more })

  test('cancelled it counts as none, and cancelling again changes nothing', async () => {
    const profile = { sourceId: 'canceller' }
    await anOrder('cancelled', { profile })
    expect(await orderFigures(server, profile)).toMatchObject({ count: 1, cancelled: 0 })
    expect(await turn('cancelOrder', 'cancelled', { reason: 'too late' })).toMatchObject({
      isChanged: true,
      order: { status: 'CANCELLED' },
    })
    expect(await turn('cancelOrder', 'cancelled')).toMatchObject({ isChanged: false })
    expect(await orderFigures(server, profile)).toMatchObject({ count: 0, cancelled: 1, currencies: [] })
    expect((await readOrder(server, 'cancelled')).changes).toMatchObject([
      { kind: 'STATED' },
      { kind: 'STATUS', status: 'CANCELLED', reason: 'too late' },
    ])
  })

  test('its status goes from step to step', async () => {
    await anOrder('steps')
    for (const status of ['PAID', 'FULFILLED']) await turn('setOrderStatus', 'steps', { status })
    expect((await readOrder(server, 'steps')).changes.map(({ status }: { status: string }) => status)).toEqual([
      null,
      'PAID',
      'FULFILLED',
    ])
  })

  test('refunds by amount and by item add up to what was paid, and no further', async () => {
    const profile = { sourceId: 'refunded' }
    await anOrder('refunds', { profile })
    const refund = (more: object) => turn('refundOrder', 'refunds', more)
    expect((await refund({ items: [{ sku: 'mug-red', quantity: 1 }] })).order).toMatchObject({
      refundedMinor: 333,
      netMinor: 1167,
    })
    expect((await refund({ amount: '0.67' })).order).toMatchObject({ refundedMinor: 400 })
    const beyond = { order: { sourceId: 'refunds' } }
    expect(await refused(server, turnDocument('refundOrder'), { ...beyond, amount: '11.01' })).toBe(
      'BAD_INPUT input.amount',
    )
    expect(await refused(server, turnDocument('refundOrder'), { ...beyond, items: [{ line: 1, quantity: 3 }] })).toBe(
      'BAD_INPUT input.items',
    )
    expect(await refused(server, turnDocument('refundOrder'), { ...beyond, items: [{ product: 'no such' }] })).toBe(
      'BAD_INPUT input.items[0]',
    )
    expect((await readOrder(server, 'refunds')).refundedMinor).toBe(400)
    expect((await refund({ items: [{ line: 1 }] })).order).toMatchObject({ refundedMinor: 1066, netMinor: 434 })
    expect(await refused(server, turnDocument('refundOrder'), { ...beyond, items: [{ line: 1 }] })).toBe(
      'BAD_INPUT input.items[0]',
    )
    expect((await refund({ amount: '4.34' })).order).toMatchObject({ netMinor: 0 })
    expect(await orderFigures(server, profile)).toMatchObject({
      count: 1,
      currencies: [{ grossMinor: 1500, refundedMinor: 1500, netMinor: 0 }],
    })
    expect((await readOrder(server, 'refunds')).items).toMatchObject([
      { refundedQuantity: 3, refundedMinor: 999 },
      { refundedQuantity: 0 },
    ])
  })

  test('the same refund told twice is given back once', async () => {
    await anOrder('twice')
    const told = { refundId: 'R-1', amount: '5' }
    expect(await turn('refundOrder', 'twice', told)).toMatchObject({ isChanged: true })
    expect(await turn('refundOrder', 'twice', told)).toMatchObject({
      isChanged: false,
      order: { refundedMinor: 500 },
    })
  })

  test('so is one by item, though all of the item came back by it', async () => {
    await anOrder('twice by item')
    const told = { refundId: 'R-2', items: [{ sku: 'mug-red', quantity: 3 }] }
    expect(await turn('refundOrder', 'twice by item', told)).toMatchObject({ isChanged: true })
    expect(await turn('refundOrder', 'twice by item', told)).toMatchObject({
      isChanged: false,
      order: { refundedMinor: 999 },
    })
  })

  test('a return that lists no items is refused, and gives nothing back', async () => {
    await anOrder('listless')
    const told = { order: { sourceId: 'listless' }, items: [] }
    expect(await refused(server, turnDocument('returnOrder'), told)).toBe('BAD_INPUT input.items')
    expect(await readOrder(server, 'listless')).toMatchObject({ status: 'PLACED', refundedMinor: 0 })
  })

  test('refunds that come at once give back no more than was paid', async () => {
    await anOrder('concurrent')
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        server.send<{ refundOrder: { isChanged: boolean } | null }>(turnDocument('refundOrder'), {
          input: { order: { sourceId: 'concurrent' }, amount: '4' },
        }),
      ),
    )
    expect(answers.filter(({ data }) => data?.refundOrder?.isChanged)).toHaveLength(3)
    expect(await readOrder(server, 'concurrent')).toMatchObject({
      totalMinor: 1500,
      refundedMinor: 1200,
      netMinor: 300,
    })
  })

  test('all of it comes back: the order is returned, and nothing of it is left', async () => {
    await anOrder('returned')
    await turn('refundOrder', 'returned', { amount: '1' })
    expect(await turn('returnOrder', 'returned', { reason: 'broken' })).toMatchObject({
      order: { status: 'RETURNED', refundedMinor: 1500, netMinor: 0 },
    })
    expect((await readOrder(server, 'returned')).items).toMatchObject([
      { refundedQuantity: 3 },
      { refundedQuantity: 1 },
    ])
  })

  test('what is no order, no amount, or still to come is refused', async () => {
    await anOrder('refusals')
    const order = { sourceId: 'refusals' }
    expect(await refused(server, turnDocument('cancelOrder'), { order: { sourceId: 'no such' } })).toBe(
      'NOT_FOUND input.order',
    )
    expect(await refused(server, turnDocument('cancelOrder'), { order, at: '2999-01-01T00:00:00Z' })).toBe(
      'BAD_INPUT input.at',
    )
    expect(await refused(server, turnDocument('refundOrder'), { order })).toBe('BAD_INPUT input.amount')
    expect(await refused(server, turnDocument('refundOrder'), { order, amount: '0.00' })).toBe('BAD_INPUT input.amount')
    expect(await refused(server, turnDocument('refundOrder'), { order, items: [{ line: 1, sku: 'mug-red' }] })).toBe(
      'BAD_INPUT input.items[0]',
    )
  })
})

describe('what follows from an order', () => {
  test('audiences that ask about orders take in who ordered, and let go of who cancelled', async () => {
    const { createAudience } = await server.query(
      'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
      {
        input: {
          name: 'Buyers of 50',
          rule: { order: { aggregate: 'TOTAL_MINOR', currency: 'EUR', op: 'GTE', value: 5000 } },
        },
      },
    )
    const members = async () =>
      (
        await server.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', {
          id: createAudience.audience.id,
        })
      ).node.memberCount
    await saveOrder(server, { ...euros, sourceId: 'of audience', total: '60', profile: { sourceId: 'big buyer' } })
    expect(await members()).toBe(1)
    await turn('cancelOrder', 'of audience')
    expect(await members()).toBe(0)
  })

  test('who was erased keeps amounts alone: their orders are known by nobody, and told again they are refused', async () => {
    const profile = { sourceId: 'erased buyer' }
    await saveOrder(server, {
      ...{ ...euros, sourceId: 'erased-1', profile, couponCodes: ['MINE'], fields: { note: 'secret' } },
      items: [
        { product: 'mug', name: 'Engraved: secret', quantity: 1, unitPrice: '8', fields: { engraving: 'secret' } },
      ],
      shippingAddress: { name: 'Secret', lines: ['Secret Lane'], country: 'DE' },
    })
    const { order } = await saveOrder(server, { sourceId: 'erased-1', total: '8' })
    await mutate(server, 'eraseProfile', { profile })
    expect(await readOrder(server, 'erased-1')).toBeNull()
    const left = await server.query(
      'query ($by: OrderKeyInput!) { order(by: $by) { sourceId totalMinor fields shippingAddress couponCodes items { name fields product { sourceId } } } }',
      { by: { id: order.id } },
    )
    expect(left.order).toMatchObject({
      totalMinor: 800,
      fields: {},
      shippingAddress: null,
      couponCodes: [],
      items: [{ name: null, fields: {}, product: { sourceId: 'mug' } }],
    })
    expect(left.order.sourceId).toMatch(/^[\w-]{43}$/)
    const [again] = await saveOrders(server, { ...euros, sourceId: 'erased-1', total: '8' })
    expect(again.error).toMatchObject({ code: 'CONFLICT', field: 'input.orders[0].sourceId' })
    const note = { note: 'secret again' }
    const [byHash] = await saveOrders(server, { ...euros, sourceId: left.order.sourceId, total: '9', fields: note })
    expect(byHash.error).toMatchObject({ code: 'CONFLICT', field: 'input.orders[0].sourceId' })
    const refund = { order: { id: order.id }, amount: '1', refundId: 'secret-7' }
    expect(await refused(server, turnDocument('refundOrder'), refund)).toBe('BAD_INPUT input.refundId')
  })

  test('nor does an event that tells of such an order again make one of it', async () => {
    const profile = { sourceId: 'erased by event' }
    await saveOrder(server, { ...euros, sourceId: 'erased-2', profile, total: '8' })
    await mutate(server, 'eraseProfile', { profile })
    const told = await server.query(
      'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { orderWarnings { code } profile { sourceId } } }',
      {
        input: {
          ...{ name: 'Order Completed', profile: { sourceId: 'namesake' } },
          data: { order_id: 'erased-2', total: 8, currency: 'EUR' },
        },
      },
    )
    expect(told.trackEvent.orderWarnings).toEqual([{ code: 'ORDER_OF_SOMEBODY_ERASED' }])
    expect(await readOrder(server, 'erased-2')).toBeNull()
    expect(await orderFigures(server, { sourceId: 'namesake' })).toMatchObject({ count: 0 })
  })

  test('keys without PII_READ see no addresses', async () => {
    await saveOrder(server, {
      ...euros,
      sourceId: 'hidden',
      total: '1',
      fields: { email: 'a@example.com', colour: 'red' },
      billingAddress: { city: 'Bonn' },
    })
    const reader = await server.withScopes('PROFILES_READ')
    expect(await readOrder(reader, 'hidden')).toMatchObject({
      billingAddress: null,
      fields: { email: null, colour: 'red' },
    })
  })
})
