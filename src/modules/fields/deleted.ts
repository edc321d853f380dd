// Rules that name a field which was deleted: they would wait for values that nobody sends.

import { keyOf } from '../../core/fields/definition.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { FieldPlace } from '../programs/rule-reading.ts'
import { findDeleted } from './sql.ts'

/** NOT_FOUND, at its place, for a field that was deleted and not defined anew: of people, or of events of the names. */
export async function assertNotDeleted(
  tx: Transaction,
  accountId: string,
  { places, events }: { places: readonly FieldPlace[]; events: readonly string[] },
): Promise<void> {
  if (places.length === 0) return
  const deleted = await findDeleted(tx, accountId, events)
  const stray = places.find(({ owner, field }) =>
    deleted.some((one) => one.owner === owner && keyOf(one) === field.split(/[.[]/, 1)[0]),
  )
  if (stray) throw notFound(`the field ${stray.field} was deleted`, stray.path)
}
