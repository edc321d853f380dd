// Months that are no longer kept: whole partitions go, traffic is not held up, and what is left answers as if the rest had never
// been asked for. Time goes on by telling the house keeping that it is later.

import { EventEmitter, once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { newId } from '../../src/ids.ts'
import { type House, keepHouse } from '../../src/modules/events/house-keeping.ts'
import { firstMonthKept } from '../../src/modules/events/partitions.ts'
import { claimKeys, deleteOldKeys } from '../../src/modules/events/sql.ts'
import type { Sql } from '../../src/platform/database.ts'
import { createLog } from '../../src/platform/log.ts'
import { RetryError } from '../../src/platform/retry.ts'
import { backend } from '../support/backend.ts'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { openStream } from '../support/event-stream.ts'
import { listen } from '../support/listen.ts'
import { accountOf } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let house: House
const lines: { level: string; msg: string; tables?: string[]; names?: string[] }[] = []
beforeAll(async () => {
  server = await startServer()
  const log = createLog({ level: 'info', destination: { write: (line: string) => lines.push(JSON.parse(line)) } })
  house = { system: server.app.services.database.system, log, retentionMonths: 2 }
})
afterAll(() => server?.stop())

/** The middle of the month that is so many after this one. */
const later = (months: number) => {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 15))
}

const list = `query ($after: String) { attributions(after: $after) { edges { node { event { name } } } pageInfo { endCursor } } }`

const refusal = async (document: string, variables: Record<string, unknown>) => {
  const { errors } = await server.send(document, variables)
  return errors[0]?.extensions
}

test('so many whole months are kept beside the one under way', () => {
  expect(firstMonthKept(new Date('2026-03-31T23:59:59Z'), 1).toISOString()).toBe('2026-02-01T00:00:00.000Z')
  expect(firstMonthKept(new Date('2026-01-01T00:00:00Z'), 13).toISOString()).toBe('2024-12-01T00:00:00.000Z')
})

describe('an event whose month is over', () => {
  let cursor: string
  let eventId: string
  const from = new Date(Date.now() - 3_600_000).toISOString()

  beforeAll(async () => {
    const { programId } = await openBrand(server)
    const journeys = [{ name: 'friend', role: 'FRIEND', events: ['join'] }]
    const campaignId = await addCampaign(server, { programId, name: 'Friends', journeys })
    const code = { code: 'ADVO', programId, campaignId, advocate: { sourceId: 'ann' } }
    await server.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { __typename } }',
      { input: code },
    )
    const friend = { profile: { sourceId: 'bob' }, targeting: { advocateCodes: ['ADVO'] } }
    await track(server, { name: 'hum', profile: { sourceId: 'bob' } })
    const { attributions } = await server.query(list)
    cursor = attributions.pageInfo.endCursor
    const { event } = await track(server, { name: 'join', ...friend, idempotencyKey: 'once' })
    eventId = event.id
    await track(server, { name: 'click', profile: { sourceId: 'bob' } })
    expect(await keepHouse(house, later(2))).toBe(true)
    expect((await server.query(list, { after: cursor })).attributions.edges).toHaveLength(2)
  })

  test('goes with its partitions, of which the log tells; those of the months to come stay', async () => {
    expect(await keepHouse(house, later(3))).toBe(true)
    const month = new Date().toISOString().slice(0, 7).replace('-', '_')
    const names = [`attribution_${month}`, `event_${month}`, `journey_step_${month}`]
    expect(lines.flatMap((line) => line.names ?? []).filter((name) => name.endsWith(month))).toEqual(names)
    expect(await house.system.event.count()).toBe(0)
    // The counts are still there; the inbox is of what can be looked at.
    const { unattributedInbox } = await server.query(
      '{ unattributedInbox { totals { events groups } edges { node { count firstAt } } } }',
    )
    expect(unattributedInbox).toEqual({ totals: { events: 0, groups: 0 }, edges: [] })
    const next = `event_${later(1).toISOString().slice(0, 7).replace('-', '_')}`
    const [left] = await house.system.$queryRaw<{ found: boolean }[]>`SELECT to_regclass(${next}) IS NOT NULL AS found`
    expect(left?.found).toBe(true)
  })

  test('is no longer found, and cursors from before are told where what is left begins', async () => {
    expect((await server.query('query ($id: ID!) { node(id: $id) { id } }', { id: eventId })).node).toBeNull()
    expect((await server.query(list)).attributions.edges).toEqual([])
    const told = await refusal(list, { after: cursor })
    expect(told?.code).toBe('CURSOR_EXPIRED')
    const [error] = await listen(server.socket(), { after: cursor }).error()
    expect(error?.extensions).toMatchObject({ code: 'CURSOR_EXPIRED', earliest: told?.earliest })
    const listener = listen(server.socket(), { after: String(told?.earliest) })
    await listener.ready()
    expect(await keepHouse(house, new Date())).toBe(true)
    await track(server, { name: 'click', profile: { sourceId: 'carl' }, idempotencyKey: 'carl' })
    await listener.until((updates) => updates.some(({ attribution }) => attribution !== null))
    expect(listener.keys()).toEqual(['carl'])
    const { attributions } = await server.query(list, { after: told?.earliest })
    expect(attributions.edges).toEqual([{ node: { event: { name: 'click' } } }])
    expect((await refusal(list, { after: cursor }))?.earliest).toBe(told?.earliest)
  })

  test('of a history that was lost too, a cursor is told where what is left begins', async () => {
    const earliest = (await refusal(list, { after: cursor }))?.earliest
    const lost = Buffer.from(cursor, 'base64url')
      .toString()
      .replace(/:(\d+)\./, ':9999.')
    const after = Buffer.from(lost).toString('base64url')
    expect((await refusal(list, { after }))?.earliest).toBe(earliest)
    const query = 'subscription ($after: String) { events(after: $after) { cursor } }'
    const stream = await openStream(server.url, server.key, { query, variables: { after } })
    await stream.ended
    expect(stream.events[0]?.result.errors[0].extensions).toMatchObject({ code: 'CURSOR_EXPIRED', earliest })
  })

  test('leaves the journeys and relationships that it began, without naming it', async () => {
    const { profile } = await server.query(`{ profile(by: { sourceId: "bob" }) {
      journeys { edges { node { name state entry { at event { id } } latest { event { id } } steps { edges { node { kind } } } } } }
      advocates { edges { node { advocate { sourceId } evidence { edges { node { kind event { id } } } } } } }
      events { edges { node { id } } } attributions { edges { node { id } } }
    } }`)
    const journeys = profile.journeys.edges.map(({ node }: { node: object }) => node)
    expect(journeys).toEqual(
      ['friend', 'participant'].map((name) => ({
        name,
        state: 'ACTIVE',
        entry: { at: expect.any(String), event: null },
        latest: { event: null },
        steps: { edges: [] },
      })),
    )
    const evidence = { edges: [{ node: { kind: 'ADVOCATE_CODE', event: null } }] }
    expect(profile.advocates.edges).toEqual([{ node: { advocate: { sourceId: 'ann' }, evidence } }])
    expect([profile.events.edges, profile.attributions.edges]).toEqual([[], []])
  })

  test('goes on in its journeys: the next event of the person is credited to them', async () => {
    const { replayed, attribution } = await track(server, {
      name: 'join',
      profile: { sourceId: 'bob' },
      idempotencyKey: 'once',
    })
    // Its key went with it.
    expect(replayed).toBe(false)
    expect(attribution).toMatchObject({
      status: 'ATTRIBUTED',
      journey: { name: 'friend' },
      advocate: { id: expect.any(String) },
    })
  })

  test('cannot be decided anew, and is not replayed', async () => {
    const reattribute = 'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }'
    expect((await refusal(reattribute, { input: { eventId, note: 'again' } }))?.code).toBe('NOT_FOUND')
    const replay = 'query ($input: ReplayTargetingInput!) { replayTargeting(input: $input) { total } }'
    const { replayTargeting } = await server.query(replay, { input: { from, to: new Date().toISOString() } })
    expect(replayTargeting.total).toBe(2)
  })

  test('is not in the inbox any more, but in the counts', async () => {
    const { unattributedInbox } = await server.query('{ unattributedInbox { totals { events } } }')
    expect(unattributedInbox.totals.events).toBe(0)
    const accountId = await accountOf(server)
    const { _sum } = await house.system.attributionCount.aggregate({
      _sum: { count: true },
      where: { accountId, span: 'HOUR' },
    })
    expect(_sum.count).toBe(5)
  })
})

test('a key that is forgotten while somebody asks who has it counts as nobody’s: they begin anew', async () => {
  const { system } = house
  const accountId = await accountOf(server)
  const claim = () => ({ key: 'passing', eventId: newId(), digests: {} })
  const forgetting: Sql = {
    $executeRaw: (...statement) => system.$executeRaw(...statement),
    $queryRaw: async (...statement) => {
      await deleteOldKeys(system, later(1))
      return system.$queryRaw(...statement)
    },
  }
  expect(await claimKeys(system, accountId, [claim()])).toEqual(new Map())
  await expect(claimKeys(forgetting, accountId, [claim()])).rejects.toThrow(RetryError)
  expect(await claimKeys(forgetting, accountId, [claim()])).toEqual(new Map())
})

test('what the default partition holds is told, and goes with its month', async () => {
  const { event } = await track(server, { name: 'hum', profile: { sourceId: 'dan' } })
  await house.system.$executeRaw`
    INSERT INTO event (account_id, id, profile_id, name, occurred_at, received_at)
    SELECT account_id, '01700000-0000-7000-8000-000000000000', profile_id, name, occurred_at, received_at FROM event WHERE id = ${String(decodeId('Event', event.id))}::uuid`
  lines.length = 0
  await keepHouse({ ...house, retentionMonths: undefined }, new Date())
  expect(lines).toMatchObject([{ level: 'warn', tables: ['event'] }])
  lines.length = 0
  await keepHouse(house, new Date())
  expect(lines).toEqual([])
})

test.skipIf(backend() === 'embedded')('traffic is not held up by a table that somebody reads for long', async () => {
  const { database } = server.app.services
  const gate = new EventEmitter()
  const reading = once(gate, 'reading')
  const long = database.transaction(async (tx) => {
    await tx.$queryRaw`SELECT count(*) FROM event`
    gate.emit('reading')
    await once(gate, 'end')
  })
  await reading
  const began = performance.now()
  const [isDone] = await Promise.all([
    keepHouse(house, later(3)),
    ...Array.from({ length: 10 }, () => track(server, { name: 'click', profile: { sourceId: 'eve' } })),
  ])
  expect(isDone).toBe(false)
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(lines.at(-1)?.msg).toMatch(/busy/)
  gate.emit('end')
  await long
  expect(await keepHouse(house, later(3))).toBe(true)
})
