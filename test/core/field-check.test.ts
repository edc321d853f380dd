// Values held to their definitions: what each type takes, what becomes of the rest under each policy, and that taking a value
// twice changes nothing.

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkFields, compileFields } from '../../src/core/fields/check.ts'
import { coercions } from '../../src/core/fields/coerce.ts'
import { apiNameOf, type FieldDefinition, type FieldPolicy, type FieldType } from '../../src/core/fields/definition.ts'

const given = (more: Partial<FieldDefinition>): FieldDefinition => ({
  ...{ id: more.name ?? 'f', owner: 'PROFILE', eventName: '', place: '', name: 'f', apiName: more.name ?? 'f' },
  ...{
    type: 'STRING',
    itemType: null,
    required: false,
    default: null,
    min: null,
    max: null,
    pattern: null,
    values: [],
  },
  ...more,
})

interface Asked extends Partial<Pick<FieldPolicy, 'unknownKeys' | 'wrongType'>> {
  isWhole?: boolean
}

function check(definitions: FieldDefinition[], data: object, { isWhole = false, ...policy }: Asked = {}) {
  const usual = { owner: 'PROFILE', eventName: '', unknownKeys: 'ACCEPT', wrongType: 'REJECT' } as const
  const rules = compileFields(definitions, [{ ...usual, ...policy }]).of('PROFILE')
  if (!rules) throw new Error('there is a policy')
  return checkFields(rules, { ...data }, { path: 'in', isWhole })
}

describe('a value', () => {
  it.each<[FieldType, unknown, unknown]>([
    ['STRING', 5, '5'],
    ['NUMBER', ' 12.50 ', 12.5],
    ['NUMBER', '-0.1', -0.1],
    ['INTEGER', '0012', 12],
    ['BOOLEAN', 'TRUE', true],
    ['BOOLEAN', 0, false],
    ['DATETIME', 0, '1970-01-01T00:00:00.000Z'],
    ['DATETIME', '2026-03-10T12:00:00+01:00', '2026-03-10T12:00:00+01:00'],
    ['DATE', '2026-03-10T00:00:00Z', '2026-03-10'],
    ['PHONE', '+49 (30) 901-820', '+4930901820'],
    ['EMAIL', ' Ada@Example.com ', 'Ada@Example.com'],
    ['COUNTRY', 'de', 'DE'],
    ['CURRENCY', 'eur', 'EUR'],
    ['MONEY', { amount: '12.5', currency: 'EUR' }, { amountMinor: 1250, currency: 'EUR' }],
    ['MONEY', { amount: -3, currency: 'JPY' }, { amountMinor: -3, currency: 'JPY' }],
    ['GEO_POINT', { latitude: '52.5', longitude: 13.4 }, { lat: 52.5, lon: 13.4 }],
    ['REFERENCE', 77, '77'],
  ])('of %s that says the same in another form is taken: %j', (type, value, taken) => {
    expect(check([given({ type })], { f: value })).toEqual({ value: { f: taken }, warnings: [], faults: [] })
  })

  it.each<[FieldType, unknown]>([
    ['STRING', { a: 1 }],
    ['NUMBER', '12,5'],
    ['NUMBER', '0.1000000000000000055'],
    ['NUMBER', ''],
    ['INTEGER', 1.5],
    ['INTEGER', '9007199254740993'],
    ['BOOLEAN', 'yes'],
    ['DATETIME', '2026-03-10'],
    ['DATETIME', '2026-02-30T00:00:00Z'],
    ['DATE', '2026-02-30'],
    ['DATE', '2026-03-10T01:00:00Z'],
    ['URL', 'javascript:alert(1)'],
    ['EMAIL', 'ada'],
    ['PHONE', '030 901820'],
    ['PHONE', '+49 30 901820 ext. 5'],
    ['COUNTRY', 'Germany'],
    ['CURRENCY', 'XXZ'],
    ['MONEY', { amount: 1.005, currency: 'EUR' }],
    ['MONEY', { amount: 1, currency: 'EUR', more: 1 }],
    ['ENUM', 'bronze'],
    ['GEO_POINT', { lat: 91, lon: 0 }],
    ['OBJECT', []],
    ['LIST', 'a'],
    ['REFERENCE', ' '],
  ])('of %s is refused where something would be lost or guessed: %j', (type, value) => {
    const definition = given({ type, values: ['gold'], itemType: type === 'LIST' ? 'STRING' : null })
    const { faults } = check([definition], { f: value })
    expect(faults.map(({ field }) => field)).toEqual(['in.f'])
  })

  it('that was taken is taken again as it is, and a number says what its text said', () => {
    const any = fc.oneof(
      fc.jsonValue(),
      fc.double({ noNaN: true }).map(String),
      fc.integer().map((n) => ` ${n}.0`),
    )
    fc.assert(
      fc.property(any, fc.constantFrom(...(Object.keys(coercions) as FieldType[])), (value, type) => {
        const once = coercions[type](value)
        if (once === undefined) return
        expect(coercions[type](once)).toEqual(once)
        if (type === 'NUMBER' && typeof value === 'string') expect(once).toBe(Number(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is held to its bounds, its pattern and its values', () => {
    const bad = (more: Partial<FieldDefinition>, value: unknown) => check([given(more)], { f: value }).faults.length
    expect([bad({ type: 'NUMBER', min: 1, max: 3 }, 3), bad({ type: 'NUMBER', min: 1 }, '0')]).toEqual([0, 1])
    expect([bad({ max: 2 }, 'ab'), bad({ max: 2 }, 'abc')]).toEqual([0, 1])
    expect([bad({ pattern: '[A-Z]+' }, 'AB'), bad({ pattern: '[A-Z]+' }, 'ab')]).toEqual([0, 1])
    const list = { type: 'LIST', itemType: 'ENUM', values: ['a', 'b'], max: 2 } as const
    expect([bad(list, ['a', 'b']), bad(list, ['a', 'c']), bad(list, ['a', 'a', 'a'])]).toEqual([0, 1, 1])
  })
})

describe('what does not fit', () => {
  const size = given({ name: 'size', type: 'NUMBER' })
  const data = { size: 'big', other: 1 }

  it('is kept, refused or left out with a warning, each at its place', () => {
    expect(check([size], data, { wrongType: 'ACCEPT' })).toEqual({ value: data, warnings: [], faults: [] })
    expect(check([size], data).faults).toEqual([{ field: 'in.size', message: 'not a number' }])
    const dropped = check([size], data, { wrongType: 'DROP', unknownKeys: 'DROP' })
    expect(dropped).toMatchObject({ value: {}, faults: [] })
    expect(dropped.warnings.map(({ field }) => field)).toEqual(['in.size', 'in.other'])
    expect(check([size], data, { wrongType: 'DROP', unknownKeys: 'REJECT' }).faults).toEqual([
      { field: 'in.other', message: 'a key that is not defined' },
    ])
  })

  it('is found within objects and lists', () => {
    const all = [
      given({ name: 'address', type: 'OBJECT' }),
      given({ name: 'city', place: 'address', required: true }),
      given({ name: 'zip', place: 'address', pattern: '\\d{5}' }),
      given({ name: 'kids', type: 'LIST', itemType: 'OBJECT' }),
      given({ name: 'age', place: 'kids', type: 'INTEGER', default: 0 }),
    ]
    const { faults, value } = check(all, { address: { zip: '1' }, kids: [{ age: '3' }, {}, 5] })
    expect(faults.map(({ field }) => field)).toEqual(['in.address.zip', 'in.address.city', 'in.kids[2]'])
    expect(value.kids).toEqual([{ age: 3 }, { age: 0 }])
  })

  it('of what comes whole is also what is missing, unless it has a default', () => {
    const all = [given({ name: 'a', required: true }), given({ name: 'b', required: true, default: 'x' })]
    expect(check(all, {}, { isWhole: true })).toEqual({
      value: { b: 'x' },
      warnings: [],
      faults: [{ field: 'in.a', message: 'required, and missing' }],
    })
    expect(check(all, {})).toMatchObject({ value: {}, faults: [] })
    expect(check(all, { a: null }).faults).toHaveLength(1)
  })
})

describe('the names of a field', () => {
  it('are the CRM’s and one for the API, and either leads to it', () => {
    const number = given({ name: 'Kunden-Nr. (alt)', apiName: 'kundenNrAlt' })
    expect(check([number], { kundenNrAlt: 1 }).value).toEqual({ kundenNrAlt: '1' })
    expect(check([number], { 'Kunden-Nr. (alt)': 1 }).value).toEqual({ kundenNrAlt: '1' })
    expect(check([number], { 'Kunden-Nr. (alt)': 1, kundenNrAlt: 2 }).faults).toHaveLength(1)
    expect(check([given({ name: 'First Name', apiName: 'firstName' })], { firstName: 'Ada' }).value).toEqual({
      'First Name': 'Ada',
    })
  })

  test.each([
    ['First Name', 'firstName'],
    ['Kunden-Nr. (alt)', 'kundenNrAlt'],
    ['E-Mail', 'eMail'],
    ['créé le', 'creeLe'],
    ['2nd choice', 'field2ndChoice'],
    ['顧客', 'field'],
    ['customerID', 'customerId'],
  ])('of %s is %s, with a number where that is taken', (name, expected) => {
    expect(apiNameOf(name, () => false)).toBe(expected)
    const taken = new Set([expected, `${expected}2`])
    expect(apiNameOf(name, (one) => taken.has(one))).toBe(`${expected}3`)
  })
})
