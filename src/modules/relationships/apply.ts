// Writes what a batch's decisions did to relationships: the new ones, then all evidence. The statements are asked for in one go;
// `Sql` runs them in their order.

import type { Effects } from '../../core/targeting/effects.ts'
import type { Sql } from '../../platform/database.ts'
import { insertEvidence, insertRelationships } from './sql.ts'

export async function applyRelationships(tx: Sql, accountId: string, effects: readonly Effects[]): Promise<void> {
  const created = effects.flatMap(({ relationshipCreated }) => relationshipCreated ?? [])
  const evidence = effects.flatMap(({ evidenceAdded }) => evidenceAdded)
  const dated = <T extends { at: number }>(row: T) => ({ ...row, at: new Date(row.at) })
  await Promise.all([
    created.length > 0 && insertRelationships(tx, accountId, created.map(dated)),
    evidence.length > 0 && insertEvidence(tx, accountId, evidence.map(dated)),
  ])
}
