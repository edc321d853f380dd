// What a person could do instead with PostgreSQL alone: the least that an event takes (look up the identity, read the journeys,
// insert event and decision, touch the journey) as a transaction an event by pgbench, and as batches by `unnest` through `pg`.

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { type Scratch, seconds } from './place.ts'

export const people = 100_000

/** The least tables for the job, with everybody's identity and three active journeys each. */
export async function makeLimitTables({ query }: Scratch): Promise<void> {
  await query(`
    CREATE SCHEMA least;
    CREATE TABLE least.person (account int, id uuid, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (account, id));
    CREATE TABLE least.identity (account int, kind text, value text, person_id uuid NOT NULL, PRIMARY KEY (account, kind, value),
      FOREIGN KEY (account, person_id) REFERENCES least.person);
    CREATE TABLE least.journey (account int, id uuid, person_id uuid NOT NULL, campaign int NOT NULL, state text NOT NULL, priority int NOT NULL,
      events int NOT NULL DEFAULT 0, last_activity_at timestamptz NOT NULL, PRIMARY KEY (account, id), FOREIGN KEY (account, person_id) REFERENCES least.person);
    CREATE INDEX ON least.journey (account, person_id);
    CREATE TABLE least.event (account int, id uuid, person_id uuid NOT NULL, name text NOT NULL, data jsonb NOT NULL, occurred_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (account, id), FOREIGN KEY (account, person_id) REFERENCES least.person);
    CREATE INDEX ON least.event (account, person_id, occurred_at DESC);
    CREATE TABLE least.decision (account int, id uuid, event_id uuid NOT NULL, person_id uuid NOT NULL, journey_id uuid, campaign int, decided_by text NOT NULL,
      reason jsonb NOT NULL, decided_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (account, id), UNIQUE (account, event_id),
      FOREIGN KEY (account, event_id) REFERENCES least.event);
    INSERT INTO least.person SELECT 1, md5('p' || n)::uuid FROM generate_series(1, ${people}) n;
    INSERT INTO least.identity SELECT 1, 'email', 'user' || n || '@example.com', md5('p' || n)::uuid FROM generate_series(1, ${people}) n;
    INSERT INTO least.journey SELECT 1, md5('j' || n)::uuid, md5('p' || ((n - 1) % ${people} + 1))::uuid, 1 + (n % 50), 'ACTIVE', 100 * (1 + n % 5), 0,
      '2026-01-02'::timestamptz + n * interval '1 s' FROM generate_series(1, ${3 * people}) n;`)
  await query('VACUUM ANALYZE least.person, least.identity, least.journey')
}

const script = `
\\set n random(1, ${people})
BEGIN;
SELECT person_id AS person FROM least.identity WHERE account = 1 AND kind = 'email' AND value = 'user' || (:n)::text || '@example.com' \\gset
SELECT id AS journey, campaign AS campaign FROM least.journey WHERE account = 1 AND person_id = (:person)::uuid AND state = 'ACTIVE' ORDER BY priority, last_activity_at \\aset
INSERT INTO least.event (account, id, person_id, name, data, occurred_at) VALUES (1, gen_random_uuid(), (:person)::uuid, 'purchase', jsonb_build_object('order_id', (:n)::text, 'cart_value', (:n)::int, 'currency', 'USD'), now()) RETURNING id AS event \\gset
INSERT INTO least.decision (account, id, event_id, person_id, journey_id, campaign, decided_by, reason) VALUES (1, gen_random_uuid(), (:event)::uuid, (:person)::uuid, (:journey)::uuid, (:campaign)::int, 'RANKING', '{"key":"k1"}');
UPDATE least.journey SET last_activity_at = now(), events = events + 1 WHERE account = 1 AND id = (:journey)::uuid;
COMMIT;
`

const run = promisify(execFile)

/** Events a second by pgbench with so many clients. @throws where pgbench is not installed. */
export async function pgbench({ url }: Scratch, clients: number): Promise<number> {
  const file = path.join(tmpdir(), `bench-ingest-${process.pid}.sql`)
  await writeFile(file, script)
  const options = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '1', '-T', String(seconds), '-f', file, url]
  const { stdout } = await run('pgbench', options)
  const found = /tps = ([\d.]+) \(without/.exec(stdout)?.[1]
  if (!found) throw new Error(`pgbench said no rate:\n${stdout}`)
  return Number(found)
}

const batchSize = 200

/** Events a second by batches of 200 in a transaction each, over so many connections that share no journey. */
export async function unnestBatches({ url }: Scratch, connections: number): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return client
    }),
  )
  const began = performance.now()
  const until = began + seconds * 1_000
  const done = await Promise.all(
    clients.map(async (client, k) => {
      let events = 0
      for (; performance.now() < until; events += batchSize) await oneBatch(client, { k, of: connections })
      return events
    }),
  )
  const elapsed = (performance.now() - began) / 1_000
  for (const client of clients) await client.end()
  return done.reduce((sum, events) => sum + events, 0) / elapsed
}

interface Journey {
  id: string
  person_id: string
  campaign: number
  priority: number
}

async function oneBatch(client: pg.Client, { k, of }: { k: number; of: number }): Promise<void> {
  const events = Array.from({ length: batchSize }, () => {
    const n = 1 + k + of * Math.floor((Math.random() * people) / of)
    const data = JSON.stringify({ order_id: String(n), cart_value: n, currency: 'USD' })
    return { email: `user${n}@example.com`, id: randomUUID(), data, at: new Date() }
  })
  const named = (name: string, text: string, values: unknown[]) => client.query({ name, text, values })
  await client.query('BEGIN')
  const who = await named(
    'who',
    "SELECT value, person_id FROM least.identity WHERE account = 1 AND kind = 'email' AND value = ANY ($1::text[])",
    [events.map(({ email }) => email)],
  )
  const personOf = new Map<string, string>(who.rows.map((row) => [row.value, row.person_id]))
  const journeys = await named(
    'journeys',
    "SELECT id, person_id, campaign, priority FROM least.journey WHERE account = 1 AND person_id = ANY ($1::uuid[]) AND state = 'ACTIVE'",
    [[...personOf.values()]],
  )
  const best = new Map<string, Journey>()
  // Of the statement's own columns.
  for (const journey of journeys.rows as Journey[]) {
    const known = best.get(journey.person_id)
    if (!known || journey.priority > known.priority) best.set(journey.person_id, journey)
  }
  const person = events.map(({ email }) => personOf.get(email) ?? '')
  const won = person.map((id) => best.get(id))
  const ids = events.map(({ id }) => id)
  await named(
    'event',
    "INSERT INTO least.event (account, id, person_id, name, data, occurred_at) SELECT 1, id, person, 'purchase', data, at FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::timestamptz[]) AS new (id, person, data, at)",
    [ids, person, events.map(({ data }) => data), events.map(({ at }) => at)],
  )
  await named(
    'decision',
    `INSERT INTO least.decision (account, id, event_id, person_id, journey_id, campaign, decided_by, reason)
      SELECT 1, gen_random_uuid(), event, person, journey, campaign, 'RANKING', '{"key":"k1"}' FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) AS new (event, person, journey, campaign)`,
    [ids, person, won.map((journey) => journey?.id), won.map((journey) => journey?.campaign)],
  )
  await named(
    'touch',
    'UPDATE least.journey SET last_activity_at = now(), events = events + given.n FROM (SELECT id, count(*)::int AS n FROM unnest($1::uuid[]) AS id GROUP BY id) AS given WHERE account = 1 AND journey.id = given.id',
    [won.map((journey) => journey?.id)],
  )
  await client.query('COMMIT')
}
