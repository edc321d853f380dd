// The worked examples of the guide to profiles, as they stand there, from top to bottom against a running server.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

test('the worked examples answer what stands below them, in their order', async () => {
  const guide = await readFile(path.resolve(import.meta.dirname, '../../docs/profiles.md'), 'utf8')
  const section = guide.split(/^## /m).find((part) => part.startsWith('Worked examples')) ?? ''
  const examples = [...section.matchAll(/```graphql\n(.*?)```(?:\s*```json\n(.*?)```)?/gs)]
  expect(examples.length).toBe(15)
  // What later ones name: ids, by the name that an answer has, and the time of a value.
  const known: Record<string, unknown> = {}
  for (const [, document = '', expected] of examples) {
    const asked = [...document.matchAll(/\$(\w+):/g)].map(([, name = '']) => [name, known[name]])
    const data = await server.query(document, Object.fromEntries(asked))
    if (expected !== undefined) expect(data).toMatchObject(JSON.parse(expected))
    for (const [name, answer] of Object.entries<{ profile?: { id: string }; audience?: { id: string } }>(data))
      known[name] = answer?.profile?.id ?? answer?.audience?.id
    known.moment ??= data.updateProfile?.profile.fieldHistory?.edges[0].node.at
    if (data.exportProfile) {
      const { document: all } = data.exportProfile
      expect(Object.keys(all)).toEqual(
        expect.arrayContaining(['consent', 'event', 'field_change', 'identity', 'profile']),
      )
      expect(all.identity.map(({ value }: { value: string }) => value)).toContain('grace@example.com')
    }
  }
})
