// What events tell of orders, on a running server: figures, audiences and criteria follow refunds, cancellations and what was
// bought, events of one list see one another, and what cannot be taken is told.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign } from '../support/brand.ts'
import { readOrder } from '../support/orders.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const dayMs = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString()

const trackEvents = `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results {
  error { code message } payload { replayed orderWarnings { code } profile { id } attribution { status reason } }
} } }`
const people =
  'query ($filter: RuleInput) { profiles(filter: $filter, first: 50) { totalCount edges { node { id } } } }'

/** Sends the events in one list; throws where one is refused. */
async function tell(caller: Caller, ...events: object[]) {
  const { trackEvents: answer } = await caller.query(trackEvents, { input: { events } })
  return answer.results.map(({ error, payload }: { error: unknown; payload: Payload }): Payload => {
    expect(error).toBeNull()
    return payload
  }) as Payload[]
}

interface Payload {
  replayed: boolean
  orderWarnings: { code: string }[]
  profile: { id: string }
  attribution: { status: string; reason: string | null }
}

const warningsIn = (answers: readonly Payload[]) =>
  answers.map(({ orderWarnings }) => orderWarnings.map(({ code }) => code))

const of = (sourceId: string) => ({ profile: { sourceId } })
const bought = (order_id: string, total: number, more: object = {}) => ({
  ...{ name: 'Order Completed', ...of('ann'), data: { order_id, total, currency: 'EUR', ...more } },
})
const about = (name: string, order_id: string, data: object = {}) => ({
  name,
  ...of('ann'),
  data: { order_id, ...data },
})

const count = async (caller: Caller, filter: object): Promise<number> =>
  (await caller.query(people, { filter })).profiles.totalCount

const figure = (aggregate: string, value: number, more: object = {}) => ({
  order: { aggregate, op: 'EQ', value, ...(aggregate.endsWith('MINOR') ? { currency: 'EUR' } : {}), ...more },
})

describe.each([
  ['one by one', false],
  ['in one list', true],
])('sent %s', (_how, inOneList) => {
  async function send(caller: Caller, ...events: object[]): Promise<Payload[]> {
    if (inOneList) return tell(caller, ...events)
    const answers: Payload[] = []
    for (const event of events) answers.push(...(await tell(caller, event)))
    return answers
  }

  test('refunds lessen what orders come to, and more than was paid is told and changes nothing', async () => {
    const caller = await server.otherAccount()
    const answers = await send(
      caller,
      bought('1', 100),
      bought('2', 40),
      about('Order Refunded', '1', { total: 30, currency: 'EUR' }),
      about('Order Refunded', '1', { total: 70.01, currency: 'EUR' }),
      about('Order Refunded', '1', { total: 1, currency: 'USD' }),
      about('Order Refunded', '9', { total: 1 }),
    )
    expect(warningsIn(answers)).toEqual([[], [], [], ['REFUND_BEYOND_PAID'], ['OTHER_CURRENCY'], ['ORDER_UNKNOWN']])
    expect(await count(caller, figure('TOTAL_MINOR', 11_000))).toBe(1)
    expect(await count(caller, figure('LARGEST_MINOR', 7_000))).toBe(1)
    expect(await count(caller, figure('FIRST_MINOR', 7_000))).toBe(1)
    expect(await count(caller, figure('AVERAGE_MINOR', 5_500))).toBe(1)
    expect(warningsIn(await send(caller, about('refund', '1')))).toEqual([[]])
    expect(await count(caller, figure('TOTAL_MINOR', 4_000))).toBe(1)
    expect(await count(caller, figure('COUNT', 2))).toBe(1)
  })

  test('a refund of items that nobody can find is told, and gives nothing back', async () => {
    const caller = await server.otherAccount()
    const refunded = (data: object) => about('Order Refunded', '1', data)
    const answers = await send(
      caller,
      bought('1', 100, { products: [{ product_id: 'mug', quantity: 2, price: 50 }] }),
      refunded({ products: [] }),
      refunded({ products: [{ product_id: 'hat', quantity: 1 }] }),
      refunded({ products: [{ product_id: 'mug', quantity: 0 }] }),
      about('order_returned', '1', { products: [{ quantity: 1 }] }),
    )
    const told = ['ITEMS_UNKNOWN']
    expect(warningsIn(answers)).toEqual([[], told, told, told, told])
    expect(await count(caller, figure('TOTAL_MINOR', 10_000))).toBe(1)
  })

  test('what a later statement does not tell stays, and the items come to what they are now', async () => {
    const caller = await server.otherAccount()
    const one = { product_id: 'mug', quantity: 1 }
    await send(
      caller,
      bought('1', 100, { discount: 5, shipping: 3, tax: 2, products: [{ ...one, price: 100 }] }),
      bought('1', 110),
    )
    const kept = { discountMinor: 500, shippingMinor: 300, taxMinor: 200 }
    expect(await readOrder(caller, '1')).toMatchObject({ ...kept, itemsMinor: 10_000 })
    await send(caller, bought('1', 110, { products: [one] }))
    expect(await readOrder(caller, '1')).toMatchObject({ ...kept, itemsMinor: null })
  })

  test('a cancelled order is none, and one that is told of again stays what it was', async () => {
    const caller = await server.otherAccount()
    await send(caller, bought('1', 100), bought('2', 40), about('Order Cancelled', '1'), bought('1', 120))
    expect(await count(caller, figure('COUNT', 1))).toBe(1)
    expect(await count(caller, figure('TOTAL_MINOR', 4_000))).toBe(1)
  })

  test('an update changes the amount alone', async () => {
    const caller = await server.otherAccount()
    await send(
      caller,
      { ...bought('1', 100), occurredAt: daysAgo(20) },
      about('Order Updated', '1', { total: 80, currency: 'EUR' }),
      about('Order Updated', '1', { note: 'leave it at the door' }),
    )
    expect(await count(caller, figure('TOTAL_MINOR', 8_000))).toBe(1)
    expect(await count(caller, figure('DAYS_SINCE_FIRST', 20))).toBe(1)
    expect(await count(caller, figure('COUNT', 0, { withinLastDays: 7 }))).toBe(1)
  })

  test('an order is of whom it was told first, under all of their names', async () => {
    const caller = await server.otherAccount()
    const byDevice = { profile: { deviceId: 'phone-1' } }
    const answers = await send(
      caller,
      { ...bought('1', 100), ...byDevice },
      { name: 'signup', profile: { deviceId: 'phone-1', sourceId: 'ann' } },
      bought('1', 90),
      { ...bought('1', 5), ...of('bob') },
      { ...about('Order Refunded', '1'), ...of('bob') },
    )
    expect(warningsIn(answers)).toEqual([[], [], [], ['ORDER_OF_SOMEBODY_ELSE'], ['ORDER_OF_SOMEBODY_ELSE']])
    expect(await count(caller, figure('TOTAL_MINOR', 9_000))).toBe(1)
    expect(await count(caller, figure('COUNT', 1))).toBe(1)
  })

  test('what was bought is known by product, sku and category, without what came back', async () => {
    const caller = await server.otherAccount()
    const products = [
      { product_id: 'tea', sku: 'tea-250', quantity: 3, price: 4, category: 'Food/Drinks' },
      { product_id: 'mug', quantity: 1, price: 8, category: 'Home/Kitchen' },
    ]
    await send(
      caller,
      bought('1', 20, { products }),
      bought('2', 4, { items: [{ item_id: 'tea', quantity: 1, price: 4 }] }),
    )
    const has = (product: object) => count(caller, { product })
    expect(await has({ id: 'tea', atLeast: 4, atMost: 4 })).toBe(1)
    expect(await has({ id: 'tea', counting: 'ORDERS', atLeast: 2 })).toBe(1)
    expect(await has({ sku: 'tea-250', atLeast: 3 })).toBe(1)
    expect(await has({ category: ['Food'], atLeast: 4 })).toBe(1)
    expect(await has({ category: ['Drinks'] })).toBe(0)
    expect(await has({ category: ['Home', 'Kitchen'] })).toBe(1)
    await send(caller, about('Order Refunded', '1', { products: [{ product_id: 'tea', quantity: 2 }] }))
    expect(await has({ id: 'tea', atLeast: 3 })).toBe(0)
    expect(await has({ id: 'tea', atLeast: 2 })).toBe(1)
    // Two of three at 4.00 each.
    expect(await count(caller, figure('TOTAL_MINOR', 1_600))).toBe(1)
    await send(caller, about('Order Cancelled', '1'))
    expect(await has({ id: 'tea', atMost: 1 })).toBe(1)
    expect(await has({ category: ['Home'], atMost: 0 })).toBe(1)
  })

  test('criteria count no order of somebody else, whoever tells of it', async () => {
    const caller = await server.otherAccount()
    const programId = await aProgram(caller)
    const journeys = [
      {
        name: 'gated',
        role: 'PARTICIPANT',
        events: ['knocked'],
        entry: { order: { aggregate: 'COUNT', op: 'GTE', value: 1 } },
      },
    ]
    await addCampaign(caller, { programId, name: 'Buyers', journeys })
    const knock = (sourceId: string) => ({ name: 'knocked', ...of(sourceId) })
    const answers = await send(
      caller,
      bought('1', 10),
      { ...bought('1', 10), ...of('bob') },
      knock('bob'),
      knock('ann'),
      { ...bought('2', 10), ...of('bob') },
      knock('bob'),
    )
    const [, , bob, ann, , later] = answers.map(({ attribution: { status } }) => status)
    expect([bob, ann, later]).toEqual(['UNATTRIBUTED', 'ATTRIBUTED', 'ATTRIBUTED'])
  })

  test('criteria see what was told up to the event, of orders and of products', async () => {
    const caller = await server.otherAccount()
    const programId = await aProgram(caller)
    const spent = { order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 5_000, currency: 'EUR' } }
    const drinks = { product: { id: 'tea', atLeast: 2 } }
    // A gate of its own for each time, since who is inside is not asked again.
    const ask = async (entry: object, more: object = {}) => {
      const name = fresh('knocked').replace(' ', '_')
      const journeys = [{ name: 'gated', role: 'PARTICIPANT', events: [name], entry }]
      await addCampaign(caller, { programId, name, journeys })
      return { name, ...of('ann'), ...more }
    }
    const products = [{ product_id: 'tea', quantity: 2, price: 30 }]
    const answers = await send(
      caller,
      await ask(spent),
      { ...bought('1', 60, { products }), occurredAt: daysAgo(3) },
      await ask(spent),
      await ask(drinks),
      about('Order Refunded', '1', { products: [{ product_id: 'tea', quantity: 1 }] }),
      await ask(spent),
      await ask(drinks),
      // Late: as of then nothing had come back.
      await ask(spent, { occurredAt: daysAgo(1) }),
      await ask(drinks, { occurredAt: daysAgo(1) }),
      await ask(drinks, { occurredAt: daysAgo(4) }),
    )
    const asked = answers.filter((_, i) => i !== 1 && i !== 4).map(({ attribution: { status } }) => status)
    const [yes, no] = ['ATTRIBUTED', 'UNATTRIBUTED']
    expect(asked).toEqual([no, yes, yes, no, no, yes, yes, no])
  })
})

test('an event that is sent again under its key tells of no second order', async () => {
  const caller = await server.otherAccount()
  const event = { ...bought('', 25), idempotencyKey: 'once' }
  await tell(caller, event)
  const [again] = await tell(caller, event)
  expect(again).toMatchObject({ replayed: true, orderWarnings: [] })
  expect(await count(caller, figure('TOTAL_MINOR', 2_500))).toBe(1)
})

test('an order that comes back whole is worth nothing, and is told so once', async () => {
  const caller = await server.otherAccount()
  await tell(caller, bought('1', 25))
  const answers = await tell(
    caller,
    about('order_returned', '1'),
    about('order_refunded', '1'),
    about('order_returned', '1'),
  )
  expect(warningsIn(answers)).toEqual([[], [], []])
  expect(await count(caller, figure('TOTAL_MINOR', 0))).toBe(1)
})

describe('an audience follows', () => {
  const createAudience = 'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }'
  const members =
    'query ($id: ID!) { node(id: $id) { ... on Audience { members(first: 10) { edges { node { profile { id } } } } } } }'

  async function anAudienceOf(caller: Caller, rule: object) {
    const made = await caller.query(createAudience, { input: { name: fresh('Buyers'), rule } })
    const { id } = made.createAudience.audience
    return async () => (await caller.query(members, { id })).node.members.edges.length as number
  }

  test('refunds, cancellations and products, in the transaction of the event', async () => {
    const caller = await server.otherAccount()
    const spenders = await anAudienceOf(caller, {
      order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 5_000, currency: 'EUR' },
    })
    const drinkers = await anAudienceOf(caller, { product: { id: 'tea' } })
    const sizes = async () => [await spenders(), await drinkers()]
    await tell(caller, bought('1', 60, { products: [{ product_id: 'tea', price: 60 }] }))
    expect(await sizes()).toEqual([1, 1])
    await tell(caller, about('Order Refunded', '1', { total: 10.01, currency: 'EUR' }))
    expect(await sizes()).toEqual([0, 1])
    await tell(caller, about('Order Updated', '1', { total: 100, currency: 'EUR' }))
    expect(await sizes()).toEqual([1, 1])
    await tell(caller, about('Order Cancelled', '1'))
    expect(await sizes()).toEqual([0, 0])
  })

  test('friends whose first order was worth enough', async () => {
    const caller = await server.otherAccount()
    const programId = await aProgram(caller)
    const journeys = [{ name: 'friend', role: 'FRIEND', events: ['visit'] }]
    await addCampaign(caller, { programId, name: 'Friends', journeys })
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id } } }',
      { input: { code: 'ada', programId, advocate: { sourceId: 'ada' } } },
    )
    const first = { order: { aggregate: 'FIRST_MINOR', op: 'GT', value: 5_000, currency: 'EUR', withinLastDays: 30 } }
    const stars = { relationship: { as: 'ADVOCATE', atLeast: 2, where: first } }
    for (const friend of ['f1', 'f2', 'f3'])
      await tell(caller, { name: 'visit', ...of(friend), targeting: { advocateCodes: ['ada'] } })
    const buy = (friend: string, [id, total]: [id: string, total: number], days: number) =>
      tell(caller, { ...bought(id, total), ...of(friend), occurredAt: daysAgo(days) })
    await buy('f1', ['1', 60], 3)
    // A later order does not make up for the first; nor does one from before the window.
    await buy('f2', ['2', 20], 3)
    await buy('f2', ['3', 90], 2)
    await buy('f3', ['4', 60], 40)
    expect(await count(caller, stars)).toBe(0)
    await tell(caller, { ...about('Order Cancelled', '2'), ...of('f2') })
    expect(await count(caller, stars)).toBe(1)
    await tell(caller, { ...about('Order Refunded', '3', { total: 45, currency: 'EUR' }), ...of('f2') })
    expect(await count(caller, stars)).toBe(0)
  })
})
