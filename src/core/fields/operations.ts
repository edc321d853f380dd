// What a caller asks to be done with a person's fields, as statements about them: each goes by the value in force.

import type { Instant, JsonObject } from '../targeting/facts.ts'
import { inForce, own, type StampedFields } from './fold.ts'
import { isSameJson } from './same-json.ts'
import type { FieldWrite } from './write.ts'

export interface FieldOperations {
  readonly set: JsonObject
  readonly setUntil: readonly { readonly name: string; readonly value: unknown; readonly until: Instant }[]
  /** Only where the field is missing. */
  readonly setOnce: JsonObject
  readonly unset: readonly string[]
  /** By a number each; a missing field counts from 0. */
  readonly increment: JsonObject
  /** A value, or each of a list; a missing field is an empty list. */
  readonly append: JsonObject
  /** Every element that is the value, or one of the list. */
  readonly remove: JsonObject
}

/** Why nothing of it is done; `at` is the place in the operations. */
export interface OperationFault {
  readonly at: string
  readonly message: string
}

/** Fields that are the person's own ids, and so never change. */
export const immutableFields: ReadonlySet<string> = new Set(['id', 'sourceId'])

/** Names that stand for a person's identifiers, wherever fields are named. */
export const identifierNames: ReadonlySet<string> = new Set([
  ...['email', 'phone', 'partnerUserId', 'deviceId', 'emailDomain'],
  ...immutableFields,
])

/** Why nothing can be stated of a field of that name; null where it can. A dot or bracket would be a path to rules. */
export function nameFault(name: string): string | null {
  if (name.trim() === '') return 'a field needs a name'
  if (identifierNames.has(name)) return 'this is an identifier: send it in `profile`'
  return /[.[\]]/.test(name) ? 'a name has no dots and brackets; set the object that the value is in' : null
}

/** The names that the operations are about, each with its place. */
export function namesOf(asked: FieldOperations): { readonly name: string; readonly at: string }[] {
  const keys = (['set', 'setOnce', 'increment', 'append', 'remove'] as const).flatMap((operation) =>
    Object.keys(asked[operation]).map((name) => ({ name, at: `${operation}.${name}` })),
  )
  const ending = asked.setUntil.map(({ name }, i) => ({ name, at: `setUntil[${i}].name` }))
  return [...keys, ...ending, ...asked.unset.map((name, i) => ({ name, at: `unset[${i}]` }))]
}

/** The place of the first name that two operations are about, by what `keyOf` stores it under; `set` with `unset` removes, as it always did. */
export function nameTwice(asked: FieldOperations, keyOf: (name: string) => string): string | null {
  const seen = new Map<string, string>()
  for (const { name: given, at } of namesOf(asked)) {
    const name = keyOf(given)
    const first = seen.get(name)
    if (first !== undefined && !(first.startsWith('set.') && at.startsWith('unset['))) return at
    seen.set(name, first ?? at)
  }
  return null
}

/**
 * The statements that carry the operations out on the fields, or why they cannot be. What a caller asks holds from now on, even
 * where a field was last stated for a time that is yet to come.
 */
export function carryOut(asked: FieldOperations, person: StampedFields, now: Instant): FieldWrite[] | OperationFault {
  const current = inForce(person, now)
  const stated = (name: string) => ({ name, at: Math.max(now, own(person.meta, name)?.at ?? now) })
  // A value that is changed ends when it would have.
  const changed = (name: string) => {
    const until = own(current, name) === undefined ? undefined : own(person.meta, name)?.until
    return { ...stated(name), ...(until === undefined ? {} : { until }) }
  }
  const writes: FieldWrite[] = []
  for (const [name, value] of Object.entries(asked.set)) writes.push({ ...stated(name), value })
  for (const { name, value, until } of asked.setUntil) writes.push({ ...stated(name), value, until })
  for (const [name, value] of Object.entries(asked.setOnce))
    if ((own(current, name) ?? null) === null) writes.push({ ...stated(name), value })
  for (const [name, by] of Object.entries(asked.increment)) {
    const value = sumOf(own(current, name) ?? 0, by)
    if (typeof value === 'string') return { at: `increment.${name}`, message: value }
    writes.push({ ...changed(name), value })
  }
  for (const [name, more] of Object.entries(asked.append)) {
    const list = own(current, name) ?? []
    if (!Array.isArray(list)) return { at: `append.${name}`, message: 'the field is no list' }
    writes.push({ ...changed(name), value: [...list, ...listOf(more)] })
  }
  for (const [name, gone] of Object.entries(asked.remove)) {
    const list = own(current, name) ?? []
    if (!Array.isArray(list)) return { at: `remove.${name}`, message: 'the field is no list' }
    const left = list.filter((one) => !listOf(gone).some((other) => isSameJson(one, other)))
    if (left.length < list.length) writes.push({ ...changed(name), value: left })
  }
  for (const name of asked.unset) writes.push({ ...stated(name), value: undefined })
  return writes
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

const exactDigits = 15

/** The sum, or what is wrong with it. Tenths add up as people write them. */
function sumOf(value: unknown, by: unknown): number | string {
  if (typeof by !== 'number') return 'not a number'
  if (typeof value !== 'number') return 'the field is no number'
  const sum = value + by
  if (Number.isInteger(sum)) return Number.isSafeInteger(sum) ? sum : 'the sum is beyond ±2^53'
  return Number(sum.toPrecision(exactDigits))
}
