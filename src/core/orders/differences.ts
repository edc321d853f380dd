// What a statement changes: the parts of two contents that are not the same.

import { isSameJson } from '../fields/same-json.ts'

export interface Difference {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** One for each key whose values differ, in alphabetical order; those of `hidden` tell no values. Instants and amounts are JSON. */
export function differencesOf<T extends object>(before: T, after: T, hidden: readonly (keyof T)[] = []): Difference[] {
  const keys = Object.keys(after).toSorted() as (keyof T & string)[] // Those of the type, as far as they are there.
  return keys.flatMap((field) => {
    const [was, is] = [plain(before[field]), plain(after[field])]
    if (isSameJson(was, is)) return []
    return [hidden.includes(field) ? { field, before: null, after: null } : { field, before: was, after: is }]
  })
}

/** As JSON has it: amounts as numbers, instants as texts. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}
