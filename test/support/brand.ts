// A small brand to act upon: one program with a live campaign that takes every event of three names.

import type { Caller } from './server.ts'

export interface Brand {
  programId: string
  campaignId: string
}

const createProgram = 'mutation ($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }'
const createCampaign = 'mutation ($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }'
const changeState =
  'mutation ($input: ChangeCampaignStateInput!) { changeCampaignState(input: $input) { campaign { state } } }'

export async function openBrand(caller: Caller, name = 'Refer a friend'): Promise<Brand> {
  const { createProgram: program } = await caller.query(createProgram, { input: { name: `${name} program` } })
  const programId = program.program.id
  const campaignId = await addCampaign(caller, { programId, name })
  return { programId, campaignId }
}

/** A live campaign with a flow of its own; more of its definition may be given. */
export async function addCampaign(
  caller: Caller,
  { journeys, ...input }: { programId: string; name: string; journeys?: object[] },
) {
  const flow = { name: 'participant', role: 'PARTICIPANT', events: ['click', 'signup', 'purchase'] }
  const { createCampaign: made } = await caller.query(createCampaign, {
    input: { ...input, journeys: journeys ?? [flow] },
  })
  await caller.query(changeState, { input: { campaignId: made.campaign.id, state: 'LIVE' } })
  return made.campaign.id as string
}

const trackEvent = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) {
    replayed
    event { id name occurredAt receivedAt reportedAt }
    profile { id }
    attribution {
      id status quality decidedBy reason
      campaign { id name } journey { id name role } advocate { id } relationship { id }
      warnings { code }
    }
  }
}`

export const trackDocument = trackEvent

/** Sends one event; throws where it is refused. */
export async function track(caller: Caller, input: object) {
  const { trackEvent: payload } = await caller.query(trackEvent, { input })
  return payload
}
