// What dynamic audiences ask of fields: a field that they name is not deleted, and none that was deleted can be named.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { createAudience, refused } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const defineField = 'mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }'
const deleteField = 'mutation ($input: DeleteFieldInput!) { deleteField(input: $input) { fieldId } }'
const updateAudience = 'mutation ($input: UpdateAudienceInput!) { updateAudience(input: $input) { audience { id } } }'
const asks = (field: string) => ({
  any: [{ field: { field, op: 'EXISTS' } }, { not: { field: { field: 'other', op: 'EQ', value: 1 } } }],
})

let tier: string
let part: string
beforeEach(async () => {
  caller = await server.otherAccount()
  const define = async (name: string, more: object = {}) =>
    (await caller.query(defineField, { input: { owner: 'PROFILE', type: 'OBJECT', name, ...more } })).defineField.field
      .id
  tier = await define('tier')
  part = await define('level', { partOf: tier, type: 'STRING' })
})

const anAudience = async (name: string, field: string) =>
  (await caller.query(createAudience, { input: { name, rule: asks(field) } })).createAudience.audience.id
const usersOf = async (id: string) =>
  (await caller.query('query ($id: ID!) { fieldUsage(id: $id) { audiences { audienceId audience } } }', { id }))
    .fieldUsage.audiences

it('a field is told and kept while the rule in force of an audience names it, or a part of it', async () => {
  const audienceId = await anAudience('Levelled', 'tier.level')
  await anAudience('Others', 'tiers')
  expect(await usersOf(tier)).toEqual([{ audienceId, audience: 'Levelled' }])
  expect(await usersOf(part)).toEqual([{ audienceId, audience: 'Levelled' }])
  for (const fieldId of [tier, part])
    expect(await refused(caller, deleteField, { fieldId })).toBe('CONFLICT input.fieldId')
  await mutate(caller, 'updateAudience', { audienceId, rule: asks('city') })
  expect(await usersOf(tier)).toEqual([])
  await mutate(caller, 'deleteField', { fieldId: tier })
})

it('a rule that names a deleted field is refused where an audience is made, changed or previewed', async () => {
  const audienceId = await anAudience('City', 'city')
  await mutate(caller, 'deleteField', { fieldId: tier })
  const place = 'rule.any[0].field.field'
  expect(await refused(caller, createAudience, { name: 'New', rule: asks('tier.level') })).toBe(
    `NOT_FOUND input.${place}`,
  )
  expect(await refused(caller, updateAudience, { audienceId, rule: asks('tier') })).toBe(`NOT_FOUND input.${place}`)
  const { errors } = await caller.send('query ($rule: RuleInput!) { audiencePreview(rule: $rule) { count } }', {
    rule: asks('tier'),
  })
  expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: place })
})
