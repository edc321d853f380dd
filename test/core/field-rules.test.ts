// How an account's rules read the fields of a person: its own table first, then the normaliser of the field.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fieldRules, normaliseFields, readField } from '../../src/core/normalise/fields.ts'
import { foldPlace, foldValue } from '../../src/core/normalise/fold.ts'

const rules = fieldRules(
  [
    { field: 'country', kind: 'COUNTRY' },
    { field: 'home', kind: 'COUNTRY' },
    { field: 'state', kind: 'REGION', countryField: 'country', country: 'US' },
    { field: 'mobile', kind: 'PHONE', countryField: 'mobile' },
  ],
  [
    { scope: 'kind:COUNTRY', raw: 'blighty', value: 'GB' },
    { scope: 'field:home', raw: 'blighty', value: 'IN' },
    { scope: 'field:tier', raw: 'vip', value: 'gold' },
    { scope: 'field:tier', raw: '3', value: 'bronze' },
  ],
)

describe('what is set', () => {
  test.each<[object, object]>([
    [{ country: 'Blighty ' }, { country: 'GB' }],
    [{ home: 'BLIGHTY' }, { home: 'IN' }],
    [
      { country: 'EIRE', note: 'EIRE' },
      { country: 'IE', note: 'EIRE' },
    ],
    [{ state: 'California' }, { state: 'US-CA' }],
    [
      { state: 'Bayern', country: 'Deutschland' },
      { state: 'DE-BY', country: 'DE' },
    ],
    [
      { state: 'Kent', country: 'Blighty' },
      { state: 'GB-KEN', country: 'GB' },
    ],
    [{ tier: 'VIP' }, { tier: 'gold' }],
    [{ tier: 3 }, { tier: 'bronze' }],
    [{ mobile: '+49 30 901820' }, { mobile: '+4930901820' }],
  ])('%j is stored as %j', (set, stored) => expect(normaliseFields({ ...set }, rules)).toEqual(stored))

  test.each([
    { country: 'Atlantis' },
    { country: null },
    { country: ['EIRE'] },
    { country: 'IE', state: 'US-CA' },
    { tier: 'silver' },
    { tier: { level: 'vip' } },
    { mobile: '030 901820' },
    { other: 'EIRE' },
    {},
  ])('%j stays the very same', (set) => expect(normaliseFields(set, rules)).toBe(set))

  test('stays the very same where there are no rules, and for names that every object has', () => {
    const set = { country: 'EIRE' }
    expect(normaliseFields(set, fieldRules([], []))).toBe(set)
    expect(readField(fieldRules([{ field: 'constructor', kind: 'TRIM' }], []), 'constructor', {})).toMatchObject({
      problem: 'NOT_GIVEN',
    })
  })
})

test('a value that no mapping of its field names is as it should be; one of no rule is not read at all', () => {
  expect(readField(rules, 'tier', { tier: 'silver' })).toEqual({ value: 'silver', raw: 'silver', changed: false })
  expect(readField(rules, 'tier', { tier: 7 })).toEqual({ value: '7', raw: 7, changed: false })
  expect(readField(rules, 'tier', {})).toMatchObject({ value: null, problem: 'NOT_GIVEN' })
  expect(readField(rules, 'note', { note: 'x' })).toBeNull()
})

test('what was put into its form is in its form', () => {
  const value = fc.oneof(
    fc.constantFrom('EIRE', 'Blighty', 'VIP', 3, 'California', 'Kent', '030 901820', '(202) 456-1111'),
    fc.anything(),
  )
  const set = fc.record(
    { country: value, home: value, state: value, mobile: value, tier: value, note: value },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(set, (given) => {
      const stored = normaliseFields(given, rules)
      expect(normaliseFields(stored, rules)).toBe(stored)
      expect(Object.keys(stored)).toEqual(Object.keys(given))
    }),
    { numRuns: 500 },
  )
})

test('folding twice is folding once', () => {
  const words = fc.array(fc.constantFrom('the', 'The', ' ', 'Bahamas,', 'É')).map((some) => some.join(' '))
  fc.assert(
    fc.property(fc.oneof(words, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), (text) => {
      expect(foldValue(foldValue(text))).toBe(foldValue(text))
      expect(foldPlace(foldPlace(text))).toBe(foldPlace(text))
    }),
    { numRuns: 1000 },
  )
})
