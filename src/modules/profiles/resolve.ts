// Finds or creates the people that a batch's references mean. Later references of the batch see what earlier ones did.
// With `write` new people and identifiers are stored; without, nothing is touched and new people get ids that stay unused.

import { groupBy } from '../../core/group.ts'
import {
  type Identifier,
  identifierKey,
  identifiersOf,
  type Owner,
  type PersonRef,
  planIdentity,
} from '../../core/identity.ts'
import type { IdentityStep } from '../../core/targeting/people.ts'
import { badInput } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import { wasErased } from './erased.ts'
import {
  findDirectory,
  findMembersNow,
  insertIdentities,
  insertMerges,
  insertProfiles,
  lockProfiles,
  type Member,
  type MemberNow,
} from './sql.ts'

/** A reference, checked: its identifiers in normalised form. */
export interface CheckedRef {
  id: string | null
  identifiers: Identifier[]
}

/** Checks a reference. BAD_INPUT, naming the field, for an identifier that cannot be one. `path` is where the reference stands. */
export function checkRef(ref: PersonRef, path: string): CheckedRef {
  const identifiers = identifiersOf(ref)
  if (!Array.isArray(identifiers)) throw badInput(identifiers.message, `${path}.${identifiers.field}`)
  return { id: ref.id == null ? null : idInput('Profile', ref.id, `${path}.id`), identifiers }
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
  readonly steps: readonly (IdentityStep | null)[]
  /** Everybody who appears, as they were before the first reference; new people have no identifiers. */
  readonly before: readonly KnownPerson[]
  /** People that this batch began. */
  readonly created: readonly string[]
  /** People who turned out to be another of the batch; `lockPeople` makes it so. */
  readonly merges: readonly MergeRow[]
  /** The person that a profile id belongs to after the last reference. */
  rootOf(profileId: string): string
  /** All profiles that are the person after the last reference. */
  membersOf(rootId: string): readonly string[]
}

interface MergeRow {
  loserId: string
  survivorId: string
}

interface Changes {
  profiles: string[]
  identities: (Identifier & { profileId: string })[]
  merges: MergeRow[]
}

export interface ResolveOptions {
  accountId: string
  write: boolean
  /** What `findRows` gave for the references, or for more. */
  rows?: DirectoryRows
}

const maxAttempts = 20

/** RetryError where others attach the same identifiers again and again. */
export async function resolvePeople(tx: Sql, refs: readonly CheckedRef[], options: ResolveOptions): Promise<People> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const rows = (attempt === 1 && options.rows) || (await findRows(tx, options.accountId, refs))
    const changes: Changes = { profiles: [], identities: [], merges: [] }
    const people = peopleOf(refs, rows, changes)
    if (!options.write || (await store(tx, options.accountId, changes))) return people
  }
  throw new RetryError()
}

function peopleOf(refs: readonly CheckedRef[], rows: DirectoryRows, changes: Changes): People {
  const directory = new Directory(rows)
  const steps = refs.map((ref) => stepOf(ref, directory, changes))
  const earlier = new Directory(rows)
  const ids = steps.flatMap((step) => (step ? [step.personId, ...step.absorbed] : []))
  return {
    steps,
    before: [...new Set(ids)].map((id) => earlier.person(id)),
    created: changes.profiles,
    merges: changes.merges,
    rootOf: (id) => directory.rootOf(id),
    membersOf: (id) => directory.person(id).members,
  }
}

function stepOf(ref: CheckedRef, directory: Directory, changes: Changes): IdentityStep | null {
  if (ref.id !== null && !directory.has(ref.id)) return null
  const plan = planIdentity(ref.identifiers, (identifier) => directory.ownerOf(identifier))
  const named = ref.id === null ? plan.ownerId : directory.rootOf(ref.id)
  const personId = named ?? begin(directory, changes)
  // An id names the person outright: what its identifiers say of others is not asked, and a source id never changes.
  const absorbed = ref.id === null ? plan.absorb : []
  const hasSourceId = directory.person(personId).identifiers.some(({ kind }) => kind === 'SOURCE_ID')
  const attached = plan.attach.filter(({ kind }) => kind !== 'SOURCE_ID' || !hasSourceId)
  for (const loserId of absorbed) {
    changes.merges.push({ loserId, survivorId: personId })
    directory.absorb(loserId, personId)
  }
  for (const identifier of attached) {
    changes.identities.push({ ...identifier, profileId: personId })
    directory.attach(identifier, personId)
  }
  return { personId, attached, absorbed }
}

function begin(directory: Directory, changes: Changes): string {
  const id = newId()
  changes.profiles.push(id)
  directory.add(id)
  return id
}

/** False, and nothing stored, where another transaction attached one of the identifiers first; it has committed by now. */
async function store(tx: Sql, accountId: string, { profiles, identities }: Changes): Promise<boolean> {
  if (profiles.length === 0 && identities.length === 0) return true
  await tx.$executeRaw`SAVEPOINT people`
  if (profiles.length) await insertProfiles(tx, accountId, profiles)
  const stored = identities.length ? await insertIdentities(tx, accountId, identities) : 0
  if (stored === identities.length) return true
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
}

function refuseErased(locked: readonly MemberNow[], { people, path }: Crowd): void {
  const erased = new Map(locked.flatMap(({ profileId, erasedAt }) => (erasedAt ? [[profileId, erasedAt]] : [])))
  for (const [index, step] of people.steps.entries()) {
    const at = step && erased.get(step.personId)
    if (at) throw wasErased(at, path?.(index))
  }
}

/** The first step of `lockPeople`; whatever is read by later statements is as it stays until the transaction ends. */
export const lockCrowd = (sql: Sql, accountId: string, crowd: Crowd): Promise<void> =>
  lockProfiles(sql, accountId, idsOf(crowd))

/**
 * The second: everybody as they are now. RetryError where one of the batch's people was merged with somebody, or got an
 * identifier, since it was asked who they are: who else they are then is to be asked again.
 */
export async function findLocked(sql: Sql, accountId: string, crowd: Crowd): Promise<readonly MemberNow[]> {
  const ids = idsOf(crowd)
  const members = await findMembersNow(sql, accountId, ids)
  const now = groupBy(members, ({ rootId }) => rootId)
  const attached = groupBy(
    crowd.people.steps.flatMap((step) => step?.attached.map(() => step.personId) ?? []),
    (personId) => personId,
  )
  const isUnchanged = crowd.people.before.every(({ id, members: before, identifiers }) => {
    const own = now.get(id) ?? []
    const count = own.reduce((sum, member) => sum + member.identifiers, 0)
    const expected = identifiers.length + (attached.get(id)?.length ?? 0)
    return own.length === before.length && (count === expected || count > maxIdentifiers)
  })
  if (!isUnchanged || ids.some((id) => !now.has(id))) throw new RetryError()
  return members
}

/** Of a profile, those that are looked at to tell who is who; where there are more, they are not counted. */
const maxIdentifiers = 100

/** Who is known by what, as far as some references tell. */
export interface DirectoryRows {
  members: readonly Member[]
  identifiers: readonly (Identifier & { profileId: string })[]
}

const byProfile = (a: Member, b: Member) => (a.profileId < b.profileId ? -1 : 1)

export async function findRows(sql: Sql, accountId: string, refs: readonly CheckedRef[]): Promise<DirectoryRows> {
  const given = new Map(refs.flatMap((ref) => ref.identifiers).map((it) => [identifierKey(it), it]))
  const ids = [...new Set(refs.flatMap((ref) => (ref.id === null ? [] : [ref.id])))]
  if (given.size + ids.length === 0) return { members: [], identifiers: [] }
  const members = new Map<string, Member>()
  const identifiers: (Identifier & { profileId: string })[] = []
  const owned: (Identifier & { profileId: string })[] = []
  for (const { profileId, rootId, kind, value } of await findDirectory(sql, accountId, {
    identifiers: [...given.values()],
    ids,
  })) {
    if (rootId !== null) members.set(profileId, { profileId, rootId })
    if (kind !== null && value !== null) (rootId === null ? owned : identifiers).push({ kind, value, profileId })
  }
  return { members: [...members.values()].sort(byProfile), identifiers: [...identifiers, ...owned] }
}

/** Who is who, as far as a batch needs to know. */
class Directory {
  readonly #roots = new Map<string, string>()
  readonly #people = new Map<string, Owner & { members: string[] }>()
  readonly #owners = new Map<string, string>()

  constructor({ members, identifiers }: DirectoryRows) {
    for (const { profileId, rootId } of members) this.add(profileId, rootId)
    for (const row of identifiers) this.attach(row, row.profileId)
  }

  add(profileId: string, rootId = profileId): void {
    this.#roots.set(profileId, rootId)
    const person = this.#people.get(rootId) ?? { id: rootId, identifiers: [], members: [] }
    person.members.push(profileId)
    this.#people.set(rootId, person)
  }

  has(profileId: string): boolean {
    return this.#roots.has(profileId)
  }

  rootOf(profileId: string): string {
    return this.#roots.get(profileId) ?? profileId
  }

  /** Somebody unknown is a person without identifiers. */
  person(rootId: string): KnownPerson {
    return this.#people.get(rootId) ?? { id: rootId, members: [rootId], identifiers: [] }
  }

  ownerOf(identifier: Identifier): Owner | undefined {
    const profileId = this.#owners.get(identifierKey(identifier))
    return profileId === undefined ? undefined : this.#people.get(this.rootOf(profileId))
  }

  attach(identifier: Identifier, profileId: string): void {
    const key = identifierKey(identifier)
    if (this.#owners.has(key)) return
    this.#owners.set(key, profileId)
    this.#people.get(this.rootOf(profileId))?.identifiers.push({ kind: identifier.kind, value: identifier.value })
  }

  absorb(loserId: string, survivorId: string): void {
    const loser = this.#people.get(loserId)
    const survivor = this.#people.get(survivorId)
    if (!loser || !survivor) return
    for (const member of loser.members) this.#roots.set(member, survivorId)
    survivor.members.push(...loser.members)
    survivor.identifiers.push(...loser.identifiers)
    this.#people.delete(loserId)
  }
}
