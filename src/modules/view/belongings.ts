// Addresses and interests of a person: set as whole lists with the profile that was named, read across merges.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import type { PersonRef } from '../../core/identity.ts'
import { badInput } from '../../errors.ts'
import type { Address, AddressKind, Interest } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { checkedOptional, checkedText } from '../../text.ts'
import { membersOf } from '../profiles/members.ts'
import { checkRef } from '../profiles/resolve.ts'
import { findOrCreatePeople } from '../profiles/service.ts'
import { findMembers } from '../profiles/sql.ts'

const maxAddresses = 20
const maxLines = 10
const maxInterests = 100

export interface AddressInput {
  kind: AddressKind
  name?: string | null
  lines: readonly string[]
  postalCode?: string | null
  city?: string | null
  region?: string | null
  country?: string | null
}

/** Sets all addresses of a person, found or created, in their order; returns the person's id. */
export async function setAddresses(
  context: Context,
  input: { profile: PersonRef; addresses: readonly AddressInput[] },
): Promise<string> {
  const { accountId, now: createdAt } = context
  if (input.addresses.length > maxAddresses) throw badInput(`over ${maxAddresses} addresses`, 'input.addresses')
  const checked = input.addresses.map(checkAddress)
  return writeLists(context, input.profile, async (tx, { profileId, members }) => {
    await tx.address.deleteMany({ where: { accountId, profileId: { in: [...members] } } })
    await tx.address.createMany({
      data: checked.map((address) => ({ ...address, accountId, id: newId(), profileId, createdAt })),
    })
  })
}

function checkAddress(address: AddressInput, index: number) {
  const path = `input.addresses[${index}]`
  if (address.lines.length > maxLines) throw badInput(`over ${maxLines} lines`, `${path}.lines`)
  const optional = (name: 'name' | 'postalCode' | 'city' | 'region' | 'country') =>
    checkedOptional(address[name], `${path}.${name}`)
  return {
    kind: address.kind,
    name: optional('name'),
    lines: address.lines.map((line, i) => checkedText(line, `${path}.lines[${i}]`)),
    postalCode: optional('postalCode'),
    city: optional('city'),
    region: optional('region'),
    country: optional('country'),
  }
}

/** Sets all interests of a person, found or created; those that were there keep since when. Returns the person's id. */
export async function setInterests(
  context: Context,
  input: { profile: PersonRef; interests: readonly string[] },
): Promise<string> {
  const { accountId, now } = context
  const names = [...new Set(input.interests.map((name, i) => checkedText(name, `input.interests[${i}]`)))]
  if (names.length > maxInterests) throw badInput(`over ${maxInterests} interests`, 'input.interests')
  return writeLists(context, input.profile, async (tx, { profileId, members }) => {
    const where = { accountId, profileId: { in: [...members] } }
    const known = await tx.interest.findMany({ where, orderBy: { since: 'desc' } })
    // Of several profiles the oldest.
    const since = new Map(known.map((row) => [row.name, row.since]))
    await tx.interest.deleteMany({ where: { ...where, name: { notIn: names } } })
    // What another profile of the person has too, stays with it.
    await tx.interest.createMany({
      data: names.map((name) => ({ accountId, profileId, name, since: since.get(name) ?? now })),
      skipDuplicates: true,
    })
  })
}

interface Person {
  /** The profile that was named: what is written stays with it when a merge is undone. */
  profileId: string
  members: readonly string[]
}

async function writeLists(
  context: Context,
  profile: PersonRef,
  write: (tx: Transaction, person: Person) => Promise<void>,
): Promise<string> {
  const { accountId, services } = context
  const ref = checkRef(profile, 'input.profile')
  const work = async (tx: Transaction) => {
    const [named = ''] = await findOrCreatePeople(tx, [ref], { context, path: () => 'input.profile' })
    const rows = await findMembers(tx, accountId, [named])
    const [{ rootId } = { rootId: named }] = rows
    const members = rows.map(({ profileId }) => profileId)
    await write(tx, { profileId: named, members })
    return rootId
  }
  const id = await retrying(() => services.database.transaction(work))
  context.memo('addresses', () => addressLoader(context)).clearAll()
  context.memo('interests', () => interestLoader(context)).clearAll()
  return id
}

/** The addresses of all profiles that are the person, in the order in which they were set. */
export async function addressesOfPerson(context: Context, profileId: string): Promise<Address[]> {
  const loader = context.memo('addresses', () => addressLoader(context))
  const rows = (await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))).flat()
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function addressLoader({ db, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const found = await db.address.findMany({
      where: { accountId, profileId: { in: [...ids] } },
      orderBy: { id: 'asc' },
    })
    const rows = groupBy(found, ({ profileId }) => profileId)
    return ids.map((id) => rows.get(id) ?? [])
  })
}

/** Each interest once, by name; of several profiles since the first. */
export async function interestsOfPerson(context: Context, profileId: string): Promise<Interest[]> {
  const loader = context.memo('interests', () => interestLoader(context))
  const rows = (await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))).flat()
  const byName = new Map<string, Interest>()
  for (const row of rows) {
    const known = byName.get(row.name)
    if (!known || row.since < known.since) byName.set(row.name, row)
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function interestLoader({ db, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const found = await db.interest.findMany({ where: { accountId, profileId: { in: [...ids] } } })
    const rows = groupBy(found, ({ profileId }) => profileId)
    return ids.map((id) => rows.get(id) ?? [])
  })
}
