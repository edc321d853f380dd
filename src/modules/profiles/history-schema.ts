// What was stated of a person's fields, one statement after the other, and by what.

import { builder } from '../../builder.ts'
import { nestedConnection, rowById } from '../../connections.ts'
import { FieldSource } from '../../generated/prisma/client.ts'
import { byId } from '../../keyset.ts'
import { EventType } from '../events/event-type.ts'
import { membersOf } from './members.ts'
import { ProfileType, personal } from './schema.ts'

const FieldSourceEnum = builder.enumType(FieldSource, {
  name: 'FieldSource',
  description: 'Where a value of a field came from.',
})

const FieldChangeType = builder.prismaObject('FieldChange', {
  select: { accountId: true, id: true },
  description: "One statement of a field's value. One that said what held already left none.",
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Null where the field was removed.',
      select: { value: true },
      resolve: ({ value }) => value as string, // JSON as it was stored.
    }),
    at: t.expose('at', {
      type: 'DateTime',
      description: "The effective time of what stated it; the value's own time.",
    }),
    until: t.expose('until', {
      type: 'DateTime',
      nullable: true,
      description: 'From then on the field read as missing.',
    }),
    source: t.expose('source', { type: FieldSourceEnum }),
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'The event that stated it, as long as it is kept.',
      select: { eventId: true },
      resolve: (query, { eventId }, _args, context) =>
        eventId === null ? null : rowById(context, { model: 'event', query }, eventId),
    }),
    recordedAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.prismaObjectField(ProfileType, 'fieldHistory', (t) =>
  t.connection(
    {
      ...personal,
      type: FieldChangeType,
      description:
        'What was stated of one field, in the order in which it was told; `at` may go back, where an event came late.',
      args: { name: t.arg.string({ required: true }) },
      resolve: async ({ id }, { name, ...args }, context, info) =>
        nestedConnection(
          byId('field-changes', context.accountId),
          { args, context, info },
          { parent: 'profile', relation: 'fieldChanges', members: await membersOf(context, id), where: { name } },
        ),
    },
    { name: 'FieldChangeConnection' },
    { name: 'FieldChangeEdge' },
  ),
)
