// Orders' and lines' own fields, held to what the account defines of them.

import { type AccountFields, checkFields, type FieldsRules } from '../../core/fields/check.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import type { GivenOrder } from '../../core/orders/order-content.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { type ApiError, badInput } from '../../errors.ts'

interface Held {
  readonly given: GivenOrder
  readonly warnings: readonly FieldFault[]
}

/** The order with its fields as they are stored, and what was left out; BAD_INPUT, at its place, for what is refused. */
export function heldOrder(
  given: GivenOrder,
  { fields: all, path, isNew }: { fields: AccountFields | null; path: string; isNew: boolean },
): Held | ApiError {
  const [own, ofItems] = [all?.of('ORDER'), all?.of('ORDER_ITEM')]
  const warnings: FieldFault[] = []
  const faults: FieldFault[] = []
  const held = (rules: FieldsRules, value: JsonObject | null | undefined, place: string): JsonObject => {
    const checked = checkFields(rules, value ?? {}, { path: place, isWhole: true })
    warnings.push(...checked.warnings)
    faults.push(...checked.faults)
    return checked.value
  }
  const isWhole = given.fields !== undefined || isNew
  const fields = own && isWhole ? { fields: held(own, given.fields, `${path}.fields`) } : {}
  const items =
    ofItems && given.items
      ? {
          items: given.items.map((item, index) => ({
            ...item,
            fields: held(ofItems, item.fields, `${path}.items[${index}].fields`),
          })),
        }
      : {}
  const [fault] = faults
  return fault ? badInput(fault.message, fault.field) : { given: { ...given, ...fields, ...items }, warnings }
}
