// The list of people: whom a rule and a search find, by example for every operator and kind of condition.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience, aProgram } from '../support/setup.ts'

const clock = new Date('2026-03-10T12:00:00.000Z')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  // Rules count days from the server's clock; here it stands still.
  Object.assign(server.app.services, { now: () => clock })
})
afterAll(() => server?.stop())

const list = `query ($filter: RuleInput, $search: String, $first: Int, $after: String) {
  profiles(filter: $filter, search: $search, first: $first, after: $after) {
    edges { node { id sourceId } } pageInfo { hasNextPage endCursor }
  }
}`

interface Listed {
  profiles: {
    edges: { node: { id: string; sourceId: string | null } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string }
  }
}

const namesOf = ({ profiles }: Listed) => profiles.edges.map(({ node }) => node.sourceId)

const namesWhere = async (caller: Caller, filter: object) => namesOf(await caller.query<Listed>(list, { filter }))
const namesFound = async (caller: Caller, search: string) => namesOf(await caller.query<Listed>(list, { search }))

async function refusal(caller: Caller, variables: Record<string, unknown>): Promise<string> {
  const { data, errors } = await caller.send(list, variables)
  expect(data).toEqual({ profiles: null })
  expect(errors).toHaveLength(1)
  const { code, field } = errors[0]?.extensions ?? { code: '' }
  return [code, field].filter(Boolean).join(' ')
}

const updateProfile = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'
const addToAudience = 'mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }'

async function known(caller: Caller, profile: object, set: object = {}): Promise<string> {
  const { updateProfile: updated } = await caller.query(updateProfile, { input: { profile, set } })
  return updated.profile.id
}

describe('a filter by one condition lists those of whom it is true', () => {
  let caller: Caller
  let vips: string
  beforeAll(async () => {
    caller = await server.otherAccount()
    vips = await anAudience(caller)
    await known(
      caller,
      { sourceId: 'Ann', email: 'Ann@Example.com', phone: '+49 30 901820' },
      {
        tier: 'gold',
        points: 10,
        active: true,
        since: '2026-03-09T12:00:00Z',
        tags: ['new', 'vip'],
        home: { city: 'Bonn' },
        orders: [{ total: 5 }, { total: 50 }],
      },
    )
    await known(
      caller,
      { sourceId: 'Bob', email: 'bob@brand.org', deviceId: 'd1' },
      {
        tier: 'silver',
        points: 9.5,
        active: false,
        since: '2026-02-01T00:00:00+01:00',
        tags: [],
        home: { city: 'Köln' },
        orders: [{ total: 7 }],
      },
    )
    await known(
      caller,
      { sourceId: 'Cid', partnerUserId: 'p-3' },
      { tier: 3, points: '10', since: 'soon', tags: 'vip', orders: { total: 50 } },
    )
    await known(caller, { sourceId: 'Dee' }, { tier: null, home: 'Bonn' })
    await caller.query(addToAudience, {
      input: { audienceId: vips, profiles: [{ sourceId: 'Ann' }, { sourceId: 'Dee' }] },
    })
  })

  const examples: [field: string, op: string, value: unknown, names: string[]][] = [
    ['tier', 'EQ', 'gold', ['Ann']],
    ['tier', 'EQ', 3, ['Cid']],
    ['active', 'EQ', false, ['Bob']],
    ['since', 'EQ', '2026-03-09T13:00:00+01:00', ['Ann']],
    ['tier', 'NE', 'gold', ['Bob']],
    ['points', 'LT', 10, ['Bob']],
    ['points', 'LTE', 10, ['Ann', 'Bob']],
    ['points', 'GT', 9, ['Ann', 'Bob']],
    ['points', 'GTE', '10', ['Cid']],
    ['since', 'GT', '2026-02-01T00:00:00Z', ['Ann']],
    ['since', 'LTE', '2026-01-31T23:00:00Z', ['Bob']],
    ['since', 'GT', 's', ['Cid']],
    ['tier', 'IN', ['gold', 'silver'], ['Ann', 'Bob']],
    ['tier', 'NOT_IN', ['gold', 'bronze'], ['Bob']],
    ['tags', 'CONTAINS', 'vip', ['Ann', 'Cid']],
    ['home.city', 'CONTAINS', 'öl', ['Bob']],
    ['home.city', 'STARTS_WITH', 'Bo', ['Ann']],
    ['home.city', 'ENDS_WITH', 'n', ['Ann', 'Bob']],
    ['orders[].total', 'GT', 6, ['Ann', 'Bob']],
    ['orders[].total', 'NE', 50, ['Bob']],
    ['tags[]', 'EQ', 'new', ['Ann']],
    ['tier', 'EXISTS', undefined, ['Ann', 'Bob', 'Cid']],
    ['tags[]', 'MISSING', undefined, ['Bob', 'Cid', 'Dee']],
    ['since', 'WITHIN_LAST_DAYS', 1, ['Ann']],
    ['since', 'WITHIN_LAST_DAYS', 0.9, []],
    ['since', 'WITHIN_LAST_DAYS', 60, ['Ann', 'Bob']],
    ['email', 'EQ', 'ANN@example.com', ['Ann']],
    ['email', 'MISSING', undefined, ['Cid', 'Dee']],
    ['emailDomain', 'IN', ['Brand.org'], ['Bob']],
    ['sourceId', 'IN', ['Cid', 'Dee', 'Eve'], ['Cid', 'Dee']],
    ['phone', 'STARTS_WITH', '+49', ['Ann']],
    ['partnerUserId', 'ENDS_WITH', '3', ['Cid']],
    ['deviceId', 'EXISTS', undefined, ['Bob']],
  ]
  test.each(examples)('%s %s %j', async (...[field, op, value, names]) => {
    expect(await namesWhere(caller, { field: { field, op, value } })).toEqual(names)
  })

  test('a missing value satisfies where the rule says so, and where not neither it nor its negation holds', async () => {
    const gold = { field: 'tier', op: 'EQ', value: 'gold' }
    expect(await namesWhere(caller, { field: { ...gold, orMissing: true } })).toEqual(['Ann', 'Dee'])
    expect(await namesWhere(caller, { not: { field: gold } })).toEqual(['Bob'])
    expect(await namesWhere(caller, { not: { field: { ...gold, orMissing: true } } })).toEqual(['Bob'])
  })

  test('members of an audience and those who are not', async () => {
    expect(await namesWhere(caller, { audience: { id: vips } })).toEqual(['Ann', 'Dee'])
    expect(await namesWhere(caller, { audience: { id: vips, member: false } })).toEqual(['Bob', 'Cid'])
  })

  test('all, any and not; an empty all is everybody and an empty any nobody', async () => {
    const inVips = { audience: { id: vips } }
    const hasTier = { field: { field: 'tier', op: 'EXISTS' } }
    expect(await namesWhere(caller, { all: [inVips, hasTier] })).toEqual(['Ann'])
    expect(await namesWhere(caller, { any: [inVips, hasTier] })).toEqual(['Ann', 'Bob', 'Cid', 'Dee'])
    expect(await namesWhere(caller, { not: { all: [inVips, hasTier] } })).toEqual(['Bob', 'Cid', 'Dee'])
    expect(await namesWhere(caller, { all: [] })).toHaveLength(4)
    expect(await namesWhere(caller, { any: [] })).toEqual([])
  })

  test('a filtered list has pages', async () => {
    const filter = { field: { field: 'points', op: 'EXISTS' } }
    const first = await caller.query<Listed>(list, { filter, first: 2 })
    expect([namesOf(first), first.profiles.pageInfo.hasNextPage]).toEqual([['Ann', 'Bob'], true])
    const after = first.profiles.pageInfo.endCursor
    const second = await caller.query<Listed>(list, { filter, first: 2, after })
    expect([namesOf(second), second.profiles.pageInfo.hasNextPage]).toEqual([['Cid'], false])
  })

  test('another account lists its own people only', async () => {
    expect(await namesWhere(await server.otherAccount(), { all: [] })).toEqual([])
  })
})

describe('a filter by what people did lists those of whom it is true', () => {
  let caller: Caller
  let programId: string
  beforeAll(async () => {
    caller = await server.otherAccount()
    ;({ programId } = await openBrand(caller))
    await addCampaign(caller, {
      programId,
      name: 'Friends',
      journeys: [{ name: 'friend', role: 'FRIEND', events: ['visit'] }],
    })
    for (const sourceId of ['Ann', 'Bob', 'Cid']) await known(caller, { sourceId })
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id } } }',
      { input: { code: 'ann', programId, advocate: { sourceId: 'Ann' } } },
    )
    const did = (sourceId: string, name: string, more: object) =>
      track(caller, { name, profile: { sourceId }, ...more })
    await did('Ann', 'click', { occurredAt: '2026-03-09T12:00:00Z' })
    await did('Ann', 'click', { occurredAt: '2026-03-01T12:00:00Z' })
    await did('Bob', 'click', { occurredAt: '2026-03-01T12:00:00Z' })
    const order = (total: unknown, at: string, id: string) => ({
      occurredAt: at,
      data: { total, currency: 'EUR', transaction_id: id },
    })
    await did('Ann', 'purchase', order('10.00', '2026-03-01T00:00:00Z', 'T1'))
    await did('Ann', 'purchase', order(20.5, '2026-03-08T11:00:00Z', 'T2'))
    await did('Bob', 'order completed', order(1, '2026-02-01T00:00:00Z', 'T3'))
    await did('Bob', 'order completed', order(5, '2026-02-02T00:00:00Z', 'T3'))
    await did('Bob', 'visit', { occurredAt: '2026-03-02T00:00:00Z', targeting: { advocateCodes: ['ann'] } })
  })

  const total = { aggregate: 'TOTAL_MINOR', currency: 'EUR' }
  const examples: [filter: object, names: string[]][] = [
    [{ event: { name: 'Click' } }, ['Ann', 'Bob']],
    [{ event: { name: 'click', atLeast: 2 } }, ['Ann']],
    [{ event: { name: 'click', atMost: 1 } }, ['Bob', 'Cid']],
    [{ event: { name: 'click', performed: false } }, ['Cid']],
    [{ event: { name: 'click', withinLastDays: 1 } }, ['Ann']],
    [{ event: { name: 'click', withinLastDays: 0.9 } }, []],
    [{ order: { ...total, op: 'GTE', value: 3050 } }, ['Ann']],
    [{ order: { ...total, op: 'EQ', value: 500 } }, ['Bob']],
    [{ order: { ...total, op: 'EQ', value: 0 } }, ['Cid']],
    [{ order: { ...total, op: 'EQ', value: 2050, withinLastDays: 7 } }, ['Ann']],
    [{ order: { ...total, op: 'GT', value: 0, currency: 'USD' } }, []],
    [{ order: { aggregate: 'COUNT', op: 'EQ', value: 1 } }, ['Bob']],
    [{ order: { aggregate: 'AVERAGE_MINOR', op: 'EQ', value: 1525, currency: 'EUR' } }, ['Ann']],
    [{ not: { order: { aggregate: 'LARGEST_MINOR', op: 'GT', value: 600, currency: 'EUR' } } }, ['Bob']],
    [{ order: { aggregate: 'DAYS_SINCE_LAST', op: 'EQ', value: 2 } }, ['Ann']],
    [{ relationship: { as: 'FRIEND' } }, ['Bob']],
    [{ relationship: { as: 'ADVOCATE', withinLastDays: 30 } }, ['Ann']],
    [{ relationship: { as: 'ADVOCATE', withinLastDays: 7 } }, []],
    [{ relationship: { as: 'FRIEND', atMost: 0 } }, ['Ann', 'Cid']],
    [{ quality: { is: 'HIGH', atLeast: 3 } }, ['Ann']],
    [{ quality: { is: 'NONE' } }, ['Bob']],
    [{ eventData: { field: 'total', op: 'EXISTS' } }, []],
    [{ eventData: { field: 'total', op: 'MISSING' } }, ['Ann', 'Bob', 'Cid']],
    [{ not: { eventData: { field: 'total', op: 'GT', value: 1 } } }, []],
  ]
  test.each(examples)('%j', async (filter, names) => {
    expect(await namesWhere(caller, filter)).toEqual(names)
  })

  test('relationships of one program', async () => {
    expect(await namesWhere(caller, { relationship: { as: 'FRIEND', programId } })).toEqual(['Bob'])
    const other = await aProgram(caller)
    expect(await namesWhere(caller, { relationship: { as: 'FRIEND', programId: other } })).toEqual([])
  })
})

describe('a search', () => {
  let caller: Caller
  beforeAll(async () => {
    caller = await server.otherAccount()
    await known(caller, { sourceId: 'C-100', email: 'ann@example.com' })
    await known(caller, { sourceId: 'c-200', phone: '+4930901820', deviceId: '100%' })
    await known(caller, { sourceId: 'X_1', deviceId: '1000' })
  })

  test('finds the beginning of an identifier of any kind, whatever its case', async () => {
    expect(await namesFound(caller, 'c-')).toEqual(['C-100', 'c-200'])
    expect(await namesFound(caller, ' ANN@Ex ')).toEqual(['C-100'])
    expect(await namesFound(caller, '+4930')).toEqual(['c-200'])
    expect(await namesFound(caller, 'example')).toEqual([])
  })

  test('takes what it is given literally', async () => {
    expect(await namesFound(caller, '100%')).toEqual(['c-200'])
    expect(await namesFound(caller, 'x_')).toEqual(['X_1'])
    expect(await namesFound(caller, '_')).toEqual([])
    expect(await namesFound(caller, '\\')).toEqual([])
  })

  test('finds a person by id, global or bare', async () => {
    const id = await known(caller, { sourceId: 'X_1' })
    expect(await namesFound(caller, id)).toEqual(['X_1'])
    expect(await namesFound(caller, decodeId('Profile', id) ?? '')).toEqual(['X_1'])
    expect(await namesFound(await server.otherAccount(), id)).toEqual([])
  })

  test('joins with a filter; a blank one asks nothing', async () => {
    const filter = { field: { field: 'phone', op: 'EXISTS' } }
    expect(namesOf(await caller.query<Listed>(list, { search: 'c-', filter }))).toEqual(['c-200'])
    expect(await namesFound(caller, '  ')).toHaveLength(3)
  })
})

describe('a person merged into another', () => {
  test('is listed as that one, with the identifiers, fields and audiences of both, the own fields covering the merged', async () => {
    const caller = await server.otherAccount()
    const audience = await anAudience(caller)
    const anonymous = await known(caller, { deviceId: 'phone' }, { tier: 'silver', seen: true })
    await caller.query(addToAudience, { input: { audienceId: audience, profiles: [{ deviceId: 'phone' }] } })
    await known(caller, { sourceId: 'Ann' }, { tier: 'gold' })
    await known(caller, { sourceId: 'Ann', deviceId: 'phone' })

    expect(await namesWhere(caller, { all: [] })).toEqual(['Ann'])
    for (const holds of [
      { audience: { id: audience } },
      { field: { field: 'deviceId', op: 'EQ', value: 'phone' } },
      { field: { field: 'seen', op: 'EQ', value: true } },
      { field: { field: 'tier', op: 'EQ', value: 'gold' } },
    ]) {
      expect(await namesWhere(caller, holds)).toEqual(['Ann'])
    }
    expect(await namesWhere(caller, { field: { field: 'tier', op: 'EQ', value: 'silver' } })).toEqual([])
    expect(await namesFound(caller, 'phone')).toEqual(['Ann'])
    expect(await namesFound(caller, anonymous)).toEqual(['Ann'])
  })
})

describe('what cannot be asked is refused, naming the place', () => {
  test('a rule at fault', async () => {
    const sound = { field: { field: 'a', op: 'EXISTS' } }
    const filter = (fault: object) => ({ filter: { all: [sound, fault] } })
    const at = (rest: string) => `BAD_INPUT filter.all[1].${rest}`
    expect(await refusal(server, filter({ field: { field: 'a..b', op: 'EXISTS' } }))).toBe(at('field.field'))
    expect(await refusal(server, filter({ field: { field: 'a', op: 'LT', value: true } }))).toBe(at('field.value'))
    expect(await refusal(server, filter({ not: { field: { field: 'a', op: 'IN', value: [] } } }))).toBe(
      at('not.field.value'),
    )
    expect(await refusal(server, filter({ audience: { id: 'x' } }))).toBe(at('audience.id'))
    expect(await refusal(server, filter({ event: { name: '' } }))).toBe(at('event.name'))
    expect(await refusal(server, filter({ quality: { is: 'LOW', atMost: -1 } }))).toBe(at('quality.atMost'))
    expect(await refusal(server, filter({ field: { field: 'a\u0000', op: 'EXISTS' } }))).toBe(at('field.field'))
  })

  test('an audience that the account does not have', async () => {
    const foreign = await anAudience(await server.otherAccount())
    expect(await refusal(server, { filter: { not: { audience: { id: foreign } } } })).toBe(
      'NOT_FOUND filter.not.audience.id',
    )
  })

  test('a program that the account does not have', async () => {
    const foreign = await aProgram(await server.otherAccount())
    const filter = { any: [{ relationship: { as: 'FRIEND', programId: foreign } }] }
    expect(await refusal(server, { filter })).toBe('NOT_FOUND filter.any[0].relationship.programId')
  })

  test('more conditions than a filter may have, and an endless search', async () => {
    const many = { all: Array.from({ length: 67 }, () => ({ field: { field: 'a', op: 'EXISTS' } })) }
    expect(await refusal(server, { filter: { any: [many, many, many] } })).toBe('BAD_INPUT filter')
    expect(await refusal(server, { search: 'x'.repeat(257) })).toBe('BAD_INPUT search')
  })

  test('a key that may not read profiles', async () => {
    expect(await refusal(await server.withScopes('ATTRIBUTIONS_READ'), {})).toBe('FORBIDDEN')
  })
})

test('the longest filter that is taken is answered', async () => {
  const field = { field: { field: 'a.b.c.d[].e', op: 'IN', value: ['2026-03-01T00:00:00Z'] } }
  const filter = { any: [0, 1, 2].map(() => ({ all: Array.from({ length: 66 }, () => field) })) }
  expect(await namesWhere(server, filter)).toEqual([])
})
