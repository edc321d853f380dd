// The fields of a person who is several profiles, and what a merge makes of them.

import { describe, expect, test } from 'vitest'
import { fieldsOfMembers, type MemberFields } from '../../src/core/member-fields.ts'
import { conflictsOf, picksOf } from '../../src/core/merge-fields.ts'

const member = (id: string, fields: object, more: Partial<MemberFields> = {}): MemberFields => ({
  ...{ id, survivorId: null, picks: [], fields: { ...fields } },
  ...more,
})

describe('the fields of a person', () => {
  const ann = member('a', { tier: 'gold', city: 'Ulm' })
  test('are the survivor’s, then those of later profiles, then of earlier ones', () => {
    const members = [
      member('c', { tier: 'c', size: 3 }, { survivorId: 'a' }),
      ann,
      member('b', { tier: 'b', size: 2, plan: 2 }, { survivorId: 'a' }),
    ]
    expect(fieldsOfMembers(members)).toEqual({ tier: 'gold', city: 'Ulm', size: 3, plan: 2 })
  })

  test('that a merge picks are the loser’s, as far as it has them, and those that were merged into it come with it', () => {
    const members = [
      ann,
      member('b', { city: 'Bonn' }, { survivorId: 'a', picks: ['tier', 'city', 'none'] }),
      member('c', { tier: 'c' }, { survivorId: 'b' }),
    ]
    expect(fieldsOfMembers(members)).toEqual({ tier: 'c', city: 'Bonn' })
  })

  test('do not depend on the order in which profiles are read', () => {
    const members = [
      ann,
      member('b', { tier: 'b' }, { survivorId: 'a', picks: ['tier'] }),
      member('c', { tier: 'c' }, { survivorId: 'b' }),
    ]
    expect(fieldsOfMembers(members.toReversed())).toEqual(fieldsOfMembers(members))
  })
})

describe('a merge', () => {
  const people = {
    survivor: { tier: 'gold', same: [1, { b: 1, a: 2 }], own: 1 },
    loser: { tier: 'silver', same: [1, { a: 2, b: 1 }], city: 'Ulm' },
  }
  test('has a conflict where both have other values, in whatever order their members stand', () => {
    const conflicts = conflictsOf(people, { rule: 'SURVIVOR', rules: new Map([['tier', 'LOSER']]) })
    expect(conflicts).toEqual([{ name: 'tier', survivorValue: 'gold', loserValue: 'silver', wins: 'LOSER' }])
    expect(picksOf(conflicts)).toEqual(['tier'])
    expect(picksOf(conflictsOf(people, { rule: 'SURVIVOR', rules: new Map() }))).toEqual([])
  })
})
