// Content: what campaigns show whom, chosen as credit is, and views that are tracked on request alone.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCampaign, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let programId: string

const document = `query ($profile: ProfileKeyInput!, $zone: String!, $targeting: TargetingInput, $recordView: Boolean) {
  resolveContent(profile: $profile, zone: $zone, targeting: $targeting, recordView: $recordView) {
    content { campaign { name } journeyName zone body decidedBy }
    reason detail summary trace { campaigns { code } }
    event { name data attribution { status decidedBy quality campaign { name } journey { name } advocate { id } } }
  }
}`

interface Asked {
  profile?: object
  zone?: string
  targeting?: object
  recordView?: boolean
}

async function resolve(asked: Asked, caller: Caller = server) {
  const { resolveContent } = await caller.query(document, { profile: { deviceId: 'visitor' }, zone: 'home', ...asked })
  return resolveContent
}

const change = async (campaignId: string, state: string) =>
  server.query(
    'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state } } }',
    {
      input: { campaignId, state },
    },
  )

const counts = async () => {
  const { system } = server.app.services.database
  return [
    await system.event.count(),
    await system.profile.count(),
    await system.identity.count(),
    await system.attribution.count(),
    await system.journey.count(),
  ]
}

const viewer = { name: 'visitor', role: 'PARTICIPANT', events: ['promotion_viewed', 'purchase'] }

/** A live campaign with one flow that shows something in the zone `home`. */
async function showing(name: string, journey: object = {}, zone = 'home') {
  const flow = { ...viewer, ...journey }
  const content = [{ zone, journeyName: flow.name, body: { title: name } }]
  return addCampaign(server, { programId, name, journeys: [flow], content } as Parameters<typeof addCampaign>[1])
}

beforeAll(async () => {
  server = await startServer()
  const { createProgram } = await server.query(
    'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }',
    { input: { name: 'Shop', labels: ['shop'] } },
  )
  programId = createProgram.program.id
})

afterAll(() => server?.stop())

describe('what is shown', () => {
  test('nothing where no campaign has content for the zone, and the reason says so', async () => {
    await addCampaign(server, { programId, name: 'Silent', journeys: [{ ...viewer, priority: 999 }] })
    expect(await resolve({})).toMatchObject({ content: null, reason: 'NO_CONTENT', summary: null, trace: null })
  })

  test('the campaign of the larger priority among those with content there, whatever ranks higher elsewhere', async () => {
    await showing('Winter', { priority: 10 })
    const summer = await showing('Summer', { priority: 20 })
    await showing('Elsewhere', { priority: 500 }, 'checkout')
    expect(await resolve({})).toMatchObject({
      content: {
        campaign: { name: 'Summer' },
        journeyName: 'visitor',
        zone: 'home',
        body: { title: 'Summer' },
        decidedBy: 'PRIORITY',
      },
      reason: null,
      event: null,
    })
    expect((await resolve({ zone: ' checkout ' })).content.campaign.name).toBe('Elsewhere')
    await change(summer, 'PAUSED')
    expect((await resolve({})).content.campaign.name).toBe('Winter')
    await change(summer, 'LIVE')
    expect((await resolve({})).content.campaign.name).toBe('Summer')
  })

  test('a required target decides, and one that nothing meets shows nothing', async () => {
    const require = (value: string) => ({ require: [{ kind: 'PROGRAM', value }] })
    expect((await resolve({ targeting: require('shop') })).content.campaign.name).toBe('Summer')
    expect(await resolve({ targeting: require('nowhere') })).toMatchObject({
      content: null,
      reason: 'REQUIRED_TARGET_UNMATCHED',
    })
  })

  test('entry criteria are asked: the same zone shows somebody something and nothing to somebody else', async () => {
    const gold = { field: { field: 'tier', op: 'EQ', value: 'gold' } }
    await showing('Gold', { priority: 900, entry: gold }, 'banner')
    expect(await resolve({ zone: 'banner' })).toMatchObject({ content: null, reason: 'ENTRY_CRITERIA_FAILED' })
    await track(server, { name: 'click', profile: { sourceId: 'rich' } })
    await server.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }', {
      input: { profile: { sourceId: 'rich' }, set: { tier: 'gold' } },
    })
    expect((await resolve({ zone: 'banner', profile: { sourceId: 'rich' } })).content.body).toEqual({ title: 'Gold' })
  })

  test('an identifier that nobody has is somebody new and stays unknown; a profile id of nobody is shown nothing', async () => {
    const before = await counts()
    expect((await resolve({ profile: { email: 'nobody@example.com' } })).content.campaign.name).toBe('Summer')
    const nobody = '0193f1c2-0000-7000-8000-000000000000'
    expect(await resolve({ profile: { id: nobody } })).toMatchObject({ content: null, reason: 'UNKNOWN_PROFILE' })
    expect(await counts()).toEqual(before)
  })

  test('a blank zone and a blank identifier are refused by name', async () => {
    const fields = async (asked: object) => {
      const { errors } = await server.send(document, { profile: { deviceId: 'visitor' }, zone: 'home', ...asked })
      return errors.map(({ extensions }) => [extensions.code, extensions.field])
    }
    expect(await fields({ zone: ' ' })).toEqual([['BAD_INPUT', 'zone']])
    expect(await fields({ profile: { deviceId: ' ' } })).toEqual([['BAD_INPUT', 'profile']])
    expect(await fields({ profile: { email: 'no address' } })).toEqual([['BAD_INPUT', 'profile.email']])
  })
})

describe('views', () => {
  test('are tracked for what was shown and are credited to it, though more would have taken the event', async () => {
    const shown = await resolve({ recordView: true, profile: { deviceId: 'fresh' } })
    expect(shown.event.name).toBe('promotion_viewed')
    expect(shown.event.data).toEqual({ zone: 'home', campaign_id: expect.any(String), journey_name: 'visitor' })
    expect(shown.event.attribution).toMatchObject({
      status: 'ATTRIBUTED',
      decidedBy: 'REQUIRED_TARGET',
      campaign: { name: shown.content.campaign.name },
      journey: { name: 'visitor' },
    })
  })

  test('carry along what the campaign wants to be asked for', async () => {
    await addCampaign(server, {
      ...{ programId, name: 'Asked', requiredTargets: [{ kind: 'PROGRAM', value: 'Shop' }], journeys: [viewer] },
      content: [{ zone: 'asked', journeyName: 'visitor', body: { title: 'Asked' } }],
    } as Parameters<typeof addCampaign>[1])
    const shown = await resolve({
      ...{ zone: 'asked', recordView: true, profile: { deviceId: 'asking' } },
      targeting: { require: [{ kind: 'PROGRAM', value: 'Shop' }] },
    })
    expect(shown.summary).toContain('would be credited to the campaign “Asked”')
    expect(shown.event.attribution).toMatchObject({ status: 'ATTRIBUTED', campaign: { name: 'Asked' } })
  })

  test('are not tracked where there is nothing to show', async () => {
    const before = await counts()
    expect(await resolve({ zone: 'nowhere', recordView: true, profile: { deviceId: 'another' } })).toMatchObject({
      reason: 'NO_CONTENT',
      event: null,
    })
    expect(await counts()).toEqual(before)
  })

  test('take a key that may write events; reading content does not', async () => {
    const reader = await server.withScopes('ATTRIBUTIONS_READ')
    expect((await resolve({}, reader)).content.campaign.name).toBe('Summer')
    const before = await counts()
    const { errors } = await reader.send(document, {
      profile: { deviceId: 'visitor' },
      zone: 'home',
      recordView: true,
    })
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
    expect(await counts()).toEqual(before)
  })
})
