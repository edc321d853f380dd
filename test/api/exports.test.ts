// People as a file: whoever is asked for, as far as the caller may see them, and nothing in it that a spreadsheet would run.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { bringIn } from '../support/imports.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const people = [
    '{"sourceId":"a","email":"ada@example.com","tier":"gold","note":"=SUM(A1)","visits":-3,"tags":["x","y, z"]}',
    '{"sourceId":"b","phone":"+49 30 901820","tier":"tin","note":"- a \\"quoted\\" word"}',
  ]
  await bringIn({ caller: server, url: server.url }, { kind: 'PEOPLE', mode: 'RUN' }, people.join('\n'))
})
afterAll(() => server?.stop())

const create = 'mutation ($input: CreateExportInput!) { createExport(input: $input) { path } }'
const fileOf = async (caller: Caller, input: object) => {
  const { path } = (await caller.query(create, { input })).createExport
  return (await fetch(`${server.url}${path}`)).text()
}
/** Without ids, which nobody knows before. */
const cellsOf = (file: string) => file.split('\r\n').map((line) => line.replace(/^[\w=]+,/, ''))

test('everybody is in it, a column for each field, and formulas are made harmless', async () => {
  expect(cellsOf(await fileOf(server, {}))).toEqual([
    'sourceId,email,phone,partnerUserId,deviceId,note,tags,tier,visits',
    `a,ada@example.com,,,,'=SUM(A1),"[""x"",""y, z""]",gold,-3`,
    `b,,+4930901820,,,"'- a ""quoted"" word",,tin,`,
    '',
  ])
})

test('what it writes can be brought in again, and changes nobody', async () => {
  await server.query('mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }', {
    input: { owner: 'PROFILE', name: 'visits', type: 'INTEGER' },
  })
  await server.query('mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }', {
    input: { owner: 'PROFILE', name: 'tags', type: 'LIST', itemType: 'STRING' },
  })
  for (const format of ['CSV', 'JSON_LINES']) {
    const again = await bringIn(
      { caller: server, url: server.url },
      { kind: 'PEOPLE' },
      await fileOf(server, { format }),
    )
    expect(again).toMatchObject({
      state: 'AWAITING_CONFIRMATION',
      planned: { create: 0, update: 0, skip: 2, reject: 0 },
    })
  }
})

test('of a list it has whom the filter is true of, with the fields that are asked for, and of an audience its members', async () => {
  const filter = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
  expect(cellsOf(await fileOf(server, { filter, fields: ['visits', 'tier'] }))).toEqual([
    'sourceId,email,phone,partnerUserId,deviceId,visits,tier',
    'a,ada@example.com,,,,-3,gold',
    '',
  ])
  const { createAudience } = await server.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: 'Tin', rule: { field: { field: 'tier', op: 'EQ', value: 'tin' } } } },
  )
  const lines = await fileOf(server, { audienceId: createAudience.audience.id, format: 'JSON_LINES', fields: ['tier'] })
  expect({ ...JSON.parse(lines), id: 'hers' }).toEqual({ id: 'hers', sourceId: 'b', phone: '+4930901820', tier: 'tin' })
})

test('fields that are called as an identifier is are no columns: what is there is the identifier', async () => {
  const caller = await server.otherAccount()
  const track = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { __typename } }'
  const traits = { email: 'written@example.com', phone: 'call me', id: '7', tier: 'gold' }
  await caller.query(track, { input: { name: 'visit', profile: { sourceId: 'c', email: 'own@example.com' } } })
  const identify = { userId: 'c', type: 'identify', traits }
  const { status } = await fetch(`${server.url}/v1/identify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(identify),
  })
  expect(status).toBe(200)
  const { profile } = await caller.query('{ profile(by: { sourceId: "c" }) { id fields } }')
  expect(profile.fields).toEqual(traits)
  const header = 'id,sourceId,email,phone,partnerUserId,deviceId,tier'
  const row = `${profile.id},c,own@example.com,,,,gold`
  expect((await fileOf(caller, {})).split('\r\n')).toEqual([header, row, ''])
  expect((await fileOf(caller, { fields: ['email', 'tier'] })).split('\r\n')).toEqual([header, row, ''])
  const line = JSON.parse(await fileOf(caller, { format: 'JSON_LINES' }))
  expect(line).toEqual({ id: profile.id, sourceId: 'c', email: 'own@example.com', tier: 'gold' })
})

test('a key that may see no personal values gets none, whoever fetches the file', async () => {
  const reader = await server.withScopes('PROFILES_READ')
  expect(cellsOf(await fileOf(reader, { fields: ['tier', 'email'] })).slice(0, 2)).toEqual([
    'sourceId,tier,email',
    'a,gold,',
  ])
  const writer = await server.withScopes('EVENTS_WRITE')
  expect((await writer.send(create, { input: {} })).errors[0]?.extensions.code).toBe('FORBIDDEN')
  const { path } = (await server.query(create, { input: {} })).createExport
  expect((await fetch(`${server.url}${path.slice(0, -2)}`)).status).toBe(403)
})
