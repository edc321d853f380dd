// Rows that are saved as a whole and looked at by what came of it: what is refused, or only planned, is undone again. So a plan is
// what the saving itself says, and nobody and nothing is left behind by a row that is refused.

import { isSameJson } from '../../core/fields/same-json.ts'
import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import type { Piece } from './job.ts'

export interface Trial {
  /** One for each of the rows. */
  readonly plans: readonly RowPlan[]
  /** People who began with them. */
  readonly created: ReadonlySet<string>
}

/**
 * A verdict for each of the rows, in no order. `save` does what the rows say, and is called anew without those that it refuses or
 * skips, until all of what it was given holds; where the piece is not applied nothing stays.
 */
export async function inTrials<Row extends { readonly number: number }>(
  piece: Piece,
  rows: readonly Row[],
  save: (rows: readonly Row[]) => Promise<Trial>,
): Promise<RowPlan[]> {
  const { tx, isApplying } = piece
  const verdicts: RowPlan[] = []
  for (let open = rows; open.length > 0; ) {
    await tx.$executeRaw`SAVEPOINT trial`
    const { plans, created } = await save(open)
    const held = plans.map((plan) => asAgreed(piece, plan))
    const kept = new Set(held.flatMap((plan) => (stays(plan) ? [plan.number] : [])))
    if (isApplying && kept.size === open.length) {
      await tx.$executeRaw`RELEASE SAVEPOINT trial`
      return [...verdicts, ...held]
    }
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT trial`
    await tx.$executeRaw`RELEASE SAVEPOINT trial`
    // Whoever began is nobody again.
    const plain = held.map((plan) => (created.has(plan.profileId ?? '') ? { ...plan, profileId: null } : plan))
    if (!isApplying) return [...verdicts, ...plain]
    verdicts.push(...plain.filter(({ number }) => !kept.has(number)))
    open = open.filter(({ number }) => kept.has(number))
  }
  return verdicts
}

const isChange = ({ action }: RowPlan) => action === 'CREATE' || action === 'UPDATE'
const stays = (plan: RowPlan) => isChange(plan) || (plan.action === 'SKIP' && plan.code === 'UNCHANGED')

/** A plan that somebody confirmed is done as it was, or not at all. */
function asAgreed({ confirmed }: Piece, plan: RowPlan): RowPlan {
  const agreed = confirmed?.get(plan.number)
  if (!agreed || !isChange(plan)) return plan
  const isOther = agreed.profileId !== null && agreed.profileId !== plan.profileId
  if (agreed.action === plan.action && !isOther && isSameJson(agreed.changes, plan.changes)) return plan
  const text = 'what the row is about changed since the plan was made; plan it anew'
  return { ...rejected(plan.number, 'CHANGED_MEANWHILE', text), profileId: plan.profileId }
}
