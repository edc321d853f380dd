// A program that uses everything a program can hold, and its document.

import type { Caller } from './server.ts'
import { createAudience, createCampaign, createProgram } from './setup.ts'

export const blueprintOf = 'query ($programId: ID!) { programBlueprint(programId: $programId) }'
export const importProgram = `mutation ($input: ImportProgramInput!) { importProgram(input: $input) {
  program { id name labels campaigns(first: 100) { edges { node { id name state } } } } audiencesCreated { name memberCount } } }`
export const mutate = (caller: Caller, name: string, input: object) =>
  caller.query(
    `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename } }`,
    { input },
  )

/** The document, as far as tests look into it. */
export type Blueprint = Record<string, unknown> & { campaigns: { name: string; [more: string]: unknown }[] }
export const read = async (caller: Caller, programId: string): Promise<Blueprint> =>
  (await caller.query(blueprintOf, { programId })).programBlueprint

export interface Made {
  programId: string
  /** By name. */
  campaigns: Map<string, string>
}

/** A program that uses everything that a program can hold. */
export async function aRichProgram(caller: Caller): Promise<Made> {
  const { program } = (
    await caller.query(createProgram, {
      input: { name: 'Spring', labels: ['spring', 'vip'], lookbackDays: 30, allowMutualReferral: true },
    })
  ).createProgram
  const { audience } = (await caller.query(createAudience, { input: { name: 'Loyal' } })).createAudience
  const make = async (name: string, more: object) =>
    (await caller.query(createCampaign, { input: { programId: program.id, name, ...more } })).createCampaign.campaign.id
  const friends = {
    name: 'friend',
    role: 'FRIEND',
    events: ['signup', 'purchase'],
    inactivityDays: 9,
    reentry: 'NEVER_AGAIN',
  }
  const refer = await make('Refer', { startsAt: '2020-01-01T00:00:00Z', journeys: [{ ...friends, priority: 300 }] })
  const entry = {
    any: [
      { audience: { id: audience.id, member: true } },
      {
        all: [{ not: { audience: { id: audience.id } } }, { eventData: { field: 'tier', op: 'IN', value: ['gold'] } }],
      },
      { relationship: { as: 'FRIEND', programId: program.id, atLeast: 1 } },
      { field: { field: 'club.level', op: 'GTE', value: 3, orMissing: false } },
    ],
  }
  const views = { name: 'views', role: 'PARTICIPANT', events: ['promotion_viewed', 'purchase'], keyField: 'order.id' }
  const gold = await make('Gold', {
    journeys: [{ ...views, entry, priority: 200 }],
    content: [{ zone: 'home', journeyName: 'views', body: { a: [{ b: null }] } }],
  })
  const everybody = await make('Everybody', {
    journeys: [{ name: 'participant', role: 'PARTICIPANT', events: ['purchase'] }],
  })
  const bound = await make('Bound', {
    requiredTargets: [
      { kind: 'CAMPAIGN_ID', value: refer },
      { kind: 'PROGRAM', value: program.id },
      { kind: 'PROGRAM', value: 'Spring' },
      { kind: 'PROGRAM', value: 'vip' },
      { kind: 'JOURNEY_NAME', value: 'friend' },
    ],
    journeys: [{ name: 'bound', role: 'PARTICIPANT', events: ['purchase'] }],
  })
  await mutate(caller, 'createCoupon', { code: 'SPRING10', campaignIds: [everybody], label: 'spring' })
  await mutate(caller, 'createCoupon', { code: 'OWNED', campaignIds: [everybody], advocate: { sourceId: 'owner' } })
  await mutate(caller, 'createPromoLink', { code: 'LINK', label: 'spring', destination: 'https://example.com/a' })
  await mutate(caller, 'createEventTypeAlias', { alias: 'bought', name: 'purchase' })
  await mutate(caller, 'setEventType', { name: 'refund', followsTransaction: true })
  return {
    programId: program.id,
    campaigns: new Map(Object.entries({ Refer: refer, Gold: gold, Everybody: everybody, Bound: bound })),
  }
}
