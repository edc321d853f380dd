// What an account defines of its fields, as it is stored, and rules that name a field which was deleted: they would wait for
// values that nobody sends.

import { type FieldDefinition, type FieldPolicy, keyOf } from '../../core/fields/definition.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { FieldPlace } from './rule-reading.ts'

/** All definitions of the account that were not deleted, oldest first, and its policies. */
export async function findFields(tx: Transaction, accountId: string) {
  const all = await tx.fieldDefinition.findMany({ where: { accountId }, orderBy: { id: 'asc' } })
  const definitions = all.filter(({ deletedAt }) => deletedAt === null)
  const policies: FieldPolicy[] = await tx.fieldPolicy.findMany({ where: { accountId } })
  return { definitions: definitions satisfies FieldDefinition[], policies, areAny: all.length + policies.length > 0 }
}

/** The keys that fields of people, or of events of the names, had before they were deleted. */
async function findDeleted(
  tx: Transaction,
  accountId: string,
  events: readonly string[],
): Promise<{ owner: 'PROFILE' | 'EVENT'; name: string; apiName: string }[]> {
  const rows = await tx.fieldDefinition.findMany({
    where: {
      ...{ accountId, place: '', deletedAt: { not: null } },
      OR: [{ owner: 'PROFILE' }, { owner: 'EVENT', eventName: { in: [...events] } }],
    },
    select: { owner: true, name: true, apiName: true },
  })
  return rows.map((row) => ({ ...row, owner: row.owner === 'EVENT' ? 'EVENT' : 'PROFILE' }))
}

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
