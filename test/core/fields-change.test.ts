// Fields of a person that change with events: one change after the other, and several as one.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changedFields, type FieldsChange, followedBy } from '../../src/core/targeting/people.ts'

const name = fc.constantFrom('a', 'b', 'c', '__proto__')
const fields = fc.dictionary(name, fc.constantFrom(null, 0, 'x', { nested: 1 }), { noNullPrototype: true })
const change: fc.Arbitrary<FieldsChange> = fc.record({ set: fields, unset: fc.array(name, { maxLength: 3 }) })

test('several changes as one do what they do one after the other', () => {
  fc.assert(
    fc.property(fields, fc.array(change, { minLength: 1 }), (before, changes) => {
      const oneByOne = changes.reduce(changedFields, before)
      expect(changedFields(before, changes.reduce(followedBy))).toEqual(oneByOne)
    }),
  )
})

test('a change sets and removes whole fields, and removing goes last', () => {
  const before = { a: { x: 1 }, b: 2, c: 3 }
  expect(changedFields(before, { set: { a: { y: 1 }, b: 4 }, unset: ['b', 'c', 'd'] })).toEqual({ a: { y: 1 } })
})
