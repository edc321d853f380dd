// What an event costs, in processor time of the server and of PostgreSQL, as what is stored grows, the campaigns, the subscribers:
// the cases of a row take turns in every round of one run, each with a server and a database of its own.

import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'
import { fillEvents, fillPeople } from '../support/filling.ts'
import type { LoadOrder, LoadResult } from './http-load.ts'
import type { ClientOrder } from './live-client.ts'
import {
  adminKey,
  type BenchServer,
  cpuBetween,
  cpuSeconds,
  median,
  root,
  rounds,
  type Scratch,
  scratchDatabase,
  seconds,
  startServer,
} from './place.ts'
import { type Bench, readable } from './report.ts'

const run = promisify(execFile)
const payload = 'event { id } attribution { status campaign { id } journey { id } }'
const document = `mutation Track($input: TrackEventInput!) { trackEvent(input: $input) { ${payload} } }`

interface Size {
  events: number
  campaigns: number
  subscribers: number
}

const smallest: Size = { events: 10_000, campaigns: 10, subscribers: 1 }
const rows: readonly (readonly [string, keyof Size, readonly number[]])[] = [
  ['stored events', 'events', [10_000, 100_000, 1_000_000]],
  ['campaigns', 'campaigns', [10, 100, 1_000]],
  ['subscribers', 'subscribers', [1, 1_000, 5_000]],
]
/** As many events of each person, however many there are. */
const eventsOfOne = 10

interface Case extends Size {
  server: BenchServer
  scratch: Scratch
  close(): Promise<void>
}

interface Measured {
  perSecond: number
  /** An event, in µs. */
  server: number
  database: number
}

async function open(size: Size): Promise<Case> {
  const scratch = await scratchDatabase(`growth_${size.events}_${size.campaigns}_${size.subscribers}`)
  const server = await startServer({ DATABASE_URL: scratch.url })
  await fill(size, { server, scratch })
  const watchers = await watch(server, size.subscribers)
  return {
    ...size,
    server,
    scratch,
    async close() {
      watchers.kill('SIGKILL')
      await server.stop()
      await scratch.drop()
    },
  }
}

/** One campaign that everybody is on a journey of; others take the same events of those who came by another way each. */
async function fill({ events, campaigns }: Size, { server, scratch }: Pick<Case, 'server' | 'scratch'>): Promise<void> {
  const { createProgram } = await server.query('mutation { createProgram(input: { name: "Shop" }) { program { id } } }')
  const programId = createProgram.program.id
  const flow = { name: 'participant', role: 'PARTICIPANT', events: ['purchase', 'click'] }
  await addCampaign(server, { programId, name: 'Campaign 1', journeys: [flow] })
  const entry = { field: { field: 'event.data.utm_campaign', op: 'EQ', value: 'way 2' } }
  await addCampaign(server, { programId, name: 'Campaign 2', journeys: [{ ...flow, entry }] })
  await copyCampaigns(scratch, campaigns)
  const [ids] = await scratch.query<{ accountId: string; campaignId: string; programId: string }>(
    `SELECT account_id AS "accountId", id AS "campaignId", program_id AS "programId" FROM campaign WHERE name = 'Campaign 1'`,
  )
  if (!ids) throw new Error('a campaign was made')
  const crowd = { ...ids, people: events / eventsOfOne }
  const execute = (text: string, values: readonly unknown[]) => scratch.query(text, [...values])
  // What is put in refers to what is there; who may not say so waits until every reference was looked up.
  await scratch.query('SET session_replication_role = replica').catch(() => undefined)
  await fillPeople(execute, crowd)
  const now = Date.now()
  const [since, until] = [new Date(now - 86_400_000), new Date(now - 60_000)]
  await fillEvents(execute, { ...crowd, from: 0, to: events, since, until })
  await scratch.query('SET session_replication_role = origin').catch(() => undefined)
  await scratch.query('VACUUM ANALYZE')
}

async function addCampaign(server: BenchServer, input: object): Promise<void> {
  const { createCampaign } = await server.query(
    'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
    { input },
  )
  await server.query(
    'mutation ($id: ID!) { changeCampaignState(input: { campaignId: $id, state: LIVE }) { campaign { id } } }',
    { id: createCampaign.campaign.id },
  )
}

/** Copies of the second campaign, each of another way, until there are so many. */
async function copyCampaigns({ query }: Scratch, campaigns: number): Promise<void> {
  const copies = `campaign AS old JOIN LATERAL (SELECT n, md5('campaign ' || n)::uuid AS id FROM generate_series(3, ${campaigns}) AS n) AS new ON old.name = 'Campaign 2'`
  const of = (table: string) =>
    `${copies} JOIN ${table} AS one ON one.account_id = old.account_id AND one.campaign_id = old.id`
  await query(`INSERT INTO campaign (account_id, id, program_id, name, state, first_live_at)
    SELECT old.account_id, new.id, old.program_id, 'Campaign ' || n, old.state, old.first_live_at FROM ${copies}`)
  await query(`INSERT INTO campaign_revision (account_id, campaign_id, number, required_targets, content, published_at, published_version)
    SELECT one.account_id, new.id, number, required_targets, content, published_at, published_version FROM ${of('campaign_revision')}`)
  await query(`INSERT INTO campaign_state_change (account_id, campaign_id, version, state, at)
    SELECT one.account_id, new.id, version, one.state, at FROM ${of('campaign_state_change')}`)
  await query(`INSERT INTO journey_definition (account_id, campaign_id, revision, name, role, priority, events, start_events, entry, reentry)
    SELECT one.account_id, new.id, revision, one.name, role, priority, events, start_events,
      replace(entry::text, 'way 2', 'way ' || n)::jsonb, reentry FROM ${of('journey_definition')}`)
  await query('UPDATE account SET rules_version = rules_version + 1')
}

/** Subscribers who look at another campaign, as a dashboard of each does: what an event costs that is not for them. */
async function watch(server: BenchServer, count: number): Promise<ChildProcess> {
  const { campaigns } = await server.query('{ campaigns(first: 2) { edges { node { id } } } }')
  const other = campaigns.edges[1].node.id
  const child = fork(path.join(root, 'test/bench/live-client.ts'), { execArgv: ['--import', 'tsx'] })
  const order: ClientOrder = {
    type: 'open',
    port: Number(new URL(server.url).port),
    count,
    apiKey: adminKey,
    query: `subscription { attributions(filter: { campaignIds: ["${other}"] }) { cursor attribution { id } } }`,
    ownIds: false,
  }
  child.send(order)
  await once(child, 'message')
  return child
}

async function measure(one: Case, round: number): Promise<Measured> {
  const { server, scratch, events } = one
  await scratch.query('CHECKPOINT')
  const [before, backends] = [cpuSeconds(server.pid), await scratch.cpu()]
  const order: LoadOrder = {
    url: server.url,
    key: adminKey,
    connections: 16,
    seconds: round === 0 ? seconds / 2 : seconds,
    body: { query: document, people: events / eventsOfOne, events: 1, run: `round ${round}` },
  }
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', 'test/bench/http-load.ts', JSON.stringify(order)],
    { cwd: root, maxBuffer: 1e7 },
  )
  const result = JSON.parse(stdout) as LoadResult // As http-load prints it.
  if (result.failed) throw new Error(`${result.failed} answers with errors, the first: ${result.firstFailure}`)
  const each = (used: number) => (used * 1e6) / result.requests
  return {
    perSecond: result.requests / result.seconds,
    server: each(cpuSeconds(server.pid) - before),
    database: each(cpuBetween(backends, await scratch.cpu())),
  }
}

interface Costs {
  name: string
  perSecond: number
  server: number
  database: number
  total: number
}

async function measureRow(what: string, cases: readonly (readonly [string, Case])[]): Promise<Costs[]> {
  const measured = new Map<string, Measured[]>(cases.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, one] of cases) {
      const result = await measure(one, round)
      // The first is to warm up: connections, prepared statements, rules.
      if (round > 0) measured.get(name)?.push(result)
    }
  }
  return [...measured].map(([name, all]) => {
    const of = (value: (one: Measured) => number) => median(all.map(value))
    return {
      name: `${name} ${what}`,
      perSecond: of(({ perSecond }) => perSecond),
      server: of(({ server }) => server),
      database: of(({ database }) => database),
      total: of(({ server, database }) => server + database),
    }
  })
}

export const bench: Bench = async () => {
  const table = [['', 'events/s', 'server µs', 'PostgreSQL µs', 'together µs', 'to the cheapest']]
  const figures: Record<string, number> = {}
  const only = process.env.BENCH_ONLY // one row's name, while one works on it
  for (const [what, key, sizes] of rows) {
    if (only && only !== key) continue
    const cases: [string, Case][] = []
    try {
      for (const size of sizes) cases.push([readable(size), await open({ ...smallest, [key]: size })])
      const costs = await measureRow(what, cases)
      const cheapest = Math.min(...costs.map(({ total }) => total))
      for (const { name, perSecond, server, database, total } of costs)
        table.push([name, ...[perSecond, server, database, total, total / cheapest].map(readable)])
      figures[`ratio_${key}`] = Math.max(...costs.map(({ total }) => total)) / cheapest
    } finally {
      for (const [, one] of cases) await one.close()
    }
  }
  figures.worst_ratio = Math.max(...Object.values(figures))
  return {
    title: 'The cost of an event as an account grows: single trackEvent mutations over 16 connections',
    table,
    notes: [
      `Every case begins with ${readable(smallest.events)} events of ${readable(smallest.events / eventsOfOne)} people, ${smallest.campaigns} campaigns and ${smallest.subscribers} subscriber, but for what its row tells; ${eventsOfOne} events of each person. Each event is credited to a journey, carries an idempotency key, and every campaign takes its name.`,
      'The subscribers look at another campaign than the events are credited to: what a message costs that is for them, `live` tells.',
      `Medians of ${rounds} rounds of ${seconds} s after one to warm up, the cases of a row taking turns. Processor time of the server's process and of PostgreSQL's backends.`,
    ],
    figures,
  }
}
