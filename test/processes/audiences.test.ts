// What dynamic audiences cost the database, and several servers that keep them.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { fresh } from '../support/setup.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

async function audience(caller: Caller, rule?: object): Promise<string> {
  const made = await caller.query(
    'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }',
    { input: { name: fresh('Audience'), rule } },
  )
  return made.createAudience.audience.id
}

it('a batch costs three statements more where audiences depend on its events, and none where they do not', async () => {
  const caller = await server.otherAccount()
  const send = (name: string, count: number) => () =>
    caller.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }', {
      input: { events: Array.from({ length: count }, (_, i) => ({ name, profile: { sourceId: `p${i}` } })) },
    })
  // The server looks for what is due by itself.
  const byItself = /^\s*SELECT due_at|FROM audience_due\s+WHERE due_at|filled_version </
  const cost = async (name: string, count = 20) =>
    (await statementsOf(send(name, count))).filter(({ text }) => text.includes('audience') && !byItself.test(text))
      .length
  for (let n = 0; n < 4; n++) await audience(caller, { event: { name: 'click', atLeast: n + 1, withinLastDays: 7 } })
  await send('look', 20)()
  expect(await cost('look')).toBe(0)
  expect(await cost('click')).toBe(3)
  expect(await cost('click', 5)).toBe(3)
})
