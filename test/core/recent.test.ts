// What is kept of what was used last.

import { expect, test } from 'vitest'
import { Recent } from '../../src/modules/programs/recent.ts'

const heldBy = (recent: Recent<string, number>, keys: string) =>
  [...keys].filter((key) => recent.get(key) !== undefined)

test('what was used last is kept', () => {
  const recent = new Recent<string, number>(2)
  for (const key of 'ab') recent.set(key, 1)
  recent.get('a')
  recent.set('c', 1)
  expect(heldBy(recent, 'abc')).toEqual(['a', 'c'])
})

test('less of it is kept where it is heavy, but always a few', () => {
  const recent = new Recent<string, number>(9, { of: (value) => value, max: 10, least: 2 })
  for (const key of 'abcd') recent.set(key, 3)
  expect(heldBy(recent, 'abcd')).toEqual(['b', 'c', 'd'])
  recent.set('d', 4)
  expect(heldBy(recent, 'bcd')).toEqual(['b', 'c', 'd'])
  recent.set('d', 100)
  expect(heldBy(recent, 'bcd')).toEqual(['c', 'd'])
  recent.set('d', 1)
  recent.set('e', 6)
  expect(heldBy(recent, 'cde')).toEqual(['c', 'd', 'e'])
})
