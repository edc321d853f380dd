// What a merge and its undoing answer of the people: how they are after it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { anAudience } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const set = async (profile: object, fields: object): Promise<string> => {
  const { updateProfile } = await server.query(
    'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }',
    { input: { profile, set: fields } },
  )
  return updateProfile.profile.id
}

test('a merge answers the person as they are after it, and undoing answers the two, also where others of the operation looked before', async () => {
  const ann = await set({ sourceId: 'ann' }, { tier: 'gold' })
  const bob = await set({ email: 'b@example.com' }, { city: 'Ulm' })
  await server.query('mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { profile { id } } }', {
    input: { profile: { id: bob }, what: 'EVENTS' },
  })
  const audienceId = await anAudience(server)
  await server.query('mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }', {
    input: { audienceId, profiles: [{ id: bob }] },
  })
  const read =
    'fields permitsEvents blocks { kind } identities { value } audiences { edges { node { audience { id } } } }'
  const blocked = { permitsEvents: false, blocks: [{ kind: 'EVENTS' }] }
  const of = (fields: object, ...values: string[]) => ({ fields, identities: values.map((value) => ({ value })) })
  const [inIt, inNone] = [{ edges: [{ node: { audience: { id: audienceId } } }] }, { edges: [] }]
  const answer = await server.query(
    `mutation ($ann: ID!, $bob: ID!) {
      before: updateProfile(input: { profile: { id: $ann }, set: { n: 1 } }) { profile { ${read} } }
      merged: mergeProfiles(input: { survivor: { id: $ann }, loser: { id: $bob } }) { profile { ${read} } }
      undone: undoMerge(input: { loser: $bob }) { survivor { ${read} } loser { ${read} } }
      erased: eraseProfile(input: { profile: { id: $bob } }) { profile { fields identities { value } erasedAt } }
    }`,
    { ann, bob },
  )
  const alone = { ...of({ tier: 'gold', n: 1 }, 'ann'), permitsEvents: true, blocks: [], audiences: inNone }
  expect(answer.before.profile).toEqual(alone)
  expect(answer.merged.profile).toEqual({
    ...of({ tier: 'gold', n: 1, city: 'Ulm' }, 'ann', 'b@example.com'),
    ...{ ...blocked, audiences: inIt },
  })
  expect(answer.undone).toEqual({
    survivor: alone,
    loser: { ...of({ city: 'Ulm' }, 'b@example.com'), ...blocked, audiences: inIt },
  })
  expect(answer.erased.profile).toEqual({ fields: {}, identities: [], erasedAt: expect.any(String) })
})
