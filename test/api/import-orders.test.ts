// The files of a shop: customers, products, orders and their lines come in as one, again without a change, and what is refused is named.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { bringIn, commit, rowsOf } from '../support/imports.ts'
import { orderFigures, readOrder, saveOrder, turnsOf } from '../support/orders.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const at = (caller: Caller) => ({ caller, url: server.url })
const codesOf = async (caller: Caller, id: string, action: string) =>
  (await rowsOf(caller, id, action)).map(({ line, code }: { line: number; code: string }) => [line, code])

/** Each with a row that is refused. */
const files = {
  CUSTOMERS:
    '\uFEFFid,email,first_name,town\r\nc-1,ann@example.com,Ann,"Berlin,\r\nMitte"\r\nc-2,bob@example.com,Bob,\r\nc-3,no address,Cy,\r\n',
  PRODUCTS:
    'Product ID;Title;Category;Price;Currency;SKU\r\nmug;"Mug\r\nof clay";Kitchen > Cups;9.95;EUR;mug-red\r\nmug;;;10.95;EUR;mug-blue\r\ntea;Green tea;Food;3.50;EUR;\r\nrug;Rug;;9,95;EUR;\r\n',
  ORDERS:
    'order_number,customer_id,email,order_date,currency,total,shipping,status,coupons,shipping_address,shipping_city,shipping_country\n' +
    '1001,c-1,,2026-03-01T10:00:00Z,EUR,28.30,4.90,paid,"SPRING, VIP","Lane 1\n2nd floor",Berlin,DE\n' +
    '1002,,bob@example.com,2026-03-02 11:30:00,EUR,10.00,,,,,,\n' +
    '1003,,,2026-03-03,EUR,,,,,,,\n' +
    '1004,c-1,,2026-02-31,EUR,1,,,,,,\n' +
    '1005,c-1,,2026-03-01,EUR,"1,50",,,,,,\n' +
    '1006,c-1,,2026-03-01,EUR,-3.00,,,,,,\n' +
    '1007,c-1,bob@example.com,2026-03-01,EUR,3.00,,,,,,\n' +
    '1001,c-2,,2026-03-01,EUR,3.00,,,,,,\n',
  // Rows of one order stand apart.
  ORDER_ITEMS:
    'order_number,product_id,sku,name,qty,price\n' +
    '1001,mug,mug-red,,2,9.95\n' +
    '1002,tea,,Tea,2,3.50\n' +
    '1001,tea,,,1,3.50\n' +
    '1003,,mug-blue,,1,10.95\n' +
    '1003,lamp,,Lamp,1,20\n' +
    '1002,mug,,,two,9.95\n' +
    '9999,mug,,,1,9.95\n' +
    'C1001,mug,,,-1,9.95\n',
} as const

type Kind = keyof typeof files
const kinds = Object.keys(files) as Kind[] // Those of the object.

describe('the four files of a shop', () => {
  const refused: Record<Kind, [number, string][]> = {
    CUSTOMERS: [[5, 'BAD_INPUT']],
    PRODUCTS: [[6, 'BAD_INPUT']],
    ORDERS: [
      [6, 'BAD_INPUT'],
      [7, 'BAD_INPUT'],
      [8, 'NEGATIVE'],
      [9, 'CONFLICT'],
      [10, 'DUPLICATE'],
    ],
    ORDER_ITEMS: [
      [3, 'ORDER_REFUSED'],
      [7, 'BAD_INPUT'],
      [8, 'ORDER_UNKNOWN'],
      [9, 'NEGATIVE'],
    ],
  }
  const created: Record<Kind, number> = { CUSTOMERS: 2, PRODUCTS: 2, ORDERS: 3, ORDER_ITEMS: 4 }
  // The second row of a product completes it.
  const completed: Record<Kind, number> = { CUSTOMERS: 0, PRODUCTS: 1, ORDERS: 0, ORDER_ITEMS: 0 }

  for (const mode of ['RUN', 'PLAN'])
    test(`come in by ${mode}, and again they change nothing`, async () => {
      const caller = await server.otherAccount()
      for (const kind of kinds) {
        const first = await bringIn(at(caller), { kind, mode }, files[kind])
        const done = mode === 'PLAN' ? await commit(caller, first.id) : first
        const counts = { create: created[kind], update: completed[kind], skip: 0, reject: refused[kind].length }
        expect([kind, done.faultMessage, done.applied]).toEqual([kind, null, counts])
        expect([kind, await codesOf(caller, done.id, 'REJECT')]).toEqual([kind, refused[kind]])
      }
      expect(await readOrder(caller, '1001')).toMatchObject({
        ...{ status: 'PAID', placedAt: '2026-03-01T10:00:00.000Z', currency: 'EUR', source: 'IMPORT' },
        // 2 × 9.95 + 3.50 = 23.40, and 4.90 for shipping: as it was told.
        ...{ itemsMinor: 2340, totalMinor: 2830, shippingMinor: 490, totalsDiffer: false, netMinor: 2830 },
        ...{ couponCodes: ['SPRING', 'VIP'], shippingAddress: { city: 'Berlin', lines: ['Lane 1\n2nd floor'] } },
        profile: { sourceId: 'c-1' },
        items: [
          { line: 1, sku: 'mug-red', quantity: 2, totalMinor: 1990, product: { name: 'Mug\r\nof clay' } },
          { line: 2, quantity: 1, totalMinor: 350, product: { sourceId: 'tea', name: 'Green tea' } },
        ],
      })
      // A line of it was refused, so it has none.
      expect(await readOrder(caller, '1002')).toMatchObject({
        items: [],
        profile: { sourceId: 'c-2' },
        totalMinor: 1000,
      })
      // A guest's, whose total nobody told; a variant by its SKU, and a product that nobody told of.
      expect(await readOrder(caller, '1003')).toMatchObject({
        ...{ profile: null, totalMinor: 3095, placedAt: '2026-03-03T00:00:00.000Z' },
        items: [
          { sku: 'mug-blue', product: { sourceId: 'mug', isPlaceholder: false } },
          { name: 'Lamp', product: { sourceId: 'lamp', isPlaceholder: true } },
        ],
      })
      expect(await orderFigures(caller, { sourceId: 'c-1' })).toMatchObject({
        count: 1,
        currencies: [{ currency: 'EUR', netMinor: 2830 }],
      })
      const before = (await readOrder(caller, '1001')).changes
      for (const kind of kinds) {
        // Another file by its bytes, so that it is looked at.
        const again = await bringIn(
          at(caller),
          { kind, mode: 'RUN' },
          `${files[kind]}${files[kind].endsWith('\r\n') ? '\r\n' : '\n'}`,
        )
        expect([kind, again.applied]).toEqual([
          kind,
          { create: 0, update: 0, skip: created[kind] + completed[kind], reject: refused[kind].length },
        ])
        const codes = new Set((await codesOf(caller, again.id, 'SKIP')).map(([, code]: [number, string]) => code))
        expect([kind, [...codes]]).toEqual([kind, ['UNCHANGED']])
      }
      expect((await readOrder(caller, '1001')).changes).toEqual(before)
    })

  test('leave nobody and nothing behind while they are planned, or by a row that is refused', async () => {
    const caller = await server.otherAccount()
    const orders = 'orderId,customerId,placedAt,currency,total\n1,new,2026-03-01,EUR,1\n2,other,2026-03-01,,1\n'
    const planned = await bringIn(at(caller), { kind: 'ORDERS' }, orders)
    expect(planned).toMatchObject({ state: 'AWAITING_CONFIRMATION', planned: { create: 1, reject: 1 } })
    const by = async (sourceId: string) =>
      (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', { by: { sourceId } })).profile
    expect([await readOrder(caller, '1'), await by('new')]).toEqual([null, null])
    expect(await commit(caller, planned.id)).toMatchObject({ applied: { create: 1, reject: 1 } })
    expect(await by('new')).not.toBeNull()
    expect(await by('other')).toBeNull()
  })
})

describe('one order, whoever tells of it', () => {
  test('by an event and by a file it is the same, and a file that says something else changes it', async () => {
    const caller = await server.otherAccount()
    await openBrand(caller)
    const data = {
      transaction_id: 't-1',
      currency: 'EUR',
      value: 20,
      items: [{ item_id: 'mug', quantity: 2, price: 10 }],
    }
    await track(caller, { name: 'purchase', profile: { sourceId: 'e' }, occurredAt: '2026-11-01T10:00:00Z', data })
    const order = 'orderId,customerId,placedAt,currency,total\nt-1,e,2026-11-01T10:00:00Z,EUR,'
    const same = await bringIn(at(caller), { kind: 'ORDERS', mode: 'RUN' }, `${order}20.00\n`)
    expect(await rowsOf(caller, same.id)).toMatchObject([{ action: 'SKIP', code: 'UNCHANGED' }])
    const items = 'orderId,productId,quantity,unitPrice\nt-1,mug,2,10\n'
    const lines = await bringIn(at(caller), { kind: 'ORDER_ITEMS', mode: 'RUN' }, items)
    expect(await rowsOf(caller, lines.id)).toMatchObject([{ action: 'SKIP', code: 'UNCHANGED' }])
    const other = await bringIn(at(caller), { kind: 'ORDERS', mode: 'RUN' }, `${order}21.00\n`)
    expect(await rowsOf(caller, other.id)).toMatchObject([
      { action: 'UPDATE', code: 'TOTALS_DIFFER', changes: { order: 't-1', totalMinor: [2000, 2100] } },
    ])
    expect(await readOrder(caller, 't-1')).toMatchObject({ totalMinor: 2100, totalsDiffer: true })
    const stolen = await bringIn(at(caller), { kind: 'ORDERS', mode: 'RUN' }, `${order.replace(',e,', ',f,')}21.00\n`)
    expect(await rowsOf(caller, stolen.id)).toMatchObject([{ action: 'REJECT', code: 'CONFLICT' }])
  })

  test('what is cancelled stays so, and what changed since the plan was made is refused', async () => {
    const caller = await server.otherAccount()
    await saveOrder(caller, { sourceId: 'p', placedAt: '2026-03-01T10:00:00Z', currency: 'EUR', total: '5' })
    const file = 'orderId,placedAt,currency,total\np,2026-03-01T10:00:00Z,EUR,6\n'
    const planned = await bringIn(at(caller), { kind: 'ORDERS' }, file)
    expect(await rowsOf(caller, planned.id)).toMatchObject([{ action: 'UPDATE', changes: { totalMinor: [500, 600] } }])
    await saveOrder(caller, { sourceId: 'p', total: '7' })
    await turnsOf(caller)('cancelOrder', 'p')
    const done = await commit(caller, planned.id)
    expect(await rowsOf(caller, done.id)).toMatchObject([{ action: 'REJECT', code: 'CHANGED_MEANWHILE' }])
    expect(await readOrder(caller, 'p')).toMatchObject({ totalMinor: 700, status: 'CANCELLED' })
  })

  test('its lines come in together where the file has them far apart, and those told before make way', async () => {
    const caller = await server.otherAccount()
    await saveOrder(caller, {
      ...{ sourceId: 'far', placedAt: '2026-03-01T10:00:00Z', currency: 'EUR' },
      items: [{ product: 'old', quantity: 1, unitPrice: '1' }],
    })
    const others = Array.from({ length: 600 }, (_, index) => `n${index},x,1,1`)
    const orders = ['orderId,placedAt,currency', ...others.map((row) => `${row.split(',')[0]},2026-03-01,EUR`)]
    await bringIn(at(caller), { kind: 'ORDERS', mode: 'RUN' }, `${orders.join('\n')}\n`)
    const items = ['orderId,productId,quantity,unitPrice', 'far,a,1,2', ...others, 'far,b,1,3']
    const done = await bringIn(at(caller), { kind: 'ORDER_ITEMS', mode: 'RUN' }, `${items.join('\n')}\n`)
    expect(done).toMatchObject({ state: 'DONE', applied: { create: 600, update: 2 } })
    const { items: lines, totalMinor } = await readOrder(caller, 'far')
    expect(lines.map(({ product }: { product: { sourceId: string } }) => product.sourceId)).toEqual(['a', 'b'])
    expect(totalMinor).toBe(500)
  })
})

test('the examples of a shop’s files can be brought in as they are', async () => {
  const caller = await server.otherAccount()
  for (const kind of kinds) {
    const document = 'query ($kind: ImportKind!) { importExample(kind: $kind) { content } }'
    const { importExample } = await caller.query(document, { kind })
    const done = await bringIn(at(caller), { kind, mode: 'RUN' }, importExample.content)
    expect([kind, done.state, done.applied.create]).toEqual([kind, 'DONE', 2])
  }
  expect(await readOrder(caller, '2026-0017')).toMatchObject({
    totalMinor: 2480,
    itemsMinor: 1990,
    totalsDiffer: false,
  })
})
