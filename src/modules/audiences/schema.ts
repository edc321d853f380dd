// Audiences: named sets of people that rules can ask about.

import { builder } from '../../builder.ts'
import { nestedConnection, rootConnection } from '../../connections.ts'
import { nodeKey } from '../../ids.ts'
import { byId, byProfileId } from '../../keyset.ts'
import { ProfileRefInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { addToAudience, createAudience } from './service.ts'

const AudienceMemberType = builder.prismaObject('AudienceMember', {
  select: { accountId: true, audienceId: true, profileId: true },
  fields: (t) => ({
    profile: t.field({ type: ProfileType, resolve: ({ profileId }, _args, context) => personRow(context, profileId) }),
    since: t.expose('since', { type: 'DateTime' }),
  }),
})

interface MemberNode {
  accountId: string
  audienceId: string
  profileId: string
}

export const AudienceType = builder.prismaNode('Audience', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name'),
    memberCount: t.relationCount('members', {
      description: 'How many profiles are in it; profiles that were merged count as they were added.',
    }),
    members: t.connection(
      {
        ...personal,
        type: AudienceMemberType,
        description: "Its people, in the order of their profiles' creation.",
        resolve: ({ id }, args, context, info) =>
          nestedConnection(
            byProfileId<MemberNode>('audience-member', context.accountId),
            { args, context, info },
            { parent: 'audience', relation: 'members', members: [id] },
          ),
      },
      { name: 'AudienceMemberConnection' },
      { name: 'AudienceMemberEdge' },
    ),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.queryFields((t) => ({
  audiences: t.connection(
    {
      type: AudienceType,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'All audiences, in the order of creation.',
      resolve: (_root, args, context, info) =>
        rootConnection(byId('audience', context.accountId), { args, context, info }, (query) =>
          context.db.audience.findMany(query),
        ),
    },
    { name: 'AudienceConnection' },
    { name: 'AudienceEdge' },
  ),
}))

builder.relayMutationField(
  'createAudience',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the account; 1 to 200 characters.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description: 'Makes an empty audience, to which people are added one by one or in lists.',
    resolve: async (_root, { input }, context) => ({ audienceId: await createAudience(context, input) }),
  },
  {
    outputFields: (t) => ({
      audience: t.prismaField({
        type: AudienceType,
        resolve: (query, { audienceId }, _args, { db, accountId }) =>
          db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'addToAudience',
  {
    inputFields: (t) => ({
      audienceId: t.id({ required: true }),
      profiles: t.field({
        type: [ProfileRefInput],
        required: true,
        description: 'At most 1,000; found, or created where nobody is known by it.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description: 'Puts people into an audience: all of them, or none where one reference is at fault.',
    resolve: (_root, { input }, context) => addToAudience(context, input),
  },
  {
    outputFields: (t) => ({
      audience: t.prismaField({
        type: AudienceType,
        resolve: (query, { audienceId }, _args, { db, accountId }) =>
          db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
      }),
      added: t.exposeInt('added', { description: 'How many of them were not in it before.' }),
      created: t.exposeInt('created', { description: 'How many of them nobody knew before.' }),
    }),
  },
)
