// What an event decides does not hang on what else is sent at the same moment.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addCampaign, type Brand, openBrand, track } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const trackEvents = `mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results {
  payload { profile { id } attribution { status reason journey { id } campaign { name } } } error { code }
} } }`

const sendTogether = async (caller: Caller, events: object[]) => {
  const { trackEvents: answer } = await caller.query(trackEvents, { input: { events } })
  return answer.results.map(({ payload }: { payload: { attribution: object } }) => payload.attribution)
}

const sendApart = async (caller: Caller, events: object[]) => {
  const answers = []
  for (const event of events) answers.push((await sendTogether(caller, [event]))[0])
  return answers
}

/** A campaign that takes only people with an e-mail. */
const onlyKnown = (caller: Caller, { programId }: Brand) =>
  addCampaign(caller, {
    programId,
    name: 'Known only',
    journeys: [
      { name: 'p', role: 'PARTICIPANT', events: ['visit', 'join'], entry: { field: { field: 'email', op: 'EXISTS' } } },
    ],
  })

const outline = (attributions: { status: string; reason: string; campaign: object }[]) =>
  attributions.map(({ status, reason, campaign }) => ({ status, reason, campaign }))

describe('the events of one list', () => {
  it.each([
    [
      'of which a later one tells the e-mail',
      [
        { name: 'visit', profile: { deviceId: 'd' } },
        { name: 'join', profile: { deviceId: 'd', email: 'ann@example.com' } },
        { name: 'visit', profile: { deviceId: 'd' } },
      ],
      ['UNATTRIBUTED', 'ATTRIBUTED', 'ATTRIBUTED'],
    ],
    [
      'of which a later one shows two people to be one',
      [
        { name: 'join', profile: { email: 'bea@example.com' } },
        { name: 'visit', profile: { deviceId: 'e' } },
        { name: 'visit', profile: { email: 'bea@example.com', deviceId: 'e' } },
        { name: 'visit', profile: { deviceId: 'e' } },
      ],
      ['ATTRIBUTED', 'UNATTRIBUTED', 'ATTRIBUTED', 'ATTRIBUTED'],
    ],
  ])('%s are decided as if they were sent one by one', async (_name, events, statuses) => {
    const [together, apart] = [await server.otherAccount(), await server.otherAccount()]
    for (const caller of [together, apart]) await onlyKnown(caller, await openBrand(caller))
    const first = await sendTogether(together, events)
    expect(first.map(({ status }: { status: string }) => status)).toEqual(statuses)
    expect(outline(first)).toEqual(outline(await sendApart(apart, events)))
  })

  it('about one who becomes known keep one journey', async () => {
    const caller = await server.otherAccount()
    await openBrand(caller)
    await track(caller, { name: 'click', profile: { email: 'cy@example.com' } })
    const attributions = await sendTogether(caller, [
      { name: 'click', profile: { deviceId: 'f' } },
      { name: 'click', profile: { email: 'cy@example.com', deviceId: 'f' } },
      { name: 'click', profile: { deviceId: 'f' } },
    ])
    const journeys = attributions.map(({ journey }: { journey: { id: string } }) => journey.id)
    // The anonymous one began a journey of its own, the more recent of the two when both became one person.
    expect(journeys[1]).toBe(journeys[2])
  })
})

describe('a subscriber who leaves', () => {
  it('twice over takes nobody else’s place', async () => {
    const caller = await server.otherAccount()
    await openBrand(caller)
    const { live } = server.app.services
    const { account } = await caller.query('{ account { id } }')
    const accountId = Buffer.from(account.id, 'base64').toString().split(':')[1] ?? ''
    const first = await live.join(accountId)
    first.leave()
    const second = listen(caller.socket())
    await second.ready()
    first.leave()
    await track(caller, { name: 'click', profile: {}, idempotencyKey: 'k' })
    await second.until(() => second.keys().length === 1)
    second.stop()
  })
})
