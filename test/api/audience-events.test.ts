// Entering and leaving an audience as events of the person: for the campaigns that ask for them, once each, and never without end.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeId } from '../../src/core/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { followAudience } from '../support/follow-audience.ts'
import { listen } from '../support/listen.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { createAudience, fresh } from '../support/setup.ts'

let server: TestServer
/** What the server logs. */
let logged = ''
beforeAll(async () => {
  const destination = { write: (line: string) => void (logged += line) }
  server = await startServer({ log: createLog({ level: 'error', destination }) })
})
afterAll(() => server?.stop())

async function audience(caller: Caller, rule?: object): Promise<string> {
  return (await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })).createAudience.audience.id
}

const named = ['audience_entered', 'audience_left']

/** A live campaign with a flow that takes both events. */
async function listening(caller: Caller, flow: object = {}) {
  const { programId } = await openBrand(caller)
  const journey = { name: 'told', role: 'PARTICIPANT', events: named, priority: 200, ...flow }
  return { programId, campaignId: await addCampaign(caller, { programId, name: fresh('Told'), journeys: [journey] }) }
}

const ofPerson = `query ($sourceId: String!) { profile(by: { sourceId: $sourceId }) {
  timeline(first: 50, filter: { names: ["audience_entered", "audience_left"] }) { edges { node {
    name data channel idempotencyKey occurredAt attribution { status campaign { id } journey { name } } } } } } }`

interface Told {
  name: string
  data: Record<string, unknown>
  channel: string
  idempotencyKey: string
  occurredAt: string
  attribution: { status: string; campaign: { id: string } | null; journey: { name: string } | null }
}

/** The events of these names of a person, oldest first. */
async function told(caller: Caller, sourceId: string): Promise<Told[]> {
  const { profile } = await caller.query(ofPerson, { sourceId })
  return profile.timeline.edges.map(({ node }: { node: Told }) => node).reverse()
}

const archive = (caller: Caller, campaignId: string, ...states: string[]) =>
  states.reduce(
    (before, state) => before.then(() => mutate(caller, 'changeCampaignState', { campaignId, state })),
    Promise.resolve<unknown>(null),
  )

/** Nothing that changed before this is still to be told: what is told comes in order. */
async function settled(caller: Caller, audienceId: string) {
  const sourceId = fresh('last')
  await mutate(caller, 'addToAudience', { audienceId, profiles: [{ sourceId }] })
  await expect.poll(async () => (await told(caller, sourceId)).length, { timeout: 5_000 }).toBeGreaterThan(0)
}

it('who enters and leaves an audience is told so in an event of theirs, which a campaign is credited with', async () => {
  const caller = await server.otherAccount()
  const { campaignId } = await listening(caller)
  const id = await audience(caller, { event: { name: 'click', withinLastDays: 0.00003 } })
  const listener = listen(caller.socket(), { filter: { eventNames: named } })
  await listener.ready()
  const click = await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await listener.until(() => listener.keys().length === 2)
  const [entered, left, ...others] = await told(caller, 'ada')
  expect(others).toEqual([])
  const { name } = (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { name } } }', { id })).node
  expect(entered).toMatchObject({
    name: 'audience_entered',
    channel: 'API',
    data: { audienceId: id, audience: name, cause: 'EVENT', at: entered?.occurredAt, depth: 1 },
    attribution: { status: 'ATTRIBUTED', campaign: { id: campaignId }, journey: { name: 'told' } },
  })
  expect(left).toMatchObject({
    name: 'audience_left',
    data: { audienceId: id, cause: 'TIME' },
    attribution: { campaign: { id: campaignId } },
  })
  expect(new Date(entered?.occurredAt ?? 0).getTime()).toBeGreaterThanOrEqual(
    new Date(click.event.receivedAt).getTime(),
  )
  expect(new Set(listener.keys())).toEqual(new Set([entered?.idempotencyKey, left?.idempotencyKey]))
  listener.stop()
})

it('only those of audiences are told that a live campaign lets through', async () => {
  const caller = await server.otherAccount()
  const [asked, other] = [await audience(caller), await audience(caller)]
  const entry = { all: [{ eventData: { field: 'audienceId', op: 'EQ', value: asked } }] }
  await listening(caller, { entry })
  await mutate(caller, 'addToAudience', { audienceId: other, profiles: [{ sourceId: 'ada' }] })
  await mutate(caller, 'addToAudience', { audienceId: asked, profiles: [{ sourceId: 'ada' }] })
  await mutate(caller, 'removeFromAudience', { audienceId: asked, profiles: [{ sourceId: 'ada' }] })
  await settled(caller, asked)
  const events = await told(caller, 'ada')
  expect(events.map(({ name, data }) => [name, data.audienceId, data.cause])).toEqual([
    ['audience_entered', asked, 'ADDED'],
    ['audience_left', asked, 'REMOVED'],
  ])
})

it('what happened before a campaign went live, or while none was, is not told', async () => {
  const caller = await server.otherAccount()
  const id = await audience(caller)
  const add = (sourceId: string) => mutate(caller, 'addToAudience', { audienceId: id, profiles: [{ sourceId }] })
  await add('before')
  const { campaignId } = await listening(caller)
  await add('live')
  await settled(caller, id)
  await archive(caller, campaignId, 'PAUSED')
  await add('paused')
  await archive(caller, campaignId, 'LIVE')
  await add('again')
  await settled(caller, id)
  const counts = await Promise.all(
    ['before', 'live', 'paused', 'again'].map(async (sourceId) => (await told(caller, sourceId)).length),
  )
  expect(counts).toEqual([0, 1, 0, 1])
})

it('a chain of audiences that follow from one another’s events ends after five, and the last says so', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  const first = await audience(caller, { event: { name: 'click' } })
  const chain: string[] = []
  for (let n = 1; n <= 7; n++) chain.push(await audience(caller, { event: { name: 'audience_entered', atLeast: n } }))
  const fifth = await followAudience(caller, { audienceId: chain[4] ?? '' })
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  await fifth.until(() => fifth.moves().length === 1)
  await settled(caller, await audience(caller))
  const events = await told(caller, 'ada')
  expect(events.map(({ data }) => [data.audienceId, data.depth, data.chainEnds ?? false])).toEqual([
    [first, 1, false],
    [chain[0], 2, false],
    [chain[1], 3, false],
    [chain[2], 4, false],
    [chain[3], 5, true],
  ])
  expect(fifth.moves()[0]).toBe('+ada EVENT audience_entered')
})

it('an audience that people leave because they entered, and enter because time passed, comes to rest', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  // Whoever was not told so within the last two seconds and a half.
  const rule = {
    all: [
      { event: { name: 'click' } },
      { event: { name: 'audience_entered', performed: false, withinLastDays: 0.00003 } },
    ],
  }
  const id = await audience(caller, rule)
  const follower = await followAudience(caller, { audienceId: id })
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  // In, out, in by time, out, in by time, out: that is the sixth of the chain, which is not told. Nor is that time brings her in.
  await follower.until(() => follower.moves().length === 7)
  await settled(caller, await audience(caller))
  expect((await told(caller, 'ada')).map(({ name, data }) => [name, data.depth])).toEqual([
    ['audience_entered', 1],
    ['audience_left', 2],
    ['audience_entered', 3],
    ['audience_left', 4],
    ['audience_entered', 5],
  ])
}, 30_000)

it('an event of the same key that somebody sent by hand takes nothing from those that follow', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  const id = await audience(caller)
  const uuid = Buffer.from(id, 'base64').toString().split(':')[1] ?? ''
  expect(encodeId('Audience', uuid)).toBe(id)
  await track(caller, { name: 'look', profile: { sourceId: 'eve' }, idempotencyKey: `audience/${uuid}/1` })
  await mutate(caller, 'addToAudience', { audienceId: id, profiles: [{ sourceId: 'ada' }, { sourceId: 'bob' }] })
  await settled(caller, id)
  const all = [...(await told(caller, 'ada')), ...(await told(caller, 'bob'))]
  expect(all).toHaveLength(1)
})

it('an account that refuses keys that it does not define is told of changes all the same, by their own keys alone', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  const policy = { owner: 'EVENT', eventName: 'audience_entered', unknownKeys: 'REJECT' }
  await mutate(caller, 'setFieldPolicy', policy)
  const id = await audience(caller)
  await mutate(caller, 'addToAudience', { audienceId: id, profiles: [{ sourceId: 'ada' }] })
  await settled(caller, id)
  const [entered] = await told(caller, 'ada')
  expect(entered?.data).toMatchObject({ audienceId: id, cause: 'ADDED', depth: 1 })
  const byHand = (data: object) =>
    caller.send('mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }', {
      input: { name: 'audience_entered', profile: { sourceId: 'eve' }, data },
    })
  expect((await byHand({ depth: 1 })).errors).toEqual([])
  expect((await byHand({ depth: 1, more: 1 })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT' })
})

it('a change whose event an account’s definitions refuse is logged, and those after it are told', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  const field = { owner: 'EVENT', eventName: 'audience_entered', name: 'cost', type: 'NUMBER' }
  await mutate(caller, 'defineField', { ...field, rules: { required: true } })
  const id = await audience(caller)
  await mutate(caller, 'addToAudience', { audienceId: id, profiles: [{ sourceId: 'ada' }] })
  await mutate(caller, 'removeFromAudience', { audienceId: id, profiles: [{ sourceId: 'ada' }] })
  await expect.poll(async () => (await told(caller, 'ada')).map(({ name }) => name)).toEqual(['audience_left'])
  const uuid = Buffer.from(id, 'base64').toString().split(':')[1] ?? ''
  await expect.poll(() => logged).toContain(`audience/${uuid}/1`)
  expect(logged).toContain('a change of an audience was not told')
  expect(logged).not.toContain(`audience/${uuid}/2`)
})

it('a chain goes on where the person of it turned out to be somebody else too', async () => {
  const caller = await server.otherAccount()
  await listening(caller)
  const rule = {
    all: [{ event: { name: 'audience_entered' } }, { field: { field: 'tier', op: 'EQ', value: 'gold' } }],
  }
  await audience(caller, rule)
  await track(caller, { name: 'audience_entered', profile: { sourceId: 'old' }, data: { depth: 3 } })
  await track(caller, { name: 'audience_entered', profile: { sourceId: 'older' }, data: { depth: 4 } })
  await track(caller, { name: 'look', profile: { sourceId: 'ada' } })
  for (const sourceId of ['old', 'older']) {
    const pair = { survivor: { sourceId: 'ada' }, loser: { sourceId } }
    await mutate(caller, 'mergeProfiles', { ...pair, allowTwoSourceIds: true })
  }
  await mutate(caller, 'updateProfile', { profile: { sourceId: 'ada' }, set: { tier: 'gold' } })
  await settled(caller, await audience(caller))
  const ofServer = (await told(caller, 'ada')).filter(({ idempotencyKey }) => idempotencyKey !== null)
  expect(ofServer.map(({ data }) => [data.cause, data.depth])).toEqual([['FIELDS', 5]])
})
