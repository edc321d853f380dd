// What callers say of pairs of people who may be one. Accepting one is merging the two.

import type { Context } from '../../context.ts'
import { conflict, notFound } from '../../errors.ts'
import { idInput, nodeKey } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { findMembers, lockWithPeople } from '../profiles/sql.ts'

/** Says that the two are two people; said twice it is said once. NOT_FOUND, and CONFLICT for a pair that was merged. */
export async function dismissMergeCandidate(
  { services, accountId, now }: Context,
  input: { mergeCandidateId: string | number },
): Promise<string> {
  const id = idInput('MergeCandidate', input.mergeCandidateId, 'input.mergeCandidateId')
  await retrying(() =>
    services.database.transaction(async (tx) => {
      const where = nodeKey(id, accountId)
      const pair = await tx.mergeCandidate.findUnique({ where, select: { firstId: true, secondId: true } })
      if (!pair) throw notFound('no such merge candidate', 'input.mergeCandidateId')
      const isOne = await lockPair(tx, accountId, [pair.firstId, pair.secondId])
      const known = await tx.mergeCandidate.findUnique({ where, select: { state: true } })
      if (!known) throw notFound('no such merge candidate', 'input.mergeCandidateId')
      if (known.state === 'DISMISSED') return
      if (isOne || known.state === 'ACCEPTED')
        throw conflict('the two were merged: undo that instead', 'input.mergeCandidateId')
      await tx.mergeCandidate.update({ where, data: { state: 'DISMISSED', decidedAt: now } })
    }),
  )
  return id
}

/**
 * Locks the two with the people that they are, so that no batch of events that merges them goes by what was said before; true
 * where they are one by now.
 */
async function lockPair(tx: Transaction, accountId: string, ids: readonly string[]): Promise<boolean> {
  const rootsOf = async () => new Set((await findMembers(tx, accountId, ids)).map(({ rootId }) => rootId))
  const before = await rootsOf()
  await lockWithPeople(tx, accountId, ids)
  const roots = await rootsOf()
  if (before.size !== roots.size || [...roots].some((id) => !before.has(id))) throw new RetryError()
  return roots.size === 1
}
