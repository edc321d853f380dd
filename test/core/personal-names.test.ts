// Which names stand for values that tell who somebody is, and what events tell of consents and of engagement.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsAddress } from '../../src/core/addresses.ts'
import { consentsIn } from '../../src/core/consent.ts'
import { engagementIn, engagementSince } from '../../src/core/engagement.ts'
import { isPersonalName, marksOfNames, withoutPersonal } from '../../src/core/personal-names.ts'
import type { JsonObject } from '../../src/core/targeting/facts.ts'

const marked = marksOfNames(['name', 'shoe size'])

describe('a name stands for a value that tells who somebody is', () => {
  test.each(['email', 'E-Mail', 'first_name', 'FirstName', 'date of birth', 'IP', 'name', 'shoe size'])(
    '%s',
    (name) => {
      expect(isPersonalName(name, marked)).toBe(true)
    },
  )

  test.each(['total', 'emailed', 'nickname', 'Name', 'shoeSize', 'city', '__proto__', 'constructor'])(
    'not %s',
    (name) => {
      expect(isPersonalName(name, marked)).toBe(false)
    },
  )
})

test.each([
  ['ann@example.com/7', true],
  ['order of Ännchen@bücher.example', true],
  ['+49 (171) 555-0123', true],
  ['EMAIL:a@b.co', true],
  ['order-4917155501234', false],
  ['SAVE10@checkout', false],
  ['a + 1', false],
  ['', false],
])('a text that senders make, %j, holds an address: %j', (text, expected) => {
  expect(holdsAddress(text)).toBe(expected)
})

describe('what is left without such values', () => {
  test('has null in their place at any depth, and their paths; marked names count at the top alone', () => {
    const values = {
      name: 'Ann',
      items: [{ name: 'Lamp', email: 'a@b.c' }],
      to: { phone: { home: '1' }, level: 1 },
      email: null,
    }
    expect(withoutPersonal(values, marked)).toEqual({
      values: { name: null, items: [{ name: 'Lamp', email: null }], to: { phone: null, level: 1 }, email: null },
      hidden: [['name'], ['items', 0, 'email'], ['to', 'phone']],
    })
  })

  test('is the very same object where there are none, and never holds one that was there, whatever the JSON', () => {
    const plain = { total: 1, items: [{ id: 2 }] }
    expect(withoutPersonal(plain, marked).values).toBe(plain)
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('email', 'a', 'b'), fc.jsonValue()), (values) => {
        const { values: left, hidden } = withoutPersonal(values as JsonObject, marked)
        expect(left.email ?? null).toBeNull()
        expect(withoutPersonal(left, marked)).toEqual({ values: left, hidden: [] })
        if (values.email != null) expect(hidden).toContainEqual(['email'])
      }),
    )
  })
})

describe('an event tells of consents', () => {
  test('by its name, its channels and its source, in any spelling', () => {
    expect(
      consentsIn('opt_in', { channel: ['e-mail', 'SMS', 'sms', 'Email', 7], source: 'Preference Centre' }),
    ).toEqual([
      { channel: 'SMS', state: 'OPTED_IN', source: 'PREFERENCE_CENTRE' },
      { channel: 'EMAIL', state: 'OPTED_IN', source: 'PREFERENCE_CENTRE' },
    ])
    expect(consentsIn('opt_out', { channel: 'push', source: 'who knows' })).toEqual([
      { channel: 'PUSH', state: 'OPTED_OUT', source: 'EVENT' },
    ])
  })

  test('and no event of another name, without a channel or with an unknown one', () => {
    expect(consentsIn('purchase', { channel: 'email' })).toEqual([])
    expect(consentsIn('opt_in', {})).toEqual([])
    expect(consentsIn('opt_in', { channel: 'pigeon' })).toEqual([])
  })
})

test('engagement adds up what events tell, from the first of the month a year ago', () => {
  const counts = [
    { name: 'email_opened', count: 2 },
    { name: 'email_open', count: 1 },
    { name: 'page_viewed', count: 5 },
    { name: 'purchase', count: 9 },
  ]
  expect(engagementIn(counts)).toEqual({ emailsOpened: 3, emailsClicked: 0, emailsRead: 0, pagesViewed: 5 })
  expect(engagementSince(new Date('2026-03-31T23:59:59Z'))).toEqual(new Date('2025-03-01T00:00:00Z'))
})
