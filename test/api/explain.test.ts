// Why a decision was taken, as callers read it: typed codes, objects instead of ids, what would have helped, and a summary in words.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const explained = `query ($id: ID!) { attribution(eventId: $id) {
  summary
  trace {
    alias inheritedFrom { name }
    hints { hint value fate detail }
    campaigns { campaign { name } phase code }
    candidates { campaign { name state } journeyName journey { name isActive } relationship { friend { id } } advocate { sourceId } phase code }
    ranking { candidate priority partnerId journeyRecency evidenceRecency campaignRecency }
    decidingKey runnerUp campaignsCut candidatesCut
    nearMiss { code campaign { name } remedy {
      hint state startsAt endsAt events targets journeyName journeyId journey { name } advocates { sourceId }
      conditions { kind at condition seen truth }
    } }
  }
} }`

async function explain(caller: Caller, eventId: string) {
  const { attribution } = await caller.query(explained, { id: eventId })
  return attribution
}

const createCode = (type: string) =>
  `mutation ($input: Create${type}Input!) { create${type}(input: $input) { __typename } }`

/** The day of an event, as summaries write it. */
const dayOf = ({ occurredAt }: { occurredAt: string }) => {
  const [, day, month, year] = /, (\d\d) (\w+) (\d+)/.exec(new Date(occurredAt).toUTCString()) ?? []
  const long = new Date(`${day} ${month} ${year} UTC`).toLocaleDateString('en', { month: 'long', timeZone: 'UTC' })
  return `${Number(day)} ${long} ${year}`
}

describe('a credited event', () => {
  let caller: Caller
  let eventId: string
  let day: string
  let brand: Awaited<ReturnType<typeof openBrand>>
  const friend = { name: 'friend', role: 'FRIEND', events: ['signup', 'purchase'], priority: 300 }

  beforeAll(async () => {
    caller = await server.otherAccount()
    brand = await openBrand(caller)
    const { programId } = brand
    const spring = await addCampaign(caller, { programId, name: 'Spring', journeys: [friend] })
    const old = await addCampaign(caller, { programId, name: 'Old' })
    const state = 'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { __typename } }'
    await caller.query(state, { input: { campaignId: old, state: 'STOPPED' } })
    await caller.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }', {
      input: { profile: { sourceId: 'ada' }, set: { firstName: 'Ada' } },
    })
    const advocate = { sourceId: 'ada' }
    await caller.query(createCode('AdvocateCode'), { input: { code: 'ADA', campaignId: spring, advocate } })
    await caller.query(createCode('Share'), { input: { shareId: 'S1', campaignId: old, advocate } })
    await track(caller, { name: 'signup', profile: { sourceId: 'bob' }, targeting: { advocateCodes: ['ADA'] } })
    const { event } = await track(caller, {
      name: 'purchase',
      profile: { sourceId: 'bob' },
      targeting: { shareIds: ['s1'], advocateCodes: ['nobody'] },
    })
    eventId = event.id
    day = dayOf(event)
  })

  test('tells what became of each hint, where each campaign and candidate fell, and how the rest ranked', async () => {
    const { trace } = await explain(caller, eventId)
    expect(trace.hints).toEqual([
      { hint: 'SHARE_ID', value: 's1', fate: 'HINT_CAMPAIGN_NOT_LIVE', detail: null },
      { hint: 'ADVOCATE_CODE', value: 'nobody', fate: 'HINT_UNKNOWN', detail: null },
    ])
    expect(trace.campaigns).toEqual([
      { campaign: { name: 'Spring' }, phase: null, code: null },
      { campaign: { name: 'Refer a friend' }, phase: null, code: null },
      { campaign: { name: 'Old' }, phase: 'PRE_SCREEN', code: 'CAMPAIGN_NOT_LIVE' },
    ])
    expect(trace.candidates).toEqual([
      {
        campaign: { name: 'Spring', state: 'LIVE' },
        journeyName: 'friend',
        journey: { name: 'friend', isActive: true },
        relationship: { friend: { id: expect.any(String) } },
        advocate: { sourceId: 'ada' },
        phase: null,
        code: null,
      },
      {
        campaign: { name: 'Refer a friend', state: 'LIVE' },
        journeyName: 'participant',
        journey: null,
        relationship: null,
        advocate: null,
        phase: 'RANKING',
        code: 'PRIORITY',
      },
    ])
    expect(trace).toMatchObject({
      decidingKey: 'PRIORITY',
      runnerUp: 1,
      nearMiss: null,
      campaignsCut: 0,
      candidatesCut: 0,
    })
    const [won, lost] = trace.ranking
    expect([won.priority, lost.priority, won.partnerId, lost.journeyRecency]).toEqual([300, 100, false, null])
    for (const time of [won.journeyRecency, won.evidenceRecency, won.campaignRecency]) {
      expect(new Date(time).toISOString()).toBe(time)
    }
  })

  test('is summed up in words, and names the advocate to those who may read people', async () => {
    const { summary } = await explain(caller, eventId)
    const told = (who: string) =>
      `The purchase of ${day} was credited to the campaign “Spring” (flow “friend”), ${who}. ` +
      'The runner-up was “Refer a friend”, which lost on priority (300 against 100). ' +
      'The advocate code NOBODY was not followed: it is not known here. ' +
      'The share S1 was not followed: it belongs to “Old”, which was stopped.'
    expect(summary).toBe(told('with Ada as the advocate'))
    const { createApiKey } = await caller.query(
      'mutation { createApiKey(input: { name: "reader", scopes: [ATTRIBUTIONS_READ] }) { secret } }',
    )
    const reader = server.as(createApiKey.secret)
    const { attribution } = await reader.query('query ($id: ID!) { attribution(eventId: $id) { summary } }', {
      id: eventId,
    })
    expect(attribution.summary).toBe(told('and to the advocate who referred the person'))
  })

  test('is summed up before it happens just as after', async () => {
    const input = { name: 'purchase', profile: { sourceId: 'bob' }, targeting: { advocateCodes: ['ADA'] } }
    const preview = 'query ($input: TrackEventInput!) { previewTargeting(input: $input) { summary } }'
    const { previewTargeting } = await caller.query(preview, { input })
    const { event } = await track(caller, input)
    expect(previewTargeting.summary).toContain('The advocate code ADA settled it.')
    expect((await explain(caller, event.id)).summary).toBe(
      previewTargeting.summary.replace('would be credited', 'was credited'),
    )
  })

  test('that follows another names it, and inherits from it', async () => {
    await caller.query('mutation ($input: SetEventTypeInput!) { setEventType(input: $input) { __typename } }', {
      input: { name: 'refund', followsTransaction: true },
    })
    const order = { profile: { sourceId: 'carl' }, data: { order_id: 'O-1' } }
    const { event: bought } = await track(caller, { name: 'purchase', ...order })
    const { event, attribution } = await track(caller, { name: 'refund', ...order })
    expect([attribution.decidedBy, attribution.campaign.name]).toEqual(['INHERITED', 'Refer a friend'])
    const { trace, summary } = await explain(caller, event.id)
    expect(trace.inheritedFrom).toEqual({ name: 'purchase' })
    expect(summary).toBe(
      `The refund of ${dayOf(event)} was credited to the campaign “Refer a friend” (flow “participant”). ` +
        `It follows the purchase of ${dayOf(bought)}, whose decision holds for it too.`,
    )
  })
})

describe('what would have helped an event that nobody is credited for', () => {
  async function nearest(journeys: object[], input: object, more: object = {}) {
    const caller = await server.otherAccount()
    const { programId } = await openBrand(caller, 'Elsewhere')
    await addCampaign(caller, { programId, name: 'Spring', journeys, ...more })
    const { event } = await track(caller, { name: 'visit', profile: { sourceId: 'bob' }, ...input })
    return { caller, eventId: event.id as string, ...(await explain(caller, event.id)).trace.nearMiss }
  }

  const flow = { name: 'visitor', role: 'PARTICIPANT', events: ['visit'] }

  test('are the conditions in the way, and what was seen for those who may read people', async () => {
    const entry = {
      all: [
        { field: { field: 'email', op: 'ENDS_WITH', value: '@shop.example' } },
        { not: { event: { name: 'visit', atLeast: 1 } } },
        { eventData: { field: 'page', op: 'EQ', value: 'home' } },
      ],
    }
    const profile = { email: 'bob@home.example' }
    const { caller, eventId, campaign, code, remedy } = await nearest([{ ...flow, entry }], { profile })
    expect([campaign.name, code, remedy.journeyName]).toEqual(['Spring', 'ENTRY_CRITERIA_FAILED', 'visitor'])
    expect(remedy.conditions).toEqual([
      {
        kind: 'FIELD',
        at: 'all[0].field',
        condition: { field: 'email', op: 'ENDS_WITH', value: '@shop.example' },
        seen: 'bob@home.example',
        truth: 'FALSE',
      },
      {
        kind: 'EVENT_DATA',
        at: 'all[2].eventData',
        condition: { field: 'page', op: 'EQ', value: 'home' },
        seen: null,
        truth: 'UNKNOWN',
      },
    ])
    expect(remedy.hint).toBe(
      'The nearest campaign was “Spring”: it would have matched had the person met the conditions to enter its flow “visitor” ' +
        '(email ends with a certain value; the event’s page is home, which is not known).',
    )
    const { createApiKey } = await caller.query(
      'mutation { createApiKey(input: { name: "reader", scopes: [ATTRIBUTIONS_READ] }) { secret } }',
    )
    const blind =
      'query ($id: ID!) { attribution(eventId: $id) { summary trace { nearMiss { remedy { hint conditions { seen truth } } } } } }'
    const told = await server.as(createApiKey.secret).query(blind, { id: eventId })
    expect(told.attribution.trace.nearMiss.remedy.conditions).toEqual([
      { seen: null, truth: 'FALSE' },
      { seen: null, truth: 'UNKNOWN' },
    ])
    expect(JSON.stringify(told)).not.toContain('bob@')
  })

  test('is another time, where the window was over', async () => {
    const window = { startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' }
    const targeting = { require: [{ kind: 'JOURNEY_NAME', value: 'visitor' }] }
    const { code, remedy } = await nearest([flow], { occurredAt: '2026-02-01T00:00:00Z', targeting }, window)
    expect(code).toBe('OUTSIDE_WINDOW')
    expect(remedy).toMatchObject({
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2026-02-01T00:00:00.000Z',
      state: null,
    })
    expect(remedy.hint).toContain('had the event happened from 1 January 2026 on and before 1 February 2026.')
  })

  test('are the events that it takes, where the name is not among them', async () => {
    const { code, campaign, remedy } = await nearest([{ ...flow, events: ['signed_up'], priority: 900 }], {})
    expect([code, campaign.name]).toEqual(['EVENT_NOT_SUPPORTED', 'Spring'])
    expect(remedy.events).toEqual(['signed_up'])
    expect(remedy.hint).toBe('The nearest campaign was “Spring”: it would have matched had the event been signed up.')
  })

  test('are the targets that do not meet', async () => {
    const targeting = { requiredLabels: ['vip'], require: [{ kind: 'JOURNEY_NAME', value: 'visitor' }] }
    const { remedy } = await nearest([flow], { targeting })
    expect(remedy.targets).toEqual(['LABEL:vip'])
    expect(remedy.hint).toContain('had the event not asked for the label “vip”.')
  })

  test('is an advocate who is not blocked: those who are, are named', async () => {
    const caller = await server.otherAccount()
    const { programId } = await openBrand(caller, 'Elsewhere')
    const journeys = [{ name: 'friend', role: 'FRIEND', events: ['visit'] }]
    const campaignId = await addCampaign(caller, { programId, name: 'Spring', journeys })
    await caller.query(createCode('AdvocateCode'), {
      input: { code: 'ADA', campaignId, advocate: { sourceId: 'ada' } },
    })
    await server.app.services.database.system.$executeRaw`
      UPDATE profile SET events_blocked_at = now() FROM identity
      WHERE identity.account_id = profile.account_id AND identity.profile_id = profile.id AND identity.value = 'ada'`
    const input = { name: 'visit', profile: { sourceId: 'bob' }, targeting: { advocateCodes: ['ADA'] } }
    const { event } = await track(caller, input)
    const { nearMiss } = (await explain(caller, event.id)).trace
    expect(nearMiss.code).toBe('ADVOCATE_INELIGIBLE')
    expect(nearMiss.remedy.advocates).toEqual([{ sourceId: 'ada' }])
  })
})

describe('explaining a page of decisions', () => {
  const page = `query ($last: Int) { attributions(last: $last) { edges { node {
    summary reason
    trace {
      campaigns { campaign { name } }
      candidates { campaign { name program { name } } journey { name isActive } relationship { marks isUsable program { name } } advocate { sourceId } }
      nearMiss { campaign { name } remedy { hint advocates { id } journey { name } } }
    }
  } } } }`

  test('costs as many statements for 50 as for 10', async () => {
    const caller = await server.otherAccount()
    const { programId } = await openBrand(caller)
    const journeys = [
      { name: 'friend', role: 'FRIEND', events: ['purchase'], priority: 900 },
      {
        name: 'gold',
        role: 'PARTICIPANT',
        events: ['visit'],
        entry: { field: { field: 'tier', op: 'EQ', value: 'gold' } },
      },
    ]
    for (const name of ['Spring', 'Summer', 'Autumn']) {
      const campaignId = await addCampaign(caller, { programId, name, journeys })
      const input = { code: name, campaignId, advocate: { sourceId: `advocate of ${name}` } }
      await caller.query(createCode('AdvocateCode'), { input })
    }
    const kinds = [
      { name: 'purchase', targeting: { advocateCodes: ['SPRING'] } },
      { name: 'purchase', targeting: { advocateCodes: ['SUMMER', 'AUTUMN'] } },
      { name: 'visit', targeting: { couponCodes: ['nope'] } },
      { name: 'click' },
      { name: 'unheard_of' },
    ]
    const events = Array.from({ length: 50 }, (_, i) => ({
      ...kinds[i % 5],
      profile: { sourceId: `person ${i % 20}` },
    }))
    await caller.query('mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { __typename } }', {
      input: { events },
    })
    const read = async (last: number) => {
      let count = 0
      const statements = await statementsOf(async () => {
        const { attributions } = await caller.query(page, { last })
        count = attributions.edges.length
      })
      expect(count).toBe(last)
      return statements.filter(({ text }) => !text.includes('api_key')).length
    }
    // The rules that the decisions went by are kept once they were read. The last ten are of people who came before.
    await read(10)
    const [few, many] = [await read(10), await read(50)]
    process.stdout.write(`statements of explained decisions: ${few} for 10, ${many} for 50\n`)
    expect(many).toBe(few)
  })
})

test('every value of the codes of targeting says what it means', async () => {
  const names = [
    'AttributionStatus',
    'CampaignState',
    'CandidateCode',
    'Channel',
    'ConditionKind',
    'DecidedBy',
    'EvidenceKind',
    'HintFate',
    'HintKind',
    'JourneyRole',
    'JourneyState',
    'JourneyStepKind',
    'Quality',
    'RankingKey',
    'RelationshipMark',
    'TargetingWarningCode',
    'TracePhase',
    'Truth',
    'UnattributedReason',
  ]
  for (const name of names) {
    const { __type: type } = await server.query(
      'query ($name: String!) { __type(name: $name) { description enumValues { name description } } }',
      { name },
    )
    expect(type.description, name).toBeTruthy()
    expect(type.enumValues.filter(({ description }: { description: string | null }) => !description)).toEqual([])
  }
})
