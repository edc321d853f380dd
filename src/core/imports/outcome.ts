// What is to become of a row, and what a plan is held to when it is carried out.

import { isSameJson } from '../fields/same-json.ts'
import type { JsonObject } from '../targeting/facts.ts'

export const importActions = ['CREATE', 'UPDATE', 'SKIP', 'REJECT'] as const

export type ImportAction = (typeof importActions)[number]

/** Why a row is skipped or refused: codes of the API's list, and those of a row alone. */
export type RowCode =
  | 'BAD_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'IDEMPOTENCY_CONFLICT'
  | 'IMMUTABLE_FIELD'
  | 'LIMIT_EXCEEDED'
  | 'FORBIDDEN'
  | 'DUPLICATE'
  | 'CHANGED_MEANWHILE'
  | 'EXISTS'
  | 'UNKNOWN'
  | 'UNCHANGED'
  | 'DONE_BEFORE'
  | 'LEFT_OUT'
  | 'TOTALS_DIFFER'
  | 'NEGATIVE'
  | 'ORDER_UNKNOWN'
  | 'ORDER_REFUSED'

/** The verdict on one row. */
export interface RowPlan {
  readonly number: number
  readonly action: ImportAction
  readonly profileId: string | null
  /** What it changes, from what to what. */
  readonly changes: JsonObject | null
  readonly code: RowCode | null
  readonly message: string | null
  /** It is about somebody who was erased, so nothing of it is kept. */
  readonly isErased?: boolean
}

export const rejected = (number: number, code: RowCode, message: string): RowPlan => ({
  ...{ number, action: 'REJECT', profileId: null, changes: null, code, message },
})

export const skipped = (number: number, code: RowCode, message: string): RowPlan => ({
  ...{ number, action: 'SKIP', profileId: null, changes: null, code, message },
})

/** True where the two do the very same. */
export const isSamePlan = (a: RowPlan, b: RowPlan): boolean =>
  a.action === b.action && a.profileId === b.profileId && isSameJson(a.changes, b.changes)

export type Tally = { readonly [action in ImportAction]?: number }

/** The counts with those of the rows added. */
export function tallied(before: Tally, rows: readonly { readonly action: ImportAction }[]): Tally {
  const counts: Partial<Record<ImportAction, number>> = { ...before }
  for (const { action } of rows) counts[action] = (counts[action] ?? 0) + 1
  return counts
}
