// Audiences: named sets of people that rules can ask about.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import { nestedConnection, rootConnection } from '../../connections.ts'
import { BuiltInAudience } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId, byProfileId } from '../../keyset.ts'
import type { Json } from '../../scalars.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'

/** Of one audience that are told. */
const maxVersions = 100

builder.prismaObject('AudienceVersion', {
  select: { accountId: true },
  fields: (t) => ({
    number: t.exposeInt('number', { description: '1 is its first rule.' }),
    rule: t.field({
      type: 'JSON',
      select: { rule: true },
      description: 'As `RuleInput` takes it.',
      resolve: ({ rule }) => rule as Json, // Stored by this API, as JSON.
    }),
    since: t.expose('since', { type: 'DateTime' }),
  }),
})

export const BuiltInEnum = builder.enumType(BuiltInAudience, {
  name: 'BuiltInAudience',
  description: 'An audience whose rule is the same in every account.',
})

const AudienceKindEnum = builder.enumType('AudienceKind', {
  description: 'How an audience gets its members.',
  values: {
    STATIC: { description: 'They are put into it, and taken out.' },
    DYNAMIC: { description: 'They are whom its rule holds for, at any time.' },
  } as const,
})

export const AudienceMemberType = builder.prismaObject('AudienceMember', {
  select: { accountId: true, audienceId: true, profileId: true },
  fields: (t) => ({
    profile: t.field({ type: ProfileType, resolve: ({ profileId }, _args, context) => personRow(context, profileId) }),
    audience: t.relation('audience'),
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
  authScopes: { canAny: setupReaders },
  fields: (t) => ({
    name: t.exposeString('name'),
    kind: t.field({
      type: AudienceKindEnum,
      select: { ruleVersion: true },
      resolve: ({ ruleVersion }) => (ruleVersion > 0 ? ('DYNAMIC' as const) : ('STATIC' as const)),
    }),
    rule: t.field({
      type: 'JSON',
      nullable: true,
      select: { rule: true },
      description: 'Of a dynamic audience the rule in force, as `RuleInput` takes it.',
      resolve: ({ rule }) => rule as Json, // Stored by this API, as JSON.
    }),
    version: t.exposeInt('ruleVersion', { description: 'How many rules it has had; 0 for a static one.' }),
    versions: t.relation('versions', {
      query: { orderBy: { number: 'desc' }, take: maxVersions },
      description: `Its rules, the newest first; at most ${maxVersions}.`,
    }),
    isFilling: t.boolean({
      select: { ruleVersion: true, filledVersion: true },
      description: 'Its rule changed a moment ago, and not everybody has been looked at yet.',
      resolve: ({ ruleVersion, filledVersion }) => filledVersion < ruleVersion,
    }),
    builtIn: t.expose('builtIn', { type: BuiltInEnum, nullable: true }),
    archivedAt: t.expose('archivedAt', { type: 'DateTime', nullable: true }),
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

type OutputOf<Shape> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Shape>

/** The audience that a payload is about. */
export const audienceField = <Shape extends { audienceId: string }>(t: OutputOf<Shape>) =>
  t.prismaField({
    type: AudienceType,
    resolve: (query, { audienceId }, _args, { db, accountId }) =>
      db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
  })

builder.queryFields((t) => ({
  audiences: t.connection(
    {
      type: AudienceType,
      nullable: true,
      authScopes: { canAny: setupReaders },
      description: 'All audiences that are not archived, in the order of creation.',
      resolve: (_root, args, context, info) =>
        rootConnection(byId('audience', context.accountId), { args, context, info }, ({ where, ...query }) =>
          context.db.audience.findMany({
            ...query,
            where: { accountId: context.accountId, ...where, archivedAt: null },
          }),
        ),
    },
    { name: 'AudienceConnection' },
    { name: 'AudienceEdge' },
  ),
}))
