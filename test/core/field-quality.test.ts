// The figures of a field and its score, worked out by hand.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldQuality, type Spelling, scoreOf } from '../../src/core/normalise/field-quality.ts'
import { normaliseAs } from '../../src/core/normalise/kinds.ts'

const spelling = (text: string, people: number, raw = text): Spelling => ({ text, raw, country: null, people })
const asCountry = ({ text }: Spelling) => normaliseAs('COUNTRY', text)

test('the worked-out example of the score: 0.8 filled, 0.75 valid and 0.9 consistent is 80', () => {
  expect(scoreOf({ fillRate: 0.8, validity: 0.75, consistency: 0.9 })).toBe(80)
  expect(scoreOf({ fillRate: 1, validity: 1, consistency: 1 })).toBe(100)
  // Without validity: 100 × (2 × 0.8 + 0.5) / 3 = 70.
  expect(scoreOf({ fillRate: 0.8, validity: null, consistency: 0.5 })).toBe(70)
  // All that is there is invalid: 100 × (2 × 1 + 2 × 0) / 4 = 50.
  expect(scoreOf({ fillRate: 1, validity: 0, consistency: null })).toBe(50)
  expect(scoreOf({ fillRate: 0, validity: null, consistency: null })).toBe(0)
})

test('of ten people eight have a country: six spell Ireland in three ways, one is a misspelling', () => {
  const rows = [
    spelling('IE', 3),
    spelling('EIRE', 2),
    spelling('Ireland', 1),
    spelling('DE', 1),
    spelling('Grmany', 1),
  ]
  const found = fieldQuality({ people: 10, filled: 8, values: 8, distinct: 5 }, rows, asCountry)
  expect(found).toEqual({
    fillRate: 0.8,
    validity: 7 / 8,
    uniqueness: 5 / 8,
    // Of the seven valid ones three write IE and one DE as most do.
    consistency: 4 / 7,
    // Ireland in three ways, Germany in one.
    spellingsPerValue: 2,
    checked: 8,
    // 100 × (2 × 0.8 + 2 × 0.875 + 0.5714) / 5
    score: 78.4,
    worst: [
      {
        value: 'IE',
        people: 6,
        spellingCount: 3,
        spellings: [
          { raw: 'IE', people: 3 },
          { raw: 'EIRE', people: 2 },
          { raw: 'Ireland', people: 1 },
        ],
      },
    ],
    invalid: [{ value: 'Grmany', problem: 'UNKNOWN', people: 1 }],
  })
})

test('values that were normalised when they came are consistent, and still tell how they were given', () => {
  const rows = [spelling('IE', 2, 'EIRE'), spelling('IE', 1, 'Ireland'), spelling('IE', 1)]
  const found = fieldQuality({ people: 4, filled: 4, values: 4, distinct: 1 }, rows, asCountry)
  expect(found).toMatchObject({ consistency: 1, spellingsPerValue: 3, score: 100 })
})

test('a field without a normaliser goes by case and blanks', () => {
  const rows = [spelling('gold', 2), spelling('Gold ', 1), spelling('silver', 1)]
  const found = fieldQuality({ people: 4, filled: 4, values: 4, distinct: 3 }, rows, null)
  expect(found).toMatchObject({ validity: null, consistency: 0.75, spellingsPerValue: 1.5, invalid: [] })
})

test('a field that nobody has is told as such', () => {
  const found = fieldQuality({ people: 4, filled: 0, values: 0, distinct: 0 }, [], asCountry)
  expect(found).toMatchObject({
    fillRate: 0,
    validity: null,
    uniqueness: null,
    consistency: null,
    score: 0,
    checked: 0,
  })
})

test('rates lie between 0 and 1, and the score between 0 and 100', () => {
  const row = fc.record({
    text: fc.constantFrom('IE', 'EIRE', 'Ireland', 'DE', 'Grmany', 'x'),
    raw: fc.constantFrom('IE', 'EIRE', 'y'),
    country: fc.constant(null),
    people: fc.integer({ min: 1, max: 50 }),
  })
  fc.assert(
    fc.property(fc.array(row), fc.nat(100), fc.constantFrom(null, asCountry), (rows, without, read) => {
      const values = rows.reduce((sum, { people }) => sum + people, 0)
      const distinct = new Set(rows.map(({ text }) => text)).size
      const found = fieldQuality({ people: values + without, filled: values, values, distinct }, rows, read)
      for (const rate of [found.fillRate, found.validity, found.uniqueness, found.consistency]) {
        if (rate === null) continue
        expect(rate).toBeGreaterThanOrEqual(0)
        expect(rate).toBeLessThanOrEqual(1)
      }
      expect(found.score).toBeGreaterThanOrEqual(0)
      expect(found.score).toBeLessThanOrEqual(100)
      expect(found.spellingsPerValue ?? 1).toBeGreaterThanOrEqual(1)
    }),
  )
})
