// Products, the account’s own currency, and lists of orders.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { orderFigures, readOrder, saveOrder, saveOrders, saveProducts, turnsOf } from '../support/orders.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const placedAt = '2026-03-01T10:00:00Z'
const euros = { placedAt, currency: 'EUR' }

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
      await mutate(caller, 'defineField', { owner, name, type: 'INTEGER', rules: { required: true } })
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
    await turnsOf(caller)('refundOrder', 'march', { amount: '5' })
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

test('an order whose amount is not known any more has none in the account’s own currency', async () => {
  const caller = await server.otherAccount('No rate')
  await mutate(caller, 'setOrderSettings', { baseCurrency: 'EUR' })
  const told = (data: object) =>
    mutate(caller, 'trackEvents', {
      events: [{ name: 'order_completed', profile: { sourceId: 'ann' }, data: { order_id: '1', ...data } }],
    })
  await told({ total: 10, currency: 'EUR' })
  expect((await readOrder(caller, '1')).base).toMatchObject({ totalMinor: 1000 })
  await told({ total: 'free' })
  expect(await readOrder(caller, '1')).toMatchObject({ totalMinor: null, base: null })
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
  await turnsOf(caller)('cancelOrder', '2026-01-02')
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

test('a list of orders with their lines, products and changes costs as many statements for twelve as for one', async () => {
  const read = `{ orders(first: 100) { edges { node { sourceId profile { sourceId } items { line product { name variants { sku } } }
    changes { kind } } } } }`
  const statements = async (count: number) => {
    const caller = await server.otherAccount(`Of ${count}`)
    const orders = Array.from({ length: count }, (_, i) => ({
      ...{ ...euros, sourceId: `o ${i}`, profile: { sourceId: `p ${i}` } },
      items: [
        { product: `a ${i}`, total: '1' },
        { product: `b ${i}`, total: '2' },
      ],
    }))
    await saveOrders(caller, ...orders)
    const sent = await statementsOf(async () => {
      expect((await caller.query(read)).orders.edges).toHaveLength(count)
    })
    return sent.filter(({ text }) => !text.includes('api_key') && !text.includes('_due') && !text.includes('open_cart'))
      .length
  }
  expect(await statements(12)).toBe(await statements(1))
})
