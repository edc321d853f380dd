// What was stated of a person's fields, one statement after the other, and by what.

import { builder } from '../../builder.ts'
import { nestedConnection, rowById } from '../../connections.ts'
import { inForce, own, type ValueMeta } from '../../core/fields/fold.ts'
import { FieldSource } from '../../generated/prisma/client.ts'
import { byId } from '../../keyset.ts'
import type { Json } from '../../scalars.ts'
import { EventType } from '../events/event-type.ts'
import { shownField } from './hidden.ts'
import { membersOf, stampedFieldsOf } from './members.ts'
import { ProfileType, personal } from './schema.ts'

const FieldSourceEnum = builder.enumType(FieldSource, {
  name: 'FieldSource',
  description: 'Where a value of a field came from.',
})

const FieldChangeType = builder.prismaObject('FieldChange', {
  select: { accountId: true, id: true },
  description:
    "One statement of a field's value. Of those that said what held already one is kept, the last, when something else comes.",
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Null where the field was removed.',
      select: { name: true, value: true },
      resolve: ({ name: path, value }, _args, context, info) =>
        shownField(context, info, { path, value: value as Json }), // JSON as it was stored.
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

interface FieldValue {
  readonly name: string
  readonly value: unknown
  readonly meta: ValueMeta | undefined
}

const dateOf = (t: number | undefined) => (t === undefined ? null : new Date(t))

const FieldValueType = builder.objectRef<FieldValue>('FieldValue').implement({
  description: 'A value in force, with its times.',
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.field({
      type: 'JSON',
      nullable: true,
      resolve: ({ name: path, value }, _args, context, info) =>
        shownField(context, info, { path, value: value as Json }), // JSON as it was stored.
    }),
    at: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was stated last; null of a value from before times were kept.',
      resolve: ({ meta }) => dateOf(meta?.at),
    }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'From then on the field reads as missing.',
      resolve: ({ meta }) => dateOf(meta?.until),
    }),
  }),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  fieldValues: t.field({
    ...personal,
    type: [FieldValueType],
    description: 'The fields as of now with their times, by name.',
    args: { names: t.arg.stringList({ description: 'Only these; default: all.' }) },
    resolve: async ({ id }, { names }, context) => {
      const stamped = await stampedFieldsOf(context, id)
      return Object.entries(inForce(stamped, context.now.getTime()))
        .filter(([name]) => names == null || names.includes(name))
        .map(([name, value]) => ({ name, value, meta: own(stamped.meta, name) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }),
}))

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
