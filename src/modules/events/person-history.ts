// What the people of a batch did before, as far as the rules in force ask: one statement for each kind that is asked for,
// none where nothing is. Each is told as of the times of the events, so that late ones see no more than they should.

import { groupBy } from '../../core/group.ts'
import { amountKeys, orderEvents, orderOf } from '../../core/orders.ts'
import type { Asks } from '../../core/rules/asks.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { JsonObject, PersonFacts, PersonHistory } from '../../core/targeting/facts.ts'
import type { Transaction } from '../../platform/database.ts'
import { findEvidenceAsOf } from '../relationships/sql.ts'

/** Of the events of one name that tell of orders, of one profile at one time: rules read the latest 1,000 of both names. */
const maxOrders = 1000
/** Of relationships of one advocate; the latest. */
const maxFriends = 1001

export interface HistoryRequest {
  accountId: string
  asks: Asks
  /** Whose history is asked for, as of when: persons under any id that `membersOf` takes. */
  moments: readonly { personId: string; t: number }[]
  /** By the ids that `rootOf` gives. Their histories are added to. */
  people: ReadonlyMap<string, PersonFacts>
  /** All profiles that are the person by the end of the batch, those of people whom the batch joins included. */
  membersOf(personId: string): readonly string[]
  /** The person, before the batch, whom a profile belongs to. */
  rootOf(profileId: string): string
  /** An event that is decided anew: what it did itself is not seen. */
  exceptEventId?: string
}

/** A stored profile, and a time that it is asked about. */
interface Ask {
  profileId: string
  at: Date
}

/** Fills the histories of the moments' people with what the rules ask for. */
export async function loadHistory(tx: Transaction, request: HistoryRequest): Promise<void> {
  const { eventCaps, orders, qualityCaps, friends } = request.asks
  if (eventCaps.size === 0 && !orders && qualityCaps.size === 0 && !friends) return
  const asked = asksOfProfiles(request)
  if (asked.length === 0) return
  if (eventCaps.size > 0) await addEvents(tx, request, asked)
  if (orders) await addOrders(tx, request, asked)
  if (qualityCaps.size > 0) await addQualities(tx, request, asked)
  if (friends) await addFriends(tx, request, asked)
}

/** Each member of each person with each time that it is asked about, once. */
function asksOfProfiles({ moments, membersOf }: HistoryRequest): Ask[] {
  const asked = new Map<string, Ask>()
  for (const { personId, t } of moments) {
    for (const profileId of membersOf(personId)) asked.set(`${profileId} ${t}`, { profileId, at: new Date(t) })
  }
  return [...asked.values()]
}

const historyOf = ({ people, rootOf }: HistoryRequest, profileId: string): PersonHistory | undefined =>
  people.get(rootOf(profileId))?.history

// A row that several times found counts once.
function once<Row extends { id: string }>(rows: readonly Row[]): Iterable<Row> {
  return new Map(rows.map((row) => [row.id, row])).values()
}

async function addEvents(tx: Transaction, request: HistoryRequest, asked: readonly Ask[]): Promise<void> {
  const wanted = [...request.asks.eventCaps].flatMap(([name, cap]) => asked.map((ask) => ({ ...ask, name, cap })))
  const rows = await tx.$queryRaw<{ id: string; profileId: string; name: string; at: Date }[]>`
    SELECT found.id, asked.profile_id AS "profileId", asked.name, found.at
    FROM unnest(${wanted.map(({ profileId }) => profileId)}::uuid[], ${wanted.map(({ name }) => name)}::text[],
      ${wanted.map(({ at }) => at)}::timestamptz[], ${wanted.map(({ cap }) => cap)}::int[]) AS asked (profile_id, name, at, cap)
    CROSS JOIN LATERAL (
      SELECT event.id, event.occurred_at AS at FROM event
      WHERE event.account_id = ${request.accountId}::uuid AND event.profile_id = asked.profile_id
        AND event.name = asked.name AND event.occurred_at <= asked.at AND event.id IS DISTINCT FROM ${request.exceptEventId ?? null}::uuid
      ORDER BY event.occurred_at DESC LIMIT asked.cap
    ) AS found`
  for (const { profileId, name, at } of once(rows)) {
    const events = historyOf(request, profileId)?.events
    const times = events?.get(name)
    if (times) times.push(at.getTime())
    else events?.set(name, [at.getTime()])
  }
}

// What orderOf reads; nothing else of an event's data, which may be large.
const orderKeys = ['transaction_id', 'order_id', 'currency', ...amountKeys]

async function addOrders(tx: Transaction, request: HistoryRequest, asked: readonly Ask[]): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string; profileId: string; name: string; at: Date; data: JsonObject }[]>`
    SELECT found.id, asked.profile_id AS "profileId", found.name, found.at, found.data
    FROM unnest(${asked.map(({ profileId }) => profileId)}::uuid[], ${asked.map(({ at }) => at)}::timestamptz[]) AS asked (profile_id, at)
    CROSS JOIN unnest(${orderEvents}::text[]) AS kind (name)
    CROSS JOIN LATERAL (
      SELECT event.id, event.name, event.occurred_at AS at, (
        SELECT coalesce(jsonb_object_agg(key, event.data -> key), '{}') FROM unnest(${orderKeys}::text[]) AS key WHERE event.data ? key
      ) AS data
      FROM event
      WHERE event.account_id = ${request.accountId}::uuid AND event.profile_id = asked.profile_id
        AND event.name = kind.name AND event.occurred_at <= asked.at AND event.id IS DISTINCT FROM ${request.exceptEventId ?? null}::uuid
      ORDER BY event.occurred_at DESC, event.id DESC LIMIT ${maxOrders}::int
    ) AS found`
  for (const { id, profileId, name, at, data } of once(rows)) {
    const order = orderOf({ id, name, data, t: at.getTime() })
    if (order) historyOf(request, profileId)?.orders.push(order)
  }
}

async function addQualities(tx: Transaction, request: HistoryRequest, asked: readonly Ask[]): Promise<void> {
  const { accountId } = request
  const caps = [...request.asks.qualityCaps]
  const rows = await tx.$queryRaw<{ id: string; profileId: string; quality: Quality; at: Date }[]>`
    SELECT found.id, asked.profile_id AS "profileId", kind.quality::text AS quality, found.at
    FROM unnest(${asked.map(({ profileId }) => profileId)}::uuid[], ${asked.map(({ at }) => at)}::timestamptz[]) AS asked (profile_id, at)
    CROSS JOIN unnest(${caps.map(([quality]) => quality)}::text[]::quality[], ${caps.map(([, cap]) => cap)}::int[]) AS kind (quality, cap)
    CROSS JOIN LATERAL (
      SELECT decision.event_id AS id, decision.occurred_at AS at FROM attribution AS decision
      WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = asked.profile_id
        AND decision.quality = kind.quality AND decision.occurred_at <= asked.at AND decision.event_id IS DISTINCT FROM ${request.exceptEventId ?? null}::uuid
        AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
          AND later.event_id = decision.event_id AND later.revision > decision.revision)
      ORDER BY decision.occurred_at DESC LIMIT kind.cap
    ) AS found`
  for (const { profileId, quality, at } of once(rows)) {
    historyOf(request, profileId)?.qualities.push({ quality, at: at.getTime() })
  }
}

async function addFriends(tx: Transaction, request: HistoryRequest, asked: readonly Ask[]): Promise<void> {
  const times = groupBy(asked, ({ profileId }) => profileId)
  const rows = await tx.$queryRaw<{ id: string; advocateId: string; programId: string; first: Date; latest: Date }[]>`
    SELECT found.id, asked.profile_id AS "advocateId", found.program_id AS "programId",
      found.first_evidence_at AS first, found.latest_evidence_at AS latest
    FROM unnest(${[...times.keys()]}::uuid[]) AS asked (profile_id)
    CROSS JOIN LATERAL (
      SELECT edge.id, edge.program_id, edge.first_evidence_at, edge.latest_evidence_at FROM relationship AS edge
      WHERE edge.account_id = ${request.accountId}::uuid AND edge.advocate_id = asked.profile_id AND edge.withdrawn_at IS NULL
      ORDER BY edge.latest_evidence_at DESC LIMIT ${maxFriends}::int
    ) AS found`
  // A late event sees the latest evidence of its own time.
  const late = rows.flatMap(({ id, advocateId, latest }) =>
    (times.get(advocateId) ?? []).filter(({ at }) => at < latest).map(({ at }) => ({ id, at })),
  )
  const asOf = groupBy(late.length ? await findEvidenceAsOf(tx, request.accountId, late) : [], ({ id }) => id)
  const loaded = new Map(
    [...request.people.values()].flatMap(({ relationships }) =>
      relationships.map((facts) => [facts.id, facts] as const),
    ),
  )
  for (const { id, advocateId, programId, first, latest } of rows) {
    const evidence = [latest, ...(asOf.get(id) ?? []).map(({ at }) => at)].map((at) => at.getTime())
    // A relationship whose friend is of the batch too is shared, so that both see what the batch adds to it.
    const shared = loaded.get(id)
    if (shared) shared.evidence.push(...evidence)
    const facts = shared ?? { id, programId, firstEvidenceAt: first.getTime(), evidence }
    historyOf(request, advocateId)?.friends.push(facts)
  }
}
