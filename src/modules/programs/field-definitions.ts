// What an account defines of its fields, as it is stored, and rules that name a field by what no value is stored under: they
// would never hold.

import { type FieldDefinition, type FieldPolicy, keyOf } from '../../core/fields/definition.ts'
import { badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { FieldPlace } from './rule-reading.ts'

/** All definitions of the account that were not deleted, oldest first, and its policies; `all`: those that were among them. */
export async function findFields(tx: Transaction, accountId: string) {
  const all = await tx.fieldDefinition.findMany({ where: { accountId }, orderBy: { id: 'asc' } })
  const definitions = all.filter(({ deletedAt }) => deletedAt === null)
  const policies: FieldPolicy[] = await tx.fieldPolicy.findMany({ where: { accountId } })
  return {
    ...{ definitions: definitions satisfies FieldDefinition[], policies, all: all satisfies FieldDefinition[] },
    areAny: all.length + policies.length > 0,
  }
}

/** The definitions of people's fields, and of fields of the events, those that were deleted among them. */
const findNamed = (tx: Transaction, accountId: string, events: readonly string[]) =>
  tx.fieldDefinition.findMany({
    where: { accountId, place: '', OR: [{ owner: 'PROFILE' }, { owner: 'EVENT', eventName: { in: [...events] } }] },
    select: { owner: true, name: true, apiName: true, deletedAt: true },
  })

/**
 * NOT_FOUND, at its place, for a field that was deleted and not defined anew: of people, or of events of the names. BAD_INPUT
 * for one by its name in the API where values are stored under the CRM's.
 */
export async function assertFieldNames(
  tx: Transaction,
  accountId: string,
  { places, events }: { places: readonly FieldPlace[]; events: readonly string[] },
): Promise<void> {
  if (places.length === 0) return
  const named = await findNamed(tx, accountId, events)
  for (const { owner, field, path } of places) {
    const [first] = field.split(/[.[]/, 1)
    const beside = named.filter((one) => one.owner === owner)
    const own = beside.filter((one) => keyOf(one) === first)
    if (own.some(({ deletedAt }) => deletedAt === null)) continue
    if (own.length > 0) throw notFound(`the field ${field} was deleted`, path)
    const other = beside.find(({ apiName, deletedAt }) => apiName === first && deletedAt === null)
    if (other) throw badInput(`values of it are stored under \`${keyOf(other)}\`: name that`, path)
  }
}
