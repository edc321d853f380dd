// What callers ask about programs and campaigns, and how they write them.

import { builder } from '../../builder.ts'
import { nestedConnection, rootConnection } from '../../connections.ts'
import type { CampaignState } from '../../generated/prisma/client.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { CampaignStateEnum } from './enums.ts'
import { CampaignContentInput, JourneyDefinitionInput, RequiredTargetInput } from './inputs.ts'
import { createCampaign, createProgram, updateCampaign, updateProgram } from './service.ts'
import { CampaignType, ProgramType } from './types.ts'

export { CampaignType, ProgramType } from './types.ts'

const CampaignEdge = builder.edgeObject({ type: CampaignType, name: 'CampaignEdge' })
const CampaignConnection = builder.connectionObject({ type: CampaignType, name: 'CampaignConnection' }, CampaignEdge)

builder.prismaObjectField(ProgramType, 'campaigns', (t) =>
  t.connection(
    {
      type: CampaignType,
      description: 'In the order of creation.',
      resolve: ({ id }, args, context, info) =>
        nestedConnection(
          byId('program-campaign', context.accountId),
          { args, context, info },
          { parent: 'program', relation: 'campaigns', members: [id] },
        ),
    },
    CampaignConnection,
    CampaignEdge,
  ),
)

const CampaignFilter = builder.inputType('CampaignFilter', {
  description: 'Which campaigns: those that meet every condition given.',
  fields: (t) => ({
    programId: t.id({ description: 'Those of this program.' }),
    states: t.field({ type: [CampaignStateEnum], description: 'Those in one of these states.' }),
  }),
})

interface Filter {
  programId?: string | number | null
  states?: CampaignState[] | null
}

const conditions = ({ programId, states }: Filter) => ({
  ...(programId == null ? {} : { programId: idInput('Program', programId, 'filter.programId') }),
  ...(states ? { state: { in: states } } : {}),
})

builder.queryFields((t) => ({
  programs: t.connection(
    {
      type: ProgramType,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'All programs, in the order of creation.',
      resolve: (_root, args, context, info) =>
        rootConnection(byId('program', context.accountId), { args, context, info }, (query) =>
          context.db.program.findMany(query),
        ),
    },
    { name: 'ProgramConnection' },
    { name: 'ProgramEdge' },
  ),
  campaigns: t.connection(
    {
      type: CampaignType,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'Campaigns, in the order of creation.',
      args: { filter: t.arg({ type: CampaignFilter }) },
      resolve: (_root, { filter, ...args }, context, info) =>
        rootConnection(byId('campaign', context.accountId), { args, context, info }, (query) =>
          context.db.campaign.findMany({ ...query, where: { ...query.where, ...conditions(filter ?? {}) } }),
        ),
    },
    CampaignConnection,
    CampaignEdge,
  ),
}))

const descriptions = {
  content: 'What its journeys show, at most 100 pieces; of a zone and a journey there is one.',
  warnings: 'What was left out, since the definitions of fields do not allow it.',
}

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.relayMutationField(
  'createProgram',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the account; 1 to 200 characters.' }),
      labels: t.stringList({ description: 'Each unique in the account, whatever its case; at most 100.' }),
      lookbackDays: t.int({
        defaultValue: 365,
        description: 'For how many days after its latest evidence a relationship is usable; 1 to 3,650.',
      }),
      allowMutualReferral: t.boolean({
        defaultValue: false,
        description: 'Two people may refer each other without loss of quality.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Makes a program.',
    resolve: async (_root, { input }, context) => ({ programId: await createProgram(context, input) }),
  },
  {
    outputFields: (t) => ({
      program: t.prismaField({
        type: ProgramType,
        resolve: (query, { programId }, _args, { db, accountId }) =>
          db.program.findUniqueOrThrow({ ...query, where: nodeKey(programId, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'createCampaign',
  {
    inputFields: (t) => ({
      programId: t.id({ required: true }),
      name: t.string({ required: true, description: 'Unique in the account; 1 to 200 characters.' }),
      startsAt: t.field({ type: 'DateTime', description: 'Its window begins; default: always began.' }),
      endsAt: t.field({ type: 'DateTime', description: 'Its window ends, exclusive; default: never.' }),
      requiredTargets: t.field({
        type: [RequiredTargetInput],
        description:
          'What an event must carry for the campaign to be considered: one of each kind named here; at most 20.',
      }),
      journeys: t.field({
        type: [JourneyDefinitionInput],
        required: true,
        description: 'Its journey definitions, 1 to 50.',
      }),
      content: t.field({ type: [CampaignContentInput], description: descriptions.content }),
      fields: t.field({
        type: 'JSONObject',
        description: 'Values of the CAMPAIGN fields, by name; what has a default and is missing gets it.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Makes a campaign, as a DRAFT.',
    resolve: (_root, { input }, context) => createCampaign(context, input),
  },
  {
    outputFields: (t) => ({
      fieldWarnings: t.field({
        type: [FieldWarning],
        description: descriptions.warnings,
        resolve: ({ warnings }) => [...warnings],
      }),
      campaign: t.prismaField({
        type: CampaignType,
        resolve: (query, { campaignId }, _args, { db, accountId }) =>
          db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(campaignId, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'updateProgram',
  {
    inputFields: (t) => ({
      programId: t.id({ required: true }),
      name: t.string({ description: 'Unique in the account; 1 to 200 characters.' }),
      labels: t.stringList({ description: 'In place of those that it has; at most 100.' }),
      lookbackDays: t.int({ description: '1 to 3,650.' }),
      allowMutualReferral: t.boolean(),
    }),
  },
  {
    ...guarded,
    description: 'Changes a program: what is given. It counts for every event decided from then on.',
    resolve: async (_root, { input }, context) => ({ programId: await updateProgram(context, input) }),
  },
  {
    outputFields: (t) => ({
      program: t.prismaField({
        type: ProgramType,
        resolve: (query, { programId }, _args, { db, accountId }) =>
          db.program.findUniqueOrThrow({ ...query, where: nodeKey(programId, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'updateCampaign',
  {
    inputFields: (t) => ({
      campaignId: t.id({ required: true }),
      name: t.string({ description: 'Unique in the account; 1 to 200 characters. It is no part of a revision.' }),
      startsAt: t.field({ type: 'DateTime', description: 'Null: always began.' }),
      endsAt: t.field({ type: 'DateTime', description: 'Exclusive; null: never.' }),
      requiredTargets: t.field({ type: [RequiredTargetInput], description: 'In place of those that it has.' }),
      journeys: t.field({ type: [JourneyDefinitionInput], description: 'In place of those that it has, 1 to 50.' }),
      content: t.field({ type: [CampaignContentInput], description: descriptions.content }),
      fields: t.field({
        type: 'JSONObject',
        description: 'Values of the CAMPAIGN fields to set, by name; null removes one. They are no part of a revision.',
      }),
    }),
  },
  {
    ...guarded,
    description:
      'Changes a campaign: what is given. Of a DRAFT, its draft. Of a LIVE or PAUSED one the changes gather in a draft revision, which counts from `publishCampaign` on; only a new name counts at once. CONFLICT in any other state.',
    resolve: (_root, { input }, context) => updateCampaign(context, input),
  },
  {
    outputFields: (t) => ({
      fieldWarnings: t.field({
        type: [FieldWarning],
        description: descriptions.warnings,
        resolve: ({ warnings }) => [...warnings],
      }),
      campaign: t.prismaField({
        type: CampaignType,
        resolve: (query, { campaignId }, _args, { db, accountId }) =>
          db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(campaignId, accountId) }),
      }),
    }),
  },
)
