// Live fan-out: a burst of decisions to thousands of subscribers, beside a bare `ws` server that broadcasts one prepared string
// to as many, in turns in one run; what a subscriber costs in memory; and how long a decision is under way to its readers.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ClientOrder, ClientReport } from './live-client.ts'
import {
  adminKey,
  type BenchServer,
  cpuSeconds,
  median,
  root,
  rounds,
  scratchDatabase,
  seconds,
  startServer,
} from './place.ts'
import { type Bench, readable } from './report.ts'

const subscribers = Number(process.env.BENCH_SUBSCRIBERS ?? 5_000)
const burst = 100
const steadySubscribers = 200
const steadyRate = 500

/** About 400 bytes a message. */
const query = `subscription { attributions { cursor attribution {
  id status decidedAt event { id name } campaign { name } journey { name }
} } }`

const trackEvents =
  'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code message } } } }'

const processOf = (file: string) =>
  fork(path.join(root, 'test/bench', file), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

class Client {
  readonly #child = processOf('live-client.ts')
  readonly #ended = once(this.#child, 'exit').then(() => {
    throw new Error('the client ended')
  })

  open(url: string, { count, ownIds }: { count: number; ownIds: boolean }): Promise<ClientReport> {
    return this.#ask({ type: 'open', port: Number(new URL(url).port), count, ownIds, apiKey: adminKey, query })
  }

  /** Resolves when it waits; what that resolves to comes when all messages have. */
  async expect(messages: number): Promise<{ done: Promise<ClientReport> }> {
    await this.#ask({ type: 'expect', messages })
    return { done: this.#answer() }
  }

  close(): Promise<ClientReport> {
    return this.#ask({ type: 'close' })
  }

  end(): void {
    this.#ended.catch(() => undefined) // As it should, now.
    this.#child.kill()
  }

  #ask(order: ClientOrder): Promise<ClientReport> {
    this.#child.send(order)
    return this.#answer()
  }

  async #answer(): Promise<ClientReport> {
    const [report] = await Promise.race([once(this.#child, 'message'), this.#ended])
    return report as ClientReport // All that the client says.
  }
}

interface Broadcast {
  url: string
  send(text: string, messages: number): void
  child: ChildProcess
}

async function startBroadcast(): Promise<Broadcast> {
  const child = processOf('live-broadcast.ts')
  const [{ port }] = await once(child, 'message')
  return { child, url: `http://127.0.0.1:${port}`, send: (text, messages) => child.send({ text, messages }) }
}

/** Deliveries a second of one burst, from its sending to the last message of the last subscriber. */
async function deliver(client: Client, send: () => unknown): Promise<{ perSecond: number; sample: string }> {
  const { done } = await client.expect(burst)
  const began = performance.timeOrigin + performance.now()
  await send()
  const { lastAt, surplus, sample } = await done
  if (surplus > 0) throw new Error(`${surplus} messages too many`)
  return { perSecond: (subscribers * burst * 1_000) / (lastAt - began), sample }
}

let sent = 0
async function track(server: BenchServer, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({
    name: 'purchase',
    profile: { sourceId: `person-${++sent % 1_000}` },
    idempotencyKey: `event-${sent}`,
  }))
  const { trackEvents: answer } = await server.query(trackEvents, { input: { events } })
  const failed = answer.results.find(({ error }: { error: object | null }) => error)
  if (failed) throw new Error(JSON.stringify(failed))
}

async function seed(server: BenchServer): Promise<void> {
  const { createProgram } = await server.query('mutation { createProgram(input: { name: "Shop" }) { program { id } } }')
  const { createCampaign } = await server.query(
    'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
    {
      input: {
        programId: createProgram.program.id,
        name: 'Refer a friend',
        journeys: [{ name: 'participant', role: 'PARTICIPANT', events: ['purchase'] }],
      },
    },
  )
  await server.query(
    'mutation ($id: ID!) { changeCampaignState(input: { campaignId: $id, state: LIVE }) { campaign { id } } }',
    { id: createCampaign.campaign.id },
  )
}

const residentKb = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Lets what was left behind be collected: memory is read when it has not changed for a second. */
async function settledKb(pid: number): Promise<number> {
  let last = residentKb(pid)
  for (let tries = 0; tries < 10; tries++) {
    await setTimeout(1_000)
    const kb = residentKb(pid)
    if (Math.abs(kb - last) < 1_000) return kb
    last = kb
  }
  return last
}

interface Bursts {
  ours: number[]
  sameId: number[]
  bare: number[]
  kbEach: number
  sample: string
}

async function measureBursts(server: BenchServer, client: Client): Promise<Bursts> {
  // What runs for the first time is compiled, and fills memory that it does not fill again.
  await client.open(server.url, { count: steadySubscribers, ownIds: true })
  for (let count = 0; count < 20; count++) await track(server, burst)
  await client.close()
  const without = await settledKb(server.pid)
  const bursts: Bursts = { ours: [], sameId: [], bare: [], kbEach: 0, sample: '' }
  const broadcast = await startBroadcast()
  for (let round = 0; round < rounds; round++) {
    for (const ownIds of [true, false]) {
      await client.open(server.url, { count: subscribers, ownIds })
      if (bursts.kbEach === 0) bursts.kbEach = ((await settledKb(server.pid)) - without) / subscribers
      const { perSecond, sample } = await deliver(client, () => track(server, burst))
      if (ownIds) bursts.ours.push(perSecond)
      else bursts.sameId.push(perSecond)
      bursts.sample = sample
      await client.close()
    }
    await client.open(broadcast.url, { count: subscribers, ownIds: false })
    bursts.bare.push((await deliver(client, () => broadcast.send(bursts.sample, burst))).perSecond)
    await client.close()
  }
  broadcast.child.kill()
  return bursts
}

const share = (sorted: readonly number[], part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN

/** From the decision, which is just before its commit, to readers, in ms. */
async function measureLatency(
  server: BenchServer,
  client: Client,
): Promise<{ p50: number; p99: number; rate: number; cpuUs: number }> {
  await client.open(server.url, { count: steadySubscribers, ownIds: true })
  const each = 5
  const everyMs = (1_000 * each) / steadyRate
  const steps = Math.round((seconds * 1_000) / everyMs)
  const { done } = await client.expect(steps * each)
  const usedBefore = cpuSeconds(server.pid)
  const began = performance.now()
  const sending: Promise<void>[] = []
  for (let step = 0; step < steps; step++) {
    const late = performance.now() - began - step * everyMs
    if (late < 0) await setTimeout(-late)
    sending.push(track(server, each))
  }
  await Promise.all(sending)
  const rate = (steps * each * 1_000) / (performance.now() - began)
  const { latencies } = await done
  const cpuUs = ((cpuSeconds(server.pid) - usedBefore) * 1e6) / (steps * each)
  await client.close()
  const sorted = latencies.sort((a, b) => a - b)
  return { p50: share(sorted, 0.5), p99: share(sorted, 0.99), rate, cpuUs }
}

export const bench: Bench = async () => {
  const database = await scratchDatabase('live')
  const server = await startServer({ DATABASE_URL: database.url })
  const client = new Client()
  try {
    await seed(server)
    const { ours, sameId, bare, kbEach, sample } = await measureBursts(server, client)
    const { p50, p99, rate, cpuUs } = await measureLatency(server, client)
    const row = (name: string, values: number[]) => [
      name,
      ...[median(values), Math.min(...values), Math.max(...values)].map(readable),
    ]
    return {
      title: `live: bursts of ${burst} decisions to ${readable(subscribers)} subscribers, ${Buffer.byteLength(sample)} bytes a message`,
      table: [
        ['deliveries a second', 'median', 'least', 'most'],
        row('bare ws, one prepared string', bare),
        row('Tributary, an operation id for each', ours),
        row('Tributary, one operation id for all', sameId),
      ],
      notes: [
        `ratios to bare ws: ${(median(ours) / median(bare)).toFixed(2)} with ids as clients make them, ${(median(sameId) / median(bare)).toFixed(2)} with one id (aim 0.5); ingesting the burst is part of the time`,
        `${readable(kbEach)} kB of the server's memory a subscriber, socket included (aim 40)`,
        `${readable(p50)} ms median and ${readable(p99)} ms at the 99th percentile from the decision, just before its commit, to the client, with ${steadySubscribers} subscribers at ${readable(rate)} events a second (wanted: ${steadyRate}), ${readable(cpuUs)} µs of the server's CPU an event, from its request to its ${steadySubscribers} deliveries`,
      ],
      figures: {
        ratio_ws: median(ours) / median(bare),
        ratio_ws_one_id: median(sameId) / median(bare),
        kb_per_subscriber: kbEach,
        latency_p50_ms: p50,
        latency_p99_ms: p99,
      },
    }
  } finally {
    client.end()
    await server.stop()
    await database.drop()
  }
}
