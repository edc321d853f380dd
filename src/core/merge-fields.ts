// What becomes of two people's fields when they are merged, field by field.

export type FieldRule = 'SURVIVOR' | 'LOSER'

type Fields = Readonly<Record<string, unknown>>

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

/** Fields that both have with other values, by name, and whose is taken. */
export function conflictsOf(people: { survivor: Fields; loser: Fields }, choice: FieldChoice): FieldConflict[] {
  const { survivor, loser } = people
  return Object.keys(loser)
    .filter((name) => Object.hasOwn(survivor, name) && textOf(loser[name]) !== textOf(survivor[name]))
    .sort()
    .map((name) => ({
      name,
      survivorValue: survivor[name],
      loserValue: loser[name],
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
