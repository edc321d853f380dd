// People come in by a file: it is planned, confirmed, and done exactly as planned; what became of each row is told.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { bringIn, commit, outcomeFile, rowsOf } from '../support/imports.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const fieldsOf = async (caller: Caller, by: object) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by })).profile?.fields ?? null
const store = (caller: Caller, profile: object, set: object) =>
  caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile, set },
  })
const at = (caller: Caller) => ({ caller, url: server.url })

test('a file of people is planned first, changes nobody, and is brought in when it is confirmed', async () => {
  const caller = await server.otherAccount()
  await store(caller, { sourceId: 'c-1' }, { tier: 'silver', city: 'Rome' })
  const file =
    'customerId,e-mail,tier,city\r\nc-1,ada@example.com,gold,\r\nc-2,grace@example.com,silver,"New\nYork"\r\n'
  const planned = await bringIn(at(caller), { kind: 'PEOPLE', fileName: 'people.csv' }, file)
  expect(planned).toMatchObject({
    state: 'AWAITING_CONFIRMATION',
    rowCount: 2,
    delimiter: ',',
    planned: { create: 1, update: 1, skip: 0, reject: 0 },
  })
  expect(await rowsOf(caller, planned.id)).toMatchObject([
    {
      line: 2,
      action: 'UPDATE',
      outcome: 'TO_UPDATE',
      changes: { fields: { tier: ['silver', 'gold'] }, identifiers: ['EMAIL:ada@example.com'] },
    },
    { line: 3, action: 'CREATE', outcome: 'TO_CREATE', profile: null },
  ])
  expect(await fieldsOf(caller, { sourceId: 'c-1' })).toEqual({ tier: 'silver', city: 'Rome' })
  expect(await fieldsOf(caller, { sourceId: 'c-2' })).toBeNull()

  expect(await commit(caller, planned.id)).toMatchObject({
    state: 'DONE',
    applied: { create: 1, update: 1, skip: 0, reject: 0 },
  })
  expect(await fieldsOf(caller, { email: 'ada@example.com' })).toEqual({ tier: 'gold', city: 'Rome' })
  expect(await fieldsOf(caller, { sourceId: 'c-2' })).toEqual({ tier: 'silver', city: 'New\nYork' })
  expect(await outcomeFile(server.url, planned.outcomePath)).toBe(
    'customerId,e-mail,tier,city,import_outcome,import_code,import_message,import_line\r\n' +
      'c-1,ada@example.com,gold,,UPDATED,,,2\r\n' +
      'c-2,grace@example.com,silver,"New\nYork",CREATED,,,3\r\n',
  )
})
