// Loads what a batch's decisions can depend on: the codes its hints name, its people with their journeys and relationships,
// their advocates' journeys, and the memberships that the rules ask for. One statement a kind, whatever the batch's size.

import { groupBy } from '../../core/group.ts'
import { tellingOf } from '../../core/orders/telling.ts'
import type {
  EventFacts,
  Instant,
  JourneyFacts,
  JsonObject,
  PersonFacts,
  RelationshipFacts,
  World,
} from '../../core/targeting/facts.ts'
import { factsOf, newPerson } from '../../core/targeting/people.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import type { Sql } from '../../platform/database.ts'
import { findMemberships } from '../audiences/sql.ts'
import { type CodeRow, findCodes, findSharesTo, type ShareRow } from '../codes/sql.ts'
import { findActivitiesIn, findJourneys, findPartnerIds, type JourneyRow } from '../journeys/sql.ts'
import { foldPerson, type PersonRow } from '../member-fields/rows.ts'
import { findOrderOwners } from '../orders/owners.ts'
import type { KnownPerson } from '../profiles/resolve.ts'
import { findMembers, findProfiles, type MemberNow } from '../profiles/sql.ts'
import {
  findEvidenceIn,
  findRelationships,
  findRelationshipsBetween,
  type RelationshipRow,
} from '../relationships/sql.ts'
import { loadHistory } from './person-history.ts'
import { addMatchedCodes, addOpposites, codeFacts, relationshipFacts, sharesByEmail } from './referrals.ts'
import { loadTransactions } from './transactions.ts'

export interface WorldRequest {
  accountId: string
  events: readonly EventFacts[]
  rules: RuleSet
  /** What orders of erased people are known by; null where nobody was erased. */
  erasureKey: string | null
  /** Times at which somebody is looked at beside those of the events. */
  moments: readonly Moment[]
  /** Upper-cased codes that the events' hints name. */
  codes: readonly string[]
  /** E-mail addresses of the events' people, those that the events themselves tell included. */
  emails: readonly string[]
  /** Transactions that follow-ups among the events name. */
  transactionIds: readonly string[]
  /** Partner ids that came with the events. */
  partnerIds: readonly string[]
  /** The fields of people who are not stored. */
  defaults: JsonObject
  /** The events' people, as they were before the batch. */
  people: readonly KnownPerson[]
  /** Everybody who was locked, as they are now, and the links as of then, where they were. */
  locked?: readonly MemberNow[]
  links?: Links
  /** The person that somebody of the batch is after its last event. */
  rootOf(personId: string): string
  /** All profiles that are the person after the last event. */
  membersOf(personId: string): readonly string[]
}

export interface Moment {
  readonly personId: string
  readonly t: Instant
  /** Of the event that is to be decided then. */
  readonly name: string
}

/** The links of a batch to people beside its own. */
export interface Links {
  readonly codes: readonly CodeRow[]
  readonly shares: readonly ShareRow[]
  readonly relationships: readonly RelationshipRow[]
}

export type LinkRequest = Pick<WorldRequest, 'accountId' | 'codes' | 'emails' | 'people'>

/** As they stand in this transaction. */
export async function findLinks(tx: Sql, request: LinkRequest): Promise<Links> {
  const { accountId, codes, emails } = request
  const [found, shares, relationships] = await Promise.all([
    codes.length ? findCodes(tx, accountId, codes) : [],
    emails.length ? findSharesTo(tx, accountId, emails) : [],
    findRelationships(tx, accountId, membersOfAll(request)),
  ])
  return { codes: found, shares, relationships }
}

const advocatesOf = ({ codes, shares, relationships }: Links): string[] => [
  ...new Set([...codes, ...shares, ...relationships].flatMap(({ advocateId }) => advocateId ?? [])),
]

/** The people beside the events' own whom decisions read of: advocates named by codes and shares, and those of the people's relationships. */
export async function findAdvocates(tx: Sql, request: LinkRequest): Promise<string[]> {
  const ids = advocatesOf(await findLinks(tx, request))
  if (ids.length === 0) return []
  const members = await findMembers(tx, request.accountId, ids)
  return [...new Set(members.map(({ rootId }) => rootId))]
}

const membersOfAll = ({ people }: Pick<WorldRequest, 'people'>) => people.flatMap(({ members }) => members)

/** The world of the batch, as it stands in this transaction. */
export async function loadWorld(tx: Sql, request: WorldRequest): Promise<World> {
  const { accountId } = request
  const links = request.links ?? (await findLinks(tx, request))
  const cast = await loadCast(tx, request, links)
  const friendIds = membersOfAll(request)
  const own = new Set(friendIds)
  const advocateIds = cast.profileIds.filter((id) => !own.has(id))
  // What does not wait for another's rows is asked for together.
  const [people, journeys, opposites] = await Promise.all([
    loadPeople(tx, request, cast),
    findJourneys(tx, accountId, cast.profileIds),
    advocateIds.length
      ? findRelationshipsBetween(tx, accountId, { friendIds: advocateIds, advocateIds: friendIds })
      : [],
  ])
  const times = new Times(request)
  await addRelationships(tx, request, { relationships: links.relationships, cast, people, times })
  if (links.shares.length) await addMatchedCodes(tx, accountId, people)
  addOpposites(opposites, { people, rootOf: cast.rootOf })
  await addJourneys(tx, request, { journeys, cast, people, times })
  await loadHistory(tx, {
    ...request,
    asks: request.rules.asks,
    asksOf: (name) => request.rules.plans.get(name)?.asks,
    moments: momentsOf(request),
    people,
    rootOf: cast.rootOf,
  })
  return {
    people,
    codes: new Map(links.codes.map((row) => [row.code, codeFacts(row, cast.rootOf)])),
    sharesTo: sharesByEmail(links.shares, cast.rootOf),
    transactions: await loadTransactions(tx, accountId, { ids: request.transactionIds, rootOf: cast.rootOf }),
    orderOwners: await loadOwners(tx, request, cast.rootOf),
  }
}

/** Asked only where an event tells of an order and a criterion of the account asks about orders. */
async function loadOwners(
  tx: Sql,
  { accountId, rules, events, erasureKey }: WorldRequest,
  rootOf: (profileId: string) => string,
): Promise<Map<string, string>> {
  const ids = rules.asks.orders ? events.flatMap((event) => tellingOf(event)?.orderId ?? []) : []
  if (ids.length === 0) return new Map()
  const owners = await findOrderOwners(tx, accountId, { ids, erasureKey })
  return new Map([...owners].map(([id, profileId]) => [id, rootOf(profileId)]))
}

const momentsOf = ({ events, moments }: Pick<WorldRequest, 'events' | 'moments'>): readonly Moment[] => [
  ...events.map(({ personId, t, name }) => ({ personId, t, name })),
  ...moments,
]

/** Everybody who appears, with all their profiles. */
interface Cast {
  rootOf(profileId: string): string
  /** The events' people and the advocates. */
  readonly roots: ReadonlySet<string>
  readonly profileIds: readonly string[]
}

async function loadCast(tx: Sql, request: WorldRequest, links: Links): Promise<Cast> {
  const roots = new Map<string, string>()
  for (const { id, members } of request.people) for (const member of members) roots.set(member, id)
  for (const { profileId, rootId } of request.locked ?? []) roots.set(profileId, rootId)
  const unknown = advocatesOf(links).filter((id) => !roots.has(id))
  if (unknown.length) {
    for (const { profileId, rootId } of await findMembers(tx, request.accountId, unknown)) roots.set(profileId, rootId)
  }
  return { rootOf: (id) => roots.get(id) ?? id, roots: new Set(roots.values()), profileIds: [...roots.keys()] }
}

async function loadPeople(tx: Sql, request: WorldRequest, cast: Cast): Promise<Map<string, PersonFacts>> {
  const { accountId, rules } = request
  const audienceIds = [...rules.asks.audienceIds]
  const members = membersOfAll(request)
  const locked = (request.locked ?? []).map(({ profileId: id, ...row }): PersonRow => ({ id, ...row }))
  const known = new Set(locked.map(({ id }) => id))
  const unknown = cast.profileIds.filter((id) => !known.has(id))
  const [others, memberships] = await Promise.all([
    unknown.length ? findProfiles(tx, accountId, unknown) : [],
    audienceIds.length ? findMemberships(tx, accountId, { audienceIds, profileIds: members }) : [],
  ])
  const profiles = [...locked, ...others].sort((a, b) => (a.id < b.id ? -1 : 1))
  const newcomer = (id: string) => ({ ...emptyPerson(id), fields: { ...request.defaults } })
  const people = new Map([...cast.roots].map((id) => [id, newcomer(id)]))
  for (const [id, rows] of groupBy(profiles, (row) => cast.rootOf(row.id))) {
    const person = people.get(id)
    if (!person) continue
    Object.assign(person, factsOf(foldPerson(rows, id)))
    person.blocked = rows.some(({ blocked }) => blocked)
  }
  for (const { id, identifiers } of request.people) {
    const { identities } = people.get(id) ?? emptyPerson(id)
    for (const { kind, value } of identifiers) (identities[kind] ??= []).push(value)
  }
  for (const { audienceId, profileId } of memberships) people.get(cast.rootOf(profileId))?.audienceIds.add(audienceId)
  return people
}

function emptyPerson(id: string) {
  return {
    id,
    blocked: false,
    fields: {} as Record<string, unknown>,
    identities: {} as Record<string, string[]>,
    audienceIds: new Set<string>(),
    journeys: [] as JourneyFacts[],
    relationships: [] as RelationshipFacts[],
    history: newPerson(id).history,
  }
}

interface Scene {
  cast: Cast
  times: Times
  people: ReadonlyMap<string, PersonFacts>
}

async function addRelationships(
  tx: Sql,
  request: WorldRequest,
  { relationships, cast, people, times }: Scene & { relationships: readonly RelationshipRow[] },
): Promise<void> {
  const spans = relationships.flatMap((row) => times.before(cast.rootOf(row.friendId), row.latestEvidenceAt, row.id))
  const asOf = groupBy(spans.length ? await findEvidenceIn(tx, request.accountId, spans) : [], ({ id }) => id)
  for (const row of relationships) {
    const evidence = [row.latestEvidenceAt, ...(asOf.get(row.id) ?? []).map(({ at }) => at)]
    people.get(cast.rootOf(row.friendId))?.relationships.push(relationshipFacts(row, cast.rootOf, evidence))
  }
}

async function addJourneys(
  tx: Sql,
  request: WorldRequest,
  { journeys: rows, cast, people, times }: Scene & { journeys: readonly JourneyRow[] },
): Promise<void> {
  const { accountId, partnerIds } = request
  // An advocate's journey is read at the times of anybody's events, a person's own at their own.
  const spans = rows.flatMap((row) =>
    times.before(row.role === 'ADVOCATE' ? null : cast.rootOf(row.profileId), row.lastActivityAt, row.id),
  )
  const asOf = groupBy(spans.length ? await findActivitiesIn(tx, accountId, spans) : [], ({ id }) => id)
  const partners = groupBy(
    partnerIds.length && rows.length
      ? await findPartnerIds(tx, accountId, { journeyIds: rows.map(({ id }) => id), partnerIds })
      : [],
    ({ journeyId }) => journeyId,
  )
  for (const row of rows) {
    const personId = cast.rootOf(row.profileId)
    people.get(personId)?.journeys.push({
      id: row.id,
      personId,
      campaignId: row.campaignId,
      definition: row.definition,
      role: row.role,
      key: row.key,
      relationshipId: row.relationshipId,
      startedAt: row.startedAt.getTime(),
      exitedAt: row.exitedAt?.getTime() ?? null,
      activities: [row.lastActivityAt, ...(asOf.get(row.id) ?? []).map(({ at }) => at)].map((at) => at.getTime()),
      partnerIds: new Map((partners.get(row.id) ?? []).map(({ partnerId, at }) => [partnerId, at.getTime()])),
    })
  }
}

/** When people are looked at. */
class Times {
  readonly #all: readonly Instant[]
  readonly #byPerson: ReadonlyMap<string, readonly Instant[]>
  readonly #rootOf: (personId: string) => string

  constructor(request: WorldRequest) {
    const moments = momentsOf(request)
    const inOrder = (found: readonly Moment[]) => [...new Set(found.map(({ t }) => t))].sort((a, b) => a - b)
    this.#rootOf = (id) => request.rootOf(id)
    this.#all = inOrder(moments)
    this.#byPerson = new Map(
      [...groupBy(moments, ({ personId }) => request.rootOf(personId))].map(([id, found]) => [id, inOrder(found)]),
    )
  }

  /** From the first to the last time at which the person (null: anybody) is looked at before the latest sign of something. */
  before(personId: string | null, latest: Date, id: string): { id: string; from: Date; to: Date }[] {
    const times = personId === null ? this.#all : (this.#byPerson.get(this.#rootOf(personId)) ?? [])
    const [first] = times
    if (first === undefined || first >= latest.getTime()) return []
    const last = times.findLast((t) => t < latest.getTime()) ?? first
    return [{ id, from: new Date(first), to: new Date(last) }]
  }
}
