// The list of people holds a rule to what the rule says in memory: for any people with any history, and any rule.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId, encodeId } from '../../src/core/ids.ts'
import { compileRule } from '../../src/core/rules/compile.ts'
import type { OrderRule, Rule } from '../../src/core/rules/rule.ts'
import { isTrue } from '../../src/core/rules/truth.ts'
import type { OrderFacts } from '../../src/core/targeting/facts.ts'
import { personAt } from '../../src/core/targeting/people.ts'
import type { Json } from '../../src/scalars.ts'
import { defineFields } from '../support/fields.ts'
import { generatedPeople } from '../support/generated-people.ts'
import { accountOf, insertPeople } from '../support/people.ts'
import { amounts, rule } from '../support/rules.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience, aProgram } from '../support/setup.ts'

const clock = new Date('2026-03-10T12:00:00.000Z')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  // Rules count days from the server's clock; here it stands still.
  Object.assign(server.app.services, { now: () => clock })
})
afterAll(() => server?.stop())

const list = `query ($filter: RuleInput, $first: Int) {
  profiles(filter: $filter, first: $first) { totalCount edges { node { id } } }
}`

const totalOf = (told?: OrderFacts) => (told?.kind === 'STATED' ? told.totalMinor : null)

interface Listed {
  profiles: { totalCount: number; edges: { node: { id: string } }[] }
}

test.each([
  ['', {}],
  [', fields that are defined among them', { a: 'STRING', b: 'NUMBER', 'odd name': 'DATETIME' }],
])(
  'the list is exactly whom the rule holds for in memory, for any people and any rule%s',
  {
    timeout: 120_000,
  },
  async (_, types) => {
    const caller = await server.otherAccount()
    const two = async (type: string, make: (caller: Caller) => Promise<string>) =>
      [await make(caller), await make(caller)].map((id) => decodeId(type, id) ?? '')
    const named = { audienceIds: await two('Audience', anAudience), programIds: await two('Program', aProgram) }
    const seed = Math.trunc(Math.random() * 2 ** 31)
    const people = await generatedPeople({ server, caller, now: clock.getTime() }, { named, seed })
    await defineFields({ server, caller }, types)
    const holdsFor = (wanted: Rule) => {
      const predicate = compileRule(wanted)
      const event = { id: '', name: '', personId: '', t: clock.getTime(), data: {} }
      return people
        .filter((person) => predicate({ person: personAt(person, clock.getTime()), event }) === isTrue)
        .map(({ id }) => encodeId('Profile', id))
    }
    const runs = 150
    let listed = 0
    await fc.assert(
      fc.asyncProperty(rule(clock.getTime(), named), async (wanted) => {
        const { profiles } = await caller.query<Listed>(list, { filter: wanted, first: 100 })
        const ids = profiles.edges.map(({ node }) => node.id)
        listed += ids.length
        expect(ids).toEqual(holdsFor(wanted))
        // Counted as a set, where the list asks one person after the other.
        expect(profiles.totalCount).toBe(ids.length)
      }),
      { numRuns: runs, seed },
    )
    // Rules that nobody or everybody satisfies would prove little.
    const share = listed / runs / people.length
    expect(share, `seed ${seed}`).toBeGreaterThan(0.1)
    expect(share, `seed ${seed}`).toBeLessThan(0.9)
  },
)

test.each(['EUR', 'JPY', 'KWD'])('money in %s is read alike, to the minor unit, or not at all', async (currency) => {
  const caller = await server.otherAccount()
  const bought = (total: Json) => ({
    chained: false,
    parts: [
      {
        fields: {},
        identities: [],
        audiences: [],
        events: [{ name: 'purchase', at: clock.getTime(), data: { total, currency }, qualities: [] }],
      },
    ],
  })
  const buyers = await insertPeople(server, await accountOf(caller), { people: amounts.map(bought), edges: [] })
  const read = buyers.map(({ id, history }) => ({
    id: encodeId('Profile', id),
    minor: totalOf(history.orders[0]),
  }))
  const listed = async (op: OrderRule['op'], value: number) => {
    const filter = { order: { aggregate: 'LARGEST_MINOR', op, value, currency } }
    const { profiles } = await caller.query<Listed>(list, { filter, first: 100 })
    return profiles.edges.map(({ node }) => node.id)
  }
  const amountsRead = new Set(read.flatMap(({ minor }) => minor ?? []))
  expect(amountsRead.size).toBeGreaterThan(5)
  for (const wanted of amountsRead) {
    expect(await listed('EQ', wanted)).toEqual(read.filter(({ minor }) => minor === wanted).map(({ id }) => id))
  }
  expect(await listed('NE', 0.5)).toEqual(read.filter(({ minor }) => minor !== null).map(({ id }) => id))
})
