// Who is who, as far as the references of a batch need to know: read from the database at once, then kept up to date in memory.

import { type Identifier, identifierKey } from '../../core/identity.ts'
import type { Owner, Ownership } from '../../core/identity-plan.ts'
import type { Sql } from '../../platform/database.ts'
import type { ProfilePair } from './candidates-sql.ts'
import type { CheckedRef, KnownPerson } from './resolve.ts'
import { findDirectory, type Member } from './sql.ts'

/** Who is known by what, as far as some references tell. */
export interface DirectoryRows {
  members: readonly Member[]
  identifiers: readonly DirectoryIdentifier[]
  /** Identifiers that are given, by the keys that earlier versions stored them with. */
  former?: ReadonlyMap<string, Identifier>
  /** Profiles of whom somebody said that they are two people. */
  apart?: readonly ProfilePair[]
}

interface DirectoryIdentifier extends Identifier {
  profileId: string
  /** It names nobody. */
  shared?: boolean
  /** How many people beside the owner were seen with it. */
  sharers?: number
}

const byProfile = (a: Member, b: Member) => (a.profileId < b.profileId ? -1 : 1)

export async function findRows(sql: Sql, accountId: string, refs: readonly CheckedRef[]): Promise<DirectoryRows> {
  const given = new Map(refs.flatMap((ref) => ref.identifiers).map((it) => [identifierKey(it), it]))
  const ids = [...new Set(refs.flatMap((ref) => (ref.id === null ? [] : [ref.id])))]
  if (given.size + ids.length === 0) return { members: [], identifiers: [] }
  // What earlier versions stored otherwise is found by that, and is the same identifier.
  const former = new Map([...given.values()].flatMap((it) => (it.former ? [[`${it.kind}:${it.former}`, it]] : [])))
  const earlier = [...former.values()].map(({ kind, former: value = '' }) => ({ kind, value }))
  const members = new Map<string, Member>()
  const identifiers: DirectoryIdentifier[] = []
  const owned: DirectoryIdentifier[] = []
  for (const { profileId, rootId, kind, value, ...marks } of await findDirectory(sql, accountId, {
    identifiers: [...given.values(), ...earlier],
    ids,
  })) {
    if (rootId !== null) members.set(profileId, { profileId, rootId })
    if (kind === null || value === null) continue
    ;(rootId === null ? owned : identifiers).push({ kind, value, profileId, ...marks })
  }
  return { members: [...members.values()].sort(byProfile), identifiers: [...identifiers, ...owned], former }
}

/** Who is who, as far as a batch needs to know. */
export class Directory implements Ownership {
  readonly #roots = new Map<string, string>()
  readonly #people = new Map<string, Owner & { members: string[] }>()
  readonly #owners = new Map<string, string>()
  readonly #sharers = new Map<string, number>()
  readonly #apart: readonly ProfilePair[]

  constructor({ members, identifiers, former, apart = [] }: DirectoryRows) {
    this.#apart = apart
    for (const { profileId, rootId } of members) this.add(profileId, rootId)
    const stored = new Set(identifiers.flatMap((row) => (row.shared ? [] : [identifierKey(row)])))
    for (const row of identifiers) {
      const today = former?.get(identifierKey(row))
      // Where it is stored as it is written today too, that is the identifier, and the other counts by itself.
      const known = today && !stored.has(identifierKey(today)) ? today : row
      const { kind, value } = known
      const identifier = { kind, value, ...(row.verified ? { verified: true } : {}) }
      if (row.shared) this.#peopleOf(row.profileId)?.identifiers.push(identifier)
      else this.attach(identifier, row.profileId)
      if (row.sharers) this.#sharers.set(identifierKey(identifier), row.sharers)
    }
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

  owner(rootId: string): Owner {
    return this.#people.get(rootId) ?? { id: rootId, identifiers: [] }
  }

  ownerOf(identifier: Identifier): Owner | undefined {
    const profileId = this.#owners.get(identifierKey(identifier))
    return profileId === undefined ? undefined : this.#peopleOf(profileId)
  }

  sharersOf(device: Identifier): number {
    return this.#sharers.get(identifierKey(device)) ?? 0
  }

  areApart(personId: string, otherId: string): boolean {
    const isPair = (one: string, other: string) => this.rootOf(one) === personId && this.rootOf(other) === otherId
    return this.#apart.some(({ firstId, secondId }) => isPair(firstId, secondId) || isPair(secondId, firstId))
  }

  #peopleOf(profileId: string) {
    return this.#people.get(this.rootOf(profileId))
  }

  /** The profile that an owned identifier is stored with. */
  profileOf(identifier: Identifier): string {
    const profileId = this.#owners.get(identifierKey(identifier))
    if (profileId === undefined) throw new Error('an identifier that changes has an owner')
    return profileId
  }

  attach(identifier: Identifier, profileId: string): void {
    const key = identifierKey(identifier)
    if (this.#owners.has(key)) return
    this.#owners.set(key, profileId)
    this.#peopleOf(profileId)?.identifiers.push(plain(identifier))
  }

  share(identifier: Identifier, profileId: string): void {
    this.#sharers.set(identifierKey(identifier), this.sharersOf(identifier) + 1)
    this.#peopleOf(profileId)?.identifiers.push(plain(identifier))
  }

  /** It is the profile's from here on, as it is given. */
  change(identifier: Identifier, profileId: string): void {
    const owner = this.ownerOf(identifier)
    const own = owner?.identifiers.findIndex((known) => identifierKey(known) === identifierKey(identifier)) ?? -1
    if (own >= 0) owner?.identifiers.splice(own, 1)
    this.#owners.delete(identifierKey(identifier))
    this.attach(identifier, profileId)
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

const plain = ({ kind, value, verified }: Identifier): Identifier => ({
  kind,
  value,
  ...(verified ? { verified } : {}),
})
