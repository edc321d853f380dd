// Whom a rule holds for as a set, however it is gone about: by what was gathered of everybody, one person after the other, by
// indexed values and without them. All give exactly whom the rule holds for in memory.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { compileRule } from '../../src/core/rules/compile.ts'
import type { Rule } from '../../src/core/rules/rule.ts'
import { isTrue } from '../../src/core/rules/truth.ts'
import { personAt } from '../../src/core/targeting/people.ts'
import { openSet } from '../../src/modules/profiles/filter-sets.ts'
import { defineFields } from '../support/fields.ts'
import { generatedPeople } from '../support/generated-people.ts'
import { accountOf } from '../support/people.ts'
import { ruleOnFields } from '../support/rules.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { anAudience, aProgram } from '../support/setup.ts'

const clock = new Date('2026-03-10T12:00:00.000Z')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

test.each([
  ['fields that nobody defined', {}],
  ['defined fields', { a: 'STRING', b: 'NUMBER', 'odd name': 'DATETIME' }],
])('a rule on %s holds for the same people as a set and in memory', { timeout: 240_000 }, async (_of, types) => {
  const caller = await server.otherAccount()
  const accountId = await accountOf(caller)
  const audienceIds = [decodeId('Audience', await anAudience(caller)) ?? '']
  const named = { audienceIds, programIds: [decodeId('Program', await aProgram(caller)) ?? ''] }
  const [now, seed] = [clock.getTime(), Math.trunc(Math.random() * 2 ** 31)]
  const people = await generatedPeople({ server, caller, now }, { named, seed })
  await defineFields({ server, caller }, types)
  const inMemory = (wanted: Rule) => {
    const predicate = compileRule(wanted)
    const event = { id: '', name: '', personId: '', t: now, data: {} }
    const holds = people.filter((person) => predicate({ person: personAt(person, now), event }) === isTrue)
    return holds.map(({ id }) => id).sort()
  }
  const asSet = (wanted: Rule, few: number) =>
    server.app.services.database.transaction(async (tx) => {
      const set = await openSet(tx, wanted, { accountId, now: clock, few })
      const rows = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM (${set}) AS person ORDER BY id`
      return rows.map(({ id }) => id)
    })
  let found = 0
  await fc.assert(
    fc.asyncProperty(ruleOnFields(now, named), async (wanted) => {
      const expected = inMemory(wanted)
      found += expected.length
      for (const few of [0, people.length]) expect(await asSet(wanted, few)).toEqual(expected)
    }),
    { numRuns: 120, seed },
  )
  // Rules that nobody satisfies would prove little.
  expect(found, `seed ${seed}`).toBeGreaterThan(people.length)
})
