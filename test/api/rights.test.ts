// Blocks, and what keys without pii:read see of people.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const { programId } = await openBrand(server)
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
  const campaignId = await addCampaign(server, { programId, name: 'Friends', journeys: [friend] })
  await mutate(server, 'createAdvocateCode', { code: 'BLOCKED', campaignId, advocate: { sourceId: 'advocate' } })
})
afterAll(() => server?.stop())

describe('blocking a person', () => {
  const block = `mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { profile { blocks { kind reason } permitsEvents permitsRewards } } }`
  const unblock = `mutation ($input: UnblockPersonInput!) { unblockPerson(input: $input) { profile { blocks { kind reason } permitsEvents permitsRewards } } }`
  const profile = { sourceId: 'shopper' }
  const buy = async () => (await track(server, { name: 'purchase', profile })).attribution

  test('from events: they are stored, nobody is credited, and it says why; letting go ends that', async () => {
    expect((await buy()).status).toBe('ATTRIBUTED')
    const blocked = await server.query(block, { input: { profile, what: 'EVENTS', reason: 'fraud' } })
    expect(blocked.blockPerson.profile).toEqual({
      blocks: [{ kind: 'EVENTS', reason: 'fraud' }],
      permitsEvents: false,
      permitsRewards: true,
    })
    expect(await buy()).toMatchObject({ status: 'UNATTRIBUTED', reason: 'PERSON_BLOCKED' })
    const free = await server.query(unblock, { input: { profile, what: 'BOTH' } })
    expect(free.unblockPerson.profile).toEqual({ blocks: [], permitsEvents: true, permitsRewards: true })
    expect((await buy()).status).toBe('ATTRIBUTED')
  })

  test('from both, twice and in parts: what is blocked stays as it was', async () => {
    await server.query(block, { input: { profile, what: 'REWARDS', reason: 'first' } })
    const both = await server.query(block, { input: { profile, what: 'BOTH', reason: 'second' } })
    expect(both.blockPerson.profile.blocks).toEqual([
      { kind: 'REWARDS', reason: 'first' },
      { kind: 'EVENTS', reason: 'second' },
    ])
    const rest = await server.query(unblock, { input: { profile, what: 'REWARDS' } })
    expect(rest.unblockPerson.profile.blocks).toEqual([{ kind: 'EVENTS', reason: 'second' }])
    await server.query(unblock, { input: { profile, what: 'EVENTS' } })
  })

  test('keeps an advocate from being credited', async () => {
    const targeting = { advocateCodes: ['BLOCKED'] }
    const come = async (sourceId: string) =>
      (await track(server, { name: 'signup', profile: { sourceId }, targeting })).attribution
    expect((await come('friend 1')).advocate).not.toBeNull()
    await mutate(server, 'blockPerson', { profile: { sourceId: 'advocate' }, what: 'EVENTS' })
    expect((await come('friend 2')).advocate).toBeNull()
  })

  test('holds for everybody whom the person turns out to be, and is let go of for all of them', async () => {
    const device = { deviceId: 'blocked-device' }
    await track(server, { name: 'view', profile: device })
    await mutate(server, 'blockPerson', { profile: device, what: 'BOTH', reason: 'device' })
    await track(server, { name: 'login', profile: { sourceId: 'owner', ...device } })
    const read = 'query ($by: ProfileKeyInput!) { profile(by: $by) { blocks { kind } permitsEvents } }'
    expect((await server.query(read, { by: { sourceId: 'owner' } })).profile).toEqual({
      blocks: [{ kind: 'EVENTS' }, { kind: 'REWARDS' }],
      permitsEvents: false,
    })
    await mutate(server, 'unblockPerson', { profile: { sourceId: 'owner' }, what: 'BOTH' })
    expect((await server.query(read, { by: device })).profile).toEqual({ blocks: [], permitsEvents: true })
  })

  test('is refused for nobody, for long reasons and for keys that may not', async () => {
    expect(await refused(server, block, { profile: { sourceId: 'nobody' }, what: 'BOTH' })).toBe(
      'NOT_FOUND input.profile',
    )
    expect(await refused(server, block, { profile, what: 'BOTH', reason: 'x'.repeat(501) })).toBe(
      'BAD_INPUT input.reason',
    )
    expect(await refused(await server.withScopes('PROFILES_READ'), block, { profile, what: 'BOTH' })).toBe('FORBIDDEN')
  })
})

describe('a key without PII_READ', () => {
  const person = { email: 'grace@example.com', phone: '+491715550199', sourceId: 'C-1' }
  const everything = `{ profile(by: { sourceId: "C-1" }) {
    sourceId identities { kind value } fields addresses { city } interests { name }
    events(first: 1) { edges { node { name data } } } } }`
  beforeAll(async () => {
    await mutate(server, 'updateProfile', {
      profile: person,
      set: { firstName: 'Grace', name: 'Grace H.', tier: 'gold', contact: { 'E-Mail': 'g@example.com', city: 'NY' } },
    })
    await track(server, {
      name: 'purchase',
      profile: { sourceId: 'C-1' },
      data: { total: 5, items: [{ name: 'Lamp' }], customer: { phone: '1', level: 2 } },
    })
    await mutate(server, 'setAddresses', {
      profile: person,
      addresses: [{ kind: 'HOME', lines: ['Lane 1'], city: 'NY' }],
    })
    await mutate(server, 'setInterests', { profile: person, interests: ['lamps'] })
  })

  const raw = async (key: string, query: string) => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    })
    return (await response.json()) as { data: never; errors?: unknown; extensions?: { hidden: Hidden } }
  }
  interface Hidden {
    code: string
    scope: string
    paths: (string | number)[][]
    more: number
  }

  test('sees null where values tell who a person is, is told where, and nothing fails', async () => {
    const reader = await server.withScopes('PROFILES_READ')
    const { data, errors, extensions } = await raw(reader.key, everything)
    expect(errors).toBeUndefined()
    expect(data).toEqual({
      profile: {
        sourceId: 'C-1',
        identities: [
          { kind: 'SOURCE_ID', value: 'C-1' },
          { kind: 'EMAIL', value: null },
          { kind: 'PHONE', value: null },
        ],
        fields: { firstName: null, name: null, tier: 'gold', contact: { 'E-Mail': null, city: 'NY' } },
        addresses: null,
        interests: [{ name: 'lamps' }],
        events: {
          edges: [
            {
              node: {
                name: 'purchase',
                data: { total: 5, items: [{ name: 'Lamp' }], customer: { phone: null, level: 2 } },
              },
            },
          ],
        },
      },
    })
    expect(extensions?.hidden).toMatchObject({ code: 'PII_HIDDEN', scope: 'PII_READ', more: 0 })
    expect(extensions?.hidden.paths.map((path) => path.join('.')).sort()).toEqual([
      'profile.addresses',
      'profile.events.edges.0.node.data.customer.phone',
      'profile.fields.contact.E-Mail',
      'profile.fields.firstName',
      'profile.fields.name',
      'profile.identities.1.value',
      'profile.identities.2.value',
    ])
  })

  test('sees all of it with PII_READ, and a response with nothing hidden has no extension', async () => {
    const reader = await server.withScopes('PROFILES_READ', 'PII_READ')
    const { data, extensions } = await raw(reader.key, everything)
    expect(extensions).toBeUndefined()
    expect(JSON.stringify(data)).toContain('grace@example.com')
    expect(data).toEqual((await raw(server.key, everything)).data)
    const plain = await server.withScopes('PROFILES_READ')
    expect((await raw(plain.key, '{ profile(by: { sourceId: "C-1" }) { sourceId } }')).extensions).toBeUndefined()
  })

  test('is not given a person’s name in a summary, and may not export', async () => {
    const summaries =
      '{ attributions(filter: { profile: { sourceId: "friend 1" } }, last: 1) { edges { node { summary } } } }'
    await mutate(server, 'updateProfile', { profile: { sourceId: 'advocate' }, set: { firstName: 'Adelaide' } })
    const told = async (...scopes: string[]) =>
      JSON.stringify(await (await server.withScopes('ATTRIBUTIONS_READ', ...scopes)).query(summaries))
    expect(await told('PROFILES_READ', 'PII_READ')).toContain('Adelaide')
    expect(await told('PROFILES_READ')).not.toContain('Adelaide')
    const document = 'mutation ($input: ExportProfileInput!) { exportProfile(input: $input) { document } }'
    const input = { profile: { sourceId: 'C-1' } }
    expect(await refused(await server.withScopes('PROFILES_READ'), document, input)).toBe('FORBIDDEN')
  })

  test('is told the same with every message of a subscription', async () => {
    const reader = await server.withScopes('PROFILES_READ', 'ATTRIBUTIONS_READ')
    const client = reader.socket()
    const { attributions } = await server.query('{ attributions(last: 1) { pageInfo { endCursor } } }')
    const query = 'subscription ($after: String) { attributions(after: $after) { attribution { event { data } } } }'
    const results = client.iterate<object>({ query, variables: { after: attributions.pageInfo.endCursor } })
    const first = results.next()
    await track(server, {
      name: 'purchase',
      profile: { sourceId: 'C-1' },
      data: { email: 'live@example.com', total: 1 },
    })
    let { value } = await first
    // A checkpoint may come before it.
    while (!JSON.stringify(value).includes('total')) value = (await results.next()).value
    await client.dispose()
    expect(value).toMatchObject({
      data: { attributions: { attribution: { event: { data: { email: null, total: 1 } } } } },
      extensions: { hidden: { paths: [['attributions', 'attribution', 'event', 'data', 'email']] } },
    })
  })
})
