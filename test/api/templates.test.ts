// Templates of industries: what they define, once, and beside what the account has.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await openBrand(server)
})
afterAll(() => server?.stop())

const install = `mutation ($input: InstallTemplateInput!) { installTemplate(input: $input) {
  eventsDefined fieldsDefined template { name events { name } fields { name } } } }`

test('each can be installed, and a second time it defines nothing', async () => {
  const { eventTemplates } = await server.query('{ eventTemplates { name events { name followsTransaction } } }')
  expect(eventTemplates.map(({ name }: { name: string }) => name)).toEqual([
    'RETAIL',
    'SERVICES',
    'TRAVEL',
    'FOOD_DELIVERY',
  ])
  for (const { name } of eventTemplates) {
    const caller = await server.otherAccount(name)
    const { installTemplate: first } = await caller.query(install, { input: { name } })
    expect(first.eventsDefined).toEqual(first.template.events.map((event: { name: string }) => event.name))
    expect(first.fieldsDefined).toHaveLength(first.template.fields.length)
    const { installTemplate: again } = await caller.query(install, { input: { name } })
    expect([again.eventsDefined, again.fieldsDefined]).toEqual([[], []])
  }
})

test('what the account has defined stays, and events are held to the rest from then on', async () => {
  await mutate(server, 'defineField', { owner: 'ORDER', name: 'gift', type: 'STRING' })
  await mutate(server, 'setEventType', { name: 'order_cancelled', followsTransaction: false })
  const { installTemplate: done } = await server.query(install, { input: { name: 'RETAIL' } })
  expect(done.fieldsDefined).not.toContain('ORDER gift')
  expect(done.eventsDefined).not.toContain('order_cancelled')
  expect(done.fieldsDefined).toContain('EVENT product_viewed.sku')
  const viewed = { name: 'product_viewed', profile: { sourceId: 'viewer' } }
  await track(server, { ...viewed, data: { sku: 'mug-red', price: '9.90', currency: 'EUR', own: 'kept' } })
  await expect(track(server, { ...viewed, data: { price: 'cheap' } })).rejects.toThrow('not a number')
})
