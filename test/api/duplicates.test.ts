// The duplicate finder: who may be one, found page by page among all people of an account.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { refused } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
  caller = await server.otherAccount()
})
afterAll(() => server?.stop())

const updateDocument = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'
const findDocument =
  'mutation ($input: FindMergeCandidatesInput!) { findMergeCandidates(input: $input) { seen compared found next } }'

const add = async (profile: object, set: object): Promise<string> =>
  (await caller.query(updateDocument, { input: { profile, set } })).updateProfile.profile.id

const find = async (input: object = {}) => (await caller.query(findDocument, { input })).findMergeCandidates

const candidates = async () =>
  (
    await caller.query(
      '{ mergeCandidates { edges { node { id source score reasons first { id sourceId } second { id sourceId } } } } }',
    )
  ).mergeCandidates.edges.map(({ node }: { node: object }) => node)

const home = { address: { street: 'Main street 1', city: 'Ulm', zip: '89073' } }

it('finds two records of one person, whatever their spelling, over pages, and tells what they have in common', async () => {
  await add({ sourceId: 'ann' }, { firstName: 'Anna', lastName: 'Müller', birthDate: '1980-05-17', ...home })
  await add({ sourceId: 'father' }, { name: 'Jürgen Müller', birthDate: '1950-01-02', ...home })
  await add({ sourceId: 'stranger', email: 'zoe@example.com' }, { first_name: 'Zoë', last_name: 'Li' })
  await add(
    { sourceId: 'ann2' },
    {
      first_name: 'Ana',
      last_name: 'Mueller',
      date_of_birth: '17.05.1980',
      plz: '89073',
      city: 'Ulm',
      street: 'Main street 1',
    },
  )
  const bob = { firstName: 'Bob', lastName: 'Stone' }
  await add({ sourceId: 'bob', email: 'bob.stone@gmail.com' }, bob)
  await add({ sourceId: 'bob2', email: 'bobstone+shop@gmail.com' }, bob)
  const first = await find({ first: 4 })
  expect(first).toMatchObject({ seen: 4 })
  const second = await find({ after: first.next })
  expect(second).toMatchObject({ seen: 2, next: null })
  expect(first.found + second.found).toBe(2)
  expect(await candidates()).toMatchObject([
    {
      source: 'FINDER',
      first: { sourceId: 'ann' },
      second: { sourceId: 'ann2' },
      reasons: ['ADDRESS', 'BIRTH_DATE', 'NAME'],
    },
    { source: 'FINDER', first: { sourceId: 'bob' }, second: { sourceId: 'bob2' }, reasons: ['EMAIL', 'NAME'] },
  ])
})

it('done again finds what has changed alone, and no pair that was dismissed or merged', async () => {
  const [one, other] = await candidates()
  await caller.query(
    'mutation ($input: DismissMergeCandidateInput!) { dismissMergeCandidate(input: $input) { __typename } }',
    {
      input: { mergeCandidateId: one.id },
    },
  )
  await caller.query('mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }', {
    input: { survivor: { id: other.first.id }, loser: { id: other.second.id }, allowTwoSourceIds: true },
  })
  expect(await find()).toMatchObject({ seen: 5, found: 0, next: null })
  expect(await candidates()).toEqual([])
  await add({ sourceId: 'stranger' }, { birthDate: '1990-09-09' })
  await add({ sourceId: 'stranger 2' }, { firstName: 'Zoe', lastName: 'Li', birthDate: '1990-09-09' })
  expect(await find()).toMatchObject({ seen: 6, found: 1 })
})

it('refuses bounds that cannot be, and callers who may not write', async () => {
  expect(await refused(caller, findDocument, { first: 0 })).toBe('BAD_INPUT input.first')
  expect(await refused(caller, findDocument, { minScore: 2 })).toBe('BAD_INPUT input.minScore')
  expect(await refused(caller, findDocument, { after: 'x' })).toBe('BAD_INPUT input.after')
  expect(await refused(await server.withScopes('PROFILES_READ'), findDocument, {})).toBe('FORBIDDEN')
})
