// The command line: a file is brought in by one command, at a terminal or in a script.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const program = path.resolve(import.meta.dirname, '../../bin/tributary.mjs')

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await startServer()
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-cli-'))
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const run = (
  args: readonly string[],
  env: Record<string, string> = { TRIBUTARY_URL: server.url, TRIBUTARY_KEY: server.key },
) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const all = { PATH: process.env.PATH, ...env }
    execFile(process.execPath, [program, ...args], { env: all, cwd: folder }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
const people = async () =>
  (await server.query('{ profiles { edges { node { fields } } } }')).profiles.edges.map(
    ({ node }: { node: { fields: object } }) => node.fields,
  )

test('plans a file, shows what is wrong and what was meant, and does it when it is told to', async () => {
  await writeFile(path.join(folder, 'people.csv'), 'customerId;emial;tier\na;a@example.com;gold\nb;;tin\n;;x\n')
  const planned = await run(['import', 'people.csv'])
  expect(planned).toMatchObject({ code: 1, err: '' })
  expect(planned.out).toContain('Cells are parted by ;\n')
  expect(planned.out).toContain(
    'Nobody knows the column "emial": it is a field by its own name; was email meant? (--map "emial=email")',
  )
  expect(planned.out).toContain('Plan: 2 created, 0 updated, 0 skipped, 1 refused\n  line 4: BAD_INPUT no identifier')
  expect(planned.out).toContain('Nothing was changed.')
  expect(await people()).toEqual([])

  const done = await run(['import', 'people.csv', '--map', 'emial=email', '--yes', '--outcome', 'outcome.csv'])
  expect(done.out).toMatch(/Sending \[#+\] 100 % of 0\.0 MB/)
  expect(done.out).toContain('Done: 2 created, 0 updated, 0 skipped, 1 refused\n')
  expect(done.code).toBe(1)
  expect(await people()).toEqual([{ tier: 'gold' }, { tier: 'tin' }])
  const [, first] = (await readFile(path.join(folder, 'outcome.csv'), 'utf8')).split('\r\n')
  expect(first).toBe('a;a@example.com;gold;CREATED;;;2')

  // The same command again, as after an interruption, goes on with the same import, which is done.
  const again = await run(['import', 'people.csv', '--map', 'emial=email', '--yes'])
  expect(again.out).toContain('going on with that import.\n')
  expect(again.out).toContain('Done: 2 created')
})

test('says in one line what is wrong with its words, its file, its key or its server', async () => {
  await writeFile(path.join(folder, 'bad.csv'), 'tier,tier\n1,2\n')
  expect(await run(['import', 'nowhere.csv'])).toMatchObject({
    code: 1,
    err: 'nowhere.csv: no such file, or it cannot be read\n',
  })
  expect(await run(['import', 'bad.csv'])).toMatchObject({
    code: 1,
    err: 'the header has "tier" twice, as columns 1 and 2\n',
  })
  expect((await run(['import', 'bad.csv'], {})).err).toBe('--key or TRIBUTARY_KEY: the server wants an API key\n')
  expect((await run(['export', 'bad.csv'])).err).toBe('export: no such command; there is: import\n')
  const env = { TRIBUTARY_URL: server.url, TRIBUTARY_KEY: 'no-such-key' }
  expect((await run(['import', 'bad.csv'], env)).err).toBe('The API key is unknown or revoked.\n')
  expect((await run(['import', 'bad.csv'], { ...env, TRIBUTARY_URL: 'http://127.0.0.1:1' })).err).toBe(
    'http://127.0.0.1:1: nothing answers there\n',
  )
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('tributary import <file>') })
})
