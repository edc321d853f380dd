// Two profiles of whom somebody said that they are two people stay two, whatever identifiers an event comes with.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/core/ids.ts'
import { newId } from '../../src/ids.ts'
import { mutate } from '../support/programs.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const track = async (profile: object) => {
  const document = `mutation ($input: TrackEventInput!) { trackEvent(input: $input) {
    profile { id } droppedIdentifiers { kind value reason } } }`
  const { trackEvent } = await caller.query(document, { input: { name: 'visit', profile } })
  return { id: trackEvent.profile.id as string, dropped: trackEvent.droppedIdentifiers }
}
const dismissed = async () =>
  (await caller.query('{ mergeCandidates(state: DISMISSED) { edges { node { state } } } }')).mergeCandidates.edges
    .length

it.each([
  ['a device', { deviceId: 'browser-1' }, 'DEVICE'],
  ['an e-mail address', { email: 'ann@example.com' }, 'EMAIL'],
])(
  'after an undoing, %s of the other is left out and named; the event goes to whom the strongest names',
  async (_, weak, kind) => {
    const other = await track(weak)
    await track({ sourceId: 'ann' })
    const both = { sourceId: 'ann', ...weak }
    const { id: ann } = await track(both)
    const merged = await caller.query('query ($id: ID!) { profile(by: { id: $id }) { id } }', { id: other.id })
    expect(merged.profile.id).toBe(ann)
    await mutate(caller, 'undoMerge', { loser: other.id })
    for (let time = 0; time < 2; time++) {
      const again = await track(both)
      expect(again.id).toBe(ann)
      expect(again.dropped).toEqual([{ kind, value: Object.values(weak)[0], reason: 'OWNED_BY_ANOTHER' }])
    }
    expect((await track(weak)).id).toBe(other.id)
    expect(await dismissed()).toBe(1)
  },
)

it('they can still be merged by hand, and somebody else who comes along joins one of them', async () => {
  const other = await track({ deviceId: 'browser-1' })
  await track({ sourceId: 'ann' })
  await track({ sourceId: 'ann', deviceId: 'browser-1' })
  await mutate(caller, 'undoMerge', { loser: other.id })
  const third = await track({ deviceId: 'browser-2' })
  const { id: ann } = await track({ sourceId: 'ann', deviceId: 'browser-2' })
  const rootOf = async (id: string) =>
    (await caller.query('query ($id: ID!) { profile(by: { id: $id }) { id } }', { id })).profile.id
  expect(await rootOf(third.id)).toBe(ann)
  await mutate(caller, 'mergeProfiles', { survivor: { id: ann }, loser: { id: other.id } })
  expect(await rootOf(other.id)).toBe(ann)
})

it('who says so while an event comes with identifiers of both is heard, or told that they are one by then', async () => {
  const { system } = server.app.services.database
  const accountId = decodeId('Account', (await caller.query('{ account { id } }')).account.id) ?? ''
  for (let round = 0; round < 10; round++) {
    const weak = { deviceId: `browser ${round}` }
    const strong = { sourceId: `ann ${round}` }
    const ids = [(await track(weak)).id, (await track(strong)).id]
    const [firstId = '', secondId = ''] = ids.map((id) => decodeId('Profile', id) ?? '').sort()
    const candidate = newId()
    const open = { firstId, secondId, source: 'FINDER' as const, reasons: [], state: 'OPEN' as const }
    await system.mergeCandidate.create({ data: { accountId, id: candidate, ...open } })
    const input = { mergeCandidateId: encodeId('MergeCandidate', candidate) }
    const document =
      'mutation ($input: DismissMergeCandidateInput!) { dismissMergeCandidate(input: $input) { __typename } }'
    const [{ errors }] = await Promise.all([caller.send(document, { input }), track({ ...strong, ...weak })])
    const roots = await Promise.all(
      ids.map(
        async (id) => (await caller.query('query ($id: ID!) { profile(by: { id: $id }) { id } }', { id })).profile.id,
      ),
    )
    expect([errors.map(({ extensions }) => extensions.code), new Set(roots).size]).toEqual(
      errors.length > 0 ? [['CONFLICT'], 1] : [[], 2],
    )
  }
})
