// Merging two people by hand, and undoing a merge, whoever made it. A merge is one row; nothing else is written.

import type { Context } from '../../context.ts'
import { defaultsOf } from '../../core/fields/check.ts'
import { encodeId } from '../../core/ids.ts'
import {
  conflictsOf,
  coversOf,
  type FieldChoice,
  type FieldConflict,
  type FieldRule,
  type MergedFields,
  picksOf,
} from '../../core/merge-fields.ts'
import { ApiError, badInput, conflict, notFound } from '../../errors.ts'
import { firstIdAt, idInput, newId, nodeKey } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { refreshPeople } from '../profiles/memberships.ts'
import { findMembersNow, lockProfiles } from '../profiles/sql.ts'
import { findPair, loadPair, type Pair, type PairKeys, rivalSourceIds } from './people.ts'
import { acceptCandidates, countMoves, dismissPair, findBlockers, insertMerge, lockMerges, type Moves } from './sql.ts'

export interface FieldsInput {
  fieldRule?: FieldRule | null
  fields?: readonly { name: string; rule: FieldRule }[] | null
}

export interface MergeInput extends PairKeys, FieldsInput {
  allowTwoSourceIds?: boolean | null
}

export interface MergePreview {
  survivorId: string
  loserId: string
  conflicts: readonly FieldConflict[]
  moves: Moves
  sourceIds: { survivor: string; loser: string } | null
}

/** What `mergeProfiles` would do, as far as it is known now; nothing is written. Refused as that is. */
export async function previewMerge(context: Context, input: PairKeys & FieldsInput): Promise<MergePreview> {
  const { sql, accountId } = context
  const pair = await loadPair(sql, accountId, await findPair(context, input, ''))
  return {
    survivorId: pair.survivor.rootId,
    loserId: pair.loser.rootId,
    conflicts: conflictsOf(await fieldsOf(context, sql, pair), choiceOf(input, pair, '')),
    moves: await countMoves(sql, accountId, pair.loser.memberIds),
    sourceIds: rivalSourceIds(pair),
  }
}

/**
 * The loser reads as the survivor from now on; returns the ids of both. BAD_INPUT where they are one person already, NOT_FOUND for
 * nobody, CONFLICT where both have a source id and that is not allowed.
 */
export async function mergeProfiles(
  context: Context,
  input: MergeInput,
): Promise<{ survivorId: string; loserId: string }> {
  const { services, accountId, principal } = context
  const ids = await findPair(context, input, 'input.')
  const { moved, ...merged } = await retrying(() =>
    services.database.transaction(async (tx) => {
      await lockMerges(tx, accountId)
      const before = await loadPair(tx, accountId, ids)
      await lockProfiles(tx, accountId, [before.survivor.rootId, before.loser.rootId])
      // Batches of events may have merged either while this waited.
      const pair = await loadPair(tx, accountId, ids)
      if (!isSamePair(before, pair)) throw new RetryError()
      const rivals = rivalSourceIds(pair)
      if (rivals && !input.allowTwoSourceIds)
        throw conflict(
          `two source ids: ${rivals.survivor} and ${rivals.loser}; if they are one person's all the same, allow it`,
          'input.allowTwoSourceIds',
        )
      const { survivor, loser } = pair
      const at = services.now()
      const sides = { ones: survivor.memberIds, others: loser.memberIds }
      const accepted = await acceptCandidates(tx, accountId, { ...sides, at })
      const conflicts = conflictsOf(await fieldsOf(context, tx, pair), choiceOf(input, pair, 'input.'))
      await insertMerge(tx, accountId, {
        loserId: loser.rootId,
        survivorId: survivor.rootId,
        picks: picksOf(conflicts),
        covers: coversOf(conflicts),
        source: accepted > 0 ? 'CANDIDATE' : 'MANUAL',
        apiKeyId: principal?.keyId ?? '',
        mergedAt: at,
      })
      const moved = await refreshPeople(tx, context, [ofMerge(survivor.rootId)])
      return { survivorId: survivor.rootId, loserId: loser.rootId, moved }
    }),
  )
  if (moved) services.live.wake(accountId)
  return merged
}

/** Whoever a merge is about may be in other audiences then. */
const ofMerge = (personId: string) => ({ personId, touch: 'ALL', cause: 'MERGE' }) as const

const isSamePair = (a: Pair, b: Pair) => a.survivor.rootId === b.survivor.rootId && a.loser.rootId === b.loser.rootId

async function fieldsOf({ accountId, services }: Context, sql: Transaction, pair: Pair): Promise<MergedFields> {
  const { fields } = await services.ruleSets.inForce(sql, accountId)
  return { ...pair, defaults: defaultsOf(fields?.of('PROFILE')) }
}

function choiceOf({ fieldRule, fields }: FieldsInput, { survivor, loser }: Pair, path: string): FieldChoice {
  for (const [i, { name }] of (fields ?? []).entries()) {
    if (!Object.hasOwn(survivor.fields, name) && !Object.hasOwn(loser.fields, name))
      throw badInput('neither of the two has such a field', `${path}fields[${i}].name`)
  }
  return { rule: fieldRule ?? 'SURVIVOR', rules: new Map((fields ?? []).map(({ name, rule }) => [name, rule])) }
}

export interface MergeBlocker {
  kind: 'JOURNEY' | 'RELATIONSHIP'
  /** Of the journey or relationship, as the API gives it. */
  id: string
  message: string
}

export interface UndoInput {
  loser: string | number
  force?: boolean | null
}

export interface Undone {
  loserId: string
  survivorId: string
  /** What stays with whom it is stored with, though both had a part in it. */
  blockers: readonly MergeBlocker[]
}

/** What both had a part in since they were merged, and undoing would tear. NOT_FOUND, and CONFLICT for who was not merged. */
export async function previewUndoMerge({ sql, accountId }: Context, loser: string | number): Promise<Undone> {
  const loserId = idInput('Profile', loser, 'loser')
  return (await loadUndo(sql, accountId, { loserId, path: 'loser' })).undone
}

/**
 * Removes the merge of a profile into another: each reads as before, with what was written since for whom it was written. CONFLICT,
 * with `blockers`, where both had a part in something, unless it is forced.
 */
export async function undoMerge(context: Context, { loser, force }: UndoInput): Promise<Undone> {
  const { services, accountId } = context
  const loserId = idInput('Profile', loser, 'input.loser')
  const { moved, undone } = await retrying(() =>
    services.database.transaction(async (tx) => {
      await lockMerges(tx, accountId)
      const asked = { loserId, path: 'input.loser' }
      const before = await loadUndo(tx, accountId, asked)
      await lockProfiles(tx, accountId, [before.rootId, loserId])
      const { rootId, undone } = await loadUndo(tx, accountId, asked)
      if (rootId !== before.rootId) throw new RetryError()
      const { blockers, survivorId } = undone
      if (blockers.length > 0 && !force)
        throw new ApiError('CONFLICT', 'both had a part in some things since; `force` leaves them where they are', {
          ...{ field: 'input.loser', blockers },
        })
      await tx.merge.delete({ where: { accountId_loserId: { accountId, loserId } } })
      await dismissPair(tx, accountId, { id: newId(), pair: [survivorId, loserId], at: services.now() })
      return { undone, moved: await refreshPeople(tx, context, [ofMerge(rootId), ofMerge(loserId)]) }
    }),
  )
  if (moved) services.live.wake(accountId)
  return undone
}

async function loadUndo(
  tx: Transaction,
  accountId: string,
  { loserId, path }: { loserId: string; path: string },
): Promise<{ rootId: string; undone: Undone }> {
  const merge = await tx.merge.findUnique({ where: { accountId_loserId: { accountId, loserId } } })
  if (!merge) {
    const known = await tx.profile.findUnique({ where: nodeKey(loserId, accountId), select: { id: true } })
    throw known ? conflict('it is not merged into another', path) : notFound('no such profile', path)
  }
  const members = await findMembersNow(tx, accountId, [loserId])
  const ones = new Set([loserId])
  for (let size = 0; size < ones.size; ) {
    size = ones.size
    for (const { profileId, survivorId } of members)
      if (survivorId !== null && ones.has(survivorId)) ones.add(profileId)
  }
  const others = members.flatMap(({ profileId }) => (ones.has(profileId) ? [] : [profileId]))
  const rows = await findBlockers(tx, accountId, { ones: [...ones], others, since: firstIdAt(merge.mergedAt) })
  const blockers = rows.map(({ kind, id, eventId }): MergeBlocker => {
    const type = kind === 'JOURNEY' ? 'Journey' : 'Relationship'
    const event = eventId === null ? '' : `, first by event ${encodeId('Event', eventId)}`
    return { kind, id: encodeId(type, id), message: `both had a part in this ${type.toLowerCase()}${event}` }
  })
  return { rootId: members[0]?.rootId ?? loserId, undone: { loserId, survivorId: merge.survivorId, blockers } }
}
