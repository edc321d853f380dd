// What each operator makes of one value that is there. A value of a type that the comparison does not know is UNKNOWN,
// never FALSE, so that its negation does not hold either.

import { byteOrder } from '../names.ts'
import type { Instant } from '../targeting/facts.ts'
import { parseInstant } from './instant.ts'
import type { FieldOperator, FieldRule } from './rule.ts'
import { isTrue, isUnknown, type Truth, truthOf } from './truth.ts'

/** The truth of one comparison; `t` is the event's effective time. */
export type ValueTest = (value: unknown, t: Instant) => Truth

type OrderTest = (a: number, b: number) => boolean

type Scalar = string | number | boolean

const dayMs = 86_400_000

export const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))

/** The test of a checked rule's operator, EXISTS and MISSING apart. NE and NOT_IN get the test that they negate. */
export function valueTest(rule: FieldRule): ValueTest {
  const make = makers[rule.op]
  if (!make) throw new RangeError(`${rule.op} compares no values`)
  return make(rule.value)
}

const makers: { readonly [op in FieldOperator]?: (wanted: unknown) => ValueTest } = {
  EQ: equals,
  NE: equals,
  IN: isAmong,
  NOT_IN: isAmong,
  LT: (wanted) => ordered(wanted, (a, b) => a < b),
  LTE: (wanted) => ordered(wanted, (a, b) => a <= b),
  GT: (wanted) => ordered(wanted, (a, b) => a > b),
  GTE: (wanted) => ordered(wanted, (a, b) => a >= b),
  CONTAINS: contains,
  STARTS_WITH: (wanted) => onText(wanted, (text, part) => text.startsWith(part)),
  ENDS_WITH: (wanted) => onText(wanted, (text, part) => text.endsWith(part)),
  WITHIN_LAST_DAYS: withinLastDays,
}

/** Texts that are both instants are equal where they mean the same instant; all others where they are the same text. */
function equals(wanted: unknown): ValueTest {
  const instant = typeof wanted === 'string' ? parseInstant(wanted) : null
  const type = typeof wanted
  return (value) => {
    if (typeof value !== type || !isScalar(value)) return isUnknown
    if (instant === null || typeof value !== 'string') return truthOf(value === wanted)
    return truthOf(value === wanted || parseInstant(value) === instant)
  }
}

/** Equal to one of a list, all of one type. */
function isAmong(wanted: unknown): ValueTest {
  const list: readonly unknown[] = Array.isArray(wanted) ? wanted : []
  const type = typeof list[0]
  const values: ReadonlySet<unknown> = new Set(list)
  const instants = new Set(list.flatMap((one) => (typeof one === 'string' ? (parseInstant(one) ?? []) : [])))
  return (value) => {
    if (typeof value !== type || !isScalar(value)) return isUnknown
    if (values.has(value)) return isTrue
    const at = instants.size > 0 && typeof value === 'string' ? parseInstant(value) : null
    return truthOf(at !== null && instants.has(at))
  }
}

/** Numbers by size; instants by time, where the rule gives one; other texts character by character. */
function ordered(wanted: unknown, test: OrderTest): ValueTest {
  if (typeof wanted === 'number') {
    return (value) => (typeof value === 'number' ? truthOf(test(value, wanted)) : isUnknown)
  }
  if (typeof wanted !== 'string') return () => isUnknown
  const instant = parseInstant(wanted)
  if (instant === null) {
    return (value) => (typeof value === 'string' ? truthOf(test(byteOrder(value, wanted), 0)) : isUnknown)
  }
  return (value) => {
    const at = typeof value === 'string' ? parseInstant(value) : null
    return at === null ? isUnknown : truthOf(test(at, instant))
  }
}

/** A part of a text, or an element of a list. */
function contains(wanted: unknown): ValueTest {
  const isWanted = equals(wanted)
  return (value, t) => {
    if (Array.isArray(value)) return truthOf(value.some((element) => isWanted(element, t) === isTrue))
    if (typeof value !== 'string' || typeof wanted !== 'string') return isUnknown
    return truthOf(value.includes(wanted))
  }
}

function onText(wanted: unknown, holds: (text: string, part: string) => boolean): ValueTest {
  return (value) => {
    if (typeof value !== 'string' || typeof wanted !== 'string') return isUnknown
    return truthOf(holds(value, wanted))
  }
}

/** An instant from N days before the event's time up to that time, both included. */
function withinLastDays(days: unknown): ValueTest {
  if (typeof days !== 'number') return () => isUnknown
  return (value, t) => {
    const at = typeof value === 'string' ? parseInstant(value) : null
    return at === null ? isUnknown : truthOf(at >= t - days * dayMs && at <= t)
  }
}
