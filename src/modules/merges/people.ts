// The two people of a merge as they are now: whom keys name, and what is known of each.

import type { Context } from '../../context.ts'
import type { Identifier } from '../../core/identity.ts'
import type { PartyFields } from '../../core/merge-fields.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { foldPerson } from '../member-fields/rows.ts'
import { wasErased } from '../profiles/erased.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'
import { findIdentifiers, findMembersNow, type MemberNow } from '../profiles/sql.ts'

export interface PairKeys {
  survivor: ProfileKey
  loser: ProfileKey
}

/** Profiles that the keys name. */
export interface PairIds {
  survivorId: string
  loserId: string
}

export interface Party extends PartyFields {
  rootId: string
  /** All profiles that are the person. */
  memberIds: readonly string[]
  identifiers: readonly Identifier[]
}

export interface Pair {
  survivor: Party
  loser: Party
}

/** NOT_FOUND, at its path, for a key of nobody; BAD_INPUT for one person under both. */
export async function findPair(context: Context, { survivor, loser }: PairKeys, path: string): Promise<PairIds> {
  const [survivorId, loserId] = await Promise.all([
    findPersonId(context, survivor, `${path}survivor`),
    findPersonId(context, loser, `${path}loser`),
  ])
  if (survivorId === null) throw notFound('no such profile', `${path}survivor`)
  if (loserId === null) throw notFound('no such profile', `${path}loser`)
  if (survivorId === loserId) throw badInput('the two are one person already', `${path}loser`)
  return { survivorId, loserId }
}

/** What is known of the two. CONFLICT where they have become one meanwhile. */
export async function loadPair(sql: Sql, accountId: string, { survivorId, loserId }: PairIds): Promise<Pair> {
  const members = await findMembersNow(sql, accountId, [survivorId, loserId])
  const rootOf = (id: string) => members.find(({ profileId }) => profileId === id)?.rootId
  const survivors = members.filter(({ rootId }) => rootId === rootOf(survivorId))
  const losers = members.filter(({ rootId }) => rootId === rootOf(loserId))
  assertLiving(survivors, 'survivor')
  assertLiving(losers, 'loser')
  if (survivors[0]?.rootId === losers[0]?.rootId) throw conflict('the two are one person by now', 'input.loser')
  const identifiers = await findIdentifiers(
    sql,
    accountId,
    members.map(({ profileId }) => profileId),
  )
  const party = (own: readonly MemberNow[]): Party => {
    const memberIds = own.map(({ profileId }) => profileId)
    const rootId = own[0]?.rootId ?? ''
    const rows = own.map(({ profileId: id, ...row }) => ({ id, ...row }))
    const { fields, meta } = foldPerson(rows, rootId)
    return {
      ...{ rootId, memberIds, fields, meta },
      identifiers: identifiers.filter(({ profileId }) => memberIds.includes(profileId)),
    }
  }
  return { survivor: party(survivors), loser: party(losers) }
}

/** NOT_FOUND for somebody who is no longer there, CONFLICT for somebody who was erased. */
function assertLiving(members: readonly MemberNow[], side: keyof Pair): void {
  if (members.length === 0) throw notFound('no such profile', `input.${side}`)
  const erased = members.find(({ erasedAt }) => erasedAt !== null)
  if (erased?.erasedAt) throw wasErased(erased.erasedAt, `input.${side}`)
}

/** The source ids of both, where each has one. */
export function rivalSourceIds({ survivor, loser }: Pair): { survivor: string; loser: string } | null {
  const sourceIdOf = ({ identifiers }: Party) => identifiers.find(({ kind }) => kind === 'SOURCE_ID')?.value
  const [own, other] = [sourceIdOf(survivor), sourceIdOf(loser)]
  return own !== undefined && other !== undefined ? { survivor: own, loser: other } : null
}
