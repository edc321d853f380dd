// Writes what a batch's decisions did to relationships: the new ones, then all evidence.

import type { Effects } from '../../core/targeting/effects.ts'
import type { Transaction } from '../../platform/database.ts'
import { insertEvidence, insertRelationships } from './sql.ts'

export async function applyRelationships(
  tx: Transaction,
  accountId: string,
  effects: readonly Effects[],
): Promise<void> {
  const created = effects.flatMap(({ relationshipCreated }) => relationshipCreated ?? [])
  const evidence = effects.flatMap(({ evidenceAdded }) => evidenceAdded)
  const dated = <T extends { at: number }>(row: T) => ({ ...row, at: new Date(row.at) })
  if (created.length) await insertRelationships(tx, accountId, created.map(dated))
  if (evidence.length) await insertEvidence(tx, accountId, evidence.map(dated))
}
