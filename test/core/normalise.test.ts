// Values in their many spellings and the one form of each, worked out by hand; and what holds of all of them.

import fc from 'fast-check'
import countries from 'i18n-iso-countries'
import { describe, expect, test } from 'vitest'
import { countryName } from '../../src/core/normalise/country.ts'
import { normaliseAs, type ValueKind, valueKinds } from '../../src/core/normalise/kinds.ts'
import type { ValueSetting } from '../../src/core/normalise/normalised.ts'
import { onlineRetailCountries } from './online-retail.ts'

/** The value, or the problem in angle brackets. */
function read(kind: ValueKind, raw: unknown, setting: ValueSetting = {}): string {
  const { value, problem } = normaliseAs(kind, raw, setting)
  return value ?? `<${problem}>`
}

describe('a country in any of its spellings is its ISO 3166-1 code', () => {
  test.each([
    ...['de', 'DE', ' DEU ', '276', 'Germany', 'germany', 'GERMANY', 'Deutschland', 'Allemagne', 'Alemania', 'Niemcy'],
    ...['Duitsland', 'Германия', 'ドイツ', '德国', 'Bundesrepublik Deutschland', 'Federal  Republic of Germany'],
  ])('%j is DE', (spelling) => expect(read('COUNTRY', spelling)).toBe('DE'))

  test.each<[unknown, string]>([
    ['U.K.', 'GB'],
    ['uk', 'GB'],
    ['Great Britain', 'GB'],
    ['England', 'GB'],
    ['EIRE', 'IE'],
    ['Éire', 'IE'],
    ['Ireland', 'IE'],
    ['USA', 'US'],
    ['U.S.A.', 'US'],
    ['United States of America', 'US'],
    ['The Netherlands', 'NL'],
    ['Holland', 'NL'],
    ['Bahamas, The', 'BS'],
    ['Côte d’Ivoire', 'CI'],
    ["cote d'ivoire", 'CI'],
    ['Türkiye', 'TR'],
    ['Turkey', 'TR'],
    ['Österreich', 'AT'],
    ['Osterreich', 'AT'],
    ['Trinidad & Tobago', 'TT'],
    ['South Korea', 'KR'],
    ['Niger', 'NE'],
    ['Nigeria', 'NG'],
    ['GUINEA-BISSAU', 'GW'],
    ['040', 'AT'],
    [40, 'AT'],
    [8, 'AL'],
    ['NA', 'NA'],
  ])('%j is %s', (spelling, code) => expect(read('COUNTRY', spelling)).toBe(code))

  test.each<[unknown, string]>([
    ['', '<NOT_GIVEN>'],
    ['  ', '<NOT_GIVEN>'],
    [null, '<NOT_GIVEN>'],
    [undefined, '<NOT_GIVEN>'],
    ['n/a', '<NOT_GIVEN>'],
    ['Unspecified', '<NOT_GIVEN>'],
    ['Channel Islands', '<AMBIGUOUS>'],
    ['Korea', '<AMBIGUOUS>'],
    ['Congo', '<AMBIGUOUS>'],
    ['European Community', '<UNKNOWN>'],
    ['EU', '<UNKNOWN>'],
    ['Gemany', '<UNKNOWN>'],
    ['999', '<UNKNOWN>'],
    ['ZZ', '<UNKNOWN>'],
    [true, '<NOT_TEXT>'],
    [{ name: 'Germany' }, '<NOT_TEXT>'],
    ['x'.repeat(501), '<TOO_LONG>'],
  ])('%j is none: %s', (spelling, problem) => expect(read('COUNTRY', spelling)).toBe(problem))

  test.each(onlineRetailCountries)('Online Retail’s %j', (spelling, code, problem) => {
    expect(read('COUNTRY', spelling)).toBe(code ?? `<${problem}>`)
  })

  test('every country is known by its names in five languages; Spanish calls two of them Congo', () => {
    const unlike: string[] = []
    for (const language of ['en', 'de', 'fr', 'es', 'ja']) {
      const shown = new Intl.DisplayNames(language, { type: 'region' })
      for (const code of Object.keys(countries.getAlpha2Codes())) {
        const found = read('COUNTRY', shown.of(code))
        if (found !== code) unlike.push(`${language} ${code} ${found}`)
      }
    }
    expect(unlike).toEqual(['es CG <AMBIGUOUS>'])
  })

  // One comes with the package, the other is Unicode's CLDR, as Node carries it.
  test('the two lists of names that this goes by do not contradict each other', () => {
    const unlike: string[] = []
    for (const language of ['en', 'de', 'fr', 'es', 'it', 'pl', 'pt', 'ja']) {
      const shown = new Intl.DisplayNames(language, { type: 'region' })
      for (const code of Object.keys(countries.getAlpha2Codes())) {
        const found = countries.getAlpha2Code(shown.of(code) ?? '', language)
        if (found && found !== code) unlike.push(`${language} ${shown.of(code)}: ${code} ${found}`)
      }
    }
    expect(unlike).toEqual([])
  })

  test('every code of two letters, three letters and three digits is its country, and so is its English name', () => {
    for (const [code, alpha3] of Object.entries(countries.getAlpha2Codes())) {
      const numeric = countries.alpha2ToNumeric(code)
      expect([read('COUNTRY', code), read('COUNTRY', alpha3)]).toEqual([code, code])
      if (numeric) expect(read('COUNTRY', numeric)).toBe(code)
      expect([code, read('COUNTRY', countryName(code))]).toEqual([code, code])
    }
  })
})

describe('a region is the code of ISO 3166-2', () => {
  test.each([
    ['California', 'US', 'US-CA'],
    ['CA', 'US', 'US-CA'],
    ['ca', 'United States', 'US-CA'],
    ['us-ca', null, 'US-CA'],
    ['US-CA', 'US', 'US-CA'],
    ['N.Y.', 'US', 'US-NY'],
    ['Bayern', 'DE', 'DE-BY'],
    ['ÎLE-DE-FRANCE', 'FR', 'FR-IDF'],
    ['Hovedstaden', 'DK', 'DK-84'],
    ['84', 'DK', 'DK-84'],
    ['California', null, '<COUNTRY_NEEDED>'],
    ['California', 'DE', '<UNKNOWN>'],
    ['US-CA', 'DE', '<UNKNOWN>'],
    ['US-ZZ', null, '<UNKNOWN>'],
    ['Californa', 'US', '<UNKNOWN>'],
    ['unknown', 'US', '<NOT_GIVEN>'],
  ])('%j of %s is %s', (spelling, country, code) => expect(read('REGION', spelling, { country })).toBe(code))
})

describe('a phone number is E.164', () => {
  test.each<[unknown, string | null, string]>([
    ['+49 30 901820', null, '+4930901820'],
    ['tel:+49-30-901820', null, '+4930901820'],
    ['030 901820', 'DE', '+4930901820'],
    ['(030) 90-18-20', 'Germany', '+4930901820'],
    ['0049 30 901820', 'DE', '+4930901820'],
    ['+44 20 7946 0018', 'DE', '+442079460018'],
    ['(202) 456-1111 ext. 12', 'US', '+12024561111'],
    [2024561111, 'US', '+12024561111'],
    ['030 901820', null, '<COUNTRY_NEEDED>'],
    ['12', 'DE', '<MALFORMED>'],
    ['+999 123', null, '<MALFORMED>'],
    ['call me', 'DE', '<MALFORMED>'],
    ['', 'DE', '<NOT_GIVEN>'],
  ])('%j in %s is %s', (spelling, country, number) => expect(read('PHONE', spelling, { country })).toBe(number))
})

describe('an e-mail address is lower case, with its domain as it is on the wire', () => {
  test.each([
    [' Ann@Example.COM ', 'ann@example.com'],
    ['mailto:ann@example.com', 'ann@example.com'],
    ['ann+shop@example.co.uk', 'ann+shop@example.co.uk'],
    ['info@Müller.de', 'info@xn--mller-kva.de'],
    ['info@xn--mller-kva.de', 'info@xn--mller-kva.de'],
    ['ann@exa​mple.com', 'ann@example.com'],
    ['ann@example', '<MALFORMED>'],
    ['ann@@example.com', '<MALFORMED>'],
    ['ann.@example.com', '<MALFORMED>'],
    ['ann@1.2.3.4', '<MALFORMED>'],
    ['ann@-example.com', '<MALFORMED>'],
    ['ann example.com', '<MALFORMED>'],
    ['n/a', '<NOT_GIVEN>'],
  ])('%j is %s', (spelling, email) => expect(read('EMAIL', spelling)).toBe(email))
})

describe('a currency is its ISO 4217 code', () => {
  test.each([
    ['eur', 'EUR'],
    ['€', 'EUR'],
    ['Euros', 'EUR'],
    ['US Dollar', 'USD'],
    ['us dollars', 'USD'],
    ['US$', 'USD'],
    ['Pound Sterling', 'GBP'],
    ['Swiss franc', 'CHF'],
    ['Yen', 'JPY'],
    ['zł', 'PLN'],
    ['Kč', 'CZK'],
    ['RMB', 'CNY'],
    ['$', '<AMBIGUOUS>'],
    ['£', '<AMBIGUOUS>'],
    ['¥', '<AMBIGUOUS>'],
    ['kr', '<AMBIGUOUS>'],
    ['dollars', '<AMBIGUOUS>'],
    ['Franc', '<AMBIGUOUS>'],
    ['XYZ', '<UNKNOWN>'],
    ['bitcoin', '<UNKNOWN>'],
    ['none', '<NOT_GIVEN>'],
  ])('%j is %s', (spelling, code) => expect(read('CURRENCY', spelling)).toBe(code))
})

describe('a day is ISO 8601, and never a guess', () => {
  test.each<[unknown, string]>([
    ['2020-02-01', '2020-02-01'],
    ['2020-2-1', '2020-02-01'],
    ['2020/02/01', '2020-02-01'],
    ['20200201', '2020-02-01'],
    [20200201, '2020-02-01'],
    ['2020-02-01T23:30:00-08:00', '2020-02-01'],
    ['2020-02-01 23:30', '2020-02-01'],
    ['31/12/2020', '2020-12-31'],
    ['12/31/2020', '2020-12-31'],
    ['31.12.2020', '2020-12-31'],
    ['02/02/2020', '2020-02-02'],
    ['1 Feb 2020', '2020-02-01'],
    ['1st of February, 2020', '2020-02-01'],
    ['Feb. 1, 2020', '2020-02-01'],
    ['February 1st 2020', '2020-02-01'],
    ['01-Feb-2020', '2020-02-01'],
    ['29 February 2020', '2020-02-29'],
    ['01/02/2020', '<AMBIGUOUS>'],
    ['1.2.2020', '<AMBIGUOUS>'],
    ['31/12/20', '<AMBIGUOUS>'],
    ['29 February 2021', '<MALFORMED>'],
    ['2021-02-29', '<MALFORMED>'],
    ['2100-02-29', '<MALFORMED>'],
    ['31/31/2020', '<MALFORMED>'],
    ['2020-02/01', '<MALFORMED>'],
    ['1 Foo 2020', '<MALFORMED>'],
    ['1 Febr 2020', '<MALFORMED>'],
    [1580515200000, '<MALFORMED>'],
    ['tomorrow', '<MALFORMED>'],
  ])('%j is %s', (spelling, day) => expect(read('DATE', spelling)).toBe(day))

  test.each([
    ['01/02/2020', true, '2020-02-01'],
    ['01/02/2020', false, '2020-01-02'],
    ['12/31/2020', true, '2020-12-31'],
    ['31/12/20', true, '<AMBIGUOUS>'],
  ])('%j, day first: %s, is %s', (spelling, dayFirst, day) => expect(read('DATE', spelling, { dayFirst })).toBe(day))
})

describe('texts', () => {
  test.each<[ValueKind, unknown, string]>([
    ['TRIM', '  a   b ', 'a b'],
    ['TRIM', 'n/a', 'n/a'],
    ['TRIM', ' ​ ', '<NOT_GIVEN>'],
    ['TRIM', 'Zoë', 'Zoë'],
    ['LOWER_CASE', ' Gold  TIER ', 'gold tier'],
    ['UPPER_CASE', 'straße', 'STRASSE'],
    ['NAME', ' ann  MARIE ', 'ann MARIE'],
    ['NAME', 'van  Gogh', 'van Gogh'],
  ])('as %s %j is %j', (kind, raw, text) => expect(read(kind, raw)).toBe(text))

  test('what is given is told beside the value, and whether they differ', () => {
    expect(normaliseAs('COUNTRY', 'EIRE')).toEqual({ value: 'IE', raw: 'EIRE', changed: true })
    expect(normaliseAs('COUNTRY', 'IE')).toEqual({ value: 'IE', raw: 'IE', changed: false })
    expect(normaliseAs('COUNTRY', 'Eyre')).toEqual({ value: null, raw: 'Eyre', changed: false, problem: 'UNKNOWN' })
  })
})

// Texts of the kinds that are taken, with noise, so that not all are refused.
const places = Object.values(countries.getNames('en', { select: 'all' })).flat()
const likely = fc.oneof(
  fc.constantFrom(...places, 'EIRE', 'US-CA', 'CA', 'Bayern', '€', 'us dollars', 'Feb 1, 2020', '1/2/2020', '2020-2-1'),
  fc.tuple(fc.nat(31), fc.nat(12), fc.integer({ min: 1000, max: 9999 })).map((parts) => parts.join('.')),
  fc.tuple(fc.string({ unit: 'grapheme' }), fc.domain()).map(([name, domain]) => `${name}@${domain}`),
  fc.emailAddress(),
  fc.nat(999_999_999_999).map((digits) => `+${digits}`),
  fc.nat(999_999_999).map((digits) => `0${digits}`),
)
const anything = fc.oneof(likely, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.anything())
const settings = fc.record({
  country: fc.constantFrom(null, 'US', 'DE', 'Deutschland', 'nowhere'),
  dayFirst: fc.constantFrom(null, true, false),
})

describe('of every kind, for anything that is given', () => {
  test.each(valueKinds)('%s: a value or a problem, and never both; what is given stays', (kind) => {
    fc.assert(
      fc.property(anything, settings, (raw, setting) => {
        const found = normaliseAs(kind, raw, setting)
        expect(found.value === null).toBe(found.problem !== undefined)
        expect(Object.is(found.raw, raw)).toBe(true)
        expect(found.changed).toBe(found.value !== null && found.value !== raw)
      }),
      { numRuns: 300 },
    )
  })

  test.each(valueKinds)('%s: a value in its form is its own form', (kind) => {
    fc.assert(
      fc.property(anything, settings, (raw, setting) => {
        const { value } = normaliseAs(kind, raw, setting)
        if (value !== null) expect(normaliseAs(kind, value, setting)).toEqual({ value, raw: value, changed: false })
      }),
      { numRuns: 500 },
    )
  })

  test.each(valueKinds)('%s: blanks around and case of a likely value make no difference', (kind) => {
    fc.assert(
      fc.property(likely, settings, (raw, setting) => {
        expect(read(kind, `  ${raw}\t`, setting)).toBe(read(kind, raw, setting))
      }),
      { numRuns: 200 },
    )
  })
})
