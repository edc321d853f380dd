// What becomes of two people's fields when they are merged, field by field.

import { isDefault, type StampedFields } from './fields/fold.ts'
import type { JsonObject } from './targeting/facts.ts'

export type FieldRule = 'SURVIVOR' | 'LOSER'

export type PartyFields = Pick<StampedFields, 'fields' | 'meta'>

export interface MergedFields {
  readonly survivor: PartyFields
  readonly loser: PartyFields
  /** What somebody new begins with: nobody stated it, so it gives way to what the other has. */
  readonly defaults: JsonObject
}

export interface FieldChoice {
  /** Of fields that are not named. */
  readonly rule: FieldRule
  readonly rules: ReadonlyMap<string, FieldRule>
}

export interface FieldConflict {
  readonly name: string
  readonly survivorValue: unknown
  readonly loserValue: unknown
  readonly wins: FieldRule
}

/** Fields that both have with other values, by name, and whose is taken. A default counts as had only where the field is named. */
export function conflictsOf({ survivor, loser, defaults }: MergedFields, choice: FieldChoice): FieldConflict[] {
  const [ones, others] = [survivor.fields, loser.fields]
  const isStated = (name: string) => !isDefault(survivor, name, defaults) && !isDefault(loser, name, defaults)
  return Object.keys(others)
    .filter((name) => Object.hasOwn(ones, name) && textOf(others[name]) !== textOf(ones[name]))
    .filter((name) => choice.rules.has(name) || isStated(name))
    .sort()
    .map((name) => ({
      name,
      survivorValue: ones[name],
      loserValue: others[name],
      wins: choice.rules.get(name) ?? choice.rule,
    }))
}

/** Names of the fields that read as the loser's after the merge, in spite of the survivor's. */
export const picksOf = (conflicts: readonly FieldConflict[]): string[] =>
  conflicts.filter(({ wins }) => wins === 'LOSER').map(({ name }) => name)

/** Names of the fields that read as the survivor's, however newly the loser's were stated before. */
export const coversOf = (conflicts: readonly FieldConflict[]): string[] =>
  conflicts.filter(({ wins }) => wins === 'SURVIVOR').map(({ name }) => name)

/** One text for equal JSON values: keys sorted. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${textOf(inner)}`).join(',')}}`
}
