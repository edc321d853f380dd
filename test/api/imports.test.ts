// People come in by a file: it is planned, confirmed, and done exactly as planned; what became of each row is told.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bringIn, commit, createImport, outcomeFile, rowsOf, send } from '../support/imports.ts'
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

interface Row {
  line: number
  code: string
  message: string
}

const commitDocument = 'mutation ($input: CommitImportInput!) { commitImport(input: $input) { import { id } } }'
const cancelDocument = 'mutation ($input: CancelImportInput!) { cancelImport(input: $input) { import { id } } }'
const defineField = 'mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }'

const refusalOf = async (caller: Caller, document: string, input: object) => {
  const { errors } = await caller.send(document, { input })
  expect(errors).toHaveLength(1)
  const { code, field } = errors[0]?.extensions ?? { code: '' }
  return [code, field].filter(Boolean).join(' ')
}

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

describe('a plan', () => {
  test('is done exactly, and rows of people who changed meanwhile are refused by name', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'a' }, { tier: 'tin', shoe: 40 })
    await store(caller, { sourceId: 'b' }, { tier: 'tin' })
    await store(caller, { sourceId: 'd' }, { tier: 'tin' })
    const file = 'sourceId,tier\na,gold\nb,gold\nc,gold\nd,gold\n'
    const { id } = await bringIn(at(caller), { kind: 'PEOPLE' }, file)
    await store(caller, { sourceId: 'a' }, { shoe: 41 })
    await store(caller, { sourceId: 'b' }, { tier: 'silver' })
    await store(caller, { sourceId: 'c' }, { tier: 'silver' })
    const done = await commit(caller, id)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 0, update: 2, reject: 2 } })
    expect(await rowsOf(caller, id, 'REJECT')).toMatchObject([
      { line: 3, code: 'CHANGED_MEANWHILE' },
      { line: 4, code: 'CHANGED_MEANWHILE' },
    ])
    // What the row of a says nothing of may have changed.
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'gold', shoe: 41 })
    expect(await fieldsOf(caller, { sourceId: 'b' })).toEqual({ tier: 'silver' })
    expect(await fieldsOf(caller, { sourceId: 'd' })).toEqual({ tier: 'gold' })
    expect(await commit(caller, id)).toMatchObject({ applied: { update: 2, reject: 2 } })
  })

  test('is not there for one that is done, cancelled, or waits for its file', async () => {
    const caller = await server.otherAccount()
    const { id } = await createImport(caller, { kind: 'PEOPLE' })
    expect(await refusalOf(caller, commitDocument, { importId: id })).toBe('CONFLICT input.importId')
    const planned = await bringIn(at(caller), { kind: 'PEOPLE' }, 'sourceId,tier\nx,gold\n')
    await caller.query(cancelDocument, { input: { importId: planned.id } })
    expect(await refusalOf(caller, commitDocument, { importId: planned.id })).toBe('CONFLICT input.importId')
    expect(await fieldsOf(caller, { sourceId: 'x' })).toBeNull()
    expect(await refusalOf(server, commitDocument, { importId: planned.id })).toBe('NOT_FOUND input.importId')
  })
})

describe('the strategy', () => {
  const file = 'sourceId,tier\nold,gold\nnew,gold\n'
  const expected = {
    CREATE_ONLY: [{ tier: 'tin', city: 'Rome' }, { tier: 'gold' }],
    UPDATE_ONLY: [{ tier: 'gold', city: 'Rome' }, null],
    UPSERT: [{ tier: 'gold', city: 'Rome' }, { tier: 'gold' }],
    REPLACE: [{ tier: 'gold' }, { tier: 'gold' }],
  }
  for (const [strategy, fields] of Object.entries(expected)) {
    test(`${strategy} says what is done with people who are known, and who are not`, async () => {
      const caller = await server.otherAccount()
      await store(caller, { sourceId: 'old' }, { tier: 'tin', city: 'Rome' })
      const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN', strategy }, file)
      expect(done.state).toBe('DONE')
      expect([await fieldsOf(caller, { sourceId: 'old' }), await fieldsOf(caller, { sourceId: 'new' })]).toEqual(fields)
    })
  }

  test('of blank cells: they say nothing, or they clear', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'a' }, { tier: 'tin', city: 'Rome' })
    await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, 'sourceId,tier,city\na,gold,\n')
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'gold', city: 'Rome' })
    await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN', blankCells: 'CLEAR' }, 'sourceId,tier,city\na,gold,\n')
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'gold' })
  })
})

describe('rows', () => {
  test('of one person twice are found by normalised identifiers, and the later one is refused', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'both', email: 'both@example.com' }, {})
    const file = [
      'sourceId,email,tier',
      '1,ADA@Example.com ,a',
      ',ada@example.com,b',
      'both,,c',
      ',both@example.com,d',
      '2,,e',
    ].join('\n')
    const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 2, update: 1, reject: 2 } })
    expect(await rowsOf(caller, done.id, 'REJECT')).toMatchObject([
      { line: 3, code: 'DUPLICATE', message: 'the same as row 1 of the file' },
      { line: 5, code: 'DUPLICATE', message: 'the same as row 3 of the file' },
    ])
    expect(await fieldsOf(caller, { email: 'ada@example.com' })).toEqual({ tier: 'a' })
  })

  test('never make two known people one: such a row names both', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'a' }, { tier: 'tin' })
    await store(caller, { email: 'b@example.com' }, { tier: 'tin' })
    const done = await bringIn(
      at(caller),
      { kind: 'PEOPLE', mode: 'RUN' },
      'sourceId,email,tier\na,b@example.com,gold\n',
    )
    const [row] = await rowsOf(caller, done.id)
    expect(row).toMatchObject({ action: 'REJECT', code: 'CONFLICT' })
    expect(row.message).toMatch(/several people: [0-9a-f-]{36}, [0-9a-f-]{36}; an import merges nobody/)
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ tier: 'tin' })
    expect(await fieldsOf(caller, { email: 'b@example.com' })).toEqual({ tier: 'tin' })
  })

  test('are held to the account’s definitions, each for itself, and the rest comes in', async () => {
    const caller = await server.otherAccount()
    for (const [name, type] of [
      ['born', 'DATE'],
      ['visits', 'INTEGER'],
      ['price', 'NUMBER'],
      ['tags', 'LIST'],
    ])
      await caller.query(defineField, {
        input: {
          owner: 'PROFILE',
          name,
          type,
          ...(name === 'visits' ? { rules: { min: 0 } } : {}),
          ...(type === 'LIST' ? { itemType: 'STRING' } : {}),
        },
      })
    const file = [
      'sourceId;born;visits;price;tags;e-mail',
      'a;1990-12-10;12;1.5;"[""x""]";',
      'b;31/02/1990;1;1;;',
      'c;;-1;1;;',
      'd;;1;"1,50";;',
      'e;;many;;;',
      'f;;;;;not-an-address',
      ';;1;;;',
      'null;;1;;;',
    ].join('\r\n')
    const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file)
    expect(done).toMatchObject({ state: 'DONE_WITH_ERRORS', delimiter: ';', applied: { create: 1, reject: 7 } })
    const told = (await rowsOf(caller, done.id, 'REJECT')).map(
      ({ line, code, message }: Row) => `${line} ${code} ${message}`,
    )
    expect(told).toEqual([
      '3 BAD_INPUT born: not a day such as 2026-03-10',
      '4 BAD_INPUT visits: below 0',
      '5 BAD_INPUT price: not a number',
      '6 BAD_INPUT visits: not a whole number within ±2^53',
      '7 BAD_INPUT row.email: not an e-mail address: not-an-address',
      '8 BAD_INPUT no identifier: one of id, sourceId, email, phone, partnerUserId, deviceId names the person',
      '9 BAD_INPUT no identifier: one of id, sourceId, email, phone, partnerUserId, deviceId names the person',
    ])
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({
      born: '1990-12-10',
      visits: 12,
      price: 1.5,
      tags: ['x'],
    })
  })

  test('that were refused can be mended in their outcome file and sent again', async () => {
    const caller = await server.otherAccount()
    await caller.query(defineField, { input: { owner: 'PROFILE', name: 'visits', type: 'INTEGER' } })
    const first = await bringIn(
      at(caller),
      { kind: 'PEOPLE', mode: 'RUN' },
      'sourceId,visits,note\na,1,=1+1\nb,two,"x, y"\n',
    )
    const refused = await outcomeFile(server.url, `${first.outcomePath}&rows=rejected`)
    expect(refused.split('\r\n')[1]).toBe('b,two,"x, y",REJECTED,BAD_INPUT,visits: not a whole number within ±2^53,3')
    const whole = await outcomeFile(server.url, first.outcomePath)
    expect(whole).toContain("a,1,'=1+1,CREATED,,,2")
    const second = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, whole.replace('two', '2'))
    expect(second).toMatchObject({ state: 'DONE', applied: { create: 1, update: 0, skip: 1 } })
    expect(await fieldsOf(caller, { sourceId: 'a' })).toEqual({ visits: 1, note: '=1+1' })
    expect(await fieldsOf(caller, { sourceId: 'b' })).toEqual({ visits: 2, note: 'x, y' })
  })

  test('about somebody who was erased are refused', async () => {
    const caller = await server.otherAccount()
    await store(caller, { sourceId: 'gone', email: 'gone@example.com' }, { tier: 'tin' })
    await caller.query('mutation ($input: EraseProfileInput!) { eraseProfile(input: $input) { erasedAt } }', {
      input: { profile: { sourceId: 'gone' } },
    })
    const done = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, 'email,tier\ngone@example.com,gold\n')
    expect(await rowsOf(caller, done.id)).toMatchObject([{ action: 'REJECT', code: 'CONFLICT', profile: null }])
  })
})

test('what an import states is in the history, as an import’s, and dynamic audiences follow at once', async () => {
  const caller = await server.otherAccount()
  const { createAudience } = await caller.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: 'Gold', rule: { field: { field: 'tier', op: 'EQ', value: 'gold' } } } },
  )
  await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, 'sourceId,tier\na,gold\nb,tin\n')
  const { node, profile } = await caller.query(
    `query ($id: ID!, $by: ProfileKeyInput!) { node(id: $id) { ... on Audience { memberCount } }
      profile(by: $by) { fieldHistory(name: "tier") { edges { node { value source } } } } }`,
    { id: createAudience.audience.id, by: { sourceId: 'a' } },
  )
  expect(node.memberCount).toBe(1)
  expect(profile.fieldHistory.edges).toEqual([{ node: { value: 'gold', source: 'IMPORT' } }])
})

test('the same file with the same options within a day gives the earlier import; other options make another', async () => {
  const caller = await server.otherAccount()
  const file = 'sourceId,tier\na,gold\n'
  const first = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file)
  const second = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file)
  expect(second.answer.body).toEqual({ import: first.id, isEarlier: true, rows: 1 })
  expect(second).toMatchObject({ state: 'CANCELLED', rowCount: 0 })
  const third = await bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN', strategy: 'UPDATE_ONLY' }, file)
  expect(third).toMatchObject({ state: 'DONE', applied: { skip: 1 } })
})

test('an import tells how it stands to whoever subscribes, up to its end', async () => {
  const caller = await server.otherAccount()
  const { id, uploadPath } = await createImport(caller, { kind: 'PEOPLE', mode: 'RUN' })
  const client = caller.socket()
  const states: string[] = []
  const messages = client.iterate<{ importProgress: { state: string; doneRows: number } }>({
    query: 'subscription ($id: ID!) { importProgress(id: $id) { state doneRows rowCount } }',
    variables: { id },
  })
  const first = await messages.next()
  states.push(first.value?.data?.importProgress.state ?? '')
  await send(server.url, uploadPath, 'sourceId,tier\na,gold\n')
  for await (const { data } of messages) {
    states.push(data?.importProgress.state ?? '')
    if (data?.importProgress.state === 'DONE') break
  }
  await client.dispose()
  expect([states[0], states.at(-1)]).toEqual(['QUEUED', 'DONE'])
})

test('two imports of the same people at once bring each person in once', async () => {
  const caller = await server.otherAccount()
  const file = (tier: string) =>
    `sourceId,email,tier\n${Array.from({ length: 300 }, (_, i) => `s${i},s${i}@example.com,${tier}`).join('\n')}\n`
  const both = await Promise.all(
    ['gold', 'tin'].map((tier) => bringIn(at(caller), { kind: 'PEOPLE', mode: 'RUN' }, file(tier))),
  )
  expect(both.map(({ state }) => state)).toEqual(['DONE', 'DONE'])
  expect(both[0] && both[1] && both[0].applied.create + both[1].applied.create).toBe(300)
  expect(both[0] && both[1] && both[0].applied.update + both[1].applied.update).toBe(300)
})
