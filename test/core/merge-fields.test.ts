// What becomes of two people's fields when they are merged.

import { describe, expect, test } from 'vitest'
import { conflictsOf, coversOf, picksOf } from '../../src/core/merge-fields.ts'

describe('a merge', () => {
  const people = {
    survivor: { fields: { tier: 'gold', same: [1, { b: 1, a: 2 }], own: 1 }, meta: {} },
    loser: { fields: { tier: 'silver', same: [1, { a: 2, b: 1 }], city: 'Ulm' }, meta: {} },
    defaults: {},
  }
  test('has a conflict where both have other values, in whatever order their members stand', () => {
    const conflicts = conflictsOf(people, { rule: 'SURVIVOR', rules: new Map([['tier', 'LOSER']]) })
    expect(conflicts).toEqual([{ name: 'tier', survivorValue: 'gold', loserValue: 'silver', wins: 'LOSER' }])
    expect([picksOf(conflicts), coversOf(conflicts)]).toEqual([['tier'], []])
    const kept = conflictsOf(people, { rule: 'SURVIVOR', rules: new Map() })
    expect([picksOf(kept), coversOf(kept)]).toEqual([[], ['tier']])
  })
  const [byDefault, stated] = [
    { fields: { tier: 'basic' }, meta: {} },
    { fields: { tier: 'gold' }, meta: { tier: { at: 1 } } },
  ]
  test.each([
    ['survivor', { survivor: byDefault, loser: stated, defaults: { tier: 'basic' } }],
    ['loser', { survivor: stated, loser: byDefault, defaults: { tier: 'basic' } }],
  ])('has none about a default that the %s began with, unless somebody names the field', (_who, people) => {
    const one = (rule: 'SURVIVOR' | 'LOSER', rules: [string, 'SURVIVOR' | 'LOSER'][] = []) =>
      conflictsOf(people, { rule, rules: new Map(rules) }).map(({ wins }) => wins)
    expect([one('SURVIVOR'), one('LOSER'), one('SURVIVOR', [['tier', 'LOSER']])]).toEqual([[], [], ['LOSER']])
  })
  test('has one about the default where somebody stated it, and about a value from before times were kept', () => {
    const told = { fields: { tier: 'basic' }, meta: { tier: { at: 2 } } }
    const choice = { rule: 'SURVIVOR' as const, rules: new Map() }
    expect(conflictsOf({ survivor: told, loser: stated, defaults: { tier: 'basic' } }, choice)).toHaveLength(1)
    expect(conflictsOf({ survivor: byDefault, loser: stated, defaults: { tier: 'iron' } }, choice)).toHaveLength(1)
  })
})
