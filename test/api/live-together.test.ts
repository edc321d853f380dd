// What many subscribers at once rely on, and what they cost together.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { openStream } from '../support/event-stream.ts'
import { type Listener, listen } from '../support/listen.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let caller: Caller
const open: { stop(): void }[] = []
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  for (const each of open.splice(0)) each.stop()
  await expect.poll(() => server.app.services.live.counts()).toEqual({ subscribers: 0, groups: 0, tails: 0 })
  caller = await server.otherAccount()
  await openBrand(caller)
})

const listening = async (variables?: Parameters<typeof listen>[1], as = caller): Promise<Listener> => {
  const listener = listen(as.socket(), variables)
  open.push(listener)
  await listener.ready()
  return listener
}

const click = (key: string) => track(caller, { name: 'click', profile: { deviceId: `d-${key}` }, idempotencyKey: key })

const clickAll = (count: number, from = 0) =>
  caller.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { code } } } }', {
    input: {
      events: Array.from({ length: count }, (_, index) => ({
        name: 'click',
        profile: { deviceId: `d${index}` },
        idempotencyKey: `k${from + index}`,
      })),
    },
  })

/** Statements by which decisions are read to be shown. */
const showing = async (work: () => Promise<unknown>) =>
  (await statementsOf(work)).filter(({ text }) => text.includes('__prisma_data__') && text.includes('attribution'))

/** The key of a key's id, and how it is ended. */
async function revocable(): Promise<{ as: Caller; revoke(): Promise<unknown> }> {
  const { createApiKey } = await caller.query(
    'mutation { createApiKey(input: { name: "soon gone", scopes: [ATTRIBUTIONS_READ] }) { secret apiKey { id } } }',
  )
  const revoke = () =>
    caller.query('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { apiKey { id } } }', {
      id: createApiKey.apiKey.id,
    })
  return { as: server.as(createApiKey.secret), revoke }
}

describe('subscribers of the same', () => {
  it('are served by one look at the database for each message, over whichever transport, with ids of their own', async () => {
    const listeners = await Promise.all(Array.from({ length: 10 }, () => listening()))
    await expect.poll(() => server.app.services.live.counts()).toEqual({ subscribers: 10, groups: 1, tails: 1 })
    const all = (count: number) =>
      Promise.all(listeners.map((listener) => listener.until(() => listener.keys().length === count)))
    await click('1')
    await all(1)
    const statements = await showing(async () => {
      await click('2')
      await all(2)
    })
    expect(statements).toHaveLength(1)
    const streamed = await openStream(server.url, caller.key, { query: document })
    open.push(streamed)
    await streamed.until((events) => events.length === 1)
    await expect.poll(() => server.app.services.live.counts()).toEqual({ subscribers: 11, groups: 2, tails: 1 })
  })

  it('resume into the same group from wherever they were', async () => {
    const first = await listening()
    await click('1')
    await first.until(() => first.keys().length === 1)
    const second = await listening({ after: first.updates[0]?.cursor ?? '' })
    expect(second.keys()).toEqual(['1'])
    await expect.poll(() => server.app.services.live.counts()).toEqual({ subscribers: 2, groups: 1, tails: 1 })
    await click('2')
    await Promise.all([first, second].map((each) => each.until(() => each.keys().length === 2)))
  })

  it('but with another filter, scope or account are not', async () => {
    const other = await server.otherAccount()
    const { createApiKey } = await caller.query(
      'mutation { createApiKey(input: { name: "reader", scopes: [ATTRIBUTIONS_READ] }) { secret } }',
    )
    await listening()
    await listening({ filter: { eventNames: ['click'] } })
    await listening({}, server.as(createApiKey.secret))
    await listening({}, other)
    await expect.poll(() => server.app.services.live.counts()).toEqual({ subscribers: 4, groups: 4, tails: 2 })
  })
})

it('a page of 200 missed messages costs as many statements as one of 2', async () => {
  const start = await listening()
  const after = start.updates[0]?.cursor ?? ''
  start.stop()
  const replayed = async (count: number) => {
    const statements = await statementsOf(async () => {
      const listener = await listening({ after })
      expect(listener.keys()).toHaveLength(count)
      listener.stop()
    })
    // The poll for all accounts and the look at a key come with time, not with messages.
    return statements
      .filter(({ text }) => !/api_key|feed_head WHERE topic/.test(text))
      .map(({ text }) => text.slice(0, 60))
  }
  await clickAll(2)
  const few = await replayed(2)
  await clickAll(198, 2)
  expect(await replayed(200)).toEqual(few)
  expect(few.length).toBeLessThanOrEqual(4)
})

it('whoever comes back again and again with the last cursor, while events flow, gets every one once and in order', async () => {
  const start = await listening()
  const origin = start.updates[0]?.cursor ?? ''
  const total = 240
  const writing = (async () => {
    for (let from = 0; from < total; from += 8) await clickAll(8, from)
  })()
  // Each stays for another number of messages before it leaves, and comes back from where it was.
  const reader = async (stay: number) => {
    const keys: (string | null)[] = []
    for (let after = origin; keys.length < total; ) {
      const listener = listen(caller.socket(), { after })
      const wanted = Math.min(stay, total - keys.length)
      await listener.until(() => listener.keys().length >= wanted)
      listener.stop()
      keys.push(...listener.keys())
      after = listener.updates.at(-1)?.cursor ?? after
    }
    return keys
  }
  const read = await Promise.all([1, 7, 40, 100].map((stay) => reader(stay * 3)))
  await writing
  await start.until(() => start.keys().length === total)
  expect(new Set(start.keys()).size).toBe(total)
  for (const keys of read) expect(keys).toEqual(start.keys())
})

const document = 'subscription { attributions { cursor attribution { event { idempotencyKey } } } }'

describe('a subscription over Server-Sent Events', () => {
  const keysIn = (
    events: { result: { data: { attributions: { attribution: { event: { idempotencyKey: string } } | null } } } }[],
  ) => events.flatMap(({ result }) => result.data.attributions.attribution?.event.idempotencyKey ?? [])

  it('brings what happens, and may be resumed', async () => {
    const first = await openStream(server.url, caller.key, { query: document })
    open.push(first)
    expect([first.status, first.type]).toEqual([200, 'text/event-stream'])
    await first.until((events) => events.length === 1)
    await click('1')
    await first.until((events) => keysIn(events).length === 1)
    first.stop()
    await click('2')
    const query = document
      .replace('attributions', 'attributions(after: $after)')
      .replace('subscription', 'subscription ($after: String)')
    const after = first.events.at(-1)?.result.data.attributions.cursor
    const second = await openStream(server.url, caller.key, { query, variables: { after } })
    open.push(second)
    await second.until((events) => keysIn(events).length === 1)
    expect(keysIn(second.events)).toEqual(['2'])
  })

  it('that is refused says why, and completes', async () => {
    const writer = await server.withScopes('EVENTS_WRITE')
    const refused = await openStream(server.url, writer.key, { query: document })
    await refused.ended
    expect(refused.events.map(({ name }) => name)).toEqual(['next', 'complete'])
    expect(refused.events[0]?.result.errors[0].extensions.code).toBe('FORBIDDEN')
  })

  it('ends with UNAUTHENTICATED and completes when its key is revoked', async () => {
    const { as, revoke } = await revocable()
    const stream = await openStream(server.url, as.key, { query: document })
    await stream.until((events) => events.length === 1)
    await revoke()
    await click('1')
    await stream.ended
    expect(stream.events.slice(1).map(({ name, result }) => result?.errors?.[0].extensions.code ?? name)).toEqual([
      'UNAUTHENTICATED',
      'complete',
    ])
  })
})

it('a socket is closed with 4403 when its key is revoked, before it is sent what came after', async () => {
  const { as, revoke } = await revocable()
  const client = as.socket()
  const closed = new Promise<{ code: number }>((resolve) => {
    client.on('closed', (event) => resolve(event as { code: number }))
  })
  const listener = listen(client)
  await listener.ready()
  await revoke()
  await click('1')
  expect((await closed).code).toBe(4403)
  expect(listener.keys()).toEqual([])
})

describe('the subscription `events`', () => {
  const query = `subscription ($filter: EventFilter, $after: String) {
    events(filter: $filter, after: $after) { cursor event { idempotencyKey name channel } lagged { missed } }
  }`
  const keysIn = (events: { result: { data: { events: { event: { idempotencyKey: string } | null } } } }[]) =>
    events.flatMap(({ result }) => result.data.events.event?.idempotencyKey ?? [])
  const subscribed = async (variables: object = {}) => {
    const stream = await openStream(server.url, caller.key, { query, variables })
    open.push(stream)
    await stream.until((events) => events.some(({ result }) => result.data?.events.event === null))
    return stream
  }

  it('brings every event once, in the order of their decisions, and takes the same cursors', async () => {
    const decisions = await listening()
    const stream = await subscribed()
    await click('1')
    await click('2')
    await track(caller, { name: 'sneeze', profile: {}, idempotencyKey: '3' })
    await decisions.until(() => decisions.keys().length === 3)
    const { attributions } = await caller.query('{ attributions(first: 1) { edges { node { event { id } } } } }')
    const eventId = attributions.edges[0].node.event.id
    const again =
      'mutation ($id: ID!) { reattributeEvent(input: { eventId: $id, note: "again" }) { attribution { id } } }'
    await caller.query(again, { id: eventId })
    await click('4')
    await stream.until((events) => keysIn(events).length === 4)
    expect(keysIn(stream.events)).toEqual(['1', '2', '3', '4'])
    const resumed = await subscribed({ after: decisions.updates.at(1)?.cursor })
    await resumed.until((events) => keysIn(events).length === 3)
    expect(keysIn(resumed.events)).toEqual(['2', '3', '4'])
  })

  it('may be narrowed to names, channels and a person', async () => {
    const streams = await Promise.all(
      [{ eventNames: ['Sneeze'] }, { channels: ['IN_STORE'] }, { profile: { email: 'cy@example.com' } }].map((filter) =>
        subscribed({ filter }),
      ),
    )
    await click('1')
    await track(caller, { name: 'sneeze', profile: {}, idempotencyKey: '2' })
    await track(caller, { name: 'click', profile: {}, idempotencyKey: '3', context: { channel: 'IN_STORE' } })
    await track(caller, { name: 'click', profile: { email: 'cy@example.com' }, idempotencyKey: '4' })
    await Promise.all(streams.map((stream) => stream.until((events) => keysIn(events).length === 1)))
    expect(streams.map(({ events }) => keysIn(events))).toEqual([['2'], ['3'], ['4']])
  })

  it('takes the rights that reading an event takes', async () => {
    const writer = await server.withScopes('EVENTS_WRITE')
    const refused = await openStream(server.url, writer.key, { query })
    await refused.ended
    expect(refused.events[0]?.result.errors[0].extensions.code).toBe('FORBIDDEN')
  })
})

describe('the subscription `campaignStats`', () => {
  const query = `subscription ($since: DateTime, $filter: CampaignStatsFilter) {
    campaignStats(since: $since, filter: $filter) {
      since at counts { program { name } campaign { name } eventName attributed high low unattributed newestAt }
    }
  }`
  const subscribed = async (variables: object = {}) => {
    const stream = await openStream(server.url, caller.key, { query, variables })
    open.push(stream)
    await stream.until((events) => events.length > 0)
    return stream
  }
  const outline = (event: {
    result: {
      data: {
        campaignStats: {
          counts: { campaign: { name: string } | null; eventName: string; attributed: number; unattributed: number }[]
        }
      }
    }
  }) =>
    event.result.data.campaignStats.counts.map(({ campaign, eventName, attributed, unattributed }) => [
      campaign?.name ?? null,
      eventName,
      attributed,
      unattributed,
    ])

  it('brings how things stand at once, and again when they changed', async () => {
    await click('1')
    const stream = await subscribed()
    expect(stream.events.map(outline)).toEqual([[['Refer a friend', 'click', 1, 0]]])
    await click('2')
    await track(caller, { name: 'sneeze', profile: {} })
    const wanted = [
      ['Refer a friend', 'click', 2, 0],
      [null, 'sneeze', 0, 1],
    ]
    await stream.until((events) => JSON.stringify(outline(events.at(-1) as never)) === JSON.stringify(wanted))
    const late = await subscribed()
    expect(late.events.map(outline)).toEqual([wanted])
  })

  it('is silent where nothing that was asked for changed', async () => {
    const stream = await subscribed({ filter: { eventNames: ['sneeze'] } })
    await click('1')
    await track(caller, { name: 'sneeze', profile: {} })
    await stream.until((events) => events.length > 1)
    expect(stream.events.map(outline)).toEqual([[], [[null, 'sneeze', 0, 1]]])
  })

  it('comes at most twice a second, however much happens', async () => {
    const began = performance.now()
    const stream = await subscribed()
    for (let count = 0; count < 10; count++) await click(`${count}`)
    await stream.until((events) => `${outline(events.at(-1) as never)}` === 'Refer a friend,click,10,0')
    const halves = (performance.now() - began) / 500
    expect(stream.events.length).toBeLessThanOrEqual(halves + 2)
  })

  it.each([
    ['an instant that is to come', () => new Date(Date.now() + 60_000)],
    ['more than a year', () => new Date(Date.now() - 400 * 86_400_000)],
  ])('refuses %s', async (_name, since) => {
    const refused = await openStream(server.url, caller.key, { query, variables: { since: since().toISOString() } })
    await refused.ended
    expect(refused.events[0]?.result.errors[0].extensions).toMatchObject({ code: 'BAD_INPUT', field: 'since' })
  })
})
