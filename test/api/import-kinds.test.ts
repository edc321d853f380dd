// Every kind of file by itself: fields in long form, audiences, events, and what helps with the next file.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { bringIn, commit, rowsOf } from '../support/imports.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const at = (caller: Caller) => ({ caller, url: server.url })
const fieldsOf = async (caller: Caller, by: object) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by })).profile?.fields ?? null
const store = (caller: Caller, profile: object, set: object) =>
  caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile, set },
  })
const refusalOf = async (caller: Caller, document: string, variables: Record<string, unknown>) => {
  const { errors } = await caller.send(document, variables)
  const { code, field } = errors[0]?.extensions ?? { code: '' }
  return [code, field].filter(Boolean).join(' ')
}

test('fields in long form: a row is a value, each planned and done for itself', async () => {
  const caller = await server.otherAccount()
  await store(caller, { sourceId: 'a' }, { tier: 'tin', city: 'Rome' })
  const file =
    'customerId,fieldName,fieldValue\na,tier,gold\nnew,tier,gold\nnew,city,Oslo\na,tier,silver\na,city,\n,tier,x\n'
  const planned = await bringIn(at(caller), { kind: 'FIELD_VALUES' }, file)
  expect(planned).toMatchObject({ planned: { create: 2, update: 1, reject: 3 } })
  expect(
    (await rowsOf(caller, planned.id, 'REJECT')).map(({ line, code }: { line: number; code: string }) => [line, code]),
  ).toEqual([
    [5, 'DUPLICATE'],
    [6, 'BAD_INPUT'],
    [7, 'BAD_INPUT'],
  ])
  expect(await commit(caller, planned.id)).toMatchObject({
    state: 'DONE_WITH_ERRORS',
    applied: { create: 2, update: 1, reject: 3 },
  })
  expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'gold', city: 'Rome' })
  expect(await fieldsOf(caller, { sourceId: 'new' })).toEqual({ tier: 'gold', city: 'Oslo' })
})

describe('an audience', () => {
  const createAudience = 'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }'
  const create = 'mutation ($input: CreateImportInput!) { createImport(input: $input) { import { id } } }'

  test('gets the people of a file as members, each once', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'a' }, {})
    await store(caller, { sourceId: 'in' }, {})
    const audienceId = (await caller.query(createAudience, { input: { name: 'Guests' } })).createAudience.audience.id
    await caller.query('mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }', {
      input: { audienceId, profiles: [{ sourceId: 'in' }] },
    })
    const file = 'customerId,tier\na,gold\nin,\nnew,\n'
    const planned = await bringIn(at(caller), { kind: 'AUDIENCE', audienceId }, file)
    expect(planned.planned).toEqual({ create: 1, update: 1, skip: 1, reject: 0 })
    expect((await rowsOf(caller, planned.id))[0].changes).toEqual({
      audience: 'ENTERS',
      fields: { tier: [null, 'gold'] },
    })
    expect(await commit(caller, planned.id)).toMatchObject({ state: 'DONE' })
    const { node } = await caller.query(
      'query ($id: ID!) { node(id: $id) { ... on Audience { memberCount members(first: 9) { edges { node { profile { sourceId } } } } } } }',
      { id: audienceId },
    )
    const names = node.members.edges.map(
      (edge: { node: { profile: { sourceId: string } } }) => edge.node.profile.sourceId,
    )
    expect(names.sort()).toEqual(['a', 'in', 'new'])
  })

  test('has to be static, known, and named by imports of audiences alone', async () => {
    const caller = await server.otherAccount()
    const rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
    const audienceId = (await caller.query(createAudience, { input: { name: 'Gold', rule } })).createAudience.audience
      .id
    expect(await refusalOf(caller, create, { input: { kind: 'AUDIENCE', audienceId } })).toBe(
      'CONFLICT input.audienceId',
    )
    expect(await refusalOf(caller, create, { input: { kind: 'AUDIENCE' } })).toBe('BAD_INPUT input.audienceId')
    expect(await refusalOf(caller, create, { input: { kind: 'PEOPLE', audienceId } })).toBe(
      'BAD_INPUT input.audienceId',
    )
    expect(await refusalOf(caller, create, { input: { kind: 'AUDIENCE', audienceId, strategy: 'REPLACE' } })).toBe(
      'BAD_INPUT input.strategy',
    )
    expect(await refusalOf(caller, create, { input: { kind: 'PEOPLE', attribute: true } })).toBe(
      'BAD_INPUT input.attribute',
    )
    const reader = await server.withScopes('PROFILES_READ')
    expect(await refusalOf(reader, create, { input: { kind: 'PEOPLE' } })).toBe('FORBIDDEN')
  })
})

describe('events', () => {
  const eventsOf = async (caller: Caller, by: object) =>
    (
      await caller.query(
        `query ($by: ProfileKeyInput!) { profile(by: $by) { events(first: 50) { edges { node {
          name occurredAt data channel attribution { status } } } } } }`,
        { by },
      )
    ).profile.events.edges.map(({ node }: { node: object }) => node)

  test('of the past are stored, and nothing follows from them', async () => {
    const caller = await server.otherAccount()
    await openBrand(caller)
    const file = [
      '{"event":"purchase","occurredAt":"2026-03-10T12:00:00Z","email":"e@example.com","idempotencyKey":"k1","total":12}',
      '{"event":"purchase","occurredAt":"2026-03-09T12:00:00Z","email":"e@example.com","properties":{"a":[1]}}',
      '{"event":"purchase","occurredAt":"2026-03-09T12:00:00Z","email":"e@example.com","idempotencyKey":"k1"}',
      '{"event":"purchase","occurredAt":"31.02.2026","email":"e@example.com"}',
      '{"event":"","occurredAt":"2026-03-09T12:00:00Z","email":"e@example.com"}',
      '{"event":"purchase","occurredAt":"2026-03-09T12:00:00Z"}',
    ].join('\n')
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN' }, file)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 2, reject: 4 } })
    expect((await rowsOf(caller, done.id, 'REJECT')).map(({ code }: { code: string }) => code)).toEqual([
      'DUPLICATE',
      'BAD_INPUT',
      'BAD_INPUT',
      'BAD_INPUT',
    ])
    expect(await eventsOf(caller, { email: 'e@example.com' })).toEqual([
      {
        name: 'purchase',
        occurredAt: '2026-03-10T12:00:00.000Z',
        data: { total: 12 },
        channel: 'IMPORT',
        attribution: null,
      },
      {
        name: 'purchase',
        occurredAt: '2026-03-09T12:00:00.000Z',
        data: { a: [1] },
        channel: 'IMPORT',
        attribution: null,
      },
    ])
    const again = await bringIn(at(caller), { kind: 'EVENTS' }, file.split('\n')[0] ?? '')
    expect(await rowsOf(caller, again.id)).toMatchObject([{ action: 'SKIP', code: 'DONE_BEFORE' }])
  })

  test('are decided upon where that is asked for, in the order of their times', async () => {
    const caller = await server.otherAccount()
    const { programId } = await openBrand(caller)
    expect(programId).toBeTruthy()
    await track(caller, { name: 'click', profile: { sourceId: 'p' }, occurredAt: '2026-11-01T00:00:00Z' })
    const file = 'event,timestamp,customerId\npurchase,2026-11-03T12:00:00Z,q\nclick,2026-11-02T12:00:00Z,q\n'
    const done = await bringIn(at(caller), { kind: 'EVENTS', mode: 'RUN', attribute: true }, file)
    expect(done).toMatchObject({ state: 'DONE', applied: { create: 2 } })
    const events = await eventsOf(caller, { sourceId: 'q' })
    expect(events.map(({ name }: { name: string }) => name)).toEqual(['click', 'purchase'])
    expect(events.every(({ attribution }: { attribution: object | null }) => attribution !== null)).toBe(true)
    expect((await rowsOf(caller, done.id)).map(({ line }: { line: number }) => line)).toEqual([3, 2])
  })
})

describe('for the next file', () => {
  test('the mapping of columns is kept as a preset', async () => {
    const caller = await server.otherAccount()
    const save =
      'mutation ($input: SaveImportPresetInput!) { saveImportPreset(input: $input) { preset { name kind mapping { column field } } } }'
    const mapping = [
      { column: 'Kd-Nr', field: 'sourceId' },
      { column: 'Stufe', field: 'tier' },
      { column: 'x', field: null },
    ]
    const { saveImportPreset } = await caller.query(save, { input: { name: 'CRM', kind: 'PEOPLE', mapping } })
    expect(saveImportPreset.preset).toEqual({ name: 'CRM', kind: 'PEOPLE', mapping })
    const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN', preset: 'CRM' }, 'Kd-Nr;Stufe;x\na;gold;1\n')
    expect(done.state).toBe('DONE')
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'gold' })
    const create = 'mutation ($input: CreateImportInput!) { createImport(input: $input) { import { id } } }'
    expect(await refusalOf(caller, create, { input: { kind: 'EVENTS', preset: 'CRM' } })).toBe('BAD_INPUT input.preset')
    expect(await refusalOf(caller, create, { input: { kind: 'PEOPLE', preset: 'other' } })).toBe(
      'NOT_FOUND input.preset',
    )
    const remove = 'mutation ($input: DeleteImportPresetInput!) { deleteImportPreset(input: $input) { deleted } }'
    expect((await caller.query(remove, { input: { name: 'CRM' } })).deleteImportPreset.deleted).toBe(true)
    expect((await caller.query('{ importPresets { edges { node { name } } } }')).importPresets.edges).toEqual([])
  })

  test('the example of each kind can be brought in as it is', async () => {
    const caller = await server.otherAccount()
    await caller.query('mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }', {
      input: { owner: 'PROFILE', name: 'Birthday', type: 'DATE' },
    })
    for (const kind of ['PEOPLE', 'FIELD_VALUES', 'EVENTS']) {
      const { importExample } = await caller.query(
        'query ($kind: ImportKind!) { importExample(kind: $kind) { fileName content } }',
        { kind },
      )
      const done = await bringIn(at(caller), { kind, mode: 'RUN' }, importExample.content)
      expect([kind, done.state, done.applied.create + done.applied.update]).toEqual([kind, 'DONE', 2])
      if (kind === 'PEOPLE') expect(importExample.content).toContain('Birthday')
    }
  })
})
