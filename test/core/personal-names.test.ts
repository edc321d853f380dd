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
    const given = { channel: ['e-mail', 'SMS', 'sms', 'Email'], source: 'Preference Centre' }
    const told = (['EMAIL', 'SMS'] as const).map((channel) => ({
      ...{ channel, state: 'OPTED_IN', source: 'PREFERENCE_CENTRE' },
    }))
    for (const name of ['opt_in', 'optin', 'opt-in']) expect(consentsIn(name, given)).toEqual({ told, faults: [] })
    expect(consentsIn('optout', { channels: 'push' }).told).toEqual([
      { channel: 'PUSH', state: 'OPTED_OUT', source: 'EVENT' },
    ])
  })

  test('and tells where one says nothing, but for events of other names', () => {
    const faults = (name: string, data: JsonObject) => {
      const { told, faults: all } = consentsIn(name, data)
      return [told.length, ...all.map(({ field }) => field)]
    }
    expect(faults('purchase', { channel: 'pigeon' })).toEqual([0])
    expect(faults('opt_in', {})).toEqual([0, 'channel'])
    expect(faults('opt_in', { channel: 'pigeon' })).toEqual([0, 'channel'])
    expect(faults('opt_in', { channels: ['sms', 7, 'all'] })).toEqual([1, 'channels[1]', 'channels[2]'])
    expect(faults('opt_in', { channel: 'sms', state: 'PENDING' })).toEqual([0, 'state'])
    expect(faults('opt_out', { channel: 'sms', state: 'PENDING', source: 'who knows' })).toEqual([1, 'source', 'state'])
  })

  test('of all channels, where the person had opted in, beside those that it names', () => {
    const { told } = consentsIn('opt_out', { channel: ['all', 'sms'] })
    expect(told.map(({ channel, ifOptedIn = false }) => [channel, ifOptedIn])).toEqual([
      ...[
        ['SMS', false],
        ['EMAIL', true],
        ['PUSH', true],
        ['PHONE', true],
        ['POST', true],
        ['MESSENGER', true],
      ],
    ])
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
