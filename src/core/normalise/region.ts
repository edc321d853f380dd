// Regions of a country (states, provinces, counties), by name or code → the form of ISO 3166-2, such as US-CA.

import { allCountries } from 'country-region-data'
import { isCountryCode, normaliseCountry } from './country.ts'
import { foldPlace } from './fold.ts'
import { type Found, type Normalised, normaliseMeaning, type ValueSetting } from './normalised.ts'

export interface CountryRegions {
  /** Folded names with their codes; null where several have the name. */
  readonly byName: ReadonlyMap<string, string | null>
  /** Codes with the names that they stand for. */
  readonly byCode: ReadonlyMap<string, string>
}

const known = new Map<string, CountryRegions>()

/** The regions of a country, by their codes in the form of ISO 3166-2; none where no list is known. */
export function regionsOf(country: string): CountryRegions {
  const found = known.get(country) ?? readRegions(country)
  known.set(country, found)
  return found
}

function readRegions(country: string): CountryRegions {
  const [, , regions = []] = allCountries.find(([, code]) => code === country) ?? []
  const byName = new Map<string, string | null>()
  const byCode = new Map<string, string>()
  // The list has some places without a code.
  for (const [name, given] of regions as readonly [string, string | undefined][]) {
    if (!given) continue
    const code = given.startsWith(`${country}-`) ? given : `${country}-${given}`
    const folded = foldPlace(name)
    byName.set(folded, byName.has(folded) && byName.get(folded) !== code ? null : code)
    if (!byCode.has(code)) byCode.set(code, name)
  }
  return { byName, byCode }
}

/**
 * A region's name or code → the form of ISO 3166-2. COUNTRY_NEEDED where neither the value nor the setting names the country;
 * UNKNOWN for what is no region of that country.
 */
export function normaliseRegion(raw: unknown, { country }: ValueSetting = {}): Normalised {
  const own = country ? normaliseCountry(country).value : null
  return normaliseMeaning(raw, (text) => read(text, own))
}

function read(text: string, country: string | null): Found {
  const code = text.toUpperCase()
  const [, prefix] = /^([A-Z]{2})-[A-Z0-9]{1,3}$/.exec(code) ?? []
  if (prefix !== undefined && isCountryCode(prefix)) {
    const isOfCountry = country === null || country === prefix
    if (isOfCountry && regionsOf(prefix).byCode.has(code)) return { value: code }
  }
  if (country === null) return prefix !== undefined && isCountryCode(prefix) ? 'UNKNOWN' : 'COUNTRY_NEEDED'
  const { byName, byCode } = regionsOf(country)
  const full = `${country}-${code.replaceAll('.', '')}`
  if (byCode.has(full)) return { value: full }
  const named = byName.get(foldPlace(text))
  if (named === undefined) return 'UNKNOWN'
  return named === null ? 'AMBIGUOUS' : { value: named }
}
