// What is seen of events as they are stored.

import { z } from 'zod'
import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import { Lagged } from '../attributions/schema.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { ChannelEnum, EventType } from './event-type.ts'
import { type EventUpdate, subscribeToEvents } from './subscription.ts'

const maxListed = 100
const listed = z.array(z.unknown()).max(maxListed, `over ${maxListed} values`)

const EventFilter = builder.inputType('EventFilter', {
  description: `All of them must hold. Lists take at most ${maxListed} values.`,
  fields: (t) => ({
    eventNames: t.stringList({ validate: listed }),
    channels: t.field({ type: [ChannelEnum], validate: listed }),
    profile: t.field({ type: ProfileKeyInput }),
  }),
})

const EventUpdateType = builder.objectRef<EventUpdate>('EventUpdate').implement({
  description:
    'Neither `event` nor `lagged`: a checkpoint, sent once when the replay has caught up and then at most every 15 s if others’ events passed by, so that a quiet subscriber’s cursor does not grow old.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Where to go on from after this message.' }),
    event: t.prismaField({
      type: EventType,
      nullable: true,
      resolve: (query, { told }, _args, context) =>
        told === null ? null : rowById(context, { model: 'event', query }, told),
    }),
    lagged: t.expose('lagged', { type: Lagged, nullable: true }),
  }),
})

builder.subscriptionField('events', (t) =>
  t.field({
    type: EventUpdateType,
    authScopes: { canAny: ['ATTRIBUTIONS_READ', 'PROFILES_READ'] },
    description:
      'Events as they are stored; with `after`, first all since that cursor. In the order of `attributions`, whose cursors it takes and gives; an event that is decided anew is not sent again.',
    args: { filter: t.arg({ type: EventFilter }), after: t.arg.string() },
    subscribe: (_root, args, context) => subscribeToEvents(context, args),
    resolve: (update) => update,
  }),
)
