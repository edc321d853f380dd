// Memberships after a write that is no event: of people who were locked, found or made by it.

import type { Context, Services } from '../../context.ts'
import { concernedBy, type DynamicAudience, type DynamicAudiences, type Touch } from '../../core/audiences/dynamic.ts'
import { groupBy } from '../../core/group.ts'
import type { Rule } from '../../core/rules/rule.ts'
import type { Sql, Transaction } from '../../platform/database.ts'
import { inOrder } from '../../platform/statements.ts'
import type { Somebody } from '../memberships/facts.ts'
import { refreshMemberships, type Touched } from '../memberships/refresh.ts'
import type { MembershipCause } from '../memberships/sql.ts'
import { compileFilter } from './filter-sql.ts'
import type { People } from './resolve.ts'
import { findMembers } from './sql.ts'

/** The people whom the profiles belong to, with all profiles that they are. */
export async function findPeople(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<Somebody[]> {
  const members = groupBy(await findMembers(sql, accountId, profileIds), ({ rootId }) => rootId)
  return [...members].map(([personId, own]) => ({ personId, members: own.map(({ profileId }) => profileId) }))
}

/** Of which of the people a rule is true, as lists of people go by it. */
export async function findTrue(
  tx: Transaction,
  { accountId, now }: { accountId: string; now: Date },
  { rule, ids }: { rule: Rule; ids: readonly string[] },
): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT profile.id FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = ANY (${ids}::uuid[])
      AND profile.erased_at IS NULL AND ${compileFilter(rule, { accountId, now })}`
  return new Set(rows.map(({ id }) => id))
}

export interface Written {
  /** Any profile of the person. */
  readonly personId: string
  readonly touch: Touched['touch']
  readonly cause: MembershipCause
}

/** Who writes: a caller's context, or work that nobody waits for. */
export interface Refresher {
  readonly accountId: string
  readonly services: Pick<Services, 'ruleSets' | 'clock' | 'now'>
}

/** Judges the people anew by the dynamic audiences that the write may concern. It goes last in the transaction. True where somebody moved. */
export async function refreshPeople(tx: Transaction, context: Refresher, given: readonly Written[]): Promise<boolean> {
  if (given.length === 0) return false
  const { accountId, services } = context
  const { audiences } = await services.ruleSets.inForce(tx, accountId)
  const concerning = concerningOf(audiences, given)
  if (concerning.length === 0) return false
  const rows = await findMembers(
    tx,
    accountId,
    concerning.map(({ personId }) => personId),
  )
  const rootOf = new Map(rows.map(({ profileId, rootId }) => [profileId, rootId]))
  const members = groupBy(rows, ({ rootId }) => rootId)
  // Profiles of one person are judged as one.
  const byPerson = groupBy(concerning, ({ personId }) => rootOf.get(personId) ?? personId)
  const touched = [...byPerson].map(([personId, own]) => {
    const [one] = own
    const profiles = members.get(personId)?.map(({ profileId }) => profileId) ?? [personId]
    const cause = one?.cause ?? 'FIELDS'
    return { personId, members: profiles, touch: unionOf(own), causeOf: () => ({ cause, eventId: null }) }
  })
  const changes = await refreshMemberships(inOrder(tx), accountId, {
    ...{ audiences, touched, now: services.now() },
    expect: (at) => services.clock.expect(at),
  })
  return changes.length > 0
}

/** Those of the writes that some audience may ask about; of many, each touch is looked at once. */
function concerningOf(audiences: DynamicAudiences, written: readonly Written[]): readonly Written[] {
  if (audiences.inOrder.length === 0) return []
  const isAsked = (touch: Touch): boolean =>
    concernedBy(audiences, touch).size > 0 ||
    (audiences.beyond !== null && concernedBy(audiences.beyond, touch).size > 0)
  const verdicts = new Map<Written['touch'], boolean>()
  return written.filter(({ touch }) => {
    const verdict = verdicts.get(touch) ?? (touch === 'ALL' || isList(touch) || isAsked(touch))
    verdicts.set(touch, verdict)
    return verdict
  })
}

const isList = (touch: Written['touch']): touch is readonly DynamicAudience[] => Array.isArray(touch)

/** What was touched of one person; of several writes that cannot be told together, all of it. */
function unionOf(own: readonly Written[]): Touched['touch'] {
  const [one, ...others] = own
  return one && others.length === 0 ? one.touch : 'ALL'
}

/** The same of people who began, got identifiers or turned out to be one when references to them were resolved. */
export async function refreshArrivals(tx: Transaction, context: Context, people: People): Promise<void> {
  await refreshPeople(tx, context, arrivalsOf(people))
}

/** What resolving references wrote of whom, where it is anything. */
export function arrivalsOf(people: People): Written[] {
  const merged = new Set(people.merges.map(({ survivorId }) => people.rootOf(survivorId)))
  const created = new Set(people.created)
  const steps = groupBy(
    people.steps.flatMap((step) => step ?? []),
    ({ personId }) => people.rootOf(personId),
  )
  const written = [...steps].map(([personId, own]): Written => {
    const touch: Touch = {
      identities: own.flatMap(({ attached }) => attached.map(({ kind }) => kind)),
      isNew: created.has(personId),
    }
    return merged.has(personId) ? { personId, touch: 'ALL', cause: 'MERGE' } : { personId, touch, cause: 'FIELDS' }
  })
  // Whose identifier became somebody else's.
  const losers = people.steps.flatMap((step): Written[] =>
    (step?.lost ?? []).map(({ personId, identifier }) => ({
      ...{ personId, cause: 'FIELDS' as const, touch: { identities: [identifier.kind] } },
    })),
  )
  const isChanged = ({ touch }: Written) =>
    touch === 'ALL' || ('isNew' in touch && (touch.isNew || [...(touch.identities ?? [])].length > 0))
  return [...written.filter(isChanged), ...losers]
}
