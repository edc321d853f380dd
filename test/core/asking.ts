// Rules asked of a person at one event: a fixed time, days before it, and times that lie in windows or do not.

import { compileRule } from '../../src/core/rules/compile.ts'
import type { Rule } from '../../src/core/rules/rule.ts'
import { type TruthName, truthNames } from '../../src/core/rules/truth.ts'
import type { EventFacts, PersonFacts } from '../../src/core/targeting/facts.ts'

const dayMs = 86_400_000
export const t = Date.parse('2026-03-10T12:00:00Z')
export const daysAgo = (days: number): number => t - days * dayMs

export const event = (changes: Partial<EventFacts> = {}): EventFacts => ({
  id: 'at hand',
  name: 'purchase',
  personId: 'F',
  t,
  data: {},
  ...changes,
})

export const ask = (rule: Rule, person: PersonFacts, at: EventFacts = event()): TruthName =>
  truthNames[compileRule(rule)({ person, event: at })]

/** A window, a time, and whether that time lies in it. */
export const windows: [withinLastDays: number | undefined, at: number, truth: TruthName][] = [
  [undefined, daysAgo(9999), 'TRUE'],
  [undefined, t, 'TRUE'],
  [undefined, t + 1, 'FALSE'],
  [7, daysAgo(7), 'TRUE'],
  [7, daysAgo(7) - 1, 'FALSE'],
  [7, t, 'TRUE'],
  [7, t + 1, 'FALSE'],
  [0.5, daysAgo(0.5), 'TRUE'],
  [0.5, daysAgo(0.5) - 1, 'FALSE'],
]

export const windowOf = (withinLastDays: number | undefined) => (withinLastDays === undefined ? {} : { withinLastDays })

export const opposite = { TRUE: 'FALSE', FALSE: 'TRUE', UNKNOWN: 'UNKNOWN' } as const
