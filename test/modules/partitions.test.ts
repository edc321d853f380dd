// Monthly partitions are made ahead, whatever the default one has caught meanwhile.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { makePartitions } from '../../src/modules/events/partitions.ts'
import { openBrand, track } from '../support/brand.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

it('steps of journeys that the default partition has caught move to that of their month', async () => {
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
