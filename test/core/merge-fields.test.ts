// What becomes of two people's fields when they are merged.

import { describe, expect, test } from 'vitest'
import { conflictsOf, coversOf, picksOf } from '../../src/core/merge-fields.ts'

describe('a merge', () => {
  const people = {
    survivor: { tier: 'gold', same: [1, { b: 1, a: 2 }], own: 1 },
    loser: { tier: 'silver', same: [1, { a: 2, b: 1 }], city: 'Ulm' },
  }
  test('has a conflict where both have other values, in whatever order their members stand', () => {
    const conflicts = conflictsOf(people, { rule: 'SURVIVOR', rules: new Map([['tier', 'LOSER']]) })
    expect(conflicts).toEqual([{ name: 'tier', survivorValue: 'gold', loserValue: 'silver', wins: 'LOSER' }])
    expect([picksOf(conflicts), coversOf(conflicts)]).toEqual([['tier'], []])
    const kept = conflictsOf(people, { rule: 'SURVIVOR', rules: new Map() })
    expect([picksOf(kept), coversOf(kept)]).toEqual([[], ['tier']])
  })
})
