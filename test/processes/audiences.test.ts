// What dynamic audiences cost the database, and several servers that keep them.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { accountOf } from '../support/people.ts'
import { mutate } from '../support/programs.ts'
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
  const byItself =
    /^\s*SELECT due_at|FROM audience_due\s+WHERE due_at|filled_version <|FROM audience_poke|UPDATE audience_mark/
  const cost = async (name: string, count = 20) =>
    (await statementsOf(send(name, count))).filter(({ text }) => text.includes('audience') && !byItself.test(text))
      .length
  for (let n = 0; n < 4; n++) await audience(caller, { event: { name: 'click', atLeast: n + 1, withinLastDays: 7 } })
  await send('look', 20)()
  expect(await cost('look')).toBe(0)
  expect(await cost('click')).toBe(3)
  expect(await cost('click', 5)).toBe(3)
})

it('whoever acts while an audience is being made or changed is in it, or not, as its rule says', async () => {
  const caller = await server.otherAccount()
  let isOver = false
  let people = 0
  const act = async (writer: number) => {
    for (let n = 0; !isOver; n++) {
      people++
      const profile = { sourceId: `w${writer} ${n}` }
      const event = 'mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }'
      await caller.query(event, { input: { name: n % 2 ? 'click' : 'look', profile } })
    }
  }
  const writers = [1, 2, 3, 4].map(act)
  const ids: string[] = []
  for (let n = 0; n < 6; n++) ids.push(await audience(caller, { event: { name: 'click' } }))
  const quiet = await audience(caller, { event: { name: 'look' } })
  const update = 'mutation ($input: UpdateAudienceInput!) { updateAudience(input: $input) { audience { isFilling } } }'
  await caller.query(update, { input: { audienceId: quiet, rule: { not: { event: { name: 'click' } } } } })
  await expect.poll(() => people).toBeGreaterThan(20)
  isOver = true
  await Promise.all(writers)
  const count = async (id: string) =>
    (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount isFilling } } }', { id }))
      .node
  const looked = (await count(quiet)).memberCount
  for (const id of ids) expect(await count(id)).toEqual({ memberCount: people - looked, isFilling: false })
})

it('replacing a list writes both who came and who went at once, and asks for nobody where no audience asks about it', async () => {
  const caller = await server.otherAccount()
  const fixed = await audience(caller)
  await audience(caller, { event: { name: 'click' } })
  const add = (...sourceIds: string[]) =>
    mutate(caller, 'addToAudience', { audienceId: fixed, profiles: sourceIds.map((sourceId) => ({ sourceId })) })
  await add('cy', 'dan')
  await mutate(caller, 'removeFromAudience', { audienceId: fixed, profiles: [{ sourceId: 'cy' }] })
  const begin =
    'mutation ($input: BeginAudienceReplacementInput!) { beginAudienceReplacement(input: $input) { replacementId } }'
  const replacementId = (await caller.query(begin, { input: { audienceId: fixed } })).beginAudienceReplacement
    .replacementId
  await mutate(caller, 'appendToAudienceReplacement', { replacementId, profiles: [{ sourceId: 'cy' }] })
  const sent = (await statementsOf(() => mutate(caller, 'commitAudienceReplacement', { replacementId }))).map(
    ({ text }) => text,
  )
  const writes = sent.flatMap((text, place) => (text.includes('INSERT INTO audience_change') ? [place] : []))
  expect(writes).toHaveLength(1)
  const after = sent.slice((writes[0] ?? 0) + 1)
  expect(after.filter((text) => /WITH RECURSIVE up|DELETE/.test(text))).toEqual([])
  const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', {
    id: fixed,
  })
  expect(node.memberCount).toBe(1)
})

it('what is due and nobody waits for is found by the next look of any server', async () => {
  const caller = await server.otherAccount()
  const { system } = server.app.services.database
  const id = await audience(caller, { event: { name: 'click', withinLastDays: 7 } })
  await caller.query('mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed } }', {
    input: { name: 'click', profile: { sourceId: 'ada' } },
  })
  const where = { audienceId: decodeId('Audience', id) ?? '' }
  // As it would be, had the event been a week ago and nobody looked since.
  const past = new Date(Date.now() - 7.1 * 86_400_000)
  await system.event.updateMany({
    where: { name: 'click', accountId: await accountOf(caller) },
    data: { occurredAt: past },
  })
  await system.audienceDue.updateMany({ where, data: { dueAt: new Date(Date.now() - 1_000) } })
  const size = async () =>
    (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id })).node
      .memberCount
  await expect.poll(size, { timeout: 20_000 }).toBe(0)
})

it('an audience is archived though somebody else holds what is due of it, and nobody enters or leaves it any more', async () => {
  const caller = await server.otherAccount()
  const { system } = server.app.services.database
  const id = await audience(caller, { event: { name: 'click', withinLastDays: 7 } })
  const where = { accountId: await accountOf(caller), audienceId: decodeId('Audience', id) ?? '' }
  await caller.query(
    'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }',
    {
      input: { events: [1, 2, 3].map((n) => ({ name: 'click', profile: { sourceId: `p${n}` } })) },
    },
  )
  await expect.poll(() => system.audienceDue.count({ where })).toBe(3)
  await system.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM audience_due WHERE audience_id = ${where.audienceId}::uuid ORDER BY profile_id LIMIT 1 FOR UPDATE`
    const archive =
      'mutation ($input: ArchiveAudienceInput!) { archiveAudience(input: $input) { audience { memberCount } } }'
    const { archiveAudience } = await caller.query(archive, { input: { audienceId: id } })
    expect(archiveAudience.audience.memberCount).toBe(3)
  })
  expect(await system.audienceDue.count({ where })).toBe(1)
  // As it would be, had the event been a week ago: what was held is forgotten when its time comes.
  await system.audienceDue.updateMany({ where, data: { dueAt: new Date(Date.now() - 1_000) } })
  await expect.poll(() => system.audienceDue.count({ where }), { timeout: 20_000 }).toBe(0)
  const size = 'query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }'
  expect((await caller.query(size, { id })).node.memberCount).toBe(3)
})
