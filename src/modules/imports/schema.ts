// Imports: files of rows that are planned, confirmed and brought in.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import type { Column } from '../../core/imports/columns.ts'
import type { ImportAction as Action, Tally } from '../../core/imports/outcome.ts'
import {
  type BlankCells,
  ImportAction,
  ImportKind,
  type ImportMode,
  ImportState,
  type ImportStrategy,
} from '../../generated/prisma/client.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { byId, byNumber } from '../../keyset.ts'
import type { Json } from '../../scalars.ts'
import { shown } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { findingsOf, optionsOf, tallyOf } from './job.ts'
import { linkMs, linkTo } from './links.ts'
import { outcomeOf, rowOutcomes } from './outcome-file.ts'
import { subscribeToImport } from './progress.ts'
import { cancelImport, commitImport, createImport } from './service.ts'

export const ImportKindEnum = builder.enumType(ImportKind, {
  name: 'ImportKind',
  description: 'What the rows of a file are.',
})
const StateEnum = builder.enumType(ImportState, { name: 'ImportState', description: 'Where an import stands.' })
const ActionEnum = builder.enumType(ImportAction, { name: 'ImportAction', description: 'What becomes of a row.' })
const OutcomeEnum = builder.enumType('ImportRowOutcome', {
  description: 'What became, or is to become, of a row.',
  values: rowOutcomes,
})
const ModeEnum = builder.enumType('ImportMode', {
  description: 'Whether anybody sees the plan first.',
  values: {
    PLAN: { description: 'Nothing is changed before `commitImport`, which then does exactly what was planned.' },
    RUN: { description: 'Rows are brought in as they are looked at.' },
  } satisfies Record<ImportMode, object>,
})
const StrategyEnum = builder.enumType('ImportStrategy', {
  description: 'What is done with rows of what is known, and of what is not.',
  values: {
    CREATE_ONLY: { description: 'Rows of what is known are skipped.' },
    UPDATE_ONLY: { description: 'Rows of what is not known are skipped.' },
    UPSERT: { description: 'What is not known begins, what is known is completed.' },
    REPLACE: {
      description:
        'As UPSERT, and fields that the file does not have are removed; identifiers and required fields stay.',
    },
  } satisfies Record<ImportStrategy, object>,
})
const BlankCellsEnum = builder.enumType('BlankCells', {
  description: 'What a blank cell says.',
  values: {
    IGNORE: { description: 'Nothing.' },
    CLEAR: { description: 'That the field is to be removed.' },
  } satisfies Record<BlankCells, object>,
})
const StrangersEnum = builder.enumType('UnknownColumns', {
  description: 'What becomes of columns that nobody knows.',
  values: {
    TAKE: { description: 'They are fields by their own names.' },
    IGNORE: { description: 'They are left out.' },
  } as const,
})

const ColumnType = builder.objectRef<Column>('ImportColumn').implement({
  description: 'A column of the file, and what it was taken for.',
  fields: (t) => ({
    name: t.exposeString('name'),
    field: t.exposeString('field', { nullable: true, description: 'What it tells; null where it is left out.' }),
    isKnown: t.exposeBoolean('known', {
      description: 'False: nobody knows it, and it was taken by its own name or left out.',
    }),
    nearest: t.exposeString('nearest', {
      nullable: true,
      description: 'The known name that an unknown one is nearest to.',
    }),
  }),
})

const CountsType = builder.objectRef<Tally>('ImportCounts').implement({
  description: 'Rows by what becomes of them.',
  fields: (t) => {
    const count = (action: Action) => t.int({ resolve: (tally) => tally[action] ?? 0 })
    return { create: count('CREATE'), update: count('UPDATE'), skip: count('SKIP'), reject: count('REJECT') }
  },
})

interface RowNode {
  accountId: string
  importId: string
  number: number
}

const ImportRowType = builder.prismaObject('ImportRow', {
  select: { accountId: true, importId: true, number: true },
  description: 'One row of a file.',
  fields: (t) => ({
    number: t.exposeInt('number'),
    line: t.exposeInt('line', { description: 'Where it begins in the file.' }),
    action: t.expose('action', {
      type: ActionEnum,
      nullable: true,
      description: 'Null while nobody has looked at it.',
    }),
    outcome: t.field({
      type: OutcomeEnum,
      select: { action: true, applied: true },
      resolve: (row) => outcomeOf(row),
    }),
    profile: t.field({
      type: ProfileType,
      nullable: true,
      select: { profileId: true },
      resolve: ({ profileId }, _args, context) => (profileId === null ? null : personRow(context, profileId)),
    }),
    cells: t.field({
      type: 'JSON',
      nullable: true,
      select: { cells: true },
      description: 'As the file has them, in the order of its columns; of JSON lines an object.',
      resolve: ({ cells }, _args, context, info) => shown(context, info, cells as Json), // JSON as it was stored.
    }),
    changes: t.field({
      type: 'JSON',
      nullable: true,
      select: { changes: true },
      description:
        '`fields` by name from what to what (null: none), `identifiers` that are new, and what else the kind of file changes.',
      resolve: ({ changes }, _args, context, info) => shown(context, info, changes as Json), // Likewise.
    }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'Why it is skipped or refused, or that something of it is left out.',
    }),
    message: t.field({
      type: 'String',
      nullable: true,
      select: { message: true },
      resolve: ({ message }, _args, context, info) => shown(context, info, message),
    }),
  }),
})

const pathDescription = 'A link to be joined to the server’s address; no key is needed, for a day.'

export const ImportType = builder.prismaNode('Import', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { canAny: setupReaders },
  fields: (t) => ({
    kind: t.expose('kind', { type: ImportKindEnum }),
    state: t.expose('state', { type: StateEnum }),
    mode: t.expose('mode', { type: ModeEnum }),
    strategy: t.expose('strategy', { type: StrategyEnum }),
    blankCells: t.expose('blankCells', { type: BlankCellsEnum }),
    fileName: t.exposeString('fileName', { nullable: true }),
    attribute: t.boolean({
      select: { options: true },
      description: 'Of events: they are decided upon, in the order of their times.',
      resolve: (job) => optionsOf(job).attribute,
    }),
    format: t.string({ nullable: true, select: { found: true }, resolve: (job) => findingsOf(job).format ?? null }),
    delimiter: t.string({
      nullable: true,
      select: { found: true },
      description: 'What was found to part the cells.',
      resolve: (job) => findingsOf(job).delimiter ?? null,
    }),
    columns: t.field({
      type: [ColumnType],
      select: { found: true },
      resolve: (job) => [...(findingsOf(job).columns ?? [])],
    }),
    rowCount: t.exposeInt('rows'),
    doneRows: t.exposeInt('cursor', {
      description: 'Rows that the state at hand has dealt with: those planned, or those brought in.',
    }),
    planned: t.field({ type: CountsType, select: { planned: true }, resolve: ({ planned }) => tallyOf(planned) }),
    applied: t.field({
      type: CountsType,
      select: { applied: true },
      description: 'Rows that are dealt with for good.',
      resolve: ({ applied }) => tallyOf(applied),
    }),
    faultCode: t.exposeString('faultCode', { nullable: true, description: 'Of a failed one.' }),
    faultMessage: t.exposeString('faultMessage', {
      nullable: true,
      description: 'What is wrong with the file, or why it could not go on.',
    }),
    sameAs: t.prismaField({
      type: 'Import',
      nullable: true,
      select: { sameAsId: true },
      description: 'The earlier one of the same file and options, in whose place this one did nothing.',
      resolve: (query, { sameAsId, accountId }, _args, { db }) =>
        sameAsId === null ? null : db.import.findUnique({ ...query, where: nodeKey(sameAsId, accountId) }),
    }),
    row: t.prismaField({
      type: ImportRowType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      args: { number: t.arg.int({ required: true }) },
      resolve: (query, { accountId, id: importId }, { number }, { db }) =>
        db.importRow.findUnique({ ...query, where: { accountId_importId_number: { accountId, importId, number } } }),
    }),
    outcomePath: t.string({
      authScopes: { $all: { can: 'PROFILES_READ', canAny: ['PII_READ'] } },
      select: { secret: true },
      description: `The file with what became of each row; \`&rows=rejected\` for those alone that were refused. ${pathDescription}`,
      resolve: (job, _args, { now }) => linkTo(job, 'outcome', new Date(now.getTime() + linkMs)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    uploadedAt: t.expose('uploadedAt', { type: 'DateTime', nullable: true }),
    doneAt: t.expose('doneAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.queryFields((t) => ({
  import: t.prismaField({
    type: ImportType,
    nullable: true,
    authScopes: { canAny: setupReaders },
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { db, accountId }) =>
      db.import.findUnique({ ...query, where: nodeKey(idInput('Import', id, 'id'), accountId) }),
  }),
  imports: t.connection(
    {
      type: ImportType,
      nullable: true,
      authScopes: { canAny: setupReaders },
      description: 'In the order of creation.',
      resolve: (_root, args, context, info) =>
        rootConnection(byId('import', context.accountId), { args, context, info }, (query) =>
          context.db.import.findMany(query),
        ),
    },
    { name: 'ImportConnection' },
    { name: 'ImportEdge' },
  ),
  importRows: t.connection(
    {
      type: ImportRowType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      description:
        'The rows of an import in the order in which they are dealt with; none where they are kept no longer.',
      args: { importId: t.arg.id({ required: true }), action: t.arg({ type: ActionEnum }) },
      resolve: (_root, { importId: given, action, ...args }, context, info) => {
        const importId = idInput('Import', given, 'importId')
        const keyset = byNumber<RowNode>(`import-rows ${importId}`, context.accountId)
        return rootConnection(keyset, { args, context, info }, ({ where, ...query }) =>
          context.db.importRow.findMany({
            ...query,
            where: { ...where, accountId: context.accountId, importId, ...(action ? { action } : {}) },
          }),
        )
      },
    },
    { name: 'ImportRowConnection' },
    { name: 'ImportRowEdge' },
  ),
}))

export const ColumnMappingInput = builder.inputType('ImportColumnInput', {
  fields: (t) => ({
    column: t.string({ required: true, description: 'As the file has it.' }),
    field: t.string({
      description: 'What it tells: an identifier, or a field by either of its names. Null: it is left out.',
    }),
  }),
})

builder.relayMutationField(
  'createImport',
  {
    inputFields: (t) => ({
      kind: t.field({ type: ImportKindEnum, required: true }),
      mode: t.field({ type: ModeEnum, defaultValue: 'PLAN' }),
      strategy: t.field({ type: StrategyEnum, defaultValue: 'UPSERT' }),
      blankCells: t.field({ type: BlankCellsEnum, defaultValue: 'IGNORE' }),
      fileName: t.string(),
      mapping: t.field({
        type: [ColumnMappingInput],
        description: 'For columns whose names do not say it by themselves.',
      }),
      preset: t.string({ description: 'A mapping that was saved; `mapping` goes before it.' }),
      unknownColumns: t.field({
        type: StrangersEnum,
        description: 'Default: as the account’s policy for people has it.',
      }),
      delimiter: t.string({ description: 'Default: it is found.' }),
      audienceId: t.id({ description: 'Of imports into an audience, which has to be static.' }),
      attribute: t.boolean({
        defaultValue: false,
        description:
          'Of events: decide upon them as upon those of trackEvent, in the order of their times. Else they are stored and nothing follows.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { canAny: ['PROFILES_WRITE', 'CAMPAIGNS_WRITE'] },
    description:
      'Begins an import, which waits for its file: CSV (UTF-8, any usual delimiter) or JSON lines, plain or gzipped, sent by PUT to `uploadPath`. Then it is worked on beside everything else; `importProgress` tells. The same file with the same options within a day gives the earlier import.',
    resolve: async (_root, { input }, context) => ({ id: await createImport(context, input) }),
  },
  {
    outputFields: (t) => ({
      import: t.prismaField({
        type: ImportType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.import.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
      uploadPath: t.string({
        description: `Where the file is sent by PUT. ${pathDescription}`,
        resolve: async ({ id }, _args, { db, accountId, now }) =>
          linkTo(
            await db.import.findUniqueOrThrow({ where: nodeKey(id, accountId) }),
            'file',
            new Date(now.getTime() + linkMs),
          ),
      }),
    }),
  },
)

const changes = { nullable: true, authScopes: { canAny: ['PROFILES_WRITE', 'CAMPAIGNS_WRITE'] } } as const

builder.relayMutationField(
  'commitImport',
  { inputFields: (t) => ({ importId: t.id({ required: true }) }) },
  {
    ...changes,
    description:
      'Does exactly what was planned. Rows whose people changed meanwhile, so that something else would come of them, are refused by CHANGED_MEANWHILE. An import that a fault stopped goes on from there. CONFLICT where there is no plan.',
    resolve: async (_root, { input }, context) => ({ id: await commitImport(context, input) }),
  },
  {
    outputFields: (t) => ({
      import: t.prismaField({
        type: ImportType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.import.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'cancelImport',
  { inputFields: (t) => ({ importId: t.id({ required: true }) }) },
  {
    ...changes,
    description:
      'Stops an import after the rows at hand. What it brought in stays, and its rows tell which those are. CONFLICT where it is done.',
    resolve: async (_root, { input }, context) => ({ id: await cancelImport(context, input) }),
  },
  {
    outputFields: (t) => ({
      import: t.prismaField({
        type: ImportType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.import.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.subscriptionField('importProgress', (t) =>
  t.prismaField({
    type: ImportType,
    authScopes: { canAny: setupReaders },
    description: 'How an import stands: at once, and again whenever it moved on, at most five times a second.',
    args: { id: t.arg.id({ required: true }) },
    subscribe: (_root, { id }, context) => subscribeToImport(context, id),
    resolve: (query, job, _args, { db, accountId }) =>
      db.import.findUniqueOrThrow({ ...query, where: nodeKey(job.id, accountId) }),
  }),
)
