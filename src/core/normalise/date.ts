// Days in the forms people write → ISO 8601 (2020-02-01). What could be two days is refused unless a setting says which.

import { type Found, type Normalised, normaliseMeaning, type ValueSetting } from './normalised.ts'

// A time of day behind the day; the day is then that of the given offset.
const time = String.raw`(?:[T ,]+\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|z|UTC|GMT|[+-]\d\d:?\d\d)?)?`
const yearFirst = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})${time}$`)
const compact = /^(\d{4})(\d\d)(\d\d)$/
const yearLast = new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4})${time}$`)
const shortYear = /^\d{1,2}([-/.])\d{1,2}\1\d{2}$/
const monthNames = String.raw`([A-Za-z]{3,9})\.?`
const dayMonth = new RegExp(`^(\\d{1,2})(?:st|nd|rd|th)?[ -]*(?:of )?${monthNames},?[ -]*(\\d{4})${time}$`)
const monthDay = new RegExp(`^${monthNames} *(\\d{1,2})(?:st|nd|rd|th)?,? +(\\d{4})${time}$`)

const months = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november'],
  'december',
]

/** A day → ISO 8601. AMBIGUOUS for 01/02/2020 without a setting, and for years of two digits; MALFORMED for no day of the calendar. */
export function normaliseDate(raw: unknown, { dayFirst }: ValueSetting = {}): Normalised {
  return normaliseMeaning(raw, (text) => byNumbers(text, dayFirst ?? null) ?? byMonthName(text) ?? 'MALFORMED')
}

function byNumbers(text: string, dayFirst: boolean | null): Found | undefined {
  const iso = yearFirst.exec(text)
  if (iso) return day(iso[1], iso[3], iso[4])
  const digits = compact.exec(text)
  if (digits) return day(digits[1], digits[2], digits[3])
  if (shortYear.test(text)) return 'AMBIGUOUS'
  const [, first, , second, year] = yearLast.exec(text) ?? []
  if (first === undefined || second === undefined) return undefined
  const asDayFirst = day(year, second, first)
  const asMonthFirst = day(year, first, second)
  if (typeof asDayFirst === 'string') return asMonthFirst
  if (typeof asMonthFirst === 'string' || asDayFirst.value === asMonthFirst.value) return asDayFirst
  if (dayFirst === null) return 'AMBIGUOUS'
  return dayFirst ? asDayFirst : asMonthFirst
}

function byMonthName(text: string): Found | undefined {
  const [, date, name, year] = dayMonth.exec(text) ?? []
  if (name !== undefined) return day(year, monthOf(name), date)
  const [, month, on, of] = monthDay.exec(text) ?? []
  return month === undefined ? undefined : day(of, monthOf(month), on)
}

/** As a number; a name that is none is month 0, which no day has. */
function monthOf(name: string): string {
  const folded = name.toLowerCase()
  const isShort = folded.length === 3 || folded === 'sept'
  const index = months.findIndex((month) => month === folded || (isShort && month.startsWith(folded)))
  return String(index + 1)
}

function day(year = '', month = '', date = ''): Found {
  const value = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const [y, m, d] = [Number(year), Number(month), Number(date)]
  const isOfCalendar = y > 0 && m >= 1 && m <= 12 && d >= 1 && d <= daysOf(y, m)
  return isOfCalendar ? { value } : 'MALFORMED'
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
