// What time alone changes: people enter and leave at the very instant, though nothing happens.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

/** 1,728 milliseconds. */
const moment = 0.00002

async function audience(caller: Caller, rule: object): Promise<string> {
  const made = await caller.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: fresh('Audience'), rule } },
  )
  return made.createAudience.audience.id
}

it('who did something lately leaves when that is no longer lately, and enters what asks for the opposite', async () => {
  const caller = await server.otherAccount()
  const lately = await audience(caller, { event: { name: 'click', withinLastDays: moment } })
  const quiet = await audience(caller, {
    all: [{ audience: { id: lately, member: false } }, { event: { name: 'click' } }],
  })
  const [one, other] = await Promise.all([lately, quiet].map((audienceId) => followAudience(caller, { audienceId })))
  const { event } = await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await one?.until(() => one.moves().length === 2)
  await other?.until(() => other.moves().length === 1)
  expect(one?.moves()).toEqual(['+ada EVENT click', '-ada TIME'])
  expect(other?.moves()).toEqual(['+ada AUDIENCE'])
  const [, left] = one?.updates.flatMap(({ change }) => change ?? []) ?? []
  expect(Date.parse(left?.at ?? '')).toBeGreaterThan(Date.parse(event.occurredAt) + 1_728)
})

it('a date in somebody’s fields is acted upon when it comes', async () => {
  const caller = await server.otherAccount()
  const due = await audience(caller, { field: { field: 'renewal', op: 'WITHIN_LAST_DAYS', value: 30 } })
  const follower = await followAudience(caller, { audienceId: due })
  // Later than a busy machine takes to answer.
  const set = { renewal: new Date(Date.now() + 3_000).toISOString() }
  await caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile: { sourceId: 'ada' }, set },
  })
  expect(follower.moves()).toEqual([])
  await follower.until(() => follower.moves().length === 1)
  expect(follower.moves()).toEqual(['+ada TIME'])
})

it('whoever was there before an audience was made leaves it in time too', async () => {
  const caller = await server.otherAccount()
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  const lately = await audience(caller, { event: { name: 'click', withinLastDays: moment } })
  const never = await audience(caller, { event: { name: 'click', performed: false, withinLastDays: moment } })
  const size = async (id: string) =>
    (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id })).node
      .memberCount
  await expect.poll(async () => [await size(lately), await size(never)], { timeout: 10_000 }).toEqual([0, 1])
})
