// Audiences that ask about the people whom somebody is related to: a moment after those did something.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh, participant, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const createAudience = 'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }'

async function audience(caller: Caller, rule: object): Promise<string> {
  return (await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })).createAudience.audience.id
}

/** An account in which Ada refers whoever comes with her code. */
async function referrals(): Promise<{
  caller: Caller
  refer(sourceId: string): Promise<unknown>
  buy(sourceId: string, total: number): Promise<unknown>
}> {
  const caller = await server.otherAccount()
  const { programId } = await openBrand(caller)
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
  const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys: [friend] })
  await mutate(caller, 'createAdvocateCode', { code: 'ADA', campaignId, advocate: { sourceId: 'ada' } })
  return {
    caller,
    refer: (sourceId) =>
      track(caller, { name: 'signup', profile: { sourceId }, targeting: { advocateCodes: ['ADA'] } }),
    buy: (sourceId, total) =>
      track(caller, { name: 'purchase', profile: { sourceId }, data: { total, currency: 'EUR' } }),
  }
}

const spent = { order: { aggregate: 'LARGEST_MINOR', op: 'GT', value: 5000, currency: 'EUR', withinLastDays: 30 } }

it('an advocate enters when the second friend buys for over 50, and leaves when a friend no longer counts', async () => {
  const { caller, refer, buy } = await referrals()
  const id = await audience(caller, {
    relationship: {
      as: 'ADVOCATE',
      atLeast: 2,
      where: { all: [spent, { not: { field: { field: 'bad', op: 'EXISTS' } } }] },
    },
  })
  const follower = await followAudience(caller, { audienceId: id })
  for (const sourceId of ['fay', 'fred', 'finn']) await refer(sourceId)
  await buy('fay', 60)
  await buy('fred', 40)
  await buy('finn', 51)
  await follower.until(() => follower.moves().length === 1)
  await caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile: { sourceId: 'fay' }, set: { bad: true } },
  })
  await follower.until(() => follower.moves().length === 2)
  expect(follower.moves()).toEqual(['+ada RELATIONSHIP purchase', '-ada RELATIONSHIP'])
})

it('a friend follows what the advocate does, and what time does to it', async () => {
  const { caller, refer } = await referrals()
  await refer('fay')
  const id = await audience(caller, {
    relationship: { as: 'FRIEND', where: { event: { name: 'click', withinLastDays: 0.00003 } } },
  })
  const follower = await followAudience(caller, { audienceId: id })
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await follower.until(() => follower.moves().length === 2)
  expect(follower.moves()).toEqual(['+fay RELATIONSHIP click', '-fay TIME'])
})

it('whoever satisfies it already is in it as soon as it is made', async () => {
  const { caller, refer, buy } = await referrals()
  await refer('fay')
  await buy('fay', 60)
  const id = await audience(caller, { relationship: { as: 'ADVOCATE', where: spent } })
  const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id })
  expect(node.memberCount).toBe(1)
})

it('criteria of a flow ask about such an audience, and not about others themselves', async () => {
  const { caller } = await referrals()
  const { id: programId } = (await caller.query('{ programs { edges { node { id } } } }')).programs.edges[0].node
  const entry = { all: [{ relationship: { as: 'ADVOCATE', where: spent } }] }
  const create = 'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }'
  const input = { programId, name: fresh('Campaign'), journeys: [{ ...participant, entry }] }
  expect(await refused(caller, create, input)).toBe('BAD_INPUT input.journeys[0].entry.all[0].relationship.where')
  const nested = { relationship: { as: 'ADVOCATE', where: { relationship: { as: 'ADVOCATE', where: spent } } } }
  const bad = { name: fresh('Audience'), rule: nested }
  expect(await refused(caller, createAudience, bad)).toBe('BAD_INPUT input.rule.relationship.where')
})

it('built-in audiences are there when they are asked for, and follow customers, advocates and their success', async () => {
  const { caller, refer, buy } = await referrals()
  await refer('fay')
  const ensure = async (kind: string): Promise<{ id: string; name: string; builtIn: string; memberCount: number }> =>
    (
      await caller.query(
        'mutation ($input: EnsureBuiltInAudienceInput!) { ensureBuiltInAudience(input: $input) { audience { id name builtIn memberCount } } }',
        { input: { kind } },
      )
    ).ensureBuiltInAudience.audience
  const [one, two] = [await ensure('SUCCESSFUL_WITH_1'), await ensure('SUCCESSFUL_WITH_2')]
  expect(await ensure('ADVOCATES')).toMatchObject({ name: 'Advocates', builtIn: 'ADVOCATES', memberCount: 1 })
  const [first, second] = await Promise.all([one, two].map(({ id }) => followAudience(caller, { audienceId: id })))
  await buy('fay', 10)
  await first?.until(() => first.moves().length === 1)
  await refer('fred')
  await buy('fred', 10)
  await second?.until(() => second.moves().length === 1)
  await first?.until(() => first.moves().length === 2)
  // Where the second friend had bought before anybody looked at their coming, either event is the cause.
  expect(first?.moves()).toEqual([
    '+ada RELATIONSHIP purchase',
    expect.stringMatching(/^-ada RELATIONSHIP (signup|purchase)$/),
  ])
  expect(await ensure('CUSTOMERS')).toMatchObject({ memberCount: 2 })
  expect((await ensure('SUCCESSFUL_WITH_2')).id).toBe(two.id)
  const update = 'mutation ($input: UpdateAudienceInput!) { updateAudience(input: $input) { audience { id } } }'
  expect(await refused(caller, update, { audienceId: one.id, rule: spent })).toBe('CONFLICT input.rule')
})
