// How alike two people are, and what brings them together to be compared.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockingKeys, defaultMinScore, likenessOf } from '../../src/core/duplicates/duplicates.ts'
import { type Particulars, particularsOf } from '../../src/core/duplicates/particulars.ts'
import { editsBetween, jaroWinkler } from '../../src/core/duplicates/similarity.ts'

const read = (fields: Record<string, unknown>) => particularsOf({ identifiers: [], fields })

const ann = {
  ...{ firstName: 'Anna', lastName: 'Müller', birthDate: '1980-05-17', phone: '+49 30 901820' },
  address: { street: 'Main street 1', city: 'Ulm', zip: '89073' },
}

describe('two records', () => {
  test.each([
    ['with a typing error in the name', { ...ann, lastName: 'Muelller' }],
    ['with the names swapped', { ...ann, firstName: 'Müller', lastName: 'Anna' }],
    ['after a move', { ...ann, address: { street: 'Oak road 7', city: 'Bonn', zip: '53111' } }],
    ['with the date in another form, and no phone', { ...ann, birthDate: '17.5.1980', phone: '' }],
    [
      'under other names of the fields',
      { name: 'Anna Müller', dob: '1980-05-17', street: 'Main street 1', plz: '89073' },
    ],
  ])('of one person %s are found', (_, fields) => {
    const [a, b] = [read(ann), read(fields)]
    expect(likenessOf(a, b).score).toBeGreaterThan(defaultMinScore)
    expect(blockingKeys(a).some((key) => blockingKeys(b).includes(key))).toBe(true)
  })

  test.each([
    ['of the same house and telephone', { ...ann, firstName: 'Jürgen', birthDate: '1950-01-02' }],
    [
      'of the same name and town, with another date of birth',
      { ...ann, birthDate: '1961-11-30', phone: '', address: { city: 'Ulm' } },
    ],
    ['of the same name alone', { firstName: 'Anna', lastName: 'Müller' }],
    ['of whom nothing is known', {}],
  ])('of two people %s are not taken for one', (_, fields) => {
    expect(likenessOf(read(ann), read(fields)).score).toBeLessThan(defaultMinScore)
  })

  test('tell what they agree in, strongest first', () => {
    expect(likenessOf(read(ann), read({ ...ann, firstName: 'Ana' })).reasons).toEqual([
      'ADDRESS',
      'NAME',
      'BIRTH_DATE',
      'PHONE',
    ])
  })
})

const text = fc.constantFrom('', 'anna', 'ana', 'bob', 'maria')
const particulars: fc.Arbitrary<Particulars> = fc.record({
  emails: fc.uniqueArray(fc.constantFrom('anna@x.com', 'anna@y.com', 'bob@x.com'), { maxLength: 2 }),
  phones: fc.uniqueArray(fc.constantFrom('4930901820', '4930901821'), { maxLength: 2 }),
  ...{ first: text, last: text, street: text, city: text },
  postalCode: fc.constantFrom('', '89073', '89075'),
  birth: fc.constantFrom('', '19800517', '19801705'),
})

describe('likeness', () => {
  test('is the same both ways', () => {
    fc.assert(
      fc.property(particulars, particulars, (a, b) => {
        expect(likenessOf(a, b).score).toBeCloseTo(likenessOf(b, a).score, 10)
      }),
    )
  })

  test('of texts: known values, from 0 to 1, and edits counted by hand', () => {
    expect(jaroWinkler('martha', 'marhta')).toBeCloseTo(0.9611, 4)
    expect(jaroWinkler('dixon', 'dicksonx')).toBeCloseTo(0.8133, 4)
    expect(jaroWinkler('', 'a')).toBe(0)
    expect([editsBetween('anna', 'anan', 2), editsBetween('anna', 'ana', 2), editsBetween('a', 'abcd', 2)]).toEqual([
      1, 1, 3,
    ])
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(jaroWinkler(a, b)).toBeGreaterThanOrEqual(0)
        expect(jaroWinkler(a, b)).toBeLessThanOrEqual(1)
        expect(editsBetween(a, b, 3)).toBe(editsBetween(b, a, 3))
      }),
    )
  })
})
