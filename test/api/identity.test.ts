// By what people are recognised: which identifier names a person, what is dropped, and what an account may say of it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const document = `mutation ($input: TrackEventInput!) { trackEvent(input: $input) {
  replayed profile { id sourceId } droppedIdentifiers { kind value reason } } }`

const come = async (profile: object, more: object = {}) =>
  (await caller.query(document, { input: { name: 'visit', profile, ...more } })).trackEvent

const person = async (by: object) =>
  (
    await caller.query(
      'query ($by: ProfileKeyInput!) { profile(by: $by) { id sourceId identities { kind value verifiedAt shared } } }',
      { by },
    )
  ).profile

const candidates = async () =>
  (await caller.query('{ mergeCandidates { edges { node { reasons first { sourceId } second { sourceId } } } } }'))
    .mergeCandidates.edges

const updateRules = `mutation ($input: UpdateIdentityRulesInput!) { updateIdentityRules(input: $input) { identityRules {
  maxEmails maxPartnerUserIds maxPhones maxDevices blockedValues partnerUserIdIsUnique maxPeoplePerDevice } } }`

const rules = async (input: object) => (await caller.query(updateRules, { input })).updateIdentityRules.identityRules

describe('an identifier that is dropped', () => {
  it('is named in the answer with the reason, and the event is stored all the same', async () => {
    const { droppedIdentifiers, profile } = await come({ sourceId: 'ann', email: 'null', deviceId: '0000-0000' })
    expect(profile.sourceId).toBe('ann')
    expect(droppedIdentifiers).toEqual([
      { kind: 'EMAIL', value: 'null', reason: 'BLOCKED_VALUE' },
      { kind: 'DEVICE', value: '0000-0000', reason: 'BLOCKED_VALUE' },
    ])
    expect((await person({ sourceId: 'ann' })).identities).toHaveLength(1)
    expect(await person({ email: 'null' })).toBeNull()
  })

  it('is not named again for an event that was stored before', async () => {
    const more = { idempotencyKey: 'k' }
    expect((await come({ sourceId: 'ann', deviceId: 'null' }, more)).droppedIdentifiers).toHaveLength(1)
    expect(await come({ sourceId: 'ann', deviceId: 'null' }, more)).toMatchObject({
      replayed: true,
      droppedIdentifiers: [],
    })
  })

  it('since the account blocks it is dropped from the next event on', async () => {
    await come({ deviceId: 'Kiosk-1' })
    await rules({ blockedValues: [' KIOSK-1 '] })
    expect((await come({ sourceId: 'ann', deviceId: 'Kiosk-1' })).droppedIdentifiers).toEqual([
      { kind: 'DEVICE', value: 'Kiosk-1', reason: 'BLOCKED_VALUE' },
    ])
  })

  it('is dropped one by one within a list of events, as each comes', async () => {
    await rules({ maxDevices: 3 })
    const events = ['a', 'b', 'c', 'd', 'a', 'e'].map((deviceId) => ({
      name: 'visit',
      profile: { sourceId: 's', deviceId },
    }))
    const { trackEvents } = await caller.query(
      'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { droppedIdentifiers { value reason } } } } }',
      { input: { events } },
    )
    const reasons = trackEvents.results.map(
      ({ payload }: { payload: { droppedIdentifiers: { reason: string }[] } }) => payload.droppedIdentifiers[0]?.reason,
    )
    expect(reasons).toEqual([undefined, undefined, undefined, 'OVER_LIMIT', undefined, 'OVER_LIMIT'])
  })
})

describe('a person with a source id', () => {
  it('may come to other e-mail addresses', async () => {
    const first = await come({ sourceId: 'ann', email: 'a@example.com' })
    const second = await come({ sourceId: 'ann', email: 'b@example.com' })
    expect(second.profile.id).toBe(first.profile.id)
    expect((await person({ email: 'b@example.com' })).id).toBe(first.profile.id)
  })

  it('is never merged by an event with one who has another: both stay, the identifier stays where it was, and a candidate is noted once', async () => {
    await come({ sourceId: 'ann', email: 'a@example.com' })
    await come({ sourceId: 'bob', phone: '+49 30 901820' })
    for (let times = 0; times < 2; times++) {
      const { profile, droppedIdentifiers } = await come({ sourceId: 'bob', email: 'a@example.com' })
      expect(profile.sourceId).toBe('bob')
      expect(droppedIdentifiers).toEqual([{ kind: 'EMAIL', value: 'a@example.com', reason: 'OWNED_BY_ANOTHER' }])
    }
    expect((await person({ email: 'a@example.com' })).sourceId).toBe('ann')
    expect(await candidates()).toEqual([
      { node: { reasons: ['EMAIL'], first: { sourceId: 'ann' }, second: { sourceId: 'bob' } } },
    ])
  })
})

describe('an e-mail address', () => {
  it('that is verified is known as such from then on, and a later claim changes nothing', async () => {
    await come({ sourceId: 'ann', email: 'a@example.com' })
    expect((await person({ sourceId: 'ann' })).identities[0]).toMatchObject({ kind: 'SOURCE_ID', verifiedAt: null })
    await come({ sourceId: 'ann', email: 'a@example.com', emailVerified: true })
    const verifiedAt = (await person({ sourceId: 'ann' })).identities.find(
      ({ kind }: { kind: string }) => kind === 'EMAIL',
    ).verifiedAt
    expect(Date.parse(verifiedAt)).toBeGreaterThan(0)
    await come({ sourceId: 'ann', email: 'a@example.com' })
    await come({ sourceId: 'ann', email: 'a@example.com', emailVerified: true })
    expect((await person({ email: 'a@example.com' })).identities).toContainEqual({
      ...{ kind: 'EMAIL', value: 'a@example.com', shared: false },
      verifiedAt,
    })
  })

  it('that somebody only claimed goes to the one who verified it, and the two may be one', async () => {
    const ann = await come({ sourceId: 'ann', email: 'shared@example.com' })
    const bob = await come({ sourceId: 'bob', email: 'shared@example.com', emailVerified: true })
    expect(bob.droppedIdentifiers).toEqual([])
    expect((await person({ email: 'shared@example.com' })).id).toBe(bob.profile.id)
    expect((await person({ id: ann.profile.id })).identities).toHaveLength(1)
    expect(await candidates()).toHaveLength(1)
    // And it stays: another cannot take it by claiming or verifying it.
    const again = await come({ sourceId: 'ann', email: 'shared@example.com', emailVerified: true })
    expect(again.droppedIdentifiers).toMatchObject([{ reason: 'OWNED_BY_ANOTHER' }])
  })

  it('counts for conditions on the address from the very event on that takes it', async () => {
    const events = [
      { name: 'visit', profile: { sourceId: 'ann', email: 'm@example.com' } },
      { name: 'visit', profile: { sourceId: 'bob', email: 'm@example.com', emailVerified: true } },
      { name: 'visit', profile: { email: 'm@example.com' } },
    ]
    const { trackEvents } = await caller.query(
      'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { profile { sourceId } } } } }',
      { input: { events } },
    )
    expect(trackEvents.results.map((one: { payload: object }) => one.payload)).toEqual(
      ['ann', 'bob', 'bob'].map((sourceId) => ({ profile: { sourceId } })),
    )
    expect((await person({ sourceId: 'ann' })).identities).toHaveLength(1)
  })

  it('is the same in every spelling of its domain, and as earlier versions stored it', async () => {
    const { profile } = await come({ email: 'ann@Bücher.example' })
    expect((await person({ email: 'Ann@xn--bcher-kva.example' })).id).toBe(profile.id)
    const { system } = server.app.services.database
    await system.$executeRaw`UPDATE identity SET value = 'ann@bücher.example' WHERE value = 'ann@xn--bcher-kva.example'`
    expect((await come({ email: 'ann@bücher.example', deviceId: 'd' })).profile.id).toBe(profile.id)
    expect((await come({ email: 'ann@bücher.example', emailVerified: true })).profile.id).toBe(profile.id)
    expect((await person({ email: 'ann@bücher.example' })).id).toBe(profile.id)
  })
})

describe('a person with 10,000 identifiers', () => {
  it('is still named by each of them, and gets no more', async () => {
    const { profile } = await come({ sourceId: 'ann' })
    const { system } = server.app.services.database
    await system.$executeRaw`
      INSERT INTO identity (account_id, kind, value, profile_id)
      SELECT account_id, 'DEVICE', 'many ' || n, profile_id FROM identity, generate_series(1, 10000) AS n WHERE value = 'ann' AND profile_id = ${decodeId('Profile', profile.id)}::uuid`
    for (const deviceId of ['many 1', 'many 10000']) expect((await come({ deviceId })).profile.id).toBe(profile.id)
    const { droppedIdentifiers } = await come({ sourceId: 'ann', deviceId: 'one more', phone: '+4930901820' })
    expect(droppedIdentifiers.map(({ reason }: { reason: string }) => reason)).toEqual(['OVER_LIMIT', 'OVER_LIMIT'])
    expect((await person({ id: profile.id })).identities).toHaveLength(200)
  })
})

describe('an address that several verify at once', () => {
  it('is one’s, and the others are told so', async () => {
    const email = 'race@example.com'
    await come({ sourceId: 'claimed', email })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => come({ sourceId: `racer ${i}`, email, emailVerified: true })),
    )
    const [owner, ...others] = answers.filter(({ droppedIdentifiers }) => droppedIdentifiers.length === 0)
    expect(others).toEqual([])
    expect((await person({ email })).id).toBe(owner.profile.id)
    expect((await person({ sourceId: 'claimed' })).identities).toHaveLength(1)
  })
})

describe('a device', () => {
  it('of more known people than the account allows stops telling who somebody is', async () => {
    await rules({ maxPeoplePerDevice: 2 })
    const ann = await come({ sourceId: 'ann', deviceId: 'tablet' })
    await come({ sourceId: 'bob', deviceId: 'tablet' })
    expect((await come({ deviceId: 'tablet' })).profile.id).toBe(ann.profile.id)
    expect((await person({ sourceId: 'bob' })).identities).toContainEqual(
      expect.objectContaining({ kind: 'DEVICE', value: 'tablet', shared: true }),
    )
    await come({ sourceId: 'cid', deviceId: 'tablet' })
    expect((await come({ sourceId: 'dan', deviceId: 'tablet' })).droppedIdentifiers).toEqual([
      { kind: 'DEVICE', value: 'tablet', reason: 'SHARED_DEVICE' },
    ])
    const nobody = await come({ deviceId: 'tablet' })
    expect(nobody.profile.sourceId).toBeNull()
    expect((await come({ deviceId: 'tablet' })).profile.id).toBe(nobody.profile.id)
    // Nor does whoever signs in on it become the anonymous visitor of before.
    expect((await come({ sourceId: 'eve', deviceId: 'tablet' })).profile.id).not.toBe(nobody.profile.id)
    expect((await come({ deviceId: 'tablet' })).profile.id).toBe(nobody.profile.id)
  })
})

describe('a partner’s user id', () => {
  it('that need not be unique is kept by each who comes with it', async () => {
    await rules({ partnerUserIdIsUnique: false })
    const ann = await come({ sourceId: 'ann', partnerUserId: 'family' })
    const bob = await come({ sourceId: 'bob', partnerUserId: 'family' })
    await come({ sourceId: 'bob', partnerUserId: 'family' })
    expect(bob.profile.id).not.toBe(ann.profile.id)
    expect((await person({ sourceId: 'bob' })).identities).toHaveLength(2)
    expect(await person({ partnerUserId: 'family' })).toBeNull()
  })
})

describe('identity rules', () => {
  it('are told, changed in part, and count at once', async () => {
    const query = '{ identityRules { maxEmails maxDevices blockedValues partnerUserIdIsUnique maxPeoplePerDevice } }'
    expect((await caller.query(query)).identityRules).toEqual({
      ...{ maxEmails: 20, maxDevices: 100, blockedValues: [], partnerUserIdIsUnique: true, maxPeoplePerDevice: 1 },
    })
    expect(await rules({ maxEmails: 1 })).toMatchObject({ maxEmails: 1, maxDevices: 100 })
    expect(await rules({ maxPhones: 2 })).toMatchObject({ maxEmails: 1, maxPhones: 2 })
    await come({ sourceId: 'ann', email: 'a@example.com' })
    expect((await come({ sourceId: 'ann', email: 'b@example.com' })).droppedIdentifiers).toEqual([
      { kind: 'EMAIL', value: 'b@example.com', reason: 'OVER_LIMIT' },
    ])
  })

  it('that cannot hold are refused, and only an administrator changes them', async () => {
    expect(await refused(caller, updateRules, { maxEmails: 0 })).toBe('BAD_INPUT input.maxEmails')
    expect(await refused(caller, updateRules, { maxDevices: 1_000 })).toBe('BAD_INPUT input.maxDevices')
    expect(await refused(caller, updateRules, { maxPeoplePerDevice: 0 })).toBe('BAD_INPUT input.maxPeoplePerDevice')
    expect(await refused(caller, updateRules, { blockedValues: [' '] })).toBe('BAD_INPUT input.blockedValues')
    const writer = await server.withScopes('EVENTS_WRITE')
    expect(await refused(writer, updateRules, { maxEmails: 5 })).toBe('FORBIDDEN')
  })
})
