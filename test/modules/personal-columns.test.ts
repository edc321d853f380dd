// The list of what tells of people is the database's: every column is in it, an export holds all of it, and erasing blanks it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { personalColumns } from '../../src/modules/rights/personal-columns.ts'
import { openBrand, track } from '../support/brand.ts'
import { bringIn } from '../support/imports.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { anAudience } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const rows = <Row>(query: string) => server.app.services.database.system.$queryRawUnsafe<Row[]>(query)

test('every column of every table is in the list, as telling of people or not', async () => {
  const columns = await rows<{ table: string; column: string }>(`
    SELECT relname::text AS table, attname::text AS column FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace
      AND attnum > 0 AND NOT attisdropped AND relname <> '_prisma_migrations'`)
  const listed = Object.entries(personalColumns).flatMap(([table, { personal = [], other }]) =>
    [...personal, ...other].map((column) => `${table}.${column}`),
  )
  expect(listed.toSorted()).toEqual(columns.map(({ table, column }) => `${table}.${column}`).sort())
})

const ofPeople = Object.entries(personalColumns).flatMap(([table, { of, personal = [] }]) =>
  of ? [{ table, of, personal }] : [],
)

test('an export holds the rows of all tables that rows of people are in, and erasing blanks what tells of them', async () => {
  const id = await someoneEverywhere()
  const exported = await server.query(
    'mutation ($input: ExportProfileInput!) { exportProfile(input: $input) { document } }',
    { input: { profile: { id } } },
  )
  const { profileIds, exportedAt, ...tables } = exported.exportProfile.document
  expect(profileIds).toHaveLength(2)
  expect(exportedAt).toEqual(expect.any(String))
  expect(Object.keys(tables).sort()).toEqual(ofPeople.map(({ table }) => table).sort())
  for (const { table, personal } of ofPeople) {
    for (const name of personal)
      expect([table, Object.keys(tables[table][0])]).toEqual([table, expect.arrayContaining([name])])
  }
  expect(JSON.stringify(tables)).toContain('Everywhere Street')

  await mutate(server, 'eraseProfile', { profile: { id } })
  const ids = `(${profileIds.map((one: string) => `'${one}'`).join(', ')})`
  for (const { table, of, personal } of ofPeople) {
    const through = { event_id: 'event', order_id: 'placed_order' }[of as string]
    const where = `${of} IN ${through ? `(SELECT id FROM ${through} WHERE profile_id IN ${ids})` : ids}`
    const left = await rows<Record<string, unknown>>(`SELECT * FROM ${table} WHERE ${where}`)
    for (const row of left)
      for (const name of personal) expect([table, name, blank(row[name])]).toEqual([table, name, true])
  }
})

/** Null, empty, a keyed hash, or what explains a decision without its values. */
function blank(value: unknown): boolean {
  if (value === null || value === '') return true
  if (typeof value === 'string') return /^[\w-]{43}$/.test(value)
  if (Array.isArray(value)) return value.every((one) => !JSON.stringify(one).includes('Everywhere'))
  return typeof value === 'object' && !JSON.stringify(value).includes('Everywhere')
}

/** Somebody of two profiles who has a row in every table. */
async function someoneEverywhere(): Promise<string> {
  const { programId, campaignId } = await openBrand(server)
  const profile = { email: 'everywhere@example.com', deviceId: 'everywhere' }
  await track(server, { name: 'click', profile: { email: profile.email } })
  await track(server, { name: 'click', profile: { deviceId: profile.deviceId } })
  const told = await track(server, {
    name: 'purchase',
    profile,
    data: { a: 'Everywhere' },
    targeting: { couponCodes: ['Everywhere'] },
    idempotencyKey: 'Everywhere 1',
  })
  const { id } = told.profile
  await mutate(server, 'setFieldNormaliser', { field: 'name', kind: 'TRIM' })
  await mutate(server, 'updateProfile', { profile: { id }, set: { name: ' Everywhere ' } })
  await bringIn(
    { caller: server, url: server.url },
    { kind: 'PEOPLE', mode: 'RUN' },
    `email,street\n${profile.email},Everywhere 1\n`,
  )
  await mutate(server, 'setConsent', { profile: { id }, channel: 'EMAIL', state: 'OPTED_IN' })
  await mutate(server, 'setInterests', { profile: { id }, interests: ['Everywhere'] })
  const address = { kind: 'HOME', lines: ['Everywhere Street 1'], name: 'E. Verywhere', city: 'C', region: 'R' }
  await mutate(server, 'setAddresses', { profile: { id }, addresses: [{ ...address, postalCode: '1', country: 'DE' }] })
  const placed = { sourceId: 'Everywhere 2', profile: { id }, placedAt: '2026-01-01T00:00:00Z', currency: 'EUR' }
  const items = [{ product: 'mug', name: 'Everywhere', total: '9', fields: { for: 'Everywhere' } }]
  const kept = { fields: { a: 'Everywhere' }, couponCodes: ['Everywhere'], shippingAddress: { city: 'Everywhere' } }
  await mutate(server, 'saveOrders', {
    orders: [{ ...placed, ...kept, items, billingAddress: { city: 'Everywhere' } }],
  })
  const order = { sourceId: placed.sourceId }
  await mutate(server, 'refundOrder', { order, amount: '1', refundId: 'Everywhere', reason: 'Everywhere' })
  await mutate(server, 'blockPerson', { profile: { id }, what: 'REWARDS', reason: 'Everywhere' })
  await mutate(server, 'addToAudience', { audienceId: await anAudience(server), profiles: [{ id }] })
  await mutate(server, 'createShare', { shareId: 'S', programId, advocate: { id }, recipients: ['a@example.com'] })
  await mutate(server, 'createAdvocateCode', { code: 'EVERY', campaignId, advocate: { id } })
  const friends = [{ name: 'friend', role: 'FRIEND', events: ['signup'] }]
  const { createCampaign } = await server.query(
    'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
    { input: { programId, name: 'Of friends', journeys: friends } },
  )
  await mutate(server, 'changeCampaignState', { campaignId: createCampaign.campaign.id, state: 'LIVE' })
  await mutate(server, 'createAdvocateCode', {
    code: 'FRIENDS',
    campaignId: createCampaign.campaign.id,
    advocate: { id },
  })
  const friend = { name: 'signup', profile: { sourceId: 'f' }, targeting: { advocateCodes: ['FRIENDS'] } }
  await track(server, friend)
  expect(decodeId('Profile', id)).toBeTruthy()
  return id
}
