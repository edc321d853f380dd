// Files as they come: what can be read is, and what cannot is told with its place. Nothing of a file that is at fault is left.

import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { bringIn, createImport, importOf, rowsOf, send, settled } from '../support/imports.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
  caller = await server.otherAccount()
  Object.assign(server.app.services.imports.limits, { bytes: 30_000_000, inflatedBytes: 60_000_000 })
})
afterAll(() => server?.stop())

const people = { kind: 'PEOPLE', mode: 'RUN' }
const taken = (input: object, body: string | Uint8Array) => bringIn({ caller, url: server.url }, input, body)
const fieldsOf = async (by: object) =>
  (await caller.query('query ($by: ProfileKeyInput!) { profile(by: $by) { fields } }', { by })).profile?.fields ?? null
const countPeople = async () => await server.app.services.database.system.profile.count()

describe('a file is read', () => {
  const forms: [string, string | Uint8Array, string | null][] = [
    ['with commas', 'sourceId,town\nNAME,"a, b"\n', ','],
    ['with semicolons and CRLF', 'sourceId;town\r\nNAME;"a, b"\r\n', ';'],
    ['with tabs and without a last line end', 'sourceId\ttown\nNAME\ta, b', '\t'],
    ['with bars', 'sourceId|town\nNAME|a, b\n', '|'],
    ['with a byte order mark', '\uFEFFsourceId,town\nNAME,"a, b"\n', ','],
    ['gzipped', gzipSync('town,sourceId\n"a, b",NAME\n'), ','],
    ['as JSON lines', '{"sourceId":"NAME","town":"a, b"}\n\n', null],
    ['with blank lines', '\n\nsourceId,town\n\nNAME,"a, b"\n\n', ','],
  ]
  for (const [form, body, delimiter] of forms) {
    test(form, async () => {
      const name = `of ${form}`
      const named = typeof body === 'string' ? body.replace('NAME', name) : gzipSync(`town,sourceId\n"a, b",${name}\n`)
      expect(await taken(people, named)).toMatchObject({ state: 'DONE', delimiter, applied: { create: 1 } })
      expect(await fieldsOf({ sourceId: name })).toEqual({ town: 'a, b' })
    })
  }

  test('with its columns found by their names, those of the caller’s mapping first, and strangers shown with what is near', async () => {
    await caller.query('mutation ($input: DefineFieldInput!) { defineField(input: $input) { field { id } } }', {
      input: { owner: 'PROFILE', name: 'Loyalty Tier', type: 'STRING' },
    })
    const mapping = [{ column: 'Stadt', field: 'city' }, { column: 'junk' }]
    const file = 'Customer_ID,loyaltyTier,Stadt,junk,loyalty teir,emial\nm,gold,Rom,1,2,3\n'
    const done = await taken({ kind: 'PEOPLE', mapping, unknownColumns: 'IGNORE' }, file)
    expect(done.columns).toEqual([
      { name: 'Customer_ID', field: 'sourceId', isKnown: true, nearest: null },
      { name: 'loyaltyTier', field: 'Loyalty Tier', isKnown: true, nearest: null },
      { name: 'Stadt', field: 'city', isKnown: true, nearest: null },
      { name: 'junk', field: null, isKnown: true, nearest: null },
      { name: 'loyalty teir', field: null, isKnown: false, nearest: 'Loyalty Tier' },
      { name: 'emial', field: null, isKnown: false, nearest: 'email' },
    ])
    expect(await rowsOf(caller, done.id)).toMatchObject([
      { changes: { fields: { 'Loyalty Tier': [null, 'gold'], city: [null, 'Rom'] } } },
    ])
  })

  test('but for rows that have other cells than the header, cells that are too long, and lines that are no JSON', async () => {
    const long = 'x'.repeat(1_000_000)
    const csv = await taken(people, `sourceId,town\nw1,a,b\nw2\nw3,${long}\nw4,ok\nw5;a\n`)
    expect(csv).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 1, reject: 4 } })
    const told = (await rowsOf(caller, csv.id, 'REJECT')).map(
      ({ line, message }: { line: number; message: string }) => `${line} ${message}`,
    )
    expect(told).toEqual([
      '2 3 cells, where the header has 2',
      '3 1 cells, where the header has 2',
      '4 the cell of town has over 32768 characters',
      '6 1 cells, where the header has 2',
    ])
    const json = await taken(
      people,
      '{"sourceId":"j1"}\n{"sourceId":\n[1]\n{"sourceId":"j\\u0000"}\n{"sourceId":{"a":1}}\n',
    )
    expect(json).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 1, reject: 4 } })
  })

  test('but for rows that are long as a whole, have nothing but commas, or are nested without end', async () => {
    const wide = Array.from({ length: 20 }, (_, i) => `c${i}`).join(',')
    const emoji = `${'a'.repeat(199)}\u{1F600}${'b'.repeat(40_000)}`
    const csv = await taken(
      people,
      `sourceId,${wide}\nl1${`,${'x'.repeat(20_000)}`.repeat(20)}\nl2${','.repeat(9_000)}\nl3,${emoji}${','.repeat(19)}\nl4${','.repeat(20)}\n`,
    )
    expect(csv).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 1, reject: 3 } })
    const messagesOf = async (id: string) =>
      (await rowsOf(caller, id, 'REJECT')).map(({ message }: { message: string }) => message)
    expect(await messagesOf(csv.id)).toEqual([
      'over 262144 characters',
      '9001 cells, where the header has 21',
      'the cell of c0 has over 32768 characters',
    ])
    const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
    const json = await taken(people, `{"sourceId":"n1"}\n{"sourceId":"n2","x":${nested}}\n`)
    expect(json).toMatchObject({ state: 'DONE_WITH_ERRORS', applied: { create: 1, reject: 1 } })
    expect(await messagesOf(json.id)).toEqual(['JSON of over 64 levels'])
    const cells = `event,occurredAt,sourceId,data\nvisit,2026-03-10T12:00:00Z,n1,"${nested.slice(0, 30_000).replaceAll('"', '""')}"\n`
    const bracketed = `event,occurredAt,sourceId,data\nvisit,2026-03-10T12:00:00Z,n1,"{""a"":${'['.repeat(12_000)}${']'.repeat(12_000)}}"\n`
    for (const body of [cells, bracketed])
      expect(await taken({ kind: 'EVENTS', mode: 'RUN' }, body)).toMatchObject({
        state: 'DONE_WITH_ERRORS',
        applied: { create: 0, reject: 1 },
      })
  })
})

const wide = (rows: number) => `a,${'b'.repeat(29_997)}\n`.repeat(rows)

describe('a file is refused as a whole, and nobody comes of it,', () => {
  const faults: [string, string | Uint8Array, string, RegExp][] = [
    ['where it is empty', '', 'BAD_INPUT', /empty/],
    ['where it is a header only', 'sourceId,town\n', 'BAD_INPUT', /no rows/],
    ['for a quote that is never closed', 'sourceId,town\na,"b\nc,d\n', 'BAD_INPUT', /never closed.*line 3/],
    ['for a quote inside a cell', 'sourceId,town\nx,y\na,b"c\n', 'BAD_INPUT', /broken quotes.*line 3/],
    ['for text after a quoted cell', 'sourceId,town\na,"b"c\n', 'BAD_INPUT', /broken quotes.*line 2/],
    ['in Latin-1', Buffer.from('sourceId,town\na,Köln\n', 'latin1'), 'BAD_INPUT', /not UTF-8.*Latin-1/],
    ['in UTF-16', Buffer.from('\uFEFFsourceId,town\na,b\n', 'utf16le'), 'BAD_INPUT', /UTF-16/],
    ['where it is binary', Buffer.from([1, 2, 0, 3, 4, 5, 6, 7, 8]), 'BAD_INPUT', /zero bytes/],
    ['where it is a spreadsheet', Buffer.from('PK\u0003\u0004....', 'latin1'), 'BAD_INPUT', /Excel/],
    ['where it is a list in JSON', '[{"sourceId":"a"}]', 'BAD_INPUT', /JSON lines/],
    ['for gzip that was cut off', gzipSync(`sourceId\n${'abc\n'.repeat(9_000)}`).subarray(0, 60), 'BAD_INPUT', /gzip/],
    ['for a zip bomb', gzipSync(`sourceId,b\n${wide(1_300)}`), 'PAYLOAD_TOO_LARGE', /300 times/],
    ['over its limit', `sourceId,b\n${wide(1_040)}`, 'PAYLOAD_TOO_LARGE', /over 30 MB/],
    ['for two columns of one name', 'sourceId,town,town\na,b,c\n', 'BAD_INPUT', /"town" twice, as columns 2 and 3/],
    ['for two columns that tell one thing', 'sourceId,customerId\na,b\n', 'BAD_INPUT', /both tell sourceId/],
    ['where no column names the person', 'town,emial\na,b\n', 'BAD_INPUT', /no column names.*"emial" \(email\?\)/],
    ['for a column without a name', 'sourceId,,town\na,b,c\n', 'BAD_INPUT', /column 2 has no name/],
    [
      'for a row that never ends',
      `sourceId,town\na,"${'b'.repeat(4_100_000)}`,
      'LIMIT_EXCEEDED',
      /a row of over 4000000 characters/,
    ],
    [
      'for a row of nothing but commas',
      `sourceId,town\na,b\nc${','.repeat(20_000)}\n`,
      'LIMIT_EXCEEDED',
      /a row of over 10000 cells, on line 3/,
    ],
    ['for ten million columns', 'a,'.repeat(10_000_000), 'LIMIT_EXCEEDED', /over 1000 columns/],
    [
      'for a thousand columns too many',
      `sourceId${Array.from({ length: 2_000 }, (_, i) => `,c${i}`).join('')}\na\n`,
      'LIMIT_EXCEEDED',
      /over 1000 columns/,
    ],
  ]
  for (const [what, body, code, message] of faults) {
    test(what, async () => {
      const before = await countPeople()
      const failed = await taken(people, body)
      expect(failed).toMatchObject({
        state: 'FAILED',
        faultCode: code,
        faultMessage: expect.stringMatching(message),
        rowCount: 0,
      })
      expect(failed.answer.body).toMatchObject({ error: { code, message: expect.stringMatching(message) } })
      expect([400, 413]).toContain(failed.answer.status)
      expect(await countPeople()).toBe(before)
      expect(await rowsOf(caller, failed.id)).toEqual([])
    })
  }

  test('and another file may be sent in its place', async () => {
    const { id, uploadPath } = await createImport(caller, people)
    expect((await send(server.url, uploadPath, 'a,a\n1,2\n')).status).toBe(400)
    expect(await send(server.url, uploadPath, 'sourceId,town\nagain,b\n')).toMatchObject({
      status: 200,
      body: { import: id, rows: 1 },
    })
    expect(await settled(caller, id)).toMatchObject({ state: 'DONE', faultCode: null })
    expect((await send(server.url, uploadPath, 'sourceId,town\nagain,c\n')).status).toBe(409)
  })
})

describe('a file that breaks off half way', () => {
  test('leaves no rows behind, and may be sent again', async () => {
    const { id, uploadPath } = await createImport(caller, people)
    const before = await countPeople()
    const lines = Array.from({ length: 20_000 }, (_, i) => `h${i},x`).join('\n')
    let pulls = 0
    const kept = () =>
      server.app.services.database.system.importRow.count({ where: { importId: decodeId('Import', id) ?? '' } })
    const body = new ReadableStream({
      async pull(controller) {
        pulls += 1
        if (pulls === 1) return controller.enqueue(new TextEncoder().encode(`sourceId,town\n${lines}\n`))
        await vi.waitUntil(async () => (await kept()) > 0, { timeout: 20_000 })
        controller.error(new Error('the network is gone'))
      },
    })
    await expect(send(server.url, uploadPath, body)).rejects.toThrow()
    await vi.waitUntil(async () => (await kept()) === 0, { timeout: 20_000 })
    expect(await importOf(caller, id)).toMatchObject({ state: 'QUEUED', faultCode: null })
    expect(await send(server.url, uploadPath, 'sourceId,town\nh-again,x\n')).toMatchObject({
      status: 200,
      body: { rows: 1 },
    })
    expect(await settled(caller, id)).toMatchObject({ state: 'DONE', rowCount: 1 })
    expect(await countPeople()).toBe(before + 1)
  })
})

describe('a link', () => {
  test('is good for what it was made for, and for nothing else', async () => {
    const { id, uploadPath } = await createImport(caller, people)
    const seen = await importOf(caller, id)
    const other = await createImport(caller, people)
    const swapped = uploadPath.replace(/^\/imports\/[^/]+/, other.uploadPath.split('/file')[0] ?? '')
    const late = uploadPath.replace(/expires=\d+/, 'expires=99999999999999')
    for (const path of [swapped, late, `${seen.outcomePath.replace('/outcome', '/file')}`, uploadPath.slice(0, -3)])
      expect(await send(server.url, path, 'sourceId\na\n')).toMatchObject({
        status: 403,
        body: { error: { code: 'FORBIDDEN' } },
      })
    const { services } = server.app
    const now = services.now
    Object.assign(services, { now: () => new Date(now().getTime() + 86_400_001) })
    expect((await send(server.url, uploadPath, 'sourceId\na\n')).status).toBe(403)
    Object.assign(services, { now })
    expect((await send(server.url, uploadPath, 'sourceId\nlinked\n')).status).toBe(200)
  })

  test('is not needed by a key that may bring in such rows; others are refused', async () => {
    const put = async (key: string | null, id: string) => {
      const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {}
      return (
        await fetch(`${server.url}/imports/${encodeURIComponent(id)}/file`, {
          method: 'PUT',
          headers,
          body: 'sourceId\nkeyed\n',
        })
      ).status
    }
    const { id } = await createImport(server, people)
    expect(await put(null, id)).toBe(401)
    expect(await put((await server.withScopes('PROFILES_READ')).key, id)).toBe(403)
    expect(await put(caller.key, id)).toBe(404)
    const answer = await fetch(`${server.url}/imports/%/file`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${caller.key}` },
      body: 'a',
    })
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'BAD_INPUT' } }])
    expect(await put((await server.withScopes('EVENTS_WRITE')).key, id)).toBe(403)
    expect(await put((await server.withScopes('PROFILES_WRITE')).key, id)).toBe(200)
    const outcome = async (...scopes: string[]) => {
      const { key } = await server.withScopes(...scopes)
      const headers = { authorization: `Bearer ${key}` }
      return (await fetch(`${server.url}/imports/${encodeURIComponent(id)}/outcome`, { headers })).status
    }
    expect(await outcome('PROFILES_WRITE', 'PII_READ')).toBe(403)
    expect(await outcome('PROFILES_WRITE', 'PROFILES_READ')).toBe(403)
    expect(await outcome('PROFILES_WRITE', 'PROFILES_READ', 'PII_READ')).toBe(200)
  })
})
