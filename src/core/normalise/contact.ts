// Ways to reach a person: phone numbers → E.164, e-mail addresses → trimmed, lower case, the domain as it is on the wire.

import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js'
import { normaliseCountry } from './country.ts'
import { type Found, lowered, type Normalised, normaliseMeaning, type ValueSetting } from './normalised.ts'

/** A phone number → E.164, without its extension. COUNTRY_NEEDED for a national number of an unknown country. */
export function normalisePhone(raw: unknown, { country }: ValueSetting = {}): Normalised {
  const code = country ? normaliseCountry(country).value : null
  const own = code !== null && isSupportedCountry(code) ? code : undefined
  return normaliseMeaning(raw, (text) => readPhone(text, own))
}

function readPhone(text: string, country: CountryCode | undefined): Found {
  const given = text.replace(/^tel:/iu, '').replace(/^\+*\s*/u, (start) => (start.includes('+') ? '+' : ''))
  // Of a known country the tables tell how to call abroad; elsewhere it is nearly always by these.
  const digits = country === undefined ? given.replace(/^00/, '+') : given
  const isInternational = digits.startsWith('+')
  const number = parsePhoneNumberFromString(digits, isInternational ? undefined : country)
  if (number?.isValid()) return { value: number.number }
  const looksNational = !isInternational && country === undefined && /^[\d\s()./-]{5,}$/u.test(digits)
  return looksNational ? 'COUNTRY_NEEDED' : 'MALFORMED'
}

// One @, no blanks, a dotted domain; the same as identifiers of people are held to (core/identity).
const localPart = /^[^\s@"(),:;<>[\\\]]{1,64}$/u
const wireDomain = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})$/

/** An e-mail address → lower case, an international domain in its ASCII form (xn--…). */
export function normaliseEmail(raw: unknown): Normalised {
  return normaliseMeaning(raw, (text) => {
    const { local, domain } = partsOf(text.replace(/^mailto:/iu, ''))
    const name = lowered(local)
    const dotsFit = !name.startsWith('.') && !name.endsWith('.') && !name.includes('..')
    const ascii = asciiDomain(domain)
    return localPart.test(name) && dotsFit && ascii !== null ? { value: `${name}@${ascii}` } : 'MALFORMED'
  })
}

/** What stands before and after the last @. */
export function partsOf(email: string): { local: string; domain: string } {
  const at = email.lastIndexOf('@')
  return { local: at < 0 ? '' : email.slice(0, at), domain: email.slice(at + 1) }
}

function asciiDomain(domain: string): string | null {
  if (domain === '' || /[^\p{L}\p{M}\p{N}.-]/u.test(domain)) return null
  const address = `http://${domain}`
  const ascii = URL.canParse(address) ? new URL(address).hostname : ''
  return wireDomain.test(ascii) ? ascii : null
}
