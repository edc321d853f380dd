// previewTargeting at another instant: what would be decided if the event came in then.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let programId: string

beforeAll(async () => {
  server = await startServer()
  const { createProgram } = await server.query(
    'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }',
    { input: { name: 'Shop', lookbackDays: 10 } },
  )
  programId = createProgram.program.id
})

afterAll(() => server?.stop())

async function preview(asOf: string, input: object) {
  const { previewTargeting } = await server.query(
    `query ($input: TrackEventInput!, $asOf: DateTime) { previewTargeting(input: $input, asOf: $asOf) {
      status reason campaign { name } advocate { id } warnings { code }
    } }`,
    { input: { profile: { sourceId: 'ann' }, ...input }, asOf },
  )
  return previewTargeting
}

test('a window is asked at that instant: its start is inside, its end is not, and a time ahead of it is clamped to it', async () => {
  const journeys = [{ name: 'flow', role: 'PARTICIPANT', events: ['click'] }]
  const window = { startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-02-01T00:00:00Z' }
  await addCampaign(server, { programId, name: 'January', journeys, ...window } as Parameters<typeof addCampaign>[1])
  const status = async (asOf: string, more: object = {}) => (await preview(asOf, { name: 'click', ...more })).status
  expect(await status('2029-12-31T23:59:59.999Z')).toBe('UNATTRIBUTED')
  expect(await status('2030-01-01T00:00:00Z')).toBe('ATTRIBUTED')
  expect(await status('2030-01-31T23:59:59.999Z')).toBe('ATTRIBUTED')
  expect(await status('2030-02-01T00:00:00Z')).toBe('UNATTRIBUTED')
  // Late, and too far ahead.
  expect(await status('2031-01-01T00:00:00Z', { occurredAt: '2030-01-15T00:00:00Z' })).toBe('ATTRIBUTED')
  expect(await status('2029-01-01T00:00:00Z', { occurredAt: '2030-01-15T00:00:00Z' })).toBe('UNATTRIBUTED')
})

test('the look-back of a relationship and the life of a code are over by then', async () => {
  const journeys = [{ name: 'friend', role: 'FRIEND', events: ['purchase'] }]
  await addCampaign(server, { programId, name: 'Refer', journeys })
  const at = Date.now()
  const days = (n: number) => new Date(at + n * 86_400_000).toISOString()
  await server.query(
    'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { code } } }',
    { input: { code: 'PAT', advocate: { sourceId: 'pat' }, programId, expiresAt: days(5) } },
  )
  const hint = { targeting: { advocateCodes: ['PAT'] } }
  expect(await preview(days(4), { name: 'purchase', ...hint })).toMatchObject({ campaign: { name: 'Refer' } })
  expect(await preview(days(6), { name: 'purchase', ...hint })).toMatchObject({
    status: 'UNATTRIBUTED',
    reason: 'NO_REFERRAL',
    warnings: [{ code: 'HINT_CODE_INACTIVE' }],
  })
  await track(server, { name: 'purchase', profile: { sourceId: 'ann' }, occurredAt: days(0), ...hint })
  expect((await preview(days(9), { name: 'purchase' })).status).toBe('ATTRIBUTED')
  expect(await preview(days(10), { name: 'purchase' })).toMatchObject({ status: 'UNATTRIBUTED', reason: 'NO_REFERRAL' })
})
