// Finds people who may be one, page by page: each page's people leave their keys, and are compared with all who share one and came
// before. So after the last page everybody was compared with everybody worth it, and no page takes long or much memory.

import { createHash } from 'node:crypto'
import type { Context } from '../../context.ts'
import { blockingKeys, defaultMinScore, likenessOf, maxBlock } from '../../core/duplicates/duplicates.ts'
import { type Particulars, particularsOf } from '../../core/duplicates/particulars.ts'
import { groupBy } from '../../core/group.ts'
import { encodeId } from '../../core/ids.ts'
import { badInput } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { foldPerson } from '../member-fields/rows.ts'
import { findIdentifiers, findMembersNow, lockProfiles } from '../profiles/sql.ts'
import {
  type FoundPair,
  findBlocks,
  findPeopleAfter,
  insertCandidates,
  type KeyRow,
  replaceKeys,
} from './finder-sql.ts'

export interface FinderInput {
  after?: string | number | null
  first?: number | null
  minScore?: number | null
}

export interface FinderRun {
  /** How many people were looked at, and with how many pairs. */
  seen: number
  compared: number
  /** Candidates that were not known. */
  found: number
  /** The last profile looked at, as the API gives its id; null where there are no more. */
  next: string | null
}

const defaultPeople = 2_000
const maxPeople = 10_000
const chunk = 500

/** Looks at the people after a profile, in the order of their ids. BAD_INPUT for bounds that cannot be. */
export async function findMergeCandidates({ services, accountId }: Context, input: FinderInput): Promise<FinderRun> {
  const { first, minScore } = { first: input.first ?? defaultPeople, minScore: input.minScore ?? defaultMinScore }
  if (first < 1 || first > maxPeople) throw badInput(`from 1 to ${maxPeople}`, 'input.first')
  if (!(minScore > 0 && minScore <= 1)) throw badInput('over 0, and at most 1', 'input.minScore')
  let after = input.after == null ? null : idInput('Profile', input.after, 'input.after')
  const run = { seen: 0, compared: 0, found: 0 }
  while (run.seen < first) {
    const limit = Math.min(chunk, first - run.seen)
    const page = await findPeopleAfter(services.database.system, accountId, { after, limit })
    const { compared, found } = await services.database.transaction((tx) => lookAt(tx, accountId, { page, minScore }))
    run.seen += page.length
    run.compared += compared
    run.found += found
    after = page.at(-1) ?? after
    if (page.length < limit) return { ...run, next: null }
  }
  return { ...run, next: after && encodeId('Profile', after) }
}

async function lookAt(
  tx: Sql,
  accountId: string,
  { page, minScore }: { page: readonly string[]; minScore: number },
): Promise<{ compared: number; found: number }> {
  if (page.length === 0) return { compared: 0, found: 0 }
  // Somebody who is being erased leaves no keys: an erasure locks whoever it is about.
  await lockProfiles(tx, accountId, page)
  const people = await loadParticulars(tx, accountId, page)
  const keys = [...people].flatMap(([profileId, one]) =>
    blockingKeys(one).map((key) => ({ key: hashOf(key), profileId })),
  )
  await replaceKeys(tx, accountId, { profileIds: page, keys })
  const asked = [...new Set(keys.map(({ key }) => key))]
  const pairs = pairsOf(await findBlocks(tx, accountId, { keys: asked, max: maxBlock }), new Set(page))
  const found: FoundPair[] = []
  for (let from = 0; from < pairs.length; from += maxPairs) {
    const some = pairs.slice(from, from + maxPairs)
    const strangers = [...new Set(some.flat())].filter((id) => !people.has(id))
    const known = new Map([...people, ...(await loadParticulars(tx, accountId, strangers))])
    for (const [firstId, secondId] of some) {
      const [a, b] = [known.get(firstId), known.get(secondId)]
      const { score, reasons } = a && b ? likenessOf(a, b) : { score: 0, reasons: [] }
      if (score >= minScore) found.push({ id: newId(), firstId, secondId, score, reasons })
    }
  }
  return { compared: pairs.length, found: found.length ? await insertCandidates(tx, accountId, found) : 0 }
}

/** That are loaded at a time. */
const maxPairs = 2_000

/** Names and addresses are not to lie about once more. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url').slice(0, 22)

/** Each pair of a block once, the smaller id first, where one of the two is of the page. */
function pairsOf(rows: readonly KeyRow[], page: ReadonlySet<string>): [string, string][] {
  const pairs = new Map<string, [string, string]>()
  for (const block of groupBy(rows, ({ key }) => key).values()) {
    const ids = block.map(({ profileId }) => profileId).sort()
    for (const [i, a] of ids.entries()) {
      for (const b of ids.slice(i + 1)) if (page.has(a) || page.has(b)) pairs.set(a + b, [a, b])
    }
  }
  return [...pairs.values()]
}

/** Of those of the ids that are people by themselves. */
async function loadParticulars(sql: Sql, accountId: string, ids: readonly string[]): Promise<Map<string, Particulars>> {
  if (ids.length === 0) return new Map()
  const members = await findMembersNow(sql, accountId, ids)
  const profileIds = members.map(({ profileId }) => profileId)
  const identifiers = groupBy(await findIdentifiers(sql, accountId, profileIds), ({ profileId }) => profileId)
  const asked = new Set(ids)
  return new Map(
    [...groupBy(members, ({ rootId }) => rootId)].flatMap(([rootId, own]): [string, Particulars][] => {
      if (!asked.has(rootId)) return []
      const rows = own.map(({ profileId: id, ...row }) => ({ id, ...row }))
      const { fields } = foldPerson(rows, rootId)
      const known = own.flatMap(({ profileId }) => identifiers.get(profileId) ?? [])
      return [[rootId, particularsOf({ identifiers: known.filter(({ shared }) => !shared), fields })]]
    }),
  )
}
