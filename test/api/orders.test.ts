// Orders as callers tell them: one order whoever tells of it, amounts that add up, and nothing changed by what is refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import {
  orderFigures,
  readOrder,
  saveOrder,
  saveOrders,
  saveOrdersDocument,
  saveProducts,
  turn,
  turnDocument,
} from '../support/orders.ts'
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
      input: { survivor: { sourceId: 'survivor' }, loser: { sourceId: 'loser' }, keepSourceId: 'survivor' },
    })
    expect(await orderFigures(server, { sourceId: 'survivor' })).toMatchObject({
      count: 2,
      currencies: [{ netMinor: 1200 }],
    })
    expect(
      await saveOrder(server, { sourceId: 'of loser', profile: { sourceId: 'survivor' }, total: '8' }),
    ).toMatchObject({ status: 'UPDATED' })
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
    expect(await turn(server, 'cancelOrder', 'cancelled', { reason: 'too late' })).toMatchObject({
      isChanged: true,
      order: { status: 'CANCELLED' },
    })
    expect(await turn(server, 'cancelOrder', 'cancelled')).toMatchObject({ isChanged: false })
    expect(await orderFigures(server, profile)).toMatchObject({ count: 0, cancelled: 1, currencies: [] })
    expect((await readOrder(server, 'cancelled')).changes).toMatchObject([
      { kind: 'STATED' },
      { kind: 'STATUS', status: 'CANCELLED', reason: 'too late' },
    ])
  })

  test('its status goes from step to step', async () => {
    await anOrder('steps')
    for (const status of ['PAID', 'FULFILLED']) await turn(server, 'setOrderStatus', 'steps', { status })
    expect((await readOrder(server, 'steps')).changes.map(({ status }: { status: string }) => status)).toEqual([
      null,
      'PAID',
      'FULFILLED',
    ])
  })

  test('refunds by amount and by item add up to what was paid, and no further', async () => {
    const profile = { sourceId: 'refunded' }
    await anOrder('refunds', { profile })
    const refund = (more: object) => turn(server, 'refundOrder', 'refunds', more)
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
    expect(await turn(server, 'refundOrder', 'twice', told)).toMatchObject({ isChanged: true })
    expect(await turn(server, 'refundOrder', 'twice', told)).toMatchObject({
      isChanged: false,
      order: { refundedMinor: 500 },
    })
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
    await turn(server, 'refundOrder', 'returned', { amount: '1' })
    expect(await turn(server, 'returnOrder', 'returned', { reason: 'broken' })).toMatchObject({
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
        input: { name: 'Buyers of 50', rule: { order: { measure: 'TOTAL', currency: 'EUR', op: 'GTE', value: 5000 } } },
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
    await turn(server, 'cancelOrder', 'of audience')
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

describe('an account’s own currency', () => {
  const rates = 'mutation ($input: SetCurrencyRatesInput!) { setCurrencyRates(input: $input) { count } }'

  test('orders keep the rate that held when they were placed; later rates change none until it is asked for', async () => {
    const caller = await server.otherAccount('Rates')
    const rate = (value: string, validFrom: string) => ({ currency: 'USD', rate: value, validFrom })
    expect(await refused(caller, rates, { rates: [rate('0.9', placedAt)] })).toBe('CONFLICT')
    await mutate(caller, 'setOrderSettings', { baseCurrency: 'EUR' })
    await caller.query(rates, {
      input: { rates: [rate('0.8', '2026-01-01T00:00:00Z'), rate('0.9', '2026-03-01T00:00:00Z')] },
    })
    const profile = { sourceId: 'abroad' }
    await saveOrders(
      caller,
      { placedAt: '2025-12-31T00:00:00Z', sourceId: 'before', currency: 'USD', total: '10', profile },
      { placedAt: '2026-02-28T00:00:00Z', sourceId: 'february', currency: 'USD', total: '10.01', profile },
      { placedAt, sourceId: 'march', currency: 'USD', total: '10', profile },
      { placedAt, sourceId: 'own', currency: 'EUR', total: '3', profile },
    )
    expect((await readOrder(caller, 'before')).base).toBeNull()
    // 10.01 × 0.8 = 8.008
    expect((await readOrder(caller, 'february')).base).toEqual({ currency: 'EUR', rate: '0.8', totalMinor: 801 })
    expect((await readOrder(caller, 'march')).base).toEqual({ currency: 'EUR', rate: '0.9', totalMinor: 900 })
    await turn(caller, 'refundOrder', 'march', { amount: '5' })
    expect(await orderFigures(caller, profile)).toMatchObject({
      count: 4,
      currencies: [
        { currency: 'EUR', netMinor: 300 },
        { currency: 'USD', grossMinor: 3001, netMinor: 2501 },
      ],
      base: { currency: 'EUR', count: 3, grossMinor: 2001, refundedMinor: 450, netMinor: 1551 },
    })
    await caller.query(rates, { input: { rates: [rate('0.5', placedAt)] } })
    expect((await readOrder(caller, 'march')).base.totalMinor).toBe(900)
    const span = { placedFrom: '2025-01-01T00:00:00Z', placedTo: '2027-01-01T00:00:00Z' }
    const { recomputeBaseAmounts } = await caller.query(
      'mutation ($input: RecomputeBaseAmountsInput!) { recomputeBaseAmounts(input: $input) { changed missing after } }',
      { input: span },
    )
    expect(recomputeBaseAmounts).toEqual({ changed: 3, missing: 1, after: null })
    expect((await readOrder(caller, 'march')).base.totalMinor).toBe(500)
  })
})

describe('products', () => {
  test('an item comes before its product, which is filled in later', async () => {
    await saveOrder(server, { ...euros, sourceId: 'early', items: [{ product: 'lamp', total: '40' }] })
    const list = 'query { products(first: 100, filter: { isPlaceholder: true }) { edges { node { sourceId } } } }'
    const waiting = async () =>
      (await server.query(list)).products.edges.map(({ node }: { node: { sourceId: string } }) => node.sourceId)
    expect(await waiting()).toContain('lamp')
    const [result] = await saveProducts(server, {
      sourceId: 'lamp',
      name: 'Lamp',
      price: '40',
      currency: '€',
      category: ['Home', 'Light'],
    })
    expect(result).toMatchObject({ status: 'UPDATED', product: { name: 'Lamp', isPlaceholder: false } })
    expect(await waiting()).not.toContain('lamp')
    expect((await readOrder(server, 'early')).items).toMatchObject([
      { product: { name: 'Lamp', isPlaceholder: false } },
    ])
  })

  test('are saved with their variants, tell what changed, and an SKU is of one alone', async () => {
    const shirt = {
      sourceId: 'shirt',
      name: 'Shirt',
      price: '19.90',
      currency: 'EUR',
      variants: [{ sku: 'S' }, { sku: 'M', price: '21' }],
    }
    expect(
      await saveProducts(server, shirt, { sourceId: 'other', variants: [{ sku: 'M' }] }, { sourceId: ' ' }),
    ).toMatchObject([
      { status: 'CREATED' },
      { status: null, error: { code: 'CONFLICT', field: 'input.products[1].variants' } },
      { error: { code: 'BAD_INPUT', field: 'input.products[2].sourceId' } },
    ])
    expect(await saveProducts(server, shirt)).toMatchObject([{ status: 'UNCHANGED' }])
    expect(await saveProducts(server, { sourceId: 'shirt', price: '18', status: 'DISCONTINUED' })).toMatchObject([
      { status: 'UPDATED', differences: [{ field: 'priceMinor', before: 1990, after: 1800 }, { field: 'status' }] },
    ])
    const read =
      'query ($by: ProductKeyInput!) { product(by: $by) { name status priceMinor currency variants { sku priceMinor } } }'
    expect((await server.query(read, { by: { sourceId: 'shirt' } })).product).toEqual({
      ...{ name: 'Shirt', status: 'DISCONTINUED', priceMinor: 1800, currency: 'EUR' },
      variants: [
        { sku: 'M', priceMinor: 2100 },
        { sku: 'S', priceMinor: null },
      ],
    })
    expect((await server.query(read, { by: { sourceId: 'other' } })).product).toBeNull()
  })

  test('their own fields are held to what the account defines', async () => {
    const caller = await server.otherAccount('Fields')
    for (const [owner, name] of [
      ['PRODUCT', 'weight'],
      ['ORDER', 'table'],
      ['ORDER_ITEM', 'seat'],
    ])
      await mutate(caller, 'defineField', { owner, name, type: 'INTEGER', required: true })
    expect(await saveProducts(caller, { sourceId: 'a', fields: { weight: '12' } }, { sourceId: 'b' })).toMatchObject([
      { status: 'CREATED' },
      { error: { code: 'BAD_INPUT', field: 'input.products[1].fields.weight' } },
    ])
    const results = await saveOrders(
      caller,
      { ...euros, sourceId: 'a', fields: { table: 4 }, items: [{ product: 'a', fields: { seat: 'x' } }] },
      { ...euros, sourceId: 'b', fields: { table: 4 }, items: [{ product: 'a', fields: { seat: '2' } }] },
    )
    expect(results[0].error).toMatchObject({ code: 'BAD_INPUT', field: 'input.orders[0].items[0].fields.seat' })
    expect((await readOrder(caller, 'b')).items).toMatchObject([{ fields: { seat: 2 } }])
  })
})

test('orders are listed by status, by when they were placed and by person, page by page', async () => {
  const caller = await server.otherAccount('Lists')
  const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04']
  await saveOrders(
    caller,
    ...days.map((day, i) => ({
      sourceId: day,
      placedAt: `${day}T00:00:00Z`,
      profile: { sourceId: i % 2 ? 'odd' : 'even' },
    })),
  )
  await turn(caller, 'cancelOrder', '2026-01-02')
  const list = `query ($filter: OrderFilter, $first: Int, $after: String) { orders(filter: $filter, first: $first, after: $after) {
    edges { node { sourceId } } pageInfo { endCursor hasNextPage } } }`
  const page = async (filter: object, more: object = {}) => (await caller.query(list, { filter, ...more })).orders
  const ids = ({ edges }: { edges: { node: { sourceId: string } }[] }) => edges.map(({ node }) => node.sourceId)
  expect(ids(await page({ statuses: ['CANCELLED'] }))).toEqual(['2026-01-02'])
  expect(ids(await page({ placedFrom: '2026-01-02T00:00:00Z', placedTo: '2026-01-04T00:00:00Z' }))).toEqual([
    '2026-01-02',
    '2026-01-03',
  ])
  expect(ids(await page({ profile: { sourceId: 'even' } }))).toEqual(['2026-01-01', '2026-01-03'])
  expect(ids(await page({ profile: { sourceId: 'nobody' } }))).toEqual([])
  const first = await page({}, { first: 3 })
  expect([ids(first), first.pageInfo.hasNextPage]).toEqual([days.slice(0, 3), true])
  expect(ids(await page({}, { first: 3, after: first.pageInfo.endCursor }))).toEqual([days[3]])
})
