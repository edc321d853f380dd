// Orders as callers save them: one order whoever tells of it, and nothing changed by what is refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { orderFigures, readOrder, saveOrder, saveOrders, saveOrdersDocument, turnDocument } from '../support/orders.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await openBrand(server)
})
afterAll(() => server?.stop())

const placedAt = '2026-03-01T10:00:00Z'
const euros = { placedAt, currency: 'EUR' }

describe('saving orders', () => {
  test('a new order is created whole, with its lines, addresses and codes', async () => {
    const result = await saveOrder(server, {
      ...euros,
      sourceId: 'whole',
      profile: { sourceId: 'anna' },
      items: [
        { product: 'mug', sku: 'mug-red', name: 'Mug', quantity: 2, unitPrice: '9.95' },
        { product: 'tea', quantity: 3, unitPrice: '3.333', discount: '1' },
      ],
      discount: '2',
      shipping: '4.90',
      tax: '1.00',
      couponCodes: [' SPRING ', 'SPRING'],
      shippingAddress: {
        name: 'Anna',
        lines: ['Lane 1'],
        postalCode: 'd-10115',
        city: 'Berlin',
        region: 'Berlin',
        country: 'Deutschland',
      },
      fields: { gift: true },
    })
    expect(result).toMatchObject({ status: 'CREATED', differences: [], warnings: [] })
    expect(await readOrder(server, 'whole')).toMatchObject({
      ...{ status: 'PLACED', placedAt: '2026-03-01T10:00:00.000Z', currency: 'EUR', source: 'API' },
      // 2 × 9.95 = 19.90; 3 × 3.333 - 1 = 8.999, rounded 9.00; 28.90 - 2 + 4.90 + 1 = 32.80
      ...{ itemsMinor: 2890, totalMinor: 3280, computedTotalMinor: 3280, totalsDiffer: false, netMinor: 3280 },
      ...{ discountMinor: 200, shippingMinor: 490, taxMinor: 100, couponCodes: ['SPRING'], fields: { gift: true } },
      profile: { sourceId: 'anna' },
      items: [
        {
          line: 1,
          sku: 'mug-red',
          quantity: 2,
          unitPriceMinor: 995,
          totalMinor: 1990,
          product: { sourceId: 'mug', isPlaceholder: true },
        },
        { line: 2, quantity: 3, unitPriceMinor: 333, discountMinor: 100, totalMinor: 900 },
      ],
      shippingAddress: {
        city: 'Berlin',
        country: 'Deutschland',
        normalised: { country: 'DE', region: 'DE-BE', postalCode: '10115' },
      },
      billingAddress: null,
      changes: [{ kind: 'STATED', source: 'API', totalMinor: 3280 }],
    })
  })

  test('told again it is unchanged; told otherwise it says what is other, and what is left out stays', async () => {
    const order = {
      ...euros,
      sourceId: 'again',
      items: [{ product: 'mug', quantity: 1, unitPrice: '10' }],
      shipping: '5',
    }
    await saveOrder(server, order)
    expect(await saveOrder(server, order)).toMatchObject({ status: 'UNCHANGED', differences: [] })
    expect((await readOrder(server, 'again')).changes).toHaveLength(1)
    const changed = await saveOrder(server, { sourceId: 'again', total: '17', status: 'PAID' })
    expect(changed).toMatchObject({
      status: 'UPDATED',
      differences: [
        { field: 'totalMinor', before: 1500, after: 1700 },
        { field: 'status', before: 'PLACED', after: 'PAID' },
      ],
    })
    expect(await readOrder(server, 'again')).toMatchObject({
      shippingMinor: 500,
      items: [{ totalMinor: 1000 }],
      status: 'PAID',
    })
  })

  test('a total that its parts do not make is kept as told, and both are shown', async () => {
    const { warnings } = await saveOrder(server, {
      ...{ ...euros, sourceId: 'differs', total: '20.00', items: [{ product: 'mug', quantity: 2, unitPrice: '9.99' }] },
    })
    expect(warnings).toEqual([
      { field: 'input.orders[0].total', message: 'told as 20.00 EUR, and its parts make 19.98 EUR' },
    ])
    expect(await readOrder(server, 'differs')).toMatchObject({
      totalMinor: 2000,
      computedTotalMinor: 1998,
      totalsDiffer: true,
    })
  })

  test('amounts are of their currency: yen have no cents, and Kuwaiti dinars a thousand fils', async () => {
    const items = [{ product: 'mug', quantity: 3, unitPrice: '1.2345' }]
    await saveOrders(
      server,
      { placedAt, sourceId: 'yen', currency: 'JPY', items },
      { placedAt, sourceId: 'dinar', currency: 'KWD', items },
      {
        placedAt,
        sourceId: 'included',
        currency: 'EUR',
        items: [{ product: 'mug', total: '11.90' }],
        tax: '1.90',
        taxIncluded: true,
      },
    )
    // 3.7035
    expect((await readOrder(server, 'yen')).totalMinor).toBe(4)
    expect((await readOrder(server, 'dinar')).totalMinor).toBe(3704)
    expect((await readOrder(server, 'included')).totalMinor).toBe(1190)
  })

  test('each is refused alone, and leaves nobody and nothing behind', async () => {
    const results = await saveOrders(
      server,
      { ...euros, sourceId: 'good 1', total: '1' },
      { ...euros, sourceId: 'bad 1', total: '-1', profile: { sourceId: 'never seen' } },
      { sourceId: 'bad 2', total: '1', currency: 'EUR' },
      { placedAt, sourceId: 'bad 3', total: '1' },
      { ...euros, sourceId: 'bad 4', total: '1', profile: { email: 'no address' } },
      { ...euros, sourceId: 'bad 5', items: [{ product: 'mug', quantity: 0, unitPrice: '1' }] },
      { ...euros, sourceId: 'bad 6', profile: { id: '01890000-0000-7000-8000-000000000000' } },
      { ...euros, sourceId: ' ' },
      { ...euros, sourceId: 'good 2', total: '2', profile: { sourceId: 'seen' } },
    )
    expect(
      results.map(
        ({ status, error }: { status: string; error: { code: string; field: string } }) =>
          status ?? `${error.code} ${error.field}`,
      ),
    ).toEqual([
      'CREATED',
      'BAD_INPUT input.orders[1].total',
      'BAD_INPUT input.orders[2].placedAt',
      'BAD_INPUT input.orders[3].currency',
      'BAD_INPUT input.orders[4].profile.email',
      'BAD_INPUT input.orders[5].items[0].quantity',
      'NOT_FOUND input.orders[6].profile.id',
      'BAD_INPUT input.orders[7].sourceId',
      'CREATED',
    ])
    expect(await readOrder(server, 'bad 1')).toBeNull()
    expect(await orderFigures(server, { sourceId: 'never seen' })).toBeUndefined()
    expect(await orderFigures(server, { sourceId: 'seen' })).toMatchObject({ count: 1 })
  })

  test('too many, none, or by a key that may not write is refused', async () => {
    const orders = Array.from({ length: 501 }, (_, i) => ({ ...euros, sourceId: `many ${i}` }))
    expect(await refused(server, saveOrdersDocument, { orders })).toBe('LIMIT_EXCEEDED input.orders')
    expect(await refused(server, saveOrdersDocument, { orders: [] })).toBe('BAD_INPUT input.orders')
    const reader = await server.withScopes('PROFILES_READ')
    expect(await refused(reader, saveOrdersDocument, { orders: orders.slice(0, 1) })).toContain('FORBIDDEN')
  })

  test('what was said of an earlier time changes nothing, and is kept', async () => {
    await saveOrder(server, { ...euros, sourceId: 'late', total: '10', updatedAt: '2026-03-05T00:00:00Z' })
    const late = await saveOrder(server, { ...euros, sourceId: 'late', total: '99', updatedAt: '2026-03-02T00:00:00Z' })
    expect(late.status).toBe('UNCHANGED')
    expect(late.warnings).toMatchObject([{ field: 'input.orders[0].updatedAt' }])
    expect(await readOrder(server, 'late')).toMatchObject({
      totalMinor: 1000,
      changes: [{ totalMinor: 9900 }, { totalMinor: 1000 }],
    })
    await saveOrder(server, { ...euros, sourceId: 'late', total: '99', updatedAt: '2026-03-02T00:00:00Z' })
    expect((await readOrder(server, 'late')).changes).toHaveLength(2)
  })
})

describe('one order, whoever tells of it', () => {
  test('by an event and by a caller: the same number is the same order, and counts once', async () => {
    const profile = { sourceId: 'both' }
    const data = { order_id: 'by both', total: 20, currency: 'EUR' }
    const { event } = await track(server, { name: 'order_completed', profile, occurredAt: placedAt, data })
    await saveOrder(server, {
      sourceId: 'by both',
      profile,
      placedAt,
      currency: 'EUR',
      items: [{ product: 'mug', total: '20' }],
    })
    await track(server, {
      name: 'purchase',
      profile,
      occurredAt: placedAt,
      data: { transaction_id: 'by both', total: 20, currency: 'EUR' },
    })
    expect(await orderFigures(server, profile)).toMatchObject({
      count: 1,
      currencies: [{ currency: 'EUR', count: 1, grossMinor: 2000 }],
    })
    expect(await readOrder(server, 'by both')).toMatchObject({ source: 'EVENT', items: [{ totalMinor: 2000 }] })
    const told = await server.query('query ($id: ID!) { event(id: $id) { order { sourceId } } }', { id: event.id })
    expect(told.event.order).toEqual({ sourceId: 'by both' })
  })

  test('a guest’s order becomes the first one’s who is told of it, and nobody else’s', async () => {
    await saveOrder(server, { ...euros, sourceId: 'guest', total: '5' })
    expect((await readOrder(server, 'guest')).profile).toBeNull()
    await saveOrder(server, { sourceId: 'guest', profile: { sourceId: 'first' } })
    const [other] = await saveOrders(server, { sourceId: 'guest', profile: { sourceId: 'second' }, total: '6' })
    expect(other.error).toMatchObject({ code: 'CONFLICT', field: 'input.orders[0].profile' })
    expect(await readOrder(server, 'guest')).toMatchObject({ totalMinor: 500, profile: { sourceId: 'first' } })
  })

  test('of two profiles that are one person it is the person’s, and their own again when the merge is undone', async () => {
    await saveOrder(server, { ...euros, sourceId: 'of survivor', total: '5', profile: { sourceId: 'survivor' } })
    await saveOrder(server, { ...euros, sourceId: 'of loser', total: '7', profile: { sourceId: 'loser' } })
    const merge = 'mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }'
    await server.query(merge, {
      input: { survivor: { sourceId: 'survivor' }, loser: { sourceId: 'loser' }, allowTwoSourceIds: true },
    })
    expect(await orderFigures(server, { sourceId: 'survivor' })).toMatchObject({
      count: 2,
      currencies: [{ netMinor: 1200 }],
    })
    expect(
      await saveOrder(server, { sourceId: 'of loser', profile: { sourceId: 'survivor' }, total: '8' }),
    ).toMatchObject({ status: 'UPDATED' })
    const { order } = await server.query('{ order(by: { sourceId: "of loser" }) { profile { id } } }')
    const read = 'query ($by: ProfileKeyInput!) { profile(by: $by) { merges { loserId } } }'
    const merged = await server.query(read, { by: { sourceId: 'survivor' } })
    const [{ loserId }] = merged.profile.merges
    await mutate(server, 'undoMerge', { loser: loserId })
    expect(await orderFigures(server, { sourceId: 'survivor' })).toMatchObject({
      count: 1,
      currencies: [{ netMinor: 500 }],
    })
    expect(await orderFigures(server, { sourceId: 'loser' })).toMatchObject({
      count: 1,
      currencies: [{ netMinor: 800 }],
    })
    expect((await readOrder(server, 'of loser')).profile).not.toEqual(order.profile)
  })

  test('is told at once by many, it is one, with one of the contents told', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => saveOrder(server, { ...euros, sourceId: 'at once', total: `${i + 1}` })),
    )
    expect(new Set(results.map(({ order }) => order.id)).size).toBe(1)
    const { totalMinor } = await readOrder(server, 'at once')
    expect([100, 200, 300, 400, 500, 600, 700, 800]).toContain(totalMinor)
  })

  test('another account knows nothing of it, and may have one of the same number', async () => {
    await saveOrder(server, { ...euros, sourceId: 'shared number', total: '5' })
    const other = await server.otherAccount()
    expect(await readOrder(other, 'shared number')).toBeNull()
    expect(await refused(other, turnDocument('cancelOrder'), { order: { sourceId: 'shared number' } })).toBe(
      'NOT_FOUND input.order',
    )
    const { order } = await saveOrder(other, { ...euros, sourceId: 'shared number', total: '9' })
    expect(
      (await server.query('query ($by: OrderKeyInput!) { order(by: $by) { id } }', { by: { id: order.id } })).order,
    ).toBeNull()
    expect((await readOrder(server, 'shared number')).totalMinor).toBe(500)
  })
})
