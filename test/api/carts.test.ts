// Carts that nothing came of: told once, an hour after the last that was done with them, and not where somebody ordered.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { saveOrder } from '../support/orders.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await openBrand(server)
})
afterAll(() => server?.stop())

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const add = (caller: Caller, sourceId: string, minutes: number) =>
  track(caller, { name: 'product_added', profile: { sourceId }, occurredAt: minutesAgo(minutes) })

/** In one transaction, so that no cart of theirs is told of in between. */
const trackTogether = (...events: object[]) => mutate(server, 'trackEvents', { events })

const eventsDocument = `query ($by: ProfileKeyInput!) { profile(by: $by) { events(first: 100) {
  edges { node { name occurredAt data } } } } }`

async function abandoned(caller: Caller, sourceId: string) {
  const { profile } = await caller.query(eventsDocument, { by: { sourceId } })
  const events: { name: string; occurredAt: string; data: object }[] = profile.events.edges.map(
    ({ node }: { node: unknown }) => node,
  )
  return events.filter(({ name }) => name === 'cart_abandoned')
}

/** Somebody whose cart is due after all that were told of before; the longest due are told first. */
async function allAreTold(caller: Caller) {
  const last = `last ${Math.random()}`
  await add(caller, last, 60.01)
  await expect.poll(() => abandoned(caller, last), { timeout: 30_000 }).toHaveLength(1)
}

test('a cart is told of once, an hour after the last event, with what was in it', async () => {
  const data = { cart_id: 'c-1', products: [{ product_id: 'mug' }], secret: 'not repeated' }
  const profile = { sourceId: 'leaver' }
  const occurredAt = minutesAgo(90)
  await trackTogether(
    { name: 'product_added', profile, occurredAt: minutesAgo(120) },
    { name: 'checkout_started', profile, occurredAt, data },
  )
  await allAreTold(server)
  const [told, ...others] = await abandoned(server, 'leaver')
  expect(others).toEqual([])
  expect(new Date(told?.occurredAt ?? 0).getTime()).toBe(new Date(occurredAt).getTime() + 3_600_000)
  const { secret: _, ...kept } = data
  expect(told?.data).toMatchObject({ ...kept, last_event: 'checkout_started' })
  // Told again what was told before, it opens no other.
  await allAreTold(server)
  expect(await abandoned(server, 'leaver')).toHaveLength(1)
})

test('who ordered since, by event or by file, or goes on putting things into it, has abandoned none', async () => {
  const data = { order_id: 'after cart', total: 3, currency: 'EUR' }
  const profile = { sourceId: 'buyer' }
  await trackTogether(
    { name: 'product_added', profile, occurredAt: minutesAgo(90) },
    { name: 'order_completed', profile, occurredAt: minutesAgo(80), data },
  )
  await saveOrder(server, { sourceId: 'by file', placedAt: minutesAgo(70), profile: { sourceId: 'filer' } })
  await add(server, 'filer', 85)
  await track(server, { name: 'product_added', profile: { sourceId: 'goes on' } })
  await add(server, 'goes on', 90)
  await allAreTold(server)
  for (const sourceId of ['buyer', 'filer', 'goes on'])
    expect([sourceId, await abandoned(server, sourceId)]).toEqual([sourceId, []])
})

test('two profiles that are one person have one cart, the later one', async () => {
  await mutate(server, 'setOrderSettings', { cartMinutes: 300 })
  await track(server, { name: 'product_added', profile: { deviceId: 'd1' }, occurredAt: minutesAgo(100) })
  await track(server, { name: 'login', profile: { sourceId: 'two devices', deviceId: 'd1' } })
  await mutate(server, 'setOrderSettings', { cartMinutes: 60 })
  await add(server, 'two devices', 90)
  await allAreTold(server)
  expect(await abandoned(server, 'two devices')).toMatchObject([{ data: { last_event: 'product_added' } }])
})

test('an account says how long a cart waits, or that none is ever abandoned; what is old opens none', async () => {
  const caller = await server.otherAccount('Carts')
  await openBrand(caller)
  await add(caller, 'old', 60 * 26)
  await mutate(caller, 'setOrderSettings', { cartMinutes: null })
  await add(caller, 'never', 120)
  await mutate(caller, 'setOrderSettings', { cartMinutes: 30 })
  await add(caller, 'half an hour', 40)
  await allAreTold(caller)
  expect(await abandoned(caller, 'half an hour')).toHaveLength(1)
  for (const sourceId of ['old', 'never']) expect(await abandoned(caller, sourceId)).toEqual([])
})

test('what comes in late of a cart that was told of makes no second one', async () => {
  await mutate(server, 'setOrderSettings', { cartMinutes: 60 })
  await add(server, 'late', 70)
  await allAreTold(server)
  expect(await abandoned(server, 'late')).toHaveLength(1)
  await add(server, 'late', 80)
  await allAreTold(server)
  expect(await abandoned(server, 'late')).toHaveLength(1)
})

test('an account that wants no cart to be abandoned any more has those closed that were open', async () => {
  const caller = await server.otherAccount('Carts no more')
  await openBrand(caller)
  await add(caller, 'left', 59.9)
  await mutate(caller, 'setOrderSettings', { cartMinutes: null })
  // Due a moment later, so that it is told when that of the other account was looked at.
  await add(server, 'soon', 59.88)
  await expect.poll(() => abandoned(server, 'soon'), { timeout: 30_000 }).toHaveLength(1)
  await mutate(caller, 'setOrderSettings', { cartMinutes: 60 })
  await allAreTold(caller)
  expect(await abandoned(caller, 'left')).toEqual([])
})
