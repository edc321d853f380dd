// History tried again where people were merged by hand: the rules of then decide as they did.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
  caller = await server.otherAccount()
})
afterAll(() => server?.stop())

const replay = async (from: string) => {
  const input = { from, to: new Date(Date.now() + 3_600_000).toISOString() }
  const { replayTargeting } = await caller.query(
    'query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { total same changed drifted } }',
    { input },
  )
  return replayTargeting
}

test('whichever of the two later events name, nothing drifts, from whatever event on it is tried', async () => {
  const programId = await aProgram(caller)
  const flow = { name: 'flow', role: 'PARTICIPANT', events: ['click', 'signup', 'purchase'] }
  const add = (name: string, more: object) => addCampaign(caller, { programId, name, journeys: [{ ...flow, ...more }] })
  await add('Refer', { role: 'FRIEND', priority: 200 })
  await add('Twice', { priority: 150, entry: { event: { name: 'click', atLeast: 2 } } })
  await add('Rest', {})
  for (const name of ['ann', 'bob']) {
    const input = { code: `BY${name}`, programId, advocate: { sourceId: name } }
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { __typename } }',
      { input },
    )
  }
  const by = (name: string) => ({ advocateCodes: [`BY${name}`] })
  const [cid, mail, tablet] = [{ sourceId: 'cid' }, { email: 'cid@example.com' }, { deviceId: 'tablet' }]
  const send = async (events: [string, object, object?][]) => {
    for (const [name, profile, targeting] of events) await track(caller, { name, profile, targeting })
  }
  await send([
    ['click', cid],
    ['click', mail, by('ann')],
    ['purchase', mail],
    ['click', tablet],
  ])
  await caller.query('mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }', {
    input: { survivor: cid, loser: mail },
  })
  await send([
    ['click', cid],
    ['purchase', mail, by('bob')],
    // The tablet joins the one who was merged.
    ['click', { ...mail, ...tablet }],
    ['signup', tablet],
    ['purchase', cid, by('ann')],
  ])
  const { attributions } = await caller.query('{ attributions { edges { node { event { receivedAt } } } } }')
  const times: string[] = attributions.edges.map(
    ({ node }: { node: { event: { receivedAt: string } } }) => node.event.receivedAt,
  )
  expect(times).toHaveLength(9)
  for (const from of new Set(times)) {
    const total = times.filter((at) => at >= from).length
    expect(await replay(from)).toEqual({ total, same: total, changed: 0, drifted: 0 })
  }
})
