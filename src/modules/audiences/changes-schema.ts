// What callers do to audiences: make, change and archive them, put people in and take them out.

import { builder } from '../../builder.ts'
import { nodeKey } from '../../ids.ts'
import { ProfileKeyInput, ProfileRefInput } from '../profiles/inputs.ts'
import { RuleInput } from '../programs/rule-input.ts'
import { ensureBuiltInAudience } from './built-in.ts'
import { addToAudience, removeFromAudience, replaceAudienceMembers } from './members.ts'
import { AudienceType, BuiltInEnum } from './schema.ts'
import { archiveAudience, createAudience, updateAudience } from './service.ts'

const writing = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const
const ruled =
  'At most 200 conditions. They are asked as of now; there is no event whose data could be asked for. Audiences may ask about audiences, without circles.'

builder.relayMutationField(
  'createAudience',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the account; 1 to 200 characters.' }),
      rule: t.field({
        type: RuleInput,
        description: `Makes it dynamic: its members are whom the rule holds for, at any time. ${ruled}`,
      }),
    }),
  },
  {
    ...writing,
    description:
      'Makes an audience: without a rule an empty one, to which people are added; with a rule one that has its members already, unless there are so many people that this takes some seconds more (`isFilling`).',
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
  'ensureBuiltInAudience',
  { inputFields: (t) => ({ kind: t.field({ type: BuiltInEnum, required: true }) }) },
  {
    ...writing,
    description:
      'The audience of that kind, made when it is first asked for, with its members; its rule is the same in every account.',
    resolve: async (_root, { input }, context) => ({ audienceId: await ensureBuiltInAudience(context, input) }),
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
  'updateAudience',
  {
    inputFields: (t) => ({
      audienceId: t.id({ required: true }),
      name: t.string({ description: 'Unique in the account; 1 to 200 characters.' }),
      rule: t.field({ type: RuleInput, description: `Of a dynamic audience. ${ruled}` }),
    }),
  },
  {
    ...writing,
    description: 'Renames an audience, or gives a dynamic one another rule, by which people enter and leave at once.',
    resolve: async (_root, { input }, context) => ({ audienceId: await updateAudience(context, input) }),
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
  'archiveAudience',
  { inputFields: (t) => ({ audienceId: t.id({ required: true }) }) },
  {
    ...writing,
    description:
      'Takes an audience out of use: it is listed no more and keeps the members of this moment. Refused while a campaign or another audience asks about it.',
    resolve: async (_root, { input }, context) => ({ audienceId: await archiveAudience(context, input) }),
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
    ...writing,
    description: 'Puts people into a static audience: all of them, or none where one reference is at fault.',
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

builder.relayMutationField(
  'removeFromAudience',
  {
    inputFields: (t) => ({
      audienceId: t.id({ required: true }),
      profiles: t.field({
        type: [ProfileKeyInput],
        required: true,
        description: 'At most 1,000; who is not in it, or not known, is passed over.',
      }),
    }),
  },
  {
    ...writing,
    description: 'Takes people out of a static audience.',
    resolve: (_root, { input }, context) => removeFromAudience(context, input),
  },
  {
    outputFields: (t) => ({
      audience: t.prismaField({
        type: AudienceType,
        resolve: (query, { audienceId }, _args, { db, accountId }) =>
          db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
      }),
      removed: t.exposeInt('removed', { description: 'How many people left.' }),
    }),
  },
)

builder.relayMutationField(
  'replaceAudienceMembers',
  {
    inputFields: (t) => ({
      audienceId: t.id({ required: true }),
      profiles: t.field({
        type: [ProfileRefInput],
        required: true,
        description: 'At most 5,000, of an audience of no more; found, or created where nobody is known by it.',
      }),
    }),
  },
  {
    ...writing,
    description:
      'Makes the people the only members of a static audience, at once: nobody ever sees it half done. Who stays is not touched.',
    resolve: (_root, { input }, context) => replaceAudienceMembers(context, input),
  },
  {
    outputFields: (t) => ({
      audience: t.prismaField({
        type: AudienceType,
        resolve: (query, { audienceId }, _args, { db, accountId }) =>
          db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
      }),
      added: t.exposeInt('added', { description: 'How many of them were not in it before.' }),
      removed: t.exposeInt('removed', { description: 'How many others left.' }),
      created: t.exposeInt('created', { description: 'How many of them nobody knew before.' }),
    }),
  },
)
