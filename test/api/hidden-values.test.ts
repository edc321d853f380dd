// What keys without PII_READ neither see nor find out: marked parts, data of events, values of deleted fields, and anything that a
// filter, a rule or a search could be asked about them.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aProgram, createAudience, createCampaign, participant, refused } from '../support/setup.ts'

let server: TestServer
let reader: Caller
beforeAll(async () => {
  server = await startServer()
  await openBrand(server)
  reader = await server.withScopes('PROFILES_READ', 'CAMPAIGNS_WRITE', 'ATTRIBUTIONS_READ')
})
afterAll(() => server?.stop())

const defineField = 'mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }'
const define = async (name: string, more: object = {}) => {
  const input = { owner: 'PROFILE', type: 'STRING', ...more, name }
  return (await server.query(defineField, { input })).defineField.field.id as string
}
const marked = { rules: { pii: true } }

const fieldsOf = async (sourceId: string) =>
  (await reader.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by: { sourceId } })).profile
    .fields

describe('hidden is', () => {
  it('a part that is marked, and the rest of the object is shown', async () => {
    const home = await define('home', { type: 'OBJECT' })
    await define('door', { partOf: home, ...marked })
    await mutate(server, 'updateProfile', { profile: { sourceId: 'a' }, set: { home: { door: '7b', floor: 3 } } })
    expect(await fieldsOf('a')).toEqual({ home: { door: null, floor: 3 } })
  })

  it('a value of a field that was deleted since, and none of one that is defined anew without the mark', async () => {
    const fieldId = await define('nickname', marked)
    await mutate(server, 'updateProfile', { profile: { sourceId: 'b' }, set: { nickname: 'Bo' } })
    await mutate(server, 'deleteField', { fieldId })
    expect(await fieldsOf('b')).toEqual({ nickname: null })
    await define('nickname')
    expect(await fieldsOf('b')).toEqual({ nickname: 'Bo' })
  })

  it('what is marked of an event, an order or its items', async () => {
    await define('page', { owner: 'EVENT', eventName: 'visit', ...marked })
    await define('giftFor', { owner: 'ORDER', ...marked })
    await define('engraving', { owner: 'ORDER_ITEM', ...marked })
    const events = [
      { name: 'visit', profile: { sourceId: 'c' }, data: { page: '/ann', size: 1 } },
      { name: 'click', profile: { sourceId: 'c' }, data: { page: '/ann' } },
      { name: 'purchase', profile: { sourceId: 'c' }, data: { giftFor: 'Al', items: [{ engraving: 'Al', size: 2 }] } },
      {
        name: 'order_updated',
        profile: { sourceId: 'c' },
        data: { giftFor: 'Al', items: [{ engraving: 'Al', size: 2 }] },
      },
    ]
    const seen = []
    for (const event of events) {
      const { id } = (await track(server, event)).event
      seen.push((await reader.query('query ($id: ID!) { node(id: $id) { ... on Event { data } } }', { id })).node.data)
    }
    expect(seen).toEqual([
      { page: null, size: 1 },
      { page: '/ann' },
      { giftFor: null, items: [{ engraving: null, size: 2 }] },
      { giftFor: null, items: [{ engraving: null, size: 2 }] },
    ])
  })

  it('an idempotency key with somebody’s address in it, and no other', async () => {
    const keys = ['order-1', 'ann@example.com/7', 'call +49 171 5550123']
    const seen = []
    for (const idempotencyKey of keys) {
      const { id } = (await track(server, { name: 'click', profile: { sourceId: 'd' }, idempotencyKey })).event
      const document = 'query ($id: ID!) { node(id: $id) { ... on Event { idempotencyKey } } }'
      seen.push((await reader.query(document, { id })).node.idempotencyKey)
    }
    expect(seen).toEqual(['order-1', null, null])
  })
})

describe('nobody finds out by asking', () => {
  const rule = (field: string, op = 'EQ', value: unknown = 'x') => ({
    field: { field, op, ...(op === 'EXISTS' ? {} : { value }) },
  })
  const list = (filter: object | null, search: string | null = null) =>
    reader.send(
      'query ($filter: RuleInput, $search: String) { profiles(filter: $filter, search: $search) { totalCount } }',
      {
        filter,
        search,
      },
    )
  const codeOf = async (answer: ReturnType<typeof list>) => {
    const { code, field } = (await answer).errors[0]?.extensions ?? {}
    return [code, field].filter(Boolean).join(' ')
  }

  it.each(['email', 'phone', 'emailDomain', 'deviceId', 'birthday', 'name', 'secret', 'box.inner'])(
    'whether %s is this or that; whether there is a value may be asked',
    async (field) => {
      if (field === 'secret') await define('secret', marked)
      if (field === 'box.inner') await define('inner', { partOf: await define('box', { type: 'OBJECT' }), ...marked })
      expect(await codeOf(list({ not: rule(field) }))).toBe('FORBIDDEN filter.not.field.field')
      expect(await codeOf(list(rule(field, 'EXISTS')))).toBe('')
    },
  )

  it('but of what is shown anything may be asked', async () => {
    for (const field of ['sourceId', 'tier', 'box.other']) expect(await codeOf(list(rule(field)))).toBe('')
  })

  it('by a search, unless it is for a person’s id', async () => {
    const { id } = (await track(server, { name: 'click', profile: { email: 'zed@example.com' } })).profile
    expect(await codeOf(list(null, 'zed'))).toBe('FORBIDDEN search')
    expect((await list(null, id)).data?.profiles.totalCount).toBe(1)
  })

  it('by an audience, its preview or a campaign; what was stored by others goes on working', async () => {
    const asked = rule('email', 'EQ', 'zed@example.com')
    expect(await refused(reader, createAudience, { name: 'Probe', rule: asked })).toBe(
      'FORBIDDEN input.rule.field.field',
    )
    const preview = 'query ($rule: RuleInput!) { audiencePreview(rule: $rule) { count } }'
    expect(await codeOf(reader.send(preview, { rule: asked }))).toBe('FORBIDDEN rule.field.field')
    const journeys = [{ ...participant, entry: asked }]
    const programId = await aProgram(server)
    expect(await refused(reader, createCampaign, { programId, name: 'Probe', journeys })).toBe(
      'FORBIDDEN input.journeys[0].entry.field.field',
    )
    const { audience } = (await server.query(createAudience, { input: { name: 'Zed', rule: asked } })).createAudience
    await mutate(reader, 'updateAudience', { audienceId: audience.id, name: 'Zeds' })
    // Filling waits for whoever else is writing.
    const audienceNow = async () =>
      (
        await reader.query('query ($id: ID!) { node(id: $id) { ... on Audience { name memberCount } } }', {
          id: audience.id,
        })
      ).node
    await vi.waitUntil(async () => (await audienceNow()).memberCount > 0, { timeout: 30_000 })
    expect(await audienceNow()).toEqual({ name: 'Zeds', memberCount: 1 })
  })
})
