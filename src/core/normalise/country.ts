// Countries in their many spellings → ISO 3166-1 alpha-2. Codes win over English names, and those over names in other languages;
// a name that means several countries there is ambiguous. Kosovo's XK, which ISO leaves to users, is among them.

import countries from 'i18n-iso-countries'
import { foldPlace } from './fold.ts'
import { type Found, type Normalised, normaliseMeaning } from './normalised.ts'

// What the lists lack: short names in use, parts of a country that are written for the whole, reserved codes.
const otherNames: Readonly<Record<string, readonly string[]>> = {
  GB: ['UK', 'Britain', 'England', 'Scotland', 'Wales', 'Northern Ireland', 'United Kingdom of Great Britain'],
  IE: ['EIRE', 'Republic of Ireland', 'Irish Republic', 'Southern Ireland'],
  US: ['America', 'United States of America', 'US of A', 'The States'],
  ZA: ['RSA', 'Republic of South Africa'],
  NL: ['Holland'],
  AE: ['UAE', 'Emirates'],
  KR: ['Korea South', 'South Korea', 'Republic of Korea', 'ROK'],
  KP: ['Korea North', 'North Korea', 'DPRK'],
  CZ: ['Czech Republic', 'Czechia'],
  CH: ['Swiss'],
  CD: ['DRC', 'Congo Kinshasa', 'DR Congo'],
  CG: ['Congo Brazzaville', 'Republic of the Congo'],
  CN: ['PRC', 'Mainland China', 'Peoples Republic of China'],
  DE: ['BRD', 'Bundesrepublik Deutschland', 'Federal Republic of Germany'],
  GR: ['EL', 'Hellas'],
  MK: ['Macedonia', 'FYROM'],
  MM: ['Burma'],
  SZ: ['Swaziland'],
  CV: ['Cape Verde', 'Cabo Verde'],
  CI: ['Ivory Coast', 'Cote dIvoire'],
  TL: ['East Timor'],
  HK: ['Hongkong', 'Hong Kong SAR'],
  RU: ['Russia'],
  SY: ['Syria'],
  TW: ['Taiwan ROC'],
  VA: ['Vatican', 'Vatican City'],
  VN: ['Vietnam', 'Viet Nam'],
}

/** Names of several countries at once: nobody can tell which is meant. */
const several = [
  'Channel Islands',
  'Korea',
  'Congo',
  'Virgin Islands',
  'Guiana',
  'Samoa Islands',
  'Saint Martin Island',
]

/** Names of what is no country. */
const none = ['European Community', 'European Union', 'EU', 'EEC', 'Europe', 'Asia', 'Africa', 'World', 'Worldwide']

interface CountryNames {
  /** Folded, English and own ones. */
  readonly english: ReadonlyMap<string, string | null>
  /** Folded, in all other languages; null where they mean several. */
  readonly others: ReadonlyMap<string, string | null>
}

let known: CountryNames | undefined

/** Each folded name with its country, made when it is first asked for; null for what is ambiguous. */
export function countryNames(): CountryNames {
  known ??= readNames()
  return known
}

function readNames(): CountryNames {
  const english = new Map<string, string | null>()
  addNames(english, namesIn('en'))
  for (const [code, names] of Object.entries(otherNames)) for (const name of names) english.set(foldPlace(name), code)
  for (const name of several) english.set(foldPlace(name), null)
  const others = new Map<string, string | null>()
  for (const language of countries.getSupportedLanguages()) {
    if (language !== 'en') addNames(others, namesIn(language))
  }
  return { english, others }
}

/** The names of a language from two lists, the package's and Unicode's: each has spellings that the other lacks. */
function namesIn(language: string): Record<string, string[]> {
  const shown = new Intl.DisplayNames(language, { type: 'region' })
  const names = Object.entries(countries.getNames(language, { select: 'all' }))
  return Object.fromEntries(names.map(([code, own]) => [code, [...own, shown.of(code) ?? code]]))
}

function addNames(names: Map<string, string | null>, byCode: Readonly<Record<string, readonly string[]>>): void {
  for (const [code, spellings] of Object.entries(byCode)) {
    for (const spelling of spellings) {
      const name = foldPlace(spelling)
      const known = names.get(name)
      if (name !== '') names.set(name, known === undefined || known === code ? code : null)
    }
  }
}

const noCountry = new Set(none.map(foldPlace))

/** A country → ISO 3166-1 alpha-2. UNKNOWN for what is none, AMBIGUOUS for a name of several. */
export function normaliseCountry(raw: unknown): Normalised {
  return normaliseMeaning(raw, (text) => read(typeof raw === 'number' ? text.padStart(3, '0') : text))
}

function read(text: string): Found {
  const value = byCode(text)
  if (value !== undefined) return { value }
  const name = foldPlace(text)
  if (noCountry.has(name)) return 'UNKNOWN'
  const { english, others } = countryNames()
  const named = english.has(name) ? english.get(name) : others.get(name)
  if (named === undefined) return 'UNKNOWN'
  return named === null ? 'AMBIGUOUS' : { value: named }
}

function byCode(text: string): string | undefined {
  if (/^\d{3}$/.test(text)) return countries.numericToAlpha2(text)
  const code = text.replaceAll('.', '').toUpperCase()
  if (/^[A-Z]{2}$/.test(code) && countries.alpha2ToNumeric(code) !== undefined) return code
  return /^[A-Z]{3}$/.test(code) ? countries.alpha3ToAlpha2(code) : undefined
}

/** True for an ISO 3166-1 alpha-2 code as it is normalised. */
export const isCountryCode = (code: string): boolean => normaliseCountry(code).value === code

/** What the country is called in English; its code where that is not known. */
export const countryName = (code: string): string => countries.getName(code, 'en') ?? code
