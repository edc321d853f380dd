// Statements about the fields of one profile, one after the other: what they change of it, and what history keeps of them.

import type { Instant, JsonObject } from '../targeting/facts.ts'
import { type FieldMeta, firstEnd, own, type StampedFields, type ValueMeta } from './fold.ts'
import { isSameJson } from './same-json.ts'

/** A field's value is stated, or its absence. */
export interface FieldWrite {
  readonly name: string
  /** Undefined: the field is removed. */
  readonly value: unknown
  /** When that was so. */
  readonly at: Instant
  readonly until?: Instant
}

/** What a message says of a person's own fields. */
export interface FieldsChange {
  readonly set: JsonObject
  readonly unset: readonly string[]
}

/** The same, and since when it is so. */
export interface FieldsStatement extends FieldsChange {
  readonly at: Instant
}

/** Removing goes last. */
export const writesOf = ({ set, unset, at }: FieldsStatement): FieldWrite[] => [
  ...Object.entries(set).flatMap(([name, value]) => (unset.includes(name) ? [] : [{ name, value, at }])),
  ...[...new Set(unset)].map((name) => ({ name, value: undefined, at })),
]

export interface Written {
  /** The profile's fields then. */
  readonly fields: StampedFields
  readonly history: readonly Told[]
}

export interface Told extends FieldWrite {
  /** The value in force, told again since an older one came in. */
  readonly isRestated: boolean
}

/** An older statement never replaces a newer one; of one time, the later counts. */
export function write(before: StampedFields, writes: readonly FieldWrite[]): Written {
  const fields = new Map(Object.entries(before.fields))
  const meta = new Map(Object.entries(before.meta))
  const history: Told[] = []
  for (const one of writes) {
    const { name, value, at } = one
    const known = meta.get(name)
    const current = fields.get(name)
    // What history left out so far has a row before anything comes beside it.
    const pinned = known?.again ? [restated(name, current, known)] : []
    if (known && known.at > at) {
      history.push({ ...one, isRestated: false }, ...pinned)
      if (known.again) meta.set(name, metaOf(known))
      continue
    }
    const isAgain = isSameJson(current, value) && known?.until === one.until
    if (!isAgain) history.push(...pinned, { ...one, isRestated: false })
    if (value === undefined) fields.delete(name)
    else fields.set(name, value)
    meta.set(name, isAgain ? { ...metaOf(one), again: true } : metaOf(one))
  }
  const after: FieldMeta = Object.fromEntries(meta)
  return { fields: { fields: Object.fromEntries(fields), meta: after, endAt: firstEnd(after) }, history }
}

const restated = (name: string, value: unknown, { at, until }: ValueMeta): Told => ({
  ...{ name, value, at, isRestated: true },
  ...(until === undefined ? {} : { until }),
})

const metaOf = ({ at, until }: Pick<FieldWrite, 'at' | 'until'>): ValueMeta =>
  until === undefined ? { at } : { at, until }

/** What of the fields is another than before, as the database takes it. */
export function differenceOf(before: StampedFields, after: StampedFields) {
  const names = Object.keys(after.meta).filter((name) => own(before.meta, name) !== own(after.meta, name))
  const set = names.filter((name) => Object.hasOwn(after.fields, name))
  return {
    set: Object.fromEntries(set.map((name) => [name, own(after.fields, name)])),
    unset: names.filter((name) => !Object.hasOwn(after.fields, name)),
    meta: Object.fromEntries(names.map((name) => [name, own(after.meta, name)])),
  }
}
