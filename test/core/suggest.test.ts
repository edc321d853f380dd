// The known value nearest to a misspelt one: what is suggested, and what is left alone.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normaliseAs, type ValueKind, valueKinds } from '../../src/core/normalise/kinds.ts'
import { nearestOf, suggestionsFor } from '../../src/core/normalise/suggest.ts'

const nearest = (kind: ValueKind, raw: unknown, country: string | null = null) =>
  nearestOf(suggestionsFor(kind, raw, { country }))?.value ?? null

describe('the country that a misspelt one is nearest to', () => {
  test.each([
    ['Grmany', 'DE'],
    ['Gemany', 'DE'],
    ['Germnay', 'DE'],
    ['Frnace', 'FR'],
    ['Untied Kingdom', 'GB'],
    ['United Kingdon', 'GB'],
    ['Unites Sates', 'US'],
    ['Deutschlnd', 'DE'],
    ['Switzerlnd', 'CH'],
    ['Philipines', 'PH'],
    ['Phillippines', 'PH'],
    ['Argentinia', 'AR'],
  ])('%j: %s', (raw, code) => expect(nearest('COUNTRY', raw)).toBe(code))

  test('two that are as near are both told, and neither is the nearest', () => {
    const found = suggestionsFor('COUNTRY', 'Austrlia')
    expect(found.map(({ value, distance }) => [value, distance])).toEqual([
      ['AT', 1],
      ['AU', 1],
    ])
    expect(nearestOf(found)).toBeNull()
  })

  test.each(['Germany', 'EIRE', 'Channel Islands', 'European Community', 'Atlantis', 'XX', 'Foo', '', 'n/a'])(
    'none for %j',
    (raw) => expect(nearest('COUNTRY', raw)).toBeNull(),
  )

  test('it comes with what people call it and how far it is', () => {
    expect(suggestionsFor('COUNTRY', 'Frnace')).toEqual([{ value: 'FR', label: 'France', distance: 1 }])
  })
})

test.each([
  ['Californa', 'US', 'US-CA'],
  ['Pensylvania', 'US', 'US-PA'],
  ['Bayren', 'DE', 'DE-BY'],
  ['Californa', null, null],
  ['Californa', 'DE', null],
  ['California', 'US', null],
  ['CQ', 'US', null],
])('the region that %j in %s is nearest to: %s', (raw, country, code) => {
  expect(nearest('REGION', raw, country)).toBe(code)
})

describe('an address at a domain where most people have their mail', () => {
  test.each([
    ['ann@gmial.com', 'ann@gmail.com'],
    ['ann@gmail.con', 'ann@gmail.com'],
    ['Ann@Gmail,com', 'ann@gmail.com'],
    ['ann@gnail.com', 'ann@gmail.com'],
    ['ann@hotmial.com', 'ann@hotmail.com'],
    ['ann@hotmal.com', 'ann@hotmail.com'],
    ['ann@outlok.com', 'ann@outlook.com'],
    ['ann@yaho.com', 'ann@yahoo.com'],
    ['ann@t-onlin.de', 'ann@t-online.de'],
    ['ann@gmail .com', 'ann@gmail.com'],
  ])('%j: %s', (raw, email) => expect(nearest('EMAIL', raw)).toBe(email))

  test.each([
    ...['ann@gmail.com', 'ann@gmx.de', 'ann@gmx.net', 'ann@mail.com', 'ann@ymail.com', 'ann@example.com'],
    ...['ann@brand.de', 'ann@me.co', 'gmial.com', '@gmial.com', 'ann'],
  ])('none for %j', (raw) => expect(nearest('EMAIL', raw)).toBeNull())
})

test.each([
  ['ANN MARIE', 'Ann Marie'],
  ['ann-marie o’neil', 'Ann-Marie O’Neil'],
  ['éva', 'Éva'],
  ['McDonald', null],
  ['van Gogh', null],
  ['Ann', null],
])('the case that %j would have as a name: %j', (raw, name) => expect(nearest('NAME', raw)).toBe(name))

test('kinds whose values are not words have no nearest one', () => {
  expect(suggestionsFor('DATE', '2020-02-3O')).toEqual([])
  expect(suggestionsFor('PHONE', '+49 30 9O1820')).toEqual([])
})

test('whatever is suggested is a value of its kind in its form, and no more than three are', () => {
  const raw = fc.oneof(fc.string({ unit: 'grapheme' }), fc.emailAddress(), fc.anything())
  fc.assert(
    fc.property(fc.constantFrom(...valueKinds), raw, fc.constantFrom(null, 'US', 'FR'), (kind, given, country) => {
      const found = suggestionsFor(kind, given, { country })
      expect(found.length).toBeLessThanOrEqual(3)
      if (kind === 'NAME') return
      for (const { value } of found) expect(normaliseAs(kind, value, { country }).value).toBe(value)
    }),
    { numRuns: 300 },
  )
})
