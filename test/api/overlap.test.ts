// Who else would claim a campaign's events, asked of a running server; and the warning where nothing but an id decides.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, fresh } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let other: Caller

beforeAll(async () => {
  server = await startServer()
  other = await server.otherAccount()
})

afterAll(() => server?.stop())

const overlap = `query ($campaignId: ID!, $eventName: String) { campaignOverlap(campaignId: $campaignId, eventName: $eventName) {
  eventName journeyName otherJourneyName separatedBy wins campaign { name } otherCampaign { name program { name } } } }`
const changeState = `mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state }
  warnings { eventName journeyName otherJourneyName separatedBy otherCampaign { id } } } }`

const goLive = async (campaignId: string) =>
  (await server.query(changeState, { input: { campaignId, state: 'LIVE' } })).changeCampaignState.warnings
const flow = (name: string, events: string[], more: object = {}) => ({ name, role: 'PARTICIPANT', events, ...more })

test('a campaign tells which flows of others would claim its events, and what separates them', async () => {
  const rival = await aCampaign(server, { name: 'Rival', journeys: [flow('strong', ['claim'], { priority: 200 })] })
  const equal = await aCampaign(server, { name: 'Equal', journeys: [flow('same', ['claim', 'aside'])] })
  await goLive(rival)
  await goLive(equal)
  const mine = await aCampaign(server, { name: 'Mine', journeys: [flow('own', ['claim', 'aside'])] })
  const { campaignOverlap } = await server.query(overlap, { campaignId: mine })
  const common = { campaign: { name: 'Mine' }, journeyName: 'own' }
  expect(campaignOverlap).toMatchObject([
    { ...common, eventName: 'aside', otherJourneyName: 'same', separatedBy: 'CAMPAIGN_RECENCY', wins: true },
    { ...common, eventName: 'claim', otherJourneyName: 'strong', separatedBy: 'PRIORITY', wins: false },
    { ...common, eventName: 'claim', otherJourneyName: 'same', separatedBy: 'CAMPAIGN_RECENCY', wins: true },
  ])
  expect(campaignOverlap[1].otherCampaign.name).toBe('Rival')
  const one = await server.query(overlap, { campaignId: rival, eventName: ' Claim ' })
  expect(one.campaignOverlap).toMatchObject([{ otherCampaign: { name: 'Equal' }, separatedBy: 'PRIORITY', wins: true }])
})

test('an event may be asked for by an alias', async () => {
  const alias =
    'mutation ($input: CreateEventTypeAliasInput!) { createEventTypeAlias(input: $input) { eventTypeAlias { name } } }'
  await server.query(alias, { input: { alias: 'nicked', name: 'nick' } })
  const campaignId = await aCampaign(server, { journeys: [flow('a', ['nick']), flow('b', ['nick'], { priority: 1 })] })
  const { campaignOverlap } = await server.query(overlap, { campaignId, eventName: 'Nicked' })
  expect(campaignOverlap.map(({ wins }: { wins: boolean }) => wins)).toEqual([true, false])
})

test('going live, and publishing, warns of flows that nothing but an id separates', async () => {
  const journeys = [flow('one', ['twin']), flow('two', ['twin'])]
  const campaignId = await aCampaign(server, { journeys })
  const twins = ['one', 'two'].map((journeyName, i) => ({
    ...{ eventName: 'twin', journeyName, otherJourneyName: ['two', 'one'][i] },
    ...{ separatedBy: 'ID', otherCampaign: { id: campaignId } },
  }))
  expect(await goLive(campaignId)).toEqual(twins)
  const pause = (await server.query(changeState, { input: { campaignId, state: 'PAUSED' } })).changeCampaignState
  expect(pause.warnings).toEqual([])
  const update = 'mutation ($input: UpdateCampaignInput!) { updateCampaign(input: $input) { campaign { id } } }'
  const publish =
    'mutation ($input: PublishCampaignInput!) { publishCampaign(input: $input) { warnings { journeyName } } }'
  const published = async (more: object) => {
    await server.query(update, { input: { campaignId, ...more } })
    return (await server.query(publish, { input: { campaignId } })).publishCampaign.warnings
  }
  expect(await published({ journeys: [flow('one', ['twin'], { priority: 1 }), journeys[1]] })).toEqual([])
  expect(await published({ journeys })).toHaveLength(2)
})

test('at most 1,000 are told', async () => {
  const events = Array.from({ length: 100 }, (_, i) => `many_${i}`)
  const journeys = Array.from({ length: 5 }, (_, i) => flow(`flow ${i}`, events, { priority: i }))
  const campaignId = await aCampaign(server, { name: fresh('Many'), journeys })
  const statements = await statementsOf(async () => {
    expect((await server.query(overlap, { campaignId })).campaignOverlap).toHaveLength(1000)
  })
  expect(statements.length).toBeLessThan(20)
})

test('campaigns of another account neither count nor are found', async () => {
  const foreign = await aCampaign(other, { journeys: [flow('foreign', ['abroad'])] })
  await other.query(changeState, { input: { campaignId: foreign, state: 'LIVE' } })
  const campaignId = await aCampaign(server, { journeys: [flow('own', ['abroad'])] })
  expect((await server.query(overlap, { campaignId })).campaignOverlap).toEqual([])
  const { errors } = await server.send(overlap, { campaignId: foreign })
  expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'campaignId' })
})
