// The people of a chunk as they stood before the range, profile by profile, and their advocates: what decisions read of them.

import { groupBy } from '../../core/group.ts'
import type { JourneyFacts, JsonObject, PersonFacts, RelationshipFacts } from '../../core/targeting/facts.ts'
import { readHints } from '../../core/targeting/hints.ts'
import { factsOf, newPerson } from '../../core/targeting/people.ts'
import type { Transaction } from '../../platform/database.ts'
import { findMemberships } from '../audiences/sql.ts'
import { fieldsOfRow } from '../member-fields/rows.ts'
import { readOrderFact } from '../orders/facts-sql.ts'
import { findProfiles } from '../profiles/sql.ts'
import {
  type Asked,
  type Before,
  findCreditsBefore,
  findEventsBefore,
  findEvidenceBefore,
  findJourneysBefore,
  findOrdersBefore,
  findPartnersBefore,
  findQualitiesBefore,
} from './before-sql.ts'
import { type Crowd, eventFacts, type Links, type Wanted } from './chunk.ts'
import type { Range } from './sql.ts'

interface Draft extends PersonFacts {
  blocked: boolean
  fields: JsonObject
  audienceIds: Set<string>
}

export interface Stock {
  readonly crowd: Crowd
  readonly wanted: Wanted
  readonly links: Links
}

/** By profile: the crowd's profiles, and those of advocates by the person they are now. */
export async function loadPeople(tx: Transaction, range: Range, stock: Stock): Promise<Map<string, PersonFacts>> {
  const { crowd, links, wanted } = stock
  const { accountId, from } = range
  const people = new Map<string, Draft>()
  const own = new Set(crowd.profileIds)
  const draftOf = (id: string): Draft => {
    const known = people.get(id) ?? { ...newPerson(id), blocked: false, fields: {}, audienceIds: new Set<string>() }
    people.set(id, known)
    return known
  }
  for (const row of await findProfiles(tx, accountId, [...crowd.profileIds, ...links.advocateProfiles])) {
    const person = draftOf(own.has(row.id) ? row.id : links.nowOf(row.id))
    if (own.has(row.id)) Object.assign(person, factsOf(fieldsOfRow(row)))
    person.blocked ||= row.blocked
  }
  const audienceIds = [...wanted.asks.audienceIds]
  if (audienceIds.length) {
    const memberships = await findMemberships(tx, accountId, { audienceIds, profileIds: crowd.profileIds })
    for (const { audienceId, profileId } of memberships) people.get(profileId)?.audienceIds.add(audienceId)
  }
  const earliest = new Map(
    crowd.groups.flatMap(({ members, earliest: t }) => [...members].map((id) => [id, t] as const)),
  )
  const before = { accountId, from, first: range.first }
  await addJourneys(tx, before, { people, crowd, earliest })
  await addRelationships(tx, before, { people, links, earliest })
  await addHistory(tx, before, { people, wanted, earliest })
  return people
}

interface Scene {
  people: ReadonlyMap<string, PersonFacts>
  /** Of each of the crowd's profiles, the earliest time that the person is looked at. */
  earliest: ReadonlyMap<string, Date>
}

async function addJourneys(
  tx: Transaction,
  before: Before,
  { people, crowd, earliest }: Scene & { crowd: Crowd },
): Promise<void> {
  const rows = await findJourneysBefore(tx, before, crowd.profileIds)
  if (rows.length === 0) return
  const asked = rows.map(({ id, profileId }): Asked => ({ id, t: earliest.get(profileId) ?? before.from }))
  const credits = groupBy(await findCreditsBefore(tx, before, asked), ({ id }) => id)
  const given = crowd.groups.flatMap(({ decisions }) => decisions.map(eventFacts))
  const partnerIds = [...new Set(given.flatMap((event) => readHints(event).partnerId ?? []))]
  const journeyIds = rows.map(({ id }) => id)
  const partners = groupBy(
    partnerIds.length ? await findPartnersBefore(tx, before, { journeyIds, partnerIds }) : [],
    ({ journeyId }) => journeyId,
  )
  for (const { profileId, startedAt, exitedAt, ...row } of rows) {
    const activities = credits.get(row.id)?.map(({ at }) => at.getTime())
    // Without a credit from before, it began in the range or was withdrawn.
    if (!activities) continue
    const journey: JourneyFacts = {
      ...row,
      personId: profileId,
      startedAt: startedAt.getTime(),
      exitedAt: exitedAt?.getTime() ?? null,
      activities,
      partnerIds: new Map((partners.get(row.id) ?? []).map(({ partnerId, at }) => [partnerId, at.getTime()])),
    }
    people.get(profileId)?.journeys.push(journey)
  }
}

async function addRelationships(
  tx: Transaction,
  before: Before,
  { people, links, earliest }: Scene & { links: Links },
): Promise<void> {
  const { relationships, nowOf } = links
  if (relationships.length === 0) return
  const asked = relationships.map(({ id, friendId }): Asked => ({ id, t: earliest.get(friendId) ?? before.from }))
  const evidence = new Map((await findEvidenceBefore(tx, before, asked)).map((row) => [row.id, row]))
  for (const { id, friendId, advocateId, programId, campaignId } of relationships) {
    const known = evidence.get(id)
    if (!known) continue
    const { first, latest, later, matched } = known
    const facts: RelationshipFacts = {
      id,
      friendId,
      advocateId: people.has(advocateId) ? advocateId : nowOf(advocateId),
      programId,
      campaignId,
      firstEvidenceAt: first.getTime(),
      evidence: [first, ...(latest ? [latest] : []), ...(later ?? [])].map((at) => at.getTime()),
      matchedCodeIds: new Set(matched ?? []),
    }
    people.get(friendId)?.relationships.push(facts)
  }
}

async function addHistory(
  tx: Transaction,
  before: Before,
  { people, wanted, earliest }: Scene & { wanted: Wanted },
): Promise<void> {
  const { eventCaps, orders, items, qualityCaps } = wanted.asks
  const asked = [...earliest].map(([id, t]): Asked => ({ id, t }))
  if (asked.length === 0) return
  if (eventCaps.size > 0) {
    const times = asked.flatMap((one) => [...eventCaps].map(([name, cap]) => ({ ...one, name, cap })))
    for (const { id, name, at } of await findEventsBefore(tx, before, times)) {
      const events = people.get(id)?.history.events
      events?.set(name, [...(events.get(name) ?? []), at.getTime()])
    }
  }
  if (orders) {
    const asked = { profileIds: [...earliest.keys()], items }
    for (const { profileId, value } of await findOrdersBefore(tx, before, asked))
      people.get(profileId)?.history.orders.push(readOrderFact(value))
  }
  if (qualityCaps.size > 0) {
    for (const { id, quality, at } of await findQualitiesBefore(tx, before, { asked, caps: [...qualityCaps] }))
      people.get(id)?.history.qualities.push({ quality, at: at.getTime() })
  }
}
