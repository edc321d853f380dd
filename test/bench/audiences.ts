// What dynamic audiences cost an event: one server whose account has none, and one with 200, of which 5 depend on the event's
// name, in turns under the same load over HTTP into PostgreSQL.

import { audienceSql } from './audience-sql.ts'
import { load, type Measured, one, seed } from './ingest.ts'
import { people } from './ingest-limits.ts'
import { type BenchServer, median, rounds, type Scratch, scratchDatabase, seconds, startServer } from './place.ts'
import { type Bench, type Report, readable } from './report.ts'

const defined = 200

/** Of the event that is sent: counted, within a window, as orders, beside a field. */
const dependent = [
  { event: { name: 'purchase', atLeast: 3 } },
  { event: { name: 'purchase', atLeast: 2, withinLastDays: 30 } },
  { order: { aggregate: 'COUNT', op: 'GTE', value: 5 } },
  { all: [{ field: { field: 'tier', op: 'EQ', value: 'gold' } }, { event: { name: 'purchase' } }] },
  { any: [{ event: { name: 'purchase', atLeast: 10 } }, { event: { name: 'refund', atLeast: 1 } }] },
]

/** Of other events, fields and orders within others. */
const independent = (n: number) =>
  n % 3 === 0
    ? { field: { field: `field${n}`, op: 'EQ', value: 'yes' } }
    : n % 3 === 1
      ? { event: { name: `visit_${n}`, atLeast: 2, withinLastDays: 7 } }
      : { all: [{ field: { field: 'tier', op: 'EQ', value: 'gold' } }, { event: { name: `read_${n}` } }] }

async function define({ query }: BenchServer): Promise<void> {
  const rules = Array.from({ length: defined }, (_, n) => dependent[n] ?? independent(n))
  for (const [n, rule] of rules.entries()) {
    const input = { name: `Audience ${n}`, rule }
    await query('mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { __typename } }', { input })
  }
}

interface Side {
  server: BenchServer
  scratch: Scratch
}

async function open(name: string, prepare: (server: BenchServer) => Promise<void>): Promise<Side> {
  const scratch = await scratchDatabase(name)
  const server = await startServer({ DATABASE_URL: scratch.url })
  // Before there is anybody: filling them is not what is measured.
  await prepare(server)
  await seed(server, scratch)
  return { server, scratch }
}

async function hotPath(): Promise<Report> {
  const sides = [await open('aud_none', async () => undefined), await open('aud_some', define)] as const
  try {
    const cases = [1, 64].map((connections) => ({ connections, runs: [[], []] as Measured[][] }))
    for (let round = 0; round <= rounds; round++) {
      for (const { connections, runs: own } of cases) {
        for (const [i, side] of sides.entries()) {
          const body = { query: one, people, events: 1, run: `${round} ${connections} ${i}` }
          const length = round === 0 ? seconds / 2 : seconds
          const measured = await load(side, { connections, seconds: length, body })
          if (round > 0) own[i]?.push(measured)
        }
      }
    }
    const rate = (of: Measured[][], i: number) => median(of[i]?.map(({ perSecond }) => perSecond) ?? [])
    const ratios = cases.map(({ runs: own }) => rate(own, 0) / rate(own, 1))
    return {
      title: `What ${defined} dynamic audiences cost a trackEvent, ${dependent.length} of them depending on its name`,
      table: [
        ['connections', 'none: events/s', `${defined}: events/s`, 'cost'],
        ...cases.map(({ connections, runs: own }, i) => [
          String(connections),
          readable(rate(own, 0)),
          readable(rate(own, 1)),
          `× ${readable(ratios[i] ?? 0)}`,
        ]),
      ],
      notes: [
        'Cost: the time of an event, beside that without audiences. Medians of the rounds, the sides taking turns.',
      ],
      figures: { ratio_hot_path: Math.max(...ratios), ratio_alone: ratios[0] ?? 0, ratio_busy: ratios[1] ?? 0 },
    }
  } finally {
    for (const { server, scratch } of sides) {
      await server.stop()
      await scratch.drop()
    }
  }
}

/** BENCH_ONLY=sql or hot leaves the other half out. */
export const bench: Bench = async () => {
  const only = process.env.BENCH_ONLY
  if (only === 'hot') return hotPath()
  const sets = await audienceSql()
  const title = `How many people a rule holds for, of ${readable(sets.people)} with ${readable(sets.events)} events, beside SQL by hand`
  const figures = { ratio_sql: sets.ratio, worst_ratio_sql: sets.worst, ratio_sql_asked: sets.ratioAsked }
  if (only === 'sql') return { title, table: sets.table, notes: sets.notes, figures }
  const hot = await hotPath()
  const lines = sets.table.map((row) => row.join(' | ')).join('\n')
  return { ...hot, notes: [...hot.notes, `${title}:\n${lines}`], figures: { ...hot.figures, ...figures } }
}
