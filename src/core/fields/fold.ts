// The fields of a person from those of all profiles that are the person: per field the value stated last. It has a counterpart
// in SQL (modules/profiles/filter-sql), which a property test holds to it.

import type { Instant, JsonObject } from '../targeting/facts.ts'
import { isSameJson } from './same-json.ts'

/** What is known of one field's value, or of its absence where it was removed. */
export interface ValueMeta {
  /** The effective time of what stated it. */
  readonly at: Instant
  /** From then on the field reads as missing. */
  readonly until?: Instant
  /** It had been stated before, so history has no row of that time yet. */
  readonly again?: true
}

/** By field. Values from before times were kept have none. */
export type FieldMeta = { readonly [name: string]: ValueMeta }

/** The fields of one profile. */
export interface StampedFields {
  readonly fields: JsonObject
  readonly meta: FieldMeta
  /** When the first of the values ends; null where none does. Earlier does no harm. */
  readonly endAt: Instant | null
}

/** By field, what somebody chose when the profile, or what it was merged into, was merged, and when. */
export interface FieldMarks {
  /** `pick`: this profile's value counts as stated then. Otherwise the other's: what this one stated by then does not count beside it. */
  readonly [name: string]: { readonly t: Instant; readonly pick: boolean }
}

export interface MemberFields extends StampedFields {
  /** What merges between this profile and the person say of it. */
  readonly marks?: FieldMarks
}

export const noFields: StampedFields = { fields: {}, meta: {}, endAt: null }

/** Of values from before times were kept. */
const unknownTime = -8_640_000_000_000_000
const covered = Number.NEGATIVE_INFINITY

/**
 * Of each field the value that was stated last, a removal included; of those of one time, or of none, that of the later profile
 * in the list. The person's own profile comes last.
 */
export function foldFields(members: readonly MemberFields[]): StampedFields {
  const [only, second] = members
  if (!only) return noFields
  if (!second) return only
  const newest = new Map<string, Candidate>()
  for (const member of members) {
    for (const name of new Set([...Object.keys(member.fields), ...Object.keys(member.meta)])) {
      const candidate = candidateOf(member, name)
      const known = newest.get(name)
      if (!known || !isOlder(candidate, known)) newest.set(name, candidate)
    }
  }
  const all = [...newest]
  return {
    fields: Object.fromEntries(all.flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]]))),
    meta: Object.fromEntries(all.flatMap(([name, { meta }]) => (meta ? [[name, meta]] : []))),
    endAt: earliest(members.map(({ endAt }) => endAt)),
  }
}

interface Candidate {
  readonly value: unknown
  readonly meta: ValueMeta | undefined
  /** What it is compared by: the time that it counts as stated, then the time that it was. */
  readonly times: readonly [Instant, Instant]
}

function candidateOf({ fields, meta: all, marks = {} }: MemberFields, name: string): Candidate {
  const meta = own(all, name)
  const at = meta?.at ?? unknownTime
  return { value: own(fields, name), meta, times: [countedAs(at, own(marks, name)), at] }
}

/** When the statement counts as made. */
function countedAs(at: Instant, mark: FieldMarks[string] | undefined): Instant {
  if (!mark || at > mark.t) return at
  return mark.pick ? mark.t : covered
}

const isOlder = ({ times: a }: Candidate, { times: b }: Candidate): boolean =>
  a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]

/** The values that hold at that time: those that ended by then are missing. */
export function inForce({ fields, meta, endAt }: StampedFields, t: Instant): JsonObject {
  if (endAt === null || t < endAt) return fields
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !isEnded(own(meta, name), t)))
}

export const isEnded = (meta: ValueMeta | undefined, t: Instant): boolean =>
  meta?.until !== undefined && meta.until <= t

/** Whether the field's value was never stated: it is the default that somebody new begins with. */
export const isDefault = (
  { fields, meta }: Pick<StampedFields, 'fields' | 'meta'>,
  name: string,
  defaults: JsonObject,
): boolean =>
  own(meta, name) === undefined && Object.hasOwn(defaults, name) && isSameJson(own(fields, name), own(defaults, name))

/** When the first of the values ends. */
export function firstEnd(meta: FieldMeta): Instant | null {
  return earliest(Object.values(meta).map(({ until }) => until ?? null))
}

function earliest(times: readonly (Instant | null)[]): Instant | null {
  return times.reduce((first, t) => (first === null || (t !== null && t < first) ? t : first), null)
}

/** Of what was read as JSON: `__proto__` may be a name like any other. */
export const own = <T>(object: { readonly [name: string]: T }, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined
