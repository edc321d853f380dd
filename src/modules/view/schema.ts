// A person seen whole: what they are to the brand, what they did, whom they know, and how far what is known can be trusted.

import { builder } from '../../builder.ts'
import { nodeQuery, rowById } from '../../connections.ts'
import { placeOf } from '../../place.ts'
import { AttributionStatusEnum, WarningCode } from '../attributions/enums.ts'
import { EventType } from '../events/event-type.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import {
  type EngagementOfMonth,
  type EngagementOfYear,
  engagementOfPerson,
  kindOfPerson,
  type Signals,
  signalsOfPerson,
} from './figures.ts'
import { maxDepth, maxPeople, type Network, type NetworkPerson, networkOfPerson } from './network.ts'
import { timelineOfPerson } from './timeline.ts'

const PersonKindEnum = builder.enumType('PersonKind', {
  description: 'What a person is to the brand.',
  values: {
    CONTACT: { description: 'Somebody who neither ordered nor opted in.' },
    SUBSCRIBER: { description: 'Opted in to a channel, and not out since; never ordered.' },
    CUSTOMER: { description: 'Has an order that was not cancelled, whoever told of it.' },
  } as const,
})

const EngagementMonth = builder.objectRef<EngagementOfMonth>('EngagementMonth').implement({
  fields: (t) => ({
    month: t.expose('month', { type: 'DateTime', description: 'When it begins, UTC.' }),
    emailsOpened: t.exposeInt('emailsOpened'),
    emailsClicked: t.exposeInt('emailsClicked'),
    emailsRead: t.exposeInt('emailsRead'),
    pagesViewed: t.exposeInt('pagesViewed'),
  }),
})

const EngagementType = builder.objectRef<EngagementOfYear>('Engagement').implement({
  description:
    'How a person takes part, of the last twelve months and this one: events `email_opened`, `email_clicked`, `email_read` and `page_viewed`.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime' }),
    emailsOpened: t.exposeInt('emailsOpened'),
    emailsClicked: t.exposeInt('emailsClicked'),
    emailsRead: t.exposeInt('emailsRead'),
    pagesViewed: t.exposeInt('pagesViewed'),
    months: t.expose('months', {
      type: [EngagementMonth],
      description: 'The oldest first; months without any are left out.',
    }),
  }),
})

const WarningCount = builder.objectRef<Signals['warnings'][number]>('WarningCount').implement({
  fields: (t) => ({
    code: t.field({
      type: WarningCode,
      resolve: ({ code }) => code as typeof WarningCode.$inferType, // Stored as the decision had it.
    }),
    count: t.exposeInt('count'),
  }),
})

const QualitySignals = builder.objectRef<Signals>('QualitySignals').implement({
  description: 'How the decisions about a person’s events came out, as far as these are kept.',
  fields: (t) => ({
    high: t.exposeInt('high', { description: 'How many were credited without doubt.' }),
    low: t.exposeInt('low', { description: 'How many were credited, and ask to be looked at.' }),
    unattributed: t.exposeInt('unattributed', { description: 'How many nobody was credited for.' }),
    warnings: t.expose('warnings', { type: [WarningCount], description: 'The most frequent first.' }),
  }),
})

const NetworkPersonType = builder.objectRef<NetworkPerson>('NetworkPerson').implement({
  description: 'Somebody of a network.',
  fields: (t) => ({
    profile: t.field({
      type: ProfileType,
      resolve: ({ profileId }, _args, context) => personRow(context, profileId),
    }),
    depth: t.exposeInt('depth', { description: 'How far: 1 is a friend, 2 a friend’s friend.' }),
    through: t.field({
      type: ProfileType,
      description: 'Who is one step nearer and knows them; where there are several, the earliest.',
      resolve: ({ throughId }, _args, context) => personRow(context, throughId),
    }),
  }),
})

const NetworkType = builder.objectRef<Network>('Network').implement({
  description: 'Everybody whom relationships lead to, once, at the least depth.',
  fields: (t) => ({
    people: t.expose('people', { type: [NetworkPersonType], description: 'The nearest first.' }),
    isCut: t.exposeBoolean('isCut', { description: 'True where there are more than were asked for.' }),
  }),
})

const TowardsEnum = builder.enumType('NetworkDirection', {
  description: 'Which way a network is walked.',
  values: {
    FRIENDS: { description: 'To those whom the person brought, and whom these brought.' },
    ADVOCATES: { description: 'To those who brought the person, and who brought these.' },
  } as const,
})

builder.prismaObjectFields(ProfileType, (t) => ({
  kind: t.field({
    ...personal,
    type: PersonKindEnum,
    resolve: ({ id }, _args, context) => kindOfPerson(context, id),
  }),
  engagement: t.field({
    ...personal,
    type: EngagementType,
    resolve: ({ id }, _args, context) => engagementOfPerson(context, id),
  }),
  qualitySignals: t.field({
    ...personal,
    type: QualitySignals,
    resolve: ({ id }, _args, context) => signalsOfPerson(context, id),
  }),
  network: t.field({
    ...personal,
    type: NetworkType,
    description: 'Whom relationships lead to, step by step. Circles end; withdrawn relationships lead nowhere.',
    args: {
      depth: t.arg.int({ defaultValue: 2, required: true, description: `From 1 to ${maxDepth}.` }),
      first: t.arg.int({ defaultValue: 100, required: true, description: `How many people, from 1 to ${maxPeople}.` }),
      towards: t.arg({ type: TowardsEnum, defaultValue: 'FRIENDS', required: true }),
    },
    complexity: ({ first }) => ({ field: 1, multiplier: Math.min(Math.max(first, 1), maxPeople) }),
    resolve: ({ id }, args, context, info) => networkOfPerson(context, { place: placeOf(info), profileId: id }, args),
  }),
}))

const TimelineFilter = builder.inputType('TimelineFilter', {
  description: 'All of them must hold.',
  fields: (t) => ({
    types: t.field({ type: [AttributionStatusEnum], description: 'By what became of the events.' }),
    names: t.stringList({ description: 'Names of events, at most 100, in any spelling.' }),
    from: t.field({ type: 'DateTime', description: 'Inclusive.' }),
    to: t.field({ type: 'DateTime', description: 'Exclusive.' }),
  }),
})

builder.prismaObjectField(ProfileType, 'timeline', (t) =>
  t.connection(
    {
      ...personal,
      type: EventType,
      description:
        'Events with the decisions about them (`attribution`), by when they happened, the newest first; read on by `first` and `after`.',
      args: { filter: t.arg({ type: TimelineFilter }) },
      resolve: async ({ id }, args, context, info) => {
        const asked = { place: placeOf(info), profileId: id }
        const { entries, hasNextPage } = await timelineOfPerson(context, asked, args)
        const query = nodeQuery({ context, info })
        const rows = await Promise.all(
          entries.map(({ eventId }) => rowById(context, { model: 'event', query }, eventId)),
        )
        const edges = entries.flatMap(({ cursor }, i) => (rows[i] ? [{ cursor, node: rows[i] }] : []))
        const [startCursor, endCursor] = [edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null]
        return { edges, pageInfo: { startCursor, endCursor, hasNextPage, hasPreviousPage: args.after != null } }
      },
    },
    { name: 'TimelineConnection' },
    { name: 'TimelineEdge' },
  ),
)
