import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
let server: TestServer
beforeAll(async () => { server = await startServer() })
afterAll(() => server?.stop())
const at = (m: number) => new Date(Date.now() - 86400000 + m * 60000).toISOString()
const many = (c: Caller, events: object[]) => c.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { message } payload { event { id } attribution { status campaign { name } warnings { code hint } } } } } }', { input: { events } })
const coupon = (c: Caller, code: string, id: string) => c.query('mutation ($input: CreateCouponInput!) { createCoupon(input: $input) { __typename } }', { input: { code, campaignIds: [id] } })
async function two(c: Caller) {
  const { programId } = await openBrand(c, 'Zero')
  const flow = [{ name: 'p', role: 'PARTICIPANT', priority: 500, events: ['visit', 'buy'] }]
  const a = await addCampaign(c, { programId, name: 'A', journeys: flow })
  const b = await addCampaign(c, { programId, name: 'B', journeys: flow })
  await coupon(c, 'AA', a); await coupon(c, 'BB', b)
}
test('R3 growth of warnings, R8 preview', async () => {
  const c = await server.otherAccount('grow')
  await two(c)
  const { programId } = await openBrand(c, 'Third'); await addCampaign(c, { programId, name: 'C', journeys: [{ name: 'p', role: 'PARTICIPANT', priority: 500, events: ['buy'] }] })
  const profile = { sourceId: 'x' }
  const { event } = await track(c, { name: 'buy', profile, occurredAt: at(1000) })
  const p = await c.query('query ($input: TrackEventInput!) { previewTargeting(input: $input) { campaign { name } warnings { code } } }', { input: { name: 'visit', profile, occurredAt: at(0), targeting: { couponCodes: ['AA'] } } })
  console.log('preview', JSON.stringify(p))
  for (let k = 0; k < 3; k++) await many(c, Array.from({ length: 300 }, (_, i) => ({ name: 'visit', profile, occurredAt: at(i + k * 300), targeting: { couponCodes: [i % 2 ? 'BB' : 'AA'] } })))
  const q = await c.query('query ($id: ID!) { attribution(eventId: $id) { warnings { code } } }', { id: event.id })
  console.log('warnings on the stored event:', q.attribution.warnings.length)
})
