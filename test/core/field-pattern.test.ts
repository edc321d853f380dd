// Patterns of fields: they match what the same regular expression of JavaScript does, in time that no pattern can stretch.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { compilePattern } from '../../src/core/fields/pattern.ts'

const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\W', '[a-c\\d]', '\\.', '()')
const repeated = fc.tuple(piece, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{0,}'))
const sequence = fc.array(repeated, { maxLength: 4 }).map((all) => all.map(([one, times]) => one + times).join(''))
const grouped = fc
  .tuple(sequence, sequence, sequence, fc.constantFrom('', '*', '+', '?', '{0,2}'))
  .map(([before, one, other, times]) => `${before}(${one}|${other})${times}`)
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', '\n', '😀'), maxLength: 8 })

test('a pattern matches what it does as a regular expression of the whole text', () => {
  fc.assert(
    fc.property(fc.oneof(sequence, grouped), text, (pattern, value) => {
      expect(compilePattern(pattern)(value)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(value))
    }),
    { numRuns: 2_000 },
  )
})

it('may be written with its ends, and an escaped dollar is a dollar', () => {
  expect(compilePattern('^[A-Z]{2}-\\d+$')('AB-12')).toBe(true)
  expect(compilePattern('5\\$')('5$')).toBe(true)
})

describe('what would hold up a server', () => {
  it.each(['(a+)+b', '(a|a)*b', '(a*)*(a*)*(a*)*b', 'a*a*a*a*a*a*a*a*b', '(.*a){12}'])(
    '%s is asked of a thousand characters without harm',
    (pattern) => {
      expect(compilePattern(pattern)('a'.repeat(999))).toBe(pattern.endsWith('}'))
    },
  )

  it.each([
    '((((((a{100}){100}){100}){100}){100}){100})',
    '((((((){100}){100}){100}){100}){100}){100}',
    `${'a'.repeat(201)}`,
    '(?=a)a',
    '(a)\\1',
    'a**',
    'a{2,1}',
    'a{101}',
    '[a',
    '(a',
    'a)',
    '[b-a]',
    'a^b',
    '\\q',
  ])('%s is refused', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(RangeError)
  })
})
