// Brings memberships of dynamic audiences up to date in the transaction of a write: whoever it was about is judged anew by the
// audiences that it may concern. The people have to be locked, and everything else of them written.

import { concernedBy, type DynamicAudience, type DynamicAudiences, type Touch } from '../../core/audiences/dynamic.ts'
import { judge } from '../../core/audiences/judge.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { Instant } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import { type Known, loadFacts, type Seat, type Somebody } from './facts.ts'
import { type Due, type MembershipCause, type MembershipChange, writeChanges, writeDues } from './sql.ts'

export interface Cause {
  readonly cause: MembershipCause
  readonly eventId: string | null
}

/** Somebody whom something happened to. */
export interface Touched extends Somebody {
  /** ALL: any audience may be concerned. */
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
  /** Is told when time alone may change something; the transaction is still to be committed then. */
  expect(at: Date): void
}

/** Returns what changed; nothing is asked of the database where nothing can have. */
export async function refreshMemberships(
  sql: Sql,
  accountId: string,
  { audiences, touched, now, expect }: Refreshing,
): Promise<readonly MembershipChange[]> {
  const asked = touched.flatMap((one) => {
    const concerned = concernedOf(audiences, one.touch)
    return concerned.size > 0 ? [{ one, concerned }] : []
  })
  if (asked.length === 0) return []
  const facts = await loadFacts(sql, accountId, {
    people: asked.map(({ one }) => one),
    audiences: new Set(asked.flatMap(({ concerned }) => [...concerned])),
    now,
  })
  const changes: MembershipChange[] = []
  const dues: Due[] = []
  for (const { one, concerned } of asked) {
    const known = facts.get(one.personId)
    if (!known) continue
    known.person.history.qualities.push(...(one.decided ?? []))
    for (const verdict of judge(audiences, concerned, { person: known.person, t: now.getTime() })) {
      const { audience, isMember, dueAt } = verdict
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
  const instants = dues.flatMap(({ dueAt }) => dueAt?.getTime() ?? [])
  if (instants.length > 0) expect(new Date(Math.min(...instants)))
  return changes
}

function concernedOf(audiences: DynamicAudiences, touch: Touched['touch']): ReadonlySet<DynamicAudience> {
  if (touch === 'ALL') return new Set(audiences.inOrder)
  if (!Array.isArray(touch)) return concernedBy(audiences, touch as Touch) // No list.
  const named: readonly DynamicAudience[] = touch
  return new Set([...named, ...concernedBy(audiences, { audiences: named.map(({ id }) => id) })])
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
