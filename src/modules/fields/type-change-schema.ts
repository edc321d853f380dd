// The API of type changes: a report before, the change, and how far it came.

import { builder } from '../../builder.ts'
import { encodeId } from '../../core/ids.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { FieldTypeEnum } from './enums.ts'
import { changeFieldType, previewFieldTypeChange, type TypePreview, type TypeSample } from './type-change.ts'

const SampleType = builder.objectRef<TypeSample>('FieldTypeSample').implement({
  description: 'One value that would be another, or could not be of the type.',
  fields: (t) => ({
    profileId: t.id({ resolve: ({ profileId }) => encodeId('Profile', profileId) }),
    from: t.field({ type: 'JSON', resolve: ({ from }) => from as string }), // JSON as it was stored.
    to: t.field({ type: 'JSON', nullable: true, resolve: ({ to }) => to as string }), // Likewise.
    message: t.exposeString('message', { nullable: true, description: 'Why it cannot be of the type.' }),
  }),
})

const PreviewType = builder.objectRef<TypePreview>('FieldTypePreview').implement({
  description: 'What a change of type would do to the values that are there; each merged profile counts for itself.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'For `changeFieldType`, as long as the field stays as it is.' }),
    total: t.exposeInt('total'),
    unchanged: t.exposeInt('unchanged'),
    converted: t.exposeInt('converted', { description: 'Would be another, and say the same.' }),
    lost: t.exposeInt('lost', { description: 'Cannot be of the type.' }),
    samples: t.field({
      type: [SampleType],
      description: 'At most 10 of those that would be another, and 10 of those that cannot be of the type.',
      resolve: ({ samples }) => [...samples],
    }),
  }),
})

const FieldTypeChangeType = builder.prismaNode('FieldTypeChange', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    fromType: t.expose('fromType', { type: FieldTypeEnum }),
    type: t.expose('type', { type: FieldTypeEnum }),
    converted: t.exposeInt('converted', { description: 'So far.' }),
    lost: t.exposeInt('lost', { description: 'So far: those that cannot be of the type.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    doneAt: t.expose('doneAt', { type: 'DateTime', nullable: true, description: 'Null while it goes on.' }),
  }),
})

builder.queryFields((t) => ({
  previewFieldTypeChange: t.field({
    type: PreviewType,
    nullable: true,
    authScopes: { $all: { can: 'PROFILES_READ', canAny: ['PII_READ'] } },
    description: 'What another type would do to the values of a field of people. All of them are looked at.',
    args: {
      fieldId: t.arg.id({ required: true }),
      type: t.arg({ type: FieldTypeEnum, required: true }),
      itemType: t.arg({ type: FieldTypeEnum }),
      values: t.arg.stringList({ description: 'Of an enum.' }),
    },
    resolve: (_root, args, context) => previewFieldTypeChange(context, args),
  }),
  fieldTypeChange: t.prismaField({
    type: FieldTypeChangeType,
    nullable: true,
    authScopes: { authenticated: true },
    description: 'A change of type, and how far it came.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { db, accountId }) =>
      db.fieldTypeChange.findUnique({ ...query, where: nodeKey(idInput('FieldTypeChange', id, 'id'), accountId) }),
  }),
}))

builder.relayMutationField(
  'changeFieldType',
  {
    inputFields: (t) => ({
      token: t.string({ required: true, description: 'Of `previewFieldTypeChange`.' }),
      removeLost: t.boolean({
        defaultValue: false,
        description: 'Remove values that cannot be of the type; else they stay as they are.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description:
      'Gives a field another type. New values are held to it at once; those that are there are brought into it in the background, with their own times. CONFLICT where the field was changed since the preview.',
    resolve: async (_root, { input: { token, removeLost } }, context) => ({
      id: await changeFieldType(context, { token, removeLost: removeLost ?? false }),
    }),
  },
  {
    outputFields: (t) => ({
      change: t.prismaField({
        type: FieldTypeChangeType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.fieldTypeChange.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)
