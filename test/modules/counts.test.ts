// Counts kept by the minute and the hour say what counting the decisions would, whatever happened to them; and they are what a
// database that was filled before they were kept is given.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { findInbox, type InboxQuery } from '../../src/modules/attributions/inbox-sql.ts'
import { type CountRow, readCounts } from '../../src/modules/counts/sql.ts'
import { addCampaign, openBrand } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
let accountId: string
let gold: string
beforeAll(async () => {
  server = await startServer()
  caller = await server.otherAccount()
  accountId = await accountOf(caller)
  const { programId } = await openBrand(caller, 'Clicks')
  const entry = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
  const member = { name: 'member', role: 'PARTICIPANT', events: ['buy', 'look'], entry, priority: 200 }
  gold = await addCampaign(caller, { programId, name: 'Gold', journeys: [member] })
})
afterAll(() => server?.stop())

beforeAll(async () => {
  await system().$executeRawUnsafe(`ALTER TABLE event ADD CONSTRAINT refused CHECK (NOT data ? 'isRefused')`)
})

const system = () => server.app.services.database.system

/** What is counted, from the counts kept. */
const kept = () => system().$queryRaw<object[]>`
  SELECT span::text, starts_at, event_name, campaign_id, quality::text, reason, near_miss_campaign_id, near_miss_code, count FROM attribution_count
  WHERE account_id = ${accountId}::uuid AND count <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`

/** The same, from the decisions in force; minutes and hours are cut from the text of the time of receipt that is in the event's id. */
const seen = () => system().$queryRaw<object[]>`
  SELECT span, starts_at, event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code, count(*)::int AS count FROM (
    SELECT span, (to_char(at AT TIME ZONE 'UTC', CASE span WHEN 'HOUR' THEN 'YYYY-MM-DD HH24:00:00' ELSE 'YYYY-MM-DD HH24:MI:00' END) || '+00')::timestamptz AS starts_at,
      event.name AS event_name, coalesce(a.campaign_id, '00000000-0000-0000-0000-000000000000') AS campaign_id, a.quality::text,
      coalesce(a.reason::text, '') AS reason, coalesce(a.near_miss_campaign_id, '00000000-0000-0000-0000-000000000000') AS near_miss_campaign_id,
      coalesce(a.near_miss_code::text, '') AS near_miss_code
    FROM attribution AS a JOIN event ON event.account_id = a.account_id AND event.id = a.event_id,
      LATERAL (SELECT to_timestamp(('x' || substr(replace(a.event_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AS at) AS received,
      (VALUES ('HOUR'), ('MINUTE')) AS spans (span)
    WHERE a.account_id = ${accountId}::uuid AND a.revision = (SELECT max(revision) FROM attribution AS all_of_it
      WHERE all_of_it.account_id = a.account_id AND all_of_it.event_id = a.event_id)
  ) AS decided GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`

const trackEvents = `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results {
  payload { event { id } } error { code } } } }`
const reattribute = 'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }'
const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }'

const event = fc.record({
  name: fc.constantFrom('click', 'buy', 'look', 'hum'),
  person: fc.constantFrom('ann', 'bob', 'carl'),
  // What the database refuses fails alone, after its whole batch was tried and taken back.
  data: fc.constantFrom({}, {}, {}, { isRefused: true }),
  key: fc.option(fc.constantFrom('a', 'b', 'c')),
})
const step = fc.record({
  events: fc.array(event, { minLength: 1, maxLength: 12 }),
  again: fc.nat(),
  isGold: fc.boolean(),
})

const stored: string[] = []

async function take({ events, again, isGold }: typeof step extends fc.Arbitrary<infer Step> ? Step : never) {
  const input = events.map(({ name, person, data, key }) => {
    const own = key === null ? {} : { idempotencyKey: `${key} ${name} ${person}` }
    return { name, profile: { sourceId: person }, data, ...own }
  })
  const { trackEvents: sent } = await caller.query(trackEvents, { input: { events: input } })
  for (const { payload } of sent.results) if (payload) stored.push(payload.event.id)
  await caller.query(update, { input: { profile: { sourceId: 'ann' }, set: { tier: isGold ? 'gold' : 'none' } } })
  const eventId = stored[again % stored.length]
  if (eventId) await caller.query(reattribute, { input: { eventId, note: 'again' } })
}

test('they are equal to counting the decisions, after events, failures, repetitions and decisions made anew', {
  timeout: 120_000,
}, async () => {
  const steps = fc.array(step, { minLength: 2, maxLength: 4 })
  const each = fc.asyncProperty(steps, async (taken) => {
    for (const one of taken) await take(one)
    expect(await kept()).toEqual(await seen())
  })
  await fc.assert(each, { numRuns: 5, endOnFailure: true })
  const rows = await kept()
  expect(new Set(rows.map((row) => ('quality' in row ? row.quality : '')))).toEqual(new Set(['HIGH', 'NONE']))
})

test('an inbox is the same from counts as from decisions, wherever its range begins and ends', async () => {
  const { system: sql } = server.app.services.database
  const [{ first, last } = { first: 0, last: 0 }] = await sql.$queryRaw<{ first: number; last: number }[]>`
    SELECT min(received_at) AS first, max(received_at) AS last FROM event WHERE account_id = ${accountId}::uuid`
  const [from, to] = [new Date(first).getTime(), new Date(last).getTime()]
  const people = await sql.$queryRaw<{ id: string }[]>`SELECT id FROM profile WHERE account_id = ${accountId}::uuid`
  const ask = { reasons: null, eventNames: null, campaignIds: null, profileIds: null }
  const asked: Partial<InboxQuery>[] = [{}, { reasons: ['ENTRY_CRITERIA_FAILED'] }, { eventNames: ['look', 'hum'] }]
  asked.push({ campaignIds: [String(decodeId('Campaign', gold))] })
  const ranges = [
    { from: from - 3_600_000, to: to + 86_400_000 },
    { from: from + 1, to },
    { from: from + (to - from) / 3, to: to - 1 },
    { from: from - 86_400_001, to: from + 10 },
  ].map((range) => ({ from: Math.floor(range.from), to: Math.floor(range.to) }))
  let events = 0
  for (const range of ranges) {
    for (const filter of asked) {
      const query = { ...ask, ...filter, range }
      const counted = await findInbox(sql, accountId, { query, after: null, take: 50 })
      const everybody = { ...query, profileIds: people.map(({ id }) => id) }
      expect(counted).toEqual(await findInbox(sql, accountId, { query: everybody, after: null, take: 50 }))
      events += counted[0]?.events ?? 0
    }
  }
  expect(events).toBeGreaterThan(0)
})

test('they are read by campaign and event name, from any minute on', async () => {
  const { system: sql } = server.app.services.database
  const total = (rows: readonly CountRow[]) => rows.reduce((sum, row) => sum + row.attributed + row.unattributed, 0)
  const all = await readCounts(sql, accountId, { since: new Date(0) })
  expect(total(all)).toBe(await sql.event.count({ where: { accountId } }))
  for (const row of all) expect(row.attributed).toBe(row.high + row.low)
  expect(all.every(({ campaignId, attributed }) => (campaignId === null) === (attributed === 0))).toBe(true)
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000)
  expect(total(await readCounts(sql, accountId, { since: new Date(minute.getTime() - 7_200_000) }))).toBe(total(all))
  expect(await readCounts(sql, accountId, { since: new Date(minute.getTime() + 120_000) })).toEqual([])
  const names = await readCounts(sql, accountId, { since: new Date(0), eventNames: ['click'] })
  expect(names).toEqual(all.filter(({ eventName }) => eventName === 'click'))
  const campaignIds = [String(decodeId('Campaign', gold))]
  expect(await readCounts(sql, accountId, { since: new Date(0), campaignIds })).toEqual(
    all.filter(({ campaignId }) => campaignId === campaignIds[0]),
  )
  const programIds = all.flatMap(({ programId }) => programId ?? []).slice(0, 1)
  expect(await readCounts(sql, accountId, { since: new Date(0), programIds })).toEqual(
    all.filter(({ programId }) => programId === programIds[0]),
  )
})

test('more than an Int can say is told as the largest Int, and of very many rows the largest', async () => {
  const { system: sql } = server.app.services.database
  const other = await accountOf(await server.otherAccount())
  const nobody = '00000000-0000-0000-0000-000000000000'
  await sql.$executeRaw`
    INSERT INTO attribution_count SELECT ${other}::uuid, 'HOUR', '2026-01-01T00:00:00Z'::timestamptz + nr * interval '1 hour', 'click', ${nobody}::uuid,
      'NONE', 'BOT', ${nobody}::uuid, '', 2000000000 FROM generate_series(1, 3) AS nr`
  await sql.$executeRaw`
    INSERT INTO attribution_count SELECT ${other}::uuid, 'HOUR', '2026-01-01T00:00:00Z', 'name ' || nr, ${nobody}::uuid,
      'NONE', 'BOT', ${nobody}::uuid, '', nr FROM generate_series(1, 1200) AS nr`
  const largest = 2_147_483_647
  const rows = await readCounts(sql, other, { since: new Date('2026-01-01') })
  expect(rows).toHaveLength(1_000)
  expect(rows[0]).toMatchObject({ eventName: 'click', attributed: 0, unattributed: largest })
  expect(Math.min(...rows.map(({ unattributed }) => unattributed))).toBe(202)
  const range = { from: Date.parse('2026-01-01'), to: Date.parse('2026-01-02') }
  const query = { range, reasons: null, eventNames: null, campaignIds: null, profileIds: null }
  const [inbox] = await findInbox(sql, other, { query, after: null, take: 5 })
  expect(inbox).toMatchObject({ events: largest, count: largest })
  expect(inbox?.names[0]).toEqual({ name: 'click', count: largest })
})

test('counted anew they are the same, and counts of what is no longer kept stay', async () => {
  const before = await kept()
  await system().$executeRaw`
    INSERT INTO attribution_count SELECT account_id, span, starts_at - interval '40 days', event_name, campaign_id, quality, reason, near_miss_campaign_id, near_miss_code, count
    FROM attribution_count WHERE account_id = ${accountId}::uuid`
  const withPast = await kept()
  expect(withPast).toHaveLength(2 * before.length)
  await system()
    .$executeRaw`UPDATE attribution_count SET count = count + 3 WHERE starts_at > now() - interval '20 days' AND quality = 'NONE'`
  expect(await kept()).not.toEqual(withPast)
  const text = await readFile(path.resolve(import.meta.dirname, '../../prisma/recount.sql'), 'utf8')
  const statements = text.split(/;$/m).map((one) => one.trim())
  await system().$transaction(async (tx) => {
    for (const one of statements) if (!/(^|\n)(BEGIN|COMMIT)$/.test(one) && one) await tx.$executeRawUnsafe(one)
  })
  expect(await kept()).toEqual(withPast)
  await system().$executeRaw`DELETE FROM attribution_count WHERE starts_at < now() - interval '20 days'`
})

test('a database that was filled before they were kept is given them by the migration', async () => {
  const before = await kept()
  expect(before.length).toBeGreaterThan(5)
  const undo = [
    'DROP TABLE attribution_count',
    'DROP TYPE count_span',
    'DROP INDEX attribution_unattributed_idx',
    'DROP INDEX attribution_referred_idx',
    'CREATE INDEX attribution_account_id_reason_position_idx ON attribution (account_id, reason, position)',
  ]
  const file = path.resolve(import.meta.dirname, '../../prisma/migrations/20261122060000_growth/migration.sql')
  const statements = (await readFile(file, 'utf8')).split(/;$/m).filter((text) => text.trim() !== '')
  for (const statement of [...undo, ...statements]) await system().$executeRawUnsafe(statement)
  expect(await kept()).toEqual(before)
})
