// What an account says its fields are: defined, held to by whatever way values come, named by rules, changed and deleted.

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { addCampaign } from '../support/brand.ts'
import { postTo } from '../support/messages.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, createCampaign, refused } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const defineField = `mutation ($input: DefineFieldInput!) { defineField(input: $input) { field {
  id owner eventName name apiName key type itemType required default min max pattern values pii description } } }`
const updateField =
  'mutation ($input: UpdateFieldInput!) { updateField(input: $input) { field { required max type } } }'
const deleteField = 'mutation ($input: DeleteFieldInput!) { deleteField(input: $input) { fieldId } }'
const setFieldPolicy = `mutation ($input: SetFieldPolicyInput!) { setFieldPolicy(input: $input) {
  policy { owner eventName unknownKeys wrongType } } }`
const updateProfile = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  profile { fields } fieldWarnings { field message } } }`
const trackEvent = `mutation ($input: TrackEventInput!) { trackEvent(input: $input) {
  event { id name data } fieldWarnings { field message } } }`

async function define(name: string, type: string, more: object = {}) {
  const { defineField: done } = await caller.query(defineField, { input: { owner: 'PROFILE', name, type, ...more } })
  return done.field
}

const policy = (said: object) => caller.query(setFieldPolicy, { input: { owner: 'PROFILE', ...said } })
const ada = { sourceId: 'ada' }

async function update(operations: object) {
  const { updateProfile: done } = await caller.query(updateProfile, { input: { profile: ada, ...operations } })
  return { fields: done.profile.fields, warned: done.fieldWarnings.map(({ field }: { field: string }) => field) }
}

const refusedUpdate = (operations: object) => refused(caller, updateProfile, { profile: ada, ...operations })

async function track(data: object, more: object = {}) {
  const { trackEvent: done } = await caller.query(trackEvent, { input: { name: 'Visit', profile: ada, data, ...more } })
  return { ...done.event, warned: done.fieldWarnings.map(({ field }: { field: string }) => field) }
}

describe('a field', () => {
  it('keeps the CRM’s name exactly and gets one for the API; values come under either', async () => {
    const number = await define('Kunden-Nr. (alt)', 'STRING', { rules: { pii: true, max: 10, description: 'Old' } })
    expect(number).toMatchObject({
      ...{ owner: 'PROFILE', eventName: null, name: 'Kunden-Nr. (alt)', apiName: 'kundenNrAlt', key: 'kundenNrAlt' },
      ...{ type: 'STRING', itemType: null, required: false, pii: true, max: 10, description: 'Old' },
    })
    expect((await define('Kunden Nr (Alt)', 'STRING')).apiName).toBe('kundenNrAlt2')
    expect((await define('First Name', 'STRING')).key).toBe('First Name')
    const { fields } = await update({ set: { 'Kunden-Nr. (alt)': 77, firstName: 'Ada' } })
    expect(fields).toEqual({ kundenNrAlt: '77', 'First Name': 'Ada' })
    expect((await update({ unset: ['Kunden-Nr. (alt)'] })).fields).toEqual({ 'First Name': 'Ada' })
  })

  it('is listed with its parts', async () => {
    const address = await define('address', 'OBJECT')
    await define('city', 'STRING', { partOf: address.id })
    await define('page', 'STRING', { owner: 'EVENT', eventName: 'Visit' })
    const { fieldDefinitions } = await caller.query(
      'query ($owner: FieldOwner) { fieldDefinitions(owner: $owner) { name parts { name } } }',
      { owner: 'PROFILE' },
    )
    expect(fieldDefinitions).toEqual([{ name: 'address', parts: [{ name: 'city' }] }])
    const stranger = await server.otherAccount('Stranger')
    expect((await stranger.query('{ fieldDefinitions { name } }')).fieldDefinitions).toEqual([])
    expect(await refused(stranger, deleteField, { fieldId: address.id })).toBe('NOT_FOUND input.fieldId')
  })

  it.each([
    [{ name: ' ', type: 'STRING' }, 'BAD_INPUT input.name'],
    [{ name: 'size', type: 'STRING' }, 'CONFLICT input.name'],
    [{ name: 'sourceId', type: 'STRING' }, 'CONFLICT input.name'],
    [{ name: 'email', type: 'EMAIL' }, 'CONFLICT input.name'],
    [{ name: 'tags', type: 'LIST' }, 'BAD_INPUT input.itemType'],
    [{ name: 'tags', type: 'LIST', itemType: 'LIST' }, 'BAD_INPUT input.itemType'],
    [{ name: 'x', type: 'STRING', itemType: 'STRING' }, 'BAD_INPUT input.itemType'],
    [{ name: 'x', type: 'ENUM' }, 'BAD_INPUT input.rules.values'],
    [{ name: 'x', type: 'STRING', rules: { values: ['a'] } }, 'BAD_INPUT input.rules.values'],
    [{ name: 'x', type: 'NUMBER', rules: { min: 2, max: 1 } }, 'BAD_INPUT input.rules.max'],
    [{ name: 'x', type: 'STRING', rules: { pattern: '(a)\\1' } }, 'BAD_INPUT input.rules.pattern'],
    [{ name: 'x', type: 'NUMBER', rules: { default: 'many' } }, 'BAD_INPUT input.rules.default'],
    [{ name: 'x', type: 'STRING', eventName: 'visit' }, 'BAD_INPUT input.eventName'],
    [{ name: 'x', type: 'STRING', owner: 'EVENT' }, 'BAD_INPUT input.eventName'],
    [{ name: 'x', type: 'STRING', partOf: '018f0000-0000-7000-8000-000000000000' }, 'NOT_FOUND input.partOf'],
  ])('that cannot be is refused: %j', async (input, expected) => {
    await define('size', 'NUMBER')
    expect(await refused(caller, defineField, { owner: 'PROFILE', ...input })).toBe(expected)
  })

  it('may ask for more or less later, and what is there stays as it is', async () => {
    const { id } = await define('tier', 'STRING', { rules: { max: 10 } })
    await update({ set: { tier: 'platinum' } })
    const { updateField: done } = await caller.query(updateField, {
      input: { fieldId: id, rules: { max: 5, required: true } },
    })
    expect(done.field).toEqual({ required: true, max: 5, type: 'STRING' })
    expect(await refusedUpdate({ set: { tier: 'platinum' } })).toBe('BAD_INPUT input.set.tier')
    expect(await refusedUpdate({ unset: ['tier'] })).toBe('BAD_INPUT input.unset[0]')
    expect((await update({ set: { other: 1 } })).fields).toEqual({ tier: 'platinum', other: 1 })
  })
})

describe('a value of a person', () => {
  beforeEach(async () => {
    await define('size', 'NUMBER', { rules: { max: 100 } })
    await define('born', 'DATE')
    await define('tags', 'LIST', { itemType: 'ENUM', rules: { values: ['a', 'b'] } })
  })

  it('is taken in its type where nothing is lost', async () => {
    const { fields, warned } = await update({ set: { size: '5', born: '2000-02-29', tags: ['a'], unknown: 1 } })
    expect(fields).toEqual({ size: 5, born: '2000-02-29', tags: ['a'], unknown: 1 })
    expect(warned).toEqual([])
    expect((await update({ increment: { size: 95 }, append: { tags: 'b' } })).fields).toMatchObject({
      ...{ size: 100, tags: ['a', 'b'] },
    })
  })

  it.each([
    [{ set: { size: 'big' } }, 'input.set.size'],
    [{ setOnce: { born: '2001-02-29' } }, 'input.setOnce.born'],
    [{ append: { tags: ['a', 'c'] } }, 'input.append.tags[1]'],
    [{ increment: { size: 101 } }, 'input.increment.size'],
    [{ setUntil: [{ name: 'size', value: 'x', until: '9000-01-01T00:00:00Z' }] }, 'input.setUntil[0].value'],
  ])('that is of another type refuses all: %j', async (operations, place) => {
    expect(await refusedUpdate({ ...operations, unset: ['other'] })).toBe(`BAD_INPUT ${place}`)
    expect((await caller.query('{ profiles { edges { node { id } } } }')).profiles.edges).toEqual([])
  })

  it('that is of another type, or not defined, is left out with a warning where the account says so', async () => {
    await policy({ wrongType: 'DROP', unknownKeys: 'DROP' })
    const { fields, warned } = await update({
      set: { size: 'big', unknown: 1, born: '2000-01-01' },
      increment: { x: 1 },
    })
    expect(fields).toEqual({ born: '2000-01-01' })
    expect(warned.sort()).toEqual(['input.increment.x', 'input.set.size', 'input.set.unknown'])
  })

  it('is kept as it came where the account says so; unknown keys are refused where it says that', async () => {
    await policy({ wrongType: 'ACCEPT' })
    expect(await update({ set: { size: 'big' } })).toEqual({ fields: { size: 'big' }, warned: [] })
    await policy({ unknownKeys: 'REJECT' })
    expect(await refusedUpdate({ set: { unknown: 1 } })).toBe('BAD_INPUT input.set.unknown')
    const { fieldPolicies } = await caller.query('{ fieldPolicies { owner unknownKeys wrongType } }')
    expect(fieldPolicies).toEqual([{ owner: 'PROFILE', unknownKeys: 'REJECT', wrongType: 'ACCEPT' }])
  })

  it('that Segment sends is held to the same', async () => {
    const identify = async (traits: object) => {
      const message = { type: 'identify', userId: 'ada', traits }
      return (await postTo(`${server.url}/v1/identify`, message, caller.key)).status
    }
    expect(await identify({ size: '7' })).toBe(200)
    expect(await identify({ size: 'big', born: '2000-01-01' })).toBe(400)
    await policy({ wrongType: 'DROP' })
    expect(await identify({ size: 'big', born: '2000-01-01' })).toBe(200)
    expect((await update({})).fields).toEqual({ size: 7, born: '2000-01-01' })
  })
})

describe('the data of an event', () => {
  beforeEach(async () => {
    const visit = { owner: 'EVENT', eventName: 'visit' }
    await define('page', 'URL', { ...visit, rules: { required: true } })
    await define('seconds', 'INTEGER', { ...visit, rules: { default: 0 } })
  })

  it('is stored in its types and with its defaults; other events are as free as before', async () => {
    const visited = await track({ page: 'https://example.com', seconds: '12', more: true })
    expect(visited.data).toEqual({ page: 'https://example.com', seconds: 12, more: true })
    expect((await track({ page: 'https://example.com' })).data.seconds).toBe(0)
    expect((await track({ seconds: 'x' }, { name: 'click' })).data).toEqual({ seconds: 'x' })
  })

  it('that does not fit refuses the event, begins nobody, and leaves its key free', async () => {
    const event = { name: 'visit', profile: { email: 'new@example.com' }, idempotencyKey: 'k' }
    expect(await refused(caller, trackEvent, { ...event, data: { seconds: 1 } })).toBe('BAD_INPUT input.data.page')
    expect((await caller.query('{ profiles { edges { node { id } } } }')).profiles.edges).toEqual([])
    const { trackEvent: done } = await caller.query(trackEvent, { input: { ...event, data: { page: 'http://a.b' } } })
    expect(done.event.data).toEqual({ page: 'http://a.b', seconds: 0 })
  })

  it('in a list of events refuses that one alone', async () => {
    const document = `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results {
      index error { code field } payload { event { data } fieldWarnings { field } } } } }`
    const event = (data: object) => ({ name: 'visit', profile: ada, data })
    const events = [event({ page: 'http://a.b' }), event({ page: 1 }), event({ page: 'http://c.d', seconds: '3' })]
    const { trackEvents } = await caller.query(document, { input: { events } })
    expect(trackEvents.results).toEqual([
      { index: 0, error: null, payload: { event: { data: { page: 'http://a.b', seconds: 0 } }, fieldWarnings: [] } },
      { index: 1, error: { code: 'BAD_INPUT', field: 'input.events[1].data.page' }, payload: null },
      { index: 2, error: null, payload: { event: { data: { page: 'http://c.d', seconds: 3 } }, fieldWarnings: [] } },
    ])
  })

  it('loses what does not fit, with a warning, where the account says so', async () => {
    await policy({ owner: 'EVENT', eventName: 'Visit', wrongType: 'DROP', unknownKeys: 'DROP' })
    const visited = await track({ page: 'http://a.b', seconds: 1.5, more: true })
    expect(visited.data).toEqual({ page: 'http://a.b' })
    expect(visited.warned).toEqual(['input.data.seconds', 'input.data.more'])
  })

  it('of an order is held to what orders and their items are', async () => {
    await define('total', 'NUMBER', { owner: 'ORDER' })
    await define('sku', 'STRING', { owner: 'ORDER_ITEM', rules: { required: true } })
    const bought = await track({ total: '9.50', products: [{ sku: 1 }, { sku: 'b' }] }, { name: 'purchase' })
    expect(bought.data).toEqual({ total: 9.5, products: [{ sku: '1' }, { sku: 'b' }] })
    const order = { name: 'order completed', profile: ada, data: { products: [{ sku: 1 }, {}] } }
    expect(await refused(caller, trackEvent, order)).toBe('BAD_INPUT input.data.products[1].sku')
  })
})

describe('a field that rules name', () => {
  const rule = { all: [{ field: { field: 'address.city', op: 'EQ', value: 'Ulm' } }] }
  const journeys = [{ name: 'participant', role: 'PARTICIPANT', events: ['visit'], entry: rule }]
  const usage = `query ($id: ID!) { fieldUsage(id: $id) { pii profileCount rules { campaign journey revision } } }`

  it('tells who names it and how many have it, and is not deleted until nobody does', async () => {
    const address = await define('address', 'OBJECT', { rules: { pii: true } })
    const city = await define('city', 'STRING', { partOf: address.id })
    const zip = await define('zip', 'STRING', { partOf: address.id })
    const campaignId = await addCampaign(caller, { programId: await aProgram(caller), name: 'Ulm', journeys })
    await update({ set: { address: { city: 'Ulm' } } })

    const rules = [{ campaign: 'Ulm', journey: 'participant', revision: 1 }]
    const used = async (id: string) => (await caller.query(usage, { id })).fieldUsage
    expect(await used(address.id)).toEqual({ pii: true, profileCount: 1, rules })
    expect(await used(city.id)).toEqual({ pii: false, profileCount: 1, rules })
    expect(await used(zip.id)).toEqual({ pii: false, profileCount: 0, rules: [] })
    for (const fieldId of [address.id, city.id])
      expect(await refused(caller, deleteField, { fieldId })).toBe('CONFLICT input.fieldId')
    await caller.query(deleteField, { input: { fieldId: zip.id } })

    await caller.query(
      'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { __typename } }',
      {
        input: { campaignId, state: 'STOPPED' },
      },
    )
    await caller.query(deleteField, { input: { fieldId: address.id } })
    expect((await caller.query('{ fieldDefinitions { name } }')).fieldDefinitions).toEqual([])
    expect((await update({})).fields).toEqual({ address: { city: 'Ulm' } })
  })

  it('is named by what its values are stored under: another name would never hold', async () => {
    await define('First Name', 'STRING')
    const list = 'query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { fields } } } }'
    const named = (field: string) =>
      caller.send<{ profiles: unknown }>(list, { filter: { field: { field, op: 'EQ', value: 'Ada' } } })
    await update({ set: { firstName: 'Ada' } })
    const { errors } = await named('firstName')
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'filter.field.field' })
    expect((await named('First Name')).data?.profiles).toEqual({
      edges: [{ node: { fields: { 'First Name': 'Ada' } } }],
    })
  })

  it('is not named by another rule once it was deleted, until it is defined anew', async () => {
    const { id } = await define('address', 'OBJECT')
    await caller.query(deleteField, { input: { fieldId: id } })
    const input = { programId: await aProgram(caller), name: 'Ulm', journeys }
    expect(await refused(caller, createCampaign, input)).toBe('NOT_FOUND input.journeys[0].entry.all[0].field.field')
    const { errors } = await caller.send('query ($f: RuleInput) { profiles(filter: $f) { edges { node { id } } } }', {
      f: rule,
    })
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'filter.all[0].field.field' })
    expect((await define('address', 'OBJECT')).id).toBe(id)
    await caller.query(createCampaign, { input })
  })
})

describe('another type of a field', () => {
  const preview = `query ($fieldId: ID!, $type: FieldType!, $values: [String!]) {
    previewFieldTypeChange(fieldId: $fieldId, type: $type, values: $values) {
      token total unchanged converted lost samples { from to message } } }`
  const changeFieldType =
    'mutation ($input: ChangeFieldTypeInput!) { changeFieldType(input: $input) { change { id } } }'
  const previewed = async (fieldId: string, type: string, more: object = {}) =>
    (await caller.query(preview, { fieldId, type, ...more })).previewFieldTypeChange

  /** Begins it, and waits until it is done. */
  async function change(input: object) {
    const { changeFieldType: begun } = await caller.query(changeFieldType, { input })
    const document = 'query ($id: ID!) { fieldTypeChange(id: $id) { fromType type converted lost doneAt } }'
    const read = async () => (await caller.query(document, { id: begun.change.id })).fieldTypeChange
    await vi.waitUntil(async () => (await read()).doneAt !== null, { timeout: 10_000 })
    const { doneAt: _, ...done } = await read()
    return done
  }

  const all = async () => {
    const { profiles } = await caller.query('{ profiles { edges { node { fields } } } }')
    return profiles.edges.map(({ node }: { node: { fields: object } }) => node.fields)
  }

  const told = async (sourceId: string) => {
    const { profile } = await caller.query(
      'query ($by: ProfileKeyInput!) { profile(by: $by) { fieldHistory(name: "size") { edges { node { value at source } } } } }',
      { by: { sourceId } },
    )
    return profile.fieldHistory.edges.map(({ node }: { node: object }) => node)
  }

  let id: string
  beforeEach(async () => {
    id = (await define('size', 'STRING')).id
    for (const [sourceId, size] of [
      ['a', '5'],
      ['b', 'big'],
      ['c', '7.0'],
    ])
      await caller.query(updateProfile, { input: { profile: { sourceId }, set: { size } } })
  })

  it('is reported before anything changes, then values are brought into it with their times, and the rest is kept', async () => {
    const { token, samples, ...counts } = await previewed(id, 'NUMBER')
    expect(counts).toEqual({ total: 3, unchanged: 0, converted: 2, lost: 1 })
    expect(samples).toEqual([
      { from: '5', to: 5, message: null },
      { from: '7.0', to: 7, message: null },
      { from: 'big', to: null, message: 'not a number' },
    ])
    expect(await all()).toEqual([{ size: '5' }, { size: 'big' }, { size: '7.0' }])
    expect(await change({ token })).toEqual({ fromType: 'STRING', type: 'NUMBER', converted: 2, lost: 1 })
    expect(await all()).toEqual([{ size: 5 }, { size: 'big' }, { size: 7 }])
    // As old as it was.
    const [stated, converted] = await told('a')
    expect(converted).toEqual({ ...stated, value: 5, source: 'CONVERTED' })
    expect(await refusedUpdate({ set: { size: 'huge' } })).toBe('BAD_INPUT input.set.size')
    expect(await refused(caller, changeFieldType, { token })).toBe('CONFLICT input.token')
  })

  it('may remove what cannot be of it', async () => {
    const { token } = await previewed(id, 'ENUM', { values: ['5', 'big'] })
    expect(await change({ token, removeLost: true })).toMatchObject({ converted: 0, lost: 1 })
    expect(await all()).toEqual([{ size: '5' }, { size: 'big' }, {}])
    expect((await told('c')).map(({ value, source }: { value: unknown; source: string }) => [value, source])).toEqual([
      ['7.0', 'API'],
      [null, 'CONVERTED'],
    ])
  })

  it('goes on where another server left it', async () => {
    const { token } = await previewed(id, 'INTEGER')
    expect(await change({ token })).toMatchObject({ converted: 1, lost: 2 })
    const { system } = server.app.services.database
    await caller.query(updateProfile, { input: { profile: { sourceId: 'd' }, set: { size: 9 } } })
    // As if that server had been stopped after the first person.
    const [change1] = await system.fieldTypeChange.findMany({ orderBy: { id: 'desc' }, take: 1 })
    const [, , , last] = await system.profile.findMany({
      where: { accountId: change1?.accountId ?? '' },
      orderBy: { id: 'asc' },
    })
    await system.profile.updateMany({ where: { id: last?.id ?? '' }, data: { fields: { size: '9' } } })
    await system.fieldTypeChange.updateMany({ where: { id: change1?.id ?? '' }, data: { doneAt: null } })
    server.app.services.typeChanges.wake()
    await vi.waitUntil(async () => (await all()).at(-1).size === 9, { timeout: 10_000 })
  })

  it('is refused for parts, for fields of others, for what is no type of them, and for a token of nobody', async () => {
    const address = await define('address', 'OBJECT')
    const city = await define('city', 'STRING', { partOf: address.id })
    const codeOf = async (fieldId: string, type: string) => {
      const { errors } = await caller.send(preview, { fieldId, type })
      return `${errors[0]?.extensions.code} ${errors[0]?.extensions.field}`
    }
    expect(await codeOf(city.id, 'NUMBER')).toBe('BAD_INPUT fieldId')
    expect(await codeOf(id, 'LIST')).toBe('BAD_INPUT itemType')
    expect(await codeOf(id, 'ENUM')).toBe('BAD_INPUT values')
    expect(await refused(caller, changeFieldType, { token: 'x' })).toBe('BAD_INPUT input.token')
    const { token } = await previewed(id, 'NUMBER')
    const stranger = await server.otherAccount('Stranger')
    expect(await refused(stranger, changeFieldType, { token })).toBe('NOT_FOUND input.token')
  })
})

it('an account without definitions pays no statement for them, and one with them none an event', async () => {
  const statementsOfTrack = async () => {
    await track({ page: 'http://a.b' })
    const statements = await statementsOf(() => track({ page: 'http://a.b' }))
    expect(statements.filter(({ text }) => /field_(definition|policy|change)/.test(text))).toEqual([])
    return statements.filter(({ text }) => !text.includes('api_key')).length
  }
  const without = await statementsOfTrack()
  await define('page', 'URL', { owner: 'EVENT', eventName: 'visit' })
  expect(await statementsOfTrack()).toBe(without)
})
