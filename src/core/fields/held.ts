// What a caller asks to be done with a person's fields, held to the definitions: names first, then the values that come of it.

import { checkFields, type FieldsRules } from './check.ts'
import type { FieldFault } from './definition.ts'
import { type FieldOperations, namesOf } from './operations.ts'
import type { FieldWrite } from './write.ts'

export interface Notes {
  readonly warnings: FieldFault[]
  readonly faults: FieldFault[]
}

/** The operations by the names that values are stored under, without those that are left out. Places are within `path`. */
export function keyed(
  asked: FieldOperations,
  rules: FieldsRules,
  { path, notes }: { path: string; notes: Notes },
): FieldOperations {
  const dropped = new Set<string>()
  if (rules.unknownKeys !== 'ACCEPT') {
    for (const { name, at } of namesOf(asked)) {
      // What is not allowed to be there may be removed.
      if (rules.byName.has(name) || at.startsWith('unset')) continue
      dropped.add(name)
      const fault = { field: `${path}.${at}`, message: 'a key that is not defined' }
      ;(rules.unknownKeys === 'REJECT' ? notes.faults : notes.warnings).push(fault)
    }
  }
  const key = (name: string) => rules.byName.get(name)?.key ?? name
  const renamed = (values: FieldOperations['set']) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (dropped.has(name) ? [] : [[key(name), value]])),
    )
  return {
    set: renamed(asked.set),
    setUntil: asked.setUntil.filter(({ name }) => !dropped.has(name)).map((one) => ({ ...one, name: key(one.name) })),
    setOnce: renamed(asked.setOnce),
    unset: asked.unset.map(key),
    increment: renamed(asked.increment),
    append: renamed(asked.append),
    remove: renamed(asked.remove),
  }
}

/** The writes with their values as they are stored, without those that are left out. */
export function heldWrites(
  writes: readonly FieldWrite[],
  rules: FieldsRules,
  { placeOf, notes }: { placeOf: (key: string) => string; notes: Notes },
): FieldWrite[] {
  return writes.flatMap((one) => {
    const known = rules.byName.get(one.name)
    if (!known) return [one]
    const place = placeOf(one.name)
    if (one.value === undefined) {
      if (known.definition.required) notes.faults.push({ field: place, message: 'required' })
      return [one]
    }
    const { value, warnings, faults } = checkFields(rules, { [one.name]: one.value }, { path: '', isWhole: false })
    const placed = (fault: FieldFault) => ({ ...fault, field: `${place}${fault.field.slice(one.name.length + 1)}` })
    notes.warnings.push(...warnings.map(placed))
    notes.faults.push(...faults.map(placed))
    return Object.hasOwn(value, known.key) ? [{ ...one, value: value[known.key] }] : []
  })
}
