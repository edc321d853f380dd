// Several servers on one PostgreSQL and Redis.

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { addAccount, copyTemplate } from '../support/backend.ts'
import { openBrand, track } from '../support/brand.ts'
import { crashAndCompare } from '../support/crash.ts'
import { listen } from '../support/listen.ts'
import { type ServerProcess, startProcess } from '../support/process.ts'
import { type Caller, callerOf } from '../support/server.ts'
import { listAll } from '../support/stream.ts'

const closing: (() => Promise<unknown>)[] = []
const close = async () => {
  for (const each of closing.splice(0).reverse()) await each()
}

/** Starts servers of one database, which is a copy of its own. */
async function starter(more: Record<string, string> = {}) {
  const copy = await copyTemplate(inject('template'))
  closing.push(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('several processes need PostgreSQL')
  const { url } = copy.place
  const env = { DATABASE_URL: url, REDIS_URL: process.env.TEST_REDIS_URL ?? '', ...more }
  return { url, start: () => startProcess(env) }
}

/** Two servers for all tests of a block; each test takes an account of its own on both. */
function twoServers(more: Record<string, string> = {}) {
  let url: string
  let servers: ServerProcess[]
  beforeAll(async () => {
    const made = await starter(more)
    url = made.url
    servers = await Promise.all([made.start(), made.start()])
    for (const server of servers) closing.push(() => server.terminate())
  })
  afterAll(close)
  return async () => {
    const key = await addAccount(url)
    const [one, two] = servers.map((server) => callerOf(server.url, key))
    if (!one || !two) throw new Error('two servers were asked for')
    await openBrand(one)
    return { one, two }
  }
}

describe('two servers of one database', () => {
  const both = twoServers()

  it('reach each other: an event sent to one arrives at a subscriber of the other', async () => {
    const { one, two } = await both()
    const listener = listen(two.socket())
    await listener.ready()
    await track(one, { name: 'click', profile: { deviceId: 'd' }, idempotencyKey: 'k' })
    await listener.until(() => listener.keys().length === 1)
    expect(listener.keys()).toEqual(['k'])
    listener.stop()
  })

  it('never give one person two source ids, whichever of them is told first', async () => {
    const { one, two } = await both()
    const people = Array.from({ length: 30 }, (_, n) => ({ email: `p${n}@example.com`, phone: `+4930901820${n + 10}` }))
    for (const profile of people) await track(one, { name: 'click', profile })
    await Promise.all(
      people.flatMap(({ email, phone }, n) => [
        track(one, { name: 'click', profile: { email, sourceId: `a${n}` } }),
        track(two, { name: 'click', profile: { phone, sourceId: `b${n}` } }),
      ]),
    )
    for (const [n, { email }] of people.entries()) {
      const { profile } = await one.query(
        'query ($email: String!) { profile(by: { email: $email }) { identities { kind value } } }',
        { email },
      )
      const ids = profile.identities.filter(({ kind }: { kind: string }) => kind === 'SOURCE_ID')
      expect(ids, `person ${n}`).toHaveLength(1)
    }
  })

  it('given the same 200 keys at once store each once and answer alike', async () => {
    const { one, two } = await both()
    const events = Array.from({ length: 200 }, (_, index) => ({
      name: 'click',
      profile: { deviceId: `d${index % 20}` },
      idempotencyKey: `k${index}`,
    }))
    const answers = await Promise.all(
      [one, two].map((server) =>
        Promise.all(events.map((event) => track(server, event).then((answer) => answer.event.id))),
      ),
    )
    expect(answers[0]).toEqual(answers[1])
    expect((await listAll(one)).length).toBe(200)
  })

  it('keep the feed dense and in one order while both write', async () => {
    const { one, two } = await both()
    const listeners = [listen(one.socket()), listen(two.socket())]
    await Promise.all(listeners.map((listener) => listener.ready()))
    const send = (server: Caller, name: string) =>
      Promise.all(
        Array.from({ length: 150 }, (_, index) =>
          track(server, {
            name: 'click',
            profile: { email: `p${index % 15}@example.com` },
            idempotencyKey: `${name}${index}`,
          }),
        ),
      )
    await Promise.all([send(one, 'a'), send(two, 'b')])
    await Promise.all(listeners.map((listener) => listener.until(() => listener.keys().length === 300)))
    const listed = (await listAll(two)).map(({ key }) => key)
    expect(listeners.map((listener) => listener.keys())).toEqual([listed, listed])
    expect(new Set(listed).size).toBe(300)
    const { profiles } = await one.query('{ profiles(first: 100) { edges { node { id } } } }')
    expect(profiles.edges).toHaveLength(15)
    for (const listener of listeners) listener.stop()
  })

  it('judge by the same rules at once: a campaign stopped on one takes nothing on the other', async () => {
    const { one, two } = await both()
    const { campaigns } = await one.query('{ campaigns { edges { node { id } } } }')
    const campaignId = campaigns.edges[0].node.id
    expect((await track(two, { name: 'click', profile: {} })).attribution.status).toBe('ATTRIBUTED')
    await one.query(
      'mutation ($id: ID!) { changeCampaignState(input: { campaignId: $id, state: STOPPED }) { campaign { id } } }',
      {
        id: campaignId,
      },
    )
    expect((await track(two, { name: 'click', profile: {} })).attribution).toMatchObject({
      status: 'UNATTRIBUTED',
      reason: 'CAMPAIGN_NOT_LIVE',
    })
  })
})

describe('two servers whose Redis is away', () => {
  const both = twoServers({ REDIS_URL: 'redis://127.0.0.1:1' })

  it('reach each other all the same, only later', async () => {
    const { one, two } = await both()
    const listener = listen(two.socket())
    await listener.ready()
    await track(one, { name: 'click', profile: { deviceId: 'd' }, idempotencyKey: 'k' })
    await listener.until(() => listener.keys().length === 1)
    expect(listener.keys()).toEqual(['k'])
    listener.stop()
  })

  it('take each other’s cursors, though one is behind: a subscriber goes on from a list of the other', async () => {
    const { one, two } = await both()
    const early = listen(two.socket())
    await early.ready()
    await track(one, { name: 'click', profile: {}, idempotencyKey: '1' })
    const { attributions } = await one.query('{ attributions(last: 1) { pageInfo { endCursor } } }')
    const late = listen(two.socket(), { after: attributions.pageInfo.endCursor })
    await late.ready()
    await track(one, { name: 'click', profile: {}, idempotencyKey: '2' })
    await Promise.all([early.until(() => early.keys().length === 2), late.until(() => late.keys().length === 1)])
    expect([early.keys(), late.keys()]).toEqual([['1', '2'], ['2']])
    early.stop()
    late.stop()
  })
})

describe('a server', () => {
  afterEach(close)

  it('killed in the middle of a stream loses no acknowledged event and decides none twice', {
    timeout: 90_000,
  }, async () => {
    const { start } = await starter()
    await crashAndCompare(start)
  })

  it('told to end answers what it accepted, and closes sockets as going away', async () => {
    const { start } = await starter()
    const server = await start()
    await openBrand(server)
    const client = server.socket()
    const closed = new Promise<number>((resolve) => client.on('closed', (event) => resolve((event as CloseEvent).code)))
    const listener = listen(client)
    await listener.ready()
    const sent = Array.from({ length: 60 }, (_, index) =>
      track(server, { name: 'click', profile: { deviceId: `d${index}` }, idempotencyKey: `k${index}` }),
    )
    await Promise.race(sent)
    expect(await server.terminate()).toBe(0)
    expect(await closed).toBe(1001)

    const answered = (await Promise.allSettled(sent)).flatMap((each) =>
      each.status === 'fulfilled' ? [each.value.event.id] : [],
    )
    const successor = await start()
    closing.push(() => successor.terminate())
    const stored = await listAll(successor)
    expect(answered.length).toBeGreaterThan(0)
    expect(stored.map(({ id }) => id).sort()).toEqual(answered.sort())
  })
})
