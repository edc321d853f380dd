// The examples of the README and of the guide to targeting, as they stand there, against a running server.

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

/** The contents of a document's fenced blocks of that language, in order. */
async function blocksOf(language: string, document = 'README.md'): Promise<string[]> {
  const text = await readFile(path.join(root, document), 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
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

  test('is explained, previewed and replayed as the README asks', async () => {
    const [forAgents = '', forMarketers = ''] = await blocksOf('graphql')
    const asked = await server.query(forAgents)
    const summary = expect.stringContaining('The advocate code ADA-10 settled it.')
    expect(asked.profile.attributions.edges).toMatchObject([{ node: { summary } }])
    expect(asked.unattributedInbox.edges).toEqual([])
    const { campaigns } = await server.query('{ campaigns(first: 1) { edges { node { id } } } }')
    const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString())
    const tried = await server.query(forMarketers, { campaignId: campaigns.edges[0].node.id, from, to })
    expect(tried).toMatchObject({
      previewTargeting: { summary: expect.stringContaining('nobody had referred the person') },
      campaignOverlap: [],
      replayTargeting: { same: 1, changed: 0, newlyAttributed: 0, newlyUnattributed: 0, samples: [] },
    })
  })

  test('takes less than 60 lines', async () => {
    const readme = await readFile(path.join(root, 'README.md'), 'utf8')
    const [, section = ''] = /^## The main job\n(.*?)^## /ms.exec(readme) ?? []
    const lines = section.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.length).toBeLessThan(60)
  })
})

describe('the guide to targeting', () => {
  const guide = 'docs/targeting.md'

  test('runs from top to bottom beside the README’s examples, and prints what stands in it', async () => {
    const [ask = '', ...steps] = await blocksOf('js', guide)
    await writeFile(path.join(folder, 'ask.mjs'), ask)
    await writeFile(path.join(folder, 'guide.mjs'), steps.join('\n'))
    const live = await server.otherAccount('Live')
    const places = { ...env, LIVE_URL: server.url, LIVE_KEY: live.key }
    const { stdout } = await run(process.execPath, ['guide.mjs'], { cwd: folder, env: places })
    const printed = await blocksOf('text', guide)
    expect(withoutDays(stdout)).toBe(withoutDays(printed.join('')))
  })
})

const withoutDays = (text: string): string => text.replace(/\d{1,2} [A-Z][a-z]+ \d{4}/g, 'THAT DAY')
