// What people allow: said by events, by a brand or by themselves, with all that was ever said, and the latest in force.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backend } from '../support/backend.ts'
import { track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const set = `mutation ($input: SetConsentInput!) { setConsent(input: $input) {
  consent { channel state source at } consents { channel state } } }`
const consentsOf = `query ($by: ProfileKeyInput!) { profile(by: $by) { id
  consents { channel state source at } consentHistory(first: 50) { edges { node { channel state source at } } pageInfo { hasNextPage } } } }`

const read = async (sourceId: string) => {
  const { profile } = await server.query(consentsOf, { by: { sourceId } })
  return {
    id: profile.id,
    inForce: profile.consents.map(({ channel, state }: Said) => `${channel} ${state}`),
    history: profile.consentHistory.edges.map(
      ({ node }: { node: Said }) => `${node.channel} ${node.state} ${node.source}`,
    ),
  }
}
type Said = { channel: string; state: string; source: string }

const tokenFor = async (sourceId: string, caller: Caller = server): Promise<Caller> => {
  const made = await caller.query(
    'mutation ($input: CreatePersonTokenInput!) { createPersonToken(input: $input) { secret expiresAt } }',
    { input: { profile: { sourceId }, expiresInMinutes: 10 } },
  )
  return server.as(made.createPersonToken.secret)
}

describe('what is in force', () => {
  test('is the latest that was said of each channel, and what was said earlier but came later changes only the history', async () => {
    const profile = { sourceId: 'late' }
    const say = (input: object) => server.query(set, { input: { profile, ...input } })
    await say({ channel: 'EMAIL', state: 'OPTED_OUT', source: 'IN_STORE', at: '2026-03-01T00:00:00Z' })
    const answer = await say({ channel: 'EMAIL', state: 'OPTED_IN', source: 'IMPORT', at: '2026-02-01T00:00:00Z' })
    expect(answer.setConsent.consent).toMatchObject({ state: 'OPTED_IN', at: '2026-02-01T00:00:00.000Z' })
    expect(answer.setConsent.consents).toEqual([{ channel: 'EMAIL', state: 'OPTED_OUT' }])
    await say({ channel: 'SMS', state: 'PENDING' })
    expect(await read('late')).toMatchObject({
      inForce: ['EMAIL OPTED_OUT', 'SMS PENDING'],
      history: ['EMAIL OPTED_OUT IN_STORE', 'EMAIL OPTED_IN IMPORT', 'SMS PENDING API'],
    })
  })

  test('is written by the events opt_in and opt_out as by setConsent, in the transaction of the event', async () => {
    const profile = { sourceId: 'events' }
    await track(server, {
      name: 'Opt In',
      profile,
      data: { channel: ['email', 'Push'], source: 'pop-up' },
      occurredAt: '2026-01-01T00:00:00Z',
    })
    await track(server, { name: 'opt_out', profile, data: { channel: 'EMAIL' }, occurredAt: '2026-01-02T00:00:00Z' })
    await track(server, { name: 'opt_in', profile, data: { channel: 'EMAIL' }, occurredAt: '2025-01-01T00:00:00Z' })
    await track(server, { name: 'opt_in', profile, data: { channel: 'pigeon' } })
    await track(server, { name: 'opt_in', profile })
    expect(await read('events')).toMatchObject({
      inForce: ['EMAIL OPTED_OUT', 'PUSH OPTED_IN'],
      history: ['EMAIL OPTED_IN POP_UP', 'PUSH OPTED_IN POP_UP', 'EMAIL OPTED_OUT EVENT', 'EMAIL OPTED_IN EVENT'],
    })
  })

  test('takes channels as people write them, and tells what says nothing, with where and what would', async () => {
    const profile = { sourceId: 'spelt' }
    const say = async (name: string, data?: object) => {
      const { trackEvent } = await server.query(
        'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { fieldWarnings { field message } } }',
        { input: { name, profile, ...(data ? { data } : {}) } },
      )
      return trackEvent.fieldWarnings.map(
        ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
      )
    }
    const channels = 'one of EMAIL, SMS, PUSH, PHONE, POST, MESSENGER'
    const told = async (name: string, data?: object) => [await say(name, data), (await read('spelt')).inForce]
    expect(await told('optIn', { channels: ['text', 'WhatsApp', 'mail'], source: 'preferenceCenter' })).toEqual([
      [],
      ['EMAIL OPTED_IN', 'MESSENGER OPTED_IN', 'SMS OPTED_IN'],
    ])
    expect(await told('opt_in', { channels: 'PHONE', channel: ['carrier pigeon', 7] })).toEqual([
      [
        `input.data.channel[0]: no known channel: "carrier pigeon"; ${channels}`,
        `input.data.channel[1]: no known channel: 7; ${channels}`,
      ],
      ['EMAIL OPTED_IN', 'MESSENGER OPTED_IN', 'PHONE OPTED_IN', 'SMS OPTED_IN'],
    ])
    expect(await say('opt_out')).toEqual([`input.data.channel: missing: ${channels}`])
    expect(await say('opt_in', { channel: 'all' })).toEqual([
      `input.data.channel: no known channel: "all"; ${channels}`,
    ])
    expect(await say('opt_in', { channel: 'post', state: 'PENDING' })).toEqual([
      'input.data.state: the event’s name says OPTED_IN; nothing was recorded, `setConsent` takes other states',
    ])
    expect(await say('opt_out', { channel: 'sms', source: 'the moon' })).toEqual([
      'input.data.source: no known source: "the moon"; one of IN_STORE, PREFERENCE_CENTRE, ACCOUNT_CREATION, POP_UP, IMPORT, EVENT, API',
    ])
    expect(await told('optOut', { channel: 'all' })).toEqual([
      [],
      ['EMAIL OPTED_OUT', 'MESSENGER OPTED_OUT', 'PHONE OPTED_OUT', 'SMS OPTED_OUT'],
    ])
  })

  test('is out of everything that a merged profile opted in to, where the person opts out of all', async () => {
    const { updateProfile } = await server.query(
      'mutation { updateProfile(input: { profile: { email: "out@example.com" } }) { profile { id } } }',
    )
    await track(server, { name: 'opt_in', profile: { id: updateProfile.profile.id }, data: { channel: 'push' } })
    await track(server, { name: 'signup', profile: { sourceId: 'out' } })
    await server.query('mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }', {
      input: { survivor: { sourceId: 'out' }, loser: { id: updateProfile.profile.id } },
    })
    await track(server, { name: 'opt_out', profile: { sourceId: 'out' }, data: { channel: 'All' } })
    expect(await read('out')).toMatchObject({ inForce: ['PUSH OPTED_OUT'] })
  })

  test('counts what a profile said before it was merged', async () => {
    const device = { deviceId: 'browser' }
    await server.query(set, {
      input: { profile: device, channel: 'EMAIL', state: 'OPTED_IN', at: '2026-05-01T00:00:00Z' },
    })
    await server.query(set, {
      input: { profile: { sourceId: 'merged' }, channel: 'EMAIL', state: 'OPTED_OUT', at: '2026-04-01T00:00:00Z' },
    })
    await track(server, { name: 'login', profile: { sourceId: 'merged', ...device } })
    expect(await read('merged')).toMatchObject({
      inForce: ['EMAIL OPTED_IN'],
      history: ['EMAIL OPTED_IN API', 'EMAIL OPTED_OUT API'],
    })
  })

  test('costs an event that tells of no consent no statement', async () => {
    const sent = await statementsOf(() => track(server, { name: 'viewed', profile: { sourceId: 'events' } }))
    expect(sent.filter(({ text }) => text.includes('consent'))).toEqual([])
    const told = await statementsOf(() =>
      track(server, { name: 'opt_in', profile: { sourceId: 'events' }, data: { channel: 'sms' } }),
    )
    // Transactions of the embedded database speak past the driver's own `query`.
    const seen = backend() === 'embedded' ? 0 : 1
    expect(told.filter(({ text }) => text.includes('consent'))).toHaveLength(seen)
  })

  test('is refused for a time to come, for nobody, and for keys that may not write', async () => {
    const profile = { sourceId: 'refused' }
    const input = { profile, channel: 'EMAIL', state: 'OPTED_IN' }
    expect(await refused(server, set, { ...input, at: '2199-01-01T00:00:00Z' })).toBe('BAD_INPUT input.at')
    expect(await refused(server, set, { channel: 'EMAIL', state: 'OPTED_IN' })).toBe('BAD_INPUT input.profile')
    const reader = await server.withScopes('PROFILES_READ')
    expect(await refused(reader, set, input)).toBe('FORBIDDEN')
    expect((await server.query(consentsOf, { by: profile })).profile).toBeNull()
  })
})

describe('a person’s own token', () => {
  const own = '{ ownPreferences { consents { channel state source } consentHistory { edges { node { state } } } } }'
  let ann: Caller
  let annId: string
  beforeAll(async () => {
    for (const sourceId of ['ann', 'bob']) await mutate(server, 'updateProfile', { profile: { sourceId } })
    ann = await tokenFor('ann')
    annId = (await read('ann')).id
  })

  test('reads and sets what that person allows', async () => {
    expect((await ann.query(own)).ownPreferences).toEqual({ consents: [], consentHistory: { edges: [] } })
    await ann.query(set, { input: { channel: 'SMS', state: 'OPTED_IN' } })
    await ann.query(set, { input: { channel: 'SMS', state: 'OPTED_OUT', source: 'POP_UP', profile: { id: annId } } })
    expect((await ann.query(own)).ownPreferences).toEqual({
      consents: [{ channel: 'SMS', state: 'OPTED_OUT', source: 'POP_UP' }],
      consentHistory: { edges: [{ node: { state: 'OPTED_IN' } }, { node: { state: 'OPTED_OUT' } }] },
    })
    expect((await read('ann')).history).toEqual(['SMS OPTED_IN PREFERENCE_CENTRE', 'SMS OPTED_OUT POP_UP'])
    expect((await read('bob')).history).toEqual([])
  })

  test('is refused for everybody else, whatever names them', async () => {
    const input = { channel: 'SMS', state: 'OPTED_IN' }
    const bobId = (await read('bob')).id
    for (const profile of [
      { id: bobId },
      { sourceId: 'bob' },
      { sourceId: 'ann' },
      { id: annId, email: 'b@example.com' },
      {},
    ])
      expect(await refused(ann, set, { ...input, profile })).toBe('FORBIDDEN input.profile')
    expect((await read('bob')).history).toEqual([])
  })

  test('is refused for everything else that the API has', async () => {
    const { __schema: schema } = await server.query(
      '{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }',
    )
    const open = ['ownPreferences', 'setConsent']
    const names = [schema.queryType, schema.mutationType, schema.subscriptionType].flatMap(({ fields }) =>
      fields.map(({ name }: { name: string }) => name),
    )
    expect(names.length).toBeGreaterThan(40)
    expect(names).toEqual(expect.arrayContaining(open))
    const refusals = [
      `{ node(id: "${annId}") { id } }`,
      `{ nodes(ids: ["${annId}"]) { id } }`,
      `{ profile(by: { id: "${annId}" }) { id } }`,
      '{ profiles { edges { node { id } } } }',
      '{ account { name } }',
      '{ audiences { edges { node { name } } } }',
      '{ codes { edges { node { code } } } }',
      '{ code(code: "X") { code } }',
      '{ programs { edges { node { name } } } }',
      '{ campaigns { edges { node { name } } } }',
      '{ attributions { edges { node { id } } } }',
      '{ apiKeys { edges { node { name } } } }',
      'mutation { trackEvent(input: { name: "x", profile: { sourceId: "ann" } }) { replayed } }',
      'mutation { updateProfile(input: { profile: { sourceId: "ann" } }) { profile { id } } }',
      `mutation { createPersonToken(input: { profile: { id: "${annId}" }, expiresInMinutes: 5 }) { secret } }`,
    ]
    for (const document of refusals) {
      const { errors } = await ann.send(document)
      expect([document, errors.map(({ extensions }) => extensions.code)]).toEqual([document, ['FORBIDDEN']])
    }
    const { data, errors } = await ann.send(
      'mutation { setConsent(input: { channel: EMAIL, state: OPTED_IN }) { consent { state } profile { id sourceId } } }',
    )
    expect(data.setConsent).toEqual({ consent: { state: 'OPTED_IN' }, profile: null })
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    const message = await new Promise((resolve, reject) => {
      const query = 'subscription { attributions { cursor } }'
      ann.socket().subscribe({ query }, { next: resolve, error: reject, complete: () => undefined })
    })
    expect(message).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
  })

  test('is made by keys that may both write and read people, for somebody who is known, for a time', async () => {
    const document = 'mutation ($input: CreatePersonTokenInput!) { createPersonToken(input: $input) { secret } }'
    const input = { profile: { sourceId: 'ann' }, expiresInMinutes: 5 }
    for (const scope of ['PROFILES_WRITE', 'PROFILES_READ'])
      expect(await refused(await server.withScopes(scope), document, input)).toBe('FORBIDDEN')
    await tokenFor('ann', await server.withScopes('PROFILES_WRITE', 'PROFILES_READ'))
    expect(await refused(server, document, { ...input, profile: { sourceId: 'nobody' } })).toBe(
      'NOT_FOUND input.profile',
    )
    expect(await refused(server, document, { ...input, expiresInMinutes: 0 })).toBe('BAD_INPUT input.expiresInMinutes')
    const key = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }'
    expect(await refused(server, key, { name: 'x', scopes: ['PREFERENCES_WRITE'] })).toBe('BAD_INPUT input.scopes')
    const { apiKeys } = await server.query('{ apiKeys(first: 100) { edges { node { name } } } }')
    expect(JSON.stringify(apiKeys)).not.toContain('Token of a person')
  })

  test('ends when its time is over', async () => {
    const { system } = server.app.services.database
    const bob = await tokenFor('bob')
    await system.apiKey.updateMany({ where: { profileId: { not: null } }, data: { expiresAt: new Date(0) } })
    server.app.services.keyRing.forget()
    const { errors } = await bob.send('{ ownPreferences { consents { state } } }')
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED'])
  })
})
