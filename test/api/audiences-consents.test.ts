// Audiences that ask what people allow: right as soon as a consent is recorded, whichever way it came.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, createAudience, createCampaign, fresh, participant, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

async function audience(caller: Caller, rule: object): Promise<string> {
  return (await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })).createAudience.audience.id
}

const ensure = async (caller: Caller, kind: string): Promise<string> =>
  (
    await caller.query(
      'mutation ($input: EnsureBuiltInAudienceInput!) { ensureBuiltInAudience(input: $input) { audience { id } } }',
      { input: { kind } },
    )
  ).ensureBuiltInAudience.audience.id

const members = `query ($id: ID!) { node(id: $id) { ... on Audience { members(first: 20) { edges { node { profile { sourceId } } } } } } }`

async function membersOf(caller: Caller, id: string): Promise<string[]> {
  const { node } = await caller.query(members, { id })
  return node.members.edges
    .map((edge: { node: { profile: { sourceId: string } } }) => edge.node.profile.sourceId)
    .sort()
}

const say = (caller: Caller, sourceId: string, more: object) =>
  mutate(caller, 'setConsent', { profile: { sourceId }, channel: 'EMAIL', state: 'OPTED_IN', ...more })

it('subscribers are who opted in to a channel and not out since, and contacts who did neither that nor order', async () => {
  const caller = await server.otherAccount()
  await say(caller, 'before', {})
  const [subscribers, contacts] = [await ensure(caller, 'SUBSCRIBERS'), await ensure(caller, 'CONTACTS')]
  const both = async () => [await membersOf(caller, subscribers), await membersOf(caller, contacts)]
  expect(await both()).toEqual([['before'], []])
  await track(caller, { name: 'look', profile: { sourceId: 'ada' } })
  expect(await both()).toEqual([['before'], ['ada']])
  await track(caller, { name: 'opt_in', profile: { sourceId: 'ada' }, data: { channel: ['sms', 'push'] } })
  expect(await both()).toEqual([['ada', 'before'], []])
  await track(caller, { name: 'opt_out', profile: { sourceId: 'ada' }, data: { channel: 'sms' } })
  expect(await both()).toEqual([['ada', 'before'], []])
  await say(caller, 'ada', { channel: 'PUSH', state: 'OPTED_OUT' })
  expect(await both()).toEqual([['before'], ['ada']])
  await say(caller, 'before', { state: 'PENDING' })
  await track(caller, { name: 'purchase', profile: { sourceId: 'before' }, data: { total: 1, currency: 'EUR' } })
  expect(await both()).toEqual([[], ['ada']])
})

it('what was said earlier than what is known moves nobody; the cause is told, with the event where there was one', async () => {
  const caller = await server.otherAccount()
  const id = await audience(caller, { consent: { channel: 'EMAIL' } })
  const follower = await followAudience(caller, { audienceId: id })
  const earlier = new Date(Date.now() - 86_400_000)
  await say(caller, 'ada', {})
  await say(caller, 'ada', { state: 'OPTED_OUT', at: earlier })
  await say(caller, 'ada', { channel: 'SMS', state: 'OPTED_OUT' })
  expect(await membersOf(caller, id)).toEqual(['ada'])
  await track(caller, { name: 'Opt Out', profile: { sourceId: 'ada' }, data: { channel: 'email' } })
  await follower.until(() => follower.moves().length === 2)
  expect(follower.moves()).toEqual(['+ada CONSENT', '-ada EVENT opt_out'])
})

it('two profiles that turn out to be one person have what either said last', async () => {
  const caller = await server.otherAccount()
  const id = await audience(caller, { not: { consent: { state: 'OPTED_OUT' } } })
  await say(caller, 'ada', { state: 'OPTED_OUT', at: new Date(Date.now() - 60_000) })
  await mutate(caller, 'setConsent', { profile: { deviceId: 'd' }, channel: 'EMAIL', state: 'OPTED_IN' })
  await track(caller, { name: 'look', profile: { sourceId: 'ada', deviceId: 'd' } })
  expect(await membersOf(caller, id)).toEqual(['ada'])
})

it('an explanation shows what is in force, and criteria of a flow ask about the audience instead', async () => {
  const caller = await server.otherAccount()
  const id = await audience(caller, { any: [{ consent: { channel: 'SMS', state: 'PENDING' } }, { consent: {} }] })
  await say(caller, 'ada', { channel: 'SMS', state: 'OPTED_OUT' })
  await say(caller, 'ada', { channel: 'POST' })
  const { explainMembership } = await caller.query(
    'query ($id: ID!) { explainMembership(audienceId: $id, profile: { sourceId: "ada" }) { isMember nodes { at truth seen condition } } }',
    { id },
  )
  expect(explainMembership.isMember).toBe(true)
  expect(explainMembership.nodes.slice(1)).toEqual([
    { at: 'any[0].consent', truth: 'FALSE', seen: 'OPTED_OUT', condition: { channel: 'SMS', state: 'PENDING' } },
    { at: 'any[1].consent', truth: 'TRUE', seen: ['POST'], condition: { state: 'OPTED_IN' } },
  ])
  const entry = { all: [{ consent: { channel: 'EMAIL' } }] }
  const input = { programId: await aProgram(caller), name: fresh('Campaign'), journeys: [{ ...participant, entry }] }
  expect(await refused(caller, createCampaign, input)).toBe('BAD_INPUT input.journeys[0].entry.all[0].consent')
})

it('an advocate is in an audience as long as friends of theirs are subscribed', async () => {
  const caller = await server.otherAccount()
  const programId = await aProgram(caller)
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup'] }
  const { createCampaign: made } = await caller.query(createCampaign, {
    input: { programId, name: fresh('Campaign'), journeys: [friend] },
  })
  const campaignId = made.campaign.id
  await mutate(caller, 'changeCampaignState', { campaignId, state: 'LIVE' })
  await mutate(caller, 'createAdvocateCode', { code: 'ADA', campaignId, advocate: { sourceId: 'ada' } })
  const id = await audience(caller, { relationship: { as: 'ADVOCATE', where: { consent: {} } } })
  const follower = await followAudience(caller, { audienceId: id })
  await track(caller, { name: 'signup', profile: { sourceId: 'fay' }, targeting: { advocateCodes: ['ADA'] } })
  await say(caller, 'fay', {})
  await follower.until(() => follower.moves().length === 1)
  await track(caller, { name: 'opt_out', profile: { sourceId: 'fay' }, data: { channel: 'EMAIL' } })
  await follower.until(() => follower.moves().length === 2)
  // Two things move her each time; whichever is looked at first is said to be the cause.
  expect(follower.moves()).toEqual([
    expect.stringMatching(/^\+ada RELATIONSHIP/),
    expect.stringMatching(/^-ada RELATIONSHIP/),
  ])
})
