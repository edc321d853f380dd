// What must hold after a server was killed while it brought a file in, whatever its database.

import { expect, vi } from 'vitest'
import { createImport, importOf, send, settled } from './imports.ts'
import type { ServerProcess } from './process.ts'

const people = 5_000

/** Kills the server in the middle of an import, starts it again, and compares what came in with the file. */
export async function crashInImport(start: () => Promise<ServerProcess>): Promise<void> {
  const first = await start()
  await first.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
    input: { profile: { sourceId: 's7' }, set: { tier: 'tin' } },
  })
  const rows = Array.from({ length: people }, (_, i) => `s${i},s${i}@example.com,gold`)
  const { id, uploadPath } = await createImport(first, { kind: 'PEOPLE', mode: 'RUN' })
  expect(await send(first.url, uploadPath, `sourceId,email,tier\n${rows.join('\n')}\n`)).toMatchObject({ status: 200 })
  const cut = await vi.waitUntil(
    async () => {
      const { applied } = await importOf(first, id)
      return applied.create > 0 && applied.create
    },
    { timeout: 60_000, interval: 5 },
  )
  await first.kill()

  const second = await start()
  try {
    const done = await settled(second, id)
    expect(cut).toBeLessThan(people)
    expect(done).toMatchObject({ state: 'DONE', applied: { create: people - 1, update: 1, skip: 0, reject: 0 } })
    const { node, before, last } = await second.query(
      `query ($id: ID!, $first: ProfileKeyInput!, $last: ProfileKeyInput!) { node(id: $id) { id }
        before: profile(by: $first) { fields fieldHistory(name: "tier") { edges { node { value } } } }
        last: profile(by: $last) { fields fieldHistory(name: "tier") { edges { node { value } } } } }`,
      { id, first: { sourceId: 's7' }, last: { email: `s${people - 1}@example.com` } },
    )
    expect(node.id).toBe(id)
    expect(before.fieldHistory.edges.map((edge: Told) => edge.node.value)).toEqual(['tin', 'gold'])
    // Each once, though its chunk may have been begun twice.
    expect(last.fieldHistory.edges.map((edge: Told) => edge.node.value)).toEqual(['gold'])
  } finally {
    expect(await second.terminate()).toBe(0)
  }
}

interface Told {
  node: { value: string }
}
