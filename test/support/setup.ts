// Setting up programs, campaigns and audiences through the API, and telling how it refused.

import { expect } from 'vitest'
import type { Caller } from './server.ts'

export const createProgram =
  'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id name labels lookbackDays allowMutualReferral } } }'
export const createCampaign = `mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign {
  id name state revision startsAt endsAt firstLiveAt requiredTargets { kind value } program { id }
  journeys { name role priority events startEvents entry ongoing keyField inactivityDays reentry } } } }`
export const createAudience =
  'mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id name memberCount } } }'

let count = 0
/** A name that no test of the file has used. */
export const fresh = (noun: string) => `${noun} ${++count}`

export const participant = { name: 'participant', role: 'PARTICIPANT', events: ['purchase'] }

export async function aProgram(caller: Caller): Promise<string> {
  const { createProgram: made } = await caller.query(createProgram, { input: { name: fresh('Program') } })
  return made.program.id
}

export async function aCampaign(caller: Caller, more: object = {}): Promise<string> {
  const programId = await aProgram(caller)
  const input = { programId, name: fresh('Campaign'), journeys: [participant], ...more }
  return (await caller.query(createCampaign, { input })).createCampaign.campaign.id
}

export async function anAudience(caller: Caller): Promise<string> {
  return (await caller.query(createAudience, { input: { name: fresh('Audience') } })).createAudience.audience.id
}

/** Sends a mutation that must fail, and tells its one error as `CODE field`. */
export async function refused(caller: Caller, document: string, input: object): Promise<string> {
  const { errors, data } = await caller.send<Record<string, unknown>>(document, { input })
  expect(errors).toHaveLength(1)
  expect(Object.values(data ?? {})).toEqual([null])
  const { code, field } = errors[0]?.extensions ?? { code: '', field: '' }
  return [code, field].filter(Boolean).join(' ')
}
