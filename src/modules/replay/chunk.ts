// A chunk of people with their decisions in a range: who they are now, under which profiles, and who may be credited beside them.

import { groupBy } from '../../core/group.ts'
import { transactionIdOf } from '../../core/orders.ts'
import type { Asks } from '../../core/rules/asks.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { EventFacts } from '../../core/targeting/facts.ts'
import { requestedCodes } from '../../core/targeting/hints.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import type { Transaction } from '../../platform/database.ts'
import { type CodeRow, findCodes, findSharesTo, type ShareRow } from '../codes/sql.ts'
import { findMembers } from '../profiles/sql.ts'
import { findRelationships, type RelationshipRow } from '../relationships/sql.ts'
import {
  type DecisionRow,
  findDecisions,
  findIdentities,
  findMerges,
  type IdentityRow,
  type MergeRow,
  type Range,
} from './sql.ts'

/** One person, under all profiles that are this person now. */
export interface Group {
  readonly rootId: string
  readonly members: ReadonlySet<string>
  /** In the order of the feed. */
  readonly decisions: readonly DecisionRow[]
  /** The earliest time of its events. */
  readonly earliest: Date
}

/** The people of a page of profiles. */
export interface Crowd {
  readonly groups: readonly Group[]
  /** All profiles of the groups. */
  readonly profileIds: readonly string[]
}

/** Each person comes with the page that holds the first of their profiles that has decisions in the range. */
export async function findCrowd(tx: Transaction, range: Range, page: readonly string[]): Promise<Crowd> {
  const members = await findMembers(tx, range.accountId, page)
  const roots = new Map(members.map(({ profileId, rootId }) => [profileId, rootId]))
  const decisions = await findDecisions(tx, range, [...roots.keys()])
  const known = new Set(decisions.flatMap(({ revision, eventId }) => (revision === 1 ? [eventId] : [])))
  const byRoot = groupBy(
    decisions.filter(({ eventId }) => known.has(eventId)),
    ({ profileId }) => roots.get(profileId) ?? profileId,
  )
  const groups = [...byRoot].flatMap(([rootId, rows]): Group[] => {
    const own = new Set(members.flatMap((member) => (member.rootId === rootId ? [member.profileId] : [])))
    const times = rows.map(({ t }) => t.getTime())
    return [{ rootId, members: own, decisions: rows, earliest: new Date(Math.min(...times)) }]
  })
  return { groups, profileIds: groups.flatMap(({ members: own }) => [...own]) }
}

/** What the rules of the chunk ask of people, all together. */
export interface Wanted {
  readonly asks: Asks
  readonly hasFriendFlows: boolean
  readonly followUps: ReadonlySet<string>
}

export function wantedBy(rules: Iterable<RuleSet>): Wanted {
  const audienceIds = new Set<string>()
  const eventCaps = new Map<string, number>()
  const followUps = new Set<string>()
  const qualityCaps = new Map<Quality, number>()
  let [orders, items, friends, hasFriendFlows] = [false, false, false, false]
  for (const set of rules) {
    for (const id of set.asks.audienceIds) audienceIds.add(id)
    for (const [name, cap] of set.asks.eventCaps) eventCaps.set(name, Math.max(cap, eventCaps.get(name) ?? 0))
    for (const name of set.followUps) followUps.add(name)
    orders ||= set.asks.orders
    items ||= set.asks.items
    friends ||= set.asks.friends
    for (const [is, cap] of set.asks.qualityCaps) qualityCaps.set(is, Math.max(cap, qualityCaps.get(is) ?? 0))
    hasFriendFlows ||= set.hasFriendFlows
  }
  return { asks: { audienceIds, eventCaps, orders, items, qualityCaps, friends }, hasFriendFlows, followUps }
}

/** What connects the people with others. */
export interface Links {
  readonly identities: readonly IdentityRow[]
  readonly merges: readonly MergeRow[]
  readonly codes: readonly CodeRow[]
  readonly shares: readonly ShareRow[]
  readonly relationships: readonly RelationshipRow[]
  /** Of follow-ups. */
  readonly transactionIds: readonly string[]
  /** The person that a profile belongs to now, advocates included. */
  nowOf(profileId: string): string
  /** All profiles of the advocates who are none of the people. */
  readonly advocateProfiles: readonly string[]
}

export async function findLinks(
  tx: Transaction,
  { accountId }: Range,
  { crowd, wanted }: { crowd: Crowd; wanted: Wanted },
): Promise<Links> {
  const { groups, profileIds } = crowd
  const events = groups.flatMap(({ decisions }) => decisions.map(eventFacts))
  const names = [...new Set(events.flatMap(requestedCodes))]
  const identities = await findIdentities(tx, accountId, profileIds)
  const emails = wanted.hasFriendFlows ? identities.flatMap(({ kind, value }) => (kind === 'EMAIL' ? [value] : [])) : []
  const codes = names.length ? await findCodes(tx, accountId, names) : []
  const shares = emails.length ? await findSharesTo(tx, accountId, emails) : []
  const relationships = await findRelationships(tx, accountId, profileIds)
  const own = new Map(groups.flatMap(({ rootId, members }) => [...members].map((id) => [id, rootId] as const)))
  const advocateIds = [...codes, ...shares, ...relationships].flatMap(({ advocateId }) => advocateId ?? [])
  const strangers = [...new Set(advocateIds)].filter((id) => !own.has(id))
  const members = strangers.length ? await findMembers(tx, accountId, strangers) : []
  const roots = new Map([...own, ...members.map(({ profileId, rootId }) => [profileId, rootId] as const)])
  return {
    identities,
    merges: await findMerges(tx, accountId, profileIds),
    codes,
    shares,
    relationships,
    transactionIds: [
      ...new Set(events.flatMap(({ name, data }) => (wanted.followUps.has(name) ? (transactionIdOf(data) ?? []) : []))),
    ],
    nowOf: (id) => roots.get(id) ?? id,
    advocateProfiles: members.map(({ profileId }) => profileId),
  }
}

/** A stored event as decisions read it. */
export const eventFacts = (row: DecisionRow): EventFacts => ({
  id: row.eventId,
  name: row.name,
  personId: row.profileId,
  t: row.t.getTime(),
  data: row.data,
  ...(row.targeting ? { targeting: row.targeting } : {}),
  ...(row.userAgent ? { userAgent: row.userAgent } : {}),
})
