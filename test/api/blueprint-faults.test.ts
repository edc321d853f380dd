// What is wrong with a program's document is told by its place, and nothing of it is saved.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountOf } from '../support/people.ts'
import { importProgram, mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { aCampaign, refused } from '../support/setup.ts'

let server: TestServer
let reader: Caller
beforeAll(async () => {
  server = await startServer()
  reader = await server.withScopes('PROFILES_READ')
})

afterAll(() => server?.stop())

describe('what is wrong with a document', () => {
  const flow = { name: 'flow', role: 'PARTICIPANT', events: ['purchase'] }
  const campaign = { name: 'First', journeys: [flow] }
  const valid = { format: 'tributary.program', version: 1, program: { name: 'Broken' }, campaigns: [campaign] }
  const second = (more: object) => ({ campaigns: [campaign, { ...campaign, name: 'Second', ...more }] })
  const journey = (more: object) => second({ journeys: [{ ...flow, ...more }] })
  const deep = (levels: number): object =>
    levels ? { not: deep(levels - 1) } : { field: { field: 'a', op: 'EXISTS' } }
  const coupon = { kind: 'COUPON', code: 'C', campaigns: ['First'] }

  const faults: [string, object][] = [
    ['BAD_INPUT format', { format: 'other' }],
    ['BAD_INPUT version', { version: 2 }],
    ['BAD_INPUT version', { version: '1' }],
    ['BAD_INPUT program', { program: null }],
    ['BAD_INPUT program.name', { program: { name: ' ' } }],
    ['BAD_INPUT program.colour', { program: { name: 'x', colour: 'red' } }],
    ['BAD_INPUT program.lookbackDays', { program: { name: 'x', lookbackDays: 0 } }],
    ['BAD_INPUT program.labels[1]', { program: { name: 'x', labels: ['a', ' '] } }],
    ['BAD_INPUT extra', { extra: 1 }],
    ['BAD_INPUT campaigns', { campaigns: {} }],
    ['BAD_INPUT campaigns[1].name', second({ name: 7 })],
    ['CONFLICT campaigns[1].name', second({ name: 'First' })],
    ['BAD_INPUT campaigns[1].startsAt', second({ startsAt: 'tomorrow' })],
    ['BAD_INPUT campaigns[1].endsAt', second({ startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' })],
    ['BAD_INPUT campaigns[1].journeys[0].events[0]', journey({ events: ['x'.repeat(101)] })],
    ['BAD_INPUT campaigns[1].journeys[0].priority', journey({ priority: 1_000_001 })],
    ['BAD_INPUT campaigns[1].journeys[0].priority', journey({ priority: 0.5 })],
    ['BAD_INPUT campaigns[1].journeys[0].role', journey({ role: 'BOSS' })],
    ['BAD_INPUT campaigns[1].journeys[1].name', second({ journeys: [flow, { ...flow, name: 'FLOW' }] })],
    ['BAD_INPUT campaigns[1].journeys[0].entry', journey({ entry: 'everybody' })],
    ['BAD_INPUT campaigns[1].journeys[0].entry.all', journey({ entry: { all: 5 } })],
    ['BAD_INPUT campaigns[1].journeys[0].entry.nobody', journey({ entry: { nobody: {} } })],
    [
      'BAD_INPUT campaigns[1].journeys[0].entry.all[0].field.op',
      journey({ entry: { all: [{ field: { field: 'a', op: 'X' } }] } }),
    ],
    [`BAD_INPUT campaigns[1].journeys[0].ongoing${'.not'.repeat(16)}`, journey({ ongoing: deep(16) })],
    ['BAD_INPUT campaigns[1].journeys[0].entry.audience.id', journey({ entry: { audience: { id: 'x', name: 'y' } } })],
    [
      'NOT_FOUND campaigns[1].journeys[0].entry.not.audience.name',
      journey({ entry: { not: { audience: { name: 'y' } } } }),
    ],
    [
      'NOT_FOUND campaigns[1].requiredTargets[0].campaign',
      second({ requiredTargets: [{ kind: 'CAMPAIGN_ID', campaign: 'No' }] }),
    ],
    [
      'BAD_INPUT campaigns[1].requiredTargets[0].campaign',
      second({ requiredTargets: [{ kind: 'CAMPAIGN_ID', value: 'First' }] }),
    ],
    ['BAD_INPUT campaigns[1].requiredTargets[0]', second({ requiredTargets: [{ kind: 'PROGRAM' }] })],
    [
      'NOT_FOUND campaigns[1].requiredTargets[0].program',
      second({ requiredTargets: [{ kind: 'PROGRAM', program: 'No' }] }),
    ],
    [
      'BAD_INPUT campaigns[1].content[0].journeyName',
      second({ content: [{ zone: 'a', journeyName: 'flow', body: 1 }] }),
    ],
    [
      'BAD_INPUT campaigns[1].content[0].body',
      second({ content: [{ zone: 'a', journeyName: 'flow', body: 'x'.repeat(65_536) }] }),
    ],
    ['BAD_INPUT audiences[0].name', { audiences: [{ name: '' }] }],
    ['BAD_INPUT aliases[0].alias', { aliases: [{ alias: 'A', name: 'a' }] }],
    [
      'CONFLICT aliases[0].alias',
      {
        aliases: [
          { alias: 'a', name: 'b' },
          { alias: 'c', name: 'a' },
        ],
      },
    ],
    [
      'BAD_INPUT campaigns[1].journeys[0].events[1]',
      { ...journey({ events: ['x', 'Bought'] }), aliases: [{ alias: 'bought', name: 'purchase' }] },
    ],
    ['BAD_INPUT eventTypes[0].name', { eventTypes: [{ name: ' ', followsTransaction: true }] }],
    ['BAD_INPUT codes[0].kind', { codes: [{ ...coupon, kind: 'SHARE' }] }],
    ['BAD_INPUT codes[0].campaigns', { codes: [{ ...coupon, campaigns: [] }] }],
    ['NOT_FOUND codes[0].campaigns[0]', { codes: [{ ...coupon, campaigns: ['No'] }] }],
    ['BAD_INPUT codes[1].code', { codes: [coupon, { ...coupon, code: ' c ' }] }],
    [
      'BAD_INPUT codes[0].destination',
      { codes: [{ kind: 'PROMO_LINK', code: 'C', label: 'a', destination: 'ftp://x' }] },
    ],
    ['BAD_INPUT codes[0]', { codes: [{ kind: 'PROMO_LINK', code: 'C' }] }],
  ]

  test('is told by its place, and nothing of it is saved', async () => {
    const caller = await server.otherAccount()
    for (const [fault, more] of faults) {
      const [code = '', place = ''] = fault.split(' ')
      expect(await refused(caller, importProgram, { blueprint: { ...valid, ...more } })).toBe(
        `${code} input.blueprint.${place}`,
      )
    }
    const { system } = server.app.services.database
    const where = { accountId: await accountOf(caller) }
    expect([
      await system.program.count({ where }),
      await system.campaign.count({ where }),
      await system.audience.count({ where }),
      await system.code.count({ where }),
      await system.eventTypeAlias.count({ where }),
    ]).toEqual([0, 0, 0, 0, 0])
    await caller.query(importProgram, { input: { blueprint: valid } })
  })

  test('a newer version is refused in words', async () => {
    const { errors } = await server.send(importProgram, { input: { blueprint: { ...valid, version: 2, news: true } } })
    expect(errors[0]?.message).toBe('blueprint version 2; this server reads up to 1')
  })

  test('what the account has under the same name and is something else is a conflict', async () => {
    const caller = await server.otherAccount()
    const taken = await aCampaign(caller, { name: 'First', journeys: [{ ...flow, events: ['signup'] }] })
    await mutate(caller, 'createProgram', { name: 'Broken', labels: ['mine'] })
    await mutate(caller, 'createCoupon', { code: 'C', campaignIds: [taken] })
    await mutate(caller, 'createEventTypeAlias', { alias: 'bought', name: 'purchase' })
    await mutate(caller, 'setEventType', { name: 'refund', followsTransaction: true })
    const free = { ...valid, program: { name: 'Free' }, campaigns: [{ ...campaign, name: 'Free' }] }
    const conflicts: [string, object][] = [
      ['input.blueprint.program.name', valid],
      ['input.blueprint.campaigns[0].name', { ...valid, program: { name: 'Free' } }],
      ['input.blueprint.program.labels[1]', { ...free, program: { name: 'Free', labels: ['yours', 'Mine'] } }],
      ['input.blueprint.codes[0].code', { ...free, codes: [{ ...coupon, campaigns: ['Free'] }] }],
      ['input.blueprint.aliases[0].alias', { ...free, aliases: [{ alias: 'bought', name: 'sale' }] }],
      ['input.blueprint.aliases[0].name', { ...free, aliases: [{ alias: 'sold', name: 'bought' }] }],
      ['input.blueprint.aliases[0].alias', { ...free, campaigns: [], aliases: [{ alias: 'signup', name: 'sale' }] }],
      ['input.blueprint.eventTypes[0]', { ...free, eventTypes: [{ name: 'refund', followsTransaction: false }] }],
      [
        'input.blueprint.campaigns[0].journeys[0].events[1]',
        { ...free, campaigns: [{ name: 'Free', journeys: [{ ...flow, events: ['x', 'Bought'] }] }] },
      ],
      [
        'input.blueprint.campaigns[0].journeys[0].events[0]',
        { ...free, campaigns: [{ name: 'Free', journeys: [{ ...flow, events: ['refund'] }] }] },
      ],
    ]
    for (const [place, blueprint] of conflicts)
      expect(await refused(caller, importProgram, { blueprint })).toBe(`CONFLICT ${place}`)
    expect(await refused(caller, importProgram, { blueprint: free, name: 'Broken' })).toBe('CONFLICT input.name')
    expect(await refused(reader, importProgram, { blueprint: free })).toBe('FORBIDDEN')
    await caller.query(importProgram, { input: { blueprint: free } })
  })
})
