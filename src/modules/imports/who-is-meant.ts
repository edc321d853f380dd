// Whom rows are about, as far as an import may tell: it makes nobody of two people, and brings nobody back who was erased.

import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { findErasedAmong } from '../profiles/erased.ts'
import type { CheckedRef, ResolvedStep } from '../profiles/resolve.ts'
import type { Piece } from './job.ts'

export interface MeantRow {
  readonly number: number
  readonly ref: CheckedRef
}

/** Of each of the rows why it is refused, where it is about somebody who was erased; else null. */
export async function erasedIn(
  { tx, job, rules }: Pick<Piece, 'tx' | 'job' | 'rules'>,
  rows: readonly MeantRow[],
): Promise<(row: MeantRow) => RowPlan | null> {
  const key = rules.erasureKey
  if (!key || rows.length === 0) return () => null
  // What a file says is of the past, whenever it comes.
  const sent = ({ ref }: MeantRow) => ({ ref, occurredAt: new Date(0), idempotencyKey: null })
  const among = await findErasedAmong(tx, job.accountId, { key, events: rows.map(sent) })
  return (row) => {
    const at = among(sent(row))
    if (!at) return null
    return { ...rejected(row.number, 'CONFLICT', `this person was erased at ${at.toISOString()}`), isErased: true }
  }
}

/** Why the row is refused, where its identifiers are of several people; else null. */
export function ofSeveral(
  { number }: Pick<MeantRow, 'number'>,
  { step, created }: { step: ResolvedStep; created: ReadonlySet<string> },
): RowPlan | null {
  const others = [...step.absorbed, ...(step.rivals ?? []), ...(step.lost ?? []).map(({ personId }) => personId)]
  if (others.length === 0) return null
  const ids = [step.personId, ...others].filter((id) => !created.has(id))
  return rejected(
    number,
    'CONFLICT',
    `its identifiers are of several people: ${[...new Set(ids)].join(', ')}; an import merges nobody`,
  )
}
