// What every normaliser answers: the value in its one form, what was given, and why there is none. None of them throws.

/** Why a value has no normal form. */
export const valueProblems = [
  'NOT_GIVEN',
  'NOT_TEXT',
  'TOO_LONG',
  'UNKNOWN',
  'MALFORMED',
  'AMBIGUOUS',
  'COUNTRY_NEEDED',
] as const

export type ValueProblem = (typeof valueProblems)[number]

export interface Normalised {
  /** Null where there is a problem: what was given then stays as it is. */
  readonly value: string | null
  readonly raw: unknown
  /** True where there is a value, and it is not what was given. */
  readonly changed: boolean
  readonly problem?: ValueProblem
}

/** What a value by itself does not tell. */
export interface ValueSetting {
  /** ISO 3166-1 alpha-2: whose regions are meant, and what a phone number without a country code begins with. */
  readonly country?: string | null
  /** Of dates such as 01/02/2020: true is 1 February, false is 2 January, null is refused. */
  readonly dayFirst?: boolean | null
}

export const good = (raw: unknown, value: string): Normalised => ({ value, raw, changed: raw !== value })
export const bad = (raw: unknown, problem: ValueProblem): Normalised => ({ value: null, raw, changed: false, problem })

/** Longer values are none of what is normalised here. */
export const maxValueLength = 500

// What people and systems write where they have nothing to say.
const placeholders: ReadonlySet<string> = new Set([
  ...['-', '--', '.', '?', 'n/a', 'n.a.', '#n/a', 'none', 'null', 'nil', 'undefined', 'nan'],
  ...['unknown', 'unspecified', 'not specified', 'not available', 'not applicable', 'not given', 'not set', 'missing'],
])

/** The text of what was given, trimmed, or what is wrong with it. A number is its digits. */
export function givenText(raw: unknown): { text: string } | { problem: ValueProblem } {
  if (raw === null || raw === undefined) return { problem: 'NOT_GIVEN' }
  if (typeof raw !== 'string' && typeof raw !== 'number') return { problem: 'NOT_TEXT' }
  const text = tidy(String(raw))
  if (text.length > maxValueLength) return { problem: 'TOO_LONG' }
  return text === '' ? { problem: 'NOT_GIVEN' } : { text }
}

// They are seen by nobody, and make texts differ that look alike: zero-width ones, soft hyphens, marks of direction.
const unseen = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu

/** Composed characters, no blanks around, one blank for a run of them, nothing that cannot be seen. */
export const tidy = (text: string): string =>
  text.normalize('NFC').replace(unseen, '').replace(/\s+/gu, ' ').trim().normalize('NFC')

/** Lower case, in a form that stays when it is made anew. */
export const lowered = (text: string): string => text.toLowerCase().toLowerCase().normalize('NFC')

/** The value that a text stands for, or why there is none. */
export type Found = { readonly value: string } | ValueProblem

/** Applies `read` to the text that was given. */
export function normaliseText(raw: unknown, read: (text: string) => Found): Normalised {
  const given = givenText(raw)
  if ('problem' in given) return bad(raw, given.problem)
  const found = read(given.text)
  return typeof found === 'string' ? bad(raw, found) : good(raw, found.value)
}

/** The same for what has a meaning: words for nothing at all, such as "n/a", are not given. */
export const normaliseMeaning = (raw: unknown, read: (text: string) => Found): Normalised =>
  normaliseText(raw, (text) => (placeholders.has(text.toLowerCase()) ? 'NOT_GIVEN' : read(text)))
