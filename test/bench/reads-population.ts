// A database for the benchmark of reads: people with identifiers and fields, journeys, events of three months and friends, in the
// tables of the server's own migrations. The same for every run, but for the months, which begin with this one.

import type { BenchServer, Scratch } from './place.ts'

export const people = Number(process.env.BENCH_PEOPLE ?? 100_000)
/** The first fifth of the people have five friends each. */
export const advocates = people / 5
export const journeys = 3 * people
export const events = 10 * people
const campaigns = 50
/** Events are so far apart that those of 100,000 people take two and a half months. */
const apartMs = 6_000 * (100_000 / people)

/** The nth id of its kind, as an expression: UUIDv7 of a time, so that ids order by n. */
const idAt = (kind: string, time: string, n = 'n') => `(
  SELECT (left(ms, 8) || '-' || right(ms, 4) || '-7' || left(rest, 3) || '-8' || substr(rest, 4, 3) || '-' || substr(rest, 7, 12))::uuid
  FROM (SELECT lpad(to_hex(floor(extract(epoch FROM ${time}) * 1000)::bigint), 12, '0') AS ms, md5('${kind}' || ${n}) AS rest) AS part)`

const since = (day: string, n = 'n') => `('${day}'::timestamptz + ${n} * interval '1 second')`
const personId = (n: string) => idAt('person', since('2025-06-01', n), n)

/** Fills the account of the server's first key. The nth person has the id that `idsOf` gives for n. */
export async function populate(server: BenchServer, { query }: Scratch): Promise<void> {
  await addCampaigns(server)
  const account = '(SELECT id FROM account ORDER BY created_at LIMIT 1)'
  await query(
    `CREATE TEMP TABLE person AS SELECT n, ${personId('n')} AS id, ${since('2025-06-01')} AS at FROM generate_series(1, ${people}) n`,
  )
  await query('CREATE UNIQUE INDEX ON person (n)')
  await query(`
    INSERT INTO profile (account_id, id, fields, created_at)
    SELECT ${account}, id, jsonb_build_object('first_name', 'First' || n, 'last_name', 'Last' || n, 'plan', (ARRAY['free', 'gold'])[1 + n % 2]), at FROM person`)
  for (const [kind, value] of [
    ['SOURCE_ID', "'customer-' || n"],
    ['EMAIL', "'user' || n || '@example.com'"],
  ])
    await query(`
      INSERT INTO identity (account_id, kind, value, profile_id, created_at)
      SELECT ${account}, '${kind}', ${value}, id, at + interval '${kind === 'EMAIL' ? 1 : 0} second' FROM person`)
  await query(`
    INSERT INTO journey (account_id, id, profile_id, campaign_id, definition, role, started_at, last_activity_at, entry_event_id, latest_event_id, created_at)
    SELECT ${account}, journey.id, person.id, campaign.id, 'refer', 'PARTICIPANT', journey.at, journey.at, journey.id, journey.id, journey.at
    FROM (SELECT n, ${idAt('journey', since('2025-07-01'))} AS id, ${since('2025-07-01')} AS at FROM generate_series(1, ${journeys}) n) AS journey
    JOIN person ON person.n = (journey.n - 1) % ${people} + 1
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM campaign) AS campaign ON campaign.place = (journey.n::bigint * 7919) % ${campaigns}`)
  const eventAt = `(date_trunc('month', now()) + n * interval '${apartMs} milliseconds')`
  await query(`
    INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at, data)
    SELECT ${account}, event.id, person.id, (ARRAY['click', 'share', 'signup', 'purchase', 'visit'])[1 + event.n % 5], event.at, event.at,
      jsonb_build_object('order_id', event.n::text, 'cart_value', (event.n::bigint * 37) % 20000, 'currency', 'USD', 'channel', (ARRAY['email', 'sms', 'web'])[1 + event.n % 3])
    FROM (SELECT n, ${idAt('event', eventAt)} AS id, ${eventAt} AS at FROM generate_series(1, ${events}) n) AS event
    JOIN person ON person.n = 1 + (event.n::bigint * 7919) % ${people}`)
  await query(`
    INSERT INTO relationship (account_id, id, advocate_id, friend_id, program_id, first_evidence_at, latest_evidence_at, created_at)
    SELECT ${account}, ${idAt('friends', since('2025-08-01', 'tie.n'), 'tie.n')}, advocate.id, friend.id, (SELECT id FROM program), tie.at, tie.at, tie.at
    FROM (SELECT n, ${since('2025-08-01')} AS at FROM generate_series(1, ${5 * advocates}) n) AS tie
    JOIN person AS advocate ON advocate.n = 1 + (tie.n - 1) % ${advocates}
    JOIN person AS friend ON friend.n = 1 + (tie.n::bigint * 6151) % ${people}
    WHERE friend.id <> advocate.id`)
  // Not the tables that are empty: they would be taken for empty for ever.
  await query('VACUUM ANALYZE profile, identity, journey, event, relationship, campaign')
}

/** UUIDs of people, the nth of each n, in that order. */
export async function idsOf({ query }: Scratch, numbers: readonly number[]): Promise<string[]> {
  const rows = await query<{ id: string }>(
    'SELECT person.id FROM unnest($1::int[]) WITH ORDINALITY AS given (n, place) JOIN person USING (n) ORDER BY place',
    [numbers],
  )
  return rows.map(({ id }) => id)
}

async function addCampaigns(server: BenchServer): Promise<void> {
  const { createProgram } = await server.query('mutation { createProgram(input: { name: "Shop" }) { program { id } } }')
  for (let n = 1; n <= campaigns; n++)
    await server.query(
      'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }',
      {
        input: {
          programId: createProgram.program.id,
          name: `Campaign ${n}`,
          journeys: [{ name: 'refer', role: 'PARTICIPANT', events: ['purchase'] }],
        },
      },
    )
}
