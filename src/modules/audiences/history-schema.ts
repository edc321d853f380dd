// Who entered and left audiences, as it happens and looking back; how large they were; which ones a person is in.

import { builder } from '../../builder.ts'
import { nestedConnection, rowById } from '../../connections.ts'
import { MembershipCause } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { connectionOf, type Keyset, pageQuery } from '../../keyset.ts'
import { feedKeyset } from '../attributions/cursor.ts'
import { Lagged } from '../attributions/schema.ts'
import { EventType } from '../events/event-type.ts'
import type { MembershipRow } from '../memberships/feed-sql.ts'
import { membersOf, personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { AudienceMemberType, AudienceType } from './schema.ts'
import { type Size, sizesOf } from './sizes.ts'
import { knownAudience, type MembershipUpdate, membershipPlace, subscribeToMembership } from './subscription.ts'

const CauseEnum = builder.enumType(MembershipCause, {
  name: 'MembershipCause',
  description: 'Why somebody entered or left an audience.',
})

const ChangeType = builder.objectRef<MembershipRow>('AudienceChange').implement({
  description: 'Somebody entered or left an audience.',
  fields: (t) => ({
    entered: t.exposeBoolean('entered', { description: 'False: left.' }),
    at: t.expose('at', { type: 'DateTime' }),
    cause: t.field({ type: CauseEnum, resolve: ({ cause }) => cause as MembershipCause }), // The column's own values.
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'The event that caused it, as long as it is kept.',
      resolve: (query, { eventId }, _args, context) =>
        eventId === null ? null : rowById(context, { model: 'event', query }, eventId),
    }),
    ruleVersion: t.exposeInt('ruleVersion', { description: 'Of the audience, by which; 0 of a static one.' }),
    profile: t.field({
      ...personal,
      type: ProfileType,
      resolve: ({ profileId }, _args, context) => personRow(context, profileId),
    }),
    audience: t.prismaField({
      type: AudienceType,
      resolve: (query, { audienceId }, _args, { db, accountId }) =>
        db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
    }),
  }),
})

const UpdateType = builder.objectRef<MembershipUpdate>('AudienceMembershipUpdate').implement({
  description:
    'Neither `change` nor `lagged`: a checkpoint, sent once when the replay has caught up and then at most every 15 s if changes of other audiences passed by, so that a quiet subscriber’s cursor does not grow old.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Where to go on from after this message.' }),
    change: t.expose('told', { type: ChangeType, nullable: true }),
    lagged: t.expose('lagged', { type: Lagged, nullable: true }),
  }),
})

builder.subscriptionField('audienceMembership', (t) =>
  t.field({
    type: UpdateType,
    authScopes: { can: 'PROFILES_READ' },
    description:
      'Who enters and leaves an audience, as it happens; with `after`, first all since that cursor. Nothing is left out or sent twice.',
    args: { audienceId: t.arg.id({ required: true }), after: t.arg.string() },
    subscribe: (_root, args, context) => subscribeToMembership(context, args),
    resolve: (update) => update,
  }),
)

builder.queryField('audienceChanges', (t) =>
  t.connection(
    {
      type: ChangeType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      description:
        'Who entered and left an audience, oldest first, with the cursors of the subscription `audienceMembership`.',
      args: { audienceId: t.arg.id({ required: true }) },
      resolve: async (_root, { audienceId: given, ...args }, context) => {
        const audienceId = await knownAudience(context, given)
        const keyset = feedKeyset<MembershipRow>(await membershipPlace(context, args))
        const { where, orderBy, take } = pageQuery(keyset, args)
        const asked = { where: { accountId: context.accountId, ...where, audienceId }, orderBy, take }
        return connectionOf(keyset, args, await context.db.audienceChange.findMany(asked))
      },
    },
    { name: 'AudienceChangeConnection' },
    { name: 'AudienceChangeEdge' },
  ),
)

const SizeType = builder.objectRef<Size>('AudienceSize').implement({
  description: 'An audience in an hour or on a day.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime' }),
    members: t.exposeInt('members', { description: 'How many were in it at the end.' }),
    entered: t.exposeInt('entered'),
    left: t.exposeInt('left'),
  }),
})

const SizeStepEnum = builder.enumType('AudienceSizeStep', {
  description: 'How long each part of a history of sizes is; days are those of UTC.',
  values: ['HOUR', 'DAY'] as const,
})

builder.prismaObjectFields(AudienceType, (t) => ({
  sizes: t.field({
    type: [SizeType],
    nullable: true,
    select: { id: true },
    description:
      'How its size changed: every part of the span in which somebody entered or left, oldest first; at most 1,000.',
    args: {
      from: t.arg({ type: 'DateTime', required: true }),
      to: t.arg({ type: 'DateTime', description: 'Exclusive; default: now.' }),
      by: t.arg({ type: SizeStepEnum, defaultValue: 'DAY' }),
    },
    resolve: ({ id }, { from, to, by }, context) =>
      sizesOf(context, id, { from, to: to ?? context.now, step: by ?? 'DAY' }),
  }),
}))

interface Seat {
  accountId: string
  audienceId: string
  profileId: string
}

const byAudienceId = (accountId: string): Keyset<Seat> => ({
  tag: 'profile-audience',
  accountId,
  column: 'audienceId',
  keyOf: ({ audienceId }) => audienceId,
  valueOf: (key) => key,
})

builder.prismaObjectFields(ProfileType, (t) => ({
  audiences: t.connection(
    {
      ...personal,
      type: AudienceMemberType,
      description: 'The audiences that the person is in, and since when, in the order of their creation.',
      resolve: async ({ id }, args, context, info) =>
        nestedConnection(
          byAudienceId(context.accountId),
          { args, context, info },
          {
            parent: 'profile',
            relation: 'memberships',
            members: await membersOf(context, id),
            where: { audience: { archivedAt: null } },
          },
        ),
    },
    { name: 'ProfileAudienceConnection' },
    { name: 'ProfileAudienceEdge' },
  ),
}))
