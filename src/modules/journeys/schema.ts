// The type Journey, and a person's journeys.

import { builder } from '../../builder.ts'
import { nestedConnection, rowById } from '../../connections.ts'
import type { DecidedBy, JourneyState, JourneyStepKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { DecidedByEnum } from '../attributions/enums.ts'
import { EventType } from '../events/event-type.ts'
import { shownText } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { campaignColumns, campaignRow } from '../programs/campaign-row.ts'
import { JourneyRoleEnum } from '../programs/enums.ts'
import { isActive } from './activity.ts'
import { findJourneyPages, journeyColumns } from './list-sql.ts'

const JourneyStateEnum = builder.enumType('JourneyState', {
  description: 'What was written down of a journey; `isActive` says whether the person is on it now.',
  values: {
    ACTIVE: { description: 'Neither left nor withdrawn; it may have run out without anybody noting it.' },
    EXITED: { description: 'Its ongoing criteria failed, or its inactivity limit had passed when the next one began.' },
    WITHDRAWN: { description: 'The only events credited to it were credited elsewhere since.' },
  } as const satisfies { [state in JourneyState]: object },
})

const JourneyStepKindEnum = builder.enumType('JourneyStepKind', {
  description: 'What an event did to a journey.',
  values: {
    ENTERED: { description: 'It began, and was credited with the event.' },
    CREDITED: { description: 'It was credited with the event.' },
    RESUMED: { description: 'Left before, it was taken up again and credited.' },
    ADVANCED: { description: 'It saw the event without credit: another flow of its campaign took it.' },
    EXITED: { description: 'Its ongoing criteria failed.' },
    EXPIRED: { description: 'Its inactivity limit had passed.' },
    WITHDRAWN: { description: 'The event was credited elsewhere since.' },
  } as const satisfies { [kind in JourneyStepKind]: object },
})

interface Touch {
  eventId: string
  at: Date
  reason: DecidedBy | null
  code: string | null
  shareId: string | null
}

const JourneyTouch = builder.objectRef<Touch>('JourneyTouch').implement({
  description: 'An event that was credited to a journey, and what brought it there.',
  fields: (t) => ({
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'Null where it is no longer kept.',
      resolve: (query, { eventId }, _args, context) => rowById(context, { model: 'event', query }, eventId),
    }),
    at: t.expose('at', { type: 'DateTime', description: "The event's effective time." }),
    reason: t.expose('reason', {
      type: DecidedByEnum,
      nullable: true,
      description: 'What decided it; null where that is not known any more.',
    }),
    code: t.exposeString('code', { nullable: true, description: 'The coupon or advocate code that came with it.' }),
    shareId: t.exposeString('shareId', { nullable: true, description: 'The share that came with it.' }),
  }),
})

const JourneyStepType = builder.prismaNode('JourneyStep', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    kind: t.expose('kind', { type: JourneyStepKindEnum }),
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'Null where it is no longer kept.',
      select: { eventId: true },
      resolve: (query, { eventId }, _args, context) => rowById(context, { model: 'event', query }, eventId),
    }),
    eventName: t.exposeString('eventName', { description: 'In snake case.' }),
    at: t.expose('at', { type: 'DateTime' }),
  }),
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
    key: t.string({
      nullable: true,
      select: { key: true },
      resolve: ({ key }, _args, context, info) => shownText(context, info, key),
      description:
        'What keeps journeys of one definition apart; empty where it has no key, null to keys without PII_READ where it holds an address.',
    }),
    relationship: t.relation('relationship', { nullable: true, description: 'Of a FRIEND journey.' }),
    state: t.expose('state', { type: JourneyStateEnum }),
    isActive: t.boolean({
      description:
        'Whether the person is on it now: neither left nor withdrawn, and within the inactivity limit of its definition in force.',
      select: {
        campaignId: true,
        definition: true,
        state: true,
        startedAt: true,
        lastActivityAt: true,
        exitedAt: true,
      },
      resolve: (journey, _args, context) => isActive(context, journey),
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'Of the latest event credited to it.',
    }),
    exitedAt: t.expose('exitedAt', { type: 'DateTime', nullable: true }),
    entry: t.field({
      type: JourneyTouch,
      description: 'The event that began it.',
      select: { startedAt: true, entryEventId: true, entryReason: true, entryCode: true, entryShareId: true },
      resolve: (row) => ({
        eventId: row.entryEventId,
        at: row.startedAt,
        reason: row.entryReason,
        code: row.entryCode,
        shareId: row.entryShareId,
      }),
    }),
    latest: t.field({
      type: JourneyTouch,
      description: 'The latest event credited to it.',
      select: { lastActivityAt: true, latestEventId: true, latestReason: true, latestCode: true, latestShareId: true },
      resolve: (row) => ({
        eventId: row.latestEventId,
        at: row.lastActivityAt,
        reason: row.latestReason,
        code: row.latestCode,
        shareId: row.latestShareId,
      }),
    }),
    steps: t.connection(
      {
        type: JourneyStepType,
        description: 'All that events did to it, in the order in which they were taken in.',
        resolve: ({ id }, args, context, info) =>
          nestedConnection(
            byId('steps', context.accountId),
            { args, context, info },
            { parent: 'journey', relation: 'steps', members: [id] },
          ),
      },
      { name: 'JourneyStepConnection' },
      { name: 'JourneyStepEdge' },
    ),
  }),
})

builder.prismaObjectField(ProfileType, 'journeys', (t) =>
  t.connection(
    {
      ...personal,
      type: JourneyType,
      description: 'In the order in which they began to be known.',
      resolve: personList('journeys', {
        statement: {
          columns: journeyColumns,
          parent: 'profileId',
          related: { campaign: { columns: campaignColumns, key: 'campaignId', load: campaignRow } },
          find: findJourneyPages,
        },
      }),
    },
    { name: 'JourneyConnection' },
    { name: 'JourneyEdge' },
  ),
)
