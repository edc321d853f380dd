// An alias stands for another event name: nothing goes by it, so that no campaign may name it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { aCampaign, aProgram, createCampaign, fresh, participant, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.stop())

const changeState =
  'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { id } } }'
const updateCampaign = 'mutation ($input: UpdateCampaignInput!) { updateCampaign(input: $input) { campaign { id } } }'
const publishCampaign =
  'mutation ($input: PublishCampaignInput!) { publishCampaign(input: $input) { campaign { id } } }'
const createAlias =
  'mutation ($input: CreateEventTypeAliasInput!) { createEventTypeAlias(input: $input) { eventTypeAlias { alias name } } }'

const flow = (more: object) => ({ name: 'flow', role: 'PARTICIPANT', events: ['x', 'acquired'], ...more })
const rule = (name: string) => ({ all: [{ not: { event: { name } } }] })

test.each([
  ['events[1]', flow({ events: ['x', 'Got It'] })],
  ['entry.all[0].not.event.name', flow({ entry: rule('Got It') })],
  ['ongoing.all[0].not.event.name', flow({ ongoing: rule('got-it') })],
])('a campaign does not name an alias, as nothing ever goes by it: %s', async (place, journey) => {
  const caller = await server.otherAccount()
  const campaignId = await aCampaign(caller)
  await caller.query(createAlias, { input: { alias: 'got it', name: 'acquired' } })
  const journeys = [participant, journey]
  const input = { programId: await aProgram(caller), name: fresh('Campaign'), journeys }
  expect(await refused(caller, createCampaign, input)).toBe(`BAD_INPUT input.journeys[1].${place}`)
  const { errors } = await caller.send(updateCampaign, { input: { campaignId, journeys } })
  expect(errors[0]?.message).toBe('an alias of acquired; name that')
  expect(errors[0]?.extensions.field).toBe(`input.journeys[1].${place}`)
})

test.each([
  ['an event', flow({ events: ['got_it', 'acquired'], startEvents: ['acquired'] })],
  ['an entry rule', flow({ entry: rule('Got It') })],
  ['an ongoing rule', flow({ ongoing: rule('Got It') })],
])('what a campaign names is no alias until the campaign is over: %s', async (_what, journey) => {
  const caller = await server.otherAccount()
  const campaignId = await aCampaign(caller)
  const create = { alias: 'Got It', name: 'acquired' }
  const move = (state: string) => caller.query(changeState, { input: { campaignId, state } })
  await move('LIVE')
  await caller.query(updateCampaign, { input: { campaignId, journeys: [journey] } })
  expect(await refused(caller, createAlias, create)).toBe('CONFLICT input.alias')
  await caller.query(publishCampaign, { input: { campaignId } })
  await caller.query(updateCampaign, { input: { campaignId, journeys: [participant] } })
  expect(await refused(caller, createAlias, create)).toBe('CONFLICT input.alias')
  await move('STOPPED')
  await caller.query(createAlias, { input: create })
})
