// Which values an account marks as telling who somebody is: whole, in parts, of events and their items, and after deletion.

import { describe, expect, test } from 'vitest'
import type { FieldDefinition } from '../../src/core/fields/definition.ts'
import { compileMarks } from '../../src/core/fields/marks.ts'
import { marksAlong, withoutPersonal } from '../../src/core/personal-names.ts'

const definition = (more: Partial<FieldDefinition> & Pick<FieldDefinition, 'id'>): FieldDefinition => ({
  ...{ owner: 'PROFILE', eventName: '', place: '', name: more.id, apiName: more.id, type: 'STRING', itemType: null },
  ...{ required: false, default: null, min: null, max: null, pattern: null, values: [] },
  ...more,
})

const marks = compileMarks([
  definition({ id: 'home', type: 'OBJECT' }),
  definition({ id: 'account', name: 'Acc. No', apiName: 'accNo', pii: true }),
  definition({ id: 'number', place: 'home', pii: true }),
  definition({ id: 'floor', place: 'home' }),
  definition({ id: 'friends', type: 'LIST', itemType: 'OBJECT' }),
  definition({ id: 'nick', place: 'friends', name: 'Nick.Name', apiName: 'nickName', pii: true }),
  definition({ id: 'size', owner: 'EVENT', eventName: 'visit', pii: true }),
  definition({ id: 'gift', owner: 'ORDER', pii: true }),
  definition({ id: 'engraving', owner: 'ORDER_ITEM', pii: true }),
])

const hiddenOf = (values: object, of = marks.of('PROFILE')) =>
  withoutPersonal(values as Record<string, unknown>, of).hidden.map((path) => path.join('.'))

describe('a mark', () => {
  test('of a part hides that part, and the rest is shown', () => {
    const { values } = withoutPersonal({ home: { number: 7, floor: 2 }, number: 1 }, marks.of('PROFILE'))
    expect(values).toEqual({ home: { number: null, floor: 2 }, number: 1 })
  })

  test('of a part of a list’s objects hides it in each, by either of its names', () => {
    expect(hiddenOf({ friends: [{ 'Nick.Name': 'A' }, { nickName: 'B', age: 3 }] })).toEqual([
      'friends.0.Nick.Name',
      'friends.1.nickName',
    ])
  })

  test('of an event’s field holds for that event alone', () => {
    expect(hiddenOf({ size: 1 }, marks.ofEvents('visit'))).toEqual(['size'])
    expect(hiddenOf({ size: 1 }, marks.ofEvents('other'))).toEqual([])
  })

  test.each([
    ...[
      'purchase',
      'order_completed',
      'order_updated',
      'order_cancelled',
      'order_canceled',
      'order_refunded',
      'refund',
    ],
    'order_returned',
  ])('of orders and their items holds for %s, which tells of one, under both names of the list', (name) => {
    const order = { gift: 'x', products: [{ engraving: 'To Ann' }], items: [{ engraving: 'To Bob', size: 1 }] }
    expect(hiddenOf(order, marks.ofEvents(name))).toEqual(['gift', 'products.0.engraving', 'items.0.engraving'])
    expect(hiddenOf(order, marks.ofEvents('visit'))).toEqual([])
  })

  test('of any event is known where the event is not', () => {
    expect(hiddenOf({ size: 1, gift: 'x' }, marks.ofEvents(null))).toEqual(['size', 'gift'])
  })
})

test.each([
  ['home.number', 'WHOLE'],
  ['friends[].nickName', 'WHOLE'],
  ['home.floor', []],
  ['home', ['number']],
  ['other.email', 'WHOLE'],
  ['Acc. No', 'WHOLE'],
])('the path %s leads to %j', (path, expected) => {
  const along = marksAlong(path, marks.of('PROFILE'))
  expect(along === 'WHOLE' ? along : [...along.keys()]).toEqual(expected)
})
