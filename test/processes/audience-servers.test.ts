// Audiences that several servers keep on one database: time changes each membership once, and each change is told once as an event,
// also where a server dies over it.

import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { addAccount, copyTemplate } from '../support/backend.ts'
import { addCampaign, openBrand } from '../support/brand.ts'
import { type ServerProcess, startProcess } from '../support/process.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, callerOf } from '../support/server.ts'
import { createAudience, fresh } from '../support/setup.ts'

let url: string
let client: pg.Client
const closing: (() => Promise<unknown>)[] = []
const start = async (): Promise<ServerProcess> => {
  const server = await startProcess({ DATABASE_URL: url, REDIS_URL: process.env.TEST_REDIS_URL ?? '' })
  closing.push(() => server.terminate())
  return server
}

beforeAll(async () => {
  const copy = await copyTemplate(inject('template'))
  closing.push(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('several processes need PostgreSQL')
  url = copy.place.url
  client = new pg.Client({ connectionString: url })
  await client.connect()
  closing.push(() => client.end())
})
afterAll(async () => {
  for (const each of closing.splice(0).reverse()) await each()
})

async function listening(caller: Caller) {
  const { programId } = await openBrand(caller)
  const events = ['audience_entered', 'audience_left']
  await addCampaign(caller, { programId, name: 'Told', journeys: [{ name: 'told', role: 'PARTICIPANT', events }] })
}

async function audience(caller: Caller, rule?: object): Promise<string> {
  return (await caller.query(createAudience, { input: { name: fresh('Audience'), rule } })).createAudience.audience.id
}

const size = async (caller: Caller, id: string): Promise<number> =>
  (await caller.query('query ($id: ID!) { node(id: $id) { ... on Audience { memberCount } } }', { id })).node
    .memberCount

/** How many there are of each kind in the account made last, of how many people. */
async function counted(statement: string): Promise<Record<string, [number, number]>> {
  const { rows } = await client.query<{ kind: string; all: number; people: number }>(
    `SELECT kind::text, count(*)::int AS all, count(DISTINCT profile_id)::int AS people FROM (${statement}) AS one
      WHERE account_id = (SELECT max(id::text)::uuid FROM account) GROUP BY kind ORDER BY kind`,
  )
  return Object.fromEntries(rows.map(({ kind, all, people }) => [kind, [all, people]]))
}

const changes = 'SELECT account_id, profile_id, entered AS kind FROM audience_change'
const events = `SELECT account_id, profile_id, name AS kind FROM event WHERE name LIKE 'audience%'`

it('two servers that share what time changes do each change once, and tell it once', async () => {
  const key = await addAccount(url)
  const [one, two] = (await Promise.all([start(), start()])).map((server) => callerOf(server.url, key))
  if (!one || !two) throw new Error('two servers were asked for')
  await listening(one)
  const people = 300
  const id = await audience(one, { event: { name: 'click', withinLastDays: 0.00006 } })
  const send = (caller: Caller, from: number) =>
    caller.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }', {
      input: {
        events: Array.from({ length: people / 2 }, (_, n) => ({
          name: 'click',
          profile: { sourceId: `p${from + n}` },
        })),
      },
    })
  await Promise.all([send(one, 0), send(two, people / 2)])
  await expect.poll(() => size(two, id), { timeout: 20_000 }).toBe(0)
  expect(await counted(changes)).toEqual({ true: [people, people], false: [people, people] })
  const everyone = { audience_entered: [people, people], audience_left: [people, people] }
  await expect.poll(() => counted(events), { timeout: 20_000 }).toEqual(everyone)
}, 60_000)

it('a server that dies while it tells leaves the rest to the others: nobody is told twice, and nobody is left out', async () => {
  const key = await addAccount(url)
  const [dying, other] = await Promise.all([start(), start()])
  const [one, two] = [callerOf(dying.url, key), callerOf(other.url, key)]
  await listening(one)
  const id = await audience(one)
  const people = 3_000
  for (let from = 0; from < people; from += 1_000) {
    const profiles = Array.from({ length: 1_000 }, (_, n) => ({ sourceId: `p${from + n}` }))
    await mutate(one, 'addToAudience', { audienceId: id, profiles })
  }
  await dying.kill()
  await expect
    .poll(async () => (await counted(events)).audience_entered?.[0], { timeout: 40_000, interval: 200 })
    .toBe(people)
  expect(await counted(events)).toEqual({ audience_entered: [people, people] })
  expect(await size(two, id)).toBe(people)
}, 90_000)
