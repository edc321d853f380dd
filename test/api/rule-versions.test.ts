// The rules of any earlier decision can be had again: campaigns as they were, by the account's count of rule changes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountOf } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { aCampaign, participant } from '../support/setup.ts'

let server: TestServer
let accountId: string

beforeAll(async () => {
  server = await startServer()
  accountId = await accountOf(server)
})

afterAll(() => server?.stop())

type Transaction = Parameters<TestServer['app']['services']['ruleSets']['inForce']>[0]

const mutations = {
  move: 'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { id } } }',
  update: 'mutation ($input: UpdateCampaignInput!) { updateCampaign(input: $input) { campaign { id } } }',
  publish: 'mutation ($input: PublishCampaignInput!) { publishCampaign(input: $input) { campaign { id } } }',
}

const bare = (id: string) => Buffer.from(id, 'base64').toString().split(':')[1] ?? ''
const versionNow = async () => {
  const { system } = server.app.services.database
  return (await system.account.findUniqueOrThrow({ where: { id: accountId } })).rulesVersion
}
const versionIn = async (tx: Transaction) =>
  (await tx.account.findUniqueOrThrow({ where: { id: accountId } })).rulesVersion
const rulesAt = (version: number) =>
  server.app.services.ruleSets.asOf(server.app.services.database.system, accountId, version)

/** The campaign in the rules of a version, as `STATE revision`; null where it takes no part. */
async function seen(campaignId: string, version: number): Promise<string | null> {
  const facts = (await rulesAt(version)).rules.campaigns.get(bare(campaignId))?.facts
  return facts ? `${facts.state} ${facts.revision}` : null
}

test('a campaign is seen in the state and with the revision that it had at each version', async () => {
  const before = await versionNow()
  const campaignId = await aCampaign(server)
  const steps: [keyof typeof mutations, object][] = [
    ['update', { endsAt: '2040-01-01T00:00:00Z' }],
    ['move', { state: 'LIVE' }],
    ['update', { journeys: [{ ...participant, name: 'second' }] }],
    ['publish', {}],
    ['move', { state: 'PAUSED' }],
    ['update', { journeys: [{ ...participant, name: 'third' }] }],
    ['move', { state: 'LIVE' }],
    ['publish', {}],
    ['move', { state: 'STOPPED' }],
    ['move', { state: 'ARCHIVED' }],
  ]
  const versions = [before, await versionNow()]
  for (const [step, more] of steps) {
    await server.query(mutations[step], { input: { campaignId, ...more } })
    versions.push(await versionNow())
  }
  const told = await Promise.all(versions.map((version) => seen(campaignId, version)))
  expect(told).toEqual([
    ...[null, null, null, 'LIVE 1', 'LIVE 1', 'LIVE 2', 'PAUSED 2'],
    ...['PAUSED 2', 'LIVE 2', 'LIVE 3', 'STOPPED 3', 'ARCHIVED 3'],
  ])
  const second = (await rulesAt(versions[5] ?? 0)).rules.campaigns.get(bare(campaignId))
  expect(second?.facts.journeys.map(({ name }) => name)).toEqual(['second'])
  expect(second?.facts.firstLiveAt).not.toBeNull()
})

test('a draft of a published campaign is no part of the rules, so writing it changes no version', async () => {
  const campaignId = await aCampaign(server)
  await server.query(mutations.move, { input: { campaignId, state: 'LIVE' } })
  const version = await versionNow()
  await server.query(mutations.update, { input: { campaignId, endsAt: '2040-01-01T00:00:00Z' } })
  expect(await versionNow()).toBe(version)
  await server.query(mutations.publish, { input: { campaignId } })
  expect(await versionNow()).toBe(version + 1)
})

test('a version that is yet to come has no rules', async () => {
  const version = await versionNow()
  await expect(rulesAt(version + 1)).rejects.toThrow('yet to come')
})

test('of many versions the ones used last are kept ready', async () => {
  for (let i = 0; i < 60; i++) await aCampaign(server)
  const newest = await versionNow()
  const oldest = await rulesAt(1)
  expect(await rulesAt(1)).toBe(oldest)
  for (let version = newest; version > newest - 119; version--) await rulesAt(version)
  expect(await rulesAt(1)).toBe(oldest)
  for (let version = newest; version > newest - 120; version--) await rulesAt(version)
  expect(await rulesAt(1)).not.toBe(oldest)
})

test('earlier rules stay ready when later ones change, until a name or a setting changes', async () => {
  const campaignId = await aCampaign(server)
  await server.query(mutations.move, { input: { campaignId, state: 'LIVE' } })
  const version = await versionNow()
  const rules = await rulesAt(version)
  await server.query(mutations.move, { input: { campaignId, state: 'PAUSED' } })
  expect(await rulesAt(version)).toBe(rules)
  await server.query(mutations.update, { input: { campaignId, name: 'Renamed' } })
  expect((await rulesAt(version)).rules.campaigns.get(bare(campaignId))?.facts).toMatchObject({
    name: 'Renamed',
    state: 'LIVE',
  })
})

const withDrafts = () =>
  server.app.services.ruleSets.inForce(server.app.services.database.system, accountId, { drafts: true })

test('drafts that take part rank as if they went live one after the other', async () => {
  const ids = [await aCampaign(server), await aCampaign(server)]
  const { rules } = await withDrafts()
  const [first = 0, second = 0] = ids.map((id) => rules.campaigns.get(bare(id))?.facts.firstLiveAt ?? 0)
  expect(second).toBeGreaterThan(first)
})

test('rules with drafts stay ready until a draft changes', async () => {
  const campaignId = await aCampaign(server)
  await server.query(mutations.move, { input: { campaignId, state: 'LIVE' } })
  const before = await withDrafts()
  expect(await withDrafts()).toBe(before)
  for (const name of ['one', 'two']) {
    await server.query(mutations.update, { input: { campaignId, journeys: [{ ...participant, name }] } })
    const { version, rules } = await withDrafts()
    expect(version).toBe(before.version)
    expect(rules.campaigns.get(bare(campaignId))?.facts.journeys).toMatchObject([{ name }])
  }
})

/** The transaction, but reading aliases comes to nothing. */
const failing = (tx: Transaction): Transaction =>
  new Proxy(tx, {
    get: (target, key, receiver) =>
      key === 'eventTypeAlias'
        ? { findMany: () => Promise.reject(new Error('the first is gone')) }
        : Reflect.get(target, key, receiver),
  })

describe('rules that many ask for at the same moment', () => {
  const load = (tx: Transaction) => server.app.services.ruleSets.inForce(tx, accountId)

  test('are loaded once', async () => {
    await aCampaign(server)
    await server.app.services.database.transaction(async (tx) => {
      const [first, ...others] = await Promise.all([load(tx), load(tx), load(tx)])
      for (const rules of others) expect(rules).toBe(first)
    })
  })

  test('are not waited for where the one who loads has no connection of their own', async () => {
    await aCampaign(server)
    const { system } = server.app.services.database
    const [first, second] = await Promise.all([load(system), load(system)])
    expect(second).not.toBe(first)
  })

  test('are loaded by each that waited, where the first one fails', async () => {
    await aCampaign(server)
    await server.app.services.database.transaction(async (tx) => {
      const [first, ...others] = await Promise.allSettled([load(failing(tx)), load(tx), load(tx)])
      expect(first).toMatchObject({ status: 'rejected', reason: { message: 'the first is gone' } })
      const version = await versionIn(tx)
      expect(others).toMatchObject(Array(2).fill({ status: 'fulfilled', value: { version } }))
    })
  })
})

test('the rules in force of hundreds of accounts are known side by side', async () => {
  const { database, ruleSets } = server.app.services
  const ids = Array.from({ length: 205 }, (_, n) => `01940000-0000-7000-8000-${String(n).padStart(12, '0')}`)
  await database.system.account.createMany({ data: ids.map((id) => ({ id, name: 'One of many' })) })
  const loaded = []
  for (const id of ids) loaded.push(await ruleSets.inForce(database.system, id))
  expect(ids.map((id) => ruleSets.lastKnown(id))).toEqual(loaded)
})

test('follow-ups and content are part of the rules in force', async () => {
  const journeys = [{ name: 'views', role: 'PARTICIPANT', events: ['promotion_viewed'] }]
  const campaignId = await aCampaign(server, {
    journeys,
    content: [{ zone: 'home', journeyName: 'views', body: { n: 1 } }],
  })
  await server.query('mutation ($input: SetEventTypeInput!) { setEventType(input: $input) { eventType { name } } }', {
    input: { name: 'Refund', followsTransaction: true },
  })
  const { rules } = await server.app.services.ruleSets.inForce(server.app.services.database.system, accountId)
  expect([...rules.followUps]).toEqual(['refund'])
  expect(rules.campaigns.get(bare(campaignId))?.facts.content).toEqual([
    { zone: 'home', journeyName: 'views', body: { n: 1 } },
  ])
})
