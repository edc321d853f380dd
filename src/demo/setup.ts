// The integrator's preparation: a program, the campaigns with the households they target as audiences, the coupons; then live.
// Done again on the same account it finds what is there, adds what is missing, and changes nothing else.

import { graphql } from '../generated/operations/index.ts'
import { type Client, inFlight, present, Refused } from './client.ts'
import type { Campaign, Coupon, Recorded } from './complete-journey.ts'

export const programName = 'The Complete Journey'
export const eventName = 'coupon_redeemed'
export const sourceIdOf = (household: string) => `household-${household}`

const profilesPerCall = 1000
const couponsAtOnce = 16
const dayMs = 86_400_000

const Programs = graphql(`
  query DemoPrograms($after: String) {
    programs(first: 100, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } }
  }
`)
const Campaigns = graphql(`
  query DemoCampaigns($programId: ID!, $after: String) {
    campaigns(first: 100, after: $after, filter: { programId: $programId }) {
      edges { node { id name state } } pageInfo { hasNextPage endCursor }
    }
  }
`)
const Audiences = graphql(`
  query DemoAudiences($after: String) {
    audiences(first: 100, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } }
  }
`)
const CouponOf = graphql(`
  query DemoCoupon($code: String!) { code(code: $code) { __typename campaigns { id } } }
`)
const CreateProgram = graphql(`
  mutation DemoProgram($input: CreateProgramInput!) { createProgram(input: $input) { program { id } } }
`)
const CreateCampaign = graphql(`
  mutation DemoCampaign($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } } }
`)
const CreateAudience = graphql(`
  mutation DemoAudience($input: CreateAudienceInput!) { createAudience(input: $input) { audience { id } } }
`)
const AddToAudience = graphql(`
  mutation DemoMembers($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }
`)
const CreateCoupon = graphql(`
  mutation DemoCreateCoupon($input: CreateCouponInput!) { createCoupon(input: $input) { coupon { id } } }
`)
const GoLive = graphql(`
  mutation DemoGoLive($campaignId: ID!) {
    changeCampaignState(input: { campaignId: $campaignId, state: LIVE }) { campaign { state } }
  }
`)

/** How many of each there were already; all 0 on an account that has not seen the demo. */
export interface Found {
  campaigns: number
  coupons: number
}

/** Sets everything up; `say` hears of each step. @throws Refused, also for a code that is taken by something else. */
export async function setUp(client: Client, recorded: Recorded, say: (line: string) => void): Promise<Found> {
  const programId = await haveProgram(client)
  const known = await allByName((after) => client.ask(Campaigns, { programId, after }).then((all) => all.campaigns))
  const idsByName = await haveCampaigns(client, { programId, known }, recorded.campaigns)
  const targeted = recorded.campaigns.reduce((sum, { households }) => sum + households.length, 0)
  say(
    `1 program, ${recorded.campaigns.length} campaigns; ${targeted.toLocaleString('en')} targeted households in audiences`,
  )
  const coupons = await haveCoupons(client, recorded.coupons, idsByName)
  say(`${recorded.coupons.length.toLocaleString('en')} coupons, each with the set of its campaigns`)
  for (const { name } of byStart(recorded.campaigns)) {
    const state = known.get(name)?.state ?? 'DRAFT'
    if (state === 'DRAFT') await client.ask(GoLive, { campaignId: idOf(idsByName, name) })
  }
  say('campaigns taken live in the order of their first days')
  return { campaigns: recorded.campaigns.filter(({ name }) => known.has(name)).length, coupons }
}

// As they went out: where nothing else decides, the campaign that went live later wins.
const byStart = (campaigns: readonly Campaign[]) => campaigns.toSorted((a, b) => (a.startsOn < b.startsOn ? -1 : 1))

async function haveProgram(client: Client): Promise<string> {
  const known = await allByName((after) => client.ask(Programs, { after }).then((all) => all.programs))
  const { id } = known.get(programName) ?? (await createProgram(client))
  return id
}

async function createProgram(client: Client) {
  const { createProgram } = await client.ask(CreateProgram, { input: { name: programName } })
  return present(createProgram).program
}

interface Setting {
  programId: string
  known: ReadonlyMap<string, { id: string }>
}

/** Ids by name. The audiences are filled whether or not they were there. */
async function haveCampaigns(client: Client, { programId, known }: Setting, campaigns: readonly Campaign[]) {
  const audiences = await allByName((after) => client.ask(Audiences, { after }).then((all) => all.audiences))
  const ids = new Map<string, string>()
  for (const campaign of campaigns) {
    const name = `${programName}: households of ${campaign.name}`
    const audienceId = audiences.get(name)?.id ?? (await createAudience(client, name))
    await addHouseholds(client, audienceId, campaign.households)
    const id = known.get(campaign.name)?.id ?? (await createCampaign(client, campaign, { programId, audienceId }))
    ids.set(campaign.name, id)
  }
  return ids
}

async function createAudience(client: Client, name: string): Promise<string> {
  const { createAudience } = await client.ask(CreateAudience, { input: { name } })
  return present(createAudience).audience.id
}

async function addHouseholds(client: Client, audienceId: string, households: readonly string[]): Promise<void> {
  for (let from = 0; from < households.length; from += profilesPerCall) {
    const profiles = households.slice(from, from + profilesPerCall).map((id) => ({ sourceId: sourceIdOf(id) }))
    await client.ask(AddToAudience, { input: { audienceId, profiles } })
  }
}

/** The last day counts in full: a window ends where the day after begins. */
async function createCampaign(
  client: Client,
  { name, startsOn, endsOn }: Campaign,
  { programId, audienceId }: { programId: string; audienceId: string },
): Promise<string> {
  const input = {
    programId,
    name,
    startsAt: `${startsOn}T00:00:00Z`,
    endsAt: new Date(Date.parse(`${endsOn}T00:00:00Z`) + dayMs).toISOString(),
    journeys: [
      { name: 'shopper', role: 'PARTICIPANT' as const, events: [eventName], entry: { audience: { id: audienceId } } },
    ],
  }
  const { createCampaign } = await client.ask(CreateCampaign, { input })
  return present(createCampaign).campaign.id
}

/** Returns how many were there. */
async function haveCoupons(client: Client, coupons: readonly Coupon[], ids: ReadonlyMap<string, string>) {
  let found = 0
  await inFlight(coupons, couponsAtOnce, async ({ code, campaigns }) => {
    const campaignIds = campaigns.map((name) => idOf(ids, name))
    try {
      await client.ask(CreateCoupon, { input: { code, campaignIds } })
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'CONFLICT') throw error
      if (!(await isOurs(client, code, campaignIds)))
        throw new Refused(`the code ${code} stands for something else`, error)
      found++
    }
  })
  return found
}

async function isOurs(client: Client, code: string, campaignIds: readonly string[]): Promise<boolean> {
  const { code: known } = await client.ask(CouponOf, { code })
  const stands = new Set(known?.campaigns.map(({ id }) => id))
  return (
    known?.__typename === 'Coupon' && stands.size === campaignIds.length && campaignIds.every((id) => stands.has(id))
  )
}

function idOf(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name)
  if (id === undefined) throw new Error(`the set names ${name} but does not describe it`)
  return id
}

interface Page<Node> {
  edges: { node: Node }[]
  pageInfo: { hasNextPage: boolean; endCursor?: string | null }
}

async function allByName<Node extends { name: string }>(
  read: (after: string | null | undefined) => Promise<Page<Node> | null | undefined>,
): Promise<Map<string, Node>> {
  const all = new Map<string, Node>()
  for (let after: string | null | undefined; ; ) {
    const { edges, pageInfo } = present(await read(after))
    for (const { node } of edges) all.set(node.name, node)
    if (!pageInfo.hasNextPage) return all
    after = pageInfo.endCursor
  }
}
