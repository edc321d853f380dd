// Events that change or give back an order, held to the fields of orders and of their items.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { addCampaign } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, refused } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const ada = { sourceId: 'ada' }
const trackEvent =
  'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { event { data } fieldWarnings { field } } }'
const defineField = 'mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }'
const deleteField = 'mutation ($input: DeleteFieldInput!) { deleteField(input: $input) { fieldId } }'
const define = async (owner: string, name: string, more: object = {}) =>
  (await caller.query(defineField, { input: { owner, name, ...more } })).defineField.field.id
const track = async (data: object, name: string) =>
  (await caller.query(trackEvent, { input: { name, profile: ada, data } })).trackEvent

it('an event that changes an order is held to what orders and their items are, as far as it goes', async () => {
  await define('ORDER', 'gift', { type: 'BOOLEAN', rules: { required: true } })
  await define('ORDER_ITEM', 'sku', { type: 'STRING', rules: { required: true } })
  await mutate(caller, 'setFieldPolicy', { owner: 'ORDER', unknownKeys: 'REJECT' })
  const given = { order_id: 'A', reason: 'late', products: [{ sku: 1 }, { product_id: 'b' }] }
  for (const name of ['order_updated', 'order_cancelled', 'order_refunded', 'refund', 'order_returned']) {
    const stored = await track({ ...given, gift: 'true' }, name)
    expect(stored.event.data).toEqual({ ...given, gift: true, products: [{ sku: '1' }, { product_id: 'b' }] })
    expect((await track(given, name)).fieldWarnings).toEqual([])
    const wrong = { name, profile: ada, data: { gift: 'perhaps' } }
    expect(await refused(caller, trackEvent, wrong)).toBe('BAD_INPUT input.data.gift')
  }
})

it('an event that changes an order counts among those whose rules name a field of orders', async () => {
  const id = await define('ORDER', 'gift', { type: 'BOOLEAN' })
  const entry = { eventData: { field: 'gift', op: 'EQ', value: true } }
  const journeys = [{ name: 'participant', role: 'PARTICIPANT', events: ['order_updated'], entry }]
  await addCampaign(caller, { programId: await aProgram(caller), name: 'Gifts', journeys })
  const used = 'query ($id: ID!) { fieldUsage(id: $id) { rules { campaign } } }'
  expect((await caller.query(used, { id })).fieldUsage.rules).toEqual([{ campaign: 'Gifts' }])
  expect(await refused(caller, deleteField, { fieldId: id })).toBe('CONFLICT input.fieldId')
})
