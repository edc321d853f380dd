// What callers ask and say about event names: what is known of them, and other spellings.

import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import { byName } from '../../keyset.ts'
import { createEventTypeAlias, setEventType } from './event-names.ts'

const EventTypeType = builder.prismaObject('EventType', {
  findUnique: ({ accountId, name }) => ({ accountId_name: { accountId, name } }),
  select: { accountId: true, name: true },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Folded.' }),
    followsTransaction: t.exposeBoolean('followsTransaction', {
      description:
        'Its events follow an earlier one of the same transaction (refund, cancellation, shipment) and inherit that one’s decision.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.queryField('eventTypes', (t) =>
  t.connection(
    {
      type: EventTypeType,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'The event names of which something was said, in the order of their names.',
      resolve: (_root, args, context, info) =>
        rootConnection(byName('event-type', context.accountId), { args, context, info }, (query) =>
          context.db.eventType.findMany(query),
        ),
    },
    { name: 'EventTypeConnection' },
    { name: 'EventTypeEdge' },
  ),
)

const EventTypeAlias = builder.prismaObject('EventTypeAlias', {
  fields: (t) => ({
    alias: t.exposeString('alias', { description: 'The other spelling, folded.' }),
    name: t.exposeString('name', { description: 'The event name that it stands for, folded.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.relayMutationField(
  'setEventType',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'In any spelling that folds to the same name; no alias.' }),
      followsTransaction: t.boolean({
        required: true,
        description:
          'Its events inherit the decision of the earliest event of another kind with the same transaction id: `transaction_id` in the data, else `order_id`.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Says what is known of an event name, in place of what was said before.',
    resolve: async (_root, { input }, context) => ({ name: await setEventType(context, input) }),
  },
  {
    outputFields: (t) => ({
      eventType: t.prismaField({
        type: EventTypeType,
        resolve: (query, { name }, _args, { db, accountId }) =>
          db.eventType.findUniqueOrThrow({ ...query, where: { accountId_name: { accountId, name } } }),
      }),
    }),
  },
)

builder.relayMutationField(
  'createEventTypeAlias',
  {
    inputFields: (t) => ({
      alias: t.string({ required: true, description: 'How some senders spell the name; 1 to 100 characters.' }),
      name: t.string({ required: true, description: 'The name that campaigns use; no alias itself.' }),
    }),
  },
  {
    ...guarded,
    description:
      'Makes another spelling of an event name. CONFLICT for one that a campaign names which is not over: its events would go by another name.',
    resolve: async (_root, { input }, context) => ({ alias: await createEventTypeAlias(context, input) }),
  },
  {
    outputFields: (t) => ({
      eventTypeAlias: t.prismaField({
        type: EventTypeAlias,
        resolve: (query, { alias }, _args, { db, accountId }) =>
          db.eventTypeAlias.findUniqueOrThrow({ ...query, where: { accountId_alias: { accountId, alias } } }),
      }),
    }),
  },
)
