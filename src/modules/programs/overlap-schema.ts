// campaignOverlap: who else would claim a campaign's events.

import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { placeOf } from '../../place.ts'
import { RankingKey } from '../attributions/enums.ts'
import { type CampaignOverlap, campaignOverlap, maxOverlaps } from './overlap.ts'
import { CampaignType } from './types.ts'

export const CampaignOverlapType = builder.objectRef<CampaignOverlap>('CampaignOverlap').implement({
  description:
    'Two flows that may compete for one event, and what separates them whoever the person is. For people inside a journey the recency of their journeys (PARTNER_ID, JOURNEY_RECENCY, ADVOCATE_RECENCY) is asked after PRIORITY and before the other keys; between two FRIEND flows also the latest evidence of each.',
  fields: (t) => ({
    eventName: t.exposeString('eventName', { description: 'Folded.' }),
    campaign: t.prismaField({
      type: CampaignType,
      resolve: (query, { campaignId }, _args, context, info) => campaignsAt(context, { info, query }).load(campaignId),
    }),
    journeyName: t.exposeString('journeyName', { description: 'The flow of the campaign.' }),
    otherCampaign: t.prismaField({
      type: CampaignType,
      resolve: (query, { otherCampaignId }, _args, context, info) =>
        campaignsAt(context, { info, query }).load(otherCampaignId),
    }),
    otherJourneyName: t.exposeString('otherJourneyName', { description: 'The flow of the other campaign.' }),
    separatedBy: t.expose('separatedBy', {
      type: RankingKey,
      description: 'The first ranking key on which the two differ for everybody.',
    }),
    wins: t.exposeBoolean('wins', { description: "True where the campaign's own flow ranks before the other." }),
  }),
})

interface Place {
  info: GraphQLResolveInfo
  /** What is selected of a campaign; the same for all rows of a place in the query. */
  query: object
}

/** The campaigns of all rows of a place in the query, by one statement. */
function campaignsAt(context: Context, { info, query }: Place) {
  const { accountId, db } = context
  return context.memo(
    placeOf(info),
    () =>
      new DataLoader(async (ids: readonly string[]) => {
        const rows = await db.campaign.findMany({ ...query, where: { accountId, id: { in: [...ids] } } })
        const byId = new Map(rows.map((row) => [row.id, row]))
        return ids.map((id) => byId.get(id) ?? new Error(`no campaign ${id}`))
      }),
  )
}

builder.queryField('campaignOverlap', (t) =>
  t.field({
    type: [CampaignOverlapType],
    nullable: true,
    authScopes: { authenticated: true },
    description: `Who else would claim this campaign's events: flows of LIVE and PAUSED campaigns whose windows meet its own, and its own other flows. At most ${maxOverlaps.toLocaleString('en')}, by event name, own flow, and the other campaign of the largest priority first. When in doubt two flows are said to compete: required targets and criteria keep nobody apart for certain.`,
    args: {
      campaignId: t.arg.id({
        required: true,
        description: 'In any state; by its revision in force, a DRAFT by its draft.',
      }),
      eventName: t.arg.string({ description: 'This event alone, in any spelling.' }),
    },
    resolve: (_root, args, context) => campaignOverlap(context, args),
  }),
)
