// Why somebody is in an audience, and whom a rule would find before it is saved.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const createAudience = 'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }'
const updateProfile = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'
const explain = `query ($audienceId: ID!, $profile: ProfileKeyInput!) { explainMembership(audienceId: $audienceId, profile: $profile) {
  isMember since nextChangeAt audience { id } profile { sourceId } nodes { at kind truth seen condition } } }`
const preview = `query ($rule: RuleInput!, $sample: Int) { audiencePreview(rule: $rule, sample: $sample) {
  count sample { sourceId } branches { at rule count } } }`

const rule = {
  all: [
    { field: { field: 'tier', op: 'EQ', value: 'gold' } },
    {
      any: [
        { event: { name: 'click', atLeast: 2, withinLastDays: 7 } },
        { not: { field: { field: 'age', op: 'LT', value: 30 } } },
      ],
    },
  ],
}

async function crowd(): Promise<Caller> {
  const caller = await server.otherAccount()
  for (const [sourceId, set] of Object.entries({
    ada: { tier: 'gold', age: 20 },
    bob: { tier: 'gold' },
    cy: { tier: 'tin', age: 40 },
  }))
    await caller.query(updateProfile, { input: { profile: { sourceId }, set } })
  return caller
}

it('a membership is explained by the whole rule, with what each condition saw', async () => {
  const caller = await crowd()
  const { createAudience: made } = await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })
  const audienceId = made.audience.id
  const about = async (sourceId: string) =>
    (await caller.query(explain, { audienceId, profile: { sourceId } })).explainMembership
  await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  expect((await about('ada')).nodes.map(({ at, truth, seen }: Record<string, unknown>) => [at, truth, seen])).toEqual([
    ['', 'FALSE', null],
    ['all[0].field', 'TRUE', 'gold'],
    ['all[1]', 'FALSE', null],
    ['all[1].any[0].event', 'FALSE', 1],
    ['all[1].any[1]', 'FALSE', null],
    ['all[1].any[1].not.field', 'TRUE', 20],
  ])
  expect(await about('bob')).toMatchObject({ isMember: false, since: null, nextChangeAt: null })
  expect((await about('bob')).nodes[5]).toMatchObject({
    truth: 'UNKNOWN',
    seen: null,
    condition: { field: 'age', op: 'LT', value: 30 },
  })
  const { event } = await track(caller, { name: 'click', profile: { sourceId: 'ada' } })
  const ada = await about('ada')
  expect(ada).toMatchObject({ isMember: true, audience: { id: audienceId }, profile: { sourceId: 'ada' } })
  expect(Date.parse(ada.since)).toBeGreaterThanOrEqual(Date.parse(event.receivedAt))
  // The older of the two clicks grows out of the window first, a week after it.
  const days = (Date.parse(ada.nextChangeAt) - Date.parse(event.occurredAt)) / 86_400_000
  expect(days).toBeGreaterThan(6.99)
  expect(days).toBeLessThan(7)
})

it('a rule is tried before it is saved: how many, some of them, and how many each part finds', async () => {
  const caller = await crowd()
  const { audiencePreview } = await caller.query(preview, {
    rule: { any: [rule.all[0], { not: { field: { field: 'age', op: 'LT', value: 30 } } }] },
    sample: 2,
  })
  expect(audiencePreview.count).toBe(3)
  expect(audiencePreview.sample).toEqual([{ sourceId: 'ada' }, { sourceId: 'bob' }])
  expect(audiencePreview.branches.map(({ at, count }: { at: string; count: number }) => [at, count])).toEqual([
    ['any[0]', 2],
    ['any[1]', 1],
    ['any[1].not', 1],
  ])
  const { audiences } = await caller.query('{ audiences { edges { node { id } } } }')
  expect(audiences.edges).toEqual([])
})

it('nobody is told of who may not read people, nor of what another account has', async () => {
  const caller = await crowd()
  const { createAudience: made } = await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })
  const asked = { audienceId: made.audience.id, profile: { sourceId: 'ada' } }
  const writer = await server.withScopes('CAMPAIGNS_WRITE')
  for (const [who, code] of [
    [writer, 'FORBIDDEN'],
    [server, 'NOT_FOUND'],
  ] as const) {
    const { errors } = await who.send(explain, asked)
    expect(errors.map(({ extensions }) => extensions.code)).toEqual([code])
  }
})
