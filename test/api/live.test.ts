// What a dashboard relies on when it listens.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addCampaign, type Brand, openBrand, track } from '../support/brand.ts'
import { type Listener, listen } from '../support/listen.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import type { FeedPage } from '../support/stream.ts'

let server: TestServer
let caller: Caller
let brand: Brand
const open: { stop(): void }[] = []
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  for (const each of open.splice(0)) each.stop()
  caller = await server.otherAccount()
  brand = await openBrand(caller)
})

const listening = async (variables?: Parameters<typeof listen>[1], as = caller): Promise<Listener> => {
  const listener = listen(as.socket(), variables)
  open.push(listener)
  await listener.ready()
  return listener
}

const click = (key: string, more: object = {}) =>
  track(caller, { name: 'click', profile: { deviceId: 'd' }, idempotencyKey: key, ...more })

describe('a subscriber', () => {
  it('sees an attribution as it is decided', async () => {
    const listener = await listening()
    await click('k1')
    await listener.until(() => listener.keys().length === 1)
    expect(listener.updates.at(-1)).toMatchObject({
      attribution: {
        status: 'ATTRIBUTED',
        campaign: { name: 'Refer a friend' },
        event: { name: 'click', idempotencyKey: 'k1' },
      },
      lagged: null,
    })
  })

  it('sees unattributed events too', async () => {
    const listener = await listening()
    await track(caller, { name: 'sneeze', profile: {} })
    await listener.until(() => listener.keys().length === 1)
    expect(listener.updates.at(-1)?.attribution).toMatchObject({ status: 'UNATTRIBUTED', campaign: null })
  })

  it('who comes back with the last cursor misses nothing and gets nothing twice', async () => {
    const first = await listening()
    await click('1')
    await click('2')
    await first.until(() => first.keys().length === 2)
    first.stop()
    await click('3')
    await click('4')
    const second = await listening({ after: first.updates.at(-1)?.cursor ?? '' })
    await click('5')
    await second.until(() => second.keys().length === 3)
    expect([...first.keys(), ...second.keys()]).toEqual(['1', '2', '3', '4', '5'])
  })

  it('may go on from the end of a page of the list', async () => {
    await click('1')
    await click('2')
    const { attributions } = await caller.query(
      '{ attributions(last: 1) { edges { node { event { idempotencyKey } } } pageInfo { endCursor } } }',
    )
    expect(attributions.edges[0].node.event.idempotencyKey).toBe('2')
    const listener = await listening({ after: attributions.pageInfo.endCursor })
    await click('3')
    await listener.until(() => listener.keys().length === 1)
    expect(listener.keys()).toEqual(['3'])
  })

  it('who joins while 200 events are written gets every one of them once, in the order of the list', async () => {
    const start = await listening()
    const after = start.updates.at(-1)?.cursor ?? ''
    const writing = Promise.all(
      Array.from({ length: 200 }, (_, index) => click(`k${index}`, { profile: { deviceId: `d${index % 50}` } })),
    )
    await start.until(() => start.keys().length > 50)
    const late = await listening({ after })
    await writing
    await Promise.all([start, late].map((each) => each.until(() => each.keys().length === 200)))
    const listed: string[] = []
    for (let cursor: string | null = null; listed.length < 200; ) {
      const { attributions }: { attributions: FeedPage } = await caller.query(
        'query ($after: String) { attributions(first: 100, after: $after) { edges { node { event { idempotencyKey } } } pageInfo { endCursor } } }',
        { after: cursor },
      )
      listed.push(
        ...attributions.edges.map(
          ({ node }: { node: { event: { idempotencyKey: string } } }) => node.event.idempotencyKey,
        ),
      )
      cursor = attributions.pageInfo.endCursor
    }
    expect(start.keys()).toEqual(listed)
    expect(late.keys()).toEqual(listed)
    expect(new Set(listed).size).toBe(200)
  })

  it('of another account sees nothing of this one', async () => {
    const other = await server.otherAccount()
    await openBrand(other)
    const foreign = await listening({}, other)
    await click('mine')
    await track(other, { name: 'click', profile: {}, idempotencyKey: 'theirs' })
    await foreign.until(() => foreign.keys().length === 1)
    expect(foreign.keys()).toEqual(['theirs'])
  })

  it('who leaves is forgotten', async () => {
    const before = server.app.services.live.counts().subscribers
    const listener = await listening()
    expect(server.app.services.live.counts().subscribers).toBe(before + 1)
    listener.stop()
    await expect.poll(() => server.app.services.live.counts().subscribers).toBe(before)
  })
})

describe('a filter', () => {
  it('by campaign, event name, status and person lets through what matches it all', async () => {
    const secondId = await addCampaign(caller, {
      programId: brand.programId,
      name: 'Second',
      journeys: [{ name: 'p', role: 'PARTICIPANT', events: ['signup'], priority: 500 }],
    })
    const all = await listening()
    const byCampaign = await listening({ filter: { campaignIds: [secondId] } })
    const byName = await listening({ filter: { eventNames: ['Click', 'sneeze'] } })
    const byStatus = await listening({ filter: { status: 'UNATTRIBUTED' } })
    const byPerson = await listening({ filter: { profile: { email: 'cy@example.com' } } })
    const byProgram = await listening({ filter: { programIds: [brand.programId], eventNames: ['signup'] } })
    await click('1')
    await click('2', { name: 'signup' })
    await click('3', { name: 'sneeze' })
    await click('4', { profile: { email: 'cy@example.com' } })
    await all.until(() => all.keys().length === 4)
    await Promise.all([
      byName.until(() => byName.keys().length === 3),
      byPerson.until(() => byPerson.keys().length === 1),
    ])
    expect(byCampaign.keys()).toEqual(['2'])
    expect(byName.keys()).toEqual(['1', '3', '4'])
    expect(byStatus.keys()).toEqual(['3'])
    expect(byPerson.keys()).toEqual(['4'])
    expect(byProgram.keys()).toEqual(['2'])
  })

  it('by advocate follows the credit', async () => {
    await addCampaign(caller, {
      programId: brand.programId,
      name: 'Friends',
      journeys: [{ name: 'friend', role: 'FRIEND', events: ['visit'] }],
    })
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { id } } }',
      {
        input: { code: 'ANN', programId: brand.programId, advocate: { sourceId: 'ann' } },
      },
    )
    const byAdvocate = await listening({ filter: { advocate: { sourceId: 'ann' } } })
    await click('1')
    await click('2', { name: 'visit', targeting: { advocateCodes: ['ann'] } })
    await byAdvocate.until(() => byAdvocate.keys().length === 1)
    expect(byAdvocate.keys()).toEqual(['2'])
  })

  it('gives the same as a list and live', async () => {
    const filter = { status: 'ATTRIBUTED', eventNames: ['click'] }
    const listener = await listening({ filter })
    await click('1')
    await click('2', { name: 'sneeze' })
    await click('3')
    await listener.until(() => listener.keys().length === 2)
    const { attributions } = await caller.query(
      'query ($filter: AttributionFilter) { attributions(filter: $filter) { edges { cursor node { event { idempotencyKey } } } } }',
      { filter },
    )
    const live = listener.updates.filter(({ attribution }) => attribution)
    expect(attributions.edges.map(({ cursor }: { cursor: string }) => cursor)).toEqual(live.map(({ cursor }) => cursor))
  })
})

describe('a subscription is refused, and its socket goes on,', () => {
  const refusal = async (variables: Parameters<typeof listen>[1], as = caller) => {
    const client = as.socket()
    const refused = listen(client, variables)
    const [error] = await refused.error()
    return { code: error?.extensions.code, earliest: error?.extensions.earliest, client }
  }

  it.each([
    ['a malformed cursor', 'rubbish'],
    ['a cursor of another list', Buffer.from('programs:000000000000:1.1').toString('base64url')],
  ])('for %s', async (_name, after) => {
    const { code, client } = await refusal({ after })
    expect(code).toBe('BAD_INPUT')
    const next = listen(client, {})
    await next.ready()
    next.stop()
  })

  it('for a cursor of another account', async () => {
    const listener = await listening()
    const other = await server.otherAccount()
    expect((await refusal({ after: listener.updates[0]?.cursor ?? '' }, other)).code).toBe('BAD_INPUT')
  })

  it('for a cursor of a history that is gone, and is told where what is left begins', async () => {
    await click('1')
    const { attributions } = await caller.query('{ attributions(last: 1) { pageInfo { endCursor } } }')
    const lost = Buffer.from(attributions.pageInfo.endCursor, 'base64url')
      .toString()
      .replace(/:(\d+)\./, ':9999.')
    const { code, earliest } = await refusal({ after: Buffer.from(lost).toString('base64url') })
    expect(code).toBe('CURSOR_EXPIRED')
    const again = await listening({ after: String(earliest) })
    expect(again.keys()).toEqual(['1'])
  })

  it('for an unknown campaign, and for one of another account alike', async () => {
    const other = await server.otherAccount()
    const foreign = await openBrand(other)
    const unknown = Buffer.from('Campaign:01940000-0000-7000-8000-000000000000').toString('base64')
    expect((await refusal({ filter: { campaignIds: [foreign.campaignId] } })).code).toBe('NOT_FOUND')
    expect((await refusal({ filter: { campaignIds: [unknown] } })).code).toBe('NOT_FOUND')
  })

  it('for a key without the scope', async () => {
    const writer = await server.withScopes('EVENTS_WRITE')
    expect((await refusal({}, writer)).code).toBe('FORBIDDEN')
  })
})
