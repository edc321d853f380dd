// Events a second over HTTP into PostgreSQL with default durability, each answered when it is committed, beside what the
// least transaction for the same job costs in pgbench and batches by hand, on one machine in one run.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { BodyOrder, LoadOrder, LoadResult } from './http-load.ts'
import { makeLimitTables, people, pgbench, unnestBatches } from './ingest-limits.ts'
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

const payload =
  'event { id name occurredAt } attribution { status decidedBy reason campaign { id name } journey { id } } replayed'
export const one = `mutation Track($input: TrackEventInput!) { trackEvent(input: $input) { ${payload} } }`
const many = `mutation TrackAll($input: TrackEventsInput!) { trackEvents(input: $input) { results { index payload { ${payload} } error { code message } } } }`

const campaigns = 50
// Nobody may enter, so that the journeys that people have are the ones to be chosen from, as in the least transaction.
const entry = { field: { field: 'invited', op: 'EXISTS' } }
const journey = {
  name: 'refer',
  role: 'PARTICIPANT',
  events: ['purchase', 'signup'],
  ...(process.env.BENCH_OPEN ? {} : { entry }),
}

/** 50 live campaigns in one program, and everybody with an e-mail address and three active journeys. */
export async function seed(server: BenchServer, { query }: Scratch): Promise<void> {
  const { createProgram } = await server.query('mutation { createProgram(input: { name: "Shop" }) { program { id } } }')
  const { program } = createProgram
  for (let n = 1; n <= campaigns; n++) {
    const input = {
      programId: program.id,
      name: `Campaign ${n}`,
      journeys: [{ ...journey, priority: 100 * (1 + (n % 5)) }],
    }
    const { createCampaign } = await server.query(
      'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
      { input },
    )
    const { id } = createCampaign.campaign
    await server.query(
      'mutation ($id: ID!) { changeCampaignState(input: { campaignId: $id, state: LIVE }) { campaign { id } } }',
      { id },
    )
  }
  await query(`
    WITH account AS (SELECT id FROM account ORDER BY created_at LIMIT 1), campaign AS (
      SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM campaign
    ), person AS (
      INSERT INTO profile (account_id, id) SELECT account.id, md5('p' || n)::uuid FROM account, generate_series(1, ${people}) n
    ), identity AS (
      INSERT INTO identity (account_id, kind, value, profile_id)
      SELECT account.id, 'EMAIL', 'user' || n || '@example.com', md5('p' || n)::uuid FROM account, generate_series(1, ${people}) n
    )
    INSERT INTO journey (account_id, id, profile_id, campaign_id, definition, role, started_at, last_activity_at, entry_event_id, latest_event_id)
    SELECT account.id, md5('j' || n)::uuid, md5('p' || ((n - 1) % ${people} + 1))::uuid, campaign.id, 'refer', 'PARTICIPANT',
      '2026-01-02'::timestamptz + n * interval '1 s', '2026-01-02'::timestamptz + n * interval '1 s', md5('e' || n)::uuid, md5('e' || n)::uuid
    FROM account, generate_series(1, ${3 * people}) n JOIN campaign ON campaign.place = n % ${campaigns}`)
  // Not the tables that are empty yet: they would be taken for empty for ever.
  await query('VACUUM ANALYZE profile, identity, journey')
}

const run = promisify(execFile)

export interface Measured extends LoadResult {
  events: number
  perSecond: number
  /** Of the server's process, an event, in µs; likewise of PostgreSQL's backends. */
  serverCpu: number
  databaseCpu: number
}

export async function load(
  { server, scratch }: { server: BenchServer; scratch: Scratch },
  order: Omit<LoadOrder, 'url' | 'key' | 'body'> & { body: BodyOrder },
): Promise<Measured> {
  await scratch.query('CHECKPOINT')
  const [cpuBefore, backendsBefore] = [cpuSeconds(server.pid), await scratch.cpu()]
  const whole: LoadOrder = { ...order, url: server.url, key: adminKey }
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', 'test/bench/http-load.ts', JSON.stringify(whole)],
    { cwd: root, maxBuffer: 1e7 },
  )
  const result = JSON.parse(stdout) as LoadResult // As http-load prints it.
  if (result.failed) throw new Error(`${result.failed} answers with errors, the first: ${result.firstFailure}`)
  const events = result.requests * order.body.events
  const cpu = (used: number) => (used * 1e6) / events
  return {
    ...result,
    events,
    perSecond: events / result.seconds,
    serverCpu: cpu(cpuSeconds(server.pid) - cpuBefore),
    databaseCpu: cpu(cpuBetween(backendsBefore, await scratch.cpu())),
  }
}

export const bench: Bench = async () => {
  const scratch = await scratchDatabase('ingest')
  const server = await startServer(
    { DATABASE_URL: scratch.url },
    process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [],
  )
  try {
    await seed(server, scratch)
    await makeLimitTables(scratch)
    const place = { server, scratch }
    const only = process.env.BENCH_ONLY // 'ours' or 'singles' leaves the limits out, while one works on the server
    const bodyOf = (name: string, events: number): BodyOrder => ({
      query: events === 1 ? one : many,
      people,
      events,
      run: name,
    })
    await load(place, { connections: 64, seconds: Math.min(4, seconds), body: bodyOf('warm', 1) })
    const rates = new Map<string, number[]>()
    const singles: Measured[] = []
    const bulks: Measured[] = []
    const note = (name: string, value: number) => rates.set(name, [...(rates.get(name) ?? []), value])
    for (let round = 1; round <= rounds; round++) {
      if (!only) {
        for (const clients of [16, 64]) note(`pgbench, ${clients} clients`, await pgbench(scratch, clients))
        for (const connections of [1, 2, 4])
          note(`unnest batches of 200, ${connections} connections`, await unnestBatches(scratch, connections))
      }
      if (only !== 'bulks')
        singles.push(await load(place, { connections: 64, seconds, body: bodyOf(`one${round}`, 1) }))
      if (only === 'singles') break
      bulks.push(await load(place, { connections: 4, seconds, body: bodyOf(`many${round}`, 100) }))
    }
    const stored = await scratch.query<{ events: number; decisions: number }>(
      'SELECT (SELECT count(*) FROM event)::int AS events, (SELECT count(*) FROM attribution)::int AS decisions',
    )
    return report({ rates, singles, bulks, stored: stored[0] })
  } finally {
    await server.stop()
    await scratch.drop()
  }
}

interface Results {
  rates: ReadonlyMap<string, readonly number[]>
  singles: readonly Measured[]
  bulks: readonly Measured[]
  stored: { events: number; decisions: number } | undefined
}

function report({ rates, singles, bulks, stored }: Results) {
  const best = (prefix: string) =>
    Math.max(0, ...[...rates].filter(([name]) => name.startsWith(prefix)).map(([, values]) => median(values)))
  const of = (runs: readonly Measured[], key: keyof Measured) => median(runs.map((run) => Number(run[key])))
  const row = (name: string, runs: readonly Measured[]) => [
    name,
    readable(of(runs, 'perSecond')),
    readable(of(runs, 'serverCpu')),
    readable(of(runs, 'databaseCpu')),
    readable(of(runs, 'p50Ms')),
    readable(of(runs, 'p99Ms')),
  ]
  return {
    title: 'Events a second, committed one by one or in batches',
    table: [
      ['', 'events/s', 'server CPU µs', 'PostgreSQL CPU µs', 'p50 ms', 'p99 ms'],
      ...[...rates].map(([name, values]) => [name, readable(median(values)), '', '', '', '']),
      row('trackEvent, 64 connections', singles),
      row('trackEvents of 100, 4 connections', bulks),
    ],
    notes: [
      `Medians of ${rounds} rounds of ${seconds} s, the cases taking turns. Load generator, server and PostgreSQL share the machine.`,
      `${stored?.events} events and ${stored?.decisions} decisions are in the database.`,
    ],
    figures: {
      per_second: of(singles, 'perSecond'),
      ratio_pgbench: of(singles, 'perSecond') / best('pgbench'),
      cpu_us_per_event: of(singles, 'serverCpu'),
      db_cpu_us_per_event: of(singles, 'databaseCpu'),
      p50_ms: of(singles, 'p50Ms'),
      p99_ms: of(singles, 'p99Ms'),
      bulk_per_second: of(bulks, 'perSecond'),
      ratio_bulk: of(bulks, 'perSecond') / best('unnest'),
    },
  }
}
