// Monthly partitions are made ahead, whatever the default one has caught meanwhile.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHouse } from '../../src/modules/events/house-keeping.ts'
import { makePartitions } from '../../src/modules/events/partitions.ts'
import { createLog } from '../../src/platform/log.ts'
import { openBrand, track } from '../support/brand.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

test('steps of journeys that the default partition has caught move to that of their month', async () => {
  const { system } = server.app.services.database
  const now = new Date()
  const month = `journey_step_${now.toISOString().slice(0, 7).replace('-', '_')}`
  await openBrand(server)
  await system.$executeRawUnsafe(`DROP TABLE "${month}"`)
  await track(server, { name: 'purchase', profile: { email: 'ann@example.com' } })
  const where = () =>
    system.$queryRaw<{ name: string }[]>`SELECT tableoid::regclass::text AS name FROM journey_step ORDER BY id`
  expect(await where()).toEqual([{ name: 'journey_step_default' }])
  expect(await makePartitions(system, now)).toEqual([month])
  expect(await where()).toEqual([{ name: month }])
  const { journey } = await track(server, { name: 'click', profile: { email: 'ann@example.com' } }).then(
    ({ attribution }) => attribution,
  )
  const { node } = await server.query(
    'query ($id: ID!) { node(id: $id) { ... on Journey { steps { edges { node { kind } } } } } }',
    { id: journey.id },
  )
  expect(node.steps.edges.map((edge: { node: { kind: string } }) => edge.node.kind)).toEqual(['ENTERED', 'CREDITED'])
})

const thisMonth = () => new Date().toISOString().slice(0, 7).replace('-', '_')

test.each([
  ['of both', ['attribution', 'event']],
  ['of events alone', ['event']],
])(
  'an event that the default partition has caught moves to its month with its decision, where the month %s was missing',
  async (_, missing) => {
    const { system } = server.app.services.database
    const month = thisMonth()
    const [{ accountId } = { accountId: '' }] = await system.$queryRaw<{ accountId: string }[]>`
    SELECT account_id AS "accountId" FROM event LIMIT 1`
    // As if it had never been made: what it held goes to the default partition.
    await system.$transaction(async (tx) => {
      for (const table of ['attribution', 'event'])
        await tx.$executeRawUnsafe(`CREATE TEMPORARY TABLE old_${table} ON COMMIT DROP AS SELECT * FROM ${table}`)
      await tx.$executeRawUnsafe('DELETE FROM attribution')
      await tx.$executeRawUnsafe('DELETE FROM event')
      for (const table of missing) {
        await tx.$executeRawUnsafe(`ALTER TABLE ${table} DETACH PARTITION ${table}_${month}`)
        await tx.$executeRawUnsafe(`DROP TABLE ${table}_${month}`)
      }
      for (const table of ['event', 'attribution'])
        await tx.$executeRawUnsafe(`INSERT INTO ${table} SELECT * FROM old_${table}`)
    })
    const where = () => system.$queryRaw<{ event: string; decision: string }[]>`
    SELECT DISTINCT event.tableoid::regclass::text AS event, a.tableoid::regclass::text AS decision
    FROM event JOIN attribution AS a ON a.account_id = event.account_id AND a.event_id = event.id`
    const count = () => system.attribution.count({ where: { accountId } })
    const before = await count()
    expect((await where()).map(({ event }) => event)).toEqual(['event_default'])
    expect(await makePartitions(system, new Date())).toEqual(missing.map((table) => `${table}_${month}`))
    expect(await where()).toEqual([{ event: `event_${month}`, decision: `attribution_${month}` }])
    expect(await count()).toBe(before)
    // Decisions are still tied to their events.
    await expect(system.$executeRaw`DELETE FROM event`).rejects.toThrow()
  },
)

test('a month that cannot be made is logged, and the server starts all the same', async () => {
  const { system } = server.app.services.database
  const lines: { level: string; msg: string }[] = []
  const log = createLog({ level: 'info', destination: { write: (line: string) => lines.push(JSON.parse(line)) } })
  const month = `journey_step_${thisMonth()}`
  await system.$executeRawUnsafe(`ALTER TABLE journey_step DETACH PARTITION ${month}`)
  await system.$executeRawUnsafe(`ALTER TABLE ${month} RENAME TO elsewhere`)
  await system.$executeRawUnsafe(`CREATE VIEW ${month} AS SELECT 1`)
  const close = await openHouse({ system, log, retentionMonths: undefined })
  close()
  expect(lines).toMatchObject([{ level: 'error', msg: expect.stringContaining('making partitions ahead failed') }])
  await track(server, { name: 'click', profile: { email: 'bea@example.com' } })
  await system.$executeRawUnsafe(`DROP VIEW ${month}`)
  expect(await makePartitions(system, new Date())).toEqual([month])
})
