// Two servers that are given the same events under the same keys at the same time.

import { beforeAll, expect, it } from 'vitest'
import { openBrand } from '../support/brand.ts'
import type { ServerProcess } from '../support/process.ts'
import type { Caller } from '../support/server.ts'
import { listAll } from '../support/stream.ts'
import { describeFault, openScene, type Scene } from './scene.ts'

const count = 1_000
// As many connections as a browser or a queue's consumer would not exceed.
const lanes = 50

const document = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) {
    replayed event { id name receivedAt } profile { id }
    attribution { id status campaign { id } journey { id } decidedBy decidedAt summary }
  }
}`

const events = Array.from({ length: count }, (_, index) => ({
  name: 'click',
  profile: { deviceId: `person${index % 40}` },
  data: { index },
  idempotencyKey: `key${index}`,
}))

interface Told {
  replayed: boolean
  event: { id: string }
}

/** Sends all of them to one server, many at a time; the answers in the order of the events. */
async function sendAll(server: Caller, inputs: readonly object[] = events): Promise<Told[]> {
  const answers: Told[] = []
  let next = 0
  const lane = async () => {
    while (next < inputs.length) {
      const index = next++
      const { trackEvent } = await server.query(document, { input: inputs[index] })
      answers[index] = trackEvent
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return answers
}

const withoutReplayed = (answers: readonly Told[]) => answers.map(({ replayed: _, ...rest }) => rest)

describeFault(`${count} keys given to two servers at once`, () => {
  let scene: Scene
  let servers: [ServerProcess, ServerProcess]
  let answers: Told[][]
  beforeAll(async () => {
    scene = await openScene()
    servers = [await scene.serve(), await scene.serve()]
    await openBrand(servers[0])
    answers = await Promise.all(servers.map((server) => sendAll(server)))
  }, 240_000)

  it('make one event each, the same answer to both, and `replayed` on exactly one side', async () => {
    const [one = [], two = []] = answers
    expect(withoutReplayed(one)).toEqual(withoutReplayed(two))
    expect(one.filter(({ replayed }, index) => replayed === two[index]?.replayed)).toEqual([])
    const stored = await listAll(servers[0])
    expect(new Map(stored.map(({ key, id }) => [key, id]))).toEqual(
      new Map(events.map(({ idempotencyKey }, index) => [idempotencyKey, one[index]?.event.id])),
    )
    expect(stored.length).toBe(count)
  })

  it('are known after a restart: the first answer again', { timeout: 180_000 }, async () => {
    await servers[0].kill()
    servers[0] = await scene.serve()
    const again = await sendAll(servers[0])
    expect(again.every(({ replayed }) => replayed)).toBe(true)
    expect(withoutReplayed(again)).toEqual(withoutReplayed(answers[0] ?? []))
    expect((await listAll(servers[1])).length).toBe(count)
  })

  it('used with another content are refused on both, with the fields that differ, and change nothing', async () => {
    const changed = { ...events[0], name: 'signup', data: { index: -1 } }
    for (const server of servers) {
      const { errors } = await server.send(document, { input: changed })
      expect(errors.map(({ extensions }) => extensions)).toMatchObject([
        { code: 'IDEMPOTENCY_CONFLICT', retryable: false, fields: ['name', 'data'] },
      ])
    }
    expect((await listAll(servers[0])).length).toBe(count)
  })

  it('with two contents at once are given to one of them, and the other is refused', async () => {
    const pair = (index: number) =>
      servers.map((server, side) => {
        const input = { ...events[index], idempotencyKey: `contested${index}`, data: { side } }
        return server.send(document, { input })
      })
    const duels = await Promise.all(Array.from({ length: 100 }, (_, index) => Promise.all(pair(index))))
    for (const duel of duels) {
      const codes = duel.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))
      expect(codes).toEqual(['IDEMPOTENCY_CONFLICT'])
      expect(duel.filter(({ data }) => data?.trackEvent).length).toBe(1)
    }
    expect((await listAll(servers[0])).length).toBe(count + duels.length)
  })
})
