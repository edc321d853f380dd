// What a value can be normalised as, and the one function that does it.

import { normaliseEmail, normalisePhone } from './contact.ts'
import { normaliseCountry } from './country.ts'
import { normaliseCurrency } from './currency.ts'
import { normaliseDate } from './date.ts'
import { lowered, type Normalised, normaliseText, type ValueSetting } from './normalised.ts'
import { normaliseRegion } from './region.ts'

export const valueKinds = [
  'COUNTRY',
  'REGION',
  'PHONE',
  'EMAIL',
  'CURRENCY',
  'DATE',
  'TRIM',
  'LOWER_CASE',
  'UPPER_CASE',
  'NAME',
] as const

export type ValueKind = (typeof valueKinds)[number]

type Normaliser = (raw: unknown, setting: ValueSetting) => Normalised

// The case of names is theirs: McDonald, van Gogh, bell hooks. It is suggested, and never changed by itself.
const normaliseTidy: Normaliser = (raw) => normaliseText(raw, (value) => ({ value }))

const normalisers: { readonly [kind in ValueKind]: Normaliser } = {
  COUNTRY: normaliseCountry,
  REGION: normaliseRegion,
  PHONE: normalisePhone,
  EMAIL: normaliseEmail,
  CURRENCY: normaliseCurrency,
  DATE: normaliseDate,
  TRIM: normaliseTidy,
  LOWER_CASE: (raw) => normaliseText(raw, (text) => ({ value: lowered(text) })),
  UPPER_CASE: (raw) => normaliseText(raw, (text) => ({ value: uppered(text) })),
  NAME: normaliseTidy,
}

const uppered = (text: string) => text.toUpperCase().normalize('NFC').toUpperCase().normalize('NFC')

/** The value in the one form of its kind. It never throws, and what it gives it gives back unchanged. */
export const normaliseAs = (kind: ValueKind, raw: unknown, setting: ValueSetting = {}): Normalised =>
  normalisers[kind](raw, setting)
