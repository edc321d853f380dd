// The comparison that every fault ends with: what was acknowledged to clients, what the database holds, what a subscriber got.

import pg from 'pg'
import { expect } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import type { TwoCampaigns } from './campaigns.ts'
import type { Follower } from './follower.ts'
import { type Load, readKey } from './load.ts'

interface StoredRow {
  key: string
  eventId: string
  position: string
  revision: number
  campaignId: string
  journeyId: string
}

export interface Ledger {
  databaseUrl: string
  load: Load
  follower: Follower
  campaigns: TwoCampaigns
}

/** Fails unless every acknowledged event is there once, decided once, as its order asks, and was delivered once, in order. */
export async function expectNothingLost({ databaseUrl, load, follower, campaigns }: Ledger): Promise<void> {
  const { acknowledged } = load
  await follower.until((received) => received.length >= acknowledged.size)
  const { rows, head, lastEvents } = await readDatabase(databaseUrl)

  const told = new Map([...acknowledged].map(([key, { eventId }]) => [key, uuidOf(eventId)]))
  expect(rows.length).toBe(told.size)
  expect(new Map(rows.map(({ key, eventId }) => [key, eventId]))).toEqual(told)
  // Each decided once, and numbered without a gap.
  expect(rows.filter(({ revision }) => revision !== 1)).toEqual([])
  expect(rows.map(({ position }) => Number(position))).toEqual(rows.map((_, index) => index + 1))
  expect(Number(head)).toBe(rows.length)
  expect(follower.received.map(({ key }) => key)).toEqual(rows.map(({ key }) => key))

  expectPersonsInOrder(rows, { campaigns, load, lastEvents })
  expectTruthfulErrors(load)
  // Nobody has to come back for a message, since none was sent without what it tells of.
  expect(follower.spoiled()).toBe(0)
  const unknown = [...follower.codes].filter((code) => !['UNAVAILABLE', 'RATE_LIMITED'].includes(code))
  expect(unknown).toEqual([])
}

interface Expected {
  campaigns: TwoCampaigns
  load: Load
  /** The event that was last in each journey. */
  lastEvents: ReadonlyMap<string, string>
}

// Whatever server an event went to, it is decided after those of its person that were acknowledged before it.
function expectPersonsInOrder(rows: readonly StoredRow[], { campaigns, load, lastEvents }: Expected): void {
  const nextOf = new Map<string, number>()
  const lastOf = new Map<string, string>()
  const wrong = rows.filter(({ key, eventId, campaignId, journeyId }) => {
    const { person, count } = readKey(key)
    const due = nextOf.get(person) ?? 0
    nextOf.set(person, count + 1)
    lastOf.set(journeyId, eventId)
    const winner = campaigns.winnerOf(count)
    return count !== due || campaignId !== uuidOf(winner) || load.acknowledged.get(key)?.campaignId !== winner
  })
  expect(wrong).toEqual([])
  expect(lastEvents).toEqual(lastOf)
}

// `retryable` told the truth: whoever was told so was served later, by the same request, and nobody else was refused.
function expectTruthfulErrors({ refusals }: Load): void {
  const known: Record<string, { retryable: boolean }> = errorCodes
  expect(refusals.filter(({ code, retryable }) => !retryable || known[code]?.retryable !== true)).toEqual([])
}

async function readDatabase(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<StoredRow>(
      `SELECT event.idempotency_key AS key, event.id AS "eventId", a.position, a.revision, a.campaign_id AS "campaignId",
         a.journey_id AS "journeyId"
       FROM event LEFT JOIN attribution AS a ON a.account_id = event.account_id AND a.event_id = event.id
       ORDER BY a.position`,
    )
    const heads = await client.query<{ position: string }>('SELECT position FROM feed_head')
    const journeys = await client.query<{ id: string; last: string }>('SELECT id, latest_event_id AS last FROM journey')
    const lastEvents = new Map(journeys.rows.map(({ id, last }) => [id, last]))
    return { rows, head: heads.rows[0]?.position, lastEvents }
  } finally {
    await client.end()
  }
}

/** The UUID in a global id. */
export const uuidOf = (globalId: string): string => Buffer.from(globalId, 'base64').toString().split(':')[1] ?? ''
