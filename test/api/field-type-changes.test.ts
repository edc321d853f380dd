// A field gets another type while people are in audiences by it, and while others are still writing by the type of before.

import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { backend } from '../support/backend.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { createAudience } from '../support/setup.ts'

let server: TestServer
let caller: Caller
let fieldId: string
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  const defineField = 'mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }'
  const input = { owner: 'PROFILE', name: 'size', type: 'STRING' }
  fieldId = (await caller.query(defineField, { input })).defineField.field.id
  for (const [sourceId, size] of Object.entries({ ann: '5', bob: '9.0', cid: 'big' }))
    await mutate(caller, 'updateProfile', { profile: { sourceId }, set: { size } })
})

async function begin(removeLost = false): Promise<string> {
  const preview = 'query ($id: ID!) { previewFieldTypeChange(fieldId: $id, type: NUMBER) { token } }'
  const { token } = (await caller.query(preview, { id: fieldId })).previewFieldTypeChange
  const change = 'mutation ($input: ChangeFieldTypeInput!) { changeFieldType(input: $input) { change { id } } }'
  return (await caller.query(change, { input: { token, removeLost } })).changeFieldType.change.id
}

const isDone = async (id: string) =>
  (await caller.query('query ($id: ID!) { fieldTypeChange(id: $id) { doneAt } }', { id })).fieldTypeChange.doneAt !==
  null
const done = (id: string) => vi.waitUntil(() => isDone(id), { timeout: 20_000 })

it('whose values became another is looked at again by the audiences that ask for the field, and so is who lost one', async () => {
  const make = async (name: string, rule: object) =>
    (await caller.query(createAudience, { input: { name, rule } })).createAudience.audience.id
  const large = await make('Large', { field: { field: 'size', op: 'GTE', value: 6 } })
  const known = await make('Known', { field: { field: 'size', op: 'EXISTS' } })
  const members = async (id: string) => {
    const document = `query ($id: ID!) { node(id: $id) { ... on Audience {
      members { edges { node { profile { sourceId } } } } } } }`
    const { node } = await caller.query(document, { id })
    return node.members.edges
      .map((edge: { node: { profile: { sourceId: string } } }) => edge.node.profile.sourceId)
      .sort()
  }
  // Filling waits for whoever else is writing.
  await vi.waitUntil(async () => (await members(known)).length === 3, { timeout: 30_000 })
  expect(await members(large)).toEqual([])
  await done(await begin(true))
  expect([await members(large), await members(known)]).toEqual([['bob'], ['ann', 'bob']])
})

it.runIf(backend() === 'postgresql')(
  'what was written by the type of before, while the change began, is converted too',
  async () => {
    const { system } = server.app.services.database
    const accountId = await accountOf(caller)
    let commit = () => {}
    const held = new Promise<void>((resolve) => {
      commit = resolve
    })
    // As a batch that goes by the rules of before: it has written, and is about to commit.
    const batch = system.$transaction(
      async (tx) => {
        await tx.profile.create({
          data: { accountId, id: '01900000-0000-7000-8000-000000000001', fields: { size: '7' } },
        })
        await held
      },
      { timeout: 60_000, maxWait: 10_000 },
    )
    const id = await begin()
    const barrier = async () => (await system.fieldTypeChange.findFirst({ where: { accountId } }))?.barrier ?? null
    await vi.waitUntil(async () => (await barrier()) !== null, { timeout: 20_000 })
    expect(await isDone(id)).toBe(false)
    commit()
    await batch
    await done(id)
    const { profiles } = await caller.query('{ profiles { edges { node { fields } } } }')
    expect(profiles.edges.map((edge: { node: { fields: { size: unknown } } }) => edge.node.fields.size)).toEqual(
      expect.arrayContaining([5, 9, 'big', 7]),
    )
  },
)
