// Files that tell of somebody who is erased: their rows tell of them no more, whatever became of the rows.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { bringIn, rowsOf } from '../support/imports.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const at = () => ({ caller: server, url: server.url })
const track = (profile: object) =>
  server.query('mutation ($input: TrackEventInput!) { trackEvent(input: $input) { __typename } }', {
    input: { name: 'visit', profile },
  })
const cellsIn = async (id: string) =>
  (await rowsOf(server, id)).map(({ cells }: { cells: unknown }) => JSON.stringify(cells)) as string[]

test('planned, refused and repeated rows lose what they say of who is erased, and others keep theirs', async () => {
  const file = [
    'sourceId,email,phone,city',
    'new-1,Wilma@Example.com,,Ulm',
    ',wilma@example.com,,Bonn',
    'new-2,,+49 (30) 901820,Kiel',
    'new-3,other@example.com,+49 30 901821,Trier',
  ].join('\n')
  const { id } = await bringIn(at(), { kind: 'PEOPLE' }, file)
  expect((await rowsOf(server, id)).map(({ action }: { action: string }) => action)).toEqual([
    'CREATE',
    'REJECT',
    'CREATE',
    'CREATE',
  ])
  await track({ email: 'wilma@example.com', phone: '+4930901820' })
  await mutate(server, 'eraseProfile', { profile: { email: 'wilma@example.com' } })
  expect(await cellsIn(id)).toEqual(['[]', '[]', '[]', expect.stringContaining('Trier')])
  const rows = await rowsOf(server, id)
  expect(rows.map(({ changes }: { changes: unknown }) => changes === null)).toEqual([true, true, true, false])
})

test('a row that is refused since its person was erased is not kept', async () => {
  await track({ email: 'gone@example.com' })
  await mutate(server, 'eraseProfile', { profile: { email: 'gone@example.com' } })
  const { id } = await bringIn(at(), { kind: 'PEOPLE' }, 'email,city\ngone@example.com,Ulm\nhere@example.com,Ulm\n')
  const [gone] = await rowsOf(server, id)
  expect(gone).toMatchObject({ action: 'REJECT', code: 'CONFLICT', cells: [], changes: null })
  expect((await cellsIn(id))[1]).toContain('here@example.com')
})
