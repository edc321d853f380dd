// Imports among several processes: any of them may carry one out, and one that a process left undone is taken up by the next.

import { afterEach, expect, inject, it } from 'vitest'
import { copyTemplate } from '../support/backend.ts'
import { crashInImport } from '../support/crash-import.ts'
import { bringIn } from '../support/imports.ts'
import { startProcess } from '../support/process.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each()
})

async function starter() {
  const copy = await copyTemplate(inject('template'))
  closing.push(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('several processes need PostgreSQL')
  const env = { DATABASE_URL: copy.place.url, REDIS_URL: process.env.TEST_REDIS_URL ?? '' }
  return () => startProcess(env)
}

it(
  'an import whose server is killed half way is finished by the next one, and nothing comes in twice',
  { timeout: 120_000 },
  async () => crashInImport(await starter()),
)

it('an import that one server took is told of by the other, and done once though both look for work', {
  timeout: 120_000,
}, async () => {
  const start = await starter()
  const [one, two] = await Promise.all([start(), start()])
  closing.push(() => one.terminate())
  closing.push(() => two.terminate())
  const rows = Array.from({ length: 5_000 }, (_, i) => `s${i},gold`).join('\n')
  const done = await bringIn({ caller: two, url: one.url }, { kind: 'PEOPLE', mode: 'RUN' }, `sourceId,tier\n${rows}\n`)
  expect(done).toMatchObject({ state: 'DONE', applied: { create: 5_000, update: 0, skip: 0, reject: 0 } })
})
