// What the people of a batch did before, as far as the rules that may take its events ask: one statement for each kind that is
// asked for, none where nothing is. Each is told as of the times of the events, so that late ones see no more than they should.

import type { Asks } from '../../core/rules/asks.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { PersonFacts, PersonHistory } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import { findOrderFacts, readOrderFact } from '../orders/facts-sql.ts'
import { findEvidenceWithin } from '../relationships/sql.ts'
import { type HistoryMoment, type Range, rangesOf, type Wanted, type Wants, wantsOf } from './history-ranges.ts'

/** Of relationships of one advocate; the latest. */
const maxFriends = 1001
/**
 * Of one profile and kind, how many rows are read beyond those that one time needs. Every time finds its latest rows exactly,
 * unless one batch tells of times between which a profile has more than so many rows that they need: then the earliest of
 * these times miss some. Where up to four rows are enough for a condition, no batch of 500 events gets there.
 */
const maxBetween = 2000

export interface HistoryRequest {
  accountId: string
  /** What is asked at moments that name no event. */
  asks: Asks
  /** What is asked at an event of that (folded) name; undefined: nothing. Without it, `asks` holds for all. */
  asksOf?(eventName: string): Asks | undefined
  /** Whose history is asked for, as of when and for which event: persons under any id that `membersOf` takes. */
  moments: readonly HistoryMoment[]
  /** By the ids that `rootOf` gives. Their histories are added to. */
  people: ReadonlyMap<string, PersonFacts>
  /** All profiles that are the person by the end of the batch, those of people whom the batch joins included. */
  membersOf(personId: string): readonly string[]
  /** The person, before the batch, whom a profile belongs to. */
  rootOf(profileId: string): string
  /** An event that is decided anew: what it did itself is not seen. */
  exceptEventId?: string
}

const nothing: Asks = {
  audienceIds: new Set(),
  eventCaps: new Map(),
  orders: false,
  items: false,
  qualityCaps: new Map(),
  friends: false,
}

/** Fills the histories of the moments' people with what the rules ask for. */
export async function loadHistory(tx: Sql, request: HistoryRequest): Promise<void> {
  const { events, orders, qualities, friends } = wantsIn(request)
  if (events.size > 0) await addEvents(tx, request, events)
  if (orders.times.size > 0) await addOrders(tx, request, orders)
  if (qualities.size > 0) await addQualities(tx, request, qualities)
  if (friends.size > 0) await addFriends(tx, request, friends)
}

function wantsIn(request: HistoryRequest): Wants {
  const { moments, asks } = request
  const asksAt = ({ name }: HistoryMoment): Asks =>
    name === undefined || !request.asksOf ? asks : (request.asksOf(name) ?? nothing)
  const membersOf = (personId: string) => request.membersOf(personId)
  return wantsOf({ moments, membersOf, asksAt })
}

const historyOf = ({ people, rootOf }: HistoryRequest, profileId: string): PersonHistory | undefined =>
  people.get(rootOf(profileId))?.history

/** The columns of ranges, for `unnest`. */
const columns = <Kind>(ranges: readonly Range<Kind>[]) => ({
  profileIds: ranges.map(({ profileId }) => profileId),
  kinds: ranges.map(({ kind }) => kind),
  afters: ranges.map(({ after }) => after),
  untils: ranges.map(({ until }) => until),
  caps: ranges.map(({ cap }) => cap),
})

async function addEvents(tx: Sql, request: HistoryRequest, wanted: Wanted<string>): Promise<void> {
  const { profileIds, kinds, afters, untils, caps } = columns(rangesOf(wanted))
  const rows = await tx.$queryRaw<{ profileId: string; name: string; at: Date }[]>`
    SELECT found.profile_id AS "profileId", found.name, found.at
    FROM (
      SELECT asked.profile_id, asked.name, asked.cap, event.at,
        row_number() OVER (PARTITION BY asked.profile_id, asked.name ORDER BY event.at DESC) AS place
      FROM unnest(${profileIds}::uuid[], ${kinds}::text[], ${afters}::timestamptz[], ${untils}::timestamptz[], ${caps}::int[])
        AS asked (profile_id, name, after, until, cap)
      CROSS JOIN LATERAL (
        SELECT event.occurred_at AS at FROM event
        WHERE event.account_id = ${request.accountId}::uuid AND event.profile_id = asked.profile_id AND event.name = asked.name
          AND event.occurred_at > coalesce(asked.after, '-infinity') AND event.occurred_at <= asked.until
          AND event.id IS DISTINCT FROM ${request.exceptEventId ?? null}::uuid
        ORDER BY event.occurred_at DESC LIMIT asked.cap
      ) AS event
    ) AS found
    WHERE found.place <= found.cap + ${maxBetween}::int`
  for (const { profileId, name, at } of rows) {
    const events = historyOf(request, profileId)?.events
    const times = events?.get(name)
    if (times) times.push(at.getTime())
    else events?.set(name, [at.getTime()])
  }
}

async function addOrders(tx: Sql, request: HistoryRequest, { times, items }: Wants['orders']): Promise<void> {
  const latest = [...times].map(([profileId, own]) => ({ profileId, until: new Date(Math.max(...own)) }))
  const rows = await findOrderFacts(tx, request.accountId, {
    profileIds: latest.map(({ profileId }) => profileId),
    untils: latest.map(({ until }) => until),
    items,
    exceptEventId: request.exceptEventId ?? null,
  })
  for (const { profileId, value } of rows) historyOf(request, profileId)?.orders.push(readOrderFact(value))
}

async function addQualities(tx: Sql, request: HistoryRequest, wanted: Wanted<Quality>): Promise<void> {
  const { accountId } = request
  const { profileIds, kinds, afters, untils, caps } = columns(rangesOf(wanted))
  const rows = await tx.$queryRaw<{ profileId: string; quality: Quality; at: Date }[]>`
    SELECT found.profile_id AS "profileId", found.quality::text AS quality, found.at
    FROM (
      SELECT asked.profile_id, asked.quality, asked.cap, decision.at,
        row_number() OVER (PARTITION BY asked.profile_id, asked.quality ORDER BY decision.at DESC) AS place
      FROM unnest(${profileIds}::uuid[], ${kinds}::text[]::quality[], ${afters}::timestamptz[], ${untils}::timestamptz[], ${caps}::int[])
        AS asked (profile_id, quality, after, until, cap)
      CROSS JOIN LATERAL (
        SELECT decision.occurred_at AS at FROM attribution AS decision
        WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = asked.profile_id AND decision.quality = asked.quality
          AND decision.occurred_at > coalesce(asked.after, '-infinity') AND decision.occurred_at <= asked.until
          AND decision.event_id IS DISTINCT FROM ${request.exceptEventId ?? null}::uuid
          AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
            AND later.event_id = decision.event_id AND later.revision > decision.revision)
        ORDER BY decision.occurred_at DESC LIMIT asked.cap
      ) AS decision
    ) AS found
    WHERE found.place <= found.cap + ${maxBetween}::int`
  for (const { profileId, quality, at } of rows) {
    historyOf(request, profileId)?.qualities.push({ quality, at: at.getTime() })
  }
}

async function addFriends(tx: Sql, request: HistoryRequest, times: Wants['friends']): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string; advocateId: string; programId: string; first: Date; latest: Date }[]>`
    SELECT found.id, asked.profile_id AS "advocateId", found.program_id AS "programId",
      found.first_evidence_at AS first, found.latest_evidence_at AS latest
    FROM unnest(${[...times.keys()]}::uuid[]) AS asked (profile_id)
    CROSS JOIN LATERAL (
      SELECT edge.id, edge.program_id, edge.first_evidence_at, edge.latest_evidence_at FROM relationship AS edge
      WHERE edge.account_id = ${request.accountId}::uuid AND edge.advocate_id = asked.profile_id AND edge.withdrawn_at IS NULL
      ORDER BY edge.latest_evidence_at DESC LIMIT ${maxFriends}::int
    ) AS found`
  const asOf = await lateEvidence(tx, request.accountId, { times, rows })
  const loaded = new Map(
    [...request.people.values()].flatMap(({ relationships }) =>
      relationships.map((facts) => [facts.id, facts] as const),
    ),
  )
  for (const { id, advocateId, programId, first, latest } of rows) {
    const evidence = [latest, ...(asOf.get(id) ?? [])].map((at) => at.getTime())
    // A relationship whose friend is of the batch too is shared, so that both see what the batch adds to it.
    const shared = loaded.get(id)
    if (shared) shared.evidence.push(...evidence)
    const facts = shared ?? { id, programId, firstEvidenceAt: first.getTime(), evidence }
    historyOf(request, advocateId)?.friends.push(facts)
  }
}

interface FriendRows {
  times: Wants['friends']
  rows: readonly { id: string; advocateId: string; latest: Date }[]
}

/** By relationship, its evidence as of the times of late events, who see the latest of their own time. */
async function lateEvidence(tx: Sql, accountId: string, { times, rows }: FriendRows) {
  const ends = new Map([...times].map(([id, own]) => [id, [...own].sort((a, b) => a - b)] as const))
  const ranges = rows.flatMap(({ id, advocateId, latest }) => {
    const late = ends.get(advocateId)?.filter((t) => t < latest.getTime()) ?? []
    const [from, until] = [late.at(0), late.at(-1)]
    return from === undefined || until === undefined ? [] : [{ id, from: new Date(from), until: new Date(until) }]
  })
  const found = ranges.length ? await findEvidenceWithin(tx, accountId, { ranges, limit: maxBetween }) : []
  return new Map(found.map(({ id, ats }) => [id, ats]))
}
