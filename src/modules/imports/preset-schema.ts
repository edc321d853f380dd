// Mappings that are kept for the next file, and example files.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import { byName } from '../../keyset.ts'
import { type ImportExample, importExample } from './example.ts'
import { ColumnMappingInput, ImportKindEnum } from './schema.ts'
import { deleteImportPreset, type MappedColumn, presetColumns, saveImportPreset } from './service.ts'

const MappedType = builder.objectRef<MappedColumn>('ImportColumnMapping').implement({
  fields: (t) => ({ column: t.exposeString('column'), field: t.exposeString('field', { nullable: true }) }),
})

const PresetType = builder.prismaObject('ImportPreset', {
  select: { accountId: true, name: true },
  description: 'Which column of a kind of file tells what, kept for the next one.',
  fields: (t) => ({
    name: t.exposeString('name'),
    kind: t.expose('kind', { type: ImportKindEnum }),
    mapping: t.field({
      type: [MappedType],
      select: { options: true },
      resolve: ({ options }) => [...presetColumns(options)],
    }),
  }),
})

const ExampleType = builder.objectRef<ImportExample>('ImportExample').implement({
  fields: (t) => ({
    fileName: t.exposeString('fileName'),
    content: t.exposeString('content', { description: 'CSV.' }),
  }),
})

builder.queryFields((t) => ({
  importExample: t.field({
    type: ExampleType,
    nullable: true,
    authScopes: { canAny: setupReaders },
    description: 'A file of the kind, with the account’s own fields, that can be brought in as it is.',
    args: { kind: t.arg({ type: ImportKindEnum, required: true }) },
    resolve: (_root, { kind }, context) => importExample(context, kind),
  }),
  importPresets: t.connection(
    {
      type: PresetType,
      nullable: true,
      authScopes: { canAny: setupReaders },
      description: 'In the order of their names.',
      resolve: (_root, args, context, info) =>
        rootConnection(byName('import-preset', context.accountId), { args, context, info }, (query) =>
          context.db.importPreset.findMany(query),
        ),
    },
    { name: 'ImportPresetConnection' },
    { name: 'ImportPresetEdge' },
  ),
}))

const changes = { nullable: true, authScopes: { canAny: ['PROFILES_WRITE', 'CAMPAIGNS_WRITE'] } } as const

builder.relayMutationField(
  'saveImportPreset',
  {
    inputFields: (t) => ({
      name: t.string({ required: true }),
      kind: t.field({ type: ImportKindEnum, required: true }),
      mapping: t.field({ type: [ColumnMappingInput], required: true }),
    }),
  },
  {
    ...changes,
    description: 'Keeps a mapping of columns, in place of one that has the name.',
    resolve: async (_root, { input }, context) => ({ name: await saveImportPreset(context, input) }),
  },
  {
    outputFields: (t) => ({
      preset: t.prismaField({
        type: PresetType,
        resolve: (query, { name }, _args, { db, accountId }) =>
          db.importPreset.findUniqueOrThrow({ ...query, where: { accountId_name: { accountId, name } } }),
      }),
    }),
  },
)

builder.relayMutationField(
  'deleteImportPreset',
  { inputFields: (t) => ({ name: t.string({ required: true }) }) },
  {
    ...changes,
    description: 'Keeps the mapping of that name no longer.',
    resolve: async (_root, { input }, context) => ({ deleted: await deleteImportPreset(context, input) }),
  },
  {
    outputFields: (t) => ({
      deleted: t.exposeBoolean('deleted', { description: 'Whether there was one of the name.' }),
    }),
  },
)
