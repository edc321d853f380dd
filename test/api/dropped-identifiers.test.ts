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
