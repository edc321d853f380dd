// An address of an order: as it was given, and beside it in the forms that can be compared.

import { normaliseCountry } from '../normalise/country.ts'
import { tidy } from '../normalise/normalised.ts'
import { normaliseRegion } from '../normalise/region.ts'

export interface GivenAddress {
  readonly name?: string | null
  readonly lines?: readonly string[] | null
  readonly postalCode?: string | null
  readonly city?: string | null
  readonly region?: string | null
  readonly country?: string | null
}

export interface OrderAddress {
  readonly name: string | null
  readonly lines: readonly string[]
  readonly postalCode: string | null
  readonly city: string | null
  readonly region: string | null
  readonly country: string | null
  /** Null for what cannot be read. */
  readonly normalised: {
    /** ISO 3166-1 alpha-2. */
    readonly country: string | null
    /** ISO 3166-2. */
    readonly region: string | null
    readonly postalCode: string | null
  }
}

/** The address as it is kept. Blank texts are null. */
export function addressOf(given: GivenAddress): OrderAddress {
  const [name, city] = [textOf(given.name), textOf(given.city)]
  const [country, region, postalCode] = [textOf(given.country), textOf(given.region), textOf(given.postalCode)]
  const code = country === null ? null : normaliseCountry(country).value
  return {
    ...{ name, city, country, region, postalCode },
    lines: (given.lines ?? []).flatMap((line) => textOf(line) ?? []),
    normalised: {
      country: code,
      region: region === null ? null : normaliseRegion(region, { country: code }).value,
      postalCode: postalCode === null ? null : postalCodeOf(postalCode, code),
    },
  }
}

const textOf = (value: string | null | undefined): string | null => value?.trim() || null

// Digits or letters of fixed numbers, and where the blank or the hyphen stands.
const forms: Readonly<Record<string, { readonly form: RegExp; readonly as: string }>> = {
  US: { form: /^(\d{5})-?(\d{4})$/, as: '$1-$2' },
  GB: { form: /^([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})$/, as: '$1 $2' },
  CA: { form: /^([A-Z]\d[A-Z])(\d[A-Z]\d)$/, as: '$1 $2' },
  NL: { form: /^(\d{4})([A-Z]{2})$/, as: '$1 $2' },
  SE: { form: /^(\d{3})(\d{2})$/, as: '$1 $2' },
  PL: { form: /^(\d{2})-?(\d{3})$/, as: '$1-$2' },
  PT: { form: /^(\d{4})-?(\d{3})$/, as: '$1-$2' },
  JP: { form: /^(\d{3})-?(\d{4})$/, as: '$1-$2' },
  BR: { form: /^(\d{5})-?(\d{3})$/, as: '$1-$2' },
}

/** In capitals, with blanks and hyphens where the country writes them; else single blanks, and no letters of the country before it. */
function postalCodeOf(text: string, country: string | null): string {
  const upper = tidy(text).toUpperCase()
  const own = country === null ? upper : upper.replace(new RegExp(`^(?:${country}|${country[0]})[- ](?=\\d)`), '')
  const { form, as } = forms[country ?? ''] ?? {}
  const packed = own.replaceAll(' ', '')
  return form && as && form.test(packed) ? packed.replace(form, as) : own
}
