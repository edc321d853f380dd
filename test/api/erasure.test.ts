// Erasing a person: nothing tells who they were, counts stay, and what is sent again does not bring them back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { addCampaign, type Brand, openBrand, track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience, refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let brand: Brand
beforeAll(async () => {
  server = await startServer()
  brand = await openBrand(server)
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
  const campaignId = await addCampaign(server, { programId: brand.programId, name: 'Friends', journeys: [friend] })
  await mutate(server, 'createAdvocateCode', {
    code: 'ERASED10',
    campaignId,
    advocate: { email: 'wilhelmina@example.com' },
  })
})
afterAll(() => server?.stop())

const rows = <Row>(query: string) => server.app.services.database.system.$queryRawUnsafe<Row[]>(query)
const erase = `mutation ($input: EraseProfileInput!) { eraseProfile(input: $input) {
  erasedAt profile { id erasedAt fields identities { value } permitsEvents permitsRewards } } }`
const find = async (by: object, caller: Caller = server) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', { by })).profile?.id ?? null

/** All rows of all tables as text. */
async function dump(): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    "SELECT relname::text AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace",
  )
  const texts = await Promise.all(
    tables.map(async ({ name }) =>
      (await rows<{ text: string }>(`SELECT t::text AS text FROM "${name}" AS t`)).map(
        ({ text }) => `${name}: ${text}`,
      ),
    ),
  )
  return texts.flat()
}
const hits = async (words: readonly string[]) =>
  (await dump()).filter((text) => words.some((word) => text.toLowerCase().includes(word.toLowerCase())))

const words = [
  'wilhelmina',
  '491715550123',
  'Quetzalcoatl',
  'Zanzibar',
  'Xylophone',
  'Marmalade',
  'tx-77231',
  'browser-88',
]
const wilhelmina = {
  email: 'Wilhelmina@example.com',
  phone: '+49 171 5550123',
  deviceId: 'browser-88',
  partnerUserId: 'Quetzalcoatl-1',
}

describe('erasing a person', () => {
  let id: string
  let before: string

  const counts = async () => {
    const told = await rows<object>(`SELECT (SELECT count(*)::int FROM event) AS events,
      (SELECT count(*)::int FROM attribution) AS decisions, (SELECT sum(count)::int FROM attribution_count) AS counted,
      (SELECT count(*)::int FROM relationship) AS relationships, (SELECT count(*)::int FROM journey) AS journeys,
      (SELECT position::int FROM feed_head WHERE topic = 'ATTRIBUTIONS') AS position`)
    return JSON.stringify(told)
  }

  beforeAll(async () => {
    await mutate(server, 'updateProfile', {
      profile: wilhelmina,
      set: { motto: 'Quetzalcoatl', nested: { a: ['Zanzibar'] } },
    })
    await track(server, {
      name: 'purchase',
      profile: wilhelmina,
      data: { item: 'Xylophone', transaction_id: 'tx-77231', coupon: 'MARMALADE' },
      targeting: { couponCodes: ['MARMALADE'], partnerId: 'Zanzibar', labels: ['Marmalade'] },
      context: {
        userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Xylophone',
        ip: '203.0.113.9',
        url: 'https://example.com/Zanzibar',
      },
      idempotencyKey: 'order of wilhelmina@example.com',
    })
    await track(server, { name: 'opt_in', profile: wilhelmina, data: { channel: 'EMAIL', note: 'Zanzibar' } })
    await track(server, { name: 'signup', profile: { sourceId: 'friend' }, targeting: { advocateCodes: ['ERASED10'] } })
    await mutate(server, 'createShare', {
      shareId: 'S-OTHER',
      programId: brand.programId,
      advocate: { sourceId: 'friend' },
      recipients: ['wilhelmina@example.com', 'someone@example.com'],
    })
    await mutate(server, 'createShare', {
      shareId: 'S-OWN',
      programId: brand.programId,
      advocate: wilhelmina,
      channel: 'Marmalade',
      recipients: ['friend-of-zanzibar@example.com'],
    })
    await mutate(server, 'blockPerson', { profile: { email: wilhelmina.email }, what: 'REWARDS', reason: 'Zanzibar' })
    await mutate(server, 'setAddresses', {
      profile: { email: wilhelmina.email },
      addresses: [{ kind: 'HOME', name: 'Wilhelmina Z', lines: ['Zanzibar 5'], city: 'Marmalade' }],
    })
    await mutate(server, 'setInterests', { profile: { email: wilhelmina.email }, interests: ['Xylophone'] })
    const { createAudience } = await server.query(
      'mutation { createAudience(input: { name: "All" }) { audience { id } } }',
    )
    const audienceId = createAudience.audience.id
    await mutate(server, 'addToAudience', { audienceId, profiles: [{ email: wilhelmina.email }] })
    id = await find({ email: wilhelmina.email })
    for (const word of words) expect([word, (await hits([word])).length > 0]).toEqual([word, true])
    before = await counts()
  })

  test('leaves nothing that tells of them in any table, and every count as it was', async () => {
    const { eraseProfile } = await server.query(erase, { input: { profile: { email: 'wilhelmina@example.com' } } })
    expect(eraseProfile.profile).toEqual({
      id,
      erasedAt: eraseProfile.erasedAt,
      fields: {},
      identities: [],
      permitsEvents: false,
      permitsRewards: false,
    })
    expect(await hits(words)).toEqual([])
    expect(await counts()).toBe(before)
  })

  test('takes them from look-ups, and leaves relationships and decisions that can be read', async () => {
    expect(await find({ email: wilhelmina.email })).toBeNull()
    const { profile } = await server.query(
      `query ($id: ID!) { profile(by: { id: $id }) {
        events { edges { node { name data attribution { status summary trace { hints { hint value } } } } } }
        journeys { edges { node { name key } } } friends { edges { node { friend { sourceId } } } }
        consents { channel } codes { edges { node { code disabledAt } } } } }`,
      { id },
    )
    expect(
      profile.events.edges.map(({ node }: { node: { name: string; data: object } }) => [node.name, node.data]),
    ).toEqual([
      ['purchase', {}],
      ['opt_in', {}],
    ])
    expect(profile.events.edges[0].node.attribution.status).toBe('ATTRIBUTED')
    expect(profile.friends.edges).toEqual([{ node: { friend: { sourceId: 'friend' } } }])
    expect(profile.consents).toEqual([])
    for (const { node } of profile.codes.edges) expect(node.disabledAt).not.toBeNull()
    const { code } = await server.query('{ code(code: "S-OTHER") { ... on Share { recipients } } }')
    expect(code.recipients).toEqual(['someone@example.com'])
  })

  test('twice is refused, by the id and by an identifier that is gone', async () => {
    expect(await refused(server, erase, { profile: { id } })).toBe('CONFLICT input.profile')
    expect(await refused(server, erase, { profile: { email: wilhelmina.email } })).toBe('CONFLICT input.profile')
    expect(await refused(server, erase, { profile: { email: 'nobody@example.com' } })).toBe('NOT_FOUND input.profile')
  })

  test('tells no live reader anything, and events that come again are no news either', async () => {
    const last = async () => (await server.query('{ attributions(last: 1) { pageInfo { endCursor } } }')).attributions
    const { endCursor } = (await last()).pageInfo
    const event = { name: 'purchase', profile: { email: wilhelmina.email }, occurredAt: '2026-01-01T00:00:00Z' }
    await server.send('mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }', {
      input: event,
    })
    expect((await last()).pageInfo.endCursor).toBe(endCursor)
    const told = JSON.stringify(
      await server.query(
        '{ attributions(last: 100) { edges { node { summary warnings { hint } event { name data } profile { sourceId fields identities { value } } } } } }',
      ),
    )
    expect(words.filter((word) => told.toLowerCase().includes(word.toLowerCase()))).toEqual([])
  })

  test('is not undone by events of before: they are refused, by any of the identifiers, and nothing is stored', async () => {
    const send = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed event { data } } }'
    const old = { name: 'purchase', occurredAt: '2026-01-01T00:00:00Z', idempotencyKey: 'old 1' }
    for (const profile of [
      { email: wilhelmina.email },
      { phone: wilhelmina.phone },
      { deviceId: wilhelmina.deviceId, sourceId: 'somebody new' },
    ])
      expect(await refused(server, send, { ...old, profile })).toBe('CONFLICT input.profile')
    expect(await refused(server, send, { name: 'purchase', profile: { id } })).toBe('CONFLICT input.profile')
    expect(await find({ sourceId: 'somebody new' })).toBeNull()
    expect(await hits(['wilhelmina', 'somebody new', 'old 1'])).toEqual([])
    // The very event of then, which came without a time of its own.
    const again = {
      name: 'purchase',
      profile: wilhelmina,
      data: { item: 'Xylophone' },
      idempotencyKey: 'order of wilhelmina@example.com',
    }
    expect(await refused(server, send, again)).toBe('CONFLICT input.profile')
    const { trackEvents } = await server.query(
      `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code field } payload { replayed } } } }`,
      {
        input: {
          events: [
            { ...old, profile: wilhelmina },
            { name: 'x', profile: { sourceId: 'friend' } },
            { ...old, profile: wilhelmina },
          ],
        },
      },
    )
    expect(trackEvents.results).toMatchObject([
      { error: { code: 'CONFLICT', field: 'input.events[0].profile' }, payload: null },
      { error: null, payload: { replayed: false } },
      { error: { code: 'CONFLICT' }, payload: null },
    ])
  })

  test('refuses whatever else is done to the pseudonym', async () => {
    const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }'
    expect(await refused(server, update, { profile: { id, email: 'again@example.com' }, set: { a: 1 } })).toBe(
      'CONFLICT input.profile',
    )
    const audienceId = await anAudience(server)
    const add = 'mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { __typename } }'
    expect(await refused(server, add, { audienceId, profiles: [{ id }] })).toBe('CONFLICT input.profiles[0]')
    const say = 'mutation ($input: SetConsentInput!) { setConsent(input: $input) { __typename } }'
    expect(await refused(server, say, { profile: { id }, channel: 'SMS', state: 'OPTED_IN' })).toBe(
      'CONFLICT input.profile',
    )
    const block = 'mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { __typename } }'
    expect(await refused(server, block, { profile: { id }, what: 'BOTH' })).toBe('CONFLICT input.profile')
    const [event] = await rows<{ id: string }>(
      `SELECT id::text FROM event WHERE profile_id = '${decodeId('Profile', id)}' LIMIT 1`,
    )
    const anew = 'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }'
    expect(await refused(server, anew, { eventId: event?.id, note: 'again' })).toBe('CONFLICT')
    expect(await find({ email: 'again@example.com' })).toBeNull()
  })

  test('lets the same identifier begin somebody new, by an event of later', async () => {
    const { profile } = await track(server, { name: 'purchase', profile: { email: wilhelmina.email } })
    expect(profile.id).not.toBe(id)
    expect(await find({ email: wilhelmina.email })).toBe(profile.id)
  })

  test('that others named is over for their friends: codes select nothing, and they cannot be credited', async () => {
    const { attribution } = await track(server, {
      name: 'signup',
      profile: { sourceId: 'late friend' },
      targeting: { advocateCodes: ['ERASED10'] },
    })
    expect(attribution).toMatchObject({ advocate: null })
  })
})

test('erasing takes every profile that was merged into the person, and the token of the person', async () => {
  await track(server, { name: 'view', profile: { deviceId: 'merged-device' }, data: { seen: 'Obelisk' } })
  const profile = { sourceId: 'merged-one', deviceId: 'merged-device' }
  await track(server, { name: 'view', profile: { sourceId: 'merged-one' }, data: { seen: 'Obelisk' } })
  await track(server, { name: 'login', profile, data: { seen: 'Obelisk' } })
  const made = await server.query(
    'mutation { createPersonToken(input: { profile: { sourceId: "merged-one" }, expiresInMinutes: 5 }) { secret } }',
  )
  await server.query(erase, { input: { profile: { deviceId: 'merged-device' } } })
  expect(await hits(['merged-one', 'merged-device', 'Obelisk'])).toEqual([])
  const { errors } = await server.as(made.createPersonToken.secret).send('{ ownPreferences { consents { state } } }')
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED'])
})

test('erasing needs an ADMIN key, and costs accounts that never erased anybody no statement', async () => {
  const writer = await server.withScopes('EVENTS_WRITE', 'PROFILES_WRITE', 'PROFILES_READ', 'PII_READ')
  expect(await refused(writer, erase, { profile: { sourceId: 'friend' } })).toBe('FORBIDDEN')
  const other = await server.otherAccount()
  const send = () =>
    track(other, { name: 'view', profile: { email: 'other@example.com' }, occurredAt: '2026-01-01T00:00:00Z' })
  await send()
  const texts = (await statementsOf(send)).map(({ text }) => text)
  expect(texts.filter((text) => text.includes('erased_identity'))).toEqual([])
})

test('two who erase the same person at once: one does, the other is told', async () => {
  await track(server, { name: 'view', profile: { sourceId: 'twice' } })
  const answers = await Promise.all([1, 2].map(() => server.send(erase, { input: { profile: { sourceId: 'twice' } } })))
  const codes = answers.map(({ errors }) => errors[0]?.extensions.code ?? 'erased').sort()
  expect(codes).toEqual(['CONFLICT', 'erased'])
})

test.each(['erased others before', 'never erased anybody'])(
  'in an account that %s, events that come while their person is erased are stored before it or refused, and leave no trace',
  async (which) => {
    const caller = which === 'erased others before' ? server : await server.otherAccount()
    const email = `racing-${which.length}@example.com`
    const input = {
      name: 'view',
      profile: { email },
      data: { seen: 'Kaleidoscope' },
      occurredAt: '2026-01-01T00:00:00Z',
    }
    const document = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }'
    const sent = Array.from({ length: 20 }, () => caller.send(document, { input }))
    await Promise.race(sent)
    await caller.query(erase, { input: { profile: { email } } })
    const answers = await Promise.all([...sent, caller.send(document, { input })])
    for (const { errors } of answers) expect(['CONFLICT', undefined]).toContain(errors[0]?.extensions.code)
    expect(answers.at(-1)?.errors[0]?.extensions.code).toBe('CONFLICT')
    expect(await hits([email, 'Kaleidoscope'])).toEqual([])
  },
)
