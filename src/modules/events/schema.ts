// The type Event, trackEvent and trackEvents.

import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { ApiError, conflict } from '../../errors.ts'
import type { Attribution, Event } from '../../generated/prisma/client.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { answerFrom } from '../../loaded-rows.ts'
import { decisionInForce } from '../attributions/in-force.ts'
import { AttributionType } from '../attributions/schema.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { OrderWarningType } from '../orders/warning-schema.ts'
import { DroppedIdentifierType } from '../profiles/dropped-schema.ts'
import { knowPerson, personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import type { Ingested } from './admission.ts'
import { EventType } from './event-type.ts'
import { TrackEventInput } from './inputs.ts'
import { ItemError, itemErrorOf } from './item-error-schema.ts'
import { eventColumns, findEventPages } from './list-sql.ts'
import { trackEvent, trackEvents } from './service.ts'

builder.prismaObjectFields(EventType, (t) => ({
  profile: t.field({
    type: ProfileType,
    select: { profileId: true },
    resolve: ({ profileId }, _args, context) => personRow(context, profileId),
  }),
  attribution: t.field({
    type: AttributionType,
    nullable: true,
    description: 'The decision in force.',
    resolve: ({ id }, _args, context) => decisionInForce(context, id),
  }),
}))

builder.prismaObjectField(ProfileType, 'events', (t) =>
  t.connection(
    {
      ...personal,
      type: EventType,
      description: 'In the order of receipt.',
      resolve: personList('events', {
        statement: { columns: eventColumns, parent: 'profileId', find: findEventPages },
      }),
    },
    { name: 'EventConnection' },
    { name: 'EventEdge' },
  ),
)

// What was stored a moment ago is not read again, as far as it answers what is asked for.
const TrackEventPayload = builder.objectRef<Ingested>('TrackEventPayload').implement({
  description: 'The event as it was stored, and the decision about it.',
  fields: (t) => ({
    event: t.field({
      type: EventType,
      resolve: ({ eventId, stored }, _args, context, info) => {
        if (!stored) return { accountId: context.accountId, id: eventId }
        return answerFrom(stored.eventRow(), context, info) as unknown as Event // With all of it that is selected.
      },
    }),
    profile: t.field({
      type: ProfileType,
      resolve: ({ eventId, stored }, _args, context) => {
        if (!stored) return profileOfEvent(context, eventId)
        knowPerson(context, stored.person)
        return { accountId: context.accountId, id: stored.person.rootId }
      },
    }),
    attribution: t.field({
      type: AttributionType,
      resolve: ({ eventId, stored }, _args, context, info) => {
        if (!stored) return firstDecision(context, eventId)
        return answerFrom(stored.attributionRow(), context, info) as unknown as Attribution // As above.
      },
    }),
    droppedIdentifiers: t.field({
      type: [DroppedIdentifierType],
      description:
        'Identifiers that came with it and were left out, each with the reason. Of an event that was stored before (`replayed`): none.',
      resolve: ({ stored }) => stored?.dropped ?? [],
    }),
    fieldWarnings: t.field({
      type: [FieldWarning],
      description:
        'What of the event was left out or counts for less: what the definitions of fields do not allow, consents that name no known channel, addresses that the key may not verify. Told once, not of a replay.',
      resolve: ({ warnings }) => [...(warnings ?? [])],
    }),
    orderWarnings: t.field({
      type: [OrderWarningType],
      description: 'Why what the event tells of an order changed nothing. Told once, not of a replay.',
      resolve: ({ stored }) => [...(stored?.orderWarnings ?? [])],
    }),
    replayed: t.exposeBoolean('replayed', {
      description: 'True where the idempotency key was known: the first answer again.',
    }),
  }),
})

/** Of an event that was stored before. CONFLICT for one that was imported, and nobody has asked to decide on since. */
async function firstDecision(context: Context, eventId: string) {
  if ((await decisionInForce(context, eventId)) === null)
    throw conflict('this event was imported without attribution; reattributeEvent decides on it')
  return { accountId: context.accountId, eventId, revision: 1 }
}

async function profileOfEvent(context: Context, eventId: string) {
  const event = await context.db.event.findUniqueOrThrow({
    where: nodeKey(eventId, context.accountId),
    select: { profileId: true },
  })
  return personRow(context, event.profileId)
}

const TrackEventResult = builder
  .objectRef<{ index: number; outcome: Ingested | ApiError }>('TrackEventResult')
  .implement({
    description: 'What became of one event of the list: a payload or an error.',
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'Its place in the list, from 0.' }),
      payload: t.field({
        type: TrackEventPayload,
        nullable: true,
        resolve: ({ outcome }) => (outcome instanceof ApiError ? null : outcome),
      }),
      error: t.field({
        type: ItemError,
        nullable: true,
        resolve: ({ outcome }) => itemErrorOf(outcome),
      }),
    }),
  })

const TrackEventsInput = builder.inputType('TrackEventsInput', {
  fields: (t) => ({
    events: t.field({ type: [TrackEventInput], required: true, description: 'At most 500; decided in their order.' }),
  }),
})

const TrackEventsPayload = builder.objectRef<readonly (Ingested | ApiError)[]>('TrackEventsPayload').implement({
  fields: (t) => ({
    results: t.field({
      type: [TrackEventResult],
      description: 'One for each event, in the order of the list.',
      resolve: (outcomes) => outcomes.map((outcome, index) => ({ index, outcome })),
    }),
  }),
})

builder.mutationFields((t) => ({
  trackEvent: t.field({
    type: TrackEventPayload,
    nullable: true,
    authScopes: { can: 'EVENTS_WRITE' },
    description: 'Stores an event and decides who gets the credit. When it answers, both are committed.',
    args: { input: t.arg({ type: TrackEventInput, required: true }) },
    resolve: (_root, { input }, context) => trackEvent(context, input),
  }),
  trackEvents: t.field({
    type: TrackEventsPayload,
    nullable: true,
    authScopes: { can: 'EVENTS_WRITE' },
    description:
      'The same for up to 500 events; each succeeds or fails alone. What is no event by its types (a date that is none, data that is too large) refuses the whole list.',
    args: { input: t.arg({ type: TrackEventsInput, required: true }) },
    resolve: (_root, { input }, context) => trackEvents(context, input),
  }),
}))

builder.queryField('event', (t) =>
  t.prismaField({
    type: EventType,
    nullable: true,
    authScopes: { canAny: ['ATTRIBUTIONS_READ', 'PROFILES_READ'] },
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { db, accountId }) =>
      db.event.findUnique({ ...query, where: nodeKey(idInput('Event', id, 'id'), accountId) }),
  }),
)
