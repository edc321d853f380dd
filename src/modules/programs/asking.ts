// What callers may ask rules about: a key that does not see a value must not find it out by asking whether it is this or that.

import { can } from '../../access.ts'
import type { Context } from '../../context.ts'
import { type AccountMarks, compileMarks } from '../../core/fields/marks.ts'
import { marksAlong } from '../../core/personal-names.ts'
import { identityKindOf, isEmailField } from '../../core/rules/path.ts'
import { ApiError } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { findFields } from './field-definitions.ts'
import type { FieldPlace } from './rule-reading.ts'

/**
 * FORBIDDEN, naming the field, for a condition on a value that tells who somebody is, from a key without PII_READ: an identifier
 * but the source id, a well-known name or what the account marks. Whether there is a value may be asked.
 */
export async function assertMayAsk(tx: Transaction, context: Context, places: readonly FieldPlace[]): Promise<void> {
  if (places.length === 0 || can(context.principal, ['PII_READ'])) return
  const marks = compileMarks((await findFields(tx, context.accountId)).all)
  const stray = places.find((place) => isPersonal(place, marks))
  if (stray) throw mayNotAsk(stray.field, stray.path)
}

/** FORBIDDEN, at the place, for asking about the field. */
export const mayNotAsk = (noun: string, field: string): ApiError =>
  new ApiError('FORBIDDEN', `this API key may not ask about ${noun}; it takes the scope PII_READ`, { field })

function isPersonal({ owner, field, op }: FieldPlace, marks: AccountMarks): boolean {
  if (op === 'EXISTS' || op === 'MISSING') return false
  if (owner === 'EVENT') return marksAlong(field, marks.ofEvents(null)) === 'WHOLE'
  const kind = isEmailField(field) ? 'EMAIL' : identityKindOf(field)
  return kind === undefined ? marksAlong(field, marks.of('PROFILE')) === 'WHOLE' : kind !== 'SOURCE_ID'
}
