// How a campaign goes live, rests and ends, and how its drafts are published.

import { builder } from '../../builder.ts'
import { nodeKey } from '../../ids.ts'
import { CampaignStateEnum } from './enums.ts'
import { changeCampaignState, discardDraft, publishCampaign } from './life.ts'
import { accidentalOverlap } from './overlap.ts'
import { CampaignOverlapType } from './overlap-schema.ts'
import { CampaignType } from './types.ts'

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

const warnings =
  'Flows that compete with those of this campaign and that nothing but an id separates; give them priorities.'

builder.relayMutationField(
  'changeCampaignState',
  {
    inputFields: (t) => ({
      campaignId: t.id({ required: true }),
      state: t.field({ type: CampaignStateEnum, required: true }),
    }),
  },
  {
    ...guarded,
    description:
      'Moves a campaign: DRAFT to LIVE or ARCHIVED, LIVE to PAUSED and back, either to ENDED or STOPPED, and those to ARCHIVED; CONFLICT for any other move. It counts for every event decided from then on. Going LIVE for the first time publishes its draft; going LIVE again from PAUSED publishes nothing: a draft revision waits for `publishCampaign`.',
    resolve: async (_root, { input }, context) => ({
      campaignId: await changeCampaignState(context, input),
      isLive: input.state === 'LIVE',
    }),
  },
  {
    outputFields: (t) => ({
      campaign: t.prismaField({
        type: CampaignType,
        resolve: (query, { campaignId }, _args, { db, accountId }) =>
          db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(campaignId, accountId) }),
      }),
      warnings: t.field({
        type: [CampaignOverlapType],
        description: `Where it went LIVE. ${warnings}`,
        resolve: ({ campaignId, isLive }, _args, context) => (isLive ? accidentalOverlap(context, campaignId) : []),
      }),
    }),
  },
)

builder.relayMutationField(
  'publishCampaign',
  { inputFields: (t) => ({ campaignId: t.id({ required: true }) }) },
  {
    ...guarded,
    description:
      'Publishes the draft revision of a LIVE or PAUSED campaign: it counts for every event decided from then on, and never changes again. CONFLICT where there is none, and in any other state.',
    resolve: async (_root, { input }, context) => ({ campaignId: await publishCampaign(context, input) }),
  },
  {
    outputFields: (t) => ({
      campaign: t.prismaField({
        type: CampaignType,
        resolve: (query, { campaignId }, _args, { db, accountId }) =>
          db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(campaignId, accountId) }),
      }),
      warnings: t.field({
        type: [CampaignOverlapType],
        description: warnings,
        resolve: ({ campaignId }, _args, context) => accidentalOverlap(context, campaignId),
      }),
    }),
  },
)

builder.relayMutationField(
  'discardDraft',
  { inputFields: (t) => ({ campaignId: t.id({ required: true }) }) },
  {
    ...guarded,
    description:
      'Removes the draft revision of a campaign that was published before. CONFLICT where there is none, and for a campaign whose draft is all there is.',
    resolve: async (_root, { input }, context) => ({ campaignId: await discardDraft(context, input) }),
  },
  {
    outputFields: (t) => ({
      campaign: t.prismaField({
        type: CampaignType,
        resolve: (query, { campaignId }, _args, { db, accountId }) =>
          db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(campaignId, accountId) }),
      }),
    }),
  },
)
