// Programs copied, and taken from one account to another as a document.

import type { GraphQLResolveInfo } from 'graphql'
import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { isJsonObject } from '../../core/fields/definition.ts'
import { nodeKey } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { AudienceType } from '../audiences/schema.ts'
import { shownFields } from '../profiles/hidden.ts'
import { copyProgram, importProgram, programBlueprint } from './blueprint-import.ts'
import { blueprintInput } from './blueprint-inputs.ts'
import { ProgramType } from './types.ts'

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.queryField('programBlueprint', (t) =>
  t.field({
    type: 'JSONDocument',
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description: [
      'The program with all it holds as a document for `importProgram`: its settings and labels; its campaigns by their revisions in force, else their drafts, in the order in which they went live, then those that never did; the audiences that they ask about, by name and without people; event types and aliases of the account; coupons and promo links without an advocate.',
      'Campaigns that are ENDED, STOPPED or ARCHIVED are left out, as nothing is credited to them, and so are the coupons and promo links that stand for such campaigns alone. CONFLICT where a campaign of the document requires one that is left out.',
      'It has no ids. What has a name is referred to by it: a required target has `campaign` or `program` in place of an id in `value`; a rule says `audience: { name }` and `relationship: { program }`; a code has `campaigns` and `program`.',
      'LIMIT_EXCEEDED for a program that is too large to be sent back.',
    ].join('\n\n'),
    args: { programId: t.arg.id({ required: true }) },
    resolve: async (_root, { programId }, context, info) =>
      shownDocument(context, info, await programBlueprint(context, programId)),
  }),
)

/** The document, its fields as far as the caller may see them. */
async function shownDocument(context: Context, info: GraphQLResolveInfo, document: JsonObject): Promise<JsonObject> {
  const lists = [
    { list: 'campaigns', owner: 'CAMPAIGN' },
    { list: 'codes', owner: 'COUPON' },
  ] as const
  const shown = lists.map(async ({ list, owner }) => {
    const members = Array.isArray(document[list]) ? document[list] : []
    const all = members.map(async (one, i) => {
      if (!isJsonObject(one) || !isJsonObject(one.fields)) return one
      const values = one.fields as JsonObject // A part of JSON.
      return { ...one, fields: await shownFields(context, info, { owner, values, at: [list, i, 'fields'] }) }
    })
    return [list, await Promise.all(all)]
  })
  return { ...document, ...Object.fromEntries(await Promise.all(shown)) }
}

builder.relayMutationField(
  'importProgram',
  {
    inputFields: (t) => ({
      blueprint: t.field({ type: 'JSONDocument', required: true, description: 'What `programBlueprint` gave.' }),
      name: t.string({ description: 'What the program is called here; default: as in the document.' }),
    }),
  },
  {
    ...guarded,
    description:
      'Makes the program that a document describes, all of it or nothing. Campaigns are DRAFT; where they rank by their go-live, they decide as the originals when they go live in the same order. Audiences are found by name, or made empty. Codes, aliases and event types that are there and say the same are kept; CONFLICT for one that says something else, and for a name of a program, campaign or label that is taken. BAD_INPUT for another format, a newer version and fields that are not known.',
    resolve: (_root, { input: { blueprint, name } }, context) =>
      importProgram(context, { blueprint: blueprintInput(blueprint, 'input.blueprint'), name }),
  },
  {
    outputFields: (t) => ({
      program: t.prismaField({
        type: ProgramType,
        resolve: (query, { programId }, _args, { db, accountId }) =>
          db.program.findUniqueOrThrow({ ...query, where: nodeKey(programId, accountId) }),
      }),
      audiencesCreated: t.prismaField({
        type: [AudienceType],
        description: 'The audiences that were not there, in the order of creation; they are empty.',
        resolve: (query, { audiencesCreated }, _args, { db, accountId }) =>
          db.audience.findMany({
            ...query,
            where: { accountId, id: { in: audiencesCreated } },
            orderBy: { id: 'asc' },
          }),
      }),
    }),
  },
)

const LabelRename = builder.inputType('LabelRename', {
  description: 'What a label of the original is called on the copy.',
  fields: (t) => ({
    from: t.string({ required: true, description: 'A label of the program, whatever its case.' }),
    to: t.string({ required: true, description: 'Unique in the account.' }),
  }),
})

builder.relayMutationField(
  'copyProgram',
  {
    inputFields: (t) => ({
      programId: t.id({ required: true }),
      name: t.string({ required: true, description: 'Of the copy; unique in the account, 1 to 200 characters.' }),
      labels: t.field({
        type: [LabelRename],
        description: 'The labels of the copy. Labels that are not named here stay with the original alone.',
      }),
    }),
  },
  {
    ...guarded,
    description:
      'Copies a program inside the account: its settings and its campaigns that are not ENDED, STOPPED or ARCHIVED, by their revisions in force, else their drafts. CONFLICT where one of them requires one that is left out. The copies are DRAFT and are called `<name of the copy>: <campaign>`, cut to 200 characters. What refers to the program or its campaigns refers to the copies. Codes stay with the original.',
    resolve: async (_root, { input }, context) => ({ programId: await copyProgram(context, input) }),
  },
  {
    outputFields: (t) => ({
      program: t.prismaField({
        type: ProgramType,
        resolve: (query, { programId }, _args, { db, accountId }) =>
          db.program.findUniqueOrThrow({ ...query, where: nodeKey(programId, accountId) }),
      }),
    }),
  },
)
