// An e-mail address that is stored in two spellings, as an earlier version wrote it and as it is written today, is one address.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { track } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

const given = 'ann@bücher.example'
const today = 'ann@xn--bcher-kva.example'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const visit = (profile: object) => track(caller, { name: 'visit', profile })
const idOf = async (profile: object): Promise<string> => (await visit(profile)).profile.id

/** Both spellings, of two profiles or of one. */
async function stored(ofFormer: string, ofToday: string): Promise<void> {
  const accountId = await accountOf(caller)
  const row = (id: string, value: string) => ({
    ...{ accountId, kind: 'EMAIL' as const, value, profileId: decodeId('Profile', id) ?? '' },
  })
  await server.app.services.database.system.identity.createMany({ data: [row(ofFormer, given), row(ofToday, today)] })
}

it('events of a person who has both are stored, with and without other identifiers', async () => {
  const ann = await idOf({ sourceId: 'ann' })
  await stored(ann, ann)
  expect(await idOf({ email: given })).toBe(ann)
  expect(await idOf({ email: today, deviceId: 'browser-1' })).toBe(ann)
  expect(await idOf({ sourceId: 'ann', phone: '+4917155501234' })).toBe(ann)
})

it('where two people have one each, it is whose it is as it is written today', async () => {
  const [ann, bob] = [await idOf({ sourceId: 'ann' }), await idOf({ sourceId: 'bob' })]
  await stored(ann, bob)
  expect(await idOf({ email: given })).toBe(bob)
  expect(await idOf({ sourceId: 'ann', deviceId: 'browser-1' })).toBe(ann)
  const { profile } = await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { id } }', {
    by: { email: given },
  })
  expect(profile.id).toBe(bob)
})

it('verified by somebody else, it goes to them as it is written today', async () => {
  const ann = await idOf({ sourceId: 'ann' })
  await stored(ann, ann)
  const cid = await idOf({ sourceId: 'cid', email: given, emailVerified: true })
  expect(await idOf({ email: given })).toBe(cid)
  expect(await idOf({ sourceId: 'ann', deviceId: 'browser-1' })).toBe(ann)
})
