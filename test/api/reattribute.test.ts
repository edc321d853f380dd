// An event decided anew: the credit moves, what is left without it falls back, and both decisions can be read.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let caller: Caller
let programId: string

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.stop())

beforeEach(async () => {
  caller = await server.otherAccount()
  const { createProgram } = await caller.query(
    'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }',
    { input: { name: 'Shop' } },
  )
  programId = createProgram.program.id
})

const reattribute = `mutation ($input: ReattributeEventInput!) {
  reattributeEvent(input: $input) {
    attribution {
      id status quality decidedBy reason note reattributedBy decidedAt summary
      campaign { name } journey { id name } advocate { id }
      trace { hints { hint value fate } }
      supersedes { id campaign { name } note supersededBy { id } }
    }
  }
}`

const again = async (eventId: string, input: object = {}, by: Caller = caller) =>
  (await by.query(reattribute, { input: { eventId, note: 'wrong campaign', ...input } })).reattributeEvent.attribution

const campaign = (name: string, flow: object = {}) =>
  addCampaign(caller, {
    programId,
    name,
    journeys: [{ name: 'flow', role: 'PARTICIPANT', events: ['signup', 'purchase'], ...flow }],
  })

const stop = (campaignId: string) =>
  caller.query(
    'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state } } }',
    {
      input: { campaignId, state: 'STOPPED' },
    },
  )

/** The person's journeys and relationships, as the API shows them. */
async function passages(profile: object) {
  const { profile: person } = await caller.query(
    `query ($profile: ProfileKeyInput!) { profile(by: $profile) {
      journeys { edges { node { id campaign { name } state startedAt lastActivityAt } } }
      advocates { edges { node { firstEvidenceAt latestEvidenceAt evidence { edges { node { at } } } } } }
    } }`,
    { profile },
  )
  return {
    journeys: person.journeys.edges.map((edge: { node: object }) => edge.node),
    relationships: person.advocates.edges.map((edge: { node: object }) => edge.node),
  }
}

const ann = { sourceId: 'ann' }
const day = (n: number) => new Date(Date.UTC(2026, 2, n)).toISOString()

describe('an event that is decided anew', () => {
  test('is credited by the rules in force now, as of its own time; both decisions stay readable', async () => {
    const old = await campaign('Old', { priority: 200 })
    const first = await track(caller, { name: 'signup', profile: ann, occurredAt: day(1) })
    expect(first.attribution.campaign.name).toBe('Old')
    await campaign('New')
    await stop(old)
    const decision = await again(first.event.id)
    expect(decision).toMatchObject({
      status: 'ATTRIBUTED',
      decidedBy: 'ONLY_CANDIDATE',
      note: 'wrong campaign',
      reattributedBy: 'Other',
      campaign: { name: 'New' },
      supersedes: {
        id: first.attribution.id,
        campaign: { name: 'Old' },
        note: null,
        supersededBy: { id: decision.id },
      },
    })
    const { journeys } = await passages(ann)
    expect(journeys).toMatchObject([
      { campaign: { name: 'Old' }, state: 'WITHDRAWN' },
      { campaign: { name: 'New' }, state: 'ACTIVE', startedAt: day(1), lastActivityAt: day(1) },
    ])
    const replay = await caller.query('query ($id: ID!) { attribution(eventId: $id) { id } }', { id: first.event.id })
    expect(replay.attribution.id).toBe(decision.id)
  })

  test('takes its journey’s latest activity along; the journey falls back to the credit before', async () => {
    const old = await campaign('Old')
    await track(caller, { name: 'signup', profile: ann, occurredAt: day(1) })
    const second = await track(caller, { name: 'purchase', profile: ann, occurredAt: day(5) })
    await campaign('New', { priority: 500 })
    const decision = await again(second.event.id)
    expect(decision.campaign.name).toBe('New')
    const { journeys } = await passages(ann)
    expect(journeys).toMatchObject([
      { campaign: { name: 'Old' }, state: 'ACTIVE', lastActivityAt: day(1) },
      { campaign: { name: 'New' }, state: 'ACTIVE', lastActivityAt: day(5) },
    ])
    // The account's steps say what happened to it.
    const { system } = server.app.services.database
    const steps = await system.journeyStep.findMany({
      where: { eventId: uuidOf(second.event.id) },
      orderBy: { id: 'asc' },
      select: { kind: true },
    })
    expect(steps.map(({ kind }) => kind)).toEqual(['CREDITED', 'WITHDRAWN', 'ENTERED'])
    expect(old).toBeTruthy()
  })

  test('is appended also where nothing changes, and every call makes a decision', async () => {
    await campaign('Only')
    const first = await track(caller, { name: 'signup', profile: ann })
    const second = await again(first.event.id, { note: 'looked at it' })
    const third = await again(first.event.id, { note: 'and again' })
    expect([second.campaign.name, third.campaign.name]).toEqual(['Only', 'Only'])
    expect(third.supersedes).toMatchObject({ id: second.id, note: 'looked at it' })
    expect(second.supersedes.id).toBe(first.attribution.id)
    const { journeys } = await passages(ann)
    expect(journeys.filter(({ state }: { state: string }) => state === 'ACTIVE')).toHaveLength(1)
  })

  test('does not see itself: a first purchase stays one', async () => {
    const firstPurchase = { not: { event: { name: 'purchase', performed: true } } }
    await campaign('First purchase', { entry: firstPurchase })
    const first = await track(caller, { name: 'purchase', profile: ann, occurredAt: day(1) })
    const second = await track(caller, { name: 'purchase', profile: { sourceId: 'bob' }, occurredAt: day(2) })
    expect([first, second].map(({ attribution }) => attribution.status)).toEqual(['ATTRIBUTED', 'ATTRIBUTED'])
    expect((await again(first.event.id)).status).toBe('ATTRIBUTED')
  })

  test('may be given other hints than it came with, which its explanation shows', async () => {
    const [a] = [await campaign('A', { priority: 10 }), await campaign('B', { priority: 20 })]
    const first = await track(caller, { name: 'signup', profile: ann })
    expect(first.attribution.campaign.name).toBe('B')
    const decision = await again(first.event.id, { targeting: { require: [{ kind: 'CAMPAIGN_ID', value: a }] } })
    expect(decision).toMatchObject({ campaign: { name: 'A' }, decidedBy: 'REQUIRED_TARGET' })
    expect(decision.trace.hints).toEqual([{ hint: 'REQUIRE', value: `CAMPAIGN_ID:${a}`, fate: 'READ' }])
  })

  test('gives up what it showed of a relationship; later events no longer find that', async () => {
    const friends = { name: 'friend', role: 'FRIEND', events: ['signup', 'purchase'] }
    const referral = await addCampaign(caller, { programId, name: 'Refer', journeys: [friends] })
    await track(caller, { name: 'signup', profile: { sourceId: 'advocate' } })
    await caller.query(
      'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { advocateCode { code } } }',
      { input: { code: 'PAT', advocate: { sourceId: 'advocate' }, programId } },
    )
    const first = await track(caller, {
      name: 'signup',
      profile: ann,
      occurredAt: day(1),
      targeting: { advocateCodes: ['PAT'] },
    })
    expect(first.attribution).toMatchObject({ campaign: { name: 'Refer' }, advocate: { id: expect.any(String) } })
    await campaign('Other')
    const decision = await again(first.event.id, { targeting: { journeyCampaignId: referral } })
    expect(decision).toMatchObject({ campaign: { name: 'Other' }, advocate: null })
    const { relationships } = await passages(ann)
    expect(relationships.flatMap(({ evidence }: { evidence: { edges: object[] } }) => evidence.edges)).toEqual([])
    const later = await track(caller, { name: 'purchase', profile: ann, occurredAt: day(2) })
    expect(later.attribution.campaign.name).toBe('Other')
    // Shown again, the relationship is back.
    const shown = await track(caller, {
      name: 'purchase',
      profile: ann,
      occurredAt: day(3),
      targeting: { advocateCodes: ['PAT'] },
    })
    expect(shown.attribution).toMatchObject({
      campaign: { name: 'Refer' },
      advocate: { id: first.attribution.advocate.id },
    })
    expect((await passages(ann)).relationships).toMatchObject([{ firstEvidenceAt: day(3), latestEvidenceAt: day(3) }])
  })

  test('is compared by its new hints when an earlier event comes in late', async () => {
    await campaign('Begun', { priority: 200, startEvents: ['signup'] })
    const rest = await campaign('Rest', { priority: 10, events: ['purchase'] })
    const buy = (sourceId: string) =>
      track(caller, { name: 'purchase', profile: { sourceId }, occurredAt: day(5) }).then(({ event }) => event.id)
    await buy('bob')
    await again(await buy('ann'), { targeting: { require: [{ kind: 'CAMPAIGN_ID', value: rest }] } })
    const warned = async (sourceId: string) => {
      const late = await track(caller, { name: 'signup', profile: { sourceId }, occurredAt: day(1) })
      return late.attribution.warnings.map(({ code }: { code: string }) => code)
    }
    expect(await warned('bob')).toEqual(['ORDER_SENSITIVE'])
    expect(await warned('ann')).toEqual([])
  })

  test('is told to subscribers, after all that came before', async () => {
    await campaign('Only')
    const client = caller.socket()
    const messages = client.iterate<{ attributions: { attribution: { id: string; note: string | null } | null } }>({
      query: 'subscription { attributions { attribution { id note } } }',
    })
    const next = async () => {
      for (;;) {
        const { value } = await messages.next()
        const attribution = value?.data?.attributions.attribution
        if (attribution) return attribution
      }
    }
    await messages.next()
    const first = await track(caller, { name: 'signup', profile: ann })
    expect(await next()).toEqual({ id: first.attribution.id, note: null })
    const decision = await again(first.event.id)
    expect(await next()).toEqual({ id: decision.id, note: 'wrong campaign' })
    await client.dispose()
  })

  test('leaves exactly one decision in force while the same person acts and others decide it too', async () => {
    await campaign('Only')
    const first = await track(caller, { name: 'signup', profile: ann })
    const work = Array.from({ length: 6 }, (_, i) => [
      again(first.event.id, { note: `call ${i}` }),
      track(caller, { name: 'purchase', profile: ann }),
    ]).flat()
    await Promise.all(work)
    const { system } = server.app.services.database
    const rows = await system.attribution.findMany({
      where: { eventId: uuidOf(first.event.id) },
      orderBy: { revision: 'asc' },
    })
    expect(rows.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7])
    const positions = await system.attribution.findMany({
      where: { accountId: rows[0]?.accountId ?? '' },
      orderBy: { position: 'asc' },
      select: { position: true },
    })
    expect(positions.map(({ position }) => Number(position))).toEqual(positions.map((_, i) => i + 1))
    const { journeys } = await passages(ann)
    expect(journeys.filter(({ state }: { state: string }) => state === 'ACTIVE')).toHaveLength(1)
  })
})

describe('what is refused', () => {
  const codes = async (input: object, by: Caller = caller) => {
    const { errors } = await by.send(reattribute, { input: { note: 'why', ...input } })
    return errors.map(({ extensions }) => [extensions.code, extensions.field])
  }

  test('an unknown event, another account’s, a blank note and one too long', async () => {
    await campaign('Only')
    const { event } = await track(caller, { name: 'signup', profile: ann })
    const nobody = '0193f1c2-0000-7000-8000-000000000000'
    expect(await codes({ eventId: nobody })).toEqual([['NOT_FOUND', 'input.eventId']])
    expect(await codes({ eventId: event.id }, server)).toEqual([['NOT_FOUND', 'input.eventId']])
    expect(await codes({ eventId: event.id, note: ' ' })).toEqual([['BAD_INPUT', 'input.note']])
    expect(await codes({ eventId: event.id, note: 'x'.repeat(501) })).toEqual([['BAD_INPUT', 'input.note']])
  })

  test('an event whose decision is no longer kept', async () => {
    await campaign('Only')
    const { event } = await track(caller, { name: 'signup', profile: ann })
    await server.app.services.database.system.attribution.deleteMany({ where: { eventId: uuidOf(event.id) } })
    expect(await codes({ eventId: event.id })).toEqual([['CONFLICT', 'input.eventId']])
  })

  test('a key that may not change campaigns', async () => {
    const reader = await server.withScopes('ATTRIBUTIONS_READ', 'EVENTS_WRITE')
    const { errors } = await reader.send(reattribute, { input: { eventId: 'x', note: 'why' } })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
  })
})

const uuidOf = (globalId: string) => Buffer.from(globalId, 'base64').toString().split(':')[1] ?? ''
