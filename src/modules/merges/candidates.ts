// What callers say of pairs of people who may be one. Accepting one is merging the two.

import type { Context } from '../../context.ts'
import { conflict, notFound } from '../../errors.ts'
import { idInput, nodeKey } from '../../ids.ts'

/** Says that the two are two people; said twice it is said once. NOT_FOUND, and CONFLICT for a pair that was merged. */
export async function dismissMergeCandidate(
  { services, accountId, now }: Context,
  input: { mergeCandidateId: string | number },
): Promise<string> {
  const id = idInput('MergeCandidate', input.mergeCandidateId, 'input.mergeCandidateId')
  const db = services.database.forAccount(accountId)
  const { count } = await db.mergeCandidate.updateMany({
    where: { accountId, id, state: 'OPEN' },
    data: { state: 'DISMISSED', decidedAt: now },
  })
  if (count > 0) return id
  const known = await db.mergeCandidate.findUnique({ where: nodeKey(id, accountId), select: { state: true } })
  if (!known) throw notFound('no such merge candidate', 'input.mergeCandidateId')
  if (known.state === 'ACCEPTED') throw conflict('the two were merged: undo that instead', 'input.mergeCandidateId')
  return id
}
