// Finds or creates the people that a batch's references mean. Later references of the batch see what earlier ones did.
// With `write` new people and identifiers are stored; without, nothing is touched and new people get ids that stay unused.

import {
  type Identifier,
  identifierKey,
  identifiersOf,
  type Owner,
  type PersonRef,
  planIdentity,
} from '../../core/identity.ts'
import { badInput } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import {
  anyMerged,
  findIdentifiers,
  findIdentities,
  findMembers,
  insertIdentities,
  insertMerges,
  insertProfiles,
  lockProfiles,
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

/** The people of a batch. */
export interface People {
  /** For each reference its person (the root); null where it names a profile id that the account does not have. */
  readonly of: readonly (string | null)[]
  /** All profiles that are the person, the person's own among them. */
  membersOf(rootId: string): readonly string[]
  /** The person that a profile id of the batch now belongs to. */
  rootOf(profileId: string): string
  /** People that this batch began. */
  readonly created: readonly string[]
  /** People who turned out to be another of the batch; `lockPeople` makes it so. */
  readonly merges: readonly MergeRow[]
  /** Identifiers that a reference named but that belong to someone else, by reference. */
  readonly dropped: readonly (readonly Identifier[])[]
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
}

export async function resolvePeople(
  tx: Transaction,
  refs: readonly CheckedRef[],
  options: ResolveOptions,
): Promise<People> {
  const directory = await loadDirectory(tx, options.accountId, refs)
  const changes: Changes = { profiles: [], identities: [], merges: [] }
  const dropped: Identifier[][] = []
  const of = refs.map((ref, index) => {
    dropped[index] = []
    return personOf(ref, { directory, changes, dropped: dropped[index] })
  })
  if (options.write) await store(tx, options.accountId, changes)
  return {
    of,
    dropped,
    created: changes.profiles,
    merges: changes.merges,
    rootOf: (id) => directory.rootOf(id),
    membersOf: (id) => directory.membersOf(id),
  }
}

interface Step {
  directory: Directory
  changes: Changes
  dropped: Identifier[]
}

function personOf(ref: CheckedRef, { directory, changes, dropped }: Step): string | null {
  if (ref.id !== null && !directory.has(ref.id)) return null
  const plan = planIdentity(ref.identifiers, (identifier) => directory.ownerOf(identifier))
  dropped.push(...plan.dropped)
  const named = ref.id === null ? plan.ownerId : directory.rootOf(ref.id)
  const person = named ?? begin(directory, changes)
  // An id names the person outright: what its identifiers say of others is not asked.
  const absorb = ref.id === null ? plan.absorb : []
  for (const loserId of absorb) {
    changes.merges.push({ loserId, survivorId: person })
    directory.absorb(loserId, person)
  }
  for (const identifier of plan.attach) {
    changes.identities.push({ ...identifier, profileId: person })
    directory.attach(identifier, person)
  }
  return person
}

function begin(directory: Directory, changes: Changes): string {
  const id = newId()
  changes.profiles.push(id)
  directory.add(id)
  return id
}

// A conflict means that another transaction attached one first; it has committed by now, so trying again sees it.
async function store(tx: Transaction, accountId: string, { profiles, identities }: Changes): Promise<void> {
  if (profiles.length) await insertProfiles(tx, accountId, profiles)
  if (identities.length && (await insertIdentities(tx, accountId, identities)) < identities.length)
    throw new RetryError()
}

/**
 * Locks the batch's people, and others whom it reads of, until the transaction ends; then stores the merges, which nobody
 * else can make meanwhile. RetryError where one of them was merged away while this waited.
 */
export async function lockPeople(
  tx: Transaction,
  people: People,
  options: { accountId: string; others: readonly string[] },
): Promise<void> {
  const { accountId, others } = options
  const roots = people.of.filter((person) => person !== null)
  const losers = people.merges.map(({ loserId }) => loserId)
  const ids = [...new Set([...roots, ...losers, ...others])]
  await lockProfiles(tx, accountId, ids)
  if (await anyMerged(tx, accountId, ids)) throw new RetryError()
  if (people.merges.length) await insertMerges(tx, accountId, people.merges)
}

async function loadDirectory(tx: Transaction, accountId: string, refs: readonly CheckedRef[]): Promise<Directory> {
  const given = [...new Map(refs.flatMap((ref) => ref.identifiers).map((it) => [identifierKey(it), it])).values()]
  const ids = refs.flatMap((ref) => (ref.id === null ? [] : [ref.id]))
  const owned = given.length ? await findIdentities(tx, accountId, given) : []
  const touched = [...new Set([...ids, ...owned.map(({ profileId }) => profileId)])]
  const members = touched.length ? await findMembers(tx, accountId, touched) : []
  const profileIds = members.map(({ profileId }) => profileId)
  const identifiers = profileIds.length ? await findIdentifiers(tx, accountId, profileIds) : []
  const directory = new Directory()
  for (const { profileId, rootId } of members) directory.add(profileId, rootId)
  for (const row of [...identifiers, ...owned]) directory.attach(row, row.profileId)
  return directory
}

/** Who is who, as far as a batch needs to know. */
class Directory {
  readonly #roots = new Map<string, string>()
  readonly #people = new Map<string, Owner & { members: string[] }>()
  readonly #owners = new Map<string, string>()

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

  membersOf(rootId: string): readonly string[] {
    return this.#people.get(rootId)?.members ?? [rootId]
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
