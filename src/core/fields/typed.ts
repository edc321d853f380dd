// What a value is in storage beside the JSON that it is part of: a typed column that an index can be on. The same whatever the
// definition says, since rules compare what is there.

import { parseInstant } from '../rules/instant.ts'
import type { FieldsRules } from './check.ts'
import type { FieldType } from './definition.ts'

/** Of a text, so many characters are kept: an entry of an index has no room for all that a field may hold. */
export const keptCharacters = 200

export interface TypedValue {
  /** Cut after `keptCharacters`. */
  readonly text: string | null
  readonly number: number | null
  /** Of a text that is an instant: milliseconds. */
  readonly t: number | null
  readonly boolean: boolean | null
}

const none: TypedValue = { text: null, number: null, t: null, boolean: null }

/** Null for what has no typed form: null, lists and objects. */
export function typedValue(value: unknown): TypedValue | null {
  if (typeof value === 'number') return { ...none, number: value }
  if (typeof value === 'boolean') return { ...none, boolean: value }
  if (typeof value !== 'string') return null
  const text = value.length <= keptCharacters ? value : [...value].slice(0, keptCharacters).join('')
  return { ...none, text, t: parseInstant(value) }
}

const structured: ReadonlySet<FieldType> = new Set(['MONEY', 'GEO_POINT', 'OBJECT', 'LIST'])

/** Values of fields of the type are kept typed. */
export const isTypedType = (type: FieldType): boolean => !structured.has(type)

/** True of fields of people, by the key that values are stored under, whose values are kept typed. */
export function isTypedField(rules: FieldsRules | undefined, key: string): boolean {
  const known = rules?.byName.get(key)
  return known !== undefined && known.key === key && isTypedType(known.definition.type)
}
