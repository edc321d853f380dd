// A dynamic audience has exactly whom the list of people finds by the same rule: for any people with any history, and any rule.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { generatedPeople } from '../support/generated-people.ts'
import { rule } from '../support/rules.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { anAudience, aProgram, fresh } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const create = 'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }'
const both = `query ($id: ID!, $filter: RuleInput) {
  node(id: $id) { ... on Audience { members(first: 100) { edges { node { profile { id } } } } } }
  profiles(filter: $filter, first: 100) { edges { node { id } } } }`

test('members are whom the list finds by the rule', { timeout: 120_000 }, async () => {
  const caller = await server.otherAccount()
  const programIds = [decodeId('Program', await aProgram(caller)) ?? '']
  const audienceIds = [decodeId('Audience', await anAudience(caller)) ?? '']
  const [now, seed] = [Date.now(), Math.trunc(Math.random() * 2 ** 31)]
  await generatedPeople({ server, caller, now }, { named: { audienceIds, programIds }, seed })
  const idsIn = (edges: { node: { id?: string; profile?: { id: string } } }[]) =>
    edges.map(({ node }) => node.id ?? node.profile?.id)
  let found = 0
  for (const wanted of fc.sample(rule(now, { audienceIds, programIds }), { numRuns: 30, seed })) {
    const { createAudience } = await caller.query(create, { input: { name: fresh('Audience'), rule: wanted } })
    const asked = { id: createAudience.audience.id, filter: wanted }
    // Time passes between the two, and may move somebody.
    await expect
      .poll(async () => {
        const { node, profiles } = await caller.query(both, asked)
        found += profiles.edges.length
        return [idsIn(node.members.edges).sort(), idsIn(profiles.edges).sort()].map((ids) => JSON.stringify(ids))
      })
      .toSatisfy(([one, other]) => one === other, `seed ${seed}: ${JSON.stringify(wanted)}`)
  }
  expect(found).toBeGreaterThan(100)
})
