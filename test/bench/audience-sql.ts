// How many people a rule holds for, asked of the API, beside SQL written by hand for the same question on the same tables: by
// default a million people and five million events. Both must give the same number.

import type { Rule } from '../../src/core/rules/rule.ts'
import { openSet } from '../../src/modules/profiles/filter-sets.ts'
import { type Database, openDatabase } from '../../src/platform/database.ts'
import { adminKey, type BenchServer, median, rounds, type Scratch, scratchDatabase, startServer } from './place.ts'
import { readable } from './report.ts'

const people = Number(process.env.BENCH_PEOPLE ?? 1_000_000)
const eventsOfOne = 5
const account = 'SELECT id FROM account LIMIT 1'

interface Case {
  readonly name: string
  readonly rule: Rule
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

/** People of a set who clicked, looked up by index one after the other. */
const whoClicked = (few: string) => `WITH few AS MATERIALIZED (${few})
  SELECT count(*) FROM few WHERE EXISTS (${clickedBy('few.id')}) OR EXISTS (
    SELECT FROM merge WHERE merge.account_id = $1 AND merge.survivor_id = few.id AND EXISTS (${clickedBy('merge.loser_id')}))`
const clickedBy = (id: string) =>
  `SELECT FROM event WHERE event.account_id = $1 AND event.profile_id = ${id} AND event.name = 'click' AND event.occurred_at <= now()`
/** Profiles whose typed value of the field is such, merged ones apart. */
const holds = (condition: string) => `SELECT profile_id AS id FROM field_value WHERE account_id = $1 AND ${condition}
  AND (until IS NULL OR until > now()) AND NOT EXISTS (SELECT FROM merge WHERE merge.account_id = $1 AND merge.loser_id = field_value.profile_id)`

// Merged people have no fields of their own here, so that both may read those of the survivor.
export const cases: readonly Case[] = [
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
    sql: whoClicked(`SELECT profile.id FROM profile WHERE ${living} AND fields @> '{"rare": true}'`),
  },
  {
    name: 'defined: a text equals a rare value',
    rule: { field: { field: 'city', op: 'EQ', value: 'city 7' } },
    sql: `SELECT count(*) FROM (${holds("field = 'city' AND text = 'city 7'")}) AS found`,
  },
  {
    name: 'defined: a text equals what a third has',
    rule: { field: { field: 'tier', op: 'EQ', value: 'gold' } },
    sql: `SELECT count(*) FROM (${holds("field = 'tier' AND text = 'gold'")}) AS found`,
  },
  {
    name: 'defined: a number within a range',
    rule: {
      all: [
        { field: { field: 'points', op: 'GTE', value: 1_000 } },
        { field: { field: 'points', op: 'LT', value: 1_200 } },
      ],
    },
    sql: `SELECT count(*) FROM (${holds("field = 'points' AND number >= 1000 AND number < 1200")}) AS found`,
  },
  {
    name: 'defined: a date within 30 days',
    rule: { field: { field: 'seenAt', op: 'WITHIN_LAST_DAYS', value: 30 } },
    sql: `SELECT count(*) FROM (${holds(`field = 'seenAt' AND time BETWEEN ${days(30)} AND now()`)}) AS found`,
  },
  {
    name: 'defined: two fields',
    rule: {
      all: [
        { field: { field: 'tier', op: 'EQ', value: 'gold' } },
        { field: { field: 'city', op: 'IN', value: ['city 1', 'city 2', 'city 3'] } },
      ],
    },
    sql: `SELECT count(*) FROM (${holds("field = 'city' AND text = ANY ('{city 1,city 2,city 3}')")}) AS found
      JOIN field_value AS other ON other.account_id = $1 AND other.profile_id = found.id AND other.field = 'tier' AND other.text = 'gold'`,
  },
  {
    name: 'defined: a field, and clicked',
    rule: {
      all: [{ field: { field: 'city', op: 'EQ', value: 'city 7' } }, { event: { name: 'click' } }],
    },
    sql: whoClicked(holds("field = 'city' AND text = 'city 7'")),
  },
  {
    name: 'defined: what a third has, and bought in 30 days',
    rule: {
      all: [{ field: { field: 'tier', op: 'EQ', value: 'gold' } }, { event: { name: 'purchase', withinLastDays: 30 } }],
    },
    sql: `SELECT count(*) FROM (${performed('purchase', days(30), 'TRUE')}) AS found JOIN (${holds("field = 'tier' AND text = 'gold'")}) AS gold USING (id)`,
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
        || jsonb_build_object('tier', (ARRAY['gold', 'tin', 'zinc'])[1 + (hashint8(n) & 1023) % 3], 'points', (hashint8(n + 7) & 65535) % 10000,
          'city', 'city ' || (hashint8(n + 3) & 65535) % 1000, 'seenAt', to_char(now() - ((hashint8(n + 5) & 65535) % 7200) * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
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
  await query('VACUUM ANALYZE profile, event, merge, placed_order')
}

interface Place {
  server: BenchServer
  scratch: Scratch
  /** The server's own way to the database, without the server. */
  database: Database
}

/** Defines fields of people, and waits until their values are kept typed. */
async function define({ server, scratch }: Omit<Place, 'database'>): Promise<number> {
  const began = performance.now()
  for (const [name, type] of Object.entries({
    tier: 'STRING',
    city: 'STRING',
    points: 'INTEGER',
    seenAt: 'DATETIME',
  })) {
    const input = { owner: 'PROFILE', name, type }
    await server.query('mutation ($input: DefineFieldInput!) { defineField(input: $input) { __typename } }', { input })
  }
  for (let open = 1; open > 0; ) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const [row] = await scratch.query<{ open: number }>(
      'SELECT count(*)::int AS open FROM field_index WHERE filled_at IS NULL',
    )
    open = row?.open ?? 0
  }
  const ms = performance.now() - began
  await scratch.query('VACUUM ANALYZE field_value')
  return ms
}

const document = 'query ($filter: RuleInput) { profiles(filter: $filter, first: 1) { totalCount } }'

async function timed(work: () => Promise<number>): Promise<{ ms: number; count: number }> {
  const began = performance.now()
  const count = await work()
  return { ms: performance.now() - began, count }
}

async function compare(one: Case, { server, scratch, database }: Place) {
  const [row] = await scratch.query<{ id: string }>(account)
  const scope = () => ({ accountId: row?.id ?? '', now: new Date() })
  /** All statements of the count, the transaction's too. */
  const statements = () =>
    database.transaction(async (tx) => {
      const set = await openSet(tx, one.rule, scope())
      const [found] = await tx.$queryRaw<{ count: bigint }[]>`SELECT count(*) FROM (${set}) AS person`
      return Number(found?.count)
    })
  const asked = async () => (await server.query(document, { filter: one.rule })).profiles.totalCount as number
  const byHand = async () => Number((await scratch.query<{ count: string }>(one.sql, [row?.id]))[0]?.count)
  const times = { asked: [] as number[], statements: [] as number[], byHand: [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    const [a, b, c] = [await timed(asked), await timed(statements), await timed(byHand)]
    if (a.count !== c.count || b.count !== c.count)
      throw new Error(`${one.name}: ${a.count} people, as a set ${b.count}, by hand ${c.count}`)
    if (round === 0) continue
    times.asked.push(a.ms)
    times.statements.push(b.ms)
    times.byHand.push(c.ms)
    const [askedMs, oursMs, byHandMs] = [median(times.asked), median(times.statements), median(times.byHand)]
    if (round === rounds) return { count: a.count, askedMs, oursMs, byHandMs }
  }
  throw new Error('no rounds')
}

/**
 * Rows of a table, and the medians over the cases of how fast ours is against the hand’s. KEEP=1 leaves the database, and BENCH_FILLED
 * names one that was left.
 */
export async function audienceSql() {
  const filled = process.env.BENCH_FILLED
  const scratch = await scratchDatabase('audience_sql', filled)
  const server = await startServer({ DATABASE_URL: scratch.url, ADMIN_KEY: adminKey })
  const database = await openDatabase({ url: scratch.url })
  try {
    if (!filled) await fill(scratch)
    const definedMs = filled ? 0 : await define({ server, scratch })
    // As the server has it: compiling such statements takes longer than running them.
    await scratch.query('SET jit = off')
    const rows: string[][] = [
      ['people of whom it holds', 'people', 'ours ms', 'by hand ms', 'ratio', 'asked over HTTP ms'],
    ]
    const [ratios, asked]: [number[], number[]] = [[], []]
    for (const one of cases) {
      const { count, askedMs, oursMs, byHandMs } = await compare(one, { server, scratch, database })
      ratios.push(byHandMs / oursMs)
      asked.push(byHandMs / askedMs)
      const figures = [count, oursMs, byHandMs, byHandMs / oursMs, askedMs].map(readable)
      rows.push([one.name, ...figures])
    }
    return {
      people,
      events: people * eventsOfOne,
      notes: [
        'Ours: all statements of a count, over a connection of the server’s own kind. Over HTTP: the same as a client waits for it.',
        `Four fields were defined and indexed in ${readable(definedMs / 1_000)} s.`,
      ],
      table: rows,
      ratio: median(ratios),
      worst: Math.min(...ratios),
      ratioAsked: median(asked),
    }
  } finally {
    await server.stop()
    await database.close()
    await (process.env.KEEP || filled ? scratch.leave() : scratch.drop())
  }
}
