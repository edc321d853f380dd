// What a value of each type is. A value in another form that says the very same is taken in the type's own; nothing is rounded,
// cut or guessed.

import { normalise } from '../identity.ts'
import { minorDigits } from '../orders.ts'
import { parseInstant } from '../rules/instant.ts'
import { type FieldType, isJsonObject } from './definition.ts'

/** The value in the type's own form; undefined for one that is of another type. */
export type Coercion = (value: unknown) => unknown

const decimalNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)$/
const wholeNumber = /^[+-]?\d+$/

/** The number that a text says, where a double says exactly the same. */
function numberIn(text: string): number | undefined {
  if (!decimalNumber.test(text) || text.length > 40) return undefined
  const number = Number(text)
  const [, sign = '', digits = ''] = /^([+-]?)0*(.*)$/.exec(text) ?? []
  const plain = digits.includes('.') ? digits.replace(/0+$/, '').replace(/\.$/, '') : digits
  const written = `${sign === '-' && number !== 0 ? '-' : ''}${plain === '' || plain.startsWith('.') ? `0${plain}` : plain}`
  return String(number) === written ? number : undefined
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? numberIn(value.trim()) : undefined
}

function asInteger(value: unknown): number | undefined {
  if (typeof value === 'string' && !wholeNumber.test(value.trim())) return undefined
  const number = asNumber(value)
  return Number.isSafeInteger(number) ? number : undefined
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 1 || value === 0) return value === 1
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  return text === 'true' || text === 'false' ? text === 'true' : undefined
}

// 1970 to 9999, in milliseconds.
const maxInstant = 253_402_300_799_999

function asDatetime(value: unknown): string | undefined {
  if (typeof value === 'string') return parseInstant(value.trim()) === null ? undefined : value.trim()
  const isInstant = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxInstant
  return isInstant ? new Date(value).toISOString() : undefined
}

const calendarDay = /^\d{4}-\d\d-\d\d$/

function asDate(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim().replace(/T00:00(:00(\.0+)?)?Z$/, '')
  const date = calendarDay.test(text) ? new Date(`${text}T00:00:00Z`) : null
  return date && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : undefined
}

function asUrl(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  return text.length <= 2_048 && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined
}

/** The text itself; whether the case of an address matters is not known here. */
function asEmail(value: unknown): string | undefined {
  return typeof value === 'string' && normalise('EMAIL', value) !== undefined ? value.trim() : undefined
}

/** In E.164, which has no room for an extension. */
const asPhone = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[+0-9 ()./-]{1,40}$/.test(value) ? normalise('PHONE', value) : undefined

/** ISO 3166-1. */
const countries: ReadonlySet<string> = new Set(
  (
    'AF AL DZ AS AD AO AI AQ AG AR AM AW AU AT AZ BS BH BD BB BY BE BZ BJ BM BT BO BA BW BV BR IO BN BG BF BI KH CM CA ' +
    'CV KY CF TD CL CN CX CC CO KM CG CD CK CR CI HR CU CY CZ DK DJ DM DO EC EG SV GQ ER EE ET FK FO FJ FI FR GF PF TF ' +
    'GA GM GE DE GH GI GR GL GD GP GU GT GN GW GY HT HM VA HN HK HU IS IN ID IR IQ IE IL IT JM JP JO KZ KE KI KP KR KW ' +
    'KG LA LV LB LS LR LY LI LT LU MO MG MW MY MV ML MT MH MQ MR MU YT MX FM MD MC MN MS MA MZ MM NA NR NP NL NC NZ NI ' +
    'NE NG NU NF MP MK NO OM PK PW PS PA PG PY PE PH PN PL PT PR QA RE RO RU RW SH KN LC PM VC WS SM ST SA SN SC SL SG ' +
    'SK SI SB SO ZA GS ES LK SD SR SJ SZ SE CH SY TW TJ TZ TH TL TG TK TO TT TN TR TM TC TV UG UA AE GB US UM UY UZ VU ' +
    'VE VN VG VI WF EH YE ZM ZW AX BQ CW GG IM JE ME BL MF RS SX SS'
  ).split(' '),
)
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

const asCodeOf =
  (codes: ReadonlySet<string>): Coercion =>
  (value) => {
    const code = typeof value === 'string' ? value.trim().toUpperCase() : ''
    return codes.has(code) ? code : undefined
  }

const asCurrency = asCodeOf(currencies)

/** Minor units and a currency; a decimal amount becomes minor units where the currency has no fewer digits. */
function asMoney(value: unknown): { amountMinor: number; currency: string } | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 2) return undefined
  const currency = asCurrency(value.currency)
  if (typeof currency !== 'string') return undefined
  const given = Object.hasOwn(value, 'amountMinor') ? asInteger(value.amountMinor) : minorOf(value.amount, currency)
  return given === undefined ? undefined : { amountMinor: given, currency }
}

function minorOf(amount: unknown, currency: string): number | undefined {
  const text = asNumber(amount) === undefined ? '' : String(asNumber(amount))
  const [, sign = '', whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const digits = minorDigits(currency)
  if (whole === undefined || fraction.length > digits) return undefined
  const minor = Number(`${sign}${whole}${fraction.padEnd(digits, '0')}`)
  return Number.isSafeInteger(minor) ? minor + 0 : undefined
}

const placeNames = [
  ['lat', 'lon'],
  ['lat', 'lng'],
  ['latitude', 'longitude'],
] as const

function asGeoPoint(value: unknown): { lat: number; lon: number } | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 2) return undefined
  const names = placeNames.find((pair) => pair.every((name) => Object.hasOwn(value, name)))
  const [lat, lon] = (names ?? []).map((name) => asNumber(value[name]))
  const isPlace = lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180
  return isPlace ? { lat, lon } : undefined
}

const maxReference = 256

function asReference(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  return text === '' || text.length > maxReference ? undefined : text
}

/** By type. What an enum's values are, and what is in an object or a list, is asked elsewhere. */
export const coercions: { readonly [type in FieldType]: Coercion } = {
  STRING: asText,
  NUMBER: asNumber,
  INTEGER: asInteger,
  BOOLEAN: asBoolean,
  DATETIME: asDatetime,
  DATE: asDate,
  URL: asUrl,
  EMAIL: asEmail,
  PHONE: asPhone,
  COUNTRY: asCodeOf(countries),
  CURRENCY: asCurrency,
  MONEY: asMoney,
  ENUM: asText,
  GEO_POINT: asGeoPoint,
  REFERENCE: asReference,
  OBJECT: (value) => (isJsonObject(value) ? value : undefined),
  LIST: (value) => (Array.isArray(value) ? value : undefined),
}

/** What a value of another type is told to be. */
export const expected: { readonly [type in FieldType]: string } = {
  STRING: 'a text',
  NUMBER: 'a number',
  INTEGER: 'a whole number within ±2^53',
  BOOLEAN: 'true or false',
  DATETIME: 'an ISO 8601 instant with offset',
  DATE: 'a day such as 2026-03-10',
  URL: 'an http or https address',
  EMAIL: 'an e-mail address',
  PHONE: 'a phone number in international form',
  COUNTRY: 'a country code of two letters (ISO 3166-1)',
  CURRENCY: 'a currency code (ISO 4217)',
  MONEY: 'an object of amountMinor, or amount, and currency',
  ENUM: 'one of its values',
  GEO_POINT: 'an object of lat and lon',
  OBJECT: 'an object',
  LIST: 'a list',
  REFERENCE: 'an id of up to 256 characters',
}
