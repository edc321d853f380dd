// Values of defined fields of people are found by index. Whoever writes a field, and however often it is defined, deleted or given
// another type: what is indexed is what people's profiles say.

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { typedValue } from '../../src/core/fields/typed.ts'
import { newId } from '../../src/ids.ts'
import { defineFields, fieldsInLine } from '../support/fields.ts'
import { postTo } from '../support/messages.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
let accountId: string
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
  accountId = await accountOf(caller)
})

const system = () => server.app.services.database.system
const define = (types: { [name: string]: string }) => defineFields({ server, caller }, types)
const set = (sourceId: string, fields: object, more: object = {}) =>
  mutate(caller, 'updateProfile', { profile: { sourceId }, set: fields, ...more })
const identify = (userId: string, traits: object) =>
  postTo(`${server.url}/v1/batch`, { batch: [{ type: 'identify', userId, traits, messageId: newId() }] }, caller.key)

const idOf = async (name: string): Promise<string> => {
  const { fieldDefinitions } = await caller.query('{ fieldDefinitions(owner: PROFILE) { id name } }')
  return fieldDefinitions.find((one: { name: string }) => one.name === name)?.id
}

const listed = async (filter: object) => {
  const { profiles } = await caller.query(
    'query ($filter: RuleInput) { profiles(filter: $filter) { totalCount edges { node { sourceId } } } }',
    { filter },
  )
  const found = profiles.edges.map(({ node }: { node: { sourceId: string } }) => node.sourceId)
  expect(profiles.totalCount).toBe(found.length)
  return found
}

/** What is indexed, and what should be by what the profiles hold. */
async function compared(fields: readonly string[]) {
  await fieldsInLine({ server, caller })
  const indexed = await system().fieldIndex.findMany({ where: { accountId } })
  expect(indexed.map(({ field }) => field).sort()).toEqual([...fields].sort())
  const rows = await system().fieldValue.findMany({ where: { accountId } })
  const profiles = await system().$queryRaw<{ id: string; fields: Record<string, unknown>; meta: Meta }[]>`
    SELECT id, fields, field_meta AS meta FROM profile WHERE account_id = ${accountId}::uuid`
  const told = rows.map(({ profileId, field, text, number, boolean, time, until }) =>
    line([profileId, field, text, number, time?.getTime() ?? null, boolean, until?.getTime() ?? null]),
  )
  const expected = profiles.flatMap(({ id, fields: all, meta }) =>
    fields.flatMap((field) => {
      const typed = typedValue(all[field])
      return typed
        ? [line([id, field, typed.text, typed.number, typed.t, typed.boolean, meta[field]?.until ?? null])]
        : []
    }),
  )
  return { told: told.sort(), expected: expected.sort() }
}

type Meta = Record<string, { until?: number }>
const line = (parts: readonly unknown[]) => JSON.stringify(parts)

async function expectInLine(fields: readonly string[], count?: number) {
  const { told, expected } = await compared(fields)
  expect(told).toEqual(expected)
  if (count !== undefined) expect(told).toHaveLength(count)
}

describe('what is written of a defined field', () => {
  beforeEach(() => define({ tier: 'STRING', points: 'NUMBER', seenAt: 'DATETIME', vip: 'BOOLEAN', tags: 'STRING' }))

  const fields = ['tier', 'points', 'seenAt', 'vip', 'tags']

  it('by callers and by events is indexed by its type, and no more where it is taken away', async () => {
    await set('ann', { tier: 'gold', points: 0.1, seenAt: '2026-03-01T00:00:00Z', vip: true, other: 1 })
    await identify('bob', { tier: 'x'.repeat(500), points: 7 })
    await set('cid', {}, { setUntil: [{ name: 'tier', value: 'tin', until: '2099-01-01T00:00:00Z' }] })
    await expectInLine(fields, 7)
    await set('ann', { points: 8 }, { unset: ['tier'] })
    await expectInLine(fields, 6)
    await identify('bob', { points: null })
    await expectInLine(fields)
  })

  it('is found in lists and counts, and an ended value is not', async () => {
    await set('ann', { tier: 'gold', points: 5 })
    await set('bob', { points: 50 }, { setUntil: [{ name: 'tier', value: 'gold', until: '2099-01-01T00:00:00Z' }] })
    const golden = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
    expect(await listed(golden)).toEqual(['ann', 'bob'])
    const { now } = server.app.services
    Object.assign(server.app.services, { now: () => new Date('2099-01-01T00:00:00Z') })
    expect(await listed(golden)).toEqual(['ann'])
    Object.assign(server.app.services, { now })
    expect(await listed({ field: { field: 'points', op: 'GTE', value: 5 } })).toEqual(['ann', 'bob'])
    await mutate(caller, 'mergeProfiles', {
      ...{ survivor: { sourceId: 'bob' }, loser: { sourceId: 'ann' }, allowTwoSourceIds: true },
      fields: [{ name: 'points', rule: 'LOSER' }],
    })
    expect(await listed({ field: { field: 'points', op: 'LT', value: 10 } })).toHaveLength(1)
    expect(await listed({ field: { field: 'points', op: 'GT', value: 10 } })).toEqual([])
  })

  it('is gone with the person', async () => {
    await set('ann', { tier: 'gold', points: 5 })
    await mutate(caller, 'eraseProfile', { profile: { sourceId: 'ann' } })
    await expectInLine(fields, 0)
  })

  it('is indexed by the spelling that stored values are given', async () => {
    await set('ann', { tier: 'Deutschland' })
    await mutate(caller, 'setFieldNormaliser', { field: 'tier', kind: 'COUNTRY' })
    const { previewValueMappings } = await caller.query(
      'mutation { previewValueMappings(input: { field: "tier" }) { plan } }',
    )
    await mutate(caller, 'applyValueMappings', { plan: previewValueMappings.plan })
    expect(await listed({ field: { field: 'tier', op: 'EQ', value: 'DE' } })).toEqual(['ann'])
    await expectInLine(fields, 1)
  })
})

async function changeType(name: string, type: string, more: object = {}) {
  const { previewFieldTypeChange } = await caller.query(
    'query ($id: ID!, $type: FieldType!, $itemType: FieldType) { previewFieldTypeChange(fieldId: $id, type: $type, itemType: $itemType) { token } }',
    { id: await idOf(name), type, ...more },
  )
  const { changeFieldType } = await caller.query(
    'mutation ($input: ChangeFieldTypeInput!) { changeFieldType(input: $input) { change { id } } }',
    { input: { token: previewFieldTypeChange.token, removeLost: true } },
  )
  const { id } = changeFieldType.change
  const done = async () =>
    (await caller.query('query ($id: ID!) { fieldTypeChange(id: $id) { doneAt } }', { id })).fieldTypeChange.doneAt
  await vi.waitUntil(async () => (await done()) !== null, { timeout: 10_000 })
}

describe('defining a field', () => {
  it('indexes the values that are there, deleting it takes them away, and defining it anew brings them back', async () => {
    await set('ann', { tier: 'gold', points: 5 })
    await set('bob', { tier: 3 })
    await define({ tier: 'STRING' })
    await expectInLine(['tier'], 2)
    await mutate(caller, 'deleteField', { fieldId: await idOf('tier') })
    await set('bob', { tier: 'tin' })
    await vi.waitUntil(async () => (await system().fieldIndex.count({ where: { accountId } })) === 0)
    await expectInLine([], 0)
    await define({ tier: 'STRING' })
    await expectInLine(['tier'], 2)
    expect(await listed({ field: { field: 'tier', op: 'IN', value: ['tin'] } })).toEqual(['bob'])
  })

  it('of a type that has parts indexes nothing, until it gets another', async () => {
    await define({ size: 'STRING' })
    await set('ann', { size: '5' })
    await changeType('size', 'NUMBER')
    await expectInLine(['size'], 1)
    expect(await listed({ field: { field: 'size', op: 'EQ', value: 5 } })).toEqual(['ann'])
    await changeType('size', 'LIST', { itemType: 'NUMBER' })
    await vi.waitUntil(async () => (await system().fieldIndex.count({ where: { accountId } })) === 0)
    await expectInLine([], 0)
  })

  it('loses nothing that is written, defined or deleted at the same time', { timeout: 60_000 }, async () => {
    const crowd = Array.from({ length: 5_000 }, (_, n) => ({ accountId, id: newId(), fields: { tier: `t${n % 7}` } }))
    await system().profile.createMany({ data: crowd })
    await set('p0', { tier: 'gold' })
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom('set', 'identify'), fc.nat(9), fc.nat(99)) },
      { weight: 1, arbitrary: fc.constant(['turn', 0, 0] as const) },
    )
    for (const acts of fc.sample(fc.array(act, { minLength: 12, maxLength: 24 }), 5)) {
      const turn = async () => {
        const id = await idOf('tier')
        // Two may find the same: one is refused.
        const done = id
          ? mutate(caller, 'deleteField', { fieldId: id })
          : mutate(caller, 'defineField', { owner: 'PROFILE', name: 'tier', type: 'STRING' })
        await done.catch(() => undefined)
      }
      await Promise.all([
        turn(),
        ...acts.map(([kind, person, value]) =>
          kind === 'turn'
            ? turn()
            : kind === 'set'
              ? set(`p${person}`, { tier: `v${value}` })
              : identify(`p${person}`, { tier: `v${value}` }),
        ),
      ])
      if (!(await idOf('tier'))) await mutate(caller, 'defineField', { owner: 'PROFILE', name: 'tier', type: 'STRING' })
      await expectInLine(['tier'])
    }
  })
})
