// What is read of people hangs on the event: the criteria of the journeys that may take it, and no others.

import { expect, test } from 'vitest'
import { compileRuleSet } from '../../src/core/targeting/rule-set.ts'

const journey = {
  role: 'PARTICIPANT',
  priority: 100,
  entry: null,
  ongoing: null,
  keyField: null,
  inactivityDays: null,
  reentry: 'NEW_AFTER_EXIT',
} as const

const rules = compileRuleSet({
  programs: [{ id: 'P', name: 'Refer', labels: [], lookbackDays: 30, allowMutualReferral: false }],
  campaigns: [
    {
      id: 'C',
      programId: 'P',
      name: 'Spring',
      revision: 1,
      state: 'LIVE',
      startsAt: null,
      endsAt: null,
      firstLiveAt: 0,
      requiredTargets: [],
      content: [],
      journeys: [
        {
          ...journey,
          name: 'buyer',
          events: ['purchase', 'visit'],
          startEvents: ['purchase'],
          entry: { event: { name: 'click', atLeast: 3 } },
          ongoing: { not: { order: { aggregate: 'COUNT', op: 'GT', value: 9 } } },
        },
        {
          ...journey,
          name: 'friend maker',
          events: ['signup'],
          startEvents: ['signup'],
          entry: { relationship: { as: 'ADVOCATE' } },
        },
        { ...journey, name: 'anybody', events: ['login'], startEvents: ['login'] },
      ],
    },
  ],
})

const nothing = {
  audienceIds: new Set(),
  eventCaps: new Map(),
  orders: false,
  items: false,
  qualityCaps: new Map(),
  friends: false,
}

test('an event asks what its own journeys ask, on entry and while they go on', () => {
  const asked = { ...nothing, eventCaps: new Map([['click', 3]]), orders: true }
  expect(rules.plans.get('purchase')?.asks).toEqual(asked)
  expect(rules.plans.get('visit')?.asks).toEqual(asked)
  expect(rules.plans.get('signup')?.asks).toEqual({ ...nothing, friends: true })
})

test('an event whose journeys have no criteria asks nothing', () => {
  expect(rules.plans.get('login')?.asks).toEqual(nothing)
})
