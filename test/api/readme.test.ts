// The README's examples, as they stand there, against a running server.

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { adminKey, startServer, type TestServer } from '../support/server.ts'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

/** The code of the README's fenced blocks of that language, in order. */
async function blocksOf(language: string): Promise<string[]> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8')
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , code = '']) => code)
}

const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl) console.warn('The README’s examples were not run: no curl is installed (apt-get install curl).')

let server: TestServer
let folder: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  server = await startServer()
  env = { ...process.env, TRIBUTARY_URL: server.url, TRIBUTARY_KEY: adminKey }
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-readme-'))
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  for (const code of await blocksOf('js')) {
    const [, name = ''] = /^\/\/ (\S+\.mjs)$/m.exec(code) ?? []
    await writeFile(path.join(folder, name), code)
  }
})

afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Seen {
  cursor: string
  attribution: unknown
}

/** What `watch.mjs` prints, line by line, until the test ends. */
function watch(...after: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['watch.mjs', ...after], { cwd: folder, env })
  onTestFinished(() => void child.kill())
  if (!child.stdout) throw new Error('no output to read')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return async (): Promise<Seen> => {
    const { value } = await lines.next()
    const [cursor = '', ...json] = String(value).split(' ')
    return { cursor, attribution: JSON.parse(json.join(' ')) }
  }
}

async function sendByCurl(change: (command: string) => string = (command) => command): Promise<unknown> {
  const command = (await blocksOf('sh')).find((code) => code.startsWith('curl ')) ?? ''
  const { stdout } = await run('bash', ['-c', change(command)], { env })
  return JSON.parse(stdout)
}

describe.skipIf(!hasCurl)('the main job of the README', () => {
  const decision = { campaign: { name: 'Autumn' }, advocate: { sourceId: 'ada' } }

  test('set up with urql, sent by curl, seen over graphql-ws, and seen again from a cursor', async () => {
    await run(process.execPath, ['campaign.mjs'], { cwd: folder, env })
    const next = watch()
    const start = await next()
    expect(start).toEqual({ cursor: expect.any(String), attribution: null })
    const sent = await sendByCurl()
    expect(sent).toEqual({
      data: { trackEvent: { replayed: false, attribution: { status: 'ATTRIBUTED', ...decision } } },
    })
    const attribution = { event: { name: 'signup' }, profile: { sourceId: 'grace' }, ...decision }
    const seen = await next()
    expect(seen.attribution).toEqual({ ...attribution, decidedBy: 'ADVOCATE_CODE' })
    expect(await watch(start.cursor)()).toEqual(seen)
  })

  test('sent again it is answered as before', async () => {
    expect(await sendByCurl()).toMatchObject({ data: { trackEvent: { replayed: true, attribution: decision } } })
  })

  test('takes less than 60 lines', async () => {
    const readme = await readFile(path.join(root, 'README.md'), 'utf8')
    const [, section = ''] = /^## The main job\n(.*?)^## /ms.exec(readme) ?? []
    const lines = section.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.length).toBeLessThan(60)
  })
})
