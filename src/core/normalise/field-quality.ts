// How good the values of a field are: a few figures, and a score by a formula that can be worked out by hand.

import { foldValue } from './fold.ts'
import type { Normalised, ValueProblem } from './normalised.ts'

/** People who hold the same value, given in the same spelling. */
export interface Spelling {
  /** As it is stored. */
  readonly text: string
  /** As it was given. */
  readonly raw: string
  /** Of the field that names the country, where there is one. */
  readonly country: string | null
  readonly people: number
}

export interface FieldCounts {
  /** All people of the account. */
  readonly people: number
  /** Those who have a value. */
  readonly filled: number
  /** How many values there are: more than people where one may have several. */
  readonly values: number
  /** How many different ones. */
  readonly distinct: number
}

export interface CanonicalValue {
  readonly value: string
  readonly people: number
  /** As they were given, those of the most people first. */
  readonly spellings: { readonly raw: string; readonly people: number }[]
  /** How many different ones, listed or not. */
  readonly spellingCount: number
}

export interface InvalidValue {
  readonly value: string
  readonly problem: ValueProblem
  readonly people: number
}

export interface FieldQuality {
  readonly fillRate: number
  readonly validity: number | null
  readonly uniqueness: number | null
  readonly consistency: number | null
  readonly spellingsPerValue: number | null
  readonly checked: number
  readonly score: number
  readonly worst: CanonicalValue[]
  readonly invalid: InvalidValue[]
}

const maxListed = 10

/** `read` is the field's normaliser; null for a field that has none: then every value is its own, but for case and blanks. */
export function fieldQuality(
  counts: FieldCounts,
  spellings: readonly Spelling[],
  read: ((spelling: Spelling) => Normalised) | null,
): FieldQuality {
  const values = new Map<string, Canonical>()
  const invalid = new Map<string, InvalidValue>()
  for (const spelling of spellings) {
    const { value, problem } = read?.(spelling) ?? { value: foldValue(spelling.text) }
    if (value !== null) take(values, value, spelling)
    else noteInvalid(invalid, spelling, problem ?? 'UNKNOWN')
  }
  const checked = sum(spellings.map(({ people }) => people))
  const valid = sum([...values.values()].map(({ people }) => people))
  const usual = sum([...values.values()].map(({ stored }) => Math.max(...stored.values())))
  const parts = {
    fillRate: ratio(counts.filled, counts.people) ?? 0,
    validity: read ? ratio(valid, checked) : null,
    consistency: ratio(usual, valid),
  }
  return {
    ...parts,
    uniqueness: ratio(counts.distinct, counts.values),
    spellingsPerValue: ratio(sum([...values.values()].map(({ given }) => given.size)), values.size),
    checked,
    score: scoreOf(parts),
    worst: worstOf(values),
    invalid: byPeople([...invalid.values()], ({ value }) => value).slice(0, maxListed),
  }
}

const weights = { fillRate: 2, validity: 2, consistency: 1 } as const

/**
 * 100 × (2 × fill rate + 2 × validity + 1 × consistency) / 5, to one decimal; a part that is not known is left out with its
 * weight. So 0.8 filled, 0.75 valid and 0.9 consistent is 100 × (1.6 + 1.5 + 0.9) / 5 = 80. A field that nobody has is 0.
 */
export function scoreOf(parts: { readonly [part in keyof typeof weights]: number | null }): number {
  const known = (['fillRate', 'validity', 'consistency'] as const).flatMap((part) => {
    const value = parts[part]
    return value === null ? [] : [{ weight: weights[part], value }]
  })
  if (parts.fillRate === 0) return 0
  const all = sum(known.map(({ weight }) => weight))
  return Math.round((1000 * sum(known.map(({ weight, value }) => weight * value))) / all) / 10
}

interface Canonical {
  people: number
  /** As they are stored, and as they were given, with their people. */
  readonly stored: Map<string, number>
  readonly given: Map<string, number>
}

function take(values: Map<string, Canonical>, value: string, { text, raw, people }: Spelling): void {
  const known = values.get(value) ?? { people: 0, stored: new Map<string, number>(), given: new Map<string, number>() }
  known.people += people
  known.stored.set(text, (known.stored.get(text) ?? 0) + people)
  known.given.set(raw, (known.given.get(raw) ?? 0) + people)
  values.set(value, known)
}

function noteInvalid(invalid: Map<string, InvalidValue>, { text, people }: Spelling, problem: ValueProblem): void {
  invalid.set(text, { value: text, problem, people: people + (invalid.get(text)?.people ?? 0) })
}

function worstOf(values: ReadonlyMap<string, Canonical>): CanonicalValue[] {
  const several = [...values].filter(([, { given }]) => given.size > 1)
  const worst = several.map(([value, { people, given }]) => ({ value, people, given }))
  return byPeople(worst, ({ value }) => value)
    .sort((a, b) => b.given.size - a.given.size)
    .slice(0, maxListed)
    .map(({ value, people, given }) => {
      const spellings = [...given].map(([raw, count]) => ({ raw, people: count }))
      const listed = byPeople(spellings, ({ raw }) => raw).slice(0, maxListed)
      return { value, people, spellings: listed, spellingCount: given.size }
    })
}

/** Those of the most people first; of as many, by name. */
const byPeople = <Row extends { readonly people: number }>(rows: readonly Row[], nameOf: (row: Row) => string): Row[] =>
  rows.toSorted((a, b) => b.people - a.people || (nameOf(a) < nameOf(b) ? -1 : 1))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
