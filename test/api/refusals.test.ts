// Bad input: each gets a clear error with its code, and nothing is written.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addCampaign, openBrand, track, trackDocument } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  await openBrand(caller)
})

const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) })
const nobody = '01940000-0000-7000-8000-000000000000'
const globalId = (type: string, id: string) => Buffer.from(`${type}:${id}`).toString('base64')

const countRows = async () => {
  const { system } = server.app.services.database
  return Promise.all([
    system.event.count(),
    system.attribution.count(),
    system.profile.count(),
    system.idempotencyKey.count(),
  ])
}

describe('an event is refused, and nothing is written,', () => {
  const good = { name: 'click', profile: { email: 'ann@example.com' }, idempotencyKey: 'k' }
  const rows: [string, object, string, string?][] = [
    ['with an unknown field', { ...good, nome: 'click' }, 'BAD_INPUT'],
    ['without a name', { profile: {} }, 'BAD_INPUT'],
    ['with a blank name', { ...good, name: ' ' }, 'BAD_INPUT', 'input.name'],
    ['with a name over 100 characters', { ...good, name: 'x'.repeat(101) }, 'BAD_INPUT', 'input.name'],
    ['with a number for a name', { ...good, name: 7 }, 'BAD_INPUT'],
    ['with text for data', { ...good, data: 'text' }, 'BAD_INPUT'],
    ['with data over 64 KiB', { ...good, data: { text: 'x'.repeat(64 * 1024) } }, 'BAD_INPUT'],
    ['with data nested deeper than 8', { ...good, data: nested(9) }, 'BAD_INPUT'],
    ['with a __proto__ key in its data', { ...good, data: JSON.parse('{"a":{"__proto__":{"x":1}}}') }, 'BAD_INPUT'],
    ['with a constructor key in its data', { ...good, data: { constructor: {} } }, 'BAD_INPUT'],
    ['with a NUL character in its name', { ...good, name: 'a\u0000b' }, 'BAD_INPUT'],
    ['with a NUL character in its data', { ...good, data: { a: ['b\u0000'] } }, 'BAD_INPUT'],
    ['with half a surrogate pair', { ...good, data: { a: '\ud800' } }, 'BAD_INPUT'],
    ['with an integer that a double would round', { ...good, data: { a: 2 ** 53 } }, 'BAD_INPUT'],
    ['with a date without offset', { ...good, occurredAt: '2026-03-10T12:00:00' }, 'BAD_INPUT'],
    ['with a day that does not exist', { ...good, occurredAt: '2026-02-30T12:00:00Z' }, 'BAD_INPUT'],
    ['with a year that cannot be stored', { ...good, occurredAt: '0000-01-01T00:00:00Z' }, 'BAD_INPUT'],
    ['with a malformed profile id', { ...good, profile: { id: 'ann' } }, 'BAD_INPUT', 'input.profile.id'],
    [
      'with the id of another type',
      { ...good, profile: { id: globalId('Campaign', nobody) } },
      'BAD_INPUT',
      'input.profile.id',
    ],
    ['with an unknown profile id', { ...good, profile: { id: nobody } }, 'NOT_FOUND', 'input.profile.id'],
    [
      'with an idempotency key over 200 characters',
      { ...good, idempotencyKey: 'k'.repeat(201) },
      'BAD_INPUT',
      'input.idempotencyKey',
    ],
    [
      'with hints over 16 KiB',
      { ...good, targeting: { partnerId: 'x'.repeat(17_000) } },
      'BAD_INPUT',
      'input.targeting',
    ],
    ['with an unknown channel', { ...good, context: { channel: 'PIGEON' } }, 'BAD_INPUT'],
  ]

  it.each(rows)('%s', async (...[, input, code, field]) => {
    const before = await countRows()
    const { errors, data } = await caller.send(trackDocument, { input })
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions).toMatchObject({ code, retryable: false, ...(field ? { field } : {}) })
    expect(data?.trackEvent ?? null).toBeNull()
    expect(await countRows()).toEqual(before)
  })

  it('about a person of another account, who is unknown here', async () => {
    const other = await server.otherAccount()
    const { profile } = await track(other, { name: 'click', profile: {} })
    const { errors } = await caller.send(trackDocument, { input: { name: 'click', profile: { id: profile.id } } })
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.profile.id' })
  })
})

describe('one refused field', () => {
  it('does not hide the answers of the others', async () => {
    const { data, errors } = await caller.send(
      `mutation ($good: TrackEventInput!, $bad: TrackEventInput!) {
        bad: trackEvent(input: $bad) { replayed }
        good: trackEvent(input: $good) { replayed }
      }`,
      { good: { name: 'click', profile: {} }, bad: { name: ' ', profile: {} } },
    )
    expect(data).toEqual({ bad: null, good: { replayed: false } })
    expect(errors.map(({ path }) => path)).toEqual([['bad']])
  })

  it('of a person hides no other field, where the key may not read people', async () => {
    const writer = await server.withScopes('EVENTS_WRITE')
    const { data, errors } = await writer.send(
      'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { event { name } profile { id sourceId identities { value } } } }',
      { input: { name: 'click', profile: { sourceId: 's' } } },
    )
    expect(data?.trackEvent).toMatchObject({ event: { name: 'click' }, profile: { sourceId: null, identities: null } })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  })
})

describe('a query', () => {
  it('deeper than 16 is refused', async () => {
    const deep = `${'{ programs { edges { node { campaigns { edges { node { program '.repeat(1)}${'{ campaigns { edges { node { program '.repeat(3)}{ id }${' } } } }'.repeat(3)}${' } } } } } } }'}`
    const { errors } = await caller.send(deep)
    expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })

  it('that may touch too many rows is refused before it runs', async () => {
    const { errors } = await caller.send(
      '{ programs(first: 100) { edges { node { campaigns(first: 100) { edges { node { program { campaigns(first: 100) { edges { node { id } } } } } } } } } } }',
    )
    expect(errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED')
  })

  it('with an unknown field is refused', async () => {
    expect((await caller.send('{ nothing }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })

  it('that is no GraphQL is refused', async () => {
    expect((await caller.send('{ programs ')).errors[0]?.extensions.code).toBe('GRAPHQL_PARSE_FAILED')
  })

  it('for more than 100 rows gets 100', async () => {
    await track(caller, { name: 'click', profile: {} })
    const { attributions } = await caller.query('{ attributions(first: 99999) { edges { cursor } } }')
    expect(attributions.edges).toHaveLength(1)
  })

  it('for the first and the last at once is refused', async () => {
    expect(
      (
        await caller.send(
          '{ programs(first: 1) { edges { cursor } } attributions(first: 1, last: 1) { edges { cursor } } }',
        )
      ).errors[0],
    ).toMatchObject({
      path: ['attributions'],
      extensions: { code: 'BAD_INPUT' },
    })
  })

  it.each([
    ['malformed', 'rubbish'],
    ['of another list', Buffer.from(`programs:000000000000:${nobody}`).toString('base64url')],
  ])('with a cursor that is %s is refused', async (_name, after) => {
    const { errors } = await caller.send(
      'query ($after: String) { attributions(after: $after) { edges { cursor } } }',
      { after },
    )
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'after' })
  })

  it.each([
    'xx',
    '',
    globalId('Nothing', nobody),
    globalId('Campaign', 'x'),
    globalId('Campaign', nobody),
    globalId('Attribution', nobody),
  ])('for the node %j is null', async (id) => {
    const { data, errors } = await caller.send(
      'query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } programs { edges { cursor } } }',
      { id },
    )
    expect(errors).toEqual([])
    expect(data).toMatchObject({ node: null, nodes: [null] })
    expect(data?.programs.edges).toHaveLength(1)
  })
})

describe('what belongs to one account', () => {
  it('is to another as if it did not exist: as node, by look-up, in inputs and in lists', async () => {
    const { programs } = await caller.query(
      '{ programs { edges { node { id campaigns { edges { node { id } } } } } } }',
    )
    const program = programs.edges[0].node
    const { event, profile, attribution } = await track(caller, {
      name: 'click',
      profile: { email: 'ann@example.com' },
    })
    const other = await server.otherAccount()
    const ids = [
      program.id,
      program.campaigns.edges[0].node.id,
      event.id,
      profile.id,
      attribution.id,
      attribution.journey.id,
    ]
    const { data, errors } = await other.send(
      `query ($ids: [ID!]!, $event: ID!) {
        nodes(ids: $ids) { id }
        event(id: $event) { id }
        attribution(eventId: $event) { id }
        profile(by: { email: "ann@example.com" }) { id }
        programs { edges { cursor } } attributions { edges { cursor } } campaigns { edges { cursor } }
      }`,
      { ids, event: event.id },
    )
    expect(errors).toEqual([])
    expect(data).toEqual({
      nodes: ids.map(() => null),
      event: null,
      attribution: null,
      profile: null,
      programs: { edges: [] },
      attributions: { edges: [] },
      campaigns: { edges: [] },
    })
    const foreignHint = await track(other, {
      name: 'click',
      profile: {},
      targeting: { journeyCampaignId: ids[1], couponCodes: ['X'] },
    })
    expect(foreignHint.attribution).toMatchObject({ status: 'UNATTRIBUTED', campaign: null })
  })
})

describe('a key', () => {
  const query = '{ account { name } }'

  it('that is unknown is refused', async () => {
    const { status, errors } = await server.as('no-such-key-no-such-key-no-such').send(query)
    expect([status, errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('that was revoked is refused at once', async () => {
    const { createApiKey } = await server.query(
      'mutation { createApiKey(input: { name: "short", scopes: [EVENTS_WRITE] }) { secret apiKey { id prefix } } }',
    )
    const short = server.as(createApiKey.secret)
    expect((await short.query(query)).account.name).toBe('Default')
    await server.query('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { apiKey { revokedAt } } }', {
      id: createApiKey.apiKey.id,
    })
    expect((await short.send(query)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })

  it('that was revoked ends its sockets: no operation is taken, no message given', async () => {
    const { createApiKey } = await server.query(
      'mutation { createApiKey(input: { name: "dashboard", scopes: [ADMIN] }) { secret apiKey { id } } }',
    )
    const client = server.as(createApiKey.secret).socket()
    const closed = new Promise<number>((resolve) => client.on('closed', (event) => resolve((event as CloseEvent).code)))
    const listener = listen(client)
    await listener.ready()
    await server.query('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { apiKey { id } } }', {
      id: createApiKey.apiKey.id,
    })
    await track(server, { name: 'click', profile: {}, idempotencyKey: 'after the end' })
    expect(await closed).toBe(4403)
    expect(listener.keys()).toEqual([])
  })

  it('that may not read people is not told what a criterion saw of them', async () => {
    const { programs } = await caller.query('{ programs { edges { node { id } } } }')
    await addCampaign(caller, {
      programId: programs.edges[0].node.id,
      name: 'Others',
      journeys: [
        {
          name: 'p',
          role: 'PARTICIPANT',
          events: ['visit'],
          entry: { field: { field: 'email', op: 'EQ', value: 'x@y.de' } },
        },
      ],
    })
    const { createApiKey } = await caller.query(
      'mutation { createApiKey(input: { name: "writer", scopes: [EVENTS_WRITE] }) { secret } }',
    )
    const remedy =
      'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { attribution { trace { nearMiss { remedy { hint conditions { condition seen } } } } } } }'
    const input = { name: 'visit', profile: { email: 'secret@example.com' } }
    const toReader = await caller.query(remedy, { input })
    const toWriter = await server.as(createApiKey.secret).query(remedy, { input })
    expect(JSON.stringify(toReader)).toContain('secret@example.com')
    expect(JSON.stringify(toWriter)).toContain('"field":"email"')
    expect(JSON.stringify(toWriter)).not.toContain('secret@example.com')
  })

  it('that expired is refused', async () => {
    const { system } = server.app.services.database
    const expired = await server.withScopes('EVENTS_WRITE')
    await system.apiKey.updateMany({
      where: { name: 'EVENTS_WRITE' },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    })
    expect((await expired.send(query)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })

  it('without the scope may not do it, and is told so', async () => {
    const reader = await server.withScopes('ATTRIBUTIONS_READ')
    const { errors } = await reader.send(trackDocument, { input: { name: 'click', profile: {} } })
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('is asked for where none is sent', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ account { name } __typename }' }),
    })
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  })
})
