// Pairs of people who may be one: listing them, and saying that they are two.

import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import { MergeCandidateSource, MergeCandidateState } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { dismissMergeCandidate } from './candidates.ts'
import { findMergeCandidates } from './finder.ts'

const StateEnum = builder.enumType(MergeCandidateState, {
  name: 'MergeCandidateState',
  description: 'OPEN until somebody decides; ACCEPTED by `mergeProfiles`; DISMISSED pairs are not found again.',
})

const SourceEnum = builder.enumType(MergeCandidateSource, {
  name: 'MergeCandidateSource',
  description:
    'EVENT: somebody came with identifiers of both. FINDER: `findMergeCandidates` found them alike. UNDONE_MERGE: they were one, and somebody undid that.',
})

const MergeCandidateType = builder.prismaNode('MergeCandidate', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { can: 'PROFILES_READ' },
  description: 'Two people who may be one.',
  fields: (t) => ({
    first: t.field({
      ...personal,
      type: ProfileType,
      select: { firstId: true },
      description: 'As they are now: after a merge the same person as the second.',
      resolve: ({ firstId }, _args, context) => personRow(context, firstId),
    }),
    second: t.field({
      ...personal,
      type: ProfileType,
      select: { secondId: true },
      resolve: ({ secondId }, _args, context) => personRow(context, secondId),
    }),
    state: t.expose('state', { type: StateEnum }),
    source: t.expose('source', { type: SourceEnum }),
    score: t.exposeFloat('score', {
      nullable: true,
      description: 'How probable it is that they are one, from 0 to 1; null where an event showed them.',
    }),
    reasons: t.exposeStringList('reasons', {
      description:
        'What they have in common: kinds of identifiers, or names of what the finder compared; nothing where a merge was undone.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.queryField('mergeCandidates', (t) =>
  t.connection(
    {
      type: MergeCandidateType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      description: 'In the order in which they were found. Default: those that are OPEN.',
      args: { state: t.arg({ type: StateEnum, defaultValue: 'OPEN', required: true }) },
      resolve: (_root, { state, ...args }, context, info) =>
        rootConnection(byId(`merge-candidate-${state}`, context.accountId), { args, context, info }, (query) =>
          context.db.mergeCandidate.findMany({
            ...query,
            where: { ...query.where, accountId: context.accountId, state },
          }),
        ),
    },
    { name: 'MergeCandidateConnection' },
    { name: 'MergeCandidateEdge' },
  ),
)

builder.relayMutationField(
  'dismissMergeCandidate',
  { inputFields: (t) => ({ mergeCandidateId: t.id({ required: true }) }) },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Says that they are two people: the pair is not found again. CONFLICT for one that was accepted.',
    resolve: async (_root, { input }, context) => ({ id: await dismissMergeCandidate(context, input) }),
  },
  {
    outputFields: (t) => ({
      mergeCandidate: t.prismaField({
        type: MergeCandidateType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.mergeCandidate.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'findMergeCandidates',
  {
    inputFields: (t) => ({
      after: t.id({
        description: 'Goes on after this profile: the `next` of the call before. Default: from the first.',
      }),
      first: t.int({ description: 'How many people to look at, 1 to 10,000. Default: 2,000.' }),
      minScore: t.float({ description: 'Pairs below it are not noted. Default: 0.8.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description:
      'Looks for people who may be one, page by page: call it with `next` until that is null. People are compared with those who share an e-mail address, a phone number, or parts of name, address and date of birth in any spelling; fields are read by their usual names (`firstName`, `last_name`, `address { street city zip }`, `birthDate`). Pairs that are known stay as they are. Done again, it sees what has changed.',
    resolve: (_root, { input }, context) => findMergeCandidates(context, input),
  },
  {
    outputFields: (t) => ({
      seen: t.exposeInt('seen', { description: 'People looked at.' }),
      compared: t.exposeInt('compared', { description: 'Pairs compared.' }),
      found: t.exposeInt('found', { description: 'Candidates that were not known.' }),
      next: t.exposeID('next', { nullable: true, description: 'Null: that were all.' }),
    }),
  },
)
