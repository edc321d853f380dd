// The nested read of a person, and of a page of people: over HTTP, beside what a team would take instead for reading PostgreSQL.
// PostGraphile reads the tables as they are; Mercurius with jit has statements written by hand. All answer from one database that
// the server's own migrations made, in turns in one run, after their answers to the same people were found to be the same.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import type { LoadOrder, LoadResult } from './http-load.ts'
import {
  adminKey,
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
import { installPeers, startPeer } from './reads-peers.ts'
import { advocates, events, idsOf, journeys, people, populate } from './reads-population.ts'
import { mercurius, pageSize, plain, postgraphile, type Queries, tributary } from './reads-queries.ts'
import { type Bench, readable } from './report.ts'

const connections = 16
/** How many different people are asked for. */
const asked = 5_000
/** Of so many of them the answers are compared first. */
const compared = 20

interface Candidate {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** Files of request bodies. */
  readonly person: string
  readonly page: string
  stop(): Promise<void>
}

interface Place {
  readonly scratch: Scratch
  readonly folder: string
  readonly accountId: string
  readonly ids: readonly string[]
}

type Kind = 'person' | 'page'

interface Measured extends LoadResult {
  perSecond: number
  /** Of the server's process, a request, in µs; likewise of PostgreSQL's backends. */
  serverCpu: number
  databaseCpu: number
  /** Transactions a request: each statement is one by itself. */
  statements: number
}

export const bench: Bench = async () => {
  await installPeers()
  const scratch = await scratchDatabase('reads')
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-reads-'))
  const running: Candidate[] = []
  try {
    const profile = process.env.BENCH_PROFILE
    const server = await startServer(
      { DATABASE_URL: scratch.url },
      profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
    )
    const own = { name: 'Tributary', ...server, url: `${server.url}/graphql`, person: '', page: '' }
    running.push(own)
    await populate(server, scratch)
    const place = { scratch, folder, accountId: await accountIn(scratch), ids: await chosen(scratch) }
    Object.assign(own, await bodies(place, { name: 'tributary', queries: tributary }))
    if (process.env.BENCH_ONLY !== 'ours') running.push(...(await startPeers(place)))
    await compare(running)
    return report(running, await measure(place, running))
  } finally {
    await Promise.all(running.map((one) => one.stop()))
    await rm(folder, { recursive: true })
    await scratch.drop()
  }
}

async function accountIn({ query }: Scratch): Promise<string> {
  const [account] = await query<{ id: string }>('SELECT id FROM account ORDER BY created_at LIMIT 1')
  return account?.id ?? ''
}

/** Half of them have friends, as one fifth of all people do; the same in every run. */
function chosen(scratch: Scratch): Promise<string[]> {
  let seed = 42
  const below = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >> 8) % n
  }
  return idsOf(
    scratch,
    Array.from({ length: asked }, (_, i) => 1 + below(i % 2 ? people : advocates)),
  )
}

async function startPeers(place: Place): Promise<Candidate[]> {
  const env = { DATABASE_URL: place.scratch.url, ACCOUNT_ID: place.accountId }
  const byHand = await startPeer('mercurius.mjs', env)
  const introspected = await startPeer('postgraphile.mjs', env)
  return [
    {
      ...{ name: 'Mercurius, jit, by hand', ...byHand, url: `${byHand.url}/graphql` },
      ...(await bodies(place, { name: 'mercurius', queries: mercurius })),
    },
    {
      ...{ name: 'PostGraphile 5', ...introspected, url: `${introspected.url}/graphql` },
      ...(await bodies(place, { name: 'postgraphile', queries: postgraphile })),
    },
  ]
}

async function bodies(
  { folder, accountId, ids }: Place,
  { name, queries }: { name: string; queries: Queries },
): Promise<Record<Kind, string>> {
  const write = async (kind: Kind, variables: readonly object[]) => {
    const file = path.join(folder, `${name}-${kind}`)
    const account = queries[kind].includes('$account') ? { account: accountId } : {}
    const lines = variables.map((own) => JSON.stringify({ query: queries[kind], variables: { ...account, ...own } }))
    await writeFile(file, lines.join('\n'))
    return file
  }
  return {
    person: await write(
      'person',
      ids.map((id) => ({ id })),
    ),
    page: await write('page', [{ first: pageSize }]),
  }
}

/** Throws where one of them answers otherwise than the first. */
async function compare(candidates: readonly Candidate[]): Promise<void> {
  for (const kind of ['person', 'page'] as const) {
    const [expected = [], ...others] = await Promise.all(candidates.map((one) => answers(one, kind)))
    for (const [i, found] of others.entries())
      for (const [n, answer] of found.entries())
        if (!isDeepStrictEqual(answer, expected[n]))
          throw new Error(
            `${candidates[i + 1]?.name} answers ${JSON.stringify(answer)}\nnot ${JSON.stringify(expected[n])}`,
          )
  }
}

async function answers(candidate: Candidate, kind: Kind): Promise<unknown[]> {
  const lines = (await readFile(candidate[kind], 'utf8')).split('\n').slice(0, compared)
  return Promise.all(
    lines.map(async (body) => {
      const response = await fetch(candidate.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
        body,
      })
      // By any GraphQL server.
      const { data, errors } = (await response.json()) as {
        data: { person?: unknown; people?: unknown }
        errors?: unknown
      }
      if (errors) throw new Error(`${candidate.name}: ${JSON.stringify(errors)}`)
      if (!data.person && !data.people) throw new Error(`${candidate.name} finds nobody`)
      return plain(data)
    }),
  )
}

type Results = ReadonlyMap<string, Readonly<Record<Kind, Measured[]>>>

async function measure(place: Place, candidates: readonly Candidate[]): Promise<Results> {
  const results = new Map(candidates.map(({ name }) => [name, { person: [] as Measured[], page: [] as Measured[] }]))
  for (let round = 0; round <= rounds; round++)
    for (const kind of ['person', 'page'] as const)
      for (const candidate of candidates) {
        const order = { connections, seconds: round === 0 ? Math.min(4, seconds) : seconds }
        const measured = await load(place.scratch, candidate, { ...order, body: { file: candidate[kind] } })
        // The first round warms up.
        if (round > 0) results.get(candidate.name)?.[kind].push(measured)
      }
  return results
}

async function load(
  scratch: Scratch,
  { url, pid, name }: Candidate,
  order: Omit<LoadOrder, 'url' | 'key'>,
): Promise<Measured> {
  const [cpuBefore, backendsBefore, before] = [cpuSeconds(pid), await scratch.cpu(), await transactions(scratch)]
  const whole: LoadOrder = { ...order, url, key: adminKey }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'test/bench/http-load.ts', JSON.stringify(whole)],
    { cwd: root, maxBuffer: 1e7 },
  )
  const result = JSON.parse(stdout) as LoadResult // As http-load prints it.
  if (result.failed) throw new Error(`${name}: ${result.failed} answers with errors, the first: ${result.firstFailure}`)
  const each = (used: number) => (used * 1e6) / result.requests
  const serverCpu = each(cpuSeconds(pid) - cpuBefore)
  const databaseCpu = each(cpuBetween(backendsBefore, await scratch.cpu()))
  const statements = ((await transactions(scratch)) - before) / result.requests
  return { ...result, perSecond: result.requests / result.seconds, serverCpu, databaseCpu, statements }
}

/** How many transactions there were so far. Backends tell theirs a second after the last at the latest. */
async function transactions({ query }: Scratch): Promise<number> {
  await setTimeout(1_200)
  const [row] = await query<{ count: string }>(
    'SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()',
  )
  return Number(row?.count)
}

function report(candidates: readonly Candidate[], results: Results) {
  const of = (name: string, kind: Kind, key: keyof Measured) =>
    median((results.get(name)?.[kind] ?? []).map((run) => Number(run[key])))
  const rows = (['person', 'page'] as const).flatMap((kind) =>
    candidates.map(({ name }) => [
      `${kind === 'person' ? 'one person' : `${pageSize} people`}: ${name}`,
      ...(['perSecond', 'serverCpu', 'databaseCpu', 'statements', 'p50Ms', 'p99Ms'] as const).map((key) =>
        readable(of(name, kind, key)),
      ),
    ]),
  )
  const [own = '', byHand = '', introspected = ''] = candidates.map(({ name }) => name)
  const ratio = (other: string, kind: Kind) => of(own, kind, 'perSecond') / of(other, kind, 'perSecond')
  const figures = (kind: Kind, suffix: string) => ({
    [`per_second${suffix}`]: of(own, kind, 'perSecond'),
    ...(candidates.length > 1
      ? {
          [`ratio_postgraphile${suffix}`]: ratio(introspected, kind),
          [`ratio_mercurius${suffix}`]: ratio(byHand, kind),
        }
      : {}),
    [`cpu_us_per_request${suffix}`]: of(own, kind, 'serverCpu'),
    [`db_cpu_us_per_request${suffix}`]: of(own, kind, 'databaseCpu'),
    [`p50_ms${suffix}`]: of(own, kind, 'p50Ms'),
  })
  return {
    title: 'Nested reads a second: people with identifiers, fields, journeys, latest events and friends',
    table: [['', 'requests/s', 'server CPU µs', 'PostgreSQL CPU µs', 'statements', 'p50 ms', 'p99 ms'], ...rows],
    notes: [
      `Medians of ${rounds} rounds of ${seconds} s, the servers taking turns, ${connections} connections. Load generator, servers and PostgreSQL share the machine.`,
      `${people} people, ${journeys} journeys, ${events} events. Nobody is merged: the server looks who is, the others do not know of it, nor of keys and scopes.`,
    ],
    figures: { ...figures('person', ''), ...figures('page', '_page') },
  }
}
