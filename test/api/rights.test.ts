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
