// How many people a rule holds for, asked of the API, beside SQL written by hand for the same question on the same tables: by
// default a million people and five million events. Both must give the same number.

import { adminKey, type BenchServer, median, rounds, type Scratch, scratchDatabase, startServer } from './place.ts'
import { readable } from './report.ts'

const people = Number(process.env.BENCH_PEOPLE ?? 1_000_000)
const eventsOfOne = 5
const account = 'SELECT id FROM account LIMIT 1'

interface Case {
  readonly name: string
  readonly rule: object
  /** Gives one row with `count`. `$1` is the account; the profile that a row counts for is `coalesce(merge.survivor_id, …)`. */
  readonly sql: string
}

const days = (n: number) => `now() - interval '${n} days'`
const performed = (name: string, since: string, having: string) => `
  SELECT coalesce(merge.survivor_id, event.profile_id) AS id FROM event
  LEFT JOIN merge ON merge.account_id = $1 AND merge.loser_id = event.profile_id
  WHERE event.account_id = $1 AND event.name = '${name}' AND event.occurred_at BETWEEN ${since} AND now()
  GROUP BY 1 HAVING ${having}`
const living = `profile.account_id = $1 AND NOT EXISTS (SELECT FROM merge WHERE merge.account_id = $1 AND merge.loser_id = profile.id)`

// Merged people have no fields of their own here, so that both may read those of the survivor.
const cases: readonly Case[] = [
  {
    name: 'a field equals, another is at least',
    rule: {
      all: [
        { field: { field: 'plan', op: 'EQ', value: 'gold' } },
        { field: { field: 'visits', op: 'GTE', value: 50 } },
      ],
    },
    sql: `SELECT count(*) FROM profile WHERE ${living} AND fields ->> 'plan' = 'gold' AND (fields ->> 'visits')::numeric >= 50`,
  },
  {
    name: 'bought at least twice in 30 days',
    rule: { event: { name: 'purchase', atLeast: 2, withinLastDays: 30 } },
    sql: `SELECT count(*) FROM (${performed('purchase', days(30), 'count(*) >= 2')}) AS found`,
  },
  {
    name: 'a field equals, nothing bought in 60 days',
    rule: {
      all: [
        { field: { field: 'plan', op: 'EQ', value: 'gold' } },
        { event: { name: 'purchase', performed: false, withinLastDays: 60 } },
      ],
    },
    sql: `SELECT count(*) FROM profile WHERE ${living} AND fields ->> 'plan' = 'gold'
      AND NOT EXISTS (SELECT FROM (${performed('purchase', days(60), 'TRUE')}) AS found WHERE found.id = profile.id)`,
  },
  {
    name: 'clicked three times, or signed up',
    rule: { any: [{ event: { name: 'click', atLeast: 3 } }, { event: { name: 'signup' } }] },
    sql: `SELECT count(*) FROM (${performed('click', "'-infinity'", 'count(*) >= 3')} UNION ${performed('signup', "'-infinity'", 'TRUE')}) AS found`,
  },
  {
    name: 'few: one of a thousand by a field, and clicked',
    rule: {
      all: [{ field: { field: 'rare', op: 'EQ', value: true } }, { event: { name: 'click' } }],
    },
    sql: `SELECT count(*) FROM profile WHERE ${living} AND fields @> '{"rare": true}'
      AND EXISTS (SELECT FROM event WHERE event.account_id = $1 AND event.name = 'click' AND event.occurred_at <= now()
        AND event.profile_id IN (SELECT profile.id UNION ALL SELECT loser_id FROM merge WHERE merge.account_id = $1 AND survivor_id = profile.id))`,
  },
  {
    name: 'spent 100 and more',
    rule: { order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 10_000, currency: 'EUR' } },
    sql: `SELECT count(*) FROM (
      SELECT coalesce(merge.survivor_id, placed_order.profile_id) AS owner FROM placed_order
      LEFT JOIN merge ON merge.account_id = $1 AND merge.loser_id = placed_order.profile_id
      WHERE placed_order.account_id = $1 AND placed_order.currency = 'EUR' AND placed_order.placed_at <= now() AND placed_order.cancelled_at IS NULL
      GROUP BY 1 HAVING sum(placed_order.total_minor - placed_order.refunded_minor) >= 10000) AS found`,
  },
]

/** People of three plans, one of a hundred merged into another, with five events each of the last 100 days. */
async function fill({ query }: Scratch): Promise<void> {
  await query(`
    INSERT INTO profile (account_id, id, fields)
    SELECT (${account}), ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
      CASE WHEN n % 100 = 99 THEN '{}'::jsonb ELSE jsonb_build_object('plan', (ARRAY['gold', 'silver', 'free'])[1 + n % 3], 'visits', n % 97)
        || CASE WHEN n % 1000 = 7 THEN '{"rare": true}'::jsonb ELSE '{}'::jsonb END END
    FROM generate_series(0, ${people - 1}) AS n`)
  await query(`
    INSERT INTO merge (account_id, loser_id, survivor_id)
    SELECT (${account}), ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n - 1), 12, '0'))::uuid
    FROM generate_series(99, ${people - 1}, 100) AS n`)
  // Ids of this month, so that the rows lie where the server would have put them.
  await query(`
    INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at, data)
    SELECT (${account}), (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7000' || 'a' || lpad(to_hex(n), 15, '0'))::uuid,
      ('01900000-0000-7000-8000-' || lpad(to_hex(n / ${eventsOfOne}), 12, '0'))::uuid,
      (ARRAY['click', 'click', 'page_viewed', 'purchase', 'signup'])[1 + (hashint8(n) & 1023) % 5],
      now() - ((hashint8(n + 1) & 65535) % 100) * interval '1 day' - interval '1 hour', now(),
      CASE WHEN (hashint8(n) & 1023) % 5 = 3 THEN jsonb_build_object('order_id', 'o' || n, 'total', (n % 200)::text, 'currency', 'EUR') ELSE '{}'::jsonb END
    FROM generate_series(0, ${people * eventsOfOne - 1}::bigint) AS n`)
  // As the server writes the orders of those purchases.
  await query(`
    INSERT INTO placed_order (account_id, id, source_id, profile_id, placed_at, stated_at, last_change_at, currency, total_minor, source)
    SELECT account_id, id, data ->> 'order_id', profile_id, occurred_at, occurred_at, occurred_at, 'EUR', round((data ->> 'total')::numeric * 100), 'EVENT'
    FROM event WHERE name = 'purchase'`)
  await query('ANALYZE profile, event, merge, placed_order')
}

const document = 'query ($filter: RuleInput) { profiles(filter: $filter, first: 1) { totalCount } }'

async function timed(work: () => Promise<number>): Promise<{ ms: number; count: number }> {
  const began = performance.now()
  const count = await work()
  return { ms: performance.now() - began, count }
}

async function compare(one: Case, { server, scratch }: { server: BenchServer; scratch: Scratch }) {
  const [row] = await scratch.query<{ id: string }>(account)
  const ours = async () => (await server.query(document, { filter: one.rule })).profiles.totalCount as number
  const byHand = async () => Number((await scratch.query<{ count: string }>(one.sql, [row?.id]))[0]?.count)
  const times = { ours: [] as number[], byHand: [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    const [a, b] = [await timed(ours), await timed(byHand)]
    if (a.count !== b.count) throw new Error(`${one.name}: ${a.count} people, by hand ${b.count}`)
    if (round === 0) continue
    times.ours.push(a.ms)
    times.byHand.push(b.ms)
    if (round === rounds) return { count: a.count, oursMs: median(times.ours), byHandMs: median(times.byHand) }
  }
  throw new Error('no rounds')
}

/** Rows of a table, and the median over the cases of how fast ours is against the hand's. */
export async function audienceSql() {
  const scratch = await scratchDatabase('audience_sql')
  const server = await startServer({ DATABASE_URL: scratch.url, ADMIN_KEY: adminKey })
  try {
    await fill(scratch)
    const rows: string[][] = [['people of whom it holds', 'people', 'ours ms', 'by hand ms', 'ratio']]
    const ratios: number[] = []
    for (const one of cases) {
      const { count, oursMs, byHandMs } = await compare(one, { server, scratch })
      ratios.push(byHandMs / oursMs)
      rows.push([one.name, readable(count), readable(oursMs), readable(byHandMs), readable(byHandMs / oursMs)])
    }
    return { people, events: people * eventsOfOne, table: rows, ratio: median(ratios), worst: Math.min(...ratios) }
  } finally {
    await server.stop()
    if (!process.env.KEEP) await scratch.drop()
  }
}
