// How an account's fields of people are normalised: by its own table of values first, then by the normaliser of the field.

import type { JsonObject } from '../targeting/facts.ts'
import { foldValue } from './fold.ts'
import { normaliseAs, type ValueKind } from './kinds.ts'
import { bad, good, maxValueLength, type Normalised, type ValueProblem, type ValueSetting } from './normalised.ts'

export interface FieldNormaliser extends ValueSetting {
  readonly field: string
  readonly kind: ValueKind
  /** The field that names the country, which goes before `country`. */
  readonly countryField?: string | null
}

/** Where a row of the account's table holds: in one field, or wherever values of a kind are normalised. */
export type MappingScope = `field:${string}` | `kind:${ValueKind}`

export interface ValueMapping {
  readonly scope: string
  /** Folded. */
  readonly raw: string
  readonly value: string
}

export interface FieldRules {
  readonly normalisers: ReadonlyMap<string, FieldNormaliser>
  /** By scope, then by folded value. */
  readonly mappings: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** The names of all fields that are normalised or have mappings of their own. */
  readonly fields: ReadonlySet<string>
}

export function fieldRules(normalisers: readonly FieldNormaliser[], rows: readonly ValueMapping[]): FieldRules {
  const mappings = new Map<string, Map<string, string>>()
  for (const { scope, raw, value } of rows) {
    const own = mappings.get(scope) ?? new Map<string, string>()
    mappings.set(scope, own.set(raw, value))
  }
  const mapped = [...mappings.keys()].flatMap((scope) => (scope.startsWith('field:') ? [scope.slice(6)] : []))
  return {
    normalisers: new Map(normalisers.map((one) => [one.field, one])),
    mappings,
    fields: new Set([...normalisers.map(({ field }) => field), ...mapped]),
  }
}

/** What the account's table says of a value, in the first of the scopes that knows it. */
export function mappedValue(rules: FieldRules, raw: unknown, scopes: readonly MappingScope[]): string | undefined {
  if (typeof raw !== 'string' && typeof raw !== 'number') return undefined
  const text = String(raw)
  if (text.length > maxValueLength) return undefined
  const folded = foldValue(text)
  for (const scope of scopes) {
    const value = rules.mappings.get(scope)?.get(folded)
    if (value !== undefined) return value
  }
  return undefined
}

/** A value of a kind: by the table of the kind, else normalised. What a mapping gives is in its form already. */
export function readValue(
  rules: FieldRules,
  raw: unknown,
  { kind, field, ...setting }: ValueSetting & { kind: ValueKind; field?: string | null },
): Normalised {
  const scopes: MappingScope[] = [...(field ? [`field:${field}` as const] : []), `kind:${kind}`]
  const mapped = mappedValue(rules, raw, scopes)
  return mapped === undefined ? normaliseAs(kind, raw, setting) : good(raw, mapped)
}

/** A field's value by the account's rules; null for a field that has none. `fields` are the person's, which may name the country. */
export function readField(rules: FieldRules, field: string, fields: JsonObject): Normalised | null {
  const raw = ownValue(fields, field)
  const normaliser = rules.normalisers.get(field)
  if (normaliser) return readValue(rules, raw, { ...normaliser, country: countryFor(rules, normaliser, fields) })
  if (!rules.mappings.has(`field:${field}`)) return null
  const mapped = mappedValue(rules, raw, [`field:${field}`])
  if (mapped !== undefined) return good(raw, mapped)
  if (raw === undefined || raw === null) return bad(raw, 'NOT_GIVEN')
  // What no mapping names is as it should be.
  return { value: typeof raw === 'string' ? raw : JSON.stringify(raw), raw, changed: false }
}

function countryFor(rules: FieldRules, normaliser: FieldNormaliser, fields: JsonObject): string | null {
  const { field, countryField, country = null } = normaliser
  const told = countryField && countryField !== field ? ownValue(fields, countryField) : undefined
  const scopes: MappingScope[] = [`field:${countryField ?? ''}`, 'kind:COUNTRY']
  const read = told === undefined ? null : (mappedValue(rules, told, scopes) ?? normaliseAs('COUNTRY', told).value)
  return read ?? country
}

/** What is set, each value in its form where it has one; what has none stays as it is. The same object where nothing changes. */
export function normaliseFields<T extends JsonObject>(set: T, rules: FieldRules): T {
  if (rules.fields.size === 0) return set
  const changed = Object.keys(set).flatMap((field) => {
    const found = rules.fields.has(field) ? readField(rules, field, set) : null
    return found?.changed ? [[field, found.value] as const] : []
  })
  return changed.length === 0 ? set : { ...set, ...Object.fromEntries(changed) }
}

export interface Unread {
  readonly field: string
  readonly kind: ValueKind
  readonly problem: ValueProblem
}

/** Of what is set, the values that a normaliser cannot read, which so stay as they came. */
export function unreadFields(set: JsonObject, rules: FieldRules): Unread[] {
  if (rules.normalisers.size === 0) return []
  return Object.keys(set).flatMap((field) => {
    const kind = rules.normalisers.get(field)?.kind
    const problem = kind && readField(rules, field, set)?.problem
    return kind && problem && problem !== 'NOT_GIVEN' ? [{ field, kind, problem }] : []
  })
}

const ownValue = (fields: JsonObject, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined)
