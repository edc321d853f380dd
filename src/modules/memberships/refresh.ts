// Brings memberships of dynamic audiences up to date in the transaction of a write: whoever it was about is judged anew by the
// audiences that it may concern. The people have to be locked, and everything else of them written.

import { concernedBy, type DynamicAudience, type DynamicAudiences, type Touch } from '../../core/audiences/dynamic.ts'
import { judge } from '../../core/audiences/judge.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { Instant } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import { type Asked, type Known, loadFacts, type Seat, type Somebody } from './facts.ts'
import {
  type Due,
  type MembershipCause,
  type MembershipChange,
  type Poke,
  writeChanges,
  writeDues,
  writePokes,
} from './sql.ts'

export interface Cause {
  readonly cause: MembershipCause
  readonly eventId: string | null
}

/** Somebody whom something happened to. */
export interface Touched extends Somebody {
  /**
   * ALL: any audience may be concerned. A list: these are judged, and what asks about them. Audiences that ask about others are
   * judged only where they are in a list: else it is noted that they are to be, a moment later.
   */
  readonly touch: Touch | 'ALL' | readonly DynamicAudience[]
  /** Why the person would enter or leave the audience. */
  causeOf(audience: DynamicAudience): Cause
  /** Decisions about the person that are not stored yet. */
  readonly decided?: readonly { quality: Quality; at: Instant }[]
}

export interface Refreshing {
  readonly audiences: DynamicAudiences
  readonly touched: readonly Touched[]
  /** As of when they are judged. */
  readonly now: Date
  /** As for facts; needed where a list names audiences that ask about others. */
  findPeople?: Asked['findPeople']
  /** Of which of the people the audience's rule is true by what the database has; needed as `findPeople` is. */
  findTrue?(audience: DynamicAudience, personIds: readonly string[]): Promise<ReadonlySet<string>>
  /** Is told when time alone may change something; the transaction is still to be committed then. */
  expect(at: Date): void
}

/** Returns what changed; nothing is asked of the database where nothing can have. */
export async function refreshMemberships(
  sql: Sql,
  accountId: string,
  refreshing: Refreshing,
): Promise<readonly MembershipChange[]> {
  const { audiences, touched, now, expect, findPeople } = refreshing
  if (audiences.beyond && (await notePokes(sql, accountId, refreshing))) expect(now)
  const asked = touched.flatMap((one) => {
    const concerned = concernedOf(audiences, one.touch)
    return concerned.size > 0 ? [{ one, concerned }] : []
  })
  if (asked.length === 0) return []
  const facts = await loadFacts(sql, accountId, {
    people: asked.map(({ one }) => one),
    audiences: [...new Set(asked.flatMap(({ concerned }) => [...concerned]))],
    now,
    ...(findPeople ? { findPeople } : {}),
  })
  const told = await toldOfMany(asked, { facts, refreshing })
  const changes: MembershipChange[] = []
  const dues: Due[] = []
  for (const { one, concerned } of asked) {
    const known = facts.get(one.personId)
    if (!known) continue
    known.person.history.qualities.push(...(one.decided ?? []))
    for (const verdict of judge(audiences, concerned, {
      person: known.person,
      t: now.getTime(),
      told: told.get(one.personId),
    })) {
      const { audience, dueAt } = verdict
      const isMember = verdict.isMember && !known.erased
      const said = { audienceId: audience.id, ruleVersion: audience.version, ...one.causeOf(audience) }
      for (const move of movesOf(one.personId, { isMember, seats: seatsIn(known, audience), now }))
        changes.push({ ...said, ...move })
      if (audience.isTimed || dueAt !== null) dues.push(...duesOf(one, audience.id, dueAt))
    }
  }
  await Promise.all([
    dues.length > 0 && writeDues(sql, accountId, dues),
    changes.length > 0 && writeChanges(sql, accountId, { changes, at: now }),
  ])
  const first = dues.reduce((least, { dueAt }) => Math.min(least, dueAt?.getTime() ?? least), Number.POSITIVE_INFINITY)
  if (Number.isFinite(first)) expect(new Date(first))
  return changes
}

/** By person and audience, what its rule says of those who have more friends than were loaded, where it asks about friends. */
async function toldOfMany(
  asked: readonly { one: Touched; concerned: ReadonlySet<DynamicAudience> }[],
  { facts, refreshing }: { facts: ReadonlyMap<string, Known>; refreshing: Refreshing },
): Promise<ReadonlyMap<string, ReadonlyMap<string, boolean>>> {
  const told = new Map<string, Map<string, boolean>>()
  const many = asked.filter(({ one }) => facts.get(one.personId)?.friendsCut)
  const audiences = new Set(many.flatMap(({ concerned }) => [...concerned].filter(asksFriends)))
  for (const audience of audiences) {
    if (!refreshing.findTrue) throw new Error('who asks about others says of whom it is true')
    const ids = many.flatMap(({ one, concerned }) => (concerned.has(audience) ? one.personId : []))
    const found = await refreshing.findTrue(audience, ids)
    for (const id of ids) told.set(id, (told.get(id) ?? new Map()).set(audience.id, found.has(id)))
  }
  return told
}

const asksFriends = ({ others }: DynamicAudience): boolean => others.some(({ as }) => as === 'ADVOCATE')

function concernedOf(audiences: DynamicAudiences, touch: Touched['touch']): ReadonlySet<DynamicAudience> {
  const own = (found: Iterable<DynamicAudience>) => [...found].filter(({ others }) => others.length === 0)
  if (!isList(touch)) return new Set(own(anyConcerned(audiences, touch)))
  return new Set([...touch, ...own(concernedBy(audiences, { audiences: touch.map(({ id }) => id) }))])
}

const isList = (touch: Touched['touch']): touch is readonly DynamicAudience[] => Array.isArray(touch)

const anyConcerned = (audiences: DynamicAudiences, touch: Touch | 'ALL'): Iterable<DynamicAudience> =>
  touch === 'ALL' ? audiences.inOrder : concernedBy(audiences, touch)

/** Notes who is to be judged by audiences that ask about others: the touched themselves, and whom they are related to. */
async function notePokes(sql: Sql, accountId: string, { audiences, touched }: Refreshing): Promise<boolean> {
  const pokes: Poke[] = []
  for (const { personId, members, touch, causeOf } of touched) {
    const concerned = [...anyConcerned(audiences, isList(touch) ? { audiences: touch.map(({ id }) => id) } : touch)]
    for (const audience of concerned) {
      if (audience.others.length === 0) continue
      pokes.push({ audienceId: audience.id, profileId: personId, side: null, eventId: causeOf(audience).eventId })
    }
    const asked = isList(touch) ? touch : concerned
    const ids = { audiences: [...asked, ...concerned].map(({ id }) => id) }
    const beyond =
      audiences.beyond &&
      anyConcerned(audiences.beyond, touch === 'ALL' ? touch : isList(touch) ? ids : { ...touch, ...ids })
    for (const other of beyond ?? []) {
      const audience = audiences.byId.get(other.id)
      const as = audience?.others.find((one) => one.audience === other)?.as
      if (!audience || !as) continue
      const { eventId } = causeOf(audience)
      for (const profileId of members) pokes.push({ audienceId: other.id, profileId, side: as, eventId })
    }
  }
  if (pokes.length > 0) await writePokes(sql, accountId, pokes)
  return pokes.length > 0
}

const seatsIn = ({ seats }: Known, { id }: DynamicAudience) => seats.filter(({ audienceId }) => audienceId === id)

type Move = Pick<MembershipChange, 'profileId' | 'entered' | 'since'>

/** What brings a person's seats to one of their own, or to none: those of profiles merged into the person are given up. */
function movesOf(
  personId: string,
  { isMember, seats, now }: { isMember: boolean; seats: readonly Seat[]; now: Date },
): Move[] {
  const stays = isMember && seats.some(({ profileId }) => profileId === personId)
  const leave = seats.filter(({ profileId }) => !(stays && profileId === personId))
  const since = new Date(Math.min(now.getTime(), ...seats.map((seat) => seat.since.getTime())))
  return [
    ...leave.map(({ profileId }) => ({ profileId, entered: false, since: now })),
    ...(isMember && !stays ? [{ profileId: personId, entered: true, since }] : []),
  ]
}

/** Profiles merged into the person are looked at through it. */
const duesOf = ({ personId, members }: Somebody, audienceId: string, dueAt: Instant | null): Due[] =>
  members.map((profileId) => ({
    audienceId,
    profileId,
    dueAt: dueAt === null || profileId !== personId ? null : new Date(dueAt),
  }))
