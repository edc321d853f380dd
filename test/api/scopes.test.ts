// What a key may do: one that sends events alone may stand in a page, and changes nobody beyond their events.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
let page: Caller
let writer: Caller
beforeAll(async () => {
  server = await startServer()
  page = await server.withScopes('EVENTS_WRITE')
  writer = await server.withScopes('EVENTS_WRITE', 'PROFILES_WRITE')
})
afterAll(() => server?.stop())

const document = (name: string) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  return `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`
}
const ada = { sourceId: 'ada' }
const bob = { sourceId: 'bob' }

const changes: [string, object][] = [
  ['updateProfile', { profile: ada, set: { plan: 'pro' } }],
  ['setConsent', { profile: ada, channel: 'EMAIL', state: 'OPTED_OUT' }],
  ['setAddresses', { profile: ada, addresses: [] }],
  ['setInterests', { profile: ada, interests: ['tea'] }],
  ['blockPerson', { profile: ada, what: 'BOTH' }],
  ['unblockPerson', { profile: ada, what: 'BOTH' }],
  ['findMergeCandidates', {}],
  ['mergeProfiles', { survivor: ada, loser: bob, allowTwoSourceIds: true }],
]

const send = async (caller: Caller, profile: object) => {
  const { trackEvent } = await caller.query(
    'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { fieldWarnings { field message } droppedIdentifiers { reason } } }',
    { input: { name: 'visit', profile } },
  )
  return trackEvent
}
const ownerOf = async (email: string) =>
  (await server.query('query ($by: ProfileKeyInput!) { profile(by: $by) { sourceId } }', { by: { email } })).profile

const sales: [string, object][] = [
  ['saveOrders', { orders: [{ sourceId: '1', placedAt: '2026-01-01T00:00:00Z', profile: ada }] }],
  ['refundOrder', { order: { sourceId: '1' }, amount: '1' }],
  ['returnOrder', { order: { sourceId: '1' } }],
  ['setOrderStatus', { order: { sourceId: '1' }, status: 'PAID' }],
  ['cancelOrder', { order: { sourceId: '1' } }],
  ['saveProducts', { products: [{ sourceId: 'mug', name: 'Mug' }] }],
  ['updateRelationship', { relationshipId: 'UmVsYXRpb25zaGlwOjE=', fields: {} }],
  ['createImport', { kind: 'PEOPLE' }],
  ['createImport', { kind: 'FIELD_VALUES' }],
  ['createImport', { kind: 'EVENTS' }],
  ['saveImportPreset', { name: 'crm', kind: 'PEOPLE', mapping: [] }],
  ['deleteImportPreset', { name: 'crm' }],
]

const importOf = async () =>
  (await server.query('mutation { createImport(input: { kind: PEOPLE }) { import { id } } }')).createImport.import.id

describe('a key that sends events alone', () => {
  test('changes no order, product or relationship, and brings in no file', async () => {
    for (const [name, input] of sales)
      expect([name, await refused(page, document(name), input)]).toEqual([name, 'FORBIDDEN'])
    for (const [name, input] of sales) {
      const { errors } = await writer.send(document(name), { input })
      expect(errors.map(({ extensions }) => extensions.code)).not.toContain('FORBIDDEN')
    }
    const setup = await server.withScopes('EVENTS_WRITE', 'CAMPAIGNS_WRITE')
    expect(await refused(setup, document('createImport'), { kind: 'PEOPLE' })).toBe('FORBIDDEN')
  })

  test('reads no order, not even the one that its own event told of', async () => {
    const told = {
      name: 'order_completed',
      profile: ada,
      data: { order_id: 'A-1', total: 10, currency: 'EUR' },
    }
    const sending =
      'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { event { order { id sourceId } } } }'
    const own = await page.send(sending, { input: told })
    expect(own.data?.trackEvent).toEqual({ event: { order: null } })
    expect(own.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
    const { order } = await server.query('{ order(by: { sourceId: "A-1" }) { id } }')
    const found = `{ node(id: "${order.id}") { ... on Order { sourceId } } }`
    expect((await page.send(found)).errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
    expect(await writer.query(found)).toEqual({ node: { sourceId: 'A-1' } })
  })

  test('sees and follows no import', async () => {
    const id = await importOf()
    const reads = [
      `import(id: "${id}") { state }`,
      'imports { edges { node { state } } }',
      'importPresets { edges { node { name } } }',
      'importExample(kind: PEOPLE) { content }',
      `node(id: "${id}") { ... on Import { state } }`,
    ]
    for (const read of reads) {
      const { errors } = await page.send(`{ ${read} }`)
      expect([read, errors[0]?.extensions.code]).toEqual([read, 'FORBIDDEN'])
      expect((await writer.send(`{ ${read} }`)).errors).toEqual([])
    }
    const stream = await openStream(server.url, page.key, {
      query: `subscription { importProgress(id: "${id}") { state } }`,
    })
    await stream.until((events) => events.length > 0)
    stream.stop()
    expect(stream.events[0]?.result.errors[0].extensions.code).toBe('FORBIDDEN')
  })

  test('changes nobody beyond their events, which a key with PROFILES_WRITE does', async () => {
    for (const profile of [ada, bob]) await send(page, profile)
    for (const [name, input] of changes) {
      expect([name, await refused(page, document(name), input)]).toEqual([name, 'FORBIDDEN'])
      expect((await writer.query(document(name), { input }))[name]).not.toBeNull()
    }
  })

  test('takes no address from somebody by calling it verified, and is told so', async () => {
    await send(page, { sourceId: 'claimant', email: 'grace@example.com' })
    const given = { sourceId: 'thief', email: 'grace@example.com', emailVerified: true }
    expect(await send(page, given)).toEqual({
      fieldWarnings: [
        {
          field: 'input.profile.emailVerified',
          message: 'counts as a claim: verifying takes the scope PROFILES_WRITE',
        },
      ],
      droppedIdentifiers: [{ reason: 'OWNED_BY_ANOTHER' }],
    })
    expect(await ownerOf('grace@example.com')).toEqual({ sourceId: 'claimant' })
    expect(await send(writer, given)).toEqual({ fieldWarnings: [], droppedIdentifiers: [] })
    expect(await ownerOf('grace@example.com')).toEqual({ sourceId: 'thief' })
  })

  test('reads neither audiences nor how fields and identifiers are treated', async () => {
    const { createAudience } = await server.query(
      'mutation { createAudience(input: { name: "VIP" }) { audience { id } } }',
    )
    const { id } = createAudience.audience
    const lists = [
      'audiences { edges { node { rule } } }',
      'valueMappings { edges { node { raw value } } }',
      'fieldNormalisers { field }',
      'fieldDefinitions { name }',
      'fieldPolicies { owner }',
      'identityRules { blockedValues }',
      `node(id: "${id}") { ... on Audience { name } }`,
    ]
    const reader = await server.withScopes('PROFILES_READ')
    for (const list of lists) {
      const { errors } = await page.send(`{ ${list} }`)
      expect([list, errors[0]?.extensions.code]).toEqual([list, 'FORBIDDEN'])
      expect((await reader.send(`{ ${list} }`)).errors).toEqual([])
    }
  })
})

test('every operation that takes a scope says so in its description', async () => {
  const { __schema } = await server.query(
    '{ __schema { mutationType { fields { name description } } subscriptionType { fields { name description } } } }',
  )
  const fields = [...__schema.mutationType.fields, ...__schema.subscriptionType.fields]
  const without = fields.filter(({ description }: { description: string }) => !/ Scope: [A-Z]/.test(description))
  expect(without).toEqual([])
  const { description } = fields.find(({ name }: { name: string }) => name === 'exportProfile')
  expect(description).toMatch(/ Scope: PROFILES_READ, and PII_READ\.$/)
})

test('keys that sent events before PROFILES_WRITE was there go on doing what they did', async () => {
  const file = path.resolve(import.meta.dirname, '../../prisma/migrations/20261122100900_profiles_write/migration.sql')
  const last = (await readFile(file, 'utf8')).split('\n').find((line) => line.startsWith('UPDATE')) ?? ''
  const { system } = server.app.services.database
  const { apiKey } = (
    await server.query(
      'mutation { createApiKey(input: { name: "old", scopes: [EVENTS_WRITE] }) { apiKey { id } secret } }',
    )
  ).createApiKey
  expect(apiKey.id).toBeDefined()
  await system.$executeRawUnsafe(last)
  const old = await system.apiKey.findFirstOrThrow({ where: { name: 'old' }, select: { scopes: true } })
  expect(old.scopes).toEqual(['EVENTS_WRITE', 'PROFILES_WRITE'])
})
