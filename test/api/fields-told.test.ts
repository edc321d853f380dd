// What is wrong with fields and their definitions is told at its place, in words that help: names, identifiers, bounds, values.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const profile = { sourceId: 'ada' }
const mutate = async (name: string, input: object, fields = '__typename') => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const { data, errors } = await caller.send(`mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`, {
    input,
  })
  const [error] = errors
  return error ? `${error.extensions.code} ${error.extensions.field}: ${error.message}` : data?.[name]
}
const update = (asked: object) =>
  mutate('updateProfile', { profile, ...asked }, 'profile { fields } fieldWarnings { field message }')

test('identifiers are no fields: where they are sent as some they are refused, and may be removed', async () => {
  for (const name of ['email', 'phone', 'partnerUserId', 'deviceId', 'emailDomain'])
    expect(await update({ set: { [name]: 'x' } })).toBe(
      `BAD_INPUT input.set.${name}: this is an identifier: send it in \`profile\``,
    )
  expect(await update({ setOnce: { email: 'a@example.com' } })).toMatch(/^BAD_INPUT input\.setOnce\.email/)
  expect(await update({ set: { id: 'x' } })).toMatch(/^IMMUTABLE_FIELD input\.set\.id/)
  expect(await update({ unset: ['email'] })).toMatchObject({ profile: { fields: {} } })
  expect(await mutate('setFieldNormaliser', { field: 'sourceId', kind: 'TRIM' })).toMatch(/^BAD_INPUT input\.field/)
})

test('an identify with identifiers among its traits is taken where unknown keys are refused', async () => {
  await mutate('defineField', { owner: 'PROFILE', name: 'plan', type: 'STRING' })
  await mutate('setFieldPolicy', { owner: 'PROFILE', unknownKeys: 'REJECT' })
  const identify = async (traits: object) => {
    const response = await fetch(`${server.url}/v1/identify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller.key}` },
      body: JSON.stringify({ userId: 'ada', traits }),
    })
    return response.status
  }
  expect(await identify({ email: 'ada@example.com', phone: '+4930901820', plan: 'pro' })).toBe(200)
  expect(await identify({ email: 'ada@example.com', colour: 'red' })).toBe(400)
  const { profile: found } = await caller.query('{ profile(by: { email: "ada@example.com" }) { sourceId fields } }')
  expect(found).toMatchObject({ sourceId: 'ada', fields: { plan: 'pro' } })
})

test('two operations about one field are refused by whichever of its names they call it', async () => {
  await mutate('defineField', { owner: 'PROFILE', name: 'Favourite Colour', type: 'STRING' })
  expect(await update({ set: { 'Favourite Colour': 'red' }, setOnce: { favouriteColour: 'blue' } })).toBe(
    'BAD_INPUT input.setOnce.favouriteColour: another operation is about the same field',
  )
  expect(await update({ set: { 'Favourite Colour': 'red', favouriteColour: 'blue' } })).toMatch(
    /^BAD_INPUT input\.set\.favouriteColour/,
  )
  expect(await update({ set: { favouriteColour: 'red' } })).toMatchObject({
    profile: { fields: { 'Favourite Colour': 'red' } },
  })
})

test('a name that is empty, or that rules could not ask for, is refused', async () => {
  expect(await update({ set: { '': 1 } })).toBe('BAD_INPUT input.set.: a field needs a name')
  for (const name of ['a.b', 'a[]', 'a[0]'])
    expect(await update({ set: { [name]: 1 } })).toBe(
      `BAD_INPUT input.set.${name}: a name has no dots and brackets; set the object that the value is in`,
    )
  await mutate('defineField', { owner: 'PROFILE', name: 'crm.score', type: 'NUMBER' })
  expect(await update({ set: { 'crm.score': 7 } })).toMatchObject({ profile: { fields: { crmScore: 7 } } })
})

test('bounds and patterns that say nothing of a type are refused', async () => {
  const define = (type: string, rules: object) => mutate('defineField', { owner: 'PROFILE', name: 'x', type, rules })
  expect(await define('BOOLEAN', { min: 1 })).toBe('BAD_INPUT input.rules.min: BOOLEAN has no min')
  expect(await define('DATE', { max: 3 })).toBe('BAD_INPUT input.rules.max: DATE has no max')
  expect(await define('INTEGER', { pattern: '[0-9]+' })).toBe('BAD_INPUT input.rules.pattern: INTEGER has no pattern')
  const { field } = await mutate(
    'defineField',
    { owner: 'PROFILE', name: 'zip', type: 'STRING', rules: { pattern: '[0-9]{5}' } },
    'field { id }',
  )
  expect(await update({ set: { zip: 'D-1' } })).toBe('BAD_INPUT input.set.zip: not of the pattern [0-9]{5}')
  expect(await mutate('updateField', { fieldId: field.id, rules: { max: 9 } })).toEqual({
    __typename: 'UpdateFieldPayload',
  })
})

test('a value of another type says what was probably meant, or what is wrong with it', async () => {
  for (const [name, type] of [
    ['country', 'COUNTRY'],
    ['place', 'GEO_POINT'],
    ['born', 'DATE'],
    ['currency', 'CURRENCY'],
  ])
    await mutate('defineField', { owner: 'PROFILE', name, type })
  const country = 'BAD_INPUT input.set.country: not a country code of two letters (ISO 3166-1)'
  expect(await update({ set: { country: 'Grmany' } })).toBe(`${country}; did you mean "DE" (Germany)?`)
  expect(await update({ set: { country: 'Germany' } })).toBe(`${country}; did you mean "DE"?`)
  expect(await update({ set: { country: 'Atlantis' } })).toBe(country)
  expect(await update({ set: { place: { lat: 152, lon: 13.4 } } })).toBe(
    'BAD_INPUT input.set.place: not an object of lat and lon: the latitude 152 is beyond ±90',
  )
  expect(await update({ set: { born: '1 Feb 2020' } })).toMatch(/did you mean "2020-02-01"\?$/)
  expect(await update({ set: { currency: '€' } })).toMatch(/did you mean "EUR"\?$/)
})

test('a value that its normaliser cannot read stays as it came, and the answer says why', async () => {
  await mutate('setFieldNormaliser', { field: 'country', kind: 'COUNTRY' })
  expect(await update({ set: { country: 'Grmany' } })).toEqual({
    profile: { fields: { country: 'Grmany' } },
    fieldWarnings: [
      {
        field: 'input.set.country',
        message: 'stored as it came, since it is no COUNTRY that can be read: UNKNOWN; did you mean "DE" (Germany)?',
      },
    ],
  })
  expect((await update({ set: { country: 'Germany' } })).fieldWarnings).toEqual([])
})

test('small refusals name what is at fault', async () => {
  expect(await mutate('updateIdentityRules', { maxEmails: 500 })).toMatch(/^BAD_INPUT input\.maxEmails/)
  expect(await mutate('archiveAudience', { audienceId: 'x' })).toBe(
    'BAD_INPUT input.audienceId: not the id of an Audience: x',
  )
  const { profile: erased } = await mutate('updateProfile', { profile }, 'profile { id }')
  await mutate('eraseProfile', { profile })
  const { id } = (await mutate('createAudience', { name: 'VIP' }, 'audience { id }')).audience
  expect(await mutate('createPersonToken', { profile: { id: erased.id }, expiresInMinutes: 5 })).toMatch(
    /^CONFLICT input\.profile: this person was erased/,
  )
  expect(await mutate('addToAudience', { audienceId: id, profiles: [{ sourceId: 'new' }, { id: erased.id }] })).toMatch(
    /^CONFLICT input\.profiles\[1\]: this person was erased/,
  )
})

test('a person’s own token is told that it may not, and not a scope that no key has', async () => {
  await update({ set: { plan: 'pro' } })
  const { secret } = await mutate('createPersonToken', { profile, expiresInMinutes: 5 }, 'secret')
  const { errors } = await server
    .as(secret)
    .send('mutation { setConsent(input: { channel: EMAIL, state: OPTED_IN }) { profile { id } } }')
  expect(errors[0]?.message).toBe('the token of a person may not use SetConsentPayload.profile')
})

test('a pair whose merge was undone says so, and no more', async () => {
  const idOf = async (sourceId: string) =>
    (await mutate('updateProfile', { profile: { sourceId } }, 'profile { id }')).profile.id
  const [ann, bob] = [await idOf('ann'), await idOf('bob')]
  await mutate('mergeProfiles', { survivor: { id: ann }, loser: { id: bob }, allowTwoSourceIds: true })
  await mutate('undoMerge', { loser: bob })
  const { mergeCandidates } = await caller.query(
    '{ mergeCandidates(state: DISMISSED) { edges { node { source reasons score } } } }',
  )
  expect(mergeCandidates.edges).toEqual([{ node: { source: 'UNDONE_MERGE', reasons: [], score: null } }])
})
