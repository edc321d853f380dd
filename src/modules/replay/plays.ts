// Puts what was read of a chunk into plays, one for each person: the world before, and in their order the decisions and all
// else that became known meanwhile.

import { groupBy } from '../../core/group.ts'
import { tellingOf } from '../../core/orders/telling.ts'
import type { JourneyFacts, PersonFacts, TransactionFacts } from '../../core/targeting/facts.ts'
import { requestedCodes } from '../../core/targeting/hints.ts'
import { newPerson } from '../../core/targeting/people.ts'
import type { Moment, Play, Recorded } from '../../core/targeting/replay.ts'
import type { Transaction } from '../../platform/database.ts'
import { codeFacts, sharesByEmail } from '../events/referrals.ts'
import { findOrderOwners } from '../orders/owners.ts'
import { eventFacts, type Group, type Links } from './chunk.ts'
import { loadPeople, type Stock } from './people.ts'
import {
  type AdvocateJourneyRow,
  type DecisionRow,
  findAdvocateJourneys,
  findKnownActivities,
  findOthersEvidence,
  findTransactions,
  type OthersEvidenceRow,
  type Range,
  type TransactionRow,
} from './sql.ts'

/** The plays of a chunk's people, in the order of their ids. */
export async function loadPlays(tx: Transaction, range: Range, stock: Stock): Promise<Play[]> {
  const { crowd, links, wanted } = stock
  const { accountId } = range
  const people = await loadPeople(tx, range, stock)
  const evidence = await findOthersEvidence(tx, range, {
    advocateIds: crowd.profileIds,
    friendIds: wanted.asks.friends ? null : [...links.advocateProfiles, ...crowd.profileIds],
  })
  const transactions = links.transactionIds.length ? await findTransactions(tx, accountId, links.transactionIds) : []
  const others = {
    evidence: groupBy(evidence, ({ advocateId }) => links.nowOf(advocateId)),
    transactions: new Map([...groupBy(transactions, ({ transactionId }) => transactionId)]),
  }
  const orderOwners = await loadOrderOwners(tx, accountId, stock)
  const activities = await loadActivities(tx, accountId, stock)
  const blocked = new Map<string, boolean>()
  for (const person of people.values()) {
    const id = links.nowOf(person.id)
    blocked.set(id, person.blocked || (blocked.get(id) ?? false))
  }
  return crowd.groups.map((group) => playOf(group, { links, people, others, activities, blocked, orderOwners }))
}

interface Material {
  links: Links
  people: ReadonlyMap<string, PersonFacts>
  others: {
    evidence: ReadonlyMap<string, readonly OthersEvidenceRow[]>
    transactions: ReadonlyMap<string, readonly TransactionRow[]>
  }
  activities: Activities
  /** Whoever is there, and whether their events are blocked; under the ids of now. */
  blocked: ReadonlyMap<string, boolean>
  /** By order that the chunk's events tell of, the profile that it was told of first; null where no rule asks. */
  orderOwners: ReadonlyMap<string, string> | null
}

async function loadOrderOwners(tx: Transaction, accountId: string, { crowd, wanted }: Stock) {
  if (!wanted.asks.orders) return null
  const told = crowd.groups.flatMap(({ decisions }) => decisions.flatMap((row) => tellingOf(eventFacts(row)) ?? []))
  if (told.length === 0) return new Map<string, string>()
  const { erasureKey } = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { erasureKey: true } })
  return findOrderOwners(tx, accountId, { ids: told.map(({ orderId }) => orderId), erasureKey })
}

/** By decision, the ADVOCATE journeys of whoever may be credited with it, as they stood then. */
type Activities = ReadonlyMap<DecisionRow, ReadonlyMap<string, readonly JourneyFacts[]>>

/** Who may be credited beside a person, under the ids of now. */
function advocatesOf(group: Group, { links }: Pick<Material, 'links'>): Set<string> {
  const emails = new Set(
    links.identities.flatMap(({ kind, value, profileId }) =>
      kind === 'EMAIL' && group.members.has(profileId) ? [value] : [],
    ),
  )
  const names = new Set(group.decisions.flatMap((row) => requestedCodes(eventFacts(row))))
  const ids = [
    ...links.relationships.filter(({ friendId }) => group.members.has(friendId)),
    ...links.codes.filter(({ code }) => names.has(code)),
    ...links.shares.filter(({ recipients }) => recipients.some((email) => emails.has(email))),
  ].flatMap(({ advocateId }) => (advocateId === null || group.members.has(advocateId) ? [] : [links.nowOf(advocateId)]))
  return new Set(ids)
}

async function loadActivities(tx: Transaction, accountId: string, { crowd, links }: Stock): Promise<Activities> {
  const byGroup = crowd.groups.map((group) => ({ group, advocates: advocatesOf(group, { links }) }))
  const profiles = [...links.advocateProfiles, ...crowd.profileIds]
  const isAnybody = byGroup.some(({ advocates }) => advocates.size > 0)
  const journeys = groupBy(isAnybody ? await findAdvocateJourneys(tx, accountId, profiles) : [], ({ profileId }) =>
    links.nowOf(profileId),
  )
  const asked = byGroup.flatMap(({ group, advocates }) =>
    [...advocates].flatMap((advocateId) =>
      (journeys.get(advocateId) ?? []).flatMap((journey) =>
        group.decisions.map((row) => ({ advocateId, journey, row })),
      ),
    ),
  )
  const found = new Map<DecisionRow, Map<string, JourneyFacts[]>>()
  for (const { group, advocates } of byGroup)
    for (const row of group.decisions) found.set(row, new Map([...advocates].map((id) => [id, []])))
  const known = asked.length
    ? await findKnownActivities(
        tx,
        accountId,
        asked.map(({ journey, row }) => ({ journeyId: journey.id, position: row.position, t: row.t })),
      )
    : []
  for (const { place, at } of known) {
    const one = asked[place - 1]
    if (one) found.get(one.row)?.get(one.advocateId)?.push(advocateJourney(one.journey, at))
  }
  return found
}

const advocateJourney = (row: AdvocateJourneyRow, at: Date): JourneyFacts => ({
  id: row.id,
  personId: row.profileId,
  campaignId: row.campaignId,
  definition: row.definition,
  role: 'ADVOCATE',
  key: '',
  relationshipId: null,
  startedAt: at.getTime(),
  exitedAt: null,
  activities: [at.getTime()],
  partnerIds: new Map(),
})

function playOf(group: Group, material: Material): Play {
  const { links, people } = material
  const nowOf = (id: string) => links.nowOf(id)
  // Until they are merged, the person's profiles are people of their own.
  const rootOf = (id: string) => (group.members.has(id) ? id : nowOf(id))
  const own = new Map<string, PersonFacts>()
  for (const id of group.members) own.set(id, people.get(id) ?? newPerson(id))
  for (const id of advocatesOf(group, material)) {
    const blocked = material.blocked.get(id)
    if (blocked !== undefined) own.set(id, { ...newPerson(id), blocked })
  }
  // Which of the person's own profiles told of an order first comes out as they are played.
  const ofOthers = material.orderOwners && [...material.orderOwners].filter(([, id]) => !group.members.has(id))
  return {
    world: {
      ...{ people: own, codes: new Map(), sharesTo: sharesByEmail(links.shares, rootOf), transactions: new Map() },
      ...(ofOthers ? { orderOwners: new Map(ofOthers.map(([orderId, id]) => [orderId, nowOf(id)])) } : {}),
    },
    moments: inOrder(group, material, rootOf),
    nowOf,
  }
}

/** A moment, and the position of the feed that it comes right before. */
interface Placed {
  readonly position: bigint
  readonly moment: Moment
}

function inOrder(group: Group, material: Material, rootOf: (id: string) => string): Moment[] {
  const known = [
    ...becomesKnown(group, material.links, rootOf),
    ...othersEvidence(group, material, rootOf),
    ...othersTransactions(group, material, rootOf),
  ]
  const latest = new Map<string, number>()
  for (const { eventId, revision } of group.decisions) latest.set(eventId, Math.max(revision, latest.get(eventId) ?? 0))
  const decided = group.decisions.map((row): Placed => {
    const isInForce = latest.get(row.eventId) === row.revision
    return { position: row.position, moment: decisionMoment(row, isInForce, material) }
  })
  // Stable: what becomes known before a decision comes first.
  return [...known, ...decided].sort((a, b) => Number(a.position - b.position)).map(({ moment }) => moment)
}

const decisionMoment = (row: DecisionRow, isInForce: boolean, { links, activities }: Material): Moment => ({
  kind: 'DECISION',
  event: eventFacts(row),
  revision: row.revision,
  isInForce,
  recorded: recordedIn(row, links),
  version: row.version,
  advocates: activities.get(row) ?? new Map(),
})

const recordedIn = (row: DecisionRow, { nowOf }: Links): Recorded => ({
  status: row.status,
  campaignId: row.campaignId,
  definition: row.definition,
  key: row.key,
  advocateId: row.advocateId && nowOf(row.advocateId),
  quality: row.quality,
  journeyId: row.journeyId,
  relationshipId: row.relationshipId,
})

/** How long after a merge that names no event a decision may be dated that was taken before it, in the same batch. */
const skewMs = 5_000

/** Merges, identifiers and codes, each before the first decision that was taken after it. */
function becomesKnown(group: Group, links: Links, rootOf: (id: string) => string): Placed[] {
  const placed: Placed[] = []
  const place = (moment: Moment, since: Date, isOver = (_: DecisionRow) => true) => {
    const first = group.decisions.find((row) => row.decidedAt >= since && isOver(row))
    if (first) placed.push({ position: first.position, moment })
  }
  for (const { kind, value, profileId, createdAt } of links.identities) {
    if (group.members.has(profileId)) place({ kind: 'IDENTIFIER', profileId, identifier: { kind, value } }, createdAt)
  }
  for (const { loserId, survivorId, mergedAt, eventId, isManual } of links.merges) {
    if (!group.members.has(loserId)) continue
    const moment: Moment = { kind: 'MERGE', loserId, survivorId }
    const shown = eventId === null ? undefined : group.decisions.find((row) => row.eventId === eventId)
    if (shown) {
      placed.push({ position: shown.position, moment })
      continue
    }
    // An event of before that is not known: decisions about the loser in its batch came first, whatever their clocks said.
    const until = mergedAt.getTime() + skewMs
    const isBefore = (row: DecisionRow) => row.profileId === loserId && row.decidedAt.getTime() < until
    const isDated = isManual || eventId !== null
    const last = isDated ? -1n : (group.decisions.findLast(isBefore)?.position ?? -1n)
    place(moment, mergedAt, ({ position }) => position > last)
  }
  const names = new Set(group.decisions.flatMap((row) => requestedCodes(eventFacts(row))))
  for (const row of links.codes)
    if (names.has(row.code)) place({ kind: 'CODE', code: codeFacts(row, rootOf) }, row.createdAt)
  return placed
}

function othersEvidence({ rootId, members }: Group, { others }: Material, rootOf: (id: string) => string): Placed[] {
  const rows = (others.evidence.get(rootId) ?? []).filter(({ friendId }) => !members.has(friendId))
  return rows.flatMap(({ id, advocateId, friendId, programId, campaignId, first, latest, position }) => {
    const relationship = { id, advocateId, friendId: rootOf(friendId), programId, campaignId }
    const times = first.getTime() === latest.getTime() ? [first] : [first, latest]
    return times.map((at): Placed => ({ position, moment: { kind: 'EVIDENCE', relationship, at: at.getTime() } }))
  })
}

/** Transactions that somebody else began, or the person before the range. */
function othersTransactions(group: Group, { links, others }: Material, rootOf: (id: string) => string): Placed[] {
  const own = new Set(group.decisions.map(({ eventId }) => eventId))
  const ids = new Set(links.transactionIds)
  return [...others.transactions].flatMap(([id, rows]) =>
    ids.has(id)
      ? rows
          .filter(({ eventId }) => !own.has(eventId))
          .map(
            (row): Placed => ({
              position: row.position,
              moment: { kind: 'TRANSACTION', id, facts: factsOf(row, rootOf) },
            }),
          )
      : [],
  )
}

function factsOf(row: TransactionRow, rootOf: (id: string) => string): TransactionFacts {
  const { transactionId: _, profileId: __, position: ___, journeyId, definition, role, key, advocateId, ...facts } = row
  return {
    ...facts,
    advocateId: advocateId && rootOf(advocateId),
    journey: journeyId && definition !== null && role && key !== null ? { id: journeyId, definition, role, key } : null,
  }
}
