// Which changes of audiences a campaign could ask for as events, and which audiences may be part of a chain of them.

import { describe, expect, it } from 'vitest'
import { compileAudiences } from '../../src/core/audiences/dynamic.ts'
import { dependentOnTold, depthIn, interestOf, maxChain, toldEvent } from '../../src/core/audiences/told.ts'
import type { Rule } from '../../src/core/rules/rule.ts'
import type { CampaignFacts, JourneyDefinition } from '../../src/core/targeting/facts.ts'

const [vip, other] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']
const at = Date.UTC(2026, 0, 1)

const change = (audienceId: string, more: object = {}) =>
  toldEvent({ audienceId, audience: 'VIPs', entered: true, cause: 'EVENT', at, depth: 1, ...more })

function campaign(flow: Partial<JourneyDefinition> = {}, more: Partial<CampaignFacts> = {}): CampaignFacts {
  const journey: JourneyDefinition = {
    ...{
      name: 'told',
      role: 'PARTICIPANT',
      priority: 0,
      events: ['audience_entered'],
      startEvents: ['audience_entered'],
    },
    ...{ entry: null, ongoing: null, keyField: null, inactivityDays: null, reentry: 'CONTINUE', ...flow },
  }
  return {
    ...{
      id: 'c',
      programId: 'p',
      name: 'C',
      revision: 1,
      state: 'LIVE',
      startsAt: null,
      endsAt: null,
      firstLiveAt: at,
    },
    ...{ requiredTargets: [], content: [], journeys: [journey], ...more },
  }
}

const id = String(change(vip).data.audienceId)
const onlyVip: Rule = { eventData: { field: 'audienceId', op: 'EQ', value: id } }
const isGold: Rule = { field: { field: 'tier', op: 'EQ', value: 'gold' } }

describe('a change of an audience is told', () => {
  it('where a live campaign’s flow names the event, within the campaign’s time', () => {
    const isAsked = (more: Partial<CampaignFacts>, flow = {}) => interestOf([campaign(flow, more)])(change(vip), at)
    expect(isAsked({})).toBe(true)
    expect(isAsked({ state: 'PAUSED' })).toBe(false)
    expect(isAsked({ startsAt: at + 1 })).toBe(false)
    expect(isAsked({ startsAt: at, endsAt: at + 1 })).toBe(true)
    expect(isAsked({ endsAt: at })).toBe(false)
    expect(isAsked({}, { events: ['audience_left'], startEvents: ['audience_left'] })).toBe(false)
  })

  it('where what its criteria ask of the event holds, whatever they ask of the person', () => {
    const isAsked = (flow: Partial<JourneyDefinition>) =>
      [vip, other].map((one) => interestOf([campaign(flow)])(change(one), at))
    expect(isAsked({ entry: onlyVip })).toEqual([true, false])
    expect(isAsked({ entry: { all: [isGold, { all: [onlyVip] }] } })).toEqual([true, false])
    expect(isAsked({ entry: { any: [isGold, onlyVip] } })).toEqual([true, true])
    expect(isAsked({ entry: { not: onlyVip } })).toEqual([false, true])
    expect(isAsked({ entry: isGold })).toEqual([true, true])
    // An event that begins nothing goes by what holds for those who are in the journey.
    expect(isAsked({ startEvents: [], entry: onlyVip })).toEqual([true, true])
    expect(isAsked({ startEvents: [], ongoing: onlyVip })).toEqual([true, false])
    expect(isAsked({ entry: { not: onlyVip }, ongoing: onlyVip })).toEqual([true, true])
  })
})

it('the last event of a chain says that it is, and a depth that is none counts as the beginning', () => {
  expect(change(vip, { depth: maxChain }).data).toMatchObject({ depth: maxChain, chainEnds: true })
  expect(change(vip, { depth: maxChain - 1 }).data).not.toHaveProperty('chainEnds')
  expect(['3', -1, 1.5, null, Number.NaN].map((depth) => depthIn({ depth }))).toEqual([0, 0, 0, 0, 0])
  expect(depthIn({ depth: 3 })).toBe(3)
})

it('audiences depend on such events by their own rule, by what they ask of friends, and by audiences that do', () => {
  const ids = [1, 2, 3, 4, 5].map((n) => `00000000-0000-7000-8000-00000000001${n}`)
  const asksFor = (name: string): Rule => ({ event: { name } })
  const rules: Rule[] = [
    asksFor('audience_left'),
    { relationship: { as: 'ADVOCATE', where: { audience: { id: ids[0] ?? '' } } } },
    { all: [{ audience: { id: ids[1] ?? '', member: false } }] },
    asksFor('click'),
    { relationship: { as: 'FRIEND', where: asksFor('Audience Entered') } },
  ]
  const audiences = compileAudiences(rules.map((rule, i) => ({ id: ids[i] ?? '', version: 1, rule })))
  expect([...dependentOnTold(audiences)].sort()).toEqual([ids[0], ids[1], ids[2], ids[4]])
})
