// What callers do to relationships directly; all else of them comes with events.

import type { Context } from '../../context.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { conflict, notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { lockProfiles } from '../profiles/sql.ts'
import { definedFields, heldFields } from '../programs/held-fields.ts'
import { findParties } from './sql.ts'

export interface UpdateRelationshipInput {
  relationshipId: string | number
  fields: JsonObject
}

export interface WrittenRelationship {
  readonly relationshipId: string
  /** What was left out, by the definitions of fields. */
  readonly warnings: readonly FieldFault[]
}

/**
 * Changes fields of a relationship; null removes one. NOT_FOUND; BAD_INPUT, at its place, for what the definitions refuse;
 * CONFLICT where one of the two was erased: what is said of a relationship tells of both.
 */
export async function updateRelationship(
  context: Context,
  input: UpdateRelationshipInput,
): Promise<WrittenRelationship> {
  const { accountId, services } = context
  const id = idInput('Relationship', input.relationshipId, 'input.relationshipId')
  return services.database.transaction(async (tx) => {
    const before = await findParties(tx, accountId, id)
    if (!before) throw notFound(`no relationship ${id}`, 'input.relationshipId')
    // An erasure locks them too: whichever comes first, nothing is written of somebody who is gone.
    await lockProfiles(tx, accountId, [before.advocateId, before.friendId])
    const now = await findParties(tx, accountId, id)
    if (!now || now.isErased) throw conflict('one of the two was erased', 'input.relationshipId')
    const given = { owner: 'RELATIONSHIP', given: input.fields, before: now.fields, path: 'input.fields' } as const
    const { fields, warnings } = heldFields(await definedFields(tx, accountId), given)
    await tx.relationship.update({ where: { accountId_id: { accountId, id } }, data: { fields } })
    return { relationshipId: id, warnings }
  })
}
