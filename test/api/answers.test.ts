// What trackEvent answers is what is stored, and it does not ask the database for it again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addCampaign, type Brand, openBrand } from '../support/brand.ts'
import { mutate } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
let brand: Brand
beforeAll(async () => {
  server = await startServer()
  brand = await openBrand(server)
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup'], priority: 200 }
  const friends = await addCampaign(server, { programId: brand.programId, name: 'Friends', journeys: [friend] })
  await mutate(server, 'createAdvocateCode', { code: 'ADA', campaignId: friends, advocate: { sourceId: 'ada' } })
  await mutate(server, 'createEventTypeAlias', { alias: 'bought', name: 'purchase' })
})
afterAll(() => server.stop())

const event = 'id name occurredAt receivedAt reportedAt data channel idempotencyKey profile { id }'
const attribution = `id status quality decidedBy reason reasonDetail campaignRevision note decidedAt summary
  event { id name } profile { id sourceId identities { kind value } } program { id name } campaign { id name state phase }
  journey { id name role key state steps(first: 5) { edges { node { kind eventName } } } }
  relationship { id } advocate { id sourceId } warnings { code hint detail } supersedes { id }
  trace { candidates { journeyName code } hints { hint fate } nearMiss { campaign { name } } }`
const plain = `event { id name occurredAt } profile { id }
  attribution { status quality decidedBy reason warnings { code } campaign { id name } program { id name } journey { id name }
    relationship { id } }`

const scenes: [name: string, input: object][] = [
  ['somebody new, whom nobody is credited for', { name: 'nothing_takes_this', profile: { deviceId: 'd1' } }],
  [
    'a participant',
    { name: 'click', profile: { email: 'a@example.com', deviceId: 'd1' }, data: { a: [1, { b: null }] } },
  ],
  [
    'the same, by an alias and ahead of time',
    { name: 'Bought', profile: { email: 'a@example.com' }, occurredAt: '2199-01-01T00:00:00Z' },
  ],
  [
    'a friend of an advocate',
    { name: 'signup', profile: { sourceId: 'f' }, targeting: { advocateCodes: ['ada', 'none'] } },
  ],
  [
    'one whom two devices show to be one',
    { name: 'click', profile: { sourceId: 'f', deviceId: 'd2' }, context: { channel: 'WEB' } },
  ],
  [
    'a strict hint that leads nowhere',
    { name: 'click', profile: { sourceId: 'g' }, targeting: { couponCodes: ['X'], strictHints: true } },
  ],
]

/** The texts, without looking at the key, which is remembered for a second. */
const textsOf = async (work: () => Promise<unknown>) =>
  (await statementsOf(work)).map(({ text }) => text).filter((text) => !text.includes('api_key'))

describe('the answer to an event', () => {
  it.each(scenes)('of %s is what is read of it later', async (name, input) => {
    const { trackEvent: answer } = await server.query(
      `mutation ($input: TrackEventInput!) { trackEvent(input: $input) { replayed event { ${event} } profile { id } attribution { ${attribution} } } }`,
      { input: { ...input, idempotencyKey: name } },
    )
    const read = await server.query(
      `query ($id: ID!) { event(id: $id) { ${event} } attribution(eventId: $id) { ${attribution} } }`,
      { id: answer.event.id },
    )
    expect(answer.event).toEqual(read.event)
    expect(answer.attribution).toEqual(read.attribution)
    expect(answer.profile.id).toBe(read.event.profile.id)
  })

  it('is the same in a list, and for a key that is known', async () => {
    const events = scenes.map(([name, input]) => ({ ...input, idempotencyKey: `list ${name}` }))
    const many = `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { ${plain} replayed } error { code } } } }`
    const once = (await server.query(many, { input: { events } })).trackEvents.results
    const again = (await server.query(many, { input: { events } })).trackEvents.results
    const told = (results: typeof once, replayed: boolean) =>
      results.map(({ payload, error }: (typeof once)[number]) => ({ payload: { ...payload, replayed }, error }))
    expect(once).toEqual(told(again, false))
    expect(again).toEqual(told(once, true))
  })

  it('costs no statement beyond those of its batch, as long as it asks for no more than was stored', async () => {
    const send = (n: number, fields: string) => () =>
      server.query(`mutation ($input: TrackEventInput!) { trackEvent(input: $input) { ${fields} } }`, {
        input: { name: 'click', profile: { email: 'cost@example.com' }, idempotencyKey: `cost ${n}` },
      })
    await send(1, plain)()
    const bare = await textsOf(send(2, 'replayed'))
    const whole = await textsOf(send(3, plain))
    expect(whole).toEqual(bare)
  })

  it('costs as many statements for 100 events of 100 people as for two, and at most 18', async () => {
    const list = (n: number, of: string) => () =>
      server.query(
        `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { ${plain} } error { code } } } }`,
        {
          input: {
            events: Array.from({ length: n }, (_, i) => ({
              name: 'click',
              profile: { email: `${i}@example.com` },
              idempotencyKey: `${of} ${i}`,
            })),
          },
        },
      )
    await list(100, 'first')()
    const few = await textsOf(list(2, 'few'))
    const many = await textsOf(list(100, 'many'))
    expect(many).toEqual(few)
    expect(many.length).toBeLessThanOrEqual(18)
  })
})
