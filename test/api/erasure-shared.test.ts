// Who shares a device with somebody who was erased goes on being known, and so do their events from before.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const before = '2026-01-01T00:00:00Z'
const offline = (profile: object) => ({ name: 'visit', profile, occurredAt: before })
const document = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }'
const person = async (profile: object) => (await track(server, { name: 'visit', profile })).profile.id as string

it('an offline event of theirs is stored as theirs, and one that names the erased person is refused', async () => {
  await person({ sourceId: 'ann', deviceId: 'tablet' })
  const bob = await person({ sourceId: 'bob', deviceId: 'tablet' })
  await mutate(server, 'eraseProfile', { profile: { sourceId: 'ann' } })
  expect((await track(server, offline({ sourceId: 'bob', deviceId: 'tablet' }))).profile.id).toBe(bob)
  expect(await refused(server, document, offline({ sourceId: 'ann', deviceId: 'tablet' }))).toMatch(/^CONFLICT/)
  // Whose it was nobody can tell.
  await track(server, offline({ deviceId: 'tablet' }))
})

it('a device that was the erased person’s alone tells of them, whatever unknown name it comes with', async () => {
  await person({ sourceId: 'cid', deviceId: 'phone' })
  await mutate(server, 'eraseProfile', { profile: { sourceId: 'cid' } })
  expect(await refused(server, document, offline({ deviceId: 'phone' }))).toMatch(/^CONFLICT/)
  expect(await refused(server, document, offline({ sourceId: 'dee', deviceId: 'phone' }))).toMatch(/^CONFLICT/)
})
