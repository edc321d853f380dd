// The type Journey, and a person's journeys.

import { builder } from '../../builder.ts'
import { JourneyState } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { JourneyRoleEnum } from '../programs/enums.ts'

const JourneyStateEnum = builder.enumType(JourneyState, {
  name: 'JourneyState',
  description: 'Whether a person is still inside a journey.',
})

export const JourneyType = builder.prismaNode('Journey', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    profile: t.field({
      type: ProfileType,
      select: { profileId: true },
      resolve: ({ profileId }, _args, context) => personRow(context, profileId),
    }),
    campaign: t.relation('campaign'),
    name: t.exposeString('definition', { description: 'The name of the journey definition.' }),
    role: t.expose('role', { type: JourneyRoleEnum }),
    key: t.exposeString('key', {
      description: 'What keeps journeys of one definition apart; empty where it has no key.',
    }),
    relationship: t.relation('relationship', { nullable: true, description: 'Of a FRIEND journey.' }),
    state: t.expose('state', { type: JourneyStateEnum }),
    startedAt: t.expose('startedAt', { type: 'DateTime' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'Of the latest event credited to it.',
    }),
    exitedAt: t.expose('exitedAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.prismaObjectField(ProfileType, 'journeys', (t) =>
  t.connection(
    {
      ...personal,
      type: JourneyType,
      description: 'In the order in which they began to be known.',
      resolve: personList('journeys'),
    },
    { name: 'JourneyConnection' },
    { name: 'JourneyEdge' },
  ),
)
