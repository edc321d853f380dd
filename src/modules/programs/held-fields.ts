// The brand's own fields of what is no person (campaigns, coupons, relationships), held to the account's definitions as they
// are given. Definitions are read in the transaction at hand: rules in force may be those that it is about to replace.

import { type AccountFields, checkFields, compileFields } from '../../core/fields/check.ts'
import type { FieldFault, FieldOwner } from '../../core/fields/definition.ts'
import { maxFields, maxFieldsBytes } from '../../core/fields/limits.ts'
import { ApiError, badInput } from '../../errors.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import type { JsonObject } from '../../scalars.ts'
import { findFields } from './field-definitions.ts'

/** What the account defines, as the transaction sees it. */
export async function definedFields(tx: Transaction, accountId: string): Promise<AccountFields> {
  const { definitions, policies } = await findFields(tx, accountId)
  return compileFields(definitions, policies)
}

export interface FieldsGiven {
  readonly owner: FieldOwner
  readonly given: JsonObject | null | undefined
  /** What is there; null for something new, which gets defaults and has to have what is required. */
  readonly before: JsonObject | null
  /** Where the fields stand in the input. */
  readonly path: string
}

export interface HeldFields {
  /** As they are stored: those of before, with what was given; null takes one away. */
  readonly fields: Prisma.InputJsonObject
  /** What was left out, by the definitions of fields. */
  readonly warnings: readonly FieldFault[]
}

/** BAD_INPUT, at its place, for what the definitions refuse and for over 200 fields; LIMIT_EXCEEDED for over 64 KiB of them. */
export function heldFields(defined: AccountFields, { owner, given, before, path }: FieldsGiven): HeldFields {
  const asked = given ?? {}
  if (Object.keys(asked).length > maxFields) throw badInput(`over ${maxFields} fields`, path)
  const rules = defined.of(owner)
  const held = rules
    ? checkFields(rules, asked, { path, isWhole: before === null })
    : { value: asked, warnings: [], faults: [] }
  const [fault] = held.faults
  if (fault) throw badInput(fault.message, fault.field)
  const all = Object.entries({ ...before, ...held.value })
  const fields = Object.fromEntries(all.filter(([, value]) => value !== null)) as Prisma.InputJsonObject // JSON.
  if (Buffer.byteLength(JSON.stringify(fields)) > maxFieldsBytes)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxFieldsBytes / 1024} KiB of fields`, { field: path })
  return { fields, warnings: held.warnings }
}
