// Finds or creates the people that a batch's references mean. Later references of the batch see what earlier ones did.
// With `write` new people and identifiers are stored; without, nothing is touched and new people get ids that stay unused.

import { groupBy } from '../../core/group.ts'
import { type DroppedIdentifier, type Identifier, identifierKey, type PersonRef, readRef } from '../../core/identity.ts'
import { type IdentityPlan, planIdentity } from '../../core/identity-plan.ts'
import { type IdentityRules, identityRulesOf, maxIdentifiers } from '../../core/identity-rules.ts'
import type { IdentityStep } from '../../core/targeting/people.ts'
import { badInput } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import { findApart, noteRivals, type ProfilePair } from './candidates-sql.ts'
import { Directory, type DirectoryRows, findRows } from './directory.ts'
import { refuseErased } from './erased.ts'
import { type Identities, storeIdentities } from './identities-sql.ts'
import type { MemberNow } from './sql.ts'
import { findIdentityRules, findMembersNow, insertMerges, insertProfiles, lockProfiles } from './sql.ts'

/** A reference, checked: its identifiers in normalised form. */
export interface CheckedRef {
  id: string | null
  identifiers: Identifier[]
  /** Values that are nobody's name. */
  dropped?: readonly DroppedIdentifier[]
  /** The event that it came with. */
  eventId?: string
}

/** Checks a reference. BAD_INPUT, naming the field, for an identifier that cannot be one. `path` is where the reference stands. */
export function checkRef(ref: PersonRef, path: string): CheckedRef {
  const read = readRef(ref)
  const fault = 'field' in read ? read : read.invalid[0]
  if (fault) throw badInput(fault.message, `${path}.${fault.field}`)
  return checkEventRef(ref, path)
}

/** The same of an event, which is kept without what cannot be an identifier: that is dropped. */
export function checkEventRef(ref: PersonRef, path: string): CheckedRef {
  const read = readRef(ref)
  if ('field' in read) throw badInput(read.message, `${path}.${read.field}`)
  const { identifiers, dropped } = read
  return { id: ref.id == null ? null : idInput('Profile', ref.id, `${path}.id`), identifiers, dropped }
}

/** A person as known before the batch. */
export interface KnownPerson {
  readonly id: string
  /** All profiles that are the person, the person's own among them. */
  readonly members: readonly string[]
  readonly identifiers: readonly Identifier[]
}

/** The people of a batch. */
export interface People {
  /** For each reference its person and what it showed of them, in order; null where it names a profile id of nobody. */
  readonly steps: readonly (ResolvedStep | null)[]
  /** Everybody who appears, as they were before the first reference; new people have no identifiers. */
  readonly before: readonly KnownPerson[]
  /** People that this batch began. */
  readonly created: readonly string[]
  /** People who turned out to be another of the batch; `lockPeople` makes it so. */
  readonly merges: readonly MergeRow[]
  /** Where people would be merged: of these profiles those of whom somebody says that they are two. */
  readonly apart: Apart | null
  /** People who may be one: somebody came with identifiers of both. */
  readonly rivals: readonly Rivals[]
  /** The person that a profile id belongs to after the last reference. */
  rootOf(profileId: string): string
  /** All profiles that are the person after the last reference. */
  membersOf(rootId: string): readonly string[]
}

interface Apart {
  readonly among: readonly string[]
  readonly pairs: readonly ProfilePair[]
}

/** What a reference came to. */
export interface ResolvedStep extends IdentityStep {
  /** Identifiers of it that say nothing of the person. */
  readonly dropped: readonly DroppedIdentifier[]
  /** People who stay somebody else, of whom it gave an identifier. */
  readonly rivals?: readonly string[]
  /** It changed nothing: later references know nothing of it. */
  readonly isRefused?: boolean
}

export interface MergeRow {
  loserId: string
  survivorId: string
  /** The event that showed it. */
  eventId?: string | undefined
}

/** Two people, by their ids after the last reference, and the identifier that was given of the second. */
export interface Rivals {
  readonly personId: string
  readonly rivalId: string
  readonly by: Identifier
}

interface Changes extends Identities {
  profiles: string[]
  merges: MergeRow[]
  rivals: Rivals[]
}

export interface ResolveOptions {
  accountId: string
  write: boolean
  /** Default: read now. */
  rules?: IdentityRules | undefined
  /** What `findRows` gave for the references, or for more. */
  rows?: DirectoryRows
  /**
   * References that are not to change anything, so that later ones see nothing of them; only without `write`.
   * `isBegun`: an earlier reference of the batch began the person.
   */
  refuses?(plan: IdentityPlan, isBegun: boolean): boolean
}

const maxAttempts = 20

/** RetryError where others attach the same identifiers again and again. */
export async function resolvePeople(tx: Sql, refs: readonly CheckedRef[], options: ResolveOptions): Promise<People> {
  const rules = options.rules ?? (await rulesFor(tx, options.accountId, refs))
  const refuses = options.write ? undefined : options.refuses
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const rows = (attempt === 1 && options.rows) || (await findRows(tx, options.accountId, refs))
    const { people, changes } = await planned(tx, refs, { accountId: options.accountId, rows, rules, refuses })
    if (!options.write || (await store(tx, options.accountId, changes))) return people
  }
  throw new RetryError()
}

/** What the references come to. Where people would be merged, first those are asked for of whom somebody said that they are two. */
async function planned(
  tx: Sql,
  refs: readonly CheckedRef[],
  { accountId, ...known }: Known & { accountId: string },
): Promise<{ people: People; changes: Changes }> {
  const noChanges = (): Changes => ({ profiles: [], attached: [], shared: [], moved: [], merges: [], rivals: [] })
  const changes = noChanges()
  const people = peopleOf(refs, known, changes)
  const isMerging =
    changes.merges.length > 0 || people.steps.some((step) => step?.isRefused && step.absorbed.length > 0)
  if (!isMerging) return { people, changes }
  const ids = known.rows.members.map(({ profileId }) => profileId)
  const apart = { among: ids, pairs: await findApart(tx, accountId, ids) }
  if (apart.pairs.length === 0) return { people: { ...people, apart }, changes }
  const otherwise = noChanges()
  const again = peopleOf(refs, { ...known, rows: { ...known.rows, apart: apart.pairs } }, otherwise)
  return { people: { ...again, apart }, changes: otherwise }
}

const rulesFor = async (tx: Sql, accountId: string, refs: readonly CheckedRef[]): Promise<IdentityRules> =>
  identityRulesOf(refs.some(({ identifiers }) => identifiers.length > 0) ? await findIdentityRules(tx, accountId) : {})

interface Known {
  rows: DirectoryRows
  rules: IdentityRules
  refuses?: ResolveOptions['refuses'] | undefined
}

function peopleOf(refs: readonly CheckedRef[], { rows, ...known }: Known, changes: Changes): People {
  const directory = new Directory(rows)
  const steps = refs.map((ref) => stepOf(ref, { directory, ...known }, changes))
  const earlier = new Directory(rows)
  const ids = steps.flatMap((step) =>
    step ? [step.personId, ...step.absorbed, ...(step.lost ?? []).map(({ personId }) => personId)] : [],
  )
  return {
    steps,
    before: [...new Set(ids)].map((id) => earlier.person(id)),
    created: changes.profiles,
    merges: changes.merges,
    apart: null,
    rivals: changes.rivals.flatMap(({ by, ...pair }) => {
      const [personId, rivalId] = [directory.rootOf(pair.personId), directory.rootOf(pair.rivalId)]
      return personId === rivalId ? [] : [{ personId, rivalId, by }]
    }),
    rootOf: (id) => directory.rootOf(id),
    membersOf: (id) => directory.person(id).members,
  }
}

interface Scene extends Omit<Known, 'rows'> {
  directory: Directory
}

function stepOf(ref: CheckedRef, { directory, rules, refuses }: Scene, changes: Changes): ResolvedStep | null {
  if (ref.id !== null && !directory.has(ref.id)) return null
  const named = ref.id === null ? undefined : directory.owner(directory.rootOf(ref.id))
  const plan = planIdentity({ given: ref.identifiers, rules, ...(named ? { named } : {}) }, directory)
  const isBegun = plan.ownerId !== null && changes.profiles.includes(plan.ownerId)
  const isRefused = refuses?.(plan, isBegun) === true
  const personId = plan.ownerId ?? begin(isRefused ? null : directory, changes)
  // What is written goes to the profile that was named, so that it stays with it when a merge is undone.
  const profileId = ref.id ?? (plan.namedBy ? directory.profileOf(plan.namedBy) : personId)
  const told = toldOf(ref, plan, { personId, profileId })
  if (isRefused) return { ...told, isRefused }
  for (const loserId of plan.absorb) {
    changes.merges.push({ loserId, survivorId: profileId, eventId: ref.eventId })
    directory.absorb(loserId, personId)
  }
  takeIdentifiers({ plan, profileId }, directory, changes)
  for (const { id, by } of plan.rivals) changes.rivals.push({ personId, rivalId: id, by })
  return told
}

function toldOf(
  ref: CheckedRef,
  plan: IdentityPlan,
  { personId, profileId }: { personId: string; profileId: string },
): ResolvedStep {
  const moved = plan.move.map(({ identifier }) => identifier)
  return {
    personId,
    ...(profileId === personId ? {} : { profileId }),
    attached: [...plan.attach, ...moved, ...plan.share],
    absorbed: plan.absorb,
    dropped: [...(ref.dropped ?? []), ...plan.dropped],
    ...(plan.rivals.length > 0 ? { rivals: plan.rivals.map(({ id }) => id) } : {}),
    ...(plan.move.length > 0
      ? { lost: plan.move.map(({ identifier, fromId }) => ({ personId: fromId, identifier })) }
      : {}),
  }
}

function takeIdentifiers(
  { plan, profileId: named }: { plan: IdentityPlan; profileId: string },
  directory: Directory,
  changes: Changes,
): void {
  for (const identifier of plan.attach) {
    changes.attached.push({ ...identifier, profileId: named })
    directory.attach(identifier, named)
  }
  for (const identifier of plan.share) {
    changes.shared.push({ ...identifier, profileId: named })
    directory.share(identifier, named)
  }
  const changed = [
    ...plan.move.map(({ identifier }) => ({ identifier, to: named })),
    ...plan.verify.map((identifier) => ({ identifier, to: null })),
  ]
  for (const { identifier, to } of changed) {
    const fromId = directory.profileOf(identifier)
    const profileId = to ?? fromId
    directory.change(identifier, profileId)
    const isNew = changes.attached.findIndex((own) => identifierKey(own) === identifierKey(identifier))
    if (isNew >= 0) changes.attached[isNew] = { ...identifier, profileId }
    else changes.moved.push({ ...identifier, profileId, fromId })
  }
}

function begin(directory: Directory | null, changes: Changes): string {
  const id = newId()
  changes.profiles.push(id)
  directory?.add(id)
  return id
}

/** False, and nothing stored, where another transaction took one of the identifiers first; it has committed by now. */
async function store(tx: Sql, accountId: string, { profiles, ...identities }: Changes): Promise<boolean> {
  const { attached, shared, moved } = identities
  if (profiles.length + attached.length + shared.length + moved.length === 0) return true
  await tx.$executeRaw`SAVEPOINT people`
  if (profiles.length) await insertProfiles(tx, accountId, profiles)
  if (await storeIdentities(tx, accountId, identities)) return true
  await tx.$executeRaw`ROLLBACK TO SAVEPOINT people`
  return false
}

/** Everybody of a batch whom it writes or reads of. */
export interface Crowd {
  readonly people: People
  /** Beside the people. */
  readonly others: readonly string[]
  /** Where a reference stands, for errors. */
  path?(index: number): string
}

const idsOf = ({ people, others }: Crowd) => [...new Set([...people.before.map(({ id }) => id), ...others])]

/**
 * Locks the batch's people, and others whom it reads of, until the transaction ends; then stores the merges, which nobody
 * else can make meanwhile. RetryError where one of them was merged with somebody while this waited; CONFLICT for one who was erased.
 */
export async function lockPeople(sql: Sql, accountId: string, crowd: Crowd): Promise<void> {
  await lockCrowd(sql, accountId, crowd)
  refuseErased(await findLocked(sql, accountId, crowd), crowd)
  if (crowd.people.merges.length) await insertMerges(sql, accountId, crowd.people.merges)
  if (crowd.people.rivals.length) await noteRivals(sql, accountId, crowd.people.rivals)
}

/** The first step of `lockPeople`; whatever is read by later statements is as it stays until the transaction ends. */
export const lockCrowd = (sql: Sql, accountId: string, crowd: Crowd): Promise<void> =>
  lockProfiles(sql, accountId, idsOf(crowd))

/**
 * The second: everybody as they are now. RetryError where one of the batch's people was merged with somebody, got an
 * identifier, or was said to be somebody else, since it was asked who they are: that is to be asked again.
 */
export async function findLocked(sql: Sql, accountId: string, crowd: Crowd): Promise<readonly MemberNow[]> {
  const ids = idsOf(crowd)
  const [members, isApartAsBefore] = await Promise.all([
    findMembersNow(sql, accountId, ids),
    areApartAsBefore(sql, accountId, crowd),
  ])
  const now = groupBy(members, ({ rootId }) => rootId)
  const gained = new Map<string, number>()
  const gain = (id: string, count: number) => gained.set(id, (gained.get(id) ?? 0) + count)
  for (const step of crowd.people.steps) {
    if (step) gain(step.personId, step.attached.length)
    for (const { personId } of step?.lost ?? []) gain(personId, -1)
  }
  const isUnchanged = crowd.people.before.every(({ id, members: before, identifiers }) => {
    const own = now.get(id) ?? []
    const count = own.reduce((sum, member) => sum + member.identifiers, 0)
    const expected = identifiers.length + (gained.get(id) ?? 0)
    return own.length === before.length && (count === expected || count > maxIdentifiers)
  })
  if (!isUnchanged || !isApartAsBefore || ids.some((id) => !now.has(id))) throw new RetryError()
  return members
}

async function areApartAsBefore(sql: Sql, accountId: string, { people }: Crowd): Promise<boolean> {
  if (!people.apart || people.merges.length === 0) return true
  const known = new Set(people.apart.pairs.map(({ firstId, secondId }) => `${firstId} ${secondId}`))
  const now = await findApart(sql, accountId, people.apart.among)
  return now.every(({ firstId, secondId }) => known.has(`${firstId} ${secondId}`))
}
