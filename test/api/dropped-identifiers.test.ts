// Identifiers that say nothing of a person: the event is kept without them, and its answer tells which and why.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const dropped = 'droppedIdentifiers { kind value reason }'
const send = async (profile: object, more: object = {}) => {
  const { trackEvent } = await server.query(
    `mutation ($input: TrackEventInput!) { trackEvent(input: $input) { profile { id sourceId } ${dropped} } }`,
    { input: { name: 'visit', profile, ...more } },
  )
  return trackEvent
}
const sendAll = async (...profiles: object[]) => {
  const { trackEvents } = await server.query(
    `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { ${dropped} } error { code field } } } }`,
    { input: { events: profiles.map((profile) => ({ name: 'visit', profile })) } },
  )
  return trackEvents.results
}

test('are told of events in an account that normalises fields, one by one and in a list', async () => {
  await send({ sourceId: 'owner', email: 'owned@example.com' })
  const given = { sourceId: 'another', email: 'owned@example.com', deviceId: 'null' }
  const told = [
    { kind: 'DEVICE', value: 'null', reason: 'BLOCKED_VALUE' },
    { kind: 'EMAIL', value: 'owned@example.com', reason: 'OWNED_BY_ANOTHER' },
  ]
  expect((await send(given)).droppedIdentifiers).toEqual(told)
  await server.query(
    'mutation { setFieldNormaliser(input: { field: "country", kind: COUNTRY }) { clientMutationId: __typename } }',
  )
  expect((await send(given)).droppedIdentifiers).toEqual(told)
  expect(await sendAll(given)).toEqual([{ payload: { droppedIdentifiers: told }, error: null }])
})

test('are told where nothing stands in them, or what cannot be one, and the event is kept', async () => {
  const { droppedIdentifiers } = await send({ sourceId: 'x', email: 'not-an-email', phone: ' ', deviceId: '' })
  expect(droppedIdentifiers).toEqual([
    { kind: 'EMAIL', value: 'not-an-email', reason: 'INVALID' },
    { kind: 'PHONE', value: '', reason: 'BLANK' },
    { kind: 'DEVICE', value: '', reason: 'BLANK' },
  ])
  // A number that nobody can have, and one that has to be called by 00 in most countries.
  expect((await send({ phone: '+10000000000' })).droppedIdentifiers).toEqual([
    { kind: 'PHONE', value: '+10000000000', reason: 'INVALID' },
  ])
  const { profile } = await send({ phone: '0049 30 901820' })
  expect((await send({ phone: '+4930901820' })).profile.id).toBe(profile.id)
})

test('are told of an event that names a profile, where a source id cannot be taken', async () => {
  const { profile } = await send({ sourceId: 'known' })
  await send({ sourceId: 'somebody' })
  expect((await send({ id: profile.id, sourceId: 'another id' })).droppedIdentifiers).toEqual([
    { kind: 'SOURCE_ID', value: 'another id', reason: 'OVER_LIMIT' },
  ])
  expect((await send({ id: profile.id, sourceId: 'somebody' })).droppedIdentifiers).toEqual([
    { kind: 'SOURCE_ID', value: 'somebody', reason: 'OWNED_BY_ANOTHER' },
  ])
})

test('refuse a look-up, and a write of something other than an event', async () => {
  const by = async (key: object) =>
    (await server.send('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', { by: key })).errors[0]?.extensions
  expect(await by({ email: 'not-an-email' })).toMatchObject({ code: 'BAD_INPUT', field: 'by.email' })
  expect(await by({ phone: '+10000000000' })).toMatchObject({ code: 'BAD_INPUT', field: 'by.phone' })
  expect(await by({ email: ' ' })).toMatchObject({ code: 'BAD_INPUT', field: 'by' })
  const { errors } = await server.send(
    'mutation { updateProfile(input: { profile: { sourceId: "x", email: "nobody" } }) { __typename } }',
  )
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.profile.email' })
})

test('of two people on one device say so of both, and what comes from it alone is neither’s', async () => {
  const { profile: anonymous } = await send({ deviceId: 'tablet' })
  const { profile: ann } = await send({ sourceId: 'ann', deviceId: 'tablet' })
  expect(ann.id).toBe(anonymous.id)
  expect((await send({ deviceId: 'tablet' })).profile.id).toBe(ann.id)
  const { profile: bob } = await send({ sourceId: 'bob', deviceId: 'tablet' })
  const devices = async (id: string) => {
    const { profile } = await server.query(
      'query ($id: ID!) { profile(by: { id: $id }) { identities { kind value shared } } }',
      { id },
    )
    return profile.identities.filter(({ kind }: { kind: string }) => kind === 'DEVICE')
  }
  const shared = [{ kind: 'DEVICE', value: 'tablet', shared: true }]
  expect([await devices(ann.id), await devices(bob.id)]).toEqual([shared, shared])
  const { profile: somebody } = await send({ deviceId: 'tablet' })
  expect([ann.id, bob.id]).not.toContain(somebody.id)
  const { profile } = await server.query('{ profile(by: { deviceId: "tablet" }) { id sourceId } }')
  expect(profile).toEqual({ id: somebody.id, sourceId: null })
})
